//===- Train.cpp - The training loop ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Train.h"
#include "runtime/data/Encoding.h"
#include "runtime/io/CsvLog.h"
#include "runtime/io/File.h"
#include "runtime/support/Error.h"
#include "runtime/support/Random.h"
#include "runtime/train/Callbacks.h"
#include "runtime/train/Checkpoint.h"
#include "runtime/train/Evaluate.h"
#include "runtime/train/Initialize.h"
#include "runtime/train/Interrupt.h"
#include "runtime/train/Trainee.h"
#include "runtime/train/Weights.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>

namespace weft::runtime {

namespace {
/// The order of an epoch's rows: a shuffle of its own for each seed and epoch.
std::vector<int64_t> orderRows(int64_t rows, const Settings &settings, int64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), int64_t{0});
  if (!settings.shuffle)
    return order;
  RandomStream random(settings.seed, "shuffle", static_cast<uint32_t>(epoch));
  for (size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[random.below(left)]);
  return order;
}

/// The checkpoint to go on from; none where there is none yet.
std::unique_ptr<Checkpoint> openCheckpoint(const WeftModel &model, const TrainOptions &options,
                                           const std::string &path) {
  if (!options.resume)
    return nullptr;
  if (path.empty())
    fail("--resume goes on from a file beside the weights, and {} is no ordinary file", options.saveTo);
  if (!std::filesystem::exists(path)) {
    if (!options.quiet)
      say("there is no checkpoint {}: training begins\n", path);
    return nullptr;
  }
  return std::make_unique<Checkpoint>(path, model);
}

/// What the command line says, and for the rest of it what the checkpoint says.
RunPlan choosePlan(const TrainOptions &options, const Checkpoint *checkpoint, const std::string &path) {
  RunPlan plan{options.settings, options.steps, options.csvLog};
  if (!checkpoint)
    return plan;
  const RunPlan &before = checkpoint->plan();
  auto keep = [&](const char *name, auto &value, const auto &was) {
    if (!options.given.contains(name))
      value = was;
    else if (value != was)
      fail("{} is a checkpoint of a run with other settings: {} was {}, is {}; to begin anew, leave --resume out",
           path, name, was, value);
  };
  Settings &settings = plan.settings;
  keep("data", settings.data, before.settings.data);
  keep("validation", settings.validation, before.settings.validation);
  keep("batch", settings.batch, before.settings.batch);
  keep("seed", settings.seed, before.settings.seed);
  keep("shuffle", settings.shuffle, before.settings.shuffle);
  if (!options.given.contains("epochs") && !options.given.contains("steps")) {
    settings.epochs = before.settings.epochs;
    plan.steps = before.steps;
  }
  if (!options.given.contains("csv_log"))
    plan.csvLog = before.csvLog;
  return plan;
}

/// Training writes its checkpoint beside the weights; not where they go to a
/// device or a pipe.
std::string checkpointFor(const std::string &weightsFile) {
  std::error_code ignored;
  auto kind = std::filesystem::status(weightsFile, ignored).type();
  bool ordinary = kind == std::filesystem::file_type::regular || kind == std::filesystem::file_type::not_found;
  return ordinary ? checkpointPath(weightsFile) : std::string();
}

/// One run of training, from its first batch or from a checkpoint on.
class Run {
public:
  Run(const WeftModel &model, const TrainOptions &options)
      : model(model), options(options), checkpoint(checkpointFor(options.saveTo)),
        from(openCheckpoint(model, options, checkpoint)), plan(choosePlan(options, from.get(), checkpoint)),
        ports(portsOf()), data(openTrainingData()),
        validation(chooseValidation(plan.settings.validation, data, ports)), pool(options.threads),
        scorer(model, plan.settings.metrics), trainee(model, plan.settings, scorer, pool),
        callbacks(plan.settings, namesOfLogs()), progress(Progress::forTerminal(options.quiet)) {
    if (validation)
      evaluator.emplace(model, scorer, pool);
    plan.rows = data.train.rows;
    plan.encoding = toMetadata(data.encoding ? data.encoding.get() : ports.encoding.get());
    batches = (plan.rows - 1) / plan.settings.batch + 1;
    epochs = plan.settings.epochs;
    if (plan.steps >= 0)
      epochs = std::min(epochs, plan.steps / batches + (plan.steps % batches != 0));
  }

  TrainResult train();

private:
  /// Weights that training goes on from have their words' ids.
  Ports portsOf() const {
    Ports ports(model, plan.settings.loss);
    if (from)
      ports.encoding = encodingOf(from->plan().encoding, checkpoint);
    else if (!options.weightsFrom.empty())
      ports.encoding = readEncoding(options.weightsFrom);
    return ports;
  }

  Data openTrainingData() const {
    if (plan.settings.data.empty())
      fail("the model names no data: say --data, for example --data npy:X.npy,Y.npy");
    return openData(plan.settings.data, ports);
  }

  std::vector<std::string> namesOfLogs() const {
    std::vector<std::string> names;
    for (const char *prefix : {"", "val_"})
      if (!*prefix || validation)
        for (const auto &[name, value] : scorer.means(scorer.empty(), prefix))
          names.push_back(name);
    return names;
  }

  void goOn();
  void save(bool always = true);
  void trainBatches(std::span<const int64_t> order, int64_t count);
  void endEpoch();
  NamedValues logsOfEpoch();
  double rateOf(int64_t step) const;

  /// What fails beside the training itself: what was learnt is saved first.
  template <typename F> void guarded(F body) {
    try {
      body();
    } catch (const UserError &error) {
      if (problem.empty())
        problem = error.what();
    }
  }
  void observe(const NamedValues &logs) {
    EpochEnd end{state.epoch, state.step, rateOf(std::max<int64_t>(0, state.step - 1)), logs, trainee.weights()};
    for (TrainObserver *observer : options.observers)
      guarded([&] { observer->endEpoch(end); });
  }

  const WeftModel &model;
  const TrainOptions &options;
  std::string checkpoint; // its path; empty where there can be none
  std::unique_ptr<Checkpoint> from;
  RunPlan plan;
  Ports ports;
  Data data;
  std::optional<DataSet> validation;
  ThreadPool pool;
  Scorer scorer;
  Trainee trainee;
  Callbacks callbacks;
  Progress progress;
  std::optional<Evaluator> evaluator;
  std::optional<CsvLog> csv;
  int64_t batches = 0; // in an epoch
  int64_t epochs = 0;

  RunState state;
  bool interrupted = false;
  std::string problem;
  using Clock = std::chrono::steady_clock;
  Clock::time_point lastSave;
};

/// Takes up what the checkpoint holds.
void Run::goOn() {
  const RunPlan &before = from->plan();
  if (before.rows != plan.rows)
    fail("{} is a checkpoint of a run on {} rows, the data has {} now; to begin anew, leave --resume out", checkpoint,
         before.rows, plan.rows);
  from->read(trainee.vectors());
  state = from->state();
  if (state.sums.metrics.size() != scorer.empty().metrics.size() ||
      state.callbacks.size() != callbacks.states.size())
    fail("{} is damaged: its counters do not fit the model", checkpoint);
  callbacks.states = state.callbacks;
  // A run that was stopped early goes on where more is asked for.
  int64_t askedFor = before.steps >= 0 ? state.epoch : std::max(state.epoch, before.settings.epochs);
  bool more = plan.steps >= 0 && before.steps >= 0 ? plan.steps > before.steps : plan.settings.epochs > askedFor;
  if (state.stopped && more) {
    state.stopped = false;
    callbacks.waitAnew();
  }
  if (options.quiet)
    return;
  if (state.stopped || state.epoch >= epochs)
    say("{}: the run is finished{}; to go on, say {} with more than {}\n", checkpoint,
        state.stopped ? ", stopped early" : "", plan.steps >= 0 ? "--steps" : "--epochs",
        plan.steps >= 0 ? std::max(before.steps, int64_t(state.step)) : askedFor);
  else
    say("going on from {}: epoch {}, {} of {} batches done\n", checkpoint, state.epoch + 1, state.batch, batches);
}

/// Writes the checkpoint: always, or where it is due between the epochs.
void Run::save(bool always) {
  if (checkpoint.empty())
    return;
  if (!always) {
    bool byCount = options.checkpointBatches > 0 && state.batch % options.checkpointBatches == 0;
    bool byTime = options.checkpointSeconds > 0 &&
                  Clock::now() - lastSave >= std::chrono::duration<double>(options.checkpointSeconds);
    if (!byCount && !byTime)
      return;
  }
  state.callbacks = callbacks.states;
  state.csv = csv->text();
  saveCheckpoint(checkpoint, model, plan, state, trainee.vectors());
  lastSave = Clock::now();
}

double Run::rateOf(int64_t step) const {
  bool byEpochs = plan.settings.epochs <= std::numeric_limits<int64_t>::max() / std::max<int64_t>(1, batches);
  int64_t total = byEpochs ? plan.settings.epochs * batches : plan.steps;
  return callbacks.learningRate(state.epoch, step, batches, total);
}

/// Trains until `count` batches of the epoch are done, or until Ctrl-C.
void Run::trainBatches(std::span<const int64_t> order, int64_t count) {
  while (state.batch < count && !interrupted) {
    int64_t first = state.batch * plan.settings.batch;
    int64_t rows = std::min(plan.settings.batch, plan.rows - first);
    state.sums.add(trainee.trainBatch(data.train, order.subspan(static_cast<size_t>(first), static_cast<size_t>(rows)),
                                      state.step, rateOf(state.step)));
    ++state.batch;
    if (!std::isfinite(state.sums.loss)) {
      progress.abandon();
      if (state.step == 0 && options.weightsFrom.empty())
        fail("the loss is no number in epoch 1, batch 1, before any weight has changed: does it fit the output? (a "
             "cross-entropy takes probabilities, as sigmoid and softmax give them)");
      fail("the loss is no longer a number in epoch {}, batch {}: training stopped and nothing was saved "
           "(a smaller learning rate often helps)",
           state.epoch + 1, state.batch);
    }
    ++state.step;
    if (progress.isDue())
      progress.showBatch(state.batch, scorer.means(state.sums));
    interrupted = InterruptGuard::requested();
    if (state.batch < count)
      save(/*always=*/false);
  }
}

NamedValues Run::logsOfEpoch() {
  NamedValues logs = scorer.means(state.sums);
  if (callbacks.changesRate()) {
    logs.emplace_back("learning_rate", rateOf(std::max<int64_t>(0, state.step - 1)));
    std::sort(logs.begin(), logs.end());
  }
  if (validation)
    for (auto &log : scorer.means(evaluator->evaluate(trainee.weights(), *validation), "val_"))
      logs.push_back(std::move(log));
  return logs;
}

/// All batches of the epoch are done: judges it and goes on to the next one.
/// Whatever is written here is written again, the same, where the run is killed
/// before its checkpoint says that the epoch has ended.
void Run::endEpoch() {
  NamedValues logs = logsOfEpoch();
  progress.endEpoch(state.batch, logs);
  Callbacks::Verdict verdict = callbacks.endEpoch(state.epoch, logs, options.saveTo);
  if (verdict.keepsWeights) {
    trainee.keepAsBest();
    state.hasBest = true;
  }
  if (!options.quiet)
    for (const std::string &note : verdict.notes)
      say("{}\n", note);
  guarded([&] { csv->write(state.epoch, logs); });
  for (const std::string &path : verdict.files)
    guarded([&] { saveWeights(model, path, trainee.weights(), plan.encoding); });
  observe(logs);
  ++state.epoch;
  state.batch = 0;
  state.sums = scorer.empty();
  state.logs = std::move(logs);
  state.stopped = verdict.stops;
  guarded([&] { save(); });
}

TrainResult Run::train() {
  state.sums = scorer.empty();
  if (from)
    goOn();
  else if (options.weightsFrom.empty())
    initializeAll(model, plan.settings.seed, trainee.weights());
  else
    loadWeights(model, options.weightsFrom, trainee.weights());
  if (plan.csvLog.empty())
    plan.csvLog = callbacks.csvLog();
  checkWritable(options.saveTo);
  csv.emplace(plan.csvLog, state.csv);
  save(); // so that all of the command line is known to a resume
  for (TrainObserver *observer : options.observers)
    observer->begin(model, state.epoch);

  InterruptGuard interrupt;
  NamedValues logs = state.logs;
  while (state.epoch < epochs && !state.stopped && !interrupted && problem.empty()) {
    int64_t count = plan.steps < 0 ? batches : std::min(batches, state.batch + std::max<int64_t>(0, plan.steps - state.step));
    if (count == 0)
      break;
    std::vector<int64_t> order = orderRows(plan.rows, plan.settings, state.epoch);
    progress.beginEpoch(state.epoch + 1, epochs, count);
    trainBatches(order, count);
    if (!interrupted && state.batch == batches) {
      endEpoch();
      logs = state.logs;
      interrupted = InterruptGuard::requested();
      continue;
    }
    // Cut short: a resume trains the rest of the epoch, so its end is not noted.
    guarded([&] { save(); });
    logs = interrupted ? scorer.means(state.sums) : logsOfEpoch();
    progress.endEpoch(state.batch, logs);
    if (!interrupted) {
      guarded([&] { csv->write(state.epoch, logs); });
      observe(logs);
    }
    break;
  }
  for (TrainObserver *observer : options.observers)
    guarded([&] { observer->end(); });
  bool restores = callbacks.restoresBest() && state.hasBest && !interrupted;
  saveWeights(model, options.saveTo, restores ? trainee.bestWeights() : trainee.weights(), plan.encoding);
  if (!problem.empty())
    fail("{} (the weights are saved in {})", problem, options.saveTo);
  return {logs, state.step, interrupted};
}
} // namespace

TrainResult train(const WeftModel &model, const TrainOptions &options) { return Run(model, options).train(); }

} // namespace weft::runtime

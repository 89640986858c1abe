//===- Train.cpp - The training loop ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Train.h"
#include "runtime/data/Source.h"
#include "runtime/io/CsvLog.h"
#include "runtime/io/File.h"
#include "runtime/support/Error.h"
#include "runtime/support/Random.h"
#include "runtime/train/Evaluate.h"
#include "runtime/train/Initialize.h"
#include "runtime/train/Interrupt.h"
#include "runtime/train/Weights.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace weft::runtime {

namespace {
/// Floats that one task adds up and updates: some pages, so that a block of all
/// slices stays in cache. Has no influence on results.
constexpr int64_t updateBlock = 8192;

/// A model in training: its weights, its optimizer's state, one batch at a time.
class TrainingState {
public:
  TrainingState(const WeftModel &model, const Settings &settings, const Scorer &scorer, ThreadPool &pool)
      : model(model), settings(settings), scorer(scorer), pool(pool), runner(model, Runner::Mode::Train, pool),
        parameters(model.parameter_count * 4) {
    for (int32_t i = 0; i < model.optimizer_states; ++i)
      states.emplace_back(model.parameter_count * 4);
    for (AlignedBuffer &state : states)
      stateValues.push_back(state.floats());
  }

  float *weights() const { return parameters.floats(); }

  /// Trains on the rows `order` of `set`; the sums over them before the update.
  Sums trainBatch(const DataSet &set, std::span<const int64_t> order) {
    std::vector<Sums> parts(static_cast<size_t>(std::max(1, model.slices)), scorer.empty());
    Runner::Request request{weights(), settings.seed, batches, 1.0f / static_cast<float>(order.size())};
    runner.run(set, order, request, [&](const Runner::Slice &slice, size_t index) {
      for (int64_t row = 0; row < slice.rows; ++row)
        parts[index].loss += double{slice.loss[row]};
      scorer.add(parts[index], slice.labels.data(), slice.outputs.data(), slice.rows);
    });
    Sums total = scorer.empty();
    for (const Sums &part : parts)
      total.add(part);
    if (std::isfinite(total.loss)) {
      ++batches;
      update();
    }
    return total;
  }

private:
  /// Adds the gradients of the slices, in slice order for every element, and
  /// moves the weights.
  void update() {
    std::span<Runner::Slice> slices = runner.slices();
    float *total = slices.front().gradients;
    int64_t blocks = (model.parameter_count + updateBlock - 1) / updateBlock;
    pool.run(blocks, [&](int64_t block, int) {
      int64_t begin = block * updateBlock, end = std::min(begin + updateBlock, model.parameter_count);
      for (const Runner::Slice &slice : slices.subspan(1)) {
        const float *more = slice.gradients;
        for (int64_t i = begin; i < end; ++i)
          total[i] += more[i];
      }
      WeftUpdateCall call{};
      call.parameters = weights();
      call.gradients = total;
      call.states = stateValues.data();
      call.begin = begin;
      call.end = end;
      call.step = static_cast<float>(batches);
      call.learning_rate = static_cast<float>(settings.learningRate);
      model.update(&call);
    });
  }

  const WeftModel &model;
  const Settings &settings;
  const Scorer &scorer;
  ThreadPool &pool;
  Runner runner;
  AlignedBuffer parameters;
  std::vector<AlignedBuffer> states;
  std::vector<float *> stateValues;
  uint64_t batches = 0; // trained so far
};

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

Data openTrainingData(const Settings &settings, const Ports &ports) {
  if (settings.data.empty())
    fail("the model names no data: say --data, for example --data npy:X.npy,Y.npy");
  return openData(settings.data, ports);
}
} // namespace

TrainResult train(const WeftModel &model, const TrainOptions &options) {
  const Settings &settings = options.settings;
  Ports ports(model, settings.loss);
  Data data = openTrainingData(settings, ports);
  std::optional<DataSet> validation = chooseValidation(settings.validation, data, ports);

  ThreadPool pool(options.threads);
  Scorer scorer(model, settings.metrics);
  TrainingState state(model, settings, scorer, pool);
  if (options.weightsFrom.empty())
    initializeAll(model, settings.seed, state.weights());
  else
    loadWeights(model, options.weightsFrom, state.weights());
  std::optional<Evaluator> evaluator;
  if (validation)
    evaluator.emplace(model, settings.loss, scorer, pool);
  checkWritable(options.saveTo);
  std::optional<CsvLog> csv;
  if (!options.csvLog.empty())
    csv.emplace(options.csvLog);

  int64_t batches = (data.train.rows + settings.batch - 1) / settings.batch;
  int64_t left = options.steps;
  int64_t epochs = settings.epochs;
  if (left >= 0)
    epochs = std::min(epochs, (left + batches - 1) / batches);
  TrainResult result;
  std::string csvProblem;
  Progress progress = Progress::forTerminal(options.quiet);
  InterruptGuard interrupt;
  for (int64_t epoch = 0; epoch < epochs && !result.interrupted; ++epoch) {
    std::vector<int64_t> order = orderRows(data.train.rows, settings, epoch);
    int64_t count = left < 0 ? batches : std::min(batches, left);
    progress.beginEpoch(epoch + 1, epochs, count);
    Sums sums = scorer.empty();
    int64_t done = 0;
    while (done < count && !result.interrupted) {
      int64_t first = done * settings.batch;
      int64_t rows = std::min(settings.batch, data.train.rows - first);
      sums.add(state.trainBatch(
          data.train, std::span(order).subspan(static_cast<size_t>(first), static_cast<size_t>(rows))));
      ++done;
      if (!std::isfinite(sums.loss)) {
        progress.abandon();
        fail("the loss is no longer a number in epoch {}, batch {}: training stopped and nothing was saved "
             "(a smaller learning rate often helps)",
             epoch + 1, done);
      }
      if (progress.isDue())
        progress.showBatch(done, scorer.means(sums));
      result.interrupted = InterruptGuard::requested();
    }
    result.batches += done;
    if (left >= 0)
      left -= done;
    result.logs = scorer.means(sums);
    if (validation && !result.interrupted)
      for (auto &log : scorer.means(evaluator->evaluate(state.weights(), *validation), "val_"))
        result.logs.push_back(std::move(log));
    progress.endEpoch(done, result.logs);
    if (csv && csvProblem.empty() && !result.interrupted) {
      try {
        csv->write(epoch, result.logs);
      } catch (const UserError &error) {
        csvProblem = error.what(); // what was learnt is saved first
      }
    }
    result.interrupted = InterruptGuard::requested();
  }
  saveWeights(model, options.saveTo, state.weights());
  if (!csvProblem.empty())
    fail("{} (the weights are saved in {})", csvProblem, options.saveTo);
  return result;
}

} // namespace weft::runtime

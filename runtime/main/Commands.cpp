//===- Commands.cpp - The commands of a compiled model ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/main/Commands.h"
#include "runtime/data/Source.h"
#include "runtime/io/Console.h"
#include "runtime/io/File.h"
#include "runtime/io/Npy.h"
#include "runtime/main/Summary.h"
#include "runtime/main/Texts.h"
#include "runtime/support/Cpu.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"
#include "runtime/train/Evaluate.h"
#include "runtime/train/TensorBoard.h"
#include "runtime/train/Train.h"
#include "runtime/train/Weights.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include <sys/resource.h>

namespace weft::runtime {

namespace {
/// A binary whose parts do not fit together, or that this machine cannot run,
/// should say so instead of dying of it.
void checkModel(const WeftModel &model) {
  if (model.magic != WEFT_ABI_MAGIC)
    throw std::logic_error("the object linked with this runtime is no compiled model (wrong magic number)");
  if (model.version != WEFT_ABI_VERSION || model.size != sizeof(WeftModel))
    throw std::logic_error(
        fmt::format("the model was compiled for ABI version {}, this runtime has version {}: build it again",
                    model.version, WEFT_ABI_VERSION));
  std::vector<std::string> missing = missingFeatures(model.features ? model.features : "");
  if (!missing.empty())
    fail("this processor lacks {}, which the model was compiled for: build it again with a --target that fits",
         fmt::join(missing, ", "));
}

/// What a model was built without, it cannot do.
void checkTrains(const WeftModel &model) {
  if (!model.step.slice || !model.evaluate.slice || !model.update)
    fail("model '{}' was built without training: it can predict; for the rest, add a `train` block and build it again",
         model.name);
}

/// Time and memory of this program alone: `weft train` compiles in the same process
/// and then becomes the program, which inherits what was used until then.
class Stopwatch {
public:
  /// "wall 12.3 s, CPU 24.1 s (1.96 processors), peak memory 210 MB".
  std::string text() const {
    double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    double cpu = processorSeconds() - cpuAtStart;
    return fmt::format("wall {:.2f} s, CPU {:.2f} s ({:.2f} processors), peak memory {:.1f} MB", wall, cpu,
                       wall > 0 ? cpu / wall : 0, peakKilobytes() / 1024);
  }

private:
  static double processorSeconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](timeval time) { return double(time.tv_sec) + double(time.tv_usec) * 1e-6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  static double peakKilobytes() {
    // Unlike ru_maxrss this begins anew with the program.
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:"))
        return std::strtod(line.c_str() + 6, nullptr);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss);
  }

  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  double cpuAtStart = processorSeconds();
};

int64_t toInteger64(const std::string &what, int64_t value, int64_t least) {
  if (value < least)
    fail("{} should be at least {}, it is {}", what, least, value);
  return value;
}

/// Loss first, as people read it, then the metrics.
void printScores(const Logs &logs, int64_t rows, bool json) {
  if (json) {
    nlohmann::ordered_json object;
    for (const auto &[name, value] : logs)
      object[name] = value;
    object["rows"] = rows;
    print("{}\n", object.dump());
    return;
  }
  for (const auto &[name, value] : logs)
    if (name == "loss")
      print("Loss: {:.6f}\n", value);
  for (const auto &[name, value] : logs)
    if (name == "accuracy")
      print("Accuracy: {:.2f}%\n", value * 100);
    else if (name != "loss")
      print("{}: {:.6f}\n", name, value);
}

/// What the command line says; one instance a run.
struct Commands {
  const WeftModel &model;
  Settings settings = Settings::of(model);

  std::string weights, data, validation, save, csvLog, output;
  std::vector<std::string> inputs;
  std::optional<int64_t> epochs, batch, steps, seed, histogramFrequency;
  int64_t threads = 0;
  bool noShuffle = false, quiet = false, json = false, resume = false;
  std::string checkpointEvery = "60s";
  std::string logFolder;
  bool writeImages = false;
  std::optional<std::string> text; // the file whose lines are predicted
  std::string word, embedding;     // whose neighbours are asked for, and in which weight
  int64_t count = 10;
  Generation generation;

  std::string defaultWeights() const { return std::string(model.name) + ".safetensors"; }

  int threadCount() const {
    constexpr int64_t most = 1024;
    if (threads > most)
      fail("--threads should be at most {}, it is {}", most, threads);
    return threads == 0 ? availableThreads() : static_cast<int>(toInteger64("--threads", threads, 1));
  }

  /// The weights to use where nothing is trained.
  TrainedWeights loadedWeights() const {
    std::string path = weights.empty() ? defaultWeights() : weights;
    if (weights.empty() && !std::filesystem::exists(path))
      fail("there are no weights: {} does not exist. Train first, or say --weights", path);
    AlignedBuffer parameters(model.parameter_count * 4);
    std::shared_ptr<const Encoding> encoding = encodingOf(loadWeights(model, path, parameters.floats()), path);
    return {path, std::move(parameters), std::move(encoding)};
  }

  /// What the model takes, with texts and classes as the weights know them.
  Ports portsFor(const TrainedWeights &trained) const {
    Ports ports(model, settings.loss);
    ports.encoding = trained.encoding;
    return ports;
  }

  std::string dataOr() const {
    std::string text = data.empty() ? settings.data : data;
    if (text.empty())
      fail("the model names no data: say --data, for example --data npy:X.npy,Y.npy");
    return text;
  }

  void runTrain(const char *program) {
    Stopwatch stopwatch;
    TrainOptions options;
    options.settings = settings;
    Settings &wanted = options.settings;
    auto given = [&](const char *name) { options.given.insert(name); };
    if (!data.empty())
      wanted.data = data, given("data");
    if (!validation.empty())
      wanted.validation = validation, given("validation");
    if (batch)
      wanted.batch = toInteger64("--batch", *batch, 1), given("batch");
    if (seed)
      wanted.seed = static_cast<uint64_t>(toInteger64("--seed", *seed, 0)), given("seed");
    if (noShuffle)
      wanted.shuffle = false, given("shuffle");
    if (steps) {
      options.steps = toInteger64("--steps", *steps, 0), given("steps");
      wanted.epochs = std::numeric_limits<int64_t>::max();
    }
    if (epochs)
      wanted.epochs = toInteger64("--epochs", *epochs, 0), given("epochs");
    if (!csvLog.empty())
      options.csvLog = csvLog, given("csv_log");
    options.threads = threadCount();
    options.weightsFrom = weights;
    options.saveTo = save.empty() ? defaultWeights() : save;
    options.quiet = quiet;
    options.resume = resume;
    setCheckpoints(options);
    std::optional<TensorBoard> board = tensorBoard();
    if (board)
      options.observers.push_back(&*board);
    TrainResult result = train(model, options);
    if (!result.logs.empty())
      print("{}\n", logText(result.logs));
    if (result.interrupted)
      say("interrupted after {} batches; the weights are saved. To go on: {} train --resume{}\n", result.batches,
          program, save.empty() ? "" : " --save " + save);
    say("saved {}\n{}\n", options.saveTo, stopwatch.text());
  }

  /// What the train block's tensorboard(...) says, and the command line over it.
  std::optional<TensorBoard> tensorBoard() const {
    std::optional<TensorBoardOptions> wanted = TensorBoardOptions::of(settings);
    if (!logFolder.empty()) {
      if (!wanted)
        wanted.emplace();
      wanted->folder = logFolder;
    }
    if (!wanted && (histogramFrequency || writeImages))
      fail("--histogram-freq and --write-images are for a log for TensorBoard: say --log-dir DIR");
    if (histogramFrequency)
      wanted->histogramFrequency = toInteger64("--histogram-freq", *histogramFrequency, 0);
    if (writeImages)
      wanted->writeImages = true;
    return wanted ? std::optional<TensorBoard>(std::in_place, *wanted) : std::nullopt;
  }

  /// --checkpoint-every 500 | 30s | epoch
  void setCheckpoints(TrainOptions &options) const {
    std::string_view text = checkpointEvery;
    bool inSeconds = text.ends_with("s");
    std::optional<double> number = parseNumber(inSeconds ? text.substr(0, text.size() - 1) : text);
    options.checkpointSeconds = 0;
    if (text == "epoch")
      return;
    if (!number || !(*number > 0) || *number > 1e9 || (!inSeconds && *number != std::floor(*number)))
      fail("--checkpoint-every should be a number of batches, seconds such as 30s, or epoch; it is '{}'",
           checkpointEvery);
    if (inSeconds)
      options.checkpointSeconds = *number;
    else
      options.checkpointBatches = static_cast<int64_t>(*number);
  }

  void runEvaluate() {
    TrainedWeights trained = loadedWeights();
    Data opened = openData(dataOr(), portsFor(trained));
    const DataSet &set = opened.test ? *opened.test : opened.train;
    ThreadPool pool(threadCount());
    Scorer scorer(model, settings.metrics);
    Evaluator evaluator(model, scorer, pool);
    printScores(scorer.means(evaluator.evaluate(trained.parameters.floats(), set)), set.rows, json);
  }

  /// The file for output `index`: --output P.npy, or P.<name>.npy where there are several.
  std::string outputPath(int32_t index) const {
    if (model.output_count == 1)
      return output;
    std::filesystem::path path(output);
    path.replace_extension(fmt::format(".{}.npy", model.outputs[index].name));
    return path;
  }

  /// Writes predictions to files, or a line for each row where none are named.
  void runPredict() {
    if (inputs.empty() && !text)
      fail("predict what? Say --input X.npy, or --text FILE for the lines of a file (--text - reads standard input)");
    TrainedWeights trained = loadedWeights();
    std::optional<GivenInput> texts;
    if (text)
      texts = openTexts(model, trained, *text);
    DataSet set = openInputs(inputs, portsFor(trained), texts);
    for (int32_t i = 0; !output.empty() && i < model.output_count; ++i)
      checkWritable(outputPath(i));
    ThreadPool pool(threadCount());
    std::vector<std::vector<float>> predictions = predict(model, trained.parameters.floats(), set, pool);
    if (output.empty()) {
      size_t width = predictions[0].size() / static_cast<size_t>(set.rows);
      for (size_t row = 0; row < static_cast<size_t>(set.rows); ++row)
        print("{}\n", predictionText(model, trained.encoding.get(), std::span(predictions[0]).subspan(row * width, width)));
      return;
    }
    for (int32_t i = 0; i < model.output_count; ++i) {
      std::vector<int64_t> shape = {set.rows};
      shape.insert(shape.end(), shapeOf(model.outputs[i]).begin(), shapeOf(model.outputs[i]).end());
      writeNpy(outputPath(i), shape, predictions[static_cast<size_t>(i)]);
    }
  }

  void runNearest() { printNearest(model, loadedWeights(), word, toInteger64("--count", count, 1), embedding); }

  void runGenerate() {
    Generation wanted = generation;
    toInteger64("--length", wanted.length, 0);
    if (!(wanted.temperature >= 0) || std::isinf(wanted.temperature))
      fail("--temperature should be a number from 0, it is {}", wanted.temperature);
    wanted.seed = seed ? static_cast<uint64_t>(toInteger64("--seed", *seed, 0)) : settings.seed;
    printGenerated(model, loadedWeights(), wanted);
  }

  void runGradients() {
    TrainedWeights trained = loadedWeights();
    Data opened = openData(dataOr(), portsFor(trained));
    checkWritable(save);
    ThreadPool pool(threadCount());
    int64_t rows = batch ? toInteger64("--batch", *batch, 1) : settings.batch;
    MeanGradient mean =
        meanGradient(model, trained.parameters.floats(), opened.train, rows, settings.seed, pool);
    saveWeights(model, save, mean.gradients.data(), {{"loss", fmt::format("{}", mean.loss)}});
    print("loss: {:.6f}\n", mean.loss);
  }
};

/// CLI11 takes the largest number for one that is too large.
const CLI::Validator wholeNumber(
    [](std::string &text) {
      return parseInteger(text) ? std::string() : fmt::format("{} is no whole number that can be used here", text);
    },
    "", "");

/// The message for words that are no command line, with the command that was meant.
std::string usageError(const CLI::App &app, const CLI::ParseError &error, int argc, const char *const *argv) {
  std::vector<std::string> names;
  for (const CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
    names.push_back(command->get_name());
  std::string wanted = argc > 1 ? argv[1] : "", message = error.what();
  if (!wanted.empty() && wanted[0] != '-' && std::find(names.begin(), names.end(), wanted) == names.end()) {
    std::string near = nearestSpelling(wanted, names);
    message = fmt::format("there is no command '{}'{}", wanted, near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
  return fmt::format("{} (see {} --help)", message, argc ? argv[0] : "the");
}

constexpr const char *dataHelp =
    "imdb[(top_words=N,length=L)], npy:X.npy,Y.npy, arrays:FILE.safetensors, "
    "csv:FILE[(x=A+B,y=C)], text:FOLDER, chars:FILE, "
    "reber[(length=,samples=,seed=)], adding[(length=,samples=,seed=)]";

int runCommands(const WeftModel &model, int argc, const char *const *argv) {
  Commands commands{.model = model};
  CLI::App app(fmt::format("{}: a model compiled by Weft", model.name));
  app.require_subcommand(1);
  auto addWeights = [&](CLI::App *command, const char *help) {
    command->add_option("--weights", commands.weights, help)->option_text("FILE.safetensors");
  };
  auto addData = [&](CLI::App *command) {
    return command->add_option("--data", commands.data, dataHelp)->option_text("D");
  };
  auto addThreads = [&](CLI::App *command) {
    command->add_option("--threads", commands.threads, "default: all processors")->option_text("N")->check(wholeNumber);
  };
  std::string loaded = "default: " + commands.defaultWeights();

  CLI::App *train = app.add_subcommand("train", "train and save the weights");
  addData(train);
  train->add_option("--epochs", commands.epochs, fmt::format("default: {}", commands.settings.epochs))->option_text("N")->check(wholeNumber);
  train->add_option("--batch", commands.batch, fmt::format("rows of a batch; default: {}", commands.settings.batch))
      ->option_text("N")->check(wholeNumber);
  train->add_option("--seed", commands.seed, fmt::format("default: {}", commands.settings.seed))->option_text("N")->check(wholeNumber);
  train->add_option("--steps", commands.steps, "stop after N batches, however many epochs they make")->option_text("N")->check(wholeNumber);
  addThreads(train);
  train->add_option("--validation", commands.validation, "test, a fraction of the rows (the last ones), other data, or none")
      ->option_text("D|FRACTION|none");
  train->add_flag("--no-shuffle", commands.noShuffle, "keep the rows in order");
  addWeights(train, "start from these instead of fresh ones");
  train->add_option("--save", commands.save, loaded)->option_text("FILE.safetensors");
  train->add_option("--csv-log", commands.csvLog, "write a line an epoch")->option_text("FILE");
  train->add_flag("--resume", commands.resume, "go on from the checkpoint beside the weights, where there is one");
  train->add_option("--checkpoint-every", commands.checkpointEvery,
                    "write a checkpoint after so many batches or seconds, besides after each epoch; default: 60s")
      ->option_text("N|Ns|epoch");
  train->add_option("--log-dir", commands.logFolder, "write a log for TensorBoard")->option_text("DIR");
  train->add_option("--histogram-freq", commands.histogramFrequency, "... with histograms of the weights every N epochs")
      ->option_text("N")->check(wholeNumber);
  train->add_flag("--write-images", commands.writeImages, "... and the weights as pictures");
  train->add_flag("--quiet", commands.quiet, "no progress on stderr");

  CLI::App *evaluate = app.add_subcommand("evaluate", "loss and metrics; of the test split where the data has one");
  addWeights(evaluate, loaded.c_str());
  addData(evaluate);
  addThreads(evaluate);
  evaluate->add_flag("--json", commands.json, "as JSON");

  CLI::App *predict = app.add_subcommand("predict", "predictions for the rows of .npy files, or for lines of text");
  addWeights(predict, loaded.c_str());
  predict->add_option("--input", commands.inputs, "once for each input")->option_text("[NAME=]X.npy");
  predict->add_option("--text", commands.text, "a text a line, read as training read its texts; - is standard input")
      ->option_text("[NAME=]FILE|-");
  predict->add_option("--output", commands.output, "where predictions go; default: a line each to standard output")
      ->option_text("P.npy");
  addThreads(predict);

  CLI::App *nearest = app.add_subcommand("nearest", "the words whose embeddings are nearest to a word's");
  nearest->add_option("word", commands.word, "a word (or character) of the training texts")->required();
  nearest->add_option("--count", commands.count, "how many; default: 10")->option_text("N")->check(wholeNumber);
  nearest->add_option("--weight", commands.embedding, "the embedding, where the model has several")->option_text("NAME");
  addWeights(nearest, loaded.c_str());

  CLI::App *generate = app.add_subcommand("generate", "go on with a text, for a model trained on chars:FILE");
  generate->add_option("--prompt", commands.generation.prompt, "the text's beginning")->option_text("TEXT")->required();
  generate->add_option("--length", commands.generation.length, "characters to add; default: 200")->option_text("N")->check(wholeNumber);
  generate->add_option("--temperature", commands.generation.temperature,
                       "below 1 the likely gets likelier, at 0 it is always taken; default: 1")
      ->option_text("T");
  generate->add_option("--seed", commands.seed, fmt::format("default: {}", commands.settings.seed))->option_text("N")->check(wholeNumber);
  addWeights(generate, loaded.c_str());

  CLI::App *gradients = app.add_subcommand("gradients", "the gradient of the mean loss over all of the data");
  addWeights(gradients, loaded.c_str());
  addData(gradients);
  gradients->add_option("--save", commands.save, "where gradients go")->option_text("FILE.safetensors")->required();
  gradients->add_option("--batch", commands.batch, "rows computed at a time")->option_text("N")->check(wholeNumber);
  addThreads(gradients);

  CLI::App *summary = app.add_subcommand("summary", "the layers and their parameters");
  CLI::App *info = app.add_subcommand("info", "what this binary is and needs");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0)
      return app.exit(error);
    fail("{}", usageError(app, error, argc, argv));
  }
  if (*train || *evaluate || *gradients)
    checkTrains(model);
  if (*train)
    commands.runTrain(argv[0]);
  else if (*evaluate)
    commands.runEvaluate();
  else if (*predict)
    commands.runPredict();
  else if (*nearest)
    commands.runNearest();
  else if (*generate)
    commands.runGenerate();
  else if (*gradients)
    commands.runGradients();
  else if (*summary)
    print("{}", summaryText(model));
  else if (*info)
    print("{}", infoText(model));
  return 0;
}
} // namespace

int runMain(const WeftModel &model, int argc, const char *const *argv) {
  ignoreFileSizeSignal();
  try {
    checkModel(model);
    return runCommands(model, argc, argv);
  } catch (const UserError &error) {
    say("error: {}\n", error.what());
    return 1;
  } catch (const std::bad_alloc &) {
    say("error: there is not enough memory; a smaller --batch needs less\n");
    return 1;
  } catch (const std::exception &error) {
    say("internal error: {}\nThis is a bug in Weft: please report it with the model file and this "
               "command line.\n",
               error.what());
    return 2;
  }
}

} // namespace weft::runtime

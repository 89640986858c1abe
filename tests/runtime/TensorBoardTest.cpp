//===- TensorBoardTest.cpp - What is logged for TensorBoard, read back ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/TensorBoard.h"
#include "runtime/io/Png.h"
#include "tests/runtime/Helpers.h"
#include "tests/support/EventFile.h"

#include <nlohmann/json.hpp>

#include <numeric>
#include <set>

using namespace weft;
using namespace weft::runtime;
using test::Folder;
using tests::EventLog;
using tests::LoggedValue;
using tests::readEventFile;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;
namespace fs = std::filesystem;

namespace {
const WeftInit zeros = {0, 0, 0, 0};
const WeftWeight weights[] = {
    {"conv1d/kernel", 3, 1, {3, 2, 4}, 0, 24, &zeros, nullptr},
    {"dense/kernel", 2, 1, {8, 2}, 32, 16, &zeros, nullptr},
    {"dense/bias", 1, 1, {1}, 48, 1, &zeros, nullptr},
};
const WeftPort input = {"steps", WEFT_F32, 2, {5, 2}, 0, {}};

WeftModel fakeModel() {
  WeftModel model{};
  model.name = "fake";
  model.inputs = &input;
  model.input_count = 1;
  model.weights = weights;
  model.weight_count = 3;
  model.parameter_count = 64;
  model.layers = R"([{"name": "conv1d", "type": "Conv1D", "shape": [3, 4], "parameters": 24},
                     {"name": "dense", "type": "Dense", "shape": [2], "parameters": 17}])";
  return model;
}

/// The one event file of a folder.
fs::path fileIn(const std::string &folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder))
    files.push_back(entry.path());
  EXPECT_THAT(files, SizeIs(1)) << folder;
  return files.empty() ? fs::path() : files.front();
}

std::vector<std::string> tagsOf(const EventLog &log) {
  std::vector<std::string> tags;
  for (const LoggedValue &value : log.values)
    tags.push_back(value.tag);
  return tags;
}

/// "tag plugin type step number" of each scalar.
std::vector<std::string> scalarsOf(const EventLog &log) {
  std::vector<std::string> lines;
  for (const LoggedValue &value : log.values)
    if (value.plugin == "scalars") {
      EXPECT_EQ(value.type, 1);
      EXPECT_THAT(value.shape, IsEmpty());
      EXPECT_EQ(value.content, "");
      lines.push_back(fmt::format("{} {} {}", value.tag, value.step, value.numbers.at(0)));
    }
  return lines;
}

const LoggedValue &valueOf(const EventLog &log, const std::string &tag) {
  for (const LoggedValue &value : log.values)
    if (value.tag == tag)
      return value;
  throw std::runtime_error("no tag " + tag);
}

std::vector<float> parameters() {
  std::vector<float> values(64);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i) / 16 - 1;
  return values;
}

void runTwoEpochs(const TensorBoardOptions &options, bool validates) {
  WeftModel model = fakeModel();
  std::vector<float> values = parameters();
  TensorBoard board(options);
  board.begin(model, 0);
  for (int64_t epoch = 0; epoch < 2; ++epoch) {
    NamedValues logs = {{"accuracy", 0.5}, {"loss", 0.25}};
    if (validates)
      logs.insert(logs.end(), {{"val_accuracy", 0.75}, {"val_loss", 0.125}});
    board.endEpoch({epoch, 10 * (epoch + 1), 0.5, logs, values.data()});
  }
  board.end();
}
} // namespace

TEST(EventFile, publishedCheckValues) {
  EXPECT_EQ(tests::slowCrc32c("123456789"), 0xe3069283u); // RFC 3720 and the catalogue of CRCs
  EXPECT_EQ(tests::slowCrc32c(std::string(32, '\xff')), 0x62a8ab43u);
  Folder folder;
  { EventFile file("log"); }
  // Every event file begins with these bytes: 24, and its masked checksum.
  EXPECT_EQ(test::readText(fileIn("log")).substr(0, 12), std::string("\x18\0\0\0\0\0\0\0\xa3\x7fK\"", 12));
  EXPECT_THAT(fileIn("log").filename().string(),
              MatchesRegex("events\\.out\\.tfevents\\.[0-9]+\\..+\\.[0-9]+\\.0\\.v2"));
}

TEST(EventFile, aFileEachEvenInOneSecond) {
  Folder folder;
  EventFile first("log"), second("log");
  EXPECT_EQ(std::distance(fs::directory_iterator("log"), fs::directory_iterator()), 2);
}

TEST(EventFile, anyPrefixIsReadable) {
  Folder folder;
  {
    EventFile file("log");
    file.writeValue("a", "scalars", floatTensor(1), 300);
    file.writeValue("a", "scalars", floatTensor(2), -1);
  }
  std::string whole = test::readText(fileIn("log"));
  EventLog log = readEventFile(fileIn("log"));
  EXPECT_EQ(log.version, "brain.Event:2");
  EXPECT_FALSE(log.isCutShort);
  EXPECT_THAT(scalarsOf(log), ElementsAre("a 300 1", "a -1 2"));
  size_t cut = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    test::writeText("part", whole.substr(0, size));
    cut += readEventFile("part").isCutShort;
  }
  EXPECT_EQ(cut, whole.size() - 3); // nothing, one record, and two are whole
}

TEST(TensorBoard, tagsOfKeras) {
  Folder folder;
  runTwoEpochs({"log"}, true);
  EventLog train = readEventFile(fileIn("log/train")), validation = readEventFile(fileIn("log/validation"));
  EXPECT_EQ(tagsOf(train).front(), "keras");
  EXPECT_THAT(scalarsOf(train), ElementsAre("epoch_accuracy 0 0.5", "epoch_loss 0 0.25", "epoch_learning_rate 0 0.5",
                                            "epoch_accuracy 1 0.5", "epoch_loss 1 0.25", "epoch_learning_rate 1 0.5"));
  EXPECT_THAT(train.values, SizeIs(7));
  EXPECT_THAT(scalarsOf(validation),
              ElementsAre("evaluation_accuracy_vs_iterations 10 0.75", "evaluation_loss_vs_iterations 10 0.125",
                          "epoch_accuracy 0 0.75", "epoch_loss 0 0.125", "evaluation_accuracy_vs_iterations 20 0.75",
                          "evaluation_loss_vs_iterations 20 0.125", "epoch_accuracy 1 0.75", "epoch_loss 1 0.125"));
  EXPECT_THAT(validation.values, SizeIs(8));
}

TEST(TensorBoard, optionsLeaveOut) {
  Folder folder;
  runTwoEpochs({"log", 0, false, true}, false);
  EXPECT_FALSE(fs::exists("log/validation"));
  EXPECT_THAT(tagsOf(readEventFile(fileIn("log/train"))), SizeIs(6)); // no graph, and images only with histograms
  runTwoEpochs({"other", 2, false, false}, false);
  std::vector<std::string> tags = tagsOf(readEventFile(fileIn("other/train")));
  EXPECT_THAT(tags, SizeIs(6 + 3)); // of epoch 0 alone
  EXPECT_THAT(std::set<std::string>(tags.begin(), tags.end()),
              ElementsAre("conv1d/kernel/histogram", "dense/bias/histogram", "dense/kernel/histogram",
                          "epoch_accuracy", "epoch_learning_rate", "epoch_loss"));
}

TEST(TensorBoard, resumeVoidsWhatComesAgain) {
  Folder folder;
  WeftModel model = fakeModel();
  TensorBoard({"log"}).begin(model, 3);
  EXPECT_THAT(readEventFile(fileIn("log/train")).restarts, ElementsAre(3));
}

TEST(TensorBoard, graphIsKerasJson) {
  Folder folder;
  runTwoEpochs({"log"}, false);
  EventLog log = readEventFile(fileIn("log/train"));
  const LoggedValue &graph = valueOf(log, "keras");
  EXPECT_EQ(graph.plugin, "graph_keras_model");
  EXPECT_EQ(graph.content, "1");
  EXPECT_EQ(graph.step, 0);
  EXPECT_EQ(graph.type, 7);
  EXPECT_THAT(graph.shape, IsEmpty());
  nlohmann::json json = nlohmann::json::parse(graph.texts.at(0));
  EXPECT_EQ(json["class_name"], "Sequential");
  std::vector<std::string> layers;
  for (const nlohmann::json &layer : json["config"]["layers"])
    layers.push_back(layer["config"]["name"].get<std::string>() + " " + layer["class_name"].get<std::string>());
  EXPECT_THAT(layers, ElementsAre("steps InputLayer", "conv1d Conv1D", "dense Dense"));
}

TEST(TensorBoard, histogramsCountAllWeights) {
  Folder folder;
  runTwoEpochs({"log", 1}, false);
  EventLog log = readEventFile(fileIn("log/train"));
  for (const WeftWeight &weight : weights) {
    const LoggedValue &histogram = valueOf(log, std::string(weight.name) + "/histogram");
    EXPECT_EQ(histogram.plugin, "histograms");
    EXPECT_EQ(histogram.type, 2);
    EXPECT_THAT(histogram.shape, ElementsAre(30, 3));
    double sum = 0;
    for (size_t bin = 0; bin < 30; ++bin)
      sum += histogram.numbers[bin * 3 + 2];
    EXPECT_EQ(sum, static_cast<double>(weight.size));
  }
}

TEST(TensorBoard, histogramEdges) {
  std::vector<float> values(60);
  std::iota(values.begin(), values.end(), 0.0f);
  std::vector<double> histogram = histogramOf(values);
  EXPECT_EQ(histogram[0], 0);
  EXPECT_DOUBLE_EQ(histogram[1], 59.0 / 30);
  EXPECT_EQ(histogram[29 * 3 + 1], 59);
  for (size_t bin = 0; bin < 30; ++bin)
    EXPECT_EQ(histogram[bin * 3 + 2], 2) << bin;
  std::vector<double> same = histogramOf(std::vector<float>{4, 4, 4}); // as TensorFlow: all in the last bin
  EXPECT_EQ(same[0], 4);
  EXPECT_EQ(same[1], 4);
  EXPECT_EQ(same[2], 0);
  EXPECT_EQ(same[29 * 3 + 2], 3);
}

TEST(TensorBoard, imagesDecode) {
  Folder folder;
  runTwoEpochs({"log", 1, true, true}, false);
  EventLog log = readEventFile(fileIn("log/train"));
  const LoggedValue &kernel = valueOf(log, "dense/kernel/image");
  EXPECT_EQ(kernel.plugin, "images");
  EXPECT_THAT(kernel.shape, ElementsAre(3));
  EXPECT_EQ(kernel.texts[0], "8"); // 8×2 is turned to lie
  EXPECT_EQ(kernel.texts[1], "2");
  tests::DecodedPng image = tests::decodePng(kernel.texts[2]);
  EXPECT_EQ(image.width, 8u);
  EXPECT_EQ(image.height, 2u);
  EXPECT_THAT(valueOf(log, "conv1d/kernel/image").texts, SizeIs(2 + 3)); // three of four filters
  EXPECT_THROW(valueOf(log, "dense/bias/image"), std::runtime_error);    // a single number
}

TEST(TensorBoard, imagesAsKeras) {
  std::vector<float> values = {-1, 0, 0.5f, 1, 2, 0.25f};
  auto pixels = [&](std::vector<int64_t> shape, size_t index = 0) { return imagesOf(shape, values).at(index); };
  EXPECT_THAT(pixels({2, 3}).values, ElementsAre(0, 0, 127, 255, 255, 63));
  GreyImage turned = pixels({3, 2});
  EXPECT_EQ(turned.width, 3);
  EXPECT_THAT(turned.values, ElementsAre(0, 127, 255, 0, 255, 63));
  GreyImage upright = pixels({1, 6, 1});
  EXPECT_EQ(upright.width, 1);
  EXPECT_EQ(upright.height, 6);
  EXPECT_THAT(pixels({1, 2, 3}).values, ElementsAre(0, 0, 127, 255, 255, 63)); // squeezed before it is looked at
  values.resize(12);
  GreyImage filter = pixels({2, 3, 2}, 1); // every second value
  EXPECT_EQ(filter.width, 3);
  EXPECT_THAT(filter.values, ElementsAre(0, 255, 63, 0, 0, 0));
  EXPECT_THAT(imagesOf(std::vector<int64_t>{2, 3, 2}, values), SizeIs(2));
}

TEST(Png, blocksAndChecksums) {
  std::vector<uint8_t> values(300 * 500);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<uint8_t>(i * i >> 3);
  std::string file = pngOfGrey(values, 300, 500); // more than two stored blocks
  EXPECT_TRUE(file.ends_with("IEND\xae\x42\x60\x82"));
  tests::DecodedPng image = tests::decodePng(file);
  EXPECT_EQ(image.width, 300u);
  EXPECT_EQ(image.height, 500u);
  EXPECT_EQ(image.grey, values);
}

TEST(TensorBoard, placesThatCannotBeWritten) {
  Folder folder;
  WeftModel model = fakeModel();
  auto error = [&](const std::string &log) { return test::errorOf([&] { TensorBoard({log}).begin(model, 0); }); };
  test::writeText("file", "");
  EXPECT_THAT(error("file/log"), HasSubstr("cannot write the log for TensorBoard: file/log/validation: Not a directory"));
  fs::create_directory("half");
  test::writeText("half/train", "");
  EXPECT_THAT(error("half"), HasSubstr("half/train: "));
  EXPECT_FALSE(fs::exists("half/validation"));
}

//===- TensorBoard.cpp - A training run for TensorBoard ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/TensorBoard.h"
#include "runtime/io/Png.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace weft::runtime {

std::optional<TensorBoardOptions> TensorBoardOptions::of(const Settings &settings) {
  for (const Callback &callback : settings.callbacks) {
    if (callback.name != "tensorboard")
      continue;
    TensorBoardOptions options;
    options.folder = callback.text("log_dir", "logs"); // Keras's own default
    options.histogramFrequency = static_cast<int64_t>(callback.number("histogram_freq", 0));
    options.writeGraph = callback.text("write_graph", "true") == "true";
    options.writeImages = callback.text("write_images", "false") == "true";
    return options;
  }
  return std::nullopt;
}

static constexpr std::string_view validationPrefix = "val_";

void TensorBoard::begin(const WeftModel &trained, int64_t epoch) {
  model = &trained;
  checkLogFolder(validationFolder());
  train.emplace(options.folder + "/train");
  // Validation has steps of two kinds, epochs and iterations: a restart at one
  // would void values at the other.
  if (epoch > 0)
    train->writeRestart(epoch);
  if (!options.writeGraph)
    return;
  std::string json = kerasJson(trained);
  train->writeValue("keras", "graph_keras_model", stringTensor({}, std::span(&json, 1)), 0, "1");
}

void TensorBoard::endEpoch(const EpochEnd &end) {
  auto scalar = [](EventFile &file, const std::string &tag, double value, int64_t step) {
    file.writeValue(tag, "scalars", floatTensor(static_cast<float>(value)), step);
  };
  NamedValues trained, validated;
  for (const auto &[name, value] : end.logs)
    if (name.starts_with(validationPrefix))
      validated.emplace_back(name.substr(validationPrefix.size()), value);
    else
      trained.emplace_back(name, value);
  if (!validated.empty() && !validation)
    validation.emplace(validationFolder());
  // Keras evaluates before it ends the epoch.
  for (const auto &[name, value] : validated)
    scalar(*validation, fmt::format("evaluation_{}_vs_iterations", name), value, end.iterations);
  for (const auto &[name, value] : trained)
    if (name != "learning_rate")
      scalar(*train, "epoch_" + name, value, end.epoch);
  scalar(*train, "epoch_learning_rate", end.learningRate, end.epoch);
  for (const auto &[name, value] : validated)
    scalar(*validation, "epoch_" + name, value, end.epoch);
  if (options.histogramFrequency > 0 && end.epoch % options.histogramFrequency == 0)
    writeWeights(end);
}

void TensorBoard::writeWeights(const EpochEnd &end) {
  for (int32_t i = 0; i < model->weight_count; ++i) {
    const WeftWeight &weight = model->weights[i];
    std::span<const float> values(end.parameters + weight.offset, static_cast<size_t>(weight.size));
    std::vector<double> histogram = histogramOf(values);
    std::array<int64_t, 2> shape = {static_cast<int64_t>(histogram.size()) / 3, 3};
    train->writeValue(fmt::format("{}/histogram", weight.name), "histograms", doubleTensor(shape, histogram),
                     end.epoch);
    if (!options.writeImages)
      continue;
    std::vector<GreyImage> images = imagesOf({weight.shape, static_cast<size_t>(weight.rank)}, values);
    if (images.empty())
      continue;
    std::vector<std::string> texts = {std::to_string(images[0].width), std::to_string(images[0].height)};
    for (const GreyImage &image : images)
      texts.push_back(pngOfGrey(image.values, image.width, image.height));
    train->writeValue(fmt::format("{}/image", weight.name), "images",
                     stringTensor(std::array{static_cast<int64_t>(texts.size())}, texts), end.epoch);
  }
}

std::vector<double> histogramOf(std::span<const float> values) {
  constexpr size_t bins = 30;
  std::vector<double> histogram(bins * 3);
  if (values.empty())
    return histogram;
  auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  double low = *lowest, high = *highest, width = (high - low) / bins;
  for (size_t bin = 0; bin < bins; ++bin) {
    histogram[bin * 3] = low + width * static_cast<double>(bin);
    histogram[bin * 3 + 1] = bin + 1 == bins ? high : low + width * static_cast<double>(bin + 1);
  }
  for (float value : values) {
    // A single value everywhere: all of it is in the last bin.
    double at = width > 0 ? (double{value} - low) / width : bins;
    size_t bin = at >= 0 && at < bins ? static_cast<size_t>(at) : bins - 1;
    histogram[bin * 3 + 2] += 1;
  }
  return histogram;
}

std::vector<GreyImage> imagesOf(std::span<const int64_t> shape, std::span<const float> values) {
  constexpr int64_t atMost = 3;
  std::vector<int64_t> squeezed;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(squeezed), [](int64_t extent) { return extent != 1; });
  // Where the element of image i at (row, column) lies: each times its stride.
  int64_t count = 1, height = 0, width = 1, perImage = 0, perRow = 0, perColumn = 0;
  if (squeezed.size() == 1) {
    height = squeezed[0];
    perRow = 1;
  } else if (squeezed.size() == 2) {
    height = squeezed[0];
    width = squeezed[1];
    perRow = width;
    perColumn = 1;
    if (height > width) {
      std::swap(height, width);
      std::swap(perRow, perColumn);
    }
  } else if (squeezed.size() == 3) {
    count = std::min(squeezed[2], atMost);
    height = squeezed[0];
    width = squeezed[1];
    perImage = 1;
    perRow = width * squeezed[2];
    perColumn = squeezed[2];
  } else {
    return {};
  }
  std::vector<GreyImage> images;
  for (int64_t i = 0; i < count; ++i) {
    GreyImage image{width, height, {}};
    image.values.reserve(static_cast<size_t>(width * height));
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column) {
        float value = values[static_cast<size_t>(i * perImage + row * perRow + column * perColumn)];
        // 255.5 and cut off: as TensorFlow makes bytes of numbers from 0 to 1.
        image.values.push_back(static_cast<uint8_t>(value > 0 ? std::min(value * 255.5f, 255.0f) : 0.0f));
      }
    images.push_back(std::move(image));
  }
  return images;
}

/// [null, 500, 32] of a shape without its batch.
static nlohmann::json withBatch(const nlohmann::json &shape) {
  nlohmann::json whole = nlohmann::json::array({nullptr});
  whole.insert(whole.end(), shape.begin(), shape.end());
  return whole;
}

std::string kerasJson(const WeftModel &model) {
  using nlohmann::json;
  json layers = json::array();
  auto add = [&](const char *type, json config) {
    config["dtype"] = "float32";
    layers.push_back({{"module", "keras.layers"},
                      {"class_name", type},
                      {"config", std::move(config)},
                      {"registered_name", nullptr}});
  };
  for (int32_t i = 0; i < model.input_count; ++i) {
    const WeftPort &port = model.inputs[i];
    json shape = std::vector<int64_t>(port.shape, port.shape + port.rank);
    add("InputLayer", {{"name", port.name}, {"batch_shape", withBatch(shape)}, {"sparse", false}});
  }
  for (const json &layer : json::parse(model.layers ? model.layers : "[]"))
    add(layer.at("type").get<std::string>().c_str(),
        {{"name", layer.at("name")},
         {"trainable", true},
         {"output_shape", withBatch(layer.at("shape"))},
         {"parameters", layer.at("parameters")}});
  return json{{"module", "keras"},
              {"class_name", "Sequential"},
              {"config", {{"name", model.name}, {"trainable", true}, {"dtype", "float32"}, {"layers", layers}}},
              {"registered_name", nullptr}}
      .dump();
}

} // namespace weft::runtime

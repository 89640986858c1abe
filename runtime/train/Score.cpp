//===- Score.cpp - Losses and metrics of predictions ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Score.h"
#include "runtime/data/DataSet.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <cmath>

namespace weft::runtime {

namespace {
constexpr double epsilon = 1e-7; // Keras keeps probabilities this far from 0 and 1

double clip(double probability) { return std::clamp(probability, epsilon, 1 - epsilon); }

/// The mean of body(prediction, label) over the values of a row.
template <typename F> double meanOf(std::span<const float> prediction, const void *label, F body) {
  const float *truth = static_cast<const float *>(label);
  double sum = 0;
  for (size_t i = 0; i < prediction.size(); ++i)
    sum += body(double{prediction[i]}, double{truth[i]});
  return sum / double(prediction.size());
}

double binaryCrossentropy(std::span<const float> prediction, const void *label, int64_t) {
  return meanOf(prediction, label, [](double p, double y) {
    return -(y * std::log(clip(p)) + (1 - y) * std::log(1 - clip(p)));
  });
}

double squaredError(std::span<const float> prediction, const void *label, int64_t) {
  return meanOf(prediction, label, [](double p, double y) { return (p - y) * (p - y); });
}

double absoluteError(std::span<const float> prediction, const void *label, int64_t) {
  return meanOf(prediction, label, [](double p, double y) { return std::abs(p - y); });
}

double huber(std::span<const float> prediction, const void *label, int64_t) {
  return meanOf(prediction, label, [](double p, double y) {
    double error = std::abs(p - y);
    return error <= 1 ? error * error / 2 : error - 0.5;
  });
}

/// The mean of body(index of the group, its values) over groups of `classes` values.
template <typename F> double meanOfGroups(std::span<const float> prediction, int64_t classes, F body) {
  size_t width = static_cast<size_t>(classes), groups = prediction.size() / width;
  double sum = 0;
  for (size_t group = 0; group < groups; ++group)
    sum += body(group, prediction.subspan(group * width, width));
  return sum / double(groups);
}

double probabilityOf(std::span<const float> values, size_t index) {
  double total = 0;
  for (float value : values)
    total += double{value};
  return clip(double{values[index]} / total);
}

double categoricalCrossentropy(std::span<const float> prediction, const void *label, int64_t classes) {
  const float *truth = static_cast<const float *>(label);
  return meanOfGroups(prediction, classes, [&](size_t group, std::span<const float> values) {
    double loss = 0;
    for (size_t i = 0; i < values.size(); ++i)
      if (float y = truth[group * values.size() + i]; y != 0)
        loss -= double{y} * std::log(probabilityOf(values, i));
    return loss;
  });
}

double sparseCrossentropy(std::span<const float> prediction, const void *label, int64_t classes) {
  const int32_t *truth = static_cast<const int32_t *>(label);
  return meanOfGroups(prediction, classes, [&](size_t group, std::span<const float> values) {
    return -std::log(probabilityOf(values, static_cast<size_t>(truth[group])));
  });
}

size_t largest(std::span<const float> values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

double binaryAccuracy(std::span<const float> prediction, const void *label, int64_t) {
  return meanOf(prediction, label, [](double p, double y) { return (p > 0.5) == (y > 0.5) ? 1.0 : 0.0; });
}

double categoricalAccuracy(std::span<const float> prediction, const void *label, int64_t classes) {
  const float *truth = static_cast<const float *>(label);
  return meanOfGroups(prediction, classes, [&](size_t group, std::span<const float> values) {
    return largest(values) == largest({truth + group * values.size(), values.size()}) ? 1.0 : 0.0;
  });
}

double sparseAccuracy(std::span<const float> prediction, const void *label, int64_t classes) {
  const int32_t *truth = static_cast<const int32_t *>(label);
  return meanOfGroups(prediction, classes, [&](size_t group, std::span<const float> values) {
    return static_cast<int64_t>(largest(values)) == truth[group] ? 1.0 : 0.0;
  });
}

int64_t lastExtent(const WeftPort &port) { return port.rank ? port.shape[port.rank - 1] : 1; }

RowFunction accuracyFor(const WeftPort &output, const WeftPort &label) {
  if (label.element == WEFT_I32)
    return sparseAccuracy;
  return lastExtent(output) == 1 ? binaryAccuracy : categoricalAccuracy;
}

/// Calls body(prediction, label) for each row of port `index`.
template <typename F>
void forRows(const WeftModel &model, int32_t index, const void *const *labels, const float *const *outputs,
             int64_t rows, F body) {
  int64_t width = valuesOf(model.outputs[index]), labelWidth = valuesOf(model.labels[index]);
  const char *label = static_cast<const char *>(labels[index]);
  for (int64_t row = 0; row < rows; ++row)
    body(std::span(outputs[index] + row * width, static_cast<size_t>(width)),
         static_cast<const void *>(label + row * labelWidth * 4));
}
} // namespace

RowFunction lossNamed(std::string_view name, const WeftPort &label) {
  struct Named {
    std::string_view name;
    RowFunction value;
    int32_t label;
  };
  static constexpr Named known[] = {
      {"binary_crossentropy", binaryCrossentropy, WEFT_F32},
      {"categorical_crossentropy", categoricalCrossentropy, WEFT_F32},
      {"sparse_categorical_crossentropy", sparseCrossentropy, WEFT_I32},
      {"mean_squared_error", squaredError, WEFT_F32},
      {"mean_absolute_error", absoluteError, WEFT_F32},
      {"huber", huber, WEFT_F32},
  };
  for (const Named &loss : known)
    if (loss.name == name && loss.label == label.element)
      return loss.value;
  return nullptr;
}

void Sums::add(const Sums &other) {
  loss += other.loss;
  rows += other.rows;
  for (size_t i = 0; i < metrics.size(); ++i)
    metrics[i] += other.metrics[i];
}

Scorer::Scorer(const WeftModel &model, const std::vector<std::string> &names) : model(model) {
  for (const std::string &name : names) {
    if (model.label_count == 0)
      break;
    bool floats = model.labels[0].element == WEFT_F32;
    if (name == "accuracy")
      metrics.push_back({name, accuracyFor(model.outputs[0], model.labels[0])});
    else if (floats && (name == "mae" || name == "mean_absolute_error"))
      metrics.push_back({name, absoluteError});
    else if (floats && (name == "mse" || name == "mean_squared_error"))
      metrics.push_back({name, squaredError});
    else
      fail("metric '{}' is not known for this model; there are accuracy{}", name, floats ? ", mae, mse" : "");
  }
}

void Scorer::add(Sums &sums, const void *const *labels, const float *const *outputs, int64_t rows) const {
  sums.rows += rows;
  for (size_t i = 0; i < metrics.size(); ++i)
    forRows(model, 0, labels, outputs, rows, [&](std::span<const float> prediction, const void *label) {
      sums.metrics[i] += metrics[i].value(prediction, label, lastExtent(model.outputs[0]));
    });
}

Logs Scorer::means(const Sums &sums, const std::string &prefix) const {
  double rows = double(std::max<int64_t>(1, sums.rows));
  Logs logs = {{prefix + "loss", sums.loss / rows}};
  for (size_t i = 0; i < metrics.size(); ++i)
    logs.emplace_back(prefix + metrics[i].name, sums.metrics[i] / rows);
  std::sort(logs.begin(), logs.end());
  return logs;
}

void addLoss(Sums &sums, const WeftModel &model, std::span<const RowFunction> losses,
             const void *const *labels, const float *const *outputs, int64_t rows) {
  for (size_t i = 0; i < losses.size(); ++i)
    forRows(model, static_cast<int32_t>(i), labels, outputs, rows,
            [&](std::span<const float> prediction, const void *label) {
              sums.loss += losses[i](prediction, label, lastExtent(model.outputs[i]));
            });
}

} // namespace weft::runtime

//===- Score.cpp - Metrics of predictions ===//
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

/// The mean of body(prediction, label) over the values of a row.
template <typename F> double meanOf(std::span<const float> prediction, const void *label, F body) {
  const float *truth = static_cast<const float *>(label);
  double sum = 0;
  for (size_t i = 0; i < prediction.size(); ++i)
    sum += body(double{prediction[i]}, double{truth[i]});
  return sum / double(prediction.size());
}

double squaredError(std::span<const float> prediction, const void *label, int64_t) {
  return meanOf(prediction, label, [](double p, double y) { return (p - y) * (p - y); });
}

double absoluteError(std::span<const float> prediction, const void *label, int64_t) {
  return meanOf(prediction, label, [](double p, double y) { return std::abs(p - y); });
}

/// The mean of body(index of the group, its values) over groups of `classes` values.
template <typename F> double meanOfGroups(std::span<const float> prediction, int64_t classes, F body) {
  size_t width = static_cast<size_t>(classes), groups = prediction.size() / width;
  double sum = 0;
  for (size_t group = 0; group < groups; ++group)
    sum += body(group, prediction.subspan(group * width, width));
  return sum / double(groups);
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

/// Calls body(prediction, truth) for each value of a row's prediction.
template <typename F>
void forTruths(std::span<const float> prediction, const void *label, int64_t classes, bool sparse, F body) {
  for (size_t i = 0; i < prediction.size(); ++i) {
    size_t width = static_cast<size_t>(classes);
    double truth = sparse ? double(static_cast<const int32_t *>(label)[i / width] == static_cast<int32_t>(i % width))
                          : double{static_cast<const float *>(label)[i]};
    body(prediction[i], truth);
  }
}

// Keras's thresholds for auc: 0 and 1, each moved outwards a little, and what
// divides the way between them into equal parts.
constexpr size_t thresholds = 200;

/// The last threshold that p lies above. In single precision, as in Keras.
size_t bucketOf(float p) {
  float place = std::ceil(p * float(thresholds - 1)) - 1;
  return place > 0 ? std::min(static_cast<size_t>(std::min(place, float(thresholds))), thresholds - 2) : 0;
}

double ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }

/// The area under the ROC curve from what lies between two thresholds each.
double areaUnderRoc(std::span<const double> positives, std::span<const double> negatives) {
  double allPositives = 0, allNegatives = 0;
  for (size_t i = 0; i < thresholds; ++i)
    allPositives += positives[i], allNegatives += negatives[i];
  // From the highest threshold, above which nothing lies, down.
  double found = 0, wrong = 0, area = 0;
  for (size_t i = thresholds; i-- > 0;) {
    double before = ratio(found, allPositives), wrongBefore = ratio(wrong, allNegatives);
    found += positives[i], wrong += negatives[i];
    area += (ratio(wrong, allNegatives) - wrongBefore) * (ratio(found, allPositives) + before) / 2;
  }
  return area;
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

void Sums::add(const Sums &other) {
  loss += other.loss;
  rows += other.rows;
  for (size_t i = 0; i < metrics.size(); ++i)
    metrics[i] += other.metrics[i];
}

void Scorer::addMetric(const std::string &name, Kind kind, RowFunction value) {
  metrics.push_back({name, kind, value, values});
  values += kind == Kind::Mean ? 1 : kind == Kind::Auc ? size_t{2 * thresholds} : 2;
}

Scorer::Scorer(const WeftModel &model, const std::vector<std::string> &names) : model(model) {
  for (const std::string &name : names) {
    if (model.label_count == 0)
      break;
    bool floats = model.labels[0].element == WEFT_F32;
    if (name == "accuracy")
      addMetric(name, Kind::Mean, accuracyFor(model.outputs[0], model.labels[0]));
    else if (name == "precision")
      addMetric(name, Kind::Precision);
    else if (name == "recall")
      addMetric(name, Kind::Recall);
    else if (name == "auc")
      addMetric(name, Kind::Auc);
    else if (floats && (name == "mae" || name == "mean_absolute_error"))
      addMetric(name, Kind::Mean, absoluteError);
    else if (floats && (name == "mse" || name == "mean_squared_error"))
      addMetric(name, Kind::Mean, squaredError);
    else
      fail("metric '{}' is not known for this model; there are accuracy, precision, recall, auc{}", name,
           floats ? ", mae, mse" : "");
  }
}

void Scorer::add(Sums &sums, const void *const *labels, const float *const *outputs, int64_t rows) const {
  sums.rows += rows;
  for (const Metric &metric : metrics) {
    double *to = sums.metrics.data() + metric.first;
    int64_t classes = lastExtent(model.outputs[0]);
    bool sparse = model.labels[0].element == WEFT_I32;
    forRows(model, 0, labels, outputs, rows, [&](std::span<const float> prediction, const void *label) {
      switch (metric.kind) {
      case Kind::Mean:
        to[0] += metric.value(prediction, label, classes);
        break;
      case Kind::Precision: // right ones, wrong ones of those that were predicted
        forTruths(prediction, label, classes, sparse, [&](float p, double y) {
          if (p > 0.5f)
            to[y != 0 ? 0 : 1] += 1;
        });
        break;
      case Kind::Recall: // found ones, missed ones of those that there are
        forTruths(prediction, label, classes, sparse, [&](float p, double y) {
          if (y != 0)
            to[p > 0.5f ? 0 : 1] += 1;
        });
        break;
      case Kind::Auc: // positives, then negatives, by the last threshold they lie above
        forTruths(prediction, label, classes, sparse, [&](float p, double y) {
          size_t bucket = bucketOf(p);
          to[bucket] += y;
          to[thresholds + bucket] += 1 - y;
        });
        break;
      }
    });
  }
}

double Scorer::resultOf(const Metric &metric, const Sums &sums) const {
  const double *from = sums.metrics.data() + metric.first;
  switch (metric.kind) {
  case Kind::Mean:
    return from[0] / double(std::max<int64_t>(1, sums.rows));
  case Kind::Precision:
  case Kind::Recall:
    return ratio(from[0], from[0] + from[1]);
  case Kind::Auc:
    return areaUnderRoc({from, size_t{thresholds}}, {from + thresholds, size_t{thresholds}});
  }
  return 0;
}

Logs Scorer::means(const Sums &sums, const std::string &prefix) const {
  Logs logs = {{prefix + "loss", sums.loss / double(std::max<int64_t>(1, sums.rows))}};
  for (const Metric &metric : metrics)
    logs.emplace_back(prefix + metric.name, resultOf(metric, sums));
  std::sort(logs.begin(), logs.end());
  return logs;
}

} // namespace weft::runtime

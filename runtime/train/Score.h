//===- Score.h - Losses and metrics of predictions -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_SCORE_H
#define WEFT_RUNTIME_TRAIN_SCORE_H

#include "runtime/abi/Abi.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::runtime {

/// A row's loss or metric from its prediction and its label (floats, or int32
/// class numbers); `classes` is the length of the prediction's last axis.
using RowFunction = double (*)(std::span<const float> prediction, const void *label, int64_t classes);

/// Loss and metrics added up over rows. A metric has one value or more: a sum, or
/// the counts that it is computed from.
struct Sums {
  double loss = 0;
  std::vector<double> metrics;
  int64_t rows = 0;

  void add(const Sums &other);
};

using Logs = std::vector<std::pair<std::string, double>>;

/// The metrics a model is trained with, of its first output.
///
/// Accuracy is chosen as Keras chooses it: by the last axis of the output and by
/// the kind of label. Precision and recall count every value of the output above
/// a half as a "yes"; auc is the area under the ROC curve by 200 thresholds,
/// straight lines between them, again as in Keras. Where labels are class
/// numbers they count as the one-hot vectors they stand for.
class Scorer {
public:
  Scorer(const WeftModel &model, const std::vector<std::string> &names);

  Sums empty() const { return {0, std::vector<double>(values), 0}; }

  /// Adds what the metrics say of `rows` rows to `sums`.
  void add(Sums &sums, const void *const *labels, const float *const *outputs, int64_t rows) const;

  /// The means, sorted by name, each name behind `prefix`.
  Logs means(const Sums &sums, const std::string &prefix = {}) const;

private:
  enum class Kind { Mean, Precision, Recall, Auc };
  struct Metric {
    std::string name;
    Kind kind;
    RowFunction value; // of a Mean
    size_t first = 0;  // of its values
  };
  void addMetric(const std::string &name, Kind kind, RowFunction value = nullptr);
  double resultOf(const Metric &metric, const Sums &sums) const;

  const WeftModel &model;
  std::vector<Metric> metrics;
  size_t values = 0; // of all metrics
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_SCORE_H

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

/// The loss of this name from probabilities, as Keras's evaluate has it; null
/// where it is one of the model's own.
RowFunction lossNamed(std::string_view name, const WeftPort &label);

/// Loss and metrics added up over rows.
struct Sums {
  double loss = 0;
  std::vector<double> metrics;
  int64_t rows = 0;

  void add(const Sums &other);
};

using Logs = std::vector<std::pair<std::string, double>>;

/// The metrics a model is trained with. Accuracy is chosen as Keras chooses it:
/// by the last axis of the output and by the kind of label.
class Scorer {
public:
  Scorer(const WeftModel &model, const std::vector<std::string> &names);

  Sums empty() const { return {0, std::vector<double>(metrics.size()), 0}; }

  /// Adds what the metrics say of `rows` rows to `sums`.
  void add(Sums &sums, const void *const *labels, const float *const *outputs, int64_t rows) const;

  /// The means, sorted by name, each name behind `prefix`.
  Logs means(const Sums &sums, const std::string &prefix = {}) const;

private:
  struct Metric {
    std::string name;
    RowFunction value;
  };
  const WeftModel &model;
  std::vector<Metric> metrics;
};

/// Adds the loss of `rows` rows, by the loss functions of each label.
void addLoss(Sums &sums, const WeftModel &model, std::span<const RowFunction> losses,
             const void *const *labels, const float *const *outputs, int64_t rows);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_SCORE_H

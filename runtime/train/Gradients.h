//===- Gradients.h - What happens to gradients before an update -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_GRADIENTS_H
#define WEFT_RUNTIME_TRAIN_GRADIENTS_H

#include "runtime/abi/Abi.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/train/Runner.h"
#include "runtime/train/Settings.h"

#include <vector>

namespace weft::runtime {

/// A part of a weight: elements of the flat vectors.
struct WeightPart {
  int32_t weight;
  int64_t begin, end; // multiples of 16: with the padding
  int64_t used;       // where the padding begins
};

/// All of some weights in parts that one task works on; results that are added up
/// part by part do not depend on the number of threads.
template <typename F> std::vector<WeightPart> partsOf(const WeftModel &model, F wanted) {
  constexpr int64_t length = 8192, unit = 16;
  std::vector<WeightPart> parts;
  for (int32_t i = 0; i < model.weight_count; ++i) {
    const WeftWeight &weight = model.weights[i];
    int64_t end = weight.offset + (weight.size + unit - 1) / unit * unit;
    for (int64_t at = weight.offset; wanted(weight) && at < end; at += length) {
      int64_t last = std::min(at + length, end);
      parts.push_back({i, at, last, std::min(last, weight.offset + weight.size)});
    }
  }
  return parts;
}

/// What weights themselves cost, by the equations of the model's regularizers.
class Penalties {
public:
  Penalties(const WeftModel &model, ThreadPool &pool);

  bool empty() const { return parts.empty(); }

  /// What all weights cost together. Adds the slopes to `gradients`, a flat vector;
  /// null where nobody asks.
  double add(const float *parameters, float *gradients);

private:
  const WeftModel &model;
  ThreadPool &pool;
  std::vector<WeightPart> parts;
  AlignedBuffer values, unused;
};

/// Keeps gradients small, as CLIPPING in Settings.h describes it.
class Clipper {
public:
  Clipper(const WeftModel &model, const Settings &settings, ThreadPool &pool);

  bool empty() const { return parts.empty(); }
  void clip(float *gradients) const;

private:
  const WeftModel &model;
  const Settings &settings;
  ThreadPool &pool;
  std::vector<WeightPart> parts;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_GRADIENTS_H

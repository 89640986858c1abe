//===- Trainee.h - A model in training -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_TRAINEE_H
#define WEFT_RUNTIME_TRAIN_TRAINEE_H

#include "runtime/train/Checkpoint.h"
#include "runtime/train/Gradients.h"
#include "runtime/train/Runner.h"
#include "runtime/train/Score.h"

#include <span>
#include <vector>

namespace weft::runtime {

/// A model in training: its weights, its optimizer's state, one batch at a time.
class Trainee {
public:
  Trainee(const WeftModel &model, const Settings &settings, const Scorer &scorer, ThreadPool &pool);

  float *weights() const { return parameters.floats(); }
  float *bestWeights() const { return best.floats(); }
  void keepAsBest();
  RunVectors vectors() const { return {weights(), stateValues, bestWeights()}; }

  /// Trains on the rows `order` of `set` when `step` batches have been trained;
  /// the sums over them before the update. Where the loss is no number the
  /// weights stay.
  Sums trainBatch(const DataSet &set, std::span<const int64_t> order, int64_t step, double learningRate);

private:
  void update(int64_t step, double learningRate);

  const WeftModel &model;
  const Settings &settings;
  const Scorer &scorer;
  ThreadPool &pool;
  Runner runner;
  ClassWeights classWeights;
  Penalties penalties;
  Clipper clipper;
  AlignedBuffer parameters, best;
  std::vector<AlignedBuffer> states;
  std::vector<float *> stateValues;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_TRAINEE_H

//===- Observer.h - Who watches a training run -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_OBSERVER_H
#define WEFT_RUNTIME_TRAIN_OBSERVER_H

#include "runtime/abi/Abi.h"
#include "runtime/io/Console.h"

#include <cstdint>

namespace weft::runtime {

/// What there is to know at the end of an epoch.
struct EpochEnd {
  int64_t epoch;            // from 0
  int64_t iterations;       // batches trained since training began, also those before a resume
  double learningRate;      // of the epoch's last batch
  const NamedValues &logs;  // sorted by name: "accuracy", "loss", "val_accuracy", "val_loss", ...
  const float *parameters;  // the flat vector; the model's weights say what lies where
};

/// Watches a training run and changes nothing of it. `TrainOptions::observers`
/// names them; calls come from the thread that trains. What one throws ends the
/// run, after the weights are saved.
class TrainObserver {
public:
  virtual ~TrainObserver() = default;

  /// Before the first batch. `epoch` is the first one that will end: not 0 where a
  /// run is resumed, and then epochs from there on may have been seen before a
  /// kill: what was written of them is to be replaced, or written again.
  virtual void begin(const WeftModel &model, int64_t epoch) {
    (void)model;
    (void)epoch;
  }

  virtual void endEpoch(const EpochEnd &end) = 0;

  /// Training is over: done, stopped early or interrupted.
  virtual void end() {}
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_OBSERVER_H

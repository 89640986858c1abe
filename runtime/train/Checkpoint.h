//===- Checkpoint.h - A training run in a file -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_CHECKPOINT_H
#define WEFT_RUNTIME_TRAIN_CHECKPOINT_H

#include "runtime/abi/Abi.h"
#include "runtime/io/Console.h"
#include "runtime/io/Safetensors.h"
#include "runtime/train/Callbacks.h"
#include "runtime/train/Score.h"
#include "runtime/train/Settings.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace weft::runtime {

/// Where a run stands between two batches. With the flat vectors of floats this
/// is all that the rest of training depends on: the rows' order and every random
/// number follow from the seed, the epoch and the step.
struct RunState {
  int64_t epoch = 0; // the one that is being trained, from 0
  int64_t batch = 0; // how many batches of it are done
  int64_t step = 0;  // batches trained in all
  bool stopped = false; // by early stopping
  bool hasBest = false; // whether there are weights of a best epoch
  Sums sums;            // of this epoch
  NamedValues logs;     // of the last epoch that has ended
  std::string csv;      // what the log of epochs holds
  std::vector<CallbackState> callbacks;
};

/// What a run is made of, other than the model.
struct RunPlan {
  Settings settings;
  int64_t steps = -1; // less than 0: no limit
  std::string csvLog;
  int64_t rows = 0; // of the training data
  std::map<std::string, std::string> encoding = {}; // of texts and classes, as metadata
};

/// The flat vectors of a run, laid out as the model's parameters.
struct RunVectors {
  float *weights = nullptr;
  std::span<float *const> optimizer;
  float *best = nullptr; // null where no best weights are kept
};

/// A checkpoint is a safetensors file: `weights/W`, `optimizer/STATE/W` and
/// `best/W` for every weight W; its metadata say what run it is of and where
/// that stood. It is replaced whole or not at all.
void saveCheckpoint(const std::string &path, const WeftModel &model, const RunPlan &plan, const RunState &state,
                    const RunVectors &vectors);

class Checkpoint {
public:
  /// Fails where the file is no checkpoint of this model as it is compiled.
  Checkpoint(const std::string &path, const WeftModel &model);

  const RunPlan &plan() const { return saved; }
  const RunState &state() const { return position; }

  void read(const RunVectors &vectors) const;

private:
  std::string path;
  const WeftModel &model;
  Safetensors file;
  RunPlan saved;
  RunState position;
};

/// "w.safetensors" has its checkpoint in "w.checkpoint.safetensors".
std::string checkpointPath(const std::string &weightsFile);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_CHECKPOINT_H

//===- Train.h - The training loop -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_TRAIN_H
#define WEFT_RUNTIME_TRAIN_TRAIN_H

#include "runtime/abi/Abi.h"
#include "runtime/io/Console.h"
#include "runtime/train/Observer.h"
#include "runtime/train/Settings.h"

#include <set>
#include <string>
#include <vector>

namespace weft::runtime {

struct TrainOptions {
  Settings settings;           // the command line wins over the model's
  std::set<std::string> given; // which of data, validation, batch, seed, shuffle, epochs, steps,
                               // csv_log the command line says: the others come from a checkpoint
  int64_t steps = -1;          // stop when so many batches are trained; less than 0: no limit
  int threads = 1;
  std::string weightsFrom; // empty: fresh ones
  std::string saveTo;
  std::string csvLog; // empty: the train block's
  bool resume = false;
  int64_t checkpointBatches = 0;  // beside each epoch's: after so many batches; 0: not so
  double checkpointSeconds = 60;  // ... and after so many seconds; 0: not so
  bool quiet = false;
  std::vector<TrainObserver *> observers;
};

struct TrainResult {
  NamedValues logs;  // of the last epoch
  int64_t batches = 0; // trained in all, before a resume too
  bool interrupted = false;
};

/// Trains and saves. The weights at the end depend on the model, the settings
/// and the data alone: not on the number of threads, nor on how often the run
/// was killed and resumed.
TrainResult train(const WeftModel &model, const TrainOptions &options);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_TRAIN_H

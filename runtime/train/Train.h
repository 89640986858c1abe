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

#include <string>
#include <vector>

namespace weft::runtime {

struct TrainOptions {
  Settings settings;       // the command line wins over the model's
  int64_t steps = -1;      // stop after this many batches; less than 0: no limit
  int threads = 1;
  std::string weightsFrom; // empty: fresh ones
  std::string saveTo;
  std::string csvLog; // empty: none
  bool quiet = false;
  std::vector<TrainObserver *> observers;
};

struct TrainResult {
  NamedValues logs; // of the last epoch
  int64_t batches = 0;
  bool interrupted = false;
};

/// Trains and saves. The weights at the end depend on the model, the settings
/// and the data alone, not on the number of threads.
TrainResult train(const WeftModel &model, const TrainOptions &options);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_TRAIN_H

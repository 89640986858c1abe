//===- Callbacks.h - What happens between epochs -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_CALLBACKS_H
#define WEFT_RUNTIME_TRAIN_CALLBACKS_H

#include "runtime/io/Console.h"
#include "runtime/train/Settings.h"

#include <optional>
#include <string>
#include <vector>

namespace weft::runtime {

/// What one callback remembers from epoch to epoch; part of a checkpoint.
struct CallbackState {
  std::optional<double> best; // of what it monitors
  int64_t bestEpoch = 0;
  int64_t wait = 0;     // epochs without an improvement
  int64_t cooldown = 0; // epochs in which waiting does not count
  double factor = 1;    // of the learning rate
};

/// The callbacks of a run, as CALLBACKS in Settings.h describes them.
class Callbacks {
public:
  /// `logs`: the names that an epoch's log will have; fails where one that is
  /// monitored is not among them, or an argument makes no sense.
  Callbacks(const Settings &settings, const std::vector<std::string> &logs);

  /// What the end of an epoch leads to.
  struct Verdict {
    bool keepsWeights = false; // the best so far: to end with
    bool stops = false;
    std::vector<std::string> files; // to save the weights in
    std::vector<std::string> notes; // for the user
  };
  /// `weightsFile` is where training saves: files without a path stand beside it.
  Verdict endEpoch(int64_t epoch, const NamedValues &logs, const std::string &weightsFile);

  /// The learning rate of batch `step` of the run (from 0), which is in `epoch`;
  /// there are `batches` in an epoch and `total` in the run.
  double learningRate(int64_t epoch, int64_t step, int64_t batches, int64_t total) const;

  /// Whether the rate changes: then it belongs into the log.
  bool changesRate() const;
  /// Whether training ends with the weights of the best epoch.
  bool restoresBest() const;
  /// Path of the csv_log; empty without one.
  std::string csvLog() const;

  /// Forgets how long early stopping has waited: for a run that is to go on.
  void waitAnew();

  std::vector<CallbackState> states; // one for each of the settings' callbacks

private:
  const Settings &settings;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_CALLBACKS_H

//===- Settings.h - What the train block says -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_SETTINGS_H
#define WEFT_RUNTIME_TRAIN_SETTINGS_H

#include "runtime/abi/Abi.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace weft::runtime {

/// SETTINGS: what the model's `train` block says, as `WeftModel.settings` holds
/// it: a JSON object. Every key may be left out (or be null); then the value
/// here holds. Keys that are not known are passed over.
///
///     {"epochs": 3, "batch": 64, "seed": 7, "shuffle": true,
///      "data": "imdb(top_words=5000,length=500)",   what --data takes
///      "validation": "test",           "test", "none", a source, or a fraction
///                                      (a number, or a number as text)
///      "metrics": ["accuracy"],
///      "loss": "binary_crossentropy",
///      "optimizer": "adam",
///      "learning_rate": 0.001,
///      "callbacks": [{"name": "early_stopping", "monitor": "val_loss", "patience": 2}]}
///
/// CALLBACKS: what happens at the end of an epoch or to the learning rate, in
/// this order. A `monitor` is a name of the log: loss, val_loss, accuracy, ...;
/// losses and errors should fall, all else should rise. Arguments and their
/// defaults:
///
///     early_stopping     monitor = val_loss, patience = 0, min_delta = 0: stops when
///                        that many epochs have not improved it by more than min_delta;
///                        training ends with the weights of the best epoch
///     checkpoint         keep = best, monitor = val_loss, path: weights of the best
///                        epoch so far, or with keep = every of each one, in which
///                        {epoch} in the path counts from 1
///     reduce_on_plateau  monitor = val_loss, factor = 0.1, patience = 10,
///                        min_delta = 0.0001, cooldown = 0, min_learning_rate = 0
///     step_decay         every = 1, factor = 0.5: times factor every so many epochs
///     cosine             epochs = 0, final = 0: falls over so many epochs (0: those of
///                        the run) to this share of the rate along half a cosine
///     warm_up            steps = 100, start = 0: rises over so many batches in a straight
///                        line from this share of the rate
///     csv_log            path: a line an epoch; --csv-log wins
///
/// What changes the rate multiplies: the optimizer's learning rate, as the plateau
/// has reduced it, times each factor. Others are passed over here.
struct Callback {
  std::string name;
  std::map<std::string, std::string> arguments; // numbers as text

  std::string text(const std::string &key, const std::string &fallback) const;
  double number(const std::string &key, double fallback) const;
};

struct Settings {
  int64_t epochs = 1;
  int64_t batch = 32;
  uint64_t seed = 0;
  bool shuffle = true;
  std::string data;       // empty: the command line must say
  std::string validation; // empty: the data's test split where it has one
  std::vector<std::string> metrics;
  std::string loss;
  std::string optimizer;
  double learningRate = 0.001;
  std::vector<Callback> callbacks;

  static Settings of(const WeftModel &model);
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_SETTINGS_H

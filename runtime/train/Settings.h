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
///      "callbacks": [{"name": "early_stopping", "monitor": "val_loss", "patience": 2}],
///      "class_weights": [1, 2],        what a row of each class counts in training
///      "clipnorm": 1}                  or "clipvalue", or "global_clipnorm"
///
/// CLIPPING: before an update the gradient of each weight is scaled down to a
/// norm of clipnorm where it is longer, or those of all weights together to
/// global_clipnorm, or each element is moved into -clipvalue .. clipvalue.
///
/// CALLBACKS: what happens at the end of an epoch or to the learning rate, in
/// this order. A `monitor` is a name of the log: loss, val_loss, accuracy, ...;
/// losses and errors should fall, all else should rise, unless mode = min or max
/// says otherwise. Arguments and their defaults:
///
///     early_stopping     monitor = val_loss, patience = 0, min_delta = 0, baseline: stops
///                        when that many epochs, counted after start_from_epoch = 0, have
///                        not improved it by more than min_delta (nor over the baseline);
///                        with restore_best_weights = true training ends with the
///                        weights of the best epoch
///     checkpoint         keep = best, monitor = val_loss, path: weights of the best
///                        epoch so far, or with keep = every of each epochs = 1, in which
///                        {epoch} in the path counts from 1
///     reduce_on_plateau  monitor = val_loss, factor = 0.1, patience = 10,
///                        min_delta = 0.0001, cooldown = 0, min_learning_rate = 0
///     step_decay         every = 1, factor = 0.5: times factor every so many epochs
///     exponential_decay  steps = 1000, rate = 0.9, staircase = false: times rate every so
///                        many batches, evenly or in steps
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

/// How large gradients may be before they move the weights.
struct Clipping {
  enum class Kind { None, Norm, Value, GlobalNorm };
  Kind kind = Kind::None;
  double limit = 0;
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
  std::vector<double> classWeights; // one a class; empty: all rows count the same
  Clipping clipping;

  static Settings of(const WeftModel &model);
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_SETTINGS_H

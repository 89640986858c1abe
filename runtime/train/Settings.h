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
///      "learning_rate": 0.001}
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

  static Settings of(const WeftModel &model);
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_SETTINGS_H

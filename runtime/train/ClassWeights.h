//===- ClassWeights.h - What a row counts in training -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_CLASSWEIGHTS_H
#define WEFT_RUNTIME_TRAIN_CLASSWEIGHTS_H

#include "runtime/abi/Abi.h"

#include <vector>

namespace weft::runtime {

/// Weights of rows by the class that their label names: an id, a number that is
/// rounded, or the place of the largest of several.
class ClassWeights {
public:
  /// `weights`: one a class; empty where all rows count the same.
  ClassWeights(const WeftModel &model, const std::vector<double> &weights);

  bool empty() const { return weights.empty(); }
  /// `label` is that of one row; fails where it names no class.
  float of(const void *label) const;

private:
  std::vector<float> weights;
  bool isIds = false;
  int64_t width = 1; // values of a label
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_CLASSWEIGHTS_H

//===- ClassWeights.cpp - What a row counts in training ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/ClassWeights.h"
#include "runtime/data/DataSet.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <cmath>

namespace weft::runtime {

ClassWeights::ClassWeights(const WeftModel &model, const std::vector<double> &wanted)
    : weights(wanted.begin(), wanted.end()) {
  if (weights.empty() || model.label_count == 0)
    return;
  isIds = model.labels[0].element == WEFT_I32;
  width = valuesOf(model.labels[0]);
  if (isIds && width != 1)
    fail("class weights are for data with one class a row; this model's label has {} a row", width);
}

float ClassWeights::of(const void *label) const {
  const float *values = static_cast<const float *>(label);
  double named = isIds        ? double(*static_cast<const int32_t *>(label))
                 : width == 1 ? std::round(double{values[0]})
                              : double(std::max_element(values, values + width) - values);
  if (!(named >= 0 && named < double(weights.size())))
    fail("a label names class {}, and there are class weights for {} classes", named, weights.size());
  return weights[static_cast<size_t>(named)];
}

} // namespace weft::runtime

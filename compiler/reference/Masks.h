//===- Masks.h - Dropout masks as SPEC.md draws them -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_REFERENCE_MASKS_H
#define WEFT_COMPILER_REFERENCE_MASKS_H

#include "compiler/reference/Tensor.h"

#include <optional>

namespace weft::reference {

/// What the masks of a batch are drawn from.
struct Randomness {
  uint64_t seed = 0;
  uint64_t step = 0;
  /// For each row, its place in the batch.
  std::vector<int64_t> rows;

  /// Of `rows` rows that are a whole batch.
  static Randomness ofBatch(uint64_t seed, uint64_t step, int64_t rows);
  /// As the arguments of a step take them.
  Tensor seedTensor() const { return words(seed); }
  Tensor stepTensor() const { return words(step); }
  Tensor rowsTensor() const;

private:
  static Tensor words(uint64_t value);
};

/// One mask: which, and how much of it is 0.
struct MaskName {
  double rate;
  int64_t layer, mask;
};

/// The mask of `shape`, whose leading axes are those of `keys`. Nothing is drawn
/// at the step of all ones.
Tensor randomMask(const Tensor &keys, llvm::ArrayRef<int64_t> shape, uint64_t seed, uint64_t step,
                  MaskName name);

/// The 64 bits that two elements of a tensor of i32 hold, the lower word first.
uint64_t joinWords(const Tensor &words);

} // namespace weft::reference

#endif // WEFT_COMPILER_REFERENCE_MASKS_H

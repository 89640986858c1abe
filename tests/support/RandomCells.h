//===- RandomCells.h - Recurrent cells that nobody has thought of -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nothing in the compiler knows a cell by name; these keep it so. A cell is drawn
// from a seed, as the text of a model file that anything may compile.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_SUPPORT_RANDOMCELLS_H
#define WEFT_TESTS_SUPPORT_RANDOMCELLS_H

#include <cstdint>
#include <string>

namespace weft::tests {

struct RandomCellOptions {
  /// 0: drawn.
  int64_t units = 0, features = 0;
  int64_t steps = 4;
};

/// A model file: a cell of one to three states and one to six gates with mixed
/// activations, some with a second matmul or a reduction over units, in a model
/// that is trained on the mean squared error. The same text for the same seed.
std::string randomCellModel(uint64_t seed, const RandomCellOptions &options = {});

} // namespace weft::tests

#endif // WEFT_TESTS_SUPPORT_RANDOMCELLS_H

//===- Use.h - How a model's kernels are used in a batch --------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_BENCH_USE_H
#define WEFT_COMPILER_BENCH_USE_H

#include "compiler/bench/Cost.h"

#include "llvm/ADT/StringMap.h"

namespace weft::bench {

/// The sizes that a run works with.
struct Setting {
  Sizes sizes;
  int64_t batch = 0, slices = 1, rowTile = 1;
};

/// A slice's rows as the runtime cuts a batch, in multiples of the row tile; or `rows`, where they are given.
Setting settingOf(mlir::ModuleOp module, int64_t rows);

/// What a call of `kernel` works with: one that adds up the rows of several steps has those, and one
/// that is applied at `site` (null: nowhere) to all ids that occur has theirs.
Sizes sizesOf(halide::KernelOp kernel, const Setting &setting, const CallSite *site);

/// Calls of a kernel in one batch of training, and a call to stand for the rest.
struct Use {
  double calls = 0;
  CallSite site;
};
llvm::StringMap<Use> usesOf(mlir::ModuleOp module, const Setting &setting);

} // namespace weft::bench

#endif // WEFT_COMPILER_BENCH_USE_H

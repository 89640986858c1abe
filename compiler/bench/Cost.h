//===- Cost.h - What a kernel has to do, counted from its algorithm -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_BENCH_COST_H
#define WEFT_COMPILER_BENCH_COST_H

#include "dialects/halide/Halide.h"
#include "dialects/seq/Seq.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace weft::bench {

/// What stands for the extents that a kernel leaves open: rows of a batch, and
/// the length of the flat vectors of an optimizer (its buffers have one dimension).
struct Sizes {
  int64_t rows = 1;
  int64_t parameters = 1;

  /// The extents of a buffer, in the order of the memref's dimensions.
  llvm::SmallVector<int64_t> extentsOf(mlir::MemRefType type) const;
};

/// An argument of a kernel, in the order it takes them: inputs and scalars, then outputs.
struct ArgumentCost {
  mlir::Type type; ///< a memref, or a scalar's own
  bool isOutput = false;
  int64_t bytes = 0; ///< of the buffer that the algorithm needs to move, each element once
};

struct KernelCost {
  /// Additions, multiplications, divisions and functions such as exp count one
  /// each, over the points that the output needs: no rounding up to tiles, no
  /// recomputation. Terms that a condition leaves out (a convolution's padding) count.
  double operations = 0;
  std::vector<ArgumentCost> arguments;
};

KernelCost costOf(halide::KernelOp kernel, const Sizes &sizes);

/// Where a kernel is called, for measuring it as it will run.
struct CallSite {
  halide::ApplyOp apply;
  int64_t steps = 1;  ///< of the scan around it
  bool prepared = false; ///< from weights alone: once a batch
};

/// The most rows that an operand, or a result, of a call can have if it is a table with a
/// row for each id that occurs; 0 if it is none.
int64_t entriesOfTable(const CallSite &site, unsigned argument);

/// All applications of the kernels of a function.
std::vector<CallSite> callSites(mlir::Operation *function);

/// Whether an operand, or a result, of a call in a scan is a step of a whole
/// sequence that no cache has yet: every call has another.
bool isStepOfSequence(const CallSite &site, unsigned argument);

} // namespace weft::bench

#endif // WEFT_COMPILER_BENCH_COST_H

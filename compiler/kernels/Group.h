//===- Group.h - What becomes one kernel -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_GROUP_H
#define WEFT_COMPILER_KERNELS_GROUP_H

#include "dialects/seq/Seq.h"

namespace weft::kernels {

/// How an operation takes part in a kernel.
enum class Role {
  View,        ///< another way to read what is there already: split, read, constant
  Pointwise,   ///< one element of the result from elements of the operands at known places
  Accumulate,  ///< a sum over the last axis of the left operand, and perhaps a window: matmul, convolution
  Reduce,      ///< a sum over rows or steps, along a row or a long window: a kernel of its own
  Scan,        ///< a time loop around other kernels
};
Role roleOf(mlir::Operation *op);

/// Whether a pooling is a loop over its window, in a kernel of its own.
bool isLongWindow(mlir::Operation *op);

/// How many windows a step can be in.
template <typename OpTy> int64_t windowsOverStep(OpTy pool) {
  return (int64_t(pool.getPool()) + int64_t(pool.getStrides()) - 1) / int64_t(pool.getStrides());
}

/// Whether the kernel of `op` can take operand `index` from registers, where
/// another operation of the same kernel has just put it.
bool streamsOperand(mlir::Operation *op, unsigned index);

/// Where a sum over the rows of a step is only added to a state of the scan: that
/// addition, which the kernel of the sum then makes in place; null elsewhere.
seq::AddOp accumulationOf(mlir::Operation *sum);

/// Through parts of splits to the value they are parts of.
mlir::Value viewedValue(mlir::Value value);

/// Operations of one block that are computed together, point by point, over
/// the elements of values of one type.
struct Group {
  mlir::RankedTensorType domain;
  llvm::SmallVector<mlir::Operation *> ops;
  llvm::SmallVector<mlir::Value> outputs;
  int64_t level = 0;
  seq::ActiveAttr active; ///< the rows that its sequences are computed for; null: all

  bool contains(mlir::Operation *op) const { return op && llvm::is_contained(ops, op); }
};

/// A block cut into kernels and scans, in an order in which they can run.
struct Phases {
  struct Node {
    Group group;
    seq::ScanOp scan;
    int64_t level = 0;
  };
  std::vector<Node> nodes;
};

/// Cuts a block at its matmuls, reductions and scans. Everything between two
/// cuts that is over the same elements and hangs together is one group.
Phases cutIntoPhases(mlir::Block &block);

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_GROUP_H

//===- Accumulators.h - The sums that a kernel keeps in registers -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_ACCUMULATORS_H
#define WEFT_COMPILER_KERNELS_ACCUMULATORS_H

#include "compiler/kernels/Expressions.h"
#include "compiler/kernels/Group.h"

namespace weft::kernels {

/// One product to add up: a matmul, a convolution, or a convolution's input
/// adjoint, all of the form
///   sum over k, w of weights[k, w, column] * lhs[row, step(t, w), k].
struct Term {
  mlir::Operation *op;

  mlir::Value lhs() const { return op->getOperand(0); }
  mlir::Value weights() const { return op->getOperand(1); }
  int64_t depth() const;   ///< extent of k
  int64_t windows() const; ///< extent of w; 1 for a matmul
  /// Whether two terms read the same left side in the same way, so that one
  /// loop over k can serve both.
  bool sharesLoopWith(const Term &other) const;
  /// The weight for (k, w, column), in Keras's layout.
  mlir::Value loadWeight(Expressions &at, mlir::Value weights, mlir::Value k, mlir::Value w,
                         mlir::Value column) const;
  /// The left side for (k, w) at the point of `at`; `condition` is what must
  /// hold for it to be there (null: always).
  mlir::Value loadLhs(Expressions &at, mlir::Value k, mlir::Value w, mlir::Value &condition) const;
  bool hasCondition() const;
};

/// A value that is a sum of products and of other values, which are added to
/// the finished sum; but a looked up row is what the sum begins with.
struct Accumulator {
  mlir::Value root;
  llvm::SmallVector<Term> terms;
  llvm::SmallVector<mlir::Value> rest;
  mlir::Value first;
};

/// Accumulators ("gates") whose products share their left sides: one loop over
/// k feeds all of them.
struct AccumulatorSet {
  std::string name;
  llvm::SmallVector<Accumulator> gates;
};

/// Finds the sums of products in a group; at most `mostGates` gates a set.
llvm::SmallVector<AccumulatorSet> findAccumulators(const Group &group, int64_t mostGates);

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_ACCUMULATORS_H

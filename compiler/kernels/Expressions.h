//===- Expressions.h - seq equations as scalar expressions of a kernel -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_EXPRESSIONS_H
#define WEFT_COMPILER_KERNELS_EXPRESSIONS_H

#include "compiler/kernels/Layout.h"
#include "dialects/halide/Halide.h"
#include "dialects/seq/Seq.h"
#include "mlir/IR/Builders.h"

namespace weft::kernels {

/// Coordinates of a point, one an axis of a tensor (the batch first).
using Point = llvm::SmallVector<mlir::Value>;

/// A kernel under construction: its op, and an input for each value it reads.
class KernelInputs {
public:
  KernelInputs(halide::KernelOp kernel) : kernel(kernel) {}
  /// The input that holds `value`; declared when first asked for.
  mlir::FlatSymbolRefAttr operator[](mlir::Value value);
  llvm::ArrayRef<mlir::Value> values() const { return inputs; }

private:
  halide::KernelOp kernel;
  llvm::SmallVector<mlir::Value> inputs;
};

/// Builds the expressions of one definition, inside its region.
class Expressions {
public:
  /// Asked for each value at the point of evaluation before it is read from
  /// memory or computed; null means "not mine".
  using Known = std::function<mlir::Value(Expressions &, mlir::Value)>;

  Expressions(mlir::OpBuilder builder, mlir::Location loc, KernelInputs &inputs,
              mlir::RankedTensorType domain, Point point, Known known)
      : builder(builder), loc(loc), inputs(inputs), domain(domain), point(std::move(point)),
        known(std::move(known)) {}

  /// The value, broadcast to the domain, at the point.
  mlir::Value read(mlir::Value value);
  /// What a pointwise operation gives at the point.
  mlir::Value compute(mlir::Operation *op);
  /// A value that stands in memory (or is constant), at a point of its own axes.
  mlir::Value load(mlir::Value value, llvm::ArrayRef<mlir::Value> at);

  mlir::Value index(int64_t value);
  mlir::Value real(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);                 ///< index
  mlir::Value addIndex(mlir::Value a, int64_t b);                ///< index
  mlir::Value clampIndex(mlir::Value a, int64_t low, int64_t high);
  mlir::Value less(mlir::Value a, mlir::Value b);                ///< index, i1
  mlir::Value inRange(mlir::Value a, int64_t low, int64_t end);  ///< index, i1
  /// cases[0] where selector is 0, and so on; the last where it is anything else.
  mlir::Value choose(mlir::Value selector, llvm::ArrayRef<mlir::Value> cases);

  /// Place `w` of the window at the point: what an average adds up there, 0
  /// where the sequence has no step.
  mlir::Value averaged(seq::AveragePool1dOp op, mlir::Value w);
  /// How many steps of a sequence window number `window` has, as f32.
  mlir::Value stepsInWindow(int64_t steps, int64_t pool, int64_t strides, seq::Padding padding,
                            mlir::Value window);
  /// What flows to the point from the window that is `back` before the last it is in.
  mlir::Value averageShare(seq::AveragePool1dAdjointOp op, mlir::Value back);

  mlir::OpBuilder builder;
  mlir::Location loc;
  KernelInputs &inputs;
  mlir::RankedTensorType domain;
  Point point;

private:
  mlir::Value pool(seq::MaxPool1dOp op);
  mlir::Value poolAdjoint(seq::MaxPool1dAdjointOp op);
  mlir::Value average(seq::AveragePool1dOp op);
  mlir::Value averageAdjoint(seq::AveragePool1dAdjointOp op);
  mlir::Value reshape(seq::ReshapeOp op);
  mlir::Value concat(seq::ConcatOp op);
  mlir::Value randomMask(seq::RandomMaskOp op);

  Known known;
  llvm::DenseMap<mlir::Value, mlir::Value> memo;
};

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_EXPRESSIONS_H

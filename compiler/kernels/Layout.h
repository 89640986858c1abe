//===- Layout.h - Where the elements of a tensor stand in memory -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_LAYOUT_H
#define WEFT_COMPILER_KERNELS_LAYOUT_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace weft::kernels {

/// Columns that a row of `n` floats takes: a multiple of 16, so that every
/// row begins at a cache line and a vector that starts inside a row ends in it.
constexpr int64_t paddedColumns(int64_t n) { return (n + 15) / 16 * 16; }

/// A buffer's type and, for each of its coordinates (fastest first, as a
/// kernel counts them), the axis of the tensor it runs along.
struct Layout {
  mlir::MemRefType type;
  llvm::SmallVector<int64_t> axes;
};

/// Layouts:
///   internal  tensor<?xN>    [row][column], columns padded
///   internal  tensor<?xTxN>  [step][row][column], columns padded
///   external  tensor<?x..>   row-major without padding: what is passed in from or out to the caller, and ids
///   static    tensor<..>     row-major without padding: weights and what is made of them
Layout internalLayout(mlir::RankedTensorType type);
Layout externalLayout(mlir::RankedTensorType type);

/// The layout of a value: function arguments, ids and the flat vectors of an
/// optimizer are external, every other value with a batch internal.
Layout layoutOf(mlir::Value value);

/// Whether the first axis is the batch.
bool hasBatch(mlir::RankedTensorType type);

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_LAYOUT_H

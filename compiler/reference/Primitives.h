//===- Primitives.h - The equations of SPEC.md on tensors -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_REFERENCE_PRIMITIVES_H
#define WEFT_COMPILER_REFERENCE_PRIMITIVES_H

#include "compiler/reference/Tensor.h"
#include "dialects/seq/Seq.h"

namespace weft::reference {

//===----------------------------------------------------------------------===//
// Shapes: Primitives.cpp
//===----------------------------------------------------------------------===//

/// Shapes aligned at their last axes; an axis of 1, or a missing one, is repeated.
std::vector<int64_t> broadcastShape(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);
Tensor broadcastTo(const Tensor &input, llvm::ArrayRef<int64_t> shape);
/// The adjoint of `broadcastTo`: the sum over what a broadcast repeated.
Tensor sumTo(const Tensor &input, llvm::ArrayRef<int64_t> shape);
Tensor reshape(const Tensor &input, llvm::ArrayRef<int64_t> shape);

//===----------------------------------------------------------------------===//
// Across elements: Primitives.cpp
//===----------------------------------------------------------------------===//

Tensor matmul(const Tensor &lhs, const Tensor &rhs, bool transposeRhs);
Tensor contract(const Tensor &lhs, const Tensor &rhs);
Tensor reduce(const Tensor &input, seq::Reduction kind);
std::vector<Tensor> split(const Tensor &input, int64_t parts);
Tensor concat(llvm::ArrayRef<const Tensor *> parts);
/// One step of a sequence [rows, steps, ..], and a step put back.
Tensor stepOf(const Tensor &sequence, int64_t step);
void setStep(Tensor &sequence, int64_t step, const Tensor &value);
Tensor reverse(const Tensor &sequence);
/// Rows begin to end of `value` [rows, ..]: as row 0; as 0; added to row 0, then 0.
void spreadRow(Tensor &value, int64_t begin, int64_t end);
void clearRows(Tensor &value, int64_t begin, int64_t end);
void collectRows(Tensor &value, int64_t begin, int64_t end);
/// Ids must lie in the table; the caller has checked them.
Tensor gather(const Tensor &table, const Tensor &ids);
Tensor scatterAdd(const Tensor &values, const Tensor &ids, llvm::ArrayRef<int64_t> tableShape);
Tensor oneHot(const Tensor &ids, llvm::ArrayRef<int64_t> shape);

//===----------------------------------------------------------------------===//
// Windows over the steps of a sequence: Windows.cpp
//===----------------------------------------------------------------------===//

struct Window {
  int64_t width;
  int64_t strides;
  int64_t dilation;
  seq::Padding padding;
};

Tensor conv1d(const Tensor &input, const Tensor &kernel, Window window);
Tensor conv1dInputAdjoint(const Tensor &adjoint, const Tensor &kernel, Window window, int64_t inputSteps);
/// With `active` over that many rows of each step of `adjoint`.
Tensor conv1dKernelAdjoint(const Tensor &input, const Tensor &adjoint, Window window, const Tensor *active = nullptr);
Tensor maxPool1d(const Tensor &input, Window window);
Tensor maxPool1dAdjoint(const Tensor &input, const Tensor &adjoint, Window window);
Tensor averagePool1d(const Tensor &input, Window window);
Tensor averagePool1dAdjoint(const Tensor &adjoint, Window window, int64_t inputSteps);

} // namespace weft::reference

#endif // WEFT_COMPILER_REFERENCE_PRIMITIVES_H

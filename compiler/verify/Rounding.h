//===- Rounding.h - How far fp32 may be from the reference ------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_VERIFY_ROUNDING_H
#define WEFT_COMPILER_VERIFY_ROUNDING_H

#include "compiler/reference/Tensor.h"

#include "mlir/IR/Region.h"

namespace weft::verify {

/// How many roundings stand between an input and a result of `region` for a batch
/// of `rows`: every matmul, convolution or sum adds its length, every scan
/// repeats what is in it.
double roundings(mlir::Region &region, int64_t rows);

/// What these come to, as a part of the largest value. Rounding errors of random
/// sign grow with the root of their number (Higham, Accuracy and Stability of
/// Numerical Algorithms, 2.8); a factor of eight leaves no room for chance, and
/// none for a wrong term.
double allowedError(double roundings);

/// Where two tensors of one shape differ most.
struct Difference {
  double part = 0; ///< of the largest wanted value, at least 1e-3
  size_t at = 0;
  double got = 0, wanted = 0;
};
/// A NaN on one side is a difference without bound, and so is another size.
Difference differenceOf(const reference::Tensor &got, const reference::Tensor &wanted);

} // namespace weft::verify

#endif // WEFT_COMPILER_VERIFY_ROUNDING_H

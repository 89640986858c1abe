//===- Tensor.h - An array of doubles and its shape -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_REFERENCE_TENSOR_H
#define WEFT_COMPILER_REFERENCE_TENSOR_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::reference {

/// Values in row-major order. Ids are doubles that hold integers: one kind of
/// tensor keeps the interpreter short, and a double holds every 32-bit integer.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<double> values;

  Tensor() = default;
  Tensor(std::vector<int64_t> shape, std::vector<double> values);

  static Tensor zeros(llvm::ArrayRef<int64_t> shape) { return filled(shape, 0.0); }
  static Tensor filled(llvm::ArrayRef<int64_t> shape, double value);
  static Tensor scalar(double value) { return Tensor({}, {value}); }

  int64_t rank() const { return shape.size(); }
  int64_t size() const { return values.size(); }
  /// The extent of the last axis (1 for a scalar), and how many such rows there are.
  int64_t width() const { return shape.empty() ? 1 : shape.back(); }
  int64_t rows() const { return width() == 0 ? 0 : size() / width(); }
  double *row(int64_t index) { return values.data() + index * width(); }
  const double *row(int64_t index) const { return values.data() + index * width(); }
};

/// The product of the extents.
int64_t sizeOf(llvm::ArrayRef<int64_t> shape);

/// `[2, 3]`, for messages.
std::string toString(llvm::ArrayRef<int64_t> shape);

} // namespace weft::reference

#endif // WEFT_COMPILER_REFERENCE_TENSOR_H

//===- Tensor.h - Arrays of any element type -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_TENSOR_H
#define WEFT_RUNTIME_IO_TENSOR_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weft::runtime {

/// Little-endian, as in safetensors.
enum class Element { F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, Bool };

int64_t bytesOf(Element element);
bool isFloat(Element element);
/// As safetensors spell it: "F32".
std::string_view nameOf(Element element);

/// An array in C order that lies somewhere else, not necessarily aligned.
struct TensorView {
  Element element = Element::F32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;

  int64_t size() const;
};

/// Number of values of a shape; 1 for a scalar.
int64_t sizeOf(std::span<const int64_t> shape);

/// Values [first, first + to.size()) as floats.
void toFloat(const TensorView &tensor, int64_t first, std::span<float> to);

/// Values [first, first + to.size()) as integers; the index (from 0, in `to`) of
/// the first that is no whole number of 32 bits, or -1.
int64_t toInteger(const TensorView &tensor, int64_t first, std::span<int32_t> to);

/// One value, for messages.
double valueAt(const TensorView &tensor, int64_t index);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_TENSOR_H

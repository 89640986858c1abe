//===- Tensor.cpp - An array of doubles and its shape -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Tensor.h"

#include "llvm/ADT/StringExtras.h"

#include <cassert>

using namespace weft::reference;

Tensor::Tensor(std::vector<int64_t> shape, std::vector<double> values)
    : shape(std::move(shape)), values(std::move(values)) {
  assert(sizeOf(this->shape) == size() && "one value for each place of the shape");
}

Tensor Tensor::filled(llvm::ArrayRef<int64_t> shape, double value) {
  return Tensor(shape.vec(), std::vector<double>(sizeOf(shape), value));
}

int64_t weft::reference::sizeOf(llvm::ArrayRef<int64_t> shape) {
  int64_t size = 1;
  for (int64_t extent : shape)
    size *= extent;
  return size;
}

std::string weft::reference::toString(llvm::ArrayRef<int64_t> shape) {
  return "[" +
         llvm::join(llvm::map_range(shape, [](int64_t extent) { return std::to_string(extent); }), ", ") +
         "]";
}

//===- Program.cpp - Shapes of values -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Program.h"

#include <algorithm>

using namespace weft::frontend;

std::string weft::frontend::print(const Type &type) {
  if (type.shape.empty())
    return "a number";
  std::string out;
  for (int64_t extent : type.shape)
    out += (out.empty() ? "" : "×") + (extent == batchExtent ? std::string("batch") : std::to_string(extent));
  return type.isIds ? out + " ids" : out;
}

int64_t weft::frontend::countElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

std::optional<Type> weft::frontend::broadcast(const Type &lhs, const Type &rhs) {
  if (lhs.isIds || rhs.isIds)
    return std::nullopt;
  int64_t rank = std::max(lhs.rank(), rhs.rank());
  auto extent = [&](const Type &type, int64_t axis) {
    int64_t own = axis - (rank - type.rank());
    return own < 0 ? 1 : type.shape[own];
  };
  Type result;
  for (int64_t axis = 0; axis < rank; ++axis) {
    int64_t a = extent(lhs, axis), b = extent(rhs, axis);
    if (a != b && a != 1 && b != 1)
      return std::nullopt;
    int64_t joined = a == 1 ? b : a;
    // The rows of a batch are the first axis and no other.
    if (joined == batchExtent && axis != 0)
      return std::nullopt;
    result.shape.push_back(joined);
  }
  return result;
}

//===- Primitives.cpp - The equations of SPEC.md on tensors -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Primitives.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <numeric>

using namespace weft;
using namespace weft::reference;
using llvm::ArrayRef;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

std::vector<int64_t> reference::broadcastShape(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  std::vector<int64_t> shape = a.vec();
  for (size_t axis = a.size() - b.size(), own = 0; own < b.size(); ++axis, ++own) {
    assert((shape[axis] == b[own] || shape[axis] == 1 || b[own] == 1) && "shapes that do not broadcast");
    if (shape[axis] == 1)
      shape[axis] = b[own];
  }
  return shape;
}

/// Visits the places of `large` in order, each with its offset in an array of
/// the shape `small`, which broadcasts to `large`.
static void forEachBroadcast(ArrayRef<int64_t> large, ArrayRef<int64_t> small,
                             llvm::function_ref<void(int64_t large, int64_t small)> visit) {
  // Along an axis that is repeated the offset stands still.
  llvm::SmallVector<int64_t> strides(large.size(), 0);
  int64_t stride = 1, missing = large.size() - small.size();
  for (int64_t axis = small.size() - 1; axis >= 0; --axis) {
    if (small[axis] != 1)
      strides[missing + axis] = stride;
    stride *= small[axis];
  }
  int64_t place = 0;
  auto walk = [&](auto &self, size_t axis, int64_t offset) -> void {
    if (axis == large.size())
      return visit(place++, offset);
    for (int64_t index = 0; index < large[axis]; ++index)
      self(self, axis + 1, offset + index * strides[axis]);
  };
  walk(walk, 0, 0);
}

Tensor reference::broadcastTo(const Tensor &input, ArrayRef<int64_t> shape) {
  Tensor result = Tensor::zeros(shape);
  forEachBroadcast(shape, input.shape,
                   [&](int64_t large, int64_t small) { result.values[large] = input.values[small]; });
  return result;
}

Tensor reference::sumTo(const Tensor &input, ArrayRef<int64_t> shape) {
  if (shape == ArrayRef(input.shape))
    return input;
  Tensor result = Tensor::zeros(shape);
  forEachBroadcast(input.shape, shape,
                   [&](int64_t large, int64_t small) { result.values[small] += input.values[large]; });
  return result;
}

Tensor reference::reshape(const Tensor &input, ArrayRef<int64_t> shape) {
  return Tensor(shape.vec(), input.values);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The shape of `input` with `width` as its last extent.
static std::vector<int64_t> withWidth(const Tensor &input, int64_t width) {
  std::vector<int64_t> shape = input.shape;
  shape.back() = width;
  return shape;
}

static Tensor transpose(const Tensor &matrix) {
  Tensor result = Tensor::zeros({matrix.shape[1], matrix.shape[0]});
  for (int64_t i = 0; i < matrix.shape[0]; ++i)
    for (int64_t j = 0; j < matrix.shape[1]; ++j)
      result.row(j)[i] = matrix.row(i)[j];
  return result;
}

/// target[j] += factor * source[j]: the inner loop of every product, on
/// contiguous rows so that it vectorises.
static void addScaled(double *__restrict target, double factor, const double *__restrict source,
                      int64_t count) {
  for (int64_t j = 0; j < count; ++j)
    target[j] += factor * source[j];
}

Tensor reference::matmul(const Tensor &lhs, const Tensor &rhs, bool transposeRhs) {
  if (transposeRhs)
    return matmul(lhs, transpose(rhs), false);
  Tensor result = Tensor::zeros(withWidth(lhs, rhs.width()));
  for (int64_t r = 0; r < lhs.rows(); ++r)
    for (int64_t k = 0; k < lhs.width(); ++k)
      addScaled(result.row(r), lhs.row(r)[k], rhs.row(k), rhs.width());
  return result;
}

Tensor reference::contract(const Tensor &lhs, const Tensor &rhs) {
  Tensor result = Tensor::zeros({lhs.width(), rhs.width()});
  for (int64_t r = 0; r < lhs.rows(); ++r)
    for (int64_t k = 0; k < lhs.width(); ++k)
      addScaled(result.row(k), lhs.row(r)[k], rhs.row(r), rhs.width());
  return result;
}

//===----------------------------------------------------------------------===//
// The last axis
//===----------------------------------------------------------------------===//

Tensor reference::reduce(const Tensor &input, seq::Reduction kind) {
  Tensor result = Tensor::zeros(withWidth(input, 1));
  for (int64_t r = 0; r < input.rows(); ++r) {
    const double *begin = input.row(r), *end = begin + input.width();
    double &out = result.values[r];
    switch (kind) {
    case seq::Reduction::Sum:
      out = std::accumulate(begin, end, 0.0);
      break;
    case seq::Reduction::Mean:
      out = std::accumulate(begin, end, 0.0) / input.width();
      break;
    case seq::Reduction::Max:
      out = *std::max_element(begin, end);
      break;
    }
  }
  return result;
}

std::vector<Tensor> reference::split(const Tensor &input, int64_t parts) {
  int64_t width = input.width() / parts;
  std::vector<Tensor> results(parts, Tensor::zeros(withWidth(input, width)));
  for (int64_t part = 0; part < parts; ++part)
    for (int64_t r = 0; r < input.rows(); ++r)
      std::copy_n(input.row(r) + part * width, width, results[part].row(r));
  return results;
}

Tensor reference::concat(ArrayRef<const Tensor *> parts) {
  int64_t width = 0;
  for (const Tensor *part : parts)
    width += part->width();
  Tensor result = Tensor::zeros(withWidth(*parts.front(), width));
  for (int64_t r = 0; r < result.rows(); ++r) {
    double *out = result.row(r);
    for (const Tensor *part : parts)
      out = std::copy_n(part->row(r), part->width(), out);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Steps and ids
//===----------------------------------------------------------------------===//

Tensor reference::stepOf(const Tensor &sequence, int64_t step) {
  std::vector<int64_t> shape = sequence.shape;
  int64_t steps = shape[1];
  shape.erase(shape.begin() + 1);
  Tensor result = Tensor::zeros(shape);
  int64_t size = sizeOf(ArrayRef(shape).drop_front());
  for (int64_t r = 0; r < shape[0]; ++r)
    std::copy_n(sequence.values.data() + (r * steps + step) * size, size, result.values.data() + r * size);
  return result;
}

void reference::setStep(Tensor &sequence, int64_t step, const Tensor &value) {
  int64_t steps = sequence.shape[1], size = sizeOf(ArrayRef(value.shape).drop_front());
  for (int64_t r = 0; r < value.shape[0]; ++r)
    std::copy_n(value.values.data() + r * size, size, sequence.values.data() + (r * steps + step) * size);
}

void reference::spreadRow(Tensor &value, int64_t begin, int64_t end) {
  int64_t width = value.size() / value.shape[0];
  for (int64_t row = begin; row < end; ++row)
    std::copy_n(value.values.begin(), width, value.values.begin() + row * width);
}

void reference::clearRows(Tensor &value, int64_t begin, int64_t end) {
  int64_t width = value.size() / value.shape[0];
  for (int64_t i = begin * width; i < end * width; ++i)
    value.values[i] = 0;
}

void reference::collectRows(Tensor &value, int64_t begin, int64_t end) {
  int64_t width = value.size() / value.shape[0];
  for (int64_t row = begin; row < end; ++row)
    for (int64_t i = 0; i < width; ++i)
      value.values[i] += value.values[row * width + i];
  clearRows(value, begin, end);
}

Tensor reference::reverse(const Tensor &sequence) {
  Tensor result = sequence;
  int64_t steps = sequence.shape[1];
  for (int64_t step = 0; step < steps; ++step)
    setStep(result, steps - 1 - step, stepOf(sequence, step));
  return result;
}

Tensor reference::gather(const Tensor &table, const Tensor &ids) {
  std::vector<int64_t> shape = ids.shape;
  shape.push_back(table.width());
  Tensor result = Tensor::zeros(shape);
  for (int64_t i = 0; i < ids.size(); ++i)
    std::copy_n(table.row(int64_t(ids.values[i])), table.width(), result.row(i));
  return result;
}

Tensor reference::scatterAdd(const Tensor &values, const Tensor &ids, ArrayRef<int64_t> tableShape) {
  Tensor table = Tensor::zeros(tableShape);
  for (int64_t i = 0; i < ids.size(); ++i)
    addScaled(table.row(int64_t(ids.values[i])), 1.0, values.row(i), values.width());
  return table;
}

Tensor reference::oneHot(const Tensor &ids, ArrayRef<int64_t> shape) {
  Tensor result = Tensor::zeros(shape);
  for (int64_t i = 0; i < ids.size(); ++i)
    result.row(i)[int64_t(ids.values[i])] = 1.0;
  return result;
}

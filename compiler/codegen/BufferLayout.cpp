//===- BufferLayout.cpp - How the elements of a tensor stand in memory -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/BufferLayout.h"

using namespace mlir;
using namespace weft::codegen;

std::optional<BufferLayout> BufferLayout::get(MemRefType declared) {
  SmallVector<int64_t> declaredStrides;
  int64_t offset;
  if (declared.getElementTypeBitWidth() != 32 || llvm::count(declared.getShape(), ShapedType::kDynamic) > 1 ||
      failed(declared.getStridesAndOffset(declaredStrides, offset)))
    return std::nullopt;
  BufferLayout layout;
  layout.element = declared.getElementType();
  layout.shape.assign(declared.getShape().begin(), declared.getShape().end());
  for (int64_t dimension = 0, rank = declared.getRank(); dimension < rank; ++dimension) {
    int64_t stride = declaredStrides[dimension];
    if (!ShapedType::isDynamic(stride)) {
      layout.strides.push_back({stride, false});
      continue;
    }
    // Only steps outside the rows may have a stride that depends on the rows.
    if (dimension != 0 || rank < 2 || !ShapedType::isDynamic(declared.getDimSize(1)) ||
        ShapedType::isDynamic(declaredStrides[1]))
      return std::nullopt;
    layout.strides.push_back({declaredStrides[1], true});
  }
  // Rows outside of everything, or just inside the steps.
  int64_t rows = llvm::find(layout.shape, ShapedType::kDynamic) - layout.shape.begin();
  if (rows < declared.getRank() && rows != 0 && !(rows == 1 && layout.strides[0].perRow))
    return std::nullopt;
  return layout;
}

BufferLayout BufferLayout::contiguous(RankedTensorType type) {
  BufferLayout layout;
  layout.element = type.getElementType();
  layout.shape.assign(type.getShape().begin(), type.getShape().end());
  layout.strides.resize(layout.shape.size());
  int64_t stride = 1;
  for (size_t dimension = layout.shape.size(); dimension-- > 0; stride *= layout.shape[dimension])
    layout.strides[dimension] = {stride, false};
  return layout;
}

Extent BufferLayout::size() const {
  if (shape.empty())
    return {alignmentElements, false};
  if (strides[0].perRow)
    return {alignUp(shape[0] * strides[0].count), true};
  if (rowCount)
    return {alignUp(mostRows * strides[0].count), false};
  if (ShapedType::isDynamic(shape[0]))
    return {alignUp(strides[0].count), true};
  return {alignUp(shape[0] * strides[0].count), false};
}

int64_t BufferLayout::stepDimension() const {
  if (shape.size() < 2)
    return -1;
  if (ShapedType::isDynamic(shape[1]))
    return 0;
  return ShapedType::isDynamic(shape[0]) ? 1 : -1;
}

std::optional<BufferLayout> BufferLayout::step() const {
  int64_t dimension = stepDimension();
  if (dimension < 0)
    return std::nullopt;
  BufferLayout layout = *this;
  layout.shape.erase(layout.shape.begin() + dimension);
  layout.strides.erase(layout.strides.begin() + dimension);
  return layout;
}

std::optional<Extent> BufferLayout::stepStride() const {
  int64_t dimension = stepDimension();
  if (dimension < 0)
    return std::nullopt;
  return strides[dimension];
}

BufferLayout BufferLayout::sequence(int64_t steps) const {
  BufferLayout layout = *this;
  layout.shape.insert(layout.shape.begin(), steps);
  layout.strides.insert(layout.strides.begin(), size());
  return layout;
}

MemRefType BufferLayout::getType(int64_t offset) const {
  SmallVector<int64_t> numbers;
  bool identity = offset == 0;
  int64_t natural = 1;
  for (size_t dimension = shape.size(); dimension-- > 0;) {
    numbers.insert(numbers.begin(), strides[dimension].perRow ? ShapedType::kDynamic : strides[dimension].count);
    identity &= numbers.front() == natural;
    natural = ShapedType::isDynamic(shape[dimension]) ? natural : natural * shape[dimension];
  }
  if (identity)
    return MemRefType::get(shape, element);
  return MemRefType::get(shape, element, StridedLayoutAttr::get(element.getContext(), offset, numbers));
}

bool BufferLayout::fits(MemRefType declared) const {
  SmallVector<int64_t> declaredStrides;
  int64_t offset;
  if (declared.getElementType() != element || declared.getShape() != ArrayRef(shape) ||
      failed(declared.getStridesAndOffset(declaredStrides, offset)))
    return false;
  for (auto [extent, declaredStride, stride] : llvm::zip(shape, declaredStrides, strides)) {
    // The stride of a dimension of one element is never used, and a kernel that
    // leaves a stride open takes any.
    if (extent == 1 || ShapedType::isDynamic(declaredStride))
      continue;
    if (stride.perRow || stride.count != declaredStride)
      return false;
  }
  return true;
}

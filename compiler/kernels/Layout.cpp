//===- Layout.cpp - Where the elements of a tensor stand in memory -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/Layout.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace weft::kernels;

bool weft::kernels::hasBatch(RankedTensorType type) {
  return type.getRank() > 0 && type.isDynamicDim(0);
}

Layout weft::kernels::externalLayout(RankedTensorType type) {
  Layout layout;
  layout.type = MemRefType::get(type.getShape(), type.getElementType());
  for (int64_t axis = type.getRank(); axis-- > 0;)
    layout.axes.push_back(axis);
  return layout;
}

Layout weft::kernels::internalLayout(RankedTensorType type) {
  // Optimizers run over flat vectors; everything else that has a batch has columns.
  if (!hasBatch(type) || type.getRank() == 1)
    return externalLayout(type);
  int64_t rank = type.getRank(), columns = paddedColumns(type.getDimSize(rank - 1));
  MLIRContext *context = type.getContext();
  Layout layout;
  if (rank == 2 && !type.getElementType().isF32()) {
    // Ids have no columns: a sequence of them is time-major, as any other is.
    layout.type = MemRefType::get({type.getDimSize(1), ShapedType::kDynamic}, type.getElementType(),
                                  StridedLayoutAttr::get(context, ShapedType::kDynamic, {ShapedType::kDynamic, 1}));
    layout.axes = {0, 1};
    return layout;
  }
  if (rank == 2) {
    layout.type = MemRefType::get(type.getShape(), type.getElementType(),
                                  StridedLayoutAttr::get(context, ShapedType::kDynamic, {columns, 1}));
    layout.axes = {1, 0};
    return layout;
  }
  assert(rank == 3 && "values with a batch have at most steps and columns");
  layout.type = MemRefType::get({type.getDimSize(1), ShapedType::kDynamic, type.getDimSize(2)},
                                type.getElementType(),
                                StridedLayoutAttr::get(context, ShapedType::kDynamic,
                                                       {ShapedType::kDynamic, columns, 1}));
  layout.axes = {2, 0, 1};
  return layout;
}

Layout weft::kernels::layoutOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto argument = dyn_cast<BlockArgument>(value);
  bool isFunctionArgument =
      argument && isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
  return isFunctionArgument ? externalLayout(type) : internalLayout(type);
}

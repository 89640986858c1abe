//===- SeqOps.cpp - Parsing, printing and shapes -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/Seq.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace weft::seq;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

template <typename OpTy>
static ParseResult parseFunctionLike(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, OpTy::getFunctionTypeAttrName(result.name), buildType,
      OpTy::getArgAttrsAttrName(result.name), OpTy::getResAttrsAttrName(result.name));
}

template <typename OpTy>
static void printFunctionLike(OpTy op, OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, op, /*isVariadic=*/false,
                                           op.getFunctionTypeAttrName().getValue(),
                                           op.getArgAttrsAttrName(), op.getResAttrsAttrName());
}

#define FUNCTION_LIKE(Op)                                                                          \
  ParseResult Op::parse(OpAsmParser &parser, OperationState &result) {                             \
    return parseFunctionLike<Op>(parser, result);                                                  \
  }                                                                                                \
  void Op::print(OpAsmPrinter &printer) { printFunctionLike(*this, printer); }
FUNCTION_LIKE(ModelOp)
FUNCTION_LIKE(CellOp)
FUNCTION_LIKE(LossOp)
FUNCTION_LIKE(OptimizerOp)
FUNCTION_LIKE(StepOp)
#undef FUNCTION_LIKE

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

bool weft::seq::isBatchFirst(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && (tensor.getRank() == 0 || !ShapedType::isDynamicShape(tensor.getShape().drop_front()));
}

RankedTensorType weft::seq::broadcastType(Type lhsType, Type rhsType) {
  auto lhs = dyn_cast<RankedTensorType>(lhsType), rhs = dyn_cast<RankedTensorType>(rhsType);
  if (!lhs || !rhs || lhs.getElementType() != rhs.getElementType())
    return {};
  int64_t rank = std::max(lhs.getRank(), rhs.getRank());
  auto extent = [&](RankedTensorType type, int64_t axis) {
    int64_t own = axis - (rank - type.getRank());
    return own < 0 ? 1 : type.getDimSize(own);
  };
  SmallVector<int64_t> shape;
  for (int64_t axis = 0; axis < rank; ++axis) {
    int64_t a = extent(lhs, axis), b = extent(rhs, axis);
    if (a != b && a != 1 && b != 1)
      return {};
    shape.push_back(a == 1 ? b : a);
  }
  return RankedTensorType::get(shape, lhs.getElementType());
}

WindowGeometry weft::seq::windowGeometry(int64_t steps, int64_t width, int64_t strides, int64_t dilation,
                                         Padding padding) {
  int64_t span = (width - 1) * dilation + 1;
  switch (padding) {
  case Padding::Valid:
    return {steps < span ? 0 : (steps - span) / strides + 1, 0};
  case Padding::Causal:
    return {(steps - 1) / strides + 1, span - 1};
  case Padding::Same: {
    int64_t out = (steps + strides - 1) / strides;
    int64_t total = std::max<int64_t>((out - 1) * strides + span - steps, 0);
    return {out, total / 2};
  }
  }
  llvm_unreachable("a padding without a rule");
}

NextOp ScanOp::getNext() { return cast<NextOp>(getBody().front().getTerminator()); }

#define GET_OP_CLASSES
#include "dialects/seq/SeqOps.cpp.inc"

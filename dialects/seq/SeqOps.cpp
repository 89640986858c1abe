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

template <typename OpTy> static ParseResult parseFunctionLike(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) { return builder.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, OpTy::getFunctionTypeAttrName(result.name), buildType,
      OpTy::getArgAttrsAttrName(result.name), OpTy::getResAttrsAttrName(result.name));
}

template <typename OpTy> static void printFunctionLike(OpTy op, OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, op, /*isVariadic=*/false,
                                           op.getFunctionTypeAttrName().getValue(), op.getArgAttrsAttrName(),
                                           op.getResAttrsAttrName());
}

#define FUNCTION_LIKE(Op)                                                                                    \
  ParseResult Op::parse(OpAsmParser &parser, OperationState &result) {                                       \
    return parseFunctionLike<Op>(parser, result);                                                            \
  }                                                                                                          \
  void Op::print(OpAsmPrinter &printer) { printFunctionLike(*this, printer); }
FUNCTION_LIKE(ModelOp)
FUNCTION_LIKE(CellOp)
FUNCTION_LIKE(LossOp)
FUNCTION_LIKE(OptimizerOp)
FUNCTION_LIKE(RegularizerOp)
FUNCTION_LIKE(StepOp)
#undef FUNCTION_LIKE

//===----------------------------------------------------------------------===//
// Names of values in text
//===----------------------------------------------------------------------===//

/// A function's arguments print as their `seq.name`.
template <typename OpTy> static void nameArguments(OpTy op, Region &region, OpAsmSetValueNameFn setName) {
  for (BlockArgument argument : region.getArguments())
    if (auto name = op.template getArgAttrOfType<StringAttr>(argument.getArgNumber(), "seq.name"))
      setName(argument, name);
}

#define NAMED_ARGUMENTS(Op)                                                                                  \
  void Op::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {                           \
    nameArguments(*this, region, setName);                                                                   \
  }
NAMED_ARGUMENTS(ModelOp)
NAMED_ARGUMENTS(CellOp)
NAMED_ARGUMENTS(LossOp)
NAMED_ARGUMENTS(OptimizerOp)
NAMED_ARGUMENTS(RegularizerOp)
NAMED_ARGUMENTS(StepOp)
#undef NAMED_ARGUMENTS

/// A weight prints by its name without the layer's: `%kernel`.
void ReadOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), getWeight().rsplit('/').second.empty() ? getWeight() : getWeight().rsplit('/').second);
}

void ScanOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  for (BlockArgument argument : region.getArguments())
    setName(argument, argument.getArgNumber() < getInputs().size() ? "x" : "s");
}

void ScanOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  if (!getLast().empty())
    setName(getLast().front(), "last");
  if (!getKept().empty())
    setName(getKept().front(), "kept");
}

//===----------------------------------------------------------------------===//
// Types in text
//===----------------------------------------------------------------------===//

/// `T` where both operands and the result are of one type, else `(A, B) -> C`.
static ParseResult parseBroadcastTypes(OpAsmParser &parser, Type &lhs, Type &rhs, Type &result) {
  SMLoc location = parser.getCurrentLocation();
  Type written;
  if (parser.parseType(written))
    return failure();
  auto function = dyn_cast<FunctionType>(written);
  if (!function) {
    lhs = rhs = result = written;
    return success();
  }
  if (function.getNumInputs() != 2 || function.getNumResults() != 1)
    return parser.emitError(location, "expected two operands and a result, got ") << function;
  lhs = function.getInput(0);
  rhs = function.getInput(1);
  result = function.getResult(0);
  return success();
}

static void printBroadcastTypes(OpAsmPrinter &printer, Operation *, Type lhs, Type rhs, Type result) {
  if (lhs == rhs && rhs == result)
    printer << result;
  else
    printer << FunctionType::get(result.getContext(), {lhs, rhs}, result);
}

using Operands = SmallVectorImpl<OpAsmParser::UnresolvedOperand>;
using Types = SmallVectorImpl<Type>;

/// `(inputs, starts) -> (last, kept)`: there is a last state for each start.
static ParseResult parseScanTypes(OpAsmParser &parser, const Operands &inputs, const Operands &starts,
                                  Types &inputTypes, Types &startTypes, Types &last, Types &kept) {
  SMLoc location = parser.getCurrentLocation();
  FunctionType type;
  if (parser.parseType(type))
    return failure();
  if (type.getNumInputs() != inputs.size() + starts.size() || type.getNumResults() < starts.size())
    return parser.emitError(location)
           << "expected " << inputs.size() + starts.size() << " operands and at least " << starts.size()
           << " results, got " << type;
  llvm::append_range(inputTypes, type.getInputs().take_front(inputs.size()));
  llvm::append_range(startTypes, type.getInputs().drop_front(inputs.size()));
  llvm::append_range(last, type.getResults().take_front(starts.size()));
  llvm::append_range(kept, type.getResults().drop_front(starts.size()));
  return success();
}

static void printScanTypes(OpAsmPrinter &printer, ScanOp op, OperandRange, OperandRange, TypeRange inputs,
                           TypeRange starts, TypeRange, TypeRange) {
  SmallVector<Type> operands(inputs);
  llvm::append_range(operands, starts);
  printer << FunctionType::get(op.getContext(), operands, op.getResultTypes());
}

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

//===- SeqFolds.cpp - What an operation with known operands becomes -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/Seq.h"

#include "mlir/IR/Builders.h"

#include <cmath>
#include <optional>

using namespace mlir;
using namespace weft::seq;

Operation *SeqDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

//===----------------------------------------------------------------------===//
// Arithmetic on constants: hyperparameters are written as equations
//===----------------------------------------------------------------------===//

/// The number that every element of `attribute` is.
static std::optional<double> splatOf(Attribute attribute) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(attribute);
  if (!elements || !elements.isSplat() || !elements.getElementType().isF32())
    return std::nullopt;
  return elements.getSplatValue<APFloat>().convertToDouble();
}

/// f(lhs, rhs) where both are constants: rounded to f32 once.
static OpFoldResult foldConstants(Attribute lhs, Attribute rhs, Type type, double (*f)(double, double)) {
  std::optional<double> a = splatOf(lhs), b = splatOf(rhs);
  auto result = cast<RankedTensorType>(type);
  if (!a || !b || !result.hasStaticShape())
    return {};
  return DenseElementsAttr::get(result, float(f(*a, *b)));
}

/// `value` where the other operand is `neutral` everywhere and the broadcast
/// leaves the shape of `value` as it is.
static OpFoldResult foldNeutral(Value value, Attribute other, double neutral, Type type) {
  if (splatOf(other) == neutral && value.getType() == type)
    return value;
  return {};
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  // -0.0 + 0.0 is 0.0: a zero that changed its sign is equal to the one before.
  if (OpFoldResult lhs = foldNeutral(getLhs(), adaptor.getRhs(), 0, getType()))
    return lhs;
  if (OpFoldResult rhs = foldNeutral(getRhs(), adaptor.getLhs(), 0, getType()))
    return rhs;
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return a + b; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult lhs = foldNeutral(getLhs(), adaptor.getRhs(), 0, getType()))
    return lhs;
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return a - b; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult lhs = foldNeutral(getLhs(), adaptor.getRhs(), 1, getType()))
    return lhs;
  if (OpFoldResult rhs = foldNeutral(getRhs(), adaptor.getLhs(), 1, getType()))
    return rhs;
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return a * b; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult lhs = foldNeutral(getLhs(), adaptor.getRhs(), 1, getType()))
    return lhs;
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return a / b; });
}

OpFoldResult PowOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult lhs = foldNeutral(getLhs(), adaptor.getRhs(), 1, getType()))
    return lhs;
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return std::pow(a, b); });
}

OpFoldResult MaximumOp::fold(FoldAdaptor adaptor) {
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return a > b ? a : b; });
}

OpFoldResult MinimumOp::fold(FoldAdaptor adaptor) {
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return a < b ? a : b; });
}

OpFoldResult GreaterOp::fold(FoldAdaptor adaptor) {
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return double(a > b); });
}

OpFoldResult EqualOp::fold(FoldAdaptor adaptor) {
  return foldConstants(adaptor.getLhs(), adaptor.getRhs(), getType(),
                       [](double a, double b) { return double(a == b); });
}

OpFoldResult NegateOp::fold(FoldAdaptor adaptor) {
  if (auto inner = getInput().getDefiningOp<NegateOp>())
    return inner.getInput();
  return foldConstants(adaptor.getInput(), adaptor.getInput(), getType(),
                       [](double a, double) { return -a; });
}

//===----------------------------------------------------------------------===//
// Values that are only moved
//===----------------------------------------------------------------------===//

OpFoldResult SumToOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult SplitOp::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &results) {
  if (getNumResults() == 1) {
    results.push_back(getInput());
    return success();
  }
  // What was put together of the same parts comes apart into them.
  auto concat = getInput().getDefiningOp<ConcatOp>();
  if (!concat || concat.getParts().getTypes() != getResultTypes())
    return failure();
  llvm::append_range(results, concat.getParts());
  return success();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getParts().size() == 1)
    return getParts().front();
  // All the parts of one split, in order, are what was split.
  auto split = getParts().front().getDefiningOp<SplitOp>();
  if (split && llvm::equal(getParts(), split.getResults()))
    return split.getInput();
  return {};
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

OpFoldResult ReverseOp::fold(FoldAdaptor) {
  if (auto inner = getInput().getDefiningOp<ReverseOp>())
    return inner.getInput();
  return {};
}

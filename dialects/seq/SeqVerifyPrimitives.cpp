//===- SeqVerifyPrimitives.cpp - The constraints of SPEC.md on primitives -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/Seq.h"
#include "dialects/seq/SeqVerify.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace weft::seq;

//===----------------------------------------------------------------------===//
// Shared constraints
//===----------------------------------------------------------------------===//

LogicalResult weft::seq::expectType(Operation *op, const Twine &what, Type expected, Type got) {
  if (expected == got)
    return success();
  return op->emitOpError() << "expected " << what << " of type " << expected << ", got " << got;
}

RankedTensorType weft::seq::withAxes(RankedTensorType type, ArrayRef<int64_t> leading,
                                     ArrayRef<int64_t> trailing) {
  SmallVector<int64_t> shape(leading);
  llvm::append_range(shape, trailing);
  return RankedTensorType::get(shape, type.getElementType());
}

/// The rows of `table` [entries, width] at `ids`: [ids.., width].
static RankedTensorType gatheredType(RankedTensorType table, RankedTensorType ids) {
  return withAxes(table, ids.getShape(), table.getShape().back());
}

LogicalResult weft::seq::verifyGather(Operation *op, RankedTensorType table, RankedTensorType ids,
                                      RankedTensorType result) {
  if (table.getRank() != 2 || !table.hasStaticShape())
    return op->emitOpError() << "expected a table [entries, width], got " << table;
  return expectType(op, "a result", gatheredType(table, ids), result);
}

LogicalResult weft::seq::verifyRate(Operation *op, const llvm::APFloat &rate) {
  double value = rate.convertToDouble();
  if (value >= 0 && value < 1)
    return success();
  return op->emitOpError() << "expected a rate from 0 to less than 1, got " << value;
}

LogicalResult weft::seq::verifyMaskName(Operation *op, int64_t layer, int64_t mask) {
  constexpr int64_t end = 1 << 16;
  if (layer >= 0 && layer < end && mask >= 0 && mask < end)
    return success();
  return op->emitOpError() << "expected numbers of layer and mask from 0 to 65535, got " << layer << " and "
                           << mask;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::verify() {
  // C1
  if (!isa<DenseElementsAttr>(getValue()))
    return emitOpError() << "expected a dense constant, got " << getValue();
  return success();
}

LogicalResult BroadcastRowsOp::verify() {
  RankedTensorType input = getInput().getType(), like = getLike().getType();
  // C1
  if (!input.hasStaticShape())
    return emitOpError() << "expected an input without a batch, got " << input;
  // C2
  if (like.getRank() == 0 || !like.isDynamicDim(0))
    return emitOpError() << "expected a value with a batch to be like, got " << like;
  // C3
  return expectType(*this, "a result", withAxes(input, ShapedType::kDynamic, input.getShape()), getType());
}

LogicalResult RandomMaskOp::verify() {
  RankedTensorType keys = getKeys().getType(), result = getType();
  // C1
  if (failed(verifyRate(*this, getRate())) || failed(verifyMaskName(*this, getLayer(), getMask())))
    return failure();
  // C2
  auto words = RankedTensorType::get({2}, keys.getElementType());
  if (failed(expectType(*this, "a seed", words, getSeed().getType())) ||
      failed(expectType(*this, "a step", words, getStep().getType())))
    return failure();
  // C3
  if (keys.getRank() == 0 || !keys.isDynamicDim(0))
    return emitOpError() << "expected keys for each row of a batch, got " << keys;
  // C4
  if (result.getRank() <= keys.getRank() || result.getShape().take_front(keys.getRank()) != keys.getShape())
    return emitOpError() << "expected a result with the axes of " << keys << " and elements behind, got "
                         << result;
  return success();
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

/// C1: the shapes broadcast. C2: the result has the shape of the broadcast.
static LogicalResult verifyBroadcast(Operation *op) {
  Type type = op->getOperand(0).getType();
  for (Value operand : op->getOperands().drop_front()) {
    Type next = broadcastType(type, operand.getType());
    if (!next)
      return op->emitOpError() << "expected shapes that broadcast, got " << type << " and "
                               << operand.getType();
    type = next;
  }
  return expectType(op, "a result", type, op->getResult(0).getType());
}

LogicalResult AddOp::verify() { return verifyBroadcast(*this); }
LogicalResult SubOp::verify() { return verifyBroadcast(*this); }
LogicalResult MulOp::verify() { return verifyBroadcast(*this); }
LogicalResult DivOp::verify() { return verifyBroadcast(*this); }
LogicalResult PowOp::verify() { return verifyBroadcast(*this); }
LogicalResult MaximumOp::verify() { return verifyBroadcast(*this); }
LogicalResult MinimumOp::verify() { return verifyBroadcast(*this); }
LogicalResult GreaterOp::verify() { return verifyBroadcast(*this); }
LogicalResult EqualOp::verify() { return verifyBroadcast(*this); }
LogicalResult SelectOp::verify() { return verifyBroadcast(*this); }

//===----------------------------------------------------------------------===//
// Products and sums
//===----------------------------------------------------------------------===//

LogicalResult MatmulOp::verify() {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType();
  // C1
  if (rhs.getRank() != 2 || !rhs.hasStaticShape())
    return emitOpError() << "expected a matrix without a batch on the right, got " << rhs;
  // C2
  int64_t inner = rhs.getDimSize(getTransposeB() ? 1 : 0), outer = rhs.getDimSize(getTransposeB() ? 0 : 1);
  if (lhs.getRank() == 0 || lhs.getShape().back() != inner)
    return emitOpError() << "expected a value of width " << inner << " on the left, got " << lhs;
  // C3
  return expectType(*this, "a result", withAxes(lhs, lhs.getShape().drop_back(), outer), getType());
}

LogicalResult ContractOp::verify() {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType();
  // C1
  if (lhs.getRank() == 0 || rhs.getRank() == 0 || lhs.getShape().drop_back() != rhs.getShape().drop_back())
    return emitOpError() << "expected the same leading axes on both sides, got " << lhs << " and " << rhs;
  // C2
  if (lhs.isDynamicDim(lhs.getRank() - 1) || rhs.isDynamicDim(rhs.getRank() - 1))
    return emitOpError() << "expected static last axes, got " << lhs << " and " << rhs;
  // C3
  if (failed(expectType(*this, "a result", withAxes(lhs, lhs.getShape().back(), rhs.getShape().back()),
                        getType())))
    return failure();
  // C4
  return expectActiveOver(*this, getActive(), lhs);
}

LogicalResult SumToOp::verify() {
  // C1
  if (broadcastType(getType(), getInput().getType()) != getInput().getType())
    return emitOpError() << "expected a result that broadcasts to " << getInput().getType() << ", got "
                         << getType();
  // C2
  return expectActiveOver(*this, getActive(), getInput().getType());
}

LogicalResult ReduceOp::verify() {
  RankedTensorType input = getInput().getType();
  // C1
  if (input.getRank() == 0 || ShapedType::isDynamic(input.getShape().back()))
    return emitOpError() << "expected an input with a static last axis, got " << input;
  // C2
  return expectType(*this, "a result", withAxes(input, input.getShape().drop_back(), 1), getType());
}

//===----------------------------------------------------------------------===//
// Moved values
//===----------------------------------------------------------------------===//

LogicalResult SplitOp::verify() {
  RankedTensorType input = getInput().getType();
  int64_t parts = getNumResults();
  // C1
  if (parts == 0)
    return emitOpError("expected at least one part, got none");
  // C2
  if (input.getRank() == 0 || ShapedType::isDynamic(input.getShape().back()) ||
      input.getShape().back() % parts != 0)
    return emitOpError() << "expected a last axis that divides into " << parts << " equal parts, got "
                         << input;
  // C3
  Type part = withAxes(input, input.getShape().drop_back(), input.getShape().back() / parts);
  for (Type type : getResultTypes())
    if (failed(expectType(*this, "parts", part, type)))
      return failure();
  return success();
}

LogicalResult ConcatOp::verify() {
  // C1
  if (getParts().empty())
    return emitOpError("expected at least one part, got none");
  auto first = cast<RankedTensorType>(getParts().front().getType());
  int64_t width = 0;
  for (Type type : getParts().getTypes()) {
    auto part = cast<RankedTensorType>(type);
    // C2
    if (part.getRank() == 0 || ShapedType::isDynamic(part.getShape().back()) ||
        first.getShape().drop_back() != part.getShape().drop_back())
      return emitOpError() << "expected parts that agree but for a static last axis, got " << first << " and "
                           << part;
    width += part.getShape().back();
  }
  // C3
  return expectType(*this, "a result", withAxes(first, first.getShape().drop_back(), width), getType());
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = getInput().getType(), result = getType();
  // C1
  if (input.hasStaticShape() != result.hasStaticShape())
    return emitOpError() << "expected a batch on both sides or on neither, got " << input << " and "
                         << result;
  // C2
  auto count = [](RankedTensorType type) {
    return ShapedType::getNumElements(type.getShape().drop_front(type.hasStaticShape() ? 0 : 1));
  };
  if (count(input) != count(result))
    return emitOpError() << "expected " << count(input) << " elements"
                         << (input.hasStaticShape() ? "" : " a row") << " as in " << input << ", got "
                         << count(result) << " in " << result;
  return success();
}

LogicalResult ReverseOp::verify() {
  // C1
  if (getType().getRank() < 2)
    return emitOpError() << "expected a sequence [batch, steps, ..], got " << getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Ids
//===----------------------------------------------------------------------===//

LogicalResult OneHotOp::verify() {
  RankedTensorType ids = getIds().getType(), result = getType();
  // C1
  if (result.getRank() == 0 || ShapedType::isDynamic(result.getShape().back()))
    return emitOpError() << "expected a result with a static last axis, got " << result;
  // C2: the places are a new axis, or take the room of a last axis of 1.
  ArrayRef<int64_t> leading = result.getShape().drop_back();
  bool replaces = ids.getRank() > 0 && ids.getShape().back() == 1 && leading == ids.getShape().drop_back();
  if (leading != ids.getShape() && !replaces)
    return emitOpError() << "expected a result " << ids << " with an axis of places, got " << result;
  return success();
}

LogicalResult NonzeroOp::verify() {
  // C1
  auto expected = RankedTensorType::get(getIds().getType().getShape(), getType().getElementType());
  return expectType(*this, "a result", withAxes(expected, expected.getShape(), 1), getType());
}

LogicalResult GatherOp::verify() {
  // C1, C2
  return verifyGather(*this, getTable().getType(), getIds().getType(), getType());
}

LogicalResult IdRanksOp::verify() {
  // C1
  if (getType().getRank() != 1 || !getType().hasStaticShape() || getType().getDimSize(0) < 2)
    return emitOpError() << "expected a rank for each id and one behind the last, got " << getType();
  return success();
}

LogicalResult IdsOfRanksOp::verify() {
  // C1
  RankedTensorType ranks = getRanks().getType(), result = getType();
  if (ranks.getRank() != 1 || !ranks.hasStaticShape() || ranks.getDimSize(0) < 2)
    return emitOpError() << "expected ranks as id_ranks gives them, got " << ranks;
  // C2
  return expectType(*this, "a result", RankedTensorType::get({ranks.getDimSize(0) - 1}, ranks.getElementType()), result);
}

LogicalResult RankOfOp::verify() {
  // C1
  RankedTensorType ranks = getRanks().getType();
  if (ranks.getRank() != 1 || !ranks.hasStaticShape() || ranks.getDimSize(0) < 2)
    return emitOpError() << "expected ranks as id_ranks gives them, got " << ranks;
  // C2
  return expectType(*this, "a result", getIds().getType(), getType());
}

LogicalResult ScatterAddOp::verify() {
  RankedTensorType table = getType(), values = getValues().getType();
  // C1
  if (table.getRank() != 2 || !table.hasStaticShape())
    return emitOpError() << "expected a table [entries, width], got " << table;
  // C2
  if (failed(expectType(*this, "values", gatheredType(table, getIds().getType()), values)))
    return failure();
  // C3
  return expectActiveOver(*this, getActive(), values);
}

//===- Expressions.cpp - seq equations as scalar expressions of a kernel -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/Expressions.h"

#include "compiler/kernels/CountedTables.h"

#include "compiler/kernels/Group.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

FlatSymbolRefAttr KernelInputs::operator[](Value value) {
  auto place = llvm::find(inputs, value);
  size_t number = place - inputs.begin();
  std::string name = "in" + std::to_string(number);
  MLIRContext *context = kernel.getContext();
  if (place == inputs.end()) {
    // Inputs stand in front of the definitions, in the order of the call.
    OpBuilder builder(context);
    Block &body = kernel.getBody().front();
    auto firstOther = llvm::find_if(body, [](Operation &op) { return !isa<halide::InputOp>(op); });
    builder.setInsertionPoint(&body, firstOther);
    halide::InputOp::create(builder, kernel.getLoc(), builder.getStringAttr(name),
                            TypeAttr::get(layoutOf(value).type));
    inputs.push_back(value);
  }
  return FlatSymbolRefAttr::get(context, name);
}

//===----------------------------------------------------------------------===//
// Small pieces
//===----------------------------------------------------------------------===//

Value Expressions::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
Value Expressions::real(double value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}
Value Expressions::add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
Value Expressions::addIndex(Value a, int64_t b) { return b == 0 ? a : add(a, index(b)); }
Value Expressions::clampIndex(Value a, int64_t low, int64_t high) {
  Value lowest = index(low), highest = index(high);
  return arith::MinSIOp::create(builder, loc, arith::MaxSIOp::create(builder, loc, a, lowest), highest);
}
Value Expressions::less(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
}
Value Expressions::inRange(Value a, int64_t low, int64_t end) {
  Value lowest = index(low), past = index(end);
  Value notBelow = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, a, lowest);
  Value notAbove = less(a, past);
  return arith::AndIOp::create(builder, loc, notBelow, notAbove);
}
Value Expressions::choose(Value selector, ArrayRef<Value> cases) {
  Value chosen = cases.back();
  for (size_t i = cases.size() - 1; i-- > 0;) {
    Value number = index(i);
    Value isThis = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, selector, number);
    chosen = arith::SelectOp::create(builder, loc, isThis, cases[i], chosen);
  }
  return chosen;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

Value Expressions::load(Value value, ArrayRef<Value> at) {
  if (auto constant = value.getDefiningOp<seq::ConstantOp>())
    if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue()); elements && elements.isSplat())
      return real(elements.getSplatValue<APFloat>().convertToFloat());
  if (auto split = value.getDefiningOp<seq::SplitOp>()) {
    int64_t part = cast<OpResult>(value).getResultNumber();
    Point shifted(at);
    shifted.back() = addIndex(at.back(), part * cast<RankedTensorType>(value.getType()).getShape().back());
    return load(split.getInput(), shifted);
  }
  Layout layout = layoutOf(value);
  SmallVector<Value> coordinates;
  for (int64_t axis : layout.axes)
    coordinates.push_back(at[axis]);
  return halide::AtOp::create(builder, loc, layout.type.getElementType(), inputs[value].getValue(), coordinates,
                              uint64_t(0));
}

Value Expressions::read(Value value) {
  if (Value found = memo.lookup(value))
    return found;
  Value result = known ? known(*this, value) : Value();
  if (!result) {
    // Aligned at the last axes; an axis of one element is repeated.
    auto type = cast<RankedTensorType>(value.getType());
    int64_t missing = domain.getRank() - type.getRank();
    Point at;
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      at.push_back(type.getDimSize(axis) == 1 ? index(0) : point[axis + missing]);
    result = load(value, at);
  }
  memo[value] = result;
  return result;
}

//===----------------------------------------------------------------------===//
// Computing
//===----------------------------------------------------------------------===//

Value Expressions::compute(Operation *op) {
  using namespace arith;
  auto operand = [&](unsigned i) { return read(op->getOperand(i)); };
  auto compare = [&](CmpFPredicate predicate, Value a, Value b) {
    return CmpFOp::create(builder, loc, predicate, a, b).getResult();
  };
  auto select = [&](Value condition, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, condition, a, b).getResult();
  };
  return TypeSwitch<Operation *, Value>(op)
      .Case<seq::NegateOp>([&](auto) -> Value { return NegFOp::create(builder, loc, operand(0)); })
      .Case<seq::ExpOp>([&](auto) -> Value { return math::ExpOp::create(builder, loc, operand(0)); })
      .Case<seq::LogOp>([&](auto) -> Value { return math::LogOp::create(builder, loc, operand(0)); })
      .Case<seq::SqrtOp>([&](auto) -> Value { return math::SqrtOp::create(builder, loc, operand(0)); })
      .Case<seq::AbsOp>([&](auto) -> Value { return math::AbsFOp::create(builder, loc, operand(0)); })
      .Case<seq::TanhOp>([&](auto) -> Value { return math::TanhOp::create(builder, loc, operand(0)); })
      .Case<seq::SignOp>([&](auto) -> Value {
        Value x = operand(0), zero = real(0), one = real(1), minus = real(-1);
        Value below = select(compare(CmpFPredicate::OLT, x, zero), minus, zero);
        return select(compare(CmpFPredicate::OGT, x, zero), one, below);
      })
      .Case<seq::SigmoidOp>([&](auto) -> Value {
        Value x = operand(0), one = real(1);
        Value grown = math::ExpOp::create(builder, loc, NegFOp::create(builder, loc, x));
        Value sum = AddFOp::create(builder, loc, one, grown);
        return DivFOp::create(builder, loc, one, sum);
      })
      .Case<seq::SoftplusOp>([&](auto) -> Value {
        // max(x, 0) + log(1 + e^-|x|): no overflow on either side.
        Value x = operand(0), zero = real(0);
        Value size = math::AbsFOp::create(builder, loc, x);
        Value shrunk = math::ExpOp::create(builder, loc, NegFOp::create(builder, loc, size));
        Value rest = math::Log1pOp::create(builder, loc, shrunk);
        Value kept = MaximumFOp::create(builder, loc, x, zero);
        return AddFOp::create(builder, loc, kept, rest);
      })
      .Case<seq::AddOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1);
        return AddFOp::create(builder, loc, a, b);
      })
      .Case<seq::SubOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1);
        return SubFOp::create(builder, loc, a, b);
      })
      .Case<seq::MulOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1);
        return MulFOp::create(builder, loc, a, b);
      })
      .Case<seq::DivOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1);
        return DivFOp::create(builder, loc, a, b);
      })
      .Case<seq::PowOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1);
        return math::PowFOp::create(builder, loc, a, b);
      })
      .Case<seq::MaximumOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1);
        return MaximumFOp::create(builder, loc, a, b);
      })
      .Case<seq::MinimumOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1);
        return MinimumFOp::create(builder, loc, a, b);
      })
      .Case<seq::GreaterOp, seq::EqualOp>([&](auto) -> Value {
        Value a = operand(0), b = operand(1), one = real(1), zero = real(0);
        auto predicate = isa<seq::GreaterOp>(op) ? CmpFPredicate::OGT : CmpFPredicate::OEQ;
        return select(compare(predicate, a, b), one, zero);
      })
      .Case<seq::SelectOp>([&](auto) -> Value {
        Value condition = operand(0), a = operand(1), b = operand(2), zero = real(0);
        return select(compare(CmpFPredicate::UNE, condition, zero), a, b);
      })
      .Case<seq::BroadcastRowsOp>([&](auto) -> Value { return operand(0); })
      .Case<seq::GatherOp>([&](seq::GatherOp gather) -> Value {
        Point at(ArrayRef<Value>(point).drop_back());
        Value id = IndexCastOp::create(builder, loc, builder.getIndexType(), load(gather.getIds(), at));
        // The runtime has checked the ids; the bound is for the compiler.
        id = clampIndex(id, 0, entriesOf(gather, gather.getTable()) - 1);
        return load(gather.getTable(), {id, point.back()});
      })
      .Case<seq::RankOfOp>([&](seq::RankOfOp rank) -> Value {
        Value id = IndexCastOp::create(builder, loc, builder.getIndexType(), load(rank.getIds(), point));
        // As above.
        id = clampIndex(id, 0, cast<RankedTensorType>(rank.getRanks().getType()).getDimSize(0) - 1);
        return load(rank.getRanks(), {id});
      })
      .Case<seq::OneHotOp>([&](seq::OneHotOp hot) -> Value {
        // Ids of one column stand for the row (or step) they are in.
        auto type = cast<RankedTensorType>(hot.getIds().getType());
        Point at(ArrayRef<Value>(point).take_front(type.getRank()));
        if (type.getRank() == domain.getRank())
          at.back() = index(0);
        Value id = IndexCastOp::create(builder, loc, builder.getIndexType(), load(hot.getIds(), at));
        Value here = CmpIOp::create(builder, loc, CmpIPredicate::eq, id, point.back());
        Value one = real(1), zero = real(0);
        return select(here, one, zero);
      })
      .Case<seq::NonzeroOp>([&](seq::NonzeroOp nonzero) -> Value {
        Value id = load(nonzero.getIds(), ArrayRef<Value>(point).drop_back()), zero = real(0), one = real(1);
        Value none = arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(0));
        return select(CmpIOp::create(builder, loc, CmpIPredicate::ne, id, none), one, zero);
      })
      .Case<seq::RandomMaskOp>([&](seq::RandomMaskOp m) { return randomMask(m); })
      .Case<seq::ReverseOp>([&](seq::ReverseOp reverse) -> Value {
        Point at(point);
        Value last = index(domain.getDimSize(1) - 1);
        at[1] = SubIOp::create(builder, loc, last, point[1]);
        return load(reverse.getInput(), at);
      })
      .Case<seq::ConcatOp>([&](seq::ConcatOp c) { return concat(c); })
      .Case<seq::ReshapeOp>([&](seq::ReshapeOp r) { return reshape(r); })
      .Case<seq::MaxPool1dOp>([&](seq::MaxPool1dOp p) { return pool(p); })
      .Case<seq::MaxPool1dAdjointOp>([&](seq::MaxPool1dAdjointOp p) { return poolAdjoint(p); })
      .Case<seq::AveragePool1dOp>([&](seq::AveragePool1dOp p) { return average(p); })
      .Case<seq::AveragePool1dAdjointOp>([&](seq::AveragePool1dAdjointOp p) { return averageAdjoint(p); })
      .Default([&](Operation *other) -> Value {
        other->emitOpError("has no kernel: it is not known to the outliner");
        return {};
      });
}

Value Expressions::concat(seq::ConcatOp op) {
  // Each part is read at a clamped place, and the one that the column is in is chosen.
  Value column = point.back(), chosen;
  int64_t begin = 0;
  for (Value part : op.getParts()) {
    int64_t width = cast<RankedTensorType>(part.getType()).getShape().back();
    Point at(point);
    at.back() = clampIndex(addIndex(column, -begin), 0, width - 1);
    Value value = load(part, at);
    Value first = index(begin);
    chosen = chosen ? arith::SelectOp::create(builder, loc, less(column, first), chosen, value).getResult()
                    : value;
    begin += width;
  }
  return chosen;
}

Value Expressions::reshape(seq::ReshapeOp op) {
  auto from = cast<RankedTensorType>(op.getInput().getType());
  int64_t first = hasBatch(domain) ? 1 : 0;
  Value linear = index(0);
  for (int64_t axis = first; axis < domain.getRank(); ++axis) {
    Value extent = index(domain.getDimSize(axis));
    Value scaled = arith::MulIOp::create(builder, loc, linear, extent);
    linear = add(scaled, point[axis]);
  }
  Point at(from.getRank());
  if (first)
    at[0] = point[0];
  // Columns are rounded up to whole vectors: behind the last of them another step would follow, and there is none.
  for (int64_t axis = from.getRank(); axis-- > first;) {
    Value extent = index(from.getDimSize(axis));
    at[axis] = axis == first ? clampIndex(linear, 0, from.getDimSize(axis) - 1)
                             : arith::RemUIOp::create(builder, loc, linear, extent).getResult();
    linear = arith::DivUIOp::create(builder, loc, linear, extent);
  }
  return load(op.getInput(), at);
}

Value Expressions::pool(seq::MaxPool1dOp op) {
  int64_t steps = cast<RankedTensorType>(op.getInput().getType()).getDimSize(1);
  int64_t before = seq::windowGeometry(steps, op.getPool(), op.getStrides(), 1, op.getPadding()).before;
  Value stride = index(op.getStrides());
  Value start = addIndex(arith::MulIOp::create(builder, loc, point[1], stride), -before);
  Value largest;
  for (int64_t w = 0; w < int64_t(op.getPool()); ++w) {
    // Clamped, a place outside repeats one inside: the maximum stays what it is.
    Point at(point);
    at[1] = addIndex(start, w);
    if (op.getPadding() != seq::Padding::Valid)
      at[1] = clampIndex(at[1], 0, steps - 1);
    Value value = load(op.getInput(), at);
    largest = largest ? arith::MaximumFOp::create(builder, loc, largest, value).getResult() : value;
  }
  return largest;
}

Value Expressions::poolAdjoint(seq::MaxPool1dAdjointOp op) {
  auto in = cast<RankedTensorType>(op.getInput().getType());
  int64_t steps = in.getDimSize(1), windows = cast<RankedTensorType>(op.getOutput().getType()).getDimSize(1);
  int64_t strides = op.getStrides(), pool = op.getPool();
  int64_t before = seq::windowGeometry(steps, pool, strides, 1, op.getPadding()).before;
  Value sum, zero = real(0), here = load(op.getInput(), point);
  // Step t is place t + before - window * strides of a window.
  Value position = addIndex(point[1], before), stride = index(strides);
  Value last = arith::DivUIOp::create(builder, loc, position, stride);
  for (int64_t back = 0; back < windowsOverStep(op); ++back) {
    Value window = addIndex(last, -back);
    Value begins = arith::MulIOp::create(builder, loc, window, stride);
    Value place = arith::SubIOp::create(builder, loc, position, begins);
    // Some step may be in no window, or in fewer than others.
    Value counts = inRange(window, 0, windows);
    if (pool % strides)
      counts = arith::AndIOp::create(builder, loc, counts, less(place, index(pool)));
    Point of(point);
    of[1] = clampIndex(window, 0, windows - 1);
    Value isLargest = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, here,
                                            load(op.getOutput(), of));
    // What depends on the step alone first: it is the same for all columns and rows.
    Value flows = arith::SelectOp::create(builder, loc, counts, load(op.getAdjoint(), of), zero);
    flows = arith::SelectOp::create(builder, loc, isLargest, flows, zero);
    // The first of those that are as large.
    for (int64_t earlier = 0; earlier + 1 < pool; ++earlier) {
      Point at(point);
      at[1] = addIndex(begins, earlier - before);
      Value inside = inRange(at[1], 0, steps);
      Value comesFirst = arith::AndIOp::create(builder, loc, inside, less(index(earlier), place));
      at[1] = clampIndex(at[1], 0, steps - 1);
      Value equal = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, here, load(op.getInput(), at));
      Value taken = arith::AndIOp::create(builder, loc, comesFirst, equal);
      flows = arith::SelectOp::create(builder, loc, taken, zero, flows);
    }
    sum = sum ? arith::AddFOp::create(builder, loc, sum, flows).getResult() : flows;
  }
  return sum;
}

//===- SeqGradients.cpp - One rule an op: the equations of SPEC.md -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each rule is the adjoint of one equation: from dy, what flows to the result,
// it builds what flows to each operand. Adjoints that turn out to be unused are
// dead code, so no rule asks which operands need one.
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/Seq.h"

#include "mlir/IR/Builders.h"

#include <numeric>

using namespace mlir;
using namespace weft::seq;

namespace {
using Adjoints = SmallVector<Value>;

/// The primitives a rule is written in, at the place of the builder.
struct Rule {
  OpBuilder &builder;
  Location loc;

  Rule(OpBuilder &builder, Operation *op) : builder(builder), loc(op->getLoc()) {}

  Value scalar(double value) const { return splat(value, {}); }
  Value splat(double value, ArrayRef<int64_t> shape) const {
    auto type = RankedTensorType::get(shape, builder.getF32Type());
    return ConstantOp::create(builder, loc, DenseElementsAttr::get(type, static_cast<float>(value)));
  }
  template <typename OpTy> Value binary(Value lhs, Value rhs) const {
    return OpTy::create(builder, loc, lhs, rhs);
  }
  template <typename OpTy> Value unary(Value input) const {
    return OpTy::create(builder, loc, input.getType(), input);
  }
  Value add(Value lhs, Value rhs) const { return binary<AddOp>(lhs, rhs); }
  Value sub(Value lhs, Value rhs) const { return binary<SubOp>(lhs, rhs); }
  Value mul(Value lhs, Value rhs) const { return binary<MulOp>(lhs, rhs); }
  Value div(Value lhs, Value rhs) const { return binary<DivOp>(lhs, rhs); }
  Value greater(Value lhs, Value rhs) const { return binary<GreaterOp>(lhs, rhs); }
  Value negate(Value input) const { return unary<NegateOp>(input); }
  Value select(Value condition, Value onTrue, Value onFalse) const {
    Type type = broadcastType(broadcastType(condition.getType(), onTrue.getType()), onFalse.getType());
    return SelectOp::create(builder, loc, type, condition, onTrue, onFalse);
  }
  /// The adjoint of the broadcast that made a value of `like`'s shape into `value`.
  Value sumTo(Value value, Value like) const {
    if (value.getType() == like.getType())
      return value;
    return SumToOp::create(builder, loc, like.getType(), value);
  }
  /// `value` repeated to the shape of `like`, whose rank is no smaller.
  Value broadcastTo(Value value, Value like) const {
    auto type = cast<RankedTensorType>(like.getType());
    bool batched = type.getRank() > 0 && type.isDynamicDim(0);
    Value zeros = splat(0.0, type.getShape().drop_front(batched));
    if (batched)
      zeros = BroadcastRowsOp::create(builder, loc, type, zeros, like);
    return add(zeros, value);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

// y = -x: dx = -dy
Adjoints NegateOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {Rule(builder, *this).negate(adjoints[0])};
}

// y = e^x: dx = dy y
Adjoints ExpOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {Rule(builder, *this).mul(adjoints[0], getResult())};
}

// y = log x: dx = dy / x
Adjoints LogOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {Rule(builder, *this).div(adjoints[0], getInput())};
}

// y = sqrt x: dx = dy / (2 y)
Adjoints SqrtOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value half = rule.mul(adjoints[0], rule.scalar(0.5));
  return {rule.div(half, getResult())};
}

// y = |x|: dx = dy sign x
Adjoints AbsOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  return {rule.mul(adjoints[0], rule.unary<SignOp>(getInput()))};
}

// Constant between its jumps.
Adjoints SignOp::buildAdjoints(OpBuilder &, ValueRange) { return {Value()}; }

// y = tanh x: dx = dy (1 - y y)
Adjoints TanhOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value square = rule.mul(getResult(), getResult());
  Value slope = rule.sub(rule.scalar(1.0), square);
  return {rule.mul(adjoints[0], slope)};
}

// y = sigmoid x: dx = dy y (1 - y)
Adjoints SigmoidOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value rest = rule.sub(rule.scalar(1.0), getResult());
  Value slope = rule.mul(getResult(), rest);
  return {rule.mul(adjoints[0], slope)};
}

// y = log(1 + e^x): dx = dy sigmoid x
Adjoints SoftplusOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  return {rule.mul(adjoints[0], rule.unary<SigmoidOp>(getInput()))};
}

//===----------------------------------------------------------------------===//
// Two operands, broadcast
//===----------------------------------------------------------------------===//

// y = a + b: da = dy, db = dy
Adjoints AddOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value lhs = rule.sumTo(adjoints[0], getLhs());
  Value rhs = rule.sumTo(adjoints[0], getRhs());
  return {lhs, rhs};
}

// y = a - b: da = dy, db = -dy
Adjoints SubOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value lhs = rule.sumTo(adjoints[0], getLhs());
  Value rhs = rule.negate(rule.sumTo(adjoints[0], getRhs()));
  return {lhs, rhs};
}

// y = a b: da = dy b, db = dy a
Adjoints MulOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value lhs = rule.sumTo(rule.mul(adjoints[0], getRhs()), getLhs());
  Value rhs = rule.sumTo(rule.mul(adjoints[0], getLhs()), getRhs());
  return {lhs, rhs};
}

// y = a / b: da = dy / b, db = -dy y / b
Adjoints DivOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value quotient = rule.div(adjoints[0], getRhs());
  Value lhs = rule.sumTo(quotient, getLhs());
  Value rhs = rule.negate(rule.sumTo(rule.mul(quotient, getResult()), getRhs()));
  return {lhs, rhs};
}

// y = a ^ b: da = dy b a^(b - 1), db = dy y log a, and 0 where a is not positive
Adjoints PowOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Value lowered = rule.sub(getRhs(), rule.scalar(1.0));
  Value power = rule.binary<PowOp>(getLhs(), lowered);
  Value slope = rule.mul(getRhs(), power);
  Value lhs = rule.sumTo(rule.mul(adjoints[0], slope), getLhs());
  Value zero = rule.scalar(0.0), one = rule.scalar(1.0);
  Value positive = rule.greater(getLhs(), zero);
  Value base = rule.select(positive, getLhs(), one);
  Value grown = rule.mul(getResult(), rule.unary<LogOp>(base));
  Value rhs = rule.sumTo(rule.mul(adjoints[0], grown), getRhs());
  return {lhs, rhs};
}

/// dy flows to `lhs` where `first` is not 0, else to `rhs`.
static Adjoints chooseAdjoints(const Rule &rule, Value first, Value adjoint, Value lhs, Value rhs) {
  Value zero = rule.scalar(0.0);
  Value toLhs = rule.sumTo(rule.select(first, adjoint, zero), lhs);
  Value toRhs = rule.sumTo(rule.select(first, zero, adjoint), rhs);
  return {toLhs, toRhs};
}

// y = max(a, b): da = dy where a > b, db = dy elsewhere. There y > b says the same
// as a > b, and leaves a, which is often not needed otherwise, alone.
Adjoints MaximumOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  return chooseAdjoints(rule, rule.greater(getResult(), getRhs()), adjoints[0], getLhs(), getRhs());
}

// y = min(a, b): da = dy where a < b, db = dy elsewhere
Adjoints MinimumOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  return chooseAdjoints(rule, rule.greater(getRhs(), getResult()), adjoints[0], getLhs(), getRhs());
}

// Constant between their jumps.
Adjoints GreaterOp::buildAdjoints(OpBuilder &, ValueRange) { return {Value(), Value()}; }
Adjoints EqualOp::buildAdjoints(OpBuilder &, ValueRange) { return {Value(), Value()}; }

// y = c ? a : b: da = dy where c is not 0, db = dy elsewhere
Adjoints SelectOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  Adjoints chosen = chooseAdjoints(rule, getCondition(), adjoints[0], getOnTrue(), getOnFalse());
  return {Value(), chosen[0], chosen[1]};
}

//===----------------------------------------------------------------------===//
// Across elements
//===----------------------------------------------------------------------===//

// y = a repeated for each row: da = the sum of dy over rows
Adjoints BroadcastRowsOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {Rule(builder, *this).sumTo(adjoints[0], getInput()), Value()};
}

// y = a B: da = dy B^T, dB = a^T dy
// y = a B^T: da = dy B, dB = dy^T a
Adjoints MatmulOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Location loc = getLoc();
  Value dy = adjoints[0];
  bool transposed = getTransposeB();
  Value lhs = MatmulOp::create(builder, loc, getLhs().getType(), dy, getRhs(), /*transpose_b=*/!transposed);
  Value rhs = transposed ? ContractOp::create(builder, loc, getRhs().getType(), dy, getLhs())
                         : ContractOp::create(builder, loc, getRhs().getType(), getLhs(), dy);
  return {lhs, rhs};
}

// Y = a^T b: da = b dY^T, db = a dY
Adjoints ContractOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Location loc = getLoc();
  Value lhs = MatmulOp::create(builder, loc, getLhs().getType(), getRhs(), adjoints[0], /*transpose_b=*/true);
  Value rhs =
      MatmulOp::create(builder, loc, getRhs().getType(), getLhs(), adjoints[0], /*transpose_b=*/false);
  return {lhs, rhs};
}

// y = the sum over repeated axes: dx = dy repeated
Adjoints SumToOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {Rule(builder, *this).broadcastTo(adjoints[0], getInput())};
}

// y = sum of n: dx = dy; mean: dx = dy / n; largest: dx = dy shared by those equal to y
Adjoints ReduceOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Rule rule(builder, *this);
  int64_t extent = cast<RankedTensorType>(getInput().getType()).getShape().back();
  Value ones = rule.splat(1.0, {extent});
  switch (getKind()) {
  case Reduction::Sum:
    return {rule.mul(adjoints[0], ones)};
  case Reduction::Mean: {
    // A division: an extent is exact in 32 bits, its reciprocal most often not.
    Value share = rule.div(adjoints[0], rule.scalar(static_cast<double>(extent)));
    return {rule.mul(share, ones)};
  }
  case Reduction::Max: {
    Value equal = rule.binary<EqualOp>(getInput(), getResult());
    Value count = ReduceOp::create(builder, getLoc(), getResult().getType(), Reduction::Sum, equal);
    Value share = rule.div(adjoints[0], count);
    return {rule.mul(equal, share)};
  }
  }
  llvm_unreachable("a reduction without a rule");
}

// y_1, .. y_n = parts of x: dx = dy_1 .. dy_n side by side
Adjoints SplitOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {ConcatOp::create(builder, getLoc(), getInput().getType(), adjoints)};
}

// y = x_1 .. x_n side by side: dx_i = its part of dy
Adjoints ConcatOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  // Only equal parts can be split: cut dy as fine as the widths' common divisor
  // and join what belongs together.
  auto widthOf = [](Type type) { return cast<RankedTensorType>(type).getShape().back(); };
  int64_t unit = 0;
  for (Value part : getParts())
    unit = std::gcd(unit, widthOf(part.getType()));
  auto whole = cast<RankedTensorType>(getResult().getType());
  SmallVector<int64_t> shape(whole.getShape());
  shape.back() = unit;
  auto piece = RankedTensorType::get(shape, whole.getElementType());
  SmallVector<Type> types(widthOf(whole) / unit, piece);
  ValueRange pieces = SplitOp::create(builder, getLoc(), types, adjoints[0]).getParts();
  Adjoints answer;
  for (Value part : getParts()) {
    int64_t count = widthOf(part.getType()) / unit;
    ValueRange own = pieces.take_front(count);
    pieces = pieces.drop_front(count);
    answer.push_back(count == 1 ? own.front()
                                : ConcatOp::create(builder, getLoc(), part.getType(), own).getResult());
  }
  return answer;
}

// The same elements, where they came from.
Adjoints ReshapeOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {ReshapeOp::create(builder, getLoc(), getInput().getType(), adjoints[0])};
}

// y_t = x_(T-1-t): dx_t = dy_(T-1-t)
Adjoints ReverseOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {ReverseOp::create(builder, getLoc(), getInput().getType(), adjoints[0])};
}

// y = table[id]: dtable[id] = the sum of dy where id was read
Adjoints GatherOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {ScatterAddOp::create(builder, getLoc(), getTable().getType(), adjoints[0], getIds()), Value()};
}

// y_t = sum over k of x_(s t + d k - before) K_k (+ b):
// dx and dK by the two adjoint operations, db = the sum of dy over rows and steps
Adjoints Conv1dOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  Location loc = getLoc();
  Value dy = adjoints[0];
  Value input = Conv1dInputAdjointOp::create(builder, loc, getInput().getType(), dy, getKernel(),
                                             getStrides(), getPadding(), getDilation());
  Value kernel = Conv1dKernelAdjointOp::create(builder, loc, getKernel().getType(), getInput(), dy,
                                               /*active=*/Value(), getStrides(), getPadding(), getDilation());
  Adjoints answer{input, kernel};
  if (getBias())
    answer.push_back(Rule(builder, *this).sumTo(dy, getBias()));
  return answer;
}

// y = the largest of a window: dy goes to the first that is as large
Adjoints MaxPool1dOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {MaxPool1dAdjointOp::create(builder, getLoc(), getInput().getType(), getInput(), getResult(),
                                     adjoints[0], getPool(), getStrides(), getPadding())};
}

// y = the mean of a window: dy goes to its steps in equal shares
Adjoints AveragePool1dOp::buildAdjoints(OpBuilder &builder, ValueRange adjoints) {
  return {AveragePool1dAdjointOp::create(builder, getLoc(), getInput().getType(), adjoints[0], getPool(),
                                         getStrides(), getPadding())};
}

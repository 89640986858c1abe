//===- Algebra.cpp - Equations between primitives, as rewrites -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A rewrite is a function from an operation to the value in its place, or null.
// None knows where an expression comes from: a loss behind a sigmoid and the same
// equation written by hand are one.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Algebra.h"
#include "compiler/transforms/ScanUtils.h"

#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
using Builder = PatternRewriter &;

template <typename OpTy> struct Equation : OpRewritePattern<OpTy> {
  using Function = Value (*)(OpTy, Builder);
  Equation(MLIRContext *context, Function function) : OpRewritePattern<OpTy>(context), function(function) {}
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Value value = function(op, rewriter);
    // Where a broadcast is part of the operation, the rest is not the same.
    if (!value || value.getType() != op->getResult(0).getType())
      return failure();
    rewriter.replaceOp(op, value);
    return success();
  }
  Function function;
};

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

/// The one value of a constant.
std::optional<double> splatOf(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return std::nullopt;
  auto elements = dyn_cast<DenseFPElementsAttr>(constant.getValue());
  if (!elements || !elements.isSplat())
    return std::nullopt;
  return elements.getSplatValue<APFloat>().convertToDouble();
}
bool isSplat(Value value, double expected) { return splatOf(value) == expected; }

Value constant(Builder b, Location loc, Type type, double value) {
  auto tensor = cast<RankedTensorType>(type);
  return ConstantOp::create(b, loc, DenseElementsAttr::get(tensor, static_cast<float>(value)));
}
Value scalar(Builder b, Location loc, double value) {
  return constant(b, loc, RankedTensorType::get({}, b.getF32Type()), value);
}
template <typename OpTy> Value unary(Builder b, Location loc, Value input) {
  return OpTy::create(b, loc, input.getType(), input);
}
Value negate(Builder b, Location loc, Value input) { return unary<NegateOp>(b, loc, input); }
template <typename OpTy> Value binary(Builder b, Location loc, Value lhs, Value rhs) {
  return OpTy::create(b, loc, lhs, rhs);
}

/// The x of -x.
Value negated(Value value) {
  auto op = value.getDefiningOp<NegateOp>();
  return op ? op.getInput() : Value();
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

double evaluate(Operation *op, ArrayRef<double> x) {
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case([&](NegateOp) { return -x[0]; })
      .Case([&](ExpOp) { return std::exp(x[0]); })
      .Case([&](LogOp) { return std::log(x[0]); })
      .Case([&](SqrtOp) { return std::sqrt(x[0]); })
      .Case([&](AbsOp) { return std::fabs(x[0]); })
      .Case([&](SignOp) { return double((x[0] > 0) - (x[0] < 0)); })
      .Case([&](TanhOp) { return std::tanh(x[0]); })
      .Case([&](SigmoidOp) { return 1 / (1 + std::exp(-x[0])); })
      .Case([&](SoftplusOp) { return std::fmax(x[0], 0) + std::log1p(std::exp(-std::fabs(x[0]))); })
      .Case([&](AddOp) { return x[0] + x[1]; })
      .Case([&](SubOp) { return x[0] - x[1]; })
      .Case([&](MulOp) { return x[0] * x[1]; })
      .Case([&](DivOp) { return x[0] / x[1]; })
      .Case([&](PowOp) { return std::pow(x[0], x[1]); })
      .Case([&](MaximumOp) { return x[0] > x[1] ? x[0] : x[1]; })
      .Case([&](MinimumOp) { return x[0] < x[1] ? x[0] : x[1]; })
      .Case([&](GreaterOp) { return double(x[0] > x[1]); })
      .Case([&](EqualOp) { return double(x[0] == x[1]); })
      .Case([&](SelectOp) { return x[0] != 0 ? x[1] : x[2]; })
      .Default([](Operation *) { return std::nan(""); });
}

/// An elementwise operation on constants of one value each.
struct FoldConstants : OpInterfaceRewritePattern<ElementwiseOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOpInterface op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (!type.hasStaticShape())
      return failure();
    SmallVector<double> values;
    for (Value operand : op->getOperands()) {
      std::optional<double> value = splatOf(operand);
      if (!value)
        return failure();
      values.push_back(*value);
    }
    double value = evaluate(op, values);
    // What is not a number stays visible as the operation that made it.
    if (!std::isfinite(static_cast<float>(value)))
      return failure();
    rewriter.replaceOp(op, constant(rewriter, op->getLoc(), type, value));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Broadcasts
//===----------------------------------------------------------------------===//

/// What `value` repeats, if it does nothing else.
Value repeated(Value value, Builder b) {
  if (auto rows = value.getDefiningOp<BroadcastRowsOp>())
    return rows.getInput();
  if (auto mul = value.getDefiningOp<MulOp>(); mul && mul.getLhs().getType() != mul.getType())
    return isSplat(mul.getRhs(), 1.0) ? mul.getLhs() : Value();
  if (auto add = value.getDefiningOp<AddOp>(); add && add.getLhs().getType() != add.getType())
    return isSplat(add.getRhs(), 0.0) ? add.getLhs() : Value();
  std::optional<double> splat = splatOf(value);
  if (splat && cast<RankedTensorType>(value.getType()).getRank() > 0)
    return scalar(b, value.getLoc(), *splat);
  return {};
}

/// An elementwise operation repeats its operands itself: as long as the others
/// give the result its shape, an operand need not be repeated before.
struct LeaveBroadcastToOperation : OpInterfaceRewritePattern<ElementwiseOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOpInterface op, PatternRewriter &rewriter) const override {
    if (op->getNumOperands() < 2)
      return failure();
    for (OpOperand &operand : op->getOpOperands()) {
      Type others = RankedTensorType::get({}, rewriter.getF32Type());
      for (OpOperand &other : op->getOpOperands())
        if (&other != &operand)
          others = broadcastType(others, other.get().getType());
      // The neutral operand that makes a broadcast is not itself at issue.
      if (others != op->getResult(0).getType())
        continue;
      Value source = repeated(operand.get(), rewriter);
      if (!source)
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(source); });
      return success();
    }
    return failure();
  }
};

/// f(repeated x) = repeated f(x)
struct BroadcastLast : OpInterfaceRewritePattern<ElementwiseOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ElementwiseOpInterface op, PatternRewriter &rewriter) const override {
    if (op->getNumOperands() != 1)
      return failure();
    auto rows = op->getOperand(0).getDefiningOp<BroadcastRowsOp>();
    if (!rows)
      return failure();
    Operation *copy = rewriter.clone(*op);
    copy->setOperand(0, rows.getInput());
    copy->getResult(0).setType(rows.getInput().getType());
    rewriter.replaceOpWithNewOp<BroadcastRowsOp>(op, op->getResult(0).getType(), copy->getResult(0),
                                                 rows.getLike());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Sums and products
//===----------------------------------------------------------------------===//

Value simplifyNegate(NegateOp op, Builder b) {
  if (Value x = negated(op.getInput()))
    return x;
  if (auto sub = op.getInput().getDefiningOp<SubOp>())
    return binary<SubOp>(b, op.getLoc(), sub.getRhs(), sub.getLhs());
  if (auto mul = op.getInput().getDefiningOp<MulOp>())
    if (auto factor = splatOf(mul.getRhs())) {
      Value opposite = constant(b, op.getLoc(), mul.getRhs().getType(), -*factor);
      return binary<MulOp>(b, op.getLoc(), mul.getLhs(), opposite);
    }
  return {};
}

Value simplifyAdd(AddOp op, Builder b) {
  Value x = op.getLhs(), y = op.getRhs();
  if (isSplat(y, 0.0))
    return x;
  if (splatOf(x) && !splatOf(y))
    return binary<AddOp>(b, op.getLoc(), y, x);
  Value minusX = negated(x), minusY = negated(y);
  if (minusX && minusY)
    return negate(b, op.getLoc(), binary<AddOp>(b, op.getLoc(), minusX, minusY));
  if (minusY)
    return binary<SubOp>(b, op.getLoc(), x, minusY);
  if (minusX)
    return binary<SubOp>(b, op.getLoc(), y, minusX);
  return {};
}

Value simplifySub(SubOp op, Builder b) {
  Value x = op.getLhs(), y = op.getRhs();
  if (isSplat(y, 0.0))
    return x;
  if (isSplat(x, 0.0))
    return negate(b, op.getLoc(), y);
  if (Value minusY = negated(y))
    return binary<AddOp>(b, op.getLoc(), x, minusY);
  if (Value minusX = negated(x))
    return negate(b, op.getLoc(), binary<AddOp>(b, op.getLoc(), minusX, y));
  return {};
}

Value simplifyMul(MulOp op, Builder b) {
  Value x = op.getLhs(), y = op.getRhs();
  if (isSplat(y, 1.0))
    return x;
  if (isSplat(y, -1.0))
    return negate(b, op.getLoc(), x);
  if (splatOf(x) && !splatOf(y))
    return binary<MulOp>(b, op.getLoc(), y, x);
  Value minusX = negated(x), minusY = negated(y);
  if (minusX && minusY)
    return binary<MulOp>(b, op.getLoc(), minusX, minusY);
  if (minusX && !splatOf(y))
    return negate(b, op.getLoc(), binary<MulOp>(b, op.getLoc(), minusX, y));
  if (minusY)
    return negate(b, op.getLoc(), binary<MulOp>(b, op.getLoc(), x, minusY));
  // (-x) c = x (-c) and (x c) d = x (c d)
  std::optional<double> factor = splatOf(y);
  if (minusX && factor)
    return binary<MulOp>(b, op.getLoc(), minusX, constant(b, op.getLoc(), y.getType(), -*factor));
  if (auto inner = x.getDefiningOp<MulOp>(); inner && factor && inner.getType() == inner.getLhs().getType())
    if (auto first = splatOf(inner.getRhs()))
      return binary<MulOp>(b, op.getLoc(), inner.getLhs(),
                           constant(b, op.getLoc(), y.getType(), *first * *factor));
  return {};
}

Value simplifyDiv(DivOp op, Builder b) {
  Value x = op.getLhs(), y = op.getRhs();
  if (isSplat(y, 1.0))
    return x;
  Value minusX = negated(x), minusY = negated(y);
  if (minusX && minusY)
    return binary<DivOp>(b, op.getLoc(), minusX, minusY);
  if (minusX)
    return negate(b, op.getLoc(), binary<DivOp>(b, op.getLoc(), minusX, y));
  if (minusY)
    return negate(b, op.getLoc(), binary<DivOp>(b, op.getLoc(), x, minusY));
  return {};
}

Value simplifyPow(PowOp op, Builder b) {
  std::optional<double> power = splatOf(op.getRhs());
  Value x = op.getLhs();
  if (!power || x.getType() != op.getType())
    return {};
  Location loc = op.getLoc();
  auto isWhole = [&](double value) { return *power == value; };
  if (isWhole(1))
    return x;
  if (isWhole(0.5))
    return unary<SqrtOp>(b, loc, x);
  if (isWhole(-1))
    return binary<DivOp>(b, loc, scalar(b, loc, 1.0), x);
  if (isWhole(2))
    return binary<MulOp>(b, loc, x, x);
  if (isWhole(3) || isWhole(4)) {
    Value square = binary<MulOp>(b, loc, x, x);
    return binary<MulOp>(b, loc, square, isWhole(3) ? x : square);
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Logarithms
//===----------------------------------------------------------------------===//

/// log(value) without taking it, where that is simpler: nothing overflows that
/// did not have to, and what was rounded to 0 or 1 is not rounded first.
Value knownLog(Value value, Location loc, Builder b) {
  if (auto exp = value.getDefiningOp<ExpOp>())
    return exp.getInput();
  // log sigmoid z = -softplus(-z)
  if (auto sigmoid = value.getDefiningOp<SigmoidOp>()) {
    Value minus = negate(b, loc, sigmoid.getInput());
    return negate(b, loc, unary<SoftplusOp>(b, loc, minus));
  }
  // log(1 - sigmoid z) = -softplus z
  if (auto sub = value.getDefiningOp<SubOp>(); sub && isSplat(sub.getLhs(), 1.0))
    if (auto sigmoid = sub.getRhs().getDefiningOp<SigmoidOp>(); sigmoid && sub.getType() == sigmoid.getType())
      return negate(b, loc, unary<SoftplusOp>(b, loc, sigmoid.getInput()));
  return {};
}

Value simplifyLog(LogOp op, Builder b) {
  Location loc = op.getLoc();
  if (Value known = knownLog(op.getInput(), loc, b))
    return known;
  Value x, y;
  auto div = op.getInput().getDefiningOp<DivOp>();
  if (div)
    std::tie(x, y) = std::make_pair(div.getLhs(), div.getRhs());
  else if (auto mul = op.getInput().getDefiningOp<MulOp>())
    std::tie(x, y) = std::make_pair(mul.getLhs(), mul.getRhs());
  else
    return {};
  Value logX = knownLog(x, loc, b), logY = knownLog(y, loc, b);
  if (!logX && !logY)
    return {};
  if (!logX)
    logX = unary<LogOp>(b, loc, x);
  if (!logY)
    logY = unary<LogOp>(b, loc, y);
  return div ? binary<SubOp>(b, loc, logX, logY) : binary<AddOp>(b, loc, logX, logY);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value simplifyReduce(ReduceOp op, Builder b) {
  if (op.getInput().getType() == op.getType())
    return op.getInput();
  if (Value x = negated(op.getInput()); x && op.getKind() != Reduction::Max)
    return negate(b, op.getLoc(), ReduceOp::create(b, op.getLoc(), op.getType(), op.getKind(), x));
  return {};
}

Value simplifySumTo(SumToOp op, Builder b) {
  if (op.getInput().getType() == op.getType())
    return op.getInput();
  if (auto inner = op.getInput().getDefiningOp<SumToOp>(); inner && !op.getActive())
    return SumToOp::create(b, op.getLoc(), op.getType(), inner.getInput(), inner.getActive());
  return {};
}

Value simplifyReshape(ReshapeOp op, Builder b) {
  if (op.getInput().getType() == op.getType())
    return op.getInput();
  if (auto inner = op.getInput().getDefiningOp<ReshapeOp>())
    return ReshapeOp::create(b, op.getLoc(), op.getType(), inner.getInput());
  return {};
}

Value simplifyReverse(ReverseOp op, Builder) {
  auto inner = op.getInput().getDefiningOp<ReverseOp>();
  return inner ? inner.getInput() : Value();
}

Value simplifyConcat(ConcatOp op, Builder) {
  if (op.getParts().size() == 1)
    return op.getParts().front();
  auto split = op.getParts().empty() ? SplitOp() : op.getParts().front().getDefiningOp<SplitOp>();
  return split && llvm::equal(op.getParts(), split.getParts()) ? split.getInput() : Value();
}

struct SimplifySplit : OpRewritePattern<SplitOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SplitOp op, PatternRewriter &rewriter) const override {
    if (op.getParts().size() == 1) {
      rewriter.replaceOp(op, op.getInput());
      return success();
    }
    auto concat = op.getInput().getDefiningOp<ConcatOp>();
    if (!concat || concat.getParts().getTypes() != op.getParts().getTypes())
      return failure();
    rewriter.replaceOp(op, concat.getParts());
    return success();
  }
};
} // namespace

void weft::populateAlgebra(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<FoldConstants, LeaveBroadcastToOperation, BroadcastLast, SimplifySplit>(context);
  patterns.add<Equation<NegateOp>>(context, simplifyNegate);
  patterns.add<Equation<AddOp>>(context, simplifyAdd);
  patterns.add<Equation<SubOp>>(context, simplifySub);
  patterns.add<Equation<MulOp>>(context, simplifyMul);
  patterns.add<Equation<DivOp>>(context, simplifyDiv);
  patterns.add<Equation<PowOp>>(context, simplifyPow);
  patterns.add<Equation<LogOp>>(context, simplifyLog);
  patterns.add<Equation<ReduceOp>>(context, simplifyReduce);
  patterns.add<Equation<SumToOp>>(context, simplifySumTo);
  patterns.add<Equation<ReshapeOp>>(context, simplifyReshape);
  patterns.add<Equation<ReverseOp>>(context, simplifyReverse);
  patterns.add<Equation<ConcatOp>>(context, simplifyConcat);
}

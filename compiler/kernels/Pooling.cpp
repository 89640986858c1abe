//===- Pooling.cpp - Averages, and windows of many steps -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A short window is an expression with a term a step, which fuses with what is
// around it. A long one (a global pooling has as many steps as the sequence) is
// a reduction: a loop in the kernel, so that its code does not grow with it.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/KernelBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

static int64_t stepsOf(Value sequence) { return cast<RankedTensorType>(sequence.getType()).getDimSize(1); }

/// Steps in front of the sequence that the first window has.
template <typename OpTy> static int64_t stepsBefore(OpTy pool, int64_t steps) {
  return seq::windowGeometry(steps, pool.getPool(), pool.getStrides(), /*dilation=*/1, pool.getPadding())
      .before;
}

/// An index as f32, exact below 2^24 steps, and back.
static Value realOf(Expressions &e, Value index) {
  Value number = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getI32Type(), index);
  return arith::SIToFPOp::create(e.builder, e.loc, e.builder.getF32Type(), number);
}
static Value indexOf(Expressions &e, Value real) {
  Value number = arith::FPToSIOp::create(e.builder, e.loc, e.builder.getI32Type(), real);
  return arith::IndexCastOp::create(e.builder, e.loc, e.builder.getIndexType(), number);
}

/// The first step of window number `window`.
static Value startOf(Expressions &e, Value window, int64_t strides, int64_t before) {
  Value stride = e.index(strides);
  return e.addIndex(arith::MulIOp::create(e.builder, e.loc, window, stride), -before);
}

//===----------------------------------------------------------------------===//
// Averages
//===----------------------------------------------------------------------===//

Value Expressions::averaged(seq::AveragePool1dOp op, Value w) {
  int64_t steps = stepsOf(op.getInput());
  Point at(point);
  at[1] = add(startOf(*this, point[1], op.getStrides(), stepsBefore(op, steps)), w);
  if (op.getPadding() == seq::Padding::Valid)
    return load(op.getInput(), at);
  Value inside = inRange(at[1], 0, steps);
  at[1] = clampIndex(at[1], 0, steps - 1);
  Value value = load(op.getInput(), at), zero = real(0);
  return arith::SelectOp::create(builder, loc, inside, value, zero);
}

Value Expressions::stepsInWindow(int64_t steps, int64_t pool, int64_t strides, seq::Padding padding,
                                 Value window) {
  if (padding == seq::Padding::Valid)
    return real(double(pool));
  int64_t before = seq::windowGeometry(steps, pool, strides, /*dilation=*/1, padding).before;
  Value start = startOf(*this, window, strides, before);
  Value first = clampIndex(start, 0, steps), end = clampIndex(addIndex(start, pool), 0, steps);
  return realOf(*this, arith::SubIOp::create(builder, loc, end, first));
}

Value Expressions::average(seq::AveragePool1dOp op) {
  Value sum;
  for (int64_t w = 0; w < int64_t(op.getPool()); ++w) {
    Value value = averaged(op, index(w));
    sum = sum ? arith::AddFOp::create(builder, loc, sum, value).getResult() : value;
  }
  Value count =
      stepsInWindow(stepsOf(op.getInput()), op.getPool(), op.getStrides(), op.getPadding(), point[1]);
  return arith::DivFOp::create(builder, loc, sum, count);
}

Value Expressions::averageShare(seq::AveragePool1dAdjointOp op, Value back) {
  int64_t steps = stepsOf(op.getResult()), windows = stepsOf(op.getAdjoint());
  int64_t strides = op.getStrides(), pool = op.getPool();
  // Step u is place u + before - window * strides of a window.
  Value position = addIndex(point[1], stepsBefore(op, steps)), stride = index(strides);
  Value last = arith::DivUIOp::create(builder, loc, position, stride);
  Value window = arith::SubIOp::create(builder, loc, last, back);
  Value begins = arith::MulIOp::create(builder, loc, window, stride);
  Value place = arith::SubIOp::create(builder, loc, position, begins);
  Value exists = inRange(window, 0, windows), reaches = less(place, index(pool));
  Value counts = arith::AndIOp::create(builder, loc, exists, reaches);
  Point at(point);
  at[1] = clampIndex(window, 0, windows - 1);
  Value adjoint = load(op.getAdjoint(), at);
  Value count = stepsInWindow(steps, pool, strides, op.getPadding(), at[1]);
  Value share = arith::DivFOp::create(builder, loc, adjoint, count), zero = real(0);
  return arith::SelectOp::create(builder, loc, counts, share, zero);
}

Value Expressions::averageAdjoint(seq::AveragePool1dAdjointOp op) {
  Value sum;
  for (int64_t back = 0; back < windowsOverStep(op); ++back) {
    Value share = averageShare(op, index(back));
    sum = sum ? arith::AddFOp::create(builder, loc, sum, share).getResult() : share;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Long windows
//===----------------------------------------------------------------------===//

/// The largest or the mean of a window, and the adjoint of the mean: a loop over
/// the steps of a window, or over the windows of a step.
BuiltKernel KernelBuilder::longPool(Operation *op) {
  auto max = dyn_cast<seq::MaxPool1dOp>(op);
  auto mean = dyn_cast<seq::AveragePool1dOp>(op);
  auto adjoint = dyn_cast<seq::AveragePool1dAdjointOp>(op);
  auto domain = cast<RankedTensorType>(op->getResult(0).getType());
  Body body(*this, op->getLoc(), domain, internalLayout(domain));
  body.func("sum", body.vars, 1, [&](Expressions &e, ValueRange) -> SmallVector<Value> {
    return {e.real(max ? -std::numeric_limits<float>::infinity() : 0.0f)};
  });
  int64_t extent = adjoint ? windowsOverStep(adjoint) : max ? max.getPool() : mean.getPool();
  body.update("sum", body.vars, {body.range("w", extent)},
              [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
                Value before = body.at(e, "sum", arguments.drop_back()), w = arguments.back();
                if (max) {
                  // Clamped, a place outside repeats one inside: the maximum stays what it is.
                  int64_t steps = stepsOf(max.getInput());
                  Point at(e.point);
                  at[1] = e.add(startOf(e, e.point[1], max.getStrides(), stepsBefore(max, steps)), w);
                  if (max.getPadding() != seq::Padding::Valid)
                    at[1] = e.clampIndex(at[1], 0, steps - 1);
                  Value value = e.load(max.getInput(), at);
                  return {arith::MaximumFOp::create(e.builder, e.loc, before, value)};
                }
                Value next = mean ? e.averaged(mean, w) : e.averageShare(adjoint, w);
                return {arith::AddFOp::create(e.builder, e.loc, before, next)};
              });
  body.func("out", body.vars, 1, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Value sum = body.at(e, "sum", arguments);
    if (!mean)
      return {sum};
    Value count = e.stepsInWindow(stepsOf(mean.getInput()), mean.getPool(), mean.getStrides(),
                                  mean.getPadding(), e.point[1]);
    return {arith::DivFOp::create(e.builder, e.loc, sum, count)};
  });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  schedule.windowReduction(body.vars);
  return body.finish("pool", schedule.schedule);
}

/// Window by window: where its first largest step is, then its adjoint to that step.
BuiltKernel KernelBuilder::longMaxPoolAdjoint(seq::MaxPool1dAdjointOp op) {
  auto domain = cast<RankedTensorType>(op.getType());
  int64_t steps = domain.getDimSize(1), windows = stepsOf(op.getOutput());
  Body body(*this, op.getLoc(), domain, internalLayout(domain));
  SmallVector<std::string> windowVars{"u", "r", "c"};
  body.func("first", windowVars, 1,
            [&](Expressions &e, ValueRange) -> SmallVector<Value> { return {e.real(double(steps))}; });
  body.update("first", windowVars, {body.range("w", op.getPool())},
              [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
                Value before = body.at(e, "first", arguments.drop_back());
                Point in(e.point), of(e.point);
                of[1] = arguments[2];
                in[1] = e.add(startOf(e, of[1], op.getStrides(), stepsBefore(op, steps)), arguments.back());
                // Clamped, a place outside stands for one that the window has.
                if (op.getPadding() != seq::Padding::Valid)
                  in[1] = e.clampIndex(in[1], 0, steps - 1);
                Value here = e.load(op.getInput(), in), most = e.load(op.getOutput(), of);
                Value isLargest =
                    arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OEQ, here, most);
                Value earlier = arith::MinimumFOp::create(e.builder, e.loc, before, realOf(e, in[1]));
                return {arith::SelectOp::create(e.builder, e.loc, isLargest, earlier, before)};
              });
  body.func("out", body.vars, 1,
            [](Expressions &e, ValueRange) -> SmallVector<Value> { return {e.real(0)}; });
  body.update("out", body.vars, {body.range("c", windows)},
              [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
                Value column = arguments[0], row = arguments[1], window = arguments.back();
                Value first = body.at(e, "first", {column, row, window});
                // There is always one, but among garbage rows.
                Value step = e.clampIndex(indexOf(e, first), 0, steps - 1);
                Value before = body.at(e, "out", {column, row, step});
                Value adjoint = e.load(op.getAdjoint(), {row, window, column});
                return {arith::AddFOp::create(e.builder, e.loc, before, adjoint), column, row, step};
              });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  schedule.windowScatter(body.vars);
  return body.finish("pool", schedule.schedule);
}

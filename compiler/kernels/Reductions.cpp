//===- Reductions.cpp - Kernels that sum over rows and steps, or along a row -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/CountedTables.h"
#include "compiler/kernels/KernelBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

/// Leaves out the rows that are not active at a step of `steps`.
static void whereActive(Expressions &e, Value active, Value row, Value step, int64_t steps) {
  Value count = e.load(active, {e.clampIndex(step, 0, steps - 1)});
  count = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getIndexType(), count);
  halide::WhereOp::create(e.builder, e.loc, e.less(row, count));
}

BuiltKernel KernelBuilder::activeRows(seq::ActiveRowsOp op) {
  auto domain = cast<RankedTensorType>(op.getResult().getType());
  Body body(*this, op.getLoc(), domain, internalLayout(domain));
  auto count = [](Expressions &e, int64_t value) -> Value {
    return arith::ConstantIntOp::create(e.builder, e.loc, value, 32);
  };
  body.func("out", body.vars, 1, [&](Expressions &e, ValueRange) -> SmallVector<Value> { return {count(e, 1)}; });
  body.update("out", body.vars, {body.rows(op.getStarts())}, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Value row = arguments.back(), before = body.at(e, "out", arguments.drop_back());
    // (start + add) floordiv divide <= t, without the division; the first row is counted already.
    Value start = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getIndexType(),
                                             e.load(op.getStarts(), {row, e.index(0)}));
    Value factor = e.index(op.getDivide());
    Value end = arith::MulIOp::create(e.builder, e.loc, e.addIndex(arguments[0], 1), factor);
    halide::WhereOp::create(e.builder, e.loc, e.less(e.index(0), row));
    Value begun = e.less(e.addIndex(start, op.getAdd()), end);
    Value one = arith::SelectOp::create(e.builder, e.loc, begun, count(e, 1), count(e, 0));
    return {arith::AddIOp::create(e.builder, e.loc, before, one)};
  });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  return body.finish("active", schedule.schedule);
}

/// Where the sum `op` is added to a state in place: says so, makes `out` what
/// stands in memory, and returns true.
bool KernelBuilder::accumulate(Operation *op, Body &body) {
  seq::AddOp add = accumulationOf(op);
  if (!add)
    return false;
  Value state = add.getLhs() == op->getResult(0) ? add.getRhs() : add.getLhs();
  body.kernel.setAccumulatesAttr(body.inputs[state]);
  body.func("out", body.vars, 1, [&](Expressions &e, ValueRange) -> SmallVector<Value> {
    return {halide::UndefOp::create(e.builder, e.loc, body.domain.getElementType())};
  });
  return true;
}

/// Contractions and the kernel adjoint of convolutions: a tile of sums in
/// registers over the rows and a chunk of steps, chunk after chunk.
BuiltKernel KernelBuilder::contraction(Operation *op) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  auto aType = cast<RankedTensorType>(a.getType()), bType = cast<RankedTensorType>(b.getType());
  auto domain = cast<RankedTensorType>(op->getResult(0).getType());
  auto conv = dyn_cast<seq::Conv1dKernelAdjointOp>(op);
  Value active = conv ? conv.getActive() : cast<seq::ContractOp>(op).getActive();
  bool hasSteps = bType.getRank() == 3;
  int64_t steps = hasSteps ? bType.getDimSize(1) : 1;
  int64_t chunk = stepsOfChunk(steps), chunks = (steps + chunk - 1) / chunk;
  Body body(*this, op->getLoc(), domain, internalLayout(domain));

  SmallVector<std::string> partVars(body.vars);
  if (chunks > 1)
    partVars.push_back("c");
  body.func("part", partVars, 1, [](Expressions &e, ValueRange) -> SmallVector<Value> { return {e.real(0)}; });
  SmallVector<halide::RangeAttr> ranges{body.rows(b)};
  if (hasSteps)
    ranges.push_back(body.range("t", chunk));
  body.update("part", partVars, ranges, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Value before = body.at(e, "part", arguments.take_front(partVars.size()));
    Value row = arguments[partVars.size()];
    Point atA{row}, atB{row};
    SmallVector<Value> conditions;
    if (hasSteps) {
      Value step = arguments[partVars.size() + 1];
      if (chunks > 1) {
        Value length = e.index(chunk);
        step = e.add(arith::MulIOp::create(e.builder, e.loc, arguments[partVars.size() - 1], length), step);
        if (steps % chunk)
          conditions.push_back(e.less(step, e.index(steps)));
      }
      atB.push_back(step);
      // The rows are the innermost loop, which then ends with the last active one.
      if (active)
        whereActive(e, active, row, step, steps);
      if (conv) {
        int64_t inSteps = aType.getDimSize(1);
        int64_t window = domain.getDimSize(0);
        int64_t first = seq::windowGeometry(inSteps, window, conv.getStrides(), conv.getDilation(),
                                            conv.getPadding())
                            .before;
        Value strides = e.index(conv.getStrides()), dilation = e.index(conv.getDilation());
        Value start = arith::MulIOp::create(e.builder, e.loc, step, strides);
        Value offset = arith::MulIOp::create(e.builder, e.loc, e.point[0], dilation);
        step = e.addIndex(e.add(start, offset), -first);
        if (conv.getPadding() != seq::Padding::Valid)
          conditions.push_back(e.inRange(step, 0, inSteps));
      }
      atA.push_back(step);
    }
    for (Value condition : conditions)
      halide::WhereOp::create(e.builder, e.loc, condition);
    int64_t rank = domain.getRank();
    atA.push_back(e.point[rank - 2]);
    atB.push_back(e.point[rank - 1]);
    Value product = arith::MulFOp::create(e.builder, e.loc, e.load(a, atA), e.load(b, atB));
    return {arith::AddFOp::create(e.builder, e.loc, before, product)};
  });

  bool inPlace = accumulate(op, body);
  if (inPlace) {
    body.update("out", body.vars, {}, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
      Value before = body.at(e, "out", arguments), part = body.at(e, "part", arguments);
      return {arith::AddFOp::create(e.builder, e.loc, before, part)};
    });
  } else if (chunks > 1) {
    body.func("out", body.vars, 1, [](Expressions &e, ValueRange) -> SmallVector<Value> { return {e.real(0)}; });
    body.update("out", body.vars, {body.range("c", chunks)},
                [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
                  Value before = body.at(e, "out", arguments.drop_back());
                  Value part = body.at(e, "part", arguments);
                  return {arith::AddFOp::create(e.builder, e.loc, before, part)};
                });
  } else {
    body.func("out", body.vars, 1, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
      return {body.at(e, "part", arguments)};
    });
  }
  body.output(1);

  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  SmallVector<Panels, 2> panels =
      choosePanels(domain.getDimSize(domain.getRank() - 2), domain.getShape().back(), target);
  ContractionLoops loops = inPlace      ? ContractionLoops::InPlace
                           : chunks > 1 ? ContractionLoops::Chunks
                                        : ContractionLoops::Once;
  schedule.contraction(body.vars, panels, loops, hasSteps, target);
  return body.finish("contract", schedule.schedule);
}

BuiltKernel KernelBuilder::sumTo(seq::SumToOp op) {
  Value input = op.getInput();
  auto from = cast<RankedTensorType>(input.getType());
  auto domain = cast<RankedTensorType>(op.getResult().getType());
  Body body(*this, op.getLoc(), domain, internalLayout(domain));
  int64_t missing = from.getRank() - domain.getRank();
  auto isSummed = [&](int64_t axis) {
    return axis < missing || (domain.getDimSize(axis - missing) == 1 && from.getDimSize(axis) != 1);
  };
  SmallVector<halide::RangeAttr> ranges;
  SmallVector<int64_t> summed;
  for (int64_t axis = from.getRank(); axis-- > 0;) {
    if (!isSummed(axis))
      continue;
    summed.push_back(axis);
    ranges.push_back(from.isDynamicDim(axis) ? body.rows(input)
                                             : body.range("s" + std::to_string(axis), from.getDimSize(axis)));
  }
  if (op.getActive() && summed.size() > 1 && summed.back() == 0) {
    // The rows innermost: their loop ends with the last active one.
    std::rotate(summed.begin(), summed.end() - 1, summed.end());
    std::rotate(ranges.begin(), ranges.end() - 1, ranges.end());
  }
  if (!accumulate(op, body))
    body.func("out", body.vars, 1, [](Expressions &e, ValueRange) -> SmallVector<Value> { return {e.real(0)}; });
  if (!ranges.empty())
    body.update("out", body.vars, ranges, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
      Value before = body.at(e, "out", arguments.take_front(body.vars.size()));
      Point at;
      for (int64_t axis = 0; axis < from.getRank(); ++axis) {
        auto place = llvm::find(summed, axis);
        at.push_back(place == summed.end() ? e.point[axis - missing]
                                           : arguments[body.vars.size() + (place - summed.begin())]);
      }
      if (op.getActive())
        whereActive(e, op.getActive(), at[0], at[1], from.getDimSize(1));
      return {arith::AddFOp::create(e.builder, e.loc, before, e.load(input, at))};
    });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  if (domain.getRank() > 0 && !hasBatch(domain)) {
    SmallVector<std::string> names;
    for (halide::RangeAttr range : ranges)
      names.push_back(range.getName().str());
    if (ranges.empty())
      schedule.exact(body.vars, body.extents(), target);
    else
      schedule.sums(body.vars, names, domain.getShape().back(), target);
  }
  return body.finish("sum", schedule.schedule);
}

BuiltKernel KernelBuilder::reduceRow(seq::ReduceOp op) {
  Value input = op.getInput();
  auto from = cast<RankedTensorType>(input.getType());
  auto domain = cast<RankedTensorType>(op.getResult().getType());
  int64_t count = from.getShape().back();
  bool isMax = op.getKind() == seq::Reduction::Max;
  Body body(*this, op.getLoc(), domain, internalLayout(domain));
  body.func("sum", body.vars, 1, [&](Expressions &e, ValueRange) -> SmallVector<Value> {
    return {e.real(isMax ? -std::numeric_limits<float>::infinity() : 0.0f)};
  });
  body.update("sum", body.vars, {body.range("k", count)},
              [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
                Value before = body.at(e, "sum", arguments.drop_back());
                Point at(e.point);
                at.back() = arguments.back();
                Value next = e.load(input, at);
                if (isMax)
                  return {arith::MaximumFOp::create(e.builder, e.loc, before, next)};
                return {arith::AddFOp::create(e.builder, e.loc, before, next)};
              });
  body.func("out", body.vars, 1, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Value sum = body.at(e, "sum", arguments);
    if (op.getKind() != seq::Reduction::Mean)
      return {sum};
    Value inverse = e.real(1.0 / double(count));
    return {arith::MulFOp::create(e.builder, e.loc, sum, inverse)};
  });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  schedule.rowReduction(body.vars);
  return body.finish("reduce", schedule.schedule);
}

//===----------------------------------------------------------------------===//
// Tables and ids
//===----------------------------------------------------------------------===//

BuiltKernel KernelBuilder::scatterAdd(seq::ScatterAddOp op) {
  Value values = op.getValues(), ids = op.getIds();
  auto from = cast<RankedTensorType>(values.getType());
  auto domain = cast<RankedTensorType>(op.getResult().getType());
  int64_t entries = entriesOf(op, op.getResult());
  Body body(*this, op.getLoc(), domain, internalLayout(domain));
  // Entries of the table are no rows of the batch, though there may be as many as are counted.
  body.vars = {"u", "v"};
  if (!accumulate(op, body))
    body.func("out", body.vars, 1, [](Expressions &e, ValueRange) -> SmallVector<Value> { return {e.real(0)}; });
  // Step by step, as the values stand in memory, and in each step row by row.
  SmallVector<halide::RangeAttr> ranges{body.rows(values)};
  bool hasSteps = from.getRank() == 3;
  if (hasSteps)
    ranges.push_back(body.range("t", from.getDimSize(1)));
  body.update("out", body.vars, ranges, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Value column = arguments[0], row = arguments[2];
    Point atIds{row}, atValues{row};
    if (hasSteps) {
      atIds.push_back(arguments.back());
      atValues.push_back(arguments.back());
    }
    if (op.getActive())
      whereActive(e, op.getActive(), row, arguments.back(), from.getDimSize(1));
    atValues.push_back(column);
    Value id = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getIndexType(), e.load(ids, atIds));
    // The runtime has checked the ids; the bound is for the compiler.
    id = e.clampIndex(id, 0, entries - 1);
    Value before = body.at(e, "out", {column, id});
    return {arith::AddFOp::create(e.builder, e.loc, before, e.load(values, atValues)), column, id};
  });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  bool isPadded = hasBatch(domain);
  if (!isPadded)
    schedule.exact(body.vars, body.extents(), target);
  schedule.scatter(domain.getShape().back(), isPadded, hasSteps, target);
  return body.finish("scatter", schedule.schedule);
}

BuiltKernel KernelBuilder::idRanks(seq::IdRanksOp op) {
  auto domain = cast<RankedTensorType>(op.getType()), from = cast<RankedTensorType>(op.getIds().getType());
  int64_t entries = domain.getDimSize(0) - 1;
  Body body(*this, op.getLoc(), domain, internalLayout(domain));
  auto count = [](Expressions &e, int64_t value) -> Value {
    return arith::ConstantIntOp::create(e.builder, e.loc, value, 32);
  };
  body.func("out", body.vars, 1, [&](Expressions &e, ValueRange) -> SmallVector<Value> { return {count(e, 0)}; });
  // A 1 behind each id that occurs; summed up, that is how many there are in front of the next.
  SmallVector<halide::RangeAttr> ranges;
  if (from.getRank() > 1)
    ranges.push_back(body.range("t", from.getDimSize(1)));
  ranges.push_back(body.rows(op.getIds()));
  body.update("out", body.vars, ranges, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Point at{arguments.back()};
    if (from.getRank() > 1)
      at.push_back(arguments[1]);
    Value id = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getIndexType(), e.load(op.getIds(), at));
    // The runtime has checked the ids; the bound is for the compiler.
    return {count(e, 1), e.addIndex(e.clampIndex(id, 0, entries - 1), 1)};
  });
  body.update("out", body.vars, {body.range("v", entries)}, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Value id = arguments[1], next = e.addIndex(id, 1);
    Value before = body.at(e, "out", {id}), here = body.at(e, "out", {next});
    return {arith::AddIOp::create(e.builder, e.loc, before, here), next};
  });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  return body.finish("ranks", ScheduleBuilder(after, body.kernel).schedule);
}

BuiltKernel KernelBuilder::idsOfRanks(seq::IdsOfRanksOp op) {
  auto domain = cast<RankedTensorType>(op.getType());
  int64_t entries = domain.getDimSize(0);
  Body body(*this, op.getLoc(), domain, internalLayout(domain));
  body.func("out", body.vars, 1, [](Expressions &e, ValueRange) -> SmallVector<Value> {
    return {arith::ConstantIntOp::create(e.builder, e.loc, 0, 32)};
  });
  body.update("out", body.vars, {body.range("v", entries)}, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
    Value id = arguments[1];
    Value rank = e.load(op.getRanks(), {id}), next = e.load(op.getRanks(), {e.addIndex(id, 1)});
    halide::WhereOp::create(e.builder, e.loc, arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt, rank, next));
    Value place = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getIndexType(), rank);
    Value value = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getI32Type(), id);
    return {value, e.clampIndex(place, 0, entries - 1)};
  });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  return body.finish("listed", ScheduleBuilder(after, body.kernel).schedule);
}

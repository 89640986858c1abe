//===- KernelBuilder.cpp - Kernels of the halide dialect from groups of seq operations -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/KernelBuilder.h"

#include "compiler/kernels/KernelBody.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

#include <numeric>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

/// The layer whose weights a value is made of, for a kernel's name.
static std::string layerOf(Value value) {
  if (auto read = viewedValue(value).getDefiningOp<seq::ReadOp>())
    return read.getWeight().rsplit('/').first.str();
  return {};
}

BuiltKernel KernelBuilder::group(const Group &group, const Packer &pack) {
  Operation *op = group.ops.front();
  if (roleOf(op) == Role::Reduce) {
    if (auto active = dyn_cast<seq::ActiveRowsOp>(op))
      return activeRows(active);
    if (auto sum = dyn_cast<seq::SumToOp>(op))
      return sumTo(sum);
    if (auto reduce = dyn_cast<seq::ReduceOp>(op))
      return reduceRow(reduce);
    if (auto scatter = dyn_cast<seq::ScatterAddOp>(op))
      return scatterAdd(scatter);
    if (auto ranks = dyn_cast<seq::IdRanksOp>(op))
      return idRanks(ranks);
    if (auto listed = dyn_cast<seq::IdsOfRanksOp>(op))
      return idsOfRanks(listed);
    if (auto pool = dyn_cast<seq::MaxPool1dAdjointOp>(op))
      return longMaxPoolAdjoint(pool);
    if (isLongWindow(op))
      return longPool(op);
    return contraction(op);
  }
  return pointwise(group, pack);
}

//===----------------------------------------------------------------------===//
// Pointwise work with sums of products below it
//===----------------------------------------------------------------------===//

static SmallVector<std::string> withGate(ArrayRef<std::string> vars) {
  SmallVector<std::string> result{"u", "g"};
  llvm::append_range(result, vars.drop_front(1));
  return result;
}

BuiltKernel KernelBuilder::pointwise(const Group &group, const Packer &pack) {
  Location loc = group.ops.back()->getLoc();
  Layout layout = internalLayout(group.domain);
  if (group.active)
    layout.type = halide::withOpenSteps(layout.type);
  Body body(*this, loc, group.domain, layout);
  SmallVector<AccumulatorSet> sets = findAccumulators(group, mostGates(target));

  int64_t gates = 1, depth = 0;
  for (AccumulatorSet &set : sets) {
    gates = std::max<int64_t>(gates, set.gates.size());
    for (const Term &term : set.gates.front().terms)
      depth += term.depth() * term.windows();
  }
  // Scalars have neither columns nor sums.
  int64_t columns = group.domain.getRank() ? group.domain.getShape().back() : 1;
  SmallVector<Tiling, 2> tilings = chooseTilings(gates, columns, depth, target);
  // Weights are packed in panels that every tile is a number of, but for one behind a cut.
  int64_t panel = std::gcd(tilings[0].tile.columns, paddedColumns(columns));
  for (const Tiling::Few &few : tilings[0].few)
    panel = std::gcd(panel, few.tile.columns);
  SmallVector<std::string> gateVars = sets.empty() ? SmallVector<std::string>{} : withGate(body.vars);
  std::string layer;

  for (AccumulatorSet &set : sets) {
    bool looksUp = llvm::any_of(set.gates, [](const Accumulator &gate) { return bool(gate.first); });
    body.func(set.name, gateVars, 1, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
      if (!looksUp)
        return {e.real(0)};
      SmallVector<Value> begins;
      for (const Accumulator &gate : set.gates)
        begins.push_back(gate.first ? e.compute(gate.first.getDefiningOp()) : e.real(0));
      return {e.choose(arguments[1], begins)};
    });
    for (size_t number = 0; number < set.gates.front().terms.size(); ++number) {
      const Term &term = set.gates.front().terms[number];
      SmallVector<Value> weights;
      for (Accumulator &gate : set.gates)
        weights.push_back(gate.terms[number].weights());
      if (layer.empty())
        layer = layerOf(weights.front());
      Value packed = pack(term, weights, set.gates.size(), panel);
      SmallVector<halide::RangeAttr> ranges{body.range("k" + std::to_string(number), term.depth())};
      if (term.windows() > 1)
        ranges.push_back(body.range("w" + std::to_string(number), term.windows()));
      body.update(set.name, gateVars, ranges, [&](Expressions &e, ValueRange arguments) -> SmallVector<Value> {
        ValueRange coordinates = arguments.take_front(gateVars.size());
        Value k = arguments[gateVars.size()];
        Value w = term.windows() > 1 ? arguments[gateVars.size() + 1] : e.index(0);
        Value before = body.at(e, set.name, coordinates);
        Value columns = e.index(panel);
        Value tileOf = arith::DivUIOp::create(e.builder, e.loc, arguments[0], columns);
        Value inTile = arith::RemUIOp::create(e.builder, e.loc, arguments[0], columns);
        Point place{tileOf};
        if (term.windows() > 1)
          place.push_back(w);
        place.append({k, arguments[1], inTile});
        Value weight = e.load(packed, place);
        Value condition;
        Value lhs = term.loadLhs(e, k, w, condition);
        if (condition)
          halide::WhereOp::create(e.builder, e.loc, condition);
        Value product = arith::MulFOp::create(e.builder, e.loc, weight, lhs);
        return {arith::AddFOp::create(e.builder, e.loc, before, product)};
      });
    }
  }

  Expressions::Known inRegisters = [&](Expressions &e, Value value) -> Value {
    for (AccumulatorSet &set : sets)
      for (auto [gate, accumulator] : llvm::enumerate(set.gates)) {
        if (accumulator.root != value)
          continue;
        Point point(e.point);
        SmallVector<Value> coordinates;
        for (int64_t axis : layout.axes)
          coordinates.push_back(point[axis]);
        coordinates.insert(coordinates.begin() + 1, e.index(gate));
        Value sum = body.at(e, set.name, coordinates);
        for (Value rest : accumulator.rest) {
          Value next = e.read(rest);
          sum = arith::AddFOp::create(e.builder, e.loc, sum, next);
        }
        return sum;
      }
    Operation *op = value.getDefiningOp();
    return group.contains(op) ? e.compute(op) : Value();
  };
  body.func("out", body.vars, group.outputs.size(), [&](Expressions &e, ValueRange) {
    SmallVector<Value> results;
    for (Value output : group.outputs)
      results.push_back(e.read(output));
    return results;
  }, inRegisters);
  body.output(group.outputs.size());

  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  if (!sets.empty())
    schedule.tiled(body.vars, tilings, sets, target);
  else if (!hasBatch(group.domain))
    schedule.exact(body.vars, body.extents(), target);
  else if (group.domain.getElementType().isF32()) // ids have no padding to run into
    schedule.pointwise(body.vars, target);
  std::string kind = sets.empty() ? "pointwise" : isa<seq::MatmulOp>(sets[0].gates[0].terms[0].op) ? "step" : "conv";
  BuiltKernel built = body.finish(layer.empty() ? kind : layer + "." + kind, schedule.schedule);
  built.takesSteps = bool(group.active);
  return built;
}

BuiltKernel KernelBuilder::copy(Value value, bool external) {
  auto type = cast<RankedTensorType>(value.getType());
  Layout layout = external ? externalLayout(type) : internalLayout(type);
  Body body(*this, value.getLoc(), type, layout);
  body.func("out", body.vars, 1,
            [&](Expressions &e, ValueRange) -> SmallVector<Value> { return {e.read(value)}; });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  if (hasBatch(type) && !external && type.getElementType().isF32())
    schedule.pointwise(body.vars, target);
  else if (!hasBatch(type))
    schedule.exact(body.vars, body.extents(), target);
  return body.finish("copy", schedule.schedule);
}

BuiltKernel KernelBuilder::pack(const Term &term, ArrayRef<Value> weights, int64_t columns,
                                RankedTensorType &type) {
  int64_t total = cast<RankedTensorType>(term.op->getResult(0).getType()).getShape().back();
  // To the end of the padding: a tile of several panels reads all of them.
  SmallVector<int64_t> shape{paddedColumns(total) / columns};
  if (term.windows() > 1)
    shape.push_back(term.windows());
  shape.append({term.depth(), int64_t(weights.size()), columns});
  type = RankedTensorType::get(shape, cast<RankedTensorType>(weights[0].getType()).getElementType());
  Body body(*this, term.op->getLoc(), type, internalLayout(type));
  body.func("out", body.vars, 1, [&](Expressions &e, ValueRange) -> SmallVector<Value> {
    size_t rank = shape.size();
    Value inTile = e.point[rank - 1], gate = e.point[rank - 2], k = e.point[rank - 3];
    Value w = rank == 5 ? e.point[1] : e.index(0);
    Value width = e.index(columns);
    Value column = e.add(arith::MulIOp::create(e.builder, e.loc, e.point[0], width), inTile);
    // Columns past the last repeat it: nothing reads what is made of them.
    Value inside = paddedColumns(total) != total ? e.clampIndex(column, 0, total - 1) : column;
    SmallVector<Value> cases;
    for (Value weight : weights)
      cases.push_back(term.loadWeight(e, weight, k, w, inside));
    return {e.choose(gate, cases)};
  });
  body.output(1);
  OpBuilder after(body.kernel->getBlock(), std::next(body.kernel->getIterator()));
  ScheduleBuilder schedule(after, body.kernel);
  schedule.packed();
  std::string layer = layerOf(weights.front());
  return body.finish(layer.empty() ? "pack" : layer + ".pack", schedule.schedule);
}

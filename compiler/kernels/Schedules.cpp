//===- Schedules.cpp - The default schedule of a kernel, from its shape and the target -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/Schedules.h"

#include <numeric>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

//===----------------------------------------------------------------------===//
// Choosing tiles
//===----------------------------------------------------------------------===//

/// Registers for sums: what is left holds weights and a broadcast. Of 16, 12;
/// of 32, 26.
static int64_t sumRegisters(const codegen::Target &target) {
  return target.vectorRegisters > 16 ? 26 : target.vectorRegisters * 3 / 4;
}

/// Two FMA ports with a latency of four cycles keep eight sums in flight.
constexpr double sumsInFlight = 8;

int64_t weft::kernels::mostGates(const codegen::Target &target) { return sumRegisters(target) / 2; }

static double efficiency(int64_t gates, int64_t tileColumns, int64_t rows, int64_t columns,
                         const codegen::Target &target) {
  int64_t vectors = tileColumns / target.vectorFloats, sums = gates * vectors * rows;
  if (sums > sumRegisters(target))
    return 0;
  double useful = double(columns) / ((columns + tileColumns - 1) / tileColumns * tileColumns);
  // Two loads and two FMAs a cycle: each k loads the weights' vectors and one broadcast a row.
  double loads = gates * vectors + rows;
  return useful * std::min(1.0, sums / sumsInFlight) * std::min(1.0, sums / loads);
}

Tile weft::kernels::chooseTile(int64_t gates, int64_t columns, const codegen::Target &target) {
  Tile best{target.vectorFloats, 1};
  double bestEfficiency = -1;
  // Tiles of columns divide the 16 that rows are padded to.
  for (int64_t tileColumns = target.vectorFloats; tileColumns <= 16; tileColumns *= 2)
    for (int64_t rows = rowTile; rows >= 1; rows /= 2) {
      double now = efficiency(gates, tileColumns, rows, columns, target);
      if (now > bestEfficiency + 1e-9) {
        bestEfficiency = now;
        best = {tileColumns, rows};
      }
    }
  return best;
}

Tile weft::kernels::chooseContractionTile(int64_t depth, int64_t columns, const codegen::Target &target) {
  Tile best{target.vectorFloats, 1};
  double bestEfficiency = -1;
  for (int64_t tileColumns = target.vectorFloats; tileColumns <= 16; tileColumns *= 2)
    for (int64_t rows : {8, 6, 5, 4, 3, 2, 1}) {
      double useful = double(depth) / ((depth + rows - 1) / rows * rows);
      double now = useful * efficiency(1, tileColumns, rows, columns, target);
      if (now > bestEfficiency + 1e-9) {
        bestEfficiency = now;
        best = {tileColumns, rows};
      }
    }
  return best;
}

int64_t weft::kernels::stepsOfChunk(int64_t steps) {
  // Measured on 16 rows of 100 columns: 70% of peak at 4 steps, 65% at 10 and 20.
  for (int64_t chunk = 4; chunk <= 10; ++chunk)
    if (steps % chunk == 0)
      return chunk;
  return std::min<int64_t>(steps, 4);
}

//===----------------------------------------------------------------------===//
// Directives
//===----------------------------------------------------------------------===//

ScheduleBuilder::ScheduleBuilder(OpBuilder &outer, halide::KernelOp kernel)
    : builder(outer), loc(kernel.getLoc()) {
  schedule = halide::ScheduleOp::create(builder, loc, kernel.getSymName());
  builder.setInsertionPointToStart(&schedule.getBody().emplaceBlock());
}

void ScheduleBuilder::split(StringRef func, int64_t stage, StringRef var, int64_t factor, halide::Tail tail) {
  halide::SplitOp::create(builder, loc, func, stage, var, (var + "o").str(), (var + "i").str(), factor, tail);
}
void ScheduleBuilder::reorder(StringRef func, int64_t stage, ArrayRef<std::string> vars) {
  if (vars.size() < 2)
    return;
  SmallVector<StringRef> names(vars.begin(), vars.end());
  halide::ReorderOp::create(builder, loc, func, stage, builder.getStrArrayAttr(names));
}
void ScheduleBuilder::vectorize(StringRef func, int64_t stage, StringRef var) {
  halide::VectorizeOp::create(builder, loc, func, stage, var);
}
void ScheduleBuilder::unroll(StringRef func, int64_t stage, StringRef var) {
  halide::UnrollOp::create(builder, loc, func, stage, var, IntegerAttr());
}
void ScheduleBuilder::boundExtent(StringRef func, StringRef var, int64_t extent) {
  halide::BoundExtentOp::create(builder, loc, func, 0, var, extent);
}
void ScheduleBuilder::computeAt(StringRef func, StringRef consumer, StringRef var, int64_t stage) {
  halide::ComputeAtOp::create(builder, loc, func, 0, consumer, var, stage);
}

void ScheduleBuilder::pointwise(ArrayRef<std::string> vars, const codegen::Target &target) {
  split("out", 0, vars[0], target.vectorFloats, halide::Tail::RoundUp);
  vectorize("out", 0, vars[0] + "i");
}

void ScheduleBuilder::exact(ArrayRef<std::string> vars, ArrayRef<int64_t> extents,
                            const codegen::Target &target) {
  if (vars.empty())
    return;
  int64_t columns = extents[0];
  if (columns < target.vectorFloats)
    return;
  split("out", 0, vars[0], target.vectorFloats,
        columns % target.vectorFloats ? halide::Tail::GuardWithIf : halide::Tail::RoundUp);
  vectorize("out", 0, vars[0] + "i");
}

void ScheduleBuilder::vectorUpdate(int64_t columns, const codegen::Target &target) {
  if (columns < target.vectorFloats)
    return;
  split("out", 1, "u", target.vectorFloats,
        columns % target.vectorFloats ? halide::Tail::GuardWithIf : halide::Tail::RoundUp);
  vectorize("out", 1, "ui");
}

void ScheduleBuilder::tiled(ArrayRef<std::string> vars, const Tile &tile, ArrayRef<AccumulatorSet> sets) {
  // A panel of weights stays in the first-level cache while the rows pass it.
  split("out", 0, "u", tile.columns, halide::Tail::RoundUp);
  split("out", 0, "r", tile.rows, halide::Tail::RoundUp);
  SmallVector<std::string> order{"ui", "ri", "ro"};
  for (const std::string &var : vars.drop_front(2))
    order.push_back(var);
  order.push_back("uo");
  reorder("out", 0, order);
  vectorize("out", 0, "ui");
  unroll("out", 0, "ri");
  for (const AccumulatorSet &set : sets) {
    computeAt(set.name, "out", "ro", 0);
    boundExtent(set.name, "u", tile.columns);
    boundExtent(set.name, "r", tile.rows);
    boundExtent(set.name, "g", set.gates.size());
    halide::StoreInOp::create(builder, loc, set.name, 0, halide::Memory::Stack);
    auto inRegisters = [&](int64_t stage) {
      vectorize(set.name, stage, "u");
      unroll(set.name, stage, "r");
      unroll(set.name, stage, "g");
    };
    inRegisters(0);
    for (auto [number, term] : llvm::enumerate(set.gates.front().terms)) {
      // The shorter loop inside: its operands stay in registers, and one of the other's at a time. The other
      // way round spills (measured: two to four times slower).
      SmallVector<std::string> loops{"u", "g", "r"};
      if (tile.rows < int64_t(set.gates.size()))
        std::swap(loops[1], loops[2]);
      loops.push_back("k" + std::to_string(number));
      if (term.windows() > 1)
        loops.push_back("w" + std::to_string(number));
      for (const std::string &var : vars.drop_front(2))
        loops.push_back(var);
      reorder(set.name, number + 1, loops);
      inRegisters(number + 1);
    }
  }
}

void ScheduleBuilder::contraction(ArrayRef<std::string> vars, ArrayRef<int64_t> extents, const Tile &tile,
                                  bool chunked, bool hasSteps, const codegen::Target &target) {
  int64_t stage = chunked ? 1 : 0;
  if (chunked)
    exact(vars, extents, target);
  split("out", stage, "u", tile.columns, halide::Tail::GuardWithIf);
  split("out", stage, "v", tile.rows, halide::Tail::GuardWithIf);
  SmallVector<std::string> order{"ui", "vi", "uo", "vo"};
  for (const std::string &var : vars.drop_front(2))
    order.push_back(var);
  if (chunked)
    order.push_back("c");
  reorder("out", stage, order);
  vectorize("out", stage, "ui");
  computeAt("part", "out", "uo", stage);
  boundExtent("part", "u", tile.columns);
  boundExtent("part", "v", tile.rows);
  halide::StoreInOp::create(builder, loc, "part", 0, halide::Memory::Stack);
  vectorize("part", 0, "u");
  unroll("part", 0, "v");
  SmallVector<std::string> loops{"u", "v", "r"};
  if (hasSteps)
    loops.push_back("t");
  reorder("part", 1, loops);
  vectorize("part", 1, "u");
  unroll("part", 1, "v");
}

void ScheduleBuilder::packed() { vectorize("out", 0, "u"); }

void ScheduleBuilder::rowReduction(ArrayRef<std::string> vars) {
  computeAt("sum", "out", vars.front(), 0);
}

/// A row of columns is padded to 16: as many in a tile take each cache line once.
constexpr int64_t windowColumns = 16;

void ScheduleBuilder::alongWindow(StringRef func, int64_t stage, ArrayRef<std::string> vars) {
  computeAt(func, "out", "uo", stage);
  boundExtent(func, "u", windowColumns);
  halide::StoreInOp::create(builder, loc, func, 0, halide::Memory::Stack);
  vectorize(func, 0, "u");
  SmallVector<std::string> loops{"u", "w"};
  llvm::append_range(loops, vars.drop_front(1));
  reorder(func, 1, loops);
  vectorize(func, 1, "u");
}

void ScheduleBuilder::windowReduction(ArrayRef<std::string> vars) {
  split("out", 0, "u", windowColumns, halide::Tail::RoundUp);
  vectorize("out", 0, "ui");
  alongWindow("sum", 0, vars);
}

void ScheduleBuilder::windowScatter(ArrayRef<std::string> vars) {
  for (int64_t stage : {0, 1}) {
    split("out", stage, "u", windowColumns, halide::Tail::RoundUp);
    vectorize("out", stage, "ui");
  }
  reorder("out", 1, SmallVector<std::string>{"ui", "uo", vars[1], "c"});
  alongWindow("first", 1, SmallVector<std::string>{"u", vars[1], "c"});
}

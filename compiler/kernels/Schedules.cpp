//===- Schedules.cpp - The default schedule of a kernel, from its shape and the target -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/Schedules.h"

#include "compiler/codegen/Program.h"
#include "compiler/kernels/Layout.h"

#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

//===----------------------------------------------------------------------===//
// Choosing tiles
//===----------------------------------------------------------------------===//

/// What a tile of rows by vectors needs of the registers: its sums, the shorter
/// side of its operands, and one of the longer at a time.
static bool fitsRegisters(int64_t rows, int64_t vectors, const codegen::Target &target) {
  return rows * vectors + std::min(rows, vectors) + 1 <= target.vectorRegisters;
}

/// Two rows at least.
int64_t weft::kernels::mostGates(const codegen::Target &target) {
  int64_t gates = 1;
  while (fitsRegisters(2, gates + 1, target))
    ++gates;
  return gates;
}

/// Cycles that a tile takes for each k. Two FMAs and two loads a cycle; eight
/// sums hide an FMA's latency of four cycles; weights that are not in the
/// first-level cache arrive at about 32 bytes a cycle, of longer vectors 43 (a
/// processor with these has twice as wide a way to the second-level cache), and some of
/// the shorter of work and arrival is not hidden by the longer. Measured on Zen 3 for tiles from
/// 1 x 14 to 6 x 2: 0.97 to 1.05 of this.
static double cyclesOfTile(int64_t rows, int64_t vectors, bool fromFarCache, const codegen::Target &target) {
  double arithmetic = double(rows * vectors) / 2, loads = double(rows + vectors) / 2, latency = 4;
  double work = std::max({arithmetic, loads, latency});
  if (!fromFarCache)
    return work;
  double arrival = (target.vectorFloats > 8 ? 1.5 : 1) * double(vectors);
  return std::max(work, arrival) + 0.15 * std::min(work, arrival);
}

/// What of the first-level cache (32 KiB, or more) weights may take and still be there
/// when the next rows come.
constexpr int64_t nearCacheBytes = 28 << 10;

namespace {
/// The tiles that may be chosen among, and what each costs for a number of rows.
struct TileCosts {
  SmallVector<Tile> tiles;
  SmallVector<SmallVector<double>> cycles; ///< of each tile, for each number of rows

  /// The cost, over rows [from, to], of the tile that is best there; its number in `best`.
  double least(int64_t from, int64_t to, ArrayRef<double> fastest, unsigned &best) const {
    double least = std::numeric_limits<double>::infinity();
    for (unsigned tile = 0; tile < tiles.size(); ++tile) {
      double sum = 0;
      for (int64_t rows = from; rows <= to; ++rows)
        sum += cycles[tile][rows] / fastest[rows];
      if (sum < least - 1e-9) {
        least = sum;
        best = tile;
      }
    }
    return least;
  }
};

/// A tiling and what it costs for a number of rows.
struct TilingCost {
  Tiling tiling;
  SmallVector<double> cycles;
};
} // namespace

/// Rows that slices have, the shared row of padding alone up to more than most
/// batches give; beyond, rounding up is lost among the rest.
constexpr int64_t mostRowsLookedAt = 24;
/// Loops of their own that a kernel has at most: each costs time to compile.
constexpr int mostCases = 4;
/// What a cut must save, and how long the sums are at least: it is half a kernel more.
constexpr double worthACut = 0.97;
constexpr int64_t leastDepthToCut = 16;

/// With `exact`, tiles that end where the columns do.
static TileCosts costsOfTiles(int64_t gates, int64_t columns, int64_t depth, bool exact,
                              const codegen::Target &target) {
  TileCosts costs;
  int64_t padded = exact ? columns : paddedColumns(columns), vector = target.vectorFloats;
  for (int64_t width = vector; width <= padded; width += vector) {
    // A tile may not reach past the padding of a row, nor past it be of use.
    if (padded % width || width >= columns + vector)
      continue;
    for (int64_t rows = 1; rows <= rowTile; ++rows) {
      int64_t vectors = gates * width / vector;
      if (!fitsRegisters(rows, vectors, target))
        break;
      bool staysNear = gates * width * depth * int64_t(sizeof(float)) <= nearCacheBytes;
      SmallVector<double> cycles(mostRowsLookedAt + 1, 0.0);
      for (int64_t count = 1; count <= mostRowsLookedAt; ++count) {
        int64_t tiles = (count + rows - 1) / rows;
        double first = cyclesOfTile(rows, vectors, true, target), next = cyclesOfTile(rows, vectors, !staysNear, target);
        cycles[count] = (first + double(tiles - 1) * next) * double((columns + width - 1) / width);
      }
      costs.tiles.push_back({width, rows});
      costs.cycles.push_back(std::move(cycles));
    }
  }
  return costs;
}

/// Cuts the numbers of rows into at most `mostCases` ranges with a tile each, so
/// that the sum over all of (time of the tile / time of the best) is least; a
/// range more must be worth it.
static TilingCost chooseTiling(int64_t gates, int64_t columns, int64_t depth, bool exact,
                               const codegen::Target &target) {
  TileCosts costs = costsOfTiles(gates, columns, depth, exact, target);
  if (costs.tiles.empty())
    return {{columns, {target.vectorFloats, 1}, {}, false}, {}};
  SmallVector<double> fastest(mostRowsLookedAt + 1, std::numeric_limits<double>::infinity());
  for (ArrayRef<double> cycles : costs.cycles)
    for (int64_t rows = 1; rows <= mostRowsLookedAt; ++rows)
      fastest[rows] = std::min(fastest[rows], cycles[rows]);
  constexpr double worthIt = 0.5;
  struct Range {
    double cost = std::numeric_limits<double>::infinity();
    int64_t from = 1;
    unsigned tile = 0;
  };
  // best[n][rows]: rows 1 to `rows` in n + 1 ranges.
  std::vector<std::vector<Range>> best(mostCases, std::vector<Range>(mostRowsLookedAt + 1));
  for (int64_t to = 1; to <= mostRowsLookedAt; ++to)
    for (int64_t from = 1; from <= to; ++from) {
      unsigned tile = 0;
      double alone = costs.least(from, to, fastest, tile);
      for (int cases = from > 1 ? 1 : 0; cases < (from > 1 ? mostCases : 1); ++cases) {
        double cost = alone + (cases ? best[cases - 1][from - 1].cost + worthIt : 0);
        if (cost < best[cases][to].cost - 1e-9)
          best[cases][to] = {cost, from, tile};
      }
    }
  int cases = 0;
  for (int more = 1; more < mostCases; ++more)
    if (best[more].back().cost < best[cases].back().cost)
      cases = more;
  TilingCost result{{}, SmallVector<double>(mostRowsLookedAt + 1, 0.0)};
  Tiling &tiling = result.tiling;
  tiling.columns = columns;
  int64_t to = mostRowsLookedAt;
  for (int number = cases; number >= 0; --number) {
    const Range &range = best[number][to];
    if (number == cases)
      tiling.tile = costs.tiles[range.tile];
    else
      tiling.few.insert(tiling.few.begin(), {to, costs.tiles[range.tile]});
    for (int64_t rows = range.from; rows <= to; ++rows)
      result.cycles[rows] = costs.cycles[range.tile][rows];
    to = range.from - 1;
  }
  // Where weights arrive faster than a tile needs them, the rows of a tile may
  // stay in the first-level cache and the weights pass (16 rows, 4 x 2: +12%).
  int64_t vectors = gates * tiling.tile.columns / target.vectorFloats;
  tiling.rowsOutside = double(vectors) < 0.6 * cyclesOfTile(tiling.tile.rows, vectors, false, target);
  return result;
}

/// Places where columns that do not fill the last panel may be cut, so that what stands before
/// is whole panels.
static SmallVector<int64_t> placesToCut(int64_t columns, const codegen::Target &target) {
  SmallVector<int64_t> places;
  for (int64_t width = 2 * target.vectorFloats; width < columns; width += target.vectorFloats)
    if (int64_t at = columns / width * width; at != columns && !llvm::is_contained(places, at))
      places.push_back(at);
  return places;
}

SmallVector<Tiling, 2> weft::kernels::chooseTilings(int64_t gates, int64_t columns, int64_t depth,
                                                    const codegen::Target &target) {
  TilingCost whole = chooseTiling(gates, columns, depth, /*exact=*/false, target);
  SmallVector<Tiling, 2> best{whole.tiling};
  double least = worthACut * double(mostRowsLookedAt);
  if (depth < leastDepthToCut || whole.cycles.empty())
    return best;
  for (int64_t at : placesToCut(columns, target)) {
    TilingCost before = chooseTiling(gates, at, depth, /*exact=*/true, target);
    TilingCost behind = chooseTiling(gates, columns - at, depth, /*exact=*/false, target);
    // What is behind is a single tile, within the padding of a row.
    auto isAlone = [&](const Tile &tile) {
      return tile.columns >= columns - at && at + tile.columns <= paddedColumns(columns);
    };
    if (!isAlone(behind.tiling.tile) ||
        !llvm::all_of(behind.tiling.few, [&](const Tiling::Few &few) { return isAlone(few.tile); }))
      continue;
    double cost = 0;
    for (int64_t rows = 1; rows <= mostRowsLookedAt; ++rows)
      cost += (before.cycles[rows] + behind.cycles[rows]) / whole.cycles[rows];
    if (cost < least - 1e-9) {
      least = cost;
      best = {before.tiling, behind.tiling};
    }
  }
  return best;
}

/// The panels of one width for `columns`, which have room for `room`; a vector has `lanes` of them.
static double choosePanels(int64_t depth, int64_t columns, int64_t room, int64_t lanes, const codegen::Target &target,
                           Panels &best) {
  double least = std::numeric_limits<double>::infinity();
  for (int64_t width = lanes; width < columns + lanes; width += lanes) {
    int64_t count = (columns + width - 1) / width, vectors = width / lanes;
    if (count * width > room)
      continue;
    bool staysNear = width * codegen::rowsToStack * int64_t(sizeof(float)) <= nearCacheBytes;
    for (int64_t rows = std::min<int64_t>(depth, target.vectorRegisters); rows >= 1; --rows) {
      int64_t tiles = (depth + rows - 1) / rows;
      // Nor may a tile reach further past the columns of a than one of `rowTile` would.
      if (!fitsRegisters(rows, vectors, target) || tiles * rows - depth >= rowTile)
        continue;
      double cycles = double(count * tiles) * cyclesOfTile(rows, vectors, !staysNear, target);
      if (cycles < least - 1e-9) {
        least = cycles;
        best = {columns, {width, rows}};
      }
    }
  }
  return least;
}

SmallVector<Panels, 2> weft::kernels::choosePanels(int64_t depth, int64_t columns, const codegen::Target &target) {
  // Of fewer columns than a vector has, one that is not much longer.
  auto lanesFor = [&](int64_t count) { return std::min<int64_t>(target.vectorFloats, llvm::bit_ceil(uint64_t(count))); };
  int64_t room = paddedColumns(columns);
  Panels whole{columns, {target.vectorFloats, 1}};
  double least = worthACut * ::choosePanels(depth, columns, room, lanesFor(columns), target, whole);
  SmallVector<Panels, 2> best{whole};
  for (int64_t at : placesToCut(columns, target)) {
    Panels before, behind;
    double cycles = ::choosePanels(depth, at, /*room=*/at, target.vectorFloats, target, before) +
                    ::choosePanels(depth, columns - at, room - at, lanesFor(columns - at), target, behind);
    if (cycles < least - 1e-9) {
      least = cycles;
      best = {before, behind};
    }
  }
  return best;
}

int64_t weft::kernels::stepsOfChunk(int64_t steps) {
  // 100 x 100 sums over 500 steps: 53% of peak at 4 steps and 58% at 10 with 16
  // rows, 35% and 53% with one row, whose few terms must pay for a tile's begin and end.
  for (int64_t chunk : {10, 9, 11, 8, 12, 7, 13, 14, 15, 16})
    if (steps % chunk == 0)
      return chunk;
  return std::min<int64_t>(steps, 10);
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

/// Vectors of columns that are summed side by side: an addition waits for the one before.
constexpr int64_t vectorsOfSums = 8;

void ScheduleBuilder::sums(ArrayRef<std::string> vars, ArrayRef<std::string> ranges, int64_t columns,
                           const codegen::Target &target) {
  int64_t vector = target.vectorFloats, width = std::min(columns / vector, vectorsOfSums) * vector;
  if (width == 0)
    return exact(vars, {columns}, target);
  SmallVector<Panels, 2> parts{{columns / width * width, {width, 1}}};
  if (int64_t rest = columns % width; rest) {
    int64_t lanes = rest % vector ? llvm::bit_ceil(uint64_t(rest % vector)) : 0;
    parts.push_back({rest, {rest / vector * vector + lanes, 1}});
  }
  eachPart<Panels>(parts, [&](const Panels &part) {
    exact(vars, {part.columns}, target);
    split("out", 1, "u", part.tile.columns, halide::Tail::GuardWithIf);
    SmallVector<std::string> order{"ui"};
    llvm::append_range(order, ranges);
    order.push_back("uo");
    reorder("out", 1, order);
    vectorize("out", 1, "ui");
  });
}

void ScheduleBuilder::vectorUpdate(int64_t columns, const codegen::Target &target) {
  if (columns < target.vectorFloats)
    return;
  split("out", 1, "u", target.vectorFloats,
        columns % target.vectorFloats ? halide::Tail::GuardWithIf : halide::Tail::RoundUp);
  vectorize("out", 1, "ui");
}

void ScheduleBuilder::scatter(int64_t columns, bool isPadded, bool hasSteps, const codegen::Target &target) {
  if (!isPadded)
    vectorUpdate(columns, target);
  else {
    split("out", 1, "u", target.vectorFloats, halide::Tail::RoundUp);
    vectorize("out", 1, "ui");
  }
  // The columns inside: a row of the table is fetched once, by whole cache lines.
  if (isPadded || columns >= target.vectorFloats)
    reorder("out", 1, hasSteps ? ArrayRef<std::string>{"ui", "uo", "r", "t"} : ArrayRef<std::string>{"ui", "uo", "r"});
}

void ScheduleBuilder::tileLoops(ArrayRef<std::string> vars, const Tile &tile, bool rowsOutside,
                                const codegen::Target &target) {
  SmallVector<std::string> order{"ui"};
  if (tile.columns > target.vectorFloats) {
    halide::SplitOp::create(builder, loc, "out", 0, "u", "uo", "ut", tile.columns, halide::Tail::RoundUp);
    halide::SplitOp::create(builder, loc, "out", 0, "ut", "up", "ui", target.vectorFloats, halide::Tail::RoundUp);
    order.push_back("up");
  } else {
    split("out", 0, "u", tile.columns, halide::Tail::RoundUp);
  }
  split("out", 0, "r", tile.rows, halide::Tail::RoundUp);
  llvm::append_values(order, "ri", rowsOutside ? "uo" : "ro");
  if (rowsOutside)
    order.push_back("ro");
  llvm::append_range(order, vars.drop_front(2));
  if (!rowsOutside)
    order.push_back("uo");
  reorder("out", 0, order);
  vectorize("out", 0, "ui");
  // Constant places alone let the sums stay in registers.
  for (const std::string &var : order)
    if (var == "up" || var == "ri")
      unroll("out", 0, var);
}

template <typename Part>
void ScheduleBuilder::eachPart(ArrayRef<Part> parts, llvm::function_ref<void(const Part &)> direct) {
  assert(!parts.empty() && parts.size() <= 2 && "one cut at most");
  if (parts.size() == 2) {
    auto cut = halide::CutOp::create(builder, loc, "out", "u", parts[0].columns);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&cut.getBody().emplaceBlock());
    direct(parts[1]);
  }
  direct(parts[0]);
}

void ScheduleBuilder::tiled(ArrayRef<std::string> vars, ArrayRef<Tiling> tilings, ArrayRef<AccumulatorSet> sets,
                            const codegen::Target &target) {
  eachPart<Tiling>(tilings, [&](const Tiling &part) { tiling(vars, part, sets, target); });
}

void ScheduleBuilder::contraction(ArrayRef<std::string> vars, ArrayRef<Panels> parts, ContractionLoops loops,
                                  bool hasSteps, const codegen::Target &target) {
  eachPart<Panels>(parts, [&](const Panels &part) { panels(vars, part, loops, hasSteps, target); });
}

void ScheduleBuilder::tiling(ArrayRef<std::string> vars, const Tiling &tiling, ArrayRef<AccumulatorSet> sets,
                             const codegen::Target &target) {
  for (const Tiling::Few &few : tiling.few) {
    auto special = halide::SpecializeOp::create(builder, loc, "out", 0, "r", few.rows);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&special.getBody().emplaceBlock());
    tileLoops(vars, few.tile, tiling.rowsOutside, target);
  }
  tileLoops(vars, tiling.tile, tiling.rowsOutside, target);
  for (const AccumulatorSet &set : sets) {
    computeAt(set.name, "out", tiling.rowsOutside ? "uo" : "ro", 0);
    boundExtent(set.name, "g", set.gates.size());
    halide::StoreInOp::create(builder, loc, set.name, 0, halide::Memory::Stack);
    int64_t gates = set.gates.size(), vectors = gates * tiling.tile.columns / target.vectorFloats;
    auto inRegisters = [&](int64_t stage, ArrayRef<std::string> outside) {
      halide::SplitOp::create(builder, loc, set.name, stage, "u", "up", "ul", target.vectorFloats, halide::Tail::Auto);
      // The shorter loop inside: its operands stay in registers, and one of the other's at a time. The other
      // way round spills (measured: two to four times slower).
      SmallVector<std::string> loops{"ul", "up", "g", "r"};
      if (tiling.tile.rows < vectors)
        loops = {"ul", "r", "up", "g"};
      llvm::append_range(loops, outside);
      reorder(set.name, stage, loops);
      vectorize(set.name, stage, "ul");
      for (const char *var : {"up", "g", "r"})
        unroll(set.name, stage, var);
    };
    inRegisters(0, {});
    for (auto [number, term] : llvm::enumerate(set.gates.front().terms)) {
      SmallVector<std::string> outside{"k" + std::to_string(number)};
      if (term.windows() > 1)
        outside.push_back("w" + std::to_string(number));
      outside.append(vars.begin() + 2, vars.end());
      inRegisters(number + 1, outside);
    }
  }
}

void ScheduleBuilder::panels(ArrayRef<std::string> vars, const Panels &panels, ContractionLoops loops, bool hasSteps,
                             const codegen::Target &target) {
  bool chunked = loops == ContractionLoops::Chunks;
  int64_t stage = loops == ContractionLoops::Once ? 0 : 1;
  const Tile &tile = panels.tile;
  if (chunked)
    exact(vars, {panels.columns}, target);
  split("out", stage, "u", tile.columns, halide::Tail::GuardWithIf);
  split("out", stage, "v", tile.rows, halide::Tail::GuardWithIf);
  // Of b a panel of a cache line or two a row, which stays in the first-level cache while a passes.
  SmallVector<std::string> order{"ui", "vi", "vo", "uo"};
  for (const std::string &var : vars.drop_front(2))
    order.push_back(var);
  if (chunked)
    order.push_back("c");
  reorder("out", stage, order);
  vectorize("out", stage, "ui");
  unroll("out", stage, "vi");
  computeAt("part", "out", "vo", stage);
  boundExtent("part", "u", tile.columns);
  boundExtent("part", "v", tile.rows);
  halide::StoreInOp::create(builder, loc, "part", 0, halide::Memory::Stack);
  vectorize("part", 0, "u");
  unroll("part", 0, "v");
  SmallVector<std::string> inner{"u", "v", "r"};
  if (hasSteps)
    inner.push_back("t");
  reorder("part", 1, inner);
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

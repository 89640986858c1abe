//===- Schedules.h - The default schedule of a kernel, from its shape and the target -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_SCHEDULES_H
#define WEFT_COMPILER_KERNELS_SCHEDULES_H

#include "compiler/codegen/Target.h"
#include "compiler/kernels/Accumulators.h"
#include "dialects/halide/Halide.h"

namespace weft::kernels {

/// Rows of a slice are cut into multiples of this; no tile has more rows, so
/// that this many less one are all that rounding up may add.
constexpr int64_t rowTile = 8;

/// A tile of registers: `columns` (a multiple of the vector) times `rows`, for
/// each gate.
struct Tile {
  int64_t columns = 8;
  int64_t rows = 1;

  bool operator==(const Tile &other) const = default;
};

/// How columns of an output are tiled: the tile where there are many rows, and others for few.
struct Tiling {
  struct Few {
    int64_t rows; ///< at most
    Tile tile;
  };
  int64_t columns = 0; ///< that it is for
  Tile tile;
  llvm::SmallVector<Few> few; ///< ascending
  /// Each tile of rows passes all the weights, and not each panel of weights all rows.
  bool rowsOutside = false;
};

/// How columns of a contraction are tiled: `tile.rows` are columns of a.
struct Panels {
  int64_t columns = 0; ///< that they are for
  Tile tile;
};

/// The most gates that one loop over k feeds without leaving the registers.
int64_t mostGates(const codegen::Target &target);

/// The tiles that take the least time over the numbers of rows that a slice has,
/// where each column of a gate is a sum of `depth` products. Two tilings where the
/// last columns, too few for a tile of the others, are better off with one of their own.
llvm::SmallVector<Tiling, 2> chooseTilings(int64_t gates, int64_t columns, int64_t depth,
                                           const codegen::Target &target);

/// The same for a contraction of `depth` columns of a with `columns` of b.
llvm::SmallVector<Panels, 2> choosePanels(int64_t depth, int64_t columns, const codegen::Target &target);

/// Steps of a sequence whose values stay in the second-level cache while a
/// contraction runs over them, at the few rows of a slice.
int64_t stepsOfChunk(int64_t steps);

/// How a contraction's tiles get to its output: stored, added to it chunk after
/// chunk of steps, or added to what stands there.
enum class ContractionLoops { Once, Chunks, InPlace };

/// Builds the directives of one schedule.
class ScheduleBuilder {
public:
  ScheduleBuilder(mlir::OpBuilder &builder, halide::KernelOp kernel);

  /// Pointwise work over `vars` (fastest first) of an internal buffer.
  void pointwise(llvm::ArrayRef<std::string> vars, const codegen::Target &target);
  /// Pointwise work over a buffer without padding.
  void exact(llvm::ArrayRef<std::string> vars, llvm::ArrayRef<int64_t> extents, const codegen::Target &target);
  /// Output tiles with sums of products below them.
  void tiled(llvm::ArrayRef<std::string> vars, llvm::ArrayRef<Tiling> tilings, llvm::ArrayRef<AccumulatorSet> sets,
             const codegen::Target &target);
  /// `out` over tiles of `part` over rows and steps.
  void contraction(llvm::ArrayRef<std::string> vars, llvm::ArrayRef<Panels> panels, ContractionLoops loops,
                   bool hasSteps, const codegen::Target &target);
  /// An update of `out` that adds up over `ranges`, for many columns at once.
  void sums(llvm::ArrayRef<std::string> vars, llvm::ArrayRef<std::string> ranges, int64_t columns,
            const codegen::Target &target);
  /// An update of `out` that runs along the vector `u`.
  void vectorUpdate(int64_t columns, const codegen::Target &target);

  /// A row of values at a time added to the row of a table that its id names.
  void scatter(int64_t columns, bool isPadded, bool hasSteps, const codegen::Target &target);
  /// Packed weights: gates apart, so that each reads its own.
  void packed();
  /// `out` over sums along each row.
  void rowReduction(llvm::ArrayRef<std::string> vars);
  /// `out` over a `sum` along each window.
  void windowReduction(llvm::ArrayRef<std::string> vars);
  /// An update of `out`, window by window, at the step `first` of each.
  void windowScatter(llvm::ArrayRef<std::string> vars);

  halide::ScheduleOp schedule;

private:
  /// The directives of each part of the columns of `out`, cut where there are two.
  template <typename Part> void eachPart(llvm::ArrayRef<Part> parts, llvm::function_ref<void(const Part &)> direct);
  void tiling(llvm::ArrayRef<std::string> vars, const Tiling &tiling, llvm::ArrayRef<AccumulatorSet> sets,
              const codegen::Target &target);
  void panels(llvm::ArrayRef<std::string> vars, const Panels &panels, ContractionLoops loops, bool hasSteps,
              const codegen::Target &target);
  /// The loops of `out` around one kind of tile.
  void tileLoops(llvm::ArrayRef<std::string> vars, const Tile &tile, bool rowsOutside, const codegen::Target &target);
  void split(llvm::StringRef func, int64_t stage, llvm::StringRef var, int64_t factor, halide::Tail tail);
  void reorder(llvm::StringRef func, int64_t stage, llvm::ArrayRef<std::string> vars);
  void vectorize(llvm::StringRef func, int64_t stage, llvm::StringRef var);
  void unroll(llvm::StringRef func, int64_t stage, llvm::StringRef var);
  void boundExtent(llvm::StringRef func, llvm::StringRef var, int64_t extent);
  void computeAt(llvm::StringRef func, llvm::StringRef consumer, llvm::StringRef var, int64_t stage);
  /// A reduction over `w` for a vector of columns of a stage of `out`.
  void alongWindow(llvm::StringRef func, int64_t stage, llvm::ArrayRef<std::string> vars);

  mlir::OpBuilder builder;
  mlir::Location loc;
};

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_SCHEDULES_H

//===- SliceEmitter.h - The code of a planned slice -------------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_SLICEEMITTER_H
#define WEFT_COMPILER_CODEGEN_SLICEEMITTER_H

#include "compiler/codegen/SlicePlan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace weft::codegen {

/// The arguments of the function that is made, by what they are.
struct SliceArguments {
  mlir::Value rows;
  mlir::Value parameters, gradients, shared;
  llvm::DenseMap<mlir::Type, mlir::Value> arena; ///< one view of the arena an element type
  llvm::SmallVector<mlir::Value> ports;
};

/// Writes what a plan decided as `scf`, `memref` and `halide.call`.
class SliceEmitter {
public:
  SliceEmitter(mlir::OpBuilder &builder, const SlicePlan &plan, SliceArguments arguments, int64_t rowTile)
      : builder(builder), plan(plan), arguments(std::move(arguments)), rowTile(rowTile) {}

  /// The part of `body` that is prepared once a batch.
  void emitPrepare(mlir::Block &body);
  /// The rest of it. `numbers` are the function's values of the arguments that are no tensors.
  void emitSlice(mlir::Block &body, const mlir::IRMapping &numbers);

private:
  void emitApply(halide::ApplyOp apply, llvm::function_ref<mlir::Value(mlir::Value)> viewOfBuffer,
                 mlir::Value from = {});
  /// Block by block of steps, for as many rows as are active at the last of a block.
  void emitActive(halide::ApplyOp apply);
  void emitApply(halide::ApplyOp apply);
  void emitStacking(const ScanPlan &plan, mlir::Value isLast, mlir::Location loc);
  void emitScan(seq::ScanOp scan);
  void emitCopy(const Copy &copy, mlir::Location loc);
  void copyBlock(const Copy &copy, mlir::OpFoldResult count, mlir::Location loc);
  /// What happens to rows that are not active at a step.
  enum class Fill { Spread, Clear, Collect };
  void fillRows(Fill fill, const Place &place, mlir::Value begin, mlir::Value end, mlir::Location loc);
  mlir::Value activeAt(mlir::Value counts, mlir::Value step, mlir::Location loc);
  void passRows(seq::ScanOp scan);
  void leaveRows(seq::ScanOp scan);

  mlir::Value base(const Storage &storage);
  mlir::Value countedRows(mlir::Value ranks, mlir::Location loc);
  mlir::Value viewOf(mlir::Value value, mlir::Location loc);
  /// A view of the first `rows` rows.
  mlir::Value viewOf(const Place &place, mlir::Value rows, mlir::Location loc);
  /// A view of the first `rows` rows of `steps` steps of a sequence.
  mlir::Value viewOfSteps(const Place &place, mlir::Value from, mlir::Value steps, mlir::Value rows, mlir::Location loc);
  mlir::OpFoldResult beginOf(const Place &place, mlir::Location loc);
  /// Where a place is, in elements from its base.
  mlir::OpFoldResult offsetOf(const Place &place, mlir::Location loc);
  mlir::OpFoldResult extent(Extent extent, mlir::Location loc);
  mlir::OpFoldResult add(mlir::OpFoldResult a, mlir::OpFoldResult b, mlir::Location loc);
  mlir::Value constant(int64_t value, mlir::Location loc);
  mlir::Value asValue(mlir::OpFoldResult value, mlir::Location loc);
  mlir::Value capacity(mlir::Location loc);

  mlir::OpBuilder &builder;
  const SlicePlan &plan;
  SliceArguments arguments;
  int64_t rowTile;
  mlir::IRMapping numbers;
  mlir::Value rowCapacity;
  llvm::DenseMap<mlir::Value, mlir::Value> views, stepViews, tableRows;
  llvm::DenseMap<int64_t, mlir::Value> multiples; ///< of the capacity
  llvm::DenseMap<std::pair<unsigned, int64_t>, mlir::OpFoldResult> begins; ///< of a storage's slots
  /// While the body of a scan is written: its loop, the steps done, and the
  /// place in the sequence of the step that runs.
  mlir::Operation *loop = nullptr;
  mlir::Value stepsDone, position;
  mlir::Region *scanBody = nullptr;
  mlir::Value rowsOfStep; ///< null where the step has all rows
  mlir::Value rowsStacked; ///< of the steps before; null where there are no stacks
};

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_SLICEEMITTER_H

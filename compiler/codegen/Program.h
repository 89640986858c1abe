//===- Program.h - Names in a module of the stage `program` -----*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program is self-contained text. Its functions:
//
//   @predict.prepare, @predict.slice, @predict.arena    the model
//   @step.prepare, @step.slice, @step.arena             one training step
//   @evaluate.prepare, .slice, .arena                   predictions and their loss
//   @update                                             the optimizer
//   @penalty.NAME                                       the regularizer of that name
//
// Every argument says in `weft.field` which member of WeftCall (of
// WeftUpdateCall for the last two) it is; where that member is an array, the
// arguments stand in its order. Inputs, labels and outputs carry `weft.name`, ids
// `weft.vocabulary`, labels `weft.bounds` where there are any. `*.arena` answers how
// many bytes a slice of so many rows needs.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_PROGRAM_H
#define WEFT_COMPILER_CODEGEN_PROGRAM_H

#include "compiler/codegen/WeightTable.h"
#include "dialects/seq/Seq.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace weft::codegen {

/// Attributes of arguments.
constexpr llvm::StringLiteral fieldAttr = "weft.field";
constexpr llvm::StringLiteral nameAttr = "weft.name";
constexpr llvm::StringLiteral vocabularyAttr = "weft.vocabulary";
constexpr llvm::StringLiteral boundsAttr = "weft.bounds";

/// Attributes of the module: the model's name, its layers for the summary, the
/// tile that slices are rounded up to, and how many slices a batch has at most.
constexpr llvm::StringLiteral modelAttr = "weft.model";
constexpr llvm::StringLiteral layersAttr = "weft.layers";
constexpr llvm::StringLiteral rowTileAttr = "weft.row_tile";
constexpr llvm::StringLiteral slicesAttr = "weft.slices";
constexpr int64_t defaultRowTile = 8, defaultSlices = 4;

/// Rows that are stacked before a kernel of a scan adds them up, for them and what they
/// are added to to stay in the second-level cache; there is room for `stackTiles` times
/// what a slice has room for.
constexpr int64_t rowsToStack = 96, stackTiles = 8;
/// What comes together of steps of `rows` rows each.
inline int64_t rowsOfStack(int64_t rows, int64_t rowTile) {
  int64_t full = std::min(rowsToStack, (stackTiles - 1) * (rows + rowTile - 1));
  return (full + rows - 1) / rows * rows;
}

/// Steps of a sequence that a kernel is called for at once where it is for active rows alone,
/// of which there are more from step to step.
constexpr int64_t stepsOfBlock = 8;

/// On a model or step, and then on its `*.slice`: the number of the input whose
/// leading zeros rows of a slice have in common (WeftFunction::padded_input).
constexpr llvm::StringLiteral paddedInputAttr = "weft.padded_input";

/// What the arena of a function comes to, on its `*.slice`: elements a row as
/// planned, as needed at one moment, and as they would be if nothing shared memory.
constexpr llvm::StringLiteral memoryAttr = "weft.memory";

inline int64_t moduleNumber(mlir::ModuleOp module, llvm::StringRef name, int64_t otherwise) {
  auto attribute = module->getAttrOfType<mlir::IntegerAttr>(name);
  return attribute ? attribute.getInt() : otherwise;
}

/// An argument of a function that is made.
struct Argument {
  mlir::Type type;
  llvm::StringRef field;
  mlir::StringAttr name;
  mlir::Attribute vocabulary, bounds = {};
};
mlir::func::FuncOp createFunction(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                                  llvm::ArrayRef<Argument> arguments, mlir::TypeRange results = {});

/// The function of a program that computes what elements cost.
inline std::string penaltyName(llvm::StringRef regularizer) { return ("penalty." + regularizer).str(); }

/// Replaces `optimizer` by @update.
mlir::LogicalResult planUpdate(seq::OptimizerOp optimizer, const WeightTable &weights);

/// Replaces `regularizer` by its @penalty.
mlir::LogicalResult planPenalty(seq::RegularizerOp regularizer, const WeightTable &weights);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_PROGRAM_H

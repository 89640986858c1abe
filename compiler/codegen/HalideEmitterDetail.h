//===- HalideEmitterDetail.h - What the emitter's parts share ---*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_HALIDEEMITTERDETAIL_H
#define WEFT_COMPILER_CODEGEN_HALIDEEMITTERDETAIL_H

#include "dialects/halide/Halide.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

#include <Halide.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::codegen::detail {

/// One loop of a stage, as schedules name it.
struct Loop {
  std::string name;
  ::Halide::VarOrRVar var;
  int dimension = -1; ///< of the func, where the loop goes along one
  int64_t extent = 0; ///< iterations, where known
  int64_t unit = 1;   ///< elements of the dimension an iteration
};

/// The loops of one definition of a func, innermost first where it matters.
using Loops = std::vector<Loop>;

/// A func and, for each of its definitions (pure, then updates), its loops.
struct EmittedFunc {
  ::Halide::Func func;
  std::vector<::Halide::Var> vars;
  std::vector<Loops> stages;
};

/// The part of a kernel's output that a schedule with a `halide.cut` computes at a time.
struct OutputPart {
  int dimension = 0; ///< as coordinates are counted
  int64_t from = 0, extent = 0;
  bool isLast = false;
};

/// A kernel's Halide objects by the names its IR gives them.
struct EmittedKernel {
  std::map<std::string, ::Halide::ImageParam> inputs;
  std::map<std::string, ::Halide::Parameter> scalars;
  std::map<std::string, EmittedFunc> funcs;
  std::vector<::Halide::Argument> arguments;
  std::string output;
  std::vector<mlir::MemRefType> outputTypes;
  std::optional<OutputPart> part; ///< all of the output where there is none
};

/// The Halide type of a scalar; failure where Halide has none.
llvm::FailureOr<::Halide::Type> convertType(mlir::Type type);

/// The arithmetic of one definition: walks the block's operations and keeps a
/// Halide expression for each value.
class ExpressionBuilder {
public:
  explicit ExpressionBuilder(EmittedKernel &kernel) : kernel(kernel) {}

  void bind(mlir::Value value, ::Halide::Expr expr) { values[value] = std::move(expr); }
  ::Halide::Expr lookup(mlir::Value value) const { return values.lookup(value); }

  /// Translates one operation; reports the op that has no translation.
  llvm::LogicalResult build(mlir::Operation *op);

private:
  llvm::LogicalResult buildAt(halide::AtOp op);
  ::Halide::Expr buildFloat(mlir::Operation *op, llvm::ArrayRef<::Halide::Expr> in);
  ::Halide::Expr buildInteger(mlir::Operation *op, llvm::ArrayRef<::Halide::Expr> in);
  ::Halide::Expr buildCast(mlir::Operation *op, ::Halide::Expr in);
  ::Halide::Expr buildMath(mlir::Operation *op, llvm::ArrayRef<::Halide::Expr> in);

  EmittedKernel &kernel;
  llvm::DenseMap<mlir::Value, ::Halide::Expr> values;
};

/// Applies every directive of a schedule, or of a region of it, to `kernel`.
llvm::LogicalResult applyDirectives(mlir::Block &directives, EmittedKernel &kernel);

/// A `halide.cut`, and the parts of the output before and behind it.
struct Cut {
  halide::CutOp op; ///< null where there is none
  std::optional<OutputPart> before, behind;
};
/// Looks for a `halide.cut` among the directives, and for what stands against it.
llvm::FailureOr<Cut> findCut(halide::KernelOp kernel, mlir::Block &directives);

/// Halide's message without its banner and line ends.
std::string describe(const ::Halide::Error &error);

} // namespace weft::codegen::detail

#endif // WEFT_COMPILER_CODEGEN_HALIDEEMITTERDETAIL_H

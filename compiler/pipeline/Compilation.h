//===- Compilation.h - One model on its way through the stages -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_PIPELINE_COMPILATION_H
#define WEFT_COMPILER_PIPELINE_COMPILATION_H

#include "compiler/codegen/KernelCompiler.h"
#include "compiler/codegen/Target.h"
#include "compiler/pipeline/Pipeline.h"
#include "dialects/halide/Halide.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include "llvm/Support/SourceMgr.h"

namespace weft::pipeline {

/// A module, where it stands among the stages, and what diagnostics have said.
class Compilation {
public:
  explicit Compilation(const Options &options);

  /// Reads the input: a .weft file becomes its seq module; a .mlir file is taken
  /// as it is, at the stage that its operations show.
  Outcome load();
  /// Runs the passes up to a stage. Nothing is done where the module is there.
  Outcome advance(Stage to);

  mlir::ModuleOp getModule() { return *module; }
  Stage getStage() const { return stage; }
  const codegen::Target &getTarget() const { return target; }
  /// The module as text: what a later run can resume from.
  std::string print();
  /// The name of the model, `model` where the module has none.
  std::string modelName();

  /// Runs what reports errors as diagnostics; where it fails, `lastFailure` tells why.
  template <typename Function> auto guarded(const std::string &what, Function &&function) {
    llvm::raw_string_ostream out(diagnostics);
    mlir::SourceMgrDiagnosticHandler handler(sources, &context, out);
    auto result = function();
    if (failed(result))
      last = failure(what);
    return result;
  }
  Outcome lastFailure() const { return last; }

private:
  Outcome loadSource(std::string text);
  Outcome loadModule(std::string text);
  Outcome settleTarget();
  /// `what` did not work: with what the diagnostics said.
  Outcome failure(const std::string &what);

  const Options &options;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  llvm::SourceMgr sources; ///< for quoting lines in diagnostics
  std::string diagnostics;
  codegen::Target target;
  Stage stage = Stage::Seq;
  Outcome last;
  bool edited = false; ///< the input was a stage as text: what is wrong with it is the user's
};

codegen::KernelCompileOptions kernelCompileOptions(const Compilation &compilation, const Options &options,
                                                   const Toolchain &tools);

/// The parsed file, printed.
Outcome printSyntax(const Options &options, std::string &text);

/// The file of schedules that a compilation uses, empty where there is none, and
/// whether nobody named it: it was found beside the model.
std::pair<std::string, bool> scheduleFileOf(const Options &options);

/// Replaces the schedules of the kernels that the file names. A file that was made
/// for other kernels is refused, and so is one for another target, unless it was
/// only found beside the model (`found`): then the defaults are as good.
Outcome applySchedules(mlir::ModuleOp module, const codegen::Target &target, const std::string &file, bool found);

/// On a schedule: a digest of the algorithm it was made for.
constexpr llvm::StringLiteral kernelDigestAttribute = "weft.kernel";
std::string kernelDigest(halide::KernelOp kernel);

/// On a module: what its kernels, or the schedules in it, were made for.
constexpr llvm::StringLiteral targetAttribute = "weft.target";

/// Where a module stands, told by its operations.
Stage findStage(mlir::ModuleOp module);

} // namespace weft::pipeline

#endif // WEFT_COMPILER_PIPELINE_COMPILATION_H

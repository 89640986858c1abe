//===- Codegen.h - From kernels and a program to a binary -------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_CODEGEN_H
#define WEFT_COMPILER_CODEGEN_CODEGEN_H

#include "compiler/codegen/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <memory>
#include <string>
#include <vector>

namespace weft::codegen {

//===----------------------------------------------------------------------===//
// Stage `program`
//===----------------------------------------------------------------------===//

/// seq.model, seq.step and seq.optimizer, made of halide.apply and seq.scan, to
/// functions on planned buffers (Program.h names them).
std::unique_ptr<mlir::Pass> createPlanProgramPass();

/// `plan-program` and what makes its text short.
void buildProgramPipeline(mlir::OpPassManager &manager);

/// The passes of this library by name, for weft-opt.
void registerCodegenPasses();

//===----------------------------------------------------------------------===//
// Stage `llvm`
//===----------------------------------------------------------------------===//

/// Functions of a program, and their C entries, to the LLVM dialect.
std::unique_ptr<mlir::Pass> createLowerProgramPass();

/// The dialects and the translations that the functions below need in the
/// context of a module.
void registerCodegenDialects(mlir::DialectRegistry &registry);

/// A module of LLVM IR with the context it lives in.
struct LlvmProgram {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
};

/// A program as LLVM IR, optimised, with the descriptor `weft_model`. The given
/// module stays as it is. Errors are reported on it.
mlir::FailureOr<LlvmProgram> lowerToLlvm(mlir::ModuleOp program, const Target &target);

std::string emitLlvmText(const LlvmProgram &program);
/// The stage `asm` of the program; nothing where `error` says why not.
mlir::FailureOr<std::string> emitAssembly(const LlvmProgram &program, const Target &target, std::string *error);
/// Writes an object file.
mlir::LogicalResult emitObject(const LlvmProgram &program, const Target &target, llvm::StringRef path,
                               std::string *error);

//===----------------------------------------------------------------------===//
// Linking
//===----------------------------------------------------------------------===//

enum class OutputKind { Executable, Object, Shared };

struct LinkOptions {
  OutputKind kind = OutputKind::Executable;
  std::vector<std::string> objects; ///< of the program and of its kernels
  std::vector<std::string> archives; ///< weft_runtime and what it needs; for executables alone
  std::string output;
  bool strip = true;
  std::vector<std::string> searchPath; ///< where to look for a linker; $PATH where empty
};

/// Links with the system's `c++`, or with `ld.lld` and the C library's start
/// files where there is no compiler. On failure `error` is a message for the
/// user: no linker on the machine, or what the linker said.
mlir::LogicalResult link(const LinkOptions &options, std::string *error);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_CODEGEN_H

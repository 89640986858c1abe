//===- KernelCompiler.h - All kernels of a module to objects ----*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each kernel is compiled by a worker process of its own: in parallel, bounded
// in time, and with the same bytes every time, because Halide's state is fresh.
// Results stay in a cache on disk whose keys are the texts of kernel and
// schedule, the target, and the worker's own contents.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_KERNELCOMPILER_H
#define WEFT_COMPILER_CODEGEN_KERNELCOMPILER_H

#include "compiler/codegen/Target.h"
#include "dialects/halide/Halide.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Path.h"

#include <functional>
#include <string>
#include <vector>

namespace weft::codegen {

struct KernelCompileOptions {
  Target target = hostTarget();
  /// The program that runs `kernelWorkerMain`. Empty: `weft-kernel` beside this program.
  std::string worker;
  /// Empty: `$WEFT_CACHE/kernels`, else `~/.cache/weft/kernels`.
  std::string cacheDirectory;
  /// False compiles even what the cache has.
  bool reuse = true;
  unsigned jobs = 0; ///< workers at a time; 0: one a core
  unsigned timeLimitSeconds = 120;
  /// Called once while the workers are at it; after them where the cache has everything.
  std::function<void()> meanwhile;
};

struct CompiledKernel {
  std::string name; ///< of the halide.kernel
  std::string symbol;
  std::string objectPath; ///< in the cache
};

/// Compiles every `halide.kernel` of `module`, in the order they stand. Reports
/// what is wrong with each kernel at its ops, then fails.
mlir::FailureOr<std::vector<CompiledKernel>> compileKernels(mlir::ModuleOp module,
                                                            const KernelCompileOptions &options);

/// Halide's lowered loops, and the assembly, of one kernel as text.
mlir::FailureOr<std::string> kernelStmt(halide::KernelOp kernel, const KernelCompileOptions &options);
mlir::FailureOr<std::string> kernelAssembly(halide::KernelOp kernel, const KernelCompileOptions &options);

/// Where the worker puts what it makes of the kernel in `input`.
struct KernelFiles {
  KernelFiles(llvm::StringRef input, llvm::StringRef extension) {
    llvm::StringRef stem = input.drop_back(llvm::sys::path::extension(input).size());
    product = (stem + "." + extension).str();
    report = (stem + ".report").str();
  }
  std::string product, report;
};

/// The worker: compiles the kernels in the files that a list names, one a line, each in
/// a process of its own: none can take another with it, or take for ever. Links Halide, as this
/// header's other functions do not (library WeftHalideCodegen).
///
///   WORKER --list FILE --target T --product o|s|stmt --jobs N --time-limit SECONDS --results FILE
///
/// A kernel's report holds its diagnostics for another program: a line for each, the op's
/// number in walk order, then the message. `--results` gets a line for each kernel, a
/// WorkerResult in numbers.
int kernelWorkerMain(int argc, char **argv);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_KERNELCOMPILER_H

//===- KernelCompilerPool.h - Worker processes, a few at a time -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_KERNELCOMPILERPOOL_H
#define WEFT_COMPILER_CODEGEN_KERNELCOMPILERPOOL_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <vector>

namespace weft::codegen {

/// What became of a worker.
struct WorkerResult {
  enum class End { Exited, Signalled, TimedOut, NotStarted };
  End end = End::NotStarted;
  int code = 0; ///< exit code, signal, or errno
};

/// Runs `work(i)` for every i below `count`, each in a copy of this process, which must
/// have one thread; at most `parallel` at a time and none longer than `timeLimitSeconds`.
/// `work` gives the copy's exit code.
std::vector<WorkerResult> runWorkers(size_t count, unsigned parallel, unsigned timeLimitSeconds,
                                     llvm::function_ref<int(size_t)> work);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_KERNELCOMPILERPOOL_H

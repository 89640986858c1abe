//===- KernelCompilerPool.h - Worker processes, a few at a time -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_KERNELCOMPILERPOOL_H
#define WEFT_COMPILER_CODEGEN_KERNELCOMPILERPOOL_H

#include <string>
#include <vector>

namespace weft::codegen {

struct WorkerCommand {
  std::vector<std::string> arguments; ///< the program first
};

struct WorkerResult {
  enum class End { Exited, Signalled, TimedOut, NotStarted };
  End end = End::NotStarted;
  int code = 0; ///< exit code, signal, or errno
};

/// Runs every command, at most `parallel` at a time and none longer than
/// `timeLimitSeconds`; results in the order of the commands.
std::vector<WorkerResult> runWorkers(const std::vector<WorkerCommand> &commands, unsigned parallel,
                                     unsigned timeLimitSeconds);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_KERNELCOMPILERPOOL_H

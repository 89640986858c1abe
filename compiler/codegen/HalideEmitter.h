//===- HalideEmitter.h - From the halide dialect to object code -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One `halide.kernel` and its `halide.schedule` become Halide Funcs and then
// object code. The emitter reads this IR and nothing else. Halide keeps names
// in state of the process, so a process that wants the same bytes every time
// emits one kernel: KernelCompiler starts a worker for each.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_HALIDEEMITTER_H
#define WEFT_COMPILER_CODEGEN_HALIDEEMITTER_H

#include "compiler/codegen/Target.h"
#include "dialects/halide/Halide.h"

#include <string>

namespace weft::codegen {

/// Where to write what; an empty path writes nothing.
struct EmitPaths {
  std::string object;
  std::string assembly;
  std::string stmt; ///< Halide's lowered loops, as text
};

/// Compiles `kernel` as the C function `kernelSymbol(name)`. `schedule` may be
/// null (everything inlined, no vectors). A mistake in either is reported at the
/// op that makes it.
llvm::LogicalResult emitKernel(halide::KernelOp kernel, halide::ScheduleOp schedule, const Target &target,
                               const EmitPaths &paths);

/// The schedule of `kernel` in its module, or null.
halide::ScheduleOp findSchedule(halide::KernelOp kernel);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_HALIDEEMITTER_H

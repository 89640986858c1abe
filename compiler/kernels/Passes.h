//===- Passes.h - From the gradient stage to kernels and their calls -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_PASSES_H
#define WEFT_COMPILER_KERNELS_PASSES_H

#include "compiler/codegen/Target.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace weft::kernels {

/// Replaces every computation of models, steps and optimizers by
/// `halide.apply` of a kernel made for it, with a default schedule for the
/// target. What is left in bodies: seq.read, seq.scan, seq.next, halide.apply
/// and seq.return. Sets the module attribute `weft.row_tile`.
std::unique_ptr<mlir::Pass> createOutlineKernelsPass(const codegen::Target &target);

void buildKernelsPipeline(mlir::OpPassManager &manager, const codegen::Target &target);

/// Makes `outline-kernels` known to command lines, for the target given by its option `target`.
void registerKernelPasses();

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_PASSES_H

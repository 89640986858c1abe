//===- Passes.h - From layers to a training step -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_TRANSFORMS_PASSES_H
#define WEFT_COMPILER_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

#include "dialects/seq/Seq.h"

namespace weft {

#define GEN_PASS_DECL
#include "compiler/transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/transforms/Passes.h.inc"

/// From stage `seq` to stage `expanded`.
void buildExpandedPipeline(mlir::OpPassManager &manager);

/// From stage `seq` or `expanded` to stage `gradient`.
void buildGradientPipeline(mlir::OpPassManager &manager);
/// The same, but rows of tables are multiplied at every place where they occur.
void buildUnfoldedGradientPipeline(mlir::OpPassManager &manager);

/// Every pass, and the two pipelines as `weft-expanded` and `weft-gradient`.
void registerTransforms();

} // namespace weft

#endif // WEFT_COMPILER_TRANSFORMS_PASSES_H

//===- Pipelines.cpp - The order of the passes -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace weft;

void weft::buildExpandedPipeline(OpPassManager &manager) { manager.addPass(createSeqExpand()); }

static void buildGradient(OpPassManager &manager, bool foldLookups) {
  manager.addPass(createSeqExpand());
  manager.addPass(createSeqSimplify());
  manager.addPass(createSeqDistributeSplits());
  // From here on nothing depends on how the equations were written down.
  manager.addPass(createSeqOrder());
  // The algebra has to see the loss behind the model before it is differentiated.
  manager.addPass(createSeqBuildStep());
  manager.addPass(createSeqSimplify());
  if (foldLookups)
    manager.addPass(createSeqFoldLookups());
  manager.addPass(createSeqDifferentiate());
  manager.addPass(createSeqSimplify());
  manager.addPass(createSeqSinkFromScan());
  manager.addPass(createSeqSimplify());
}

void weft::buildGradientPipeline(OpPassManager &manager) { buildGradient(manager, /*foldLookups=*/true); }

void weft::buildUnfoldedGradientPipeline(OpPassManager &manager) { buildGradient(manager, /*foldLookups=*/false); }

void weft::registerTransforms() {
  registerTransformsPasses();
  PassPipelineRegistration<>("weft-expanded", "from stage seq to stage expanded", buildExpandedPipeline);
  PassPipelineRegistration<>("weft-gradient", "from stage seq to stage gradient", buildGradientPipeline);
}

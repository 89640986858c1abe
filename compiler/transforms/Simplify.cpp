//===- Simplify.cpp - Algebra, common and dead code -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Algebra.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace weft {
#define GEN_PASS_DEF_SEQSIMPLIFY
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
struct SeqSimplifyPass : weft::impl::SeqSimplifyBase<SeqSimplifyPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet rewrites(context);
    populateAlgebra(rewrites);
    patterns = std::move(rewrites);
    return success();
  }

  void runOnOperation() override {
    // A scan that lost a state shows algebra new equations, and the other way round.
    for (int round = 0; round < 2; ++round) {
      if (failed(applyPatternsGreedily(
              getOperation(), patterns,
              GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled))))
        return signalPassFailure();
      SmallVector<ScanOp> scans;
      getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
      for (ScanOp scan : scans) {
        hoistInvariants(scan);
        simplifyScan(scan);
      }
      IRRewriter rewriter(&getContext());
      DominanceInfo dominance(getOperation());
      eliminateCommonSubExpressions(rewriter, dominance, getOperation());
    }
  }

  FrozenRewritePatternSet patterns;
};
} // namespace

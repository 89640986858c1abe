//===- LookUpInScan.cpp - Rows of tables are looked up where they are used -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

namespace weft {
#define GEN_PASS_DEF_SEQLOOKUPINSCAN
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
struct SeqLookUpInScanPass : weft::impl::SeqLookUpInScanBase<SeqLookUpInScanPass> {
  void runOnOperation() override;
};
} // namespace

/// Whether what uses an element of `step` has one of its own beside it, and can fetch it.
static bool isUsedByElement(Value step) {
  return !step.use_empty() && llvm::all_of(step.getUsers(), [&](Operation *user) {
    return isa<ElementwiseOpInterface>(user) && user->getResult(0).getType() == step.getType();
  });
}

static void lookUpInScan(ScanOp scan) {
  auto collected = scan.getCollect().value_or(ArrayRef<int64_t>());
  ScanEditor editor(scan);
  DenseMap<Value, Value> idsOfStep;
  bool changed = false;
  for (unsigned index = 0, count = scan.getInputs().size(); index < count; ++index) {
    auto gather = scan.getInputs()[index].getDefiningOp<GatherOp>();
    BlockArgument step = scan.getBody().getArgument(index);
    if (!gather || hasBatch(gather.getTable().getType()) || !hasBatch(gather.getIds().getType()) ||
        llvm::is_contained(collected, int64_t(index)) || !isUsedByElement(step))
      continue;
    Value &ids = idsOfStep[gather.getIds()];
    if (!ids)
      ids = editor.addInput(gather.getIds());
    OpBuilder builder = OpBuilder::atBlockBegin(&scan.getBody().front());
    step.replaceAllUsesWith(GatherOp::create(builder, gather.getLoc(), step.getType(), gather.getTable(), ids));
    replaceWhereOnlyLike(gather.getResult(), gather.getIds());
    editor.eraseInput(index);
    changed = true;
  }
  if (changed)
    editor.finish();
}

void SeqLookUpInScanPass::runOnOperation() {
  SmallVector<ScanOp> scans;
  getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
  llvm::SmallPtrSet<Block *, 4> blocks;
  for (ScanOp scan : scans) {
    blocks.insert(scan->getBlock());
    lookUpInScan(scan);
  }
  for (Block *block : blocks)
    eraseDeadOperations(*block);
}

//===- SumInScan.cpp - Sums over what a scan keeps go into it -----*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// seq-sink-from-scan takes sums over steps out of a scan, where equal ones are found
// and the other passes see them. This pass is the last before kernels are made, and
// brings back those that use what the scan itself makes.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

namespace weft {
#define GEN_PASS_DEF_SEQSUMINSCAN
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
struct SeqSumInScanPass : weft::impl::SeqSumInScanBase<SeqSumInScanPass> {
  void runOnOperation() override;
};
} // namespace

/// The sequences that `op` sums over rows and steps, and nothing else; empty where it
/// does not, or not over the rows that the scan is computed for.
static SmallVector<Value> summedSequences(ScanOp scan, Operation *op) {
  Value active;
  SmallVector<Value> sequences;
  if (auto contract = dyn_cast<ContractOp>(op)) {
    active = contract.getActive();
    sequences = {contract.getLhs(), contract.getRhs()};
  } else if (auto sum = dyn_cast<SumToOp>(op)) {
    active = sum.getActive();
    sequences = {sum.getInput()};
    // Both axes have to go.
    if (hasBatch(sum.getType()) || sum.getType().getRank() > sum.getInput().getType().getRank() - 2)
      return {};
  } else if (auto scatter = dyn_cast<ScatterAddOp>(op)) {
    active = scatter.getActive();
    sequences = {scatter.getValues(), scatter.getIds()};
  }
  if (active != scan.getActive() || op->getBlock() != scan->getBlock())
    return {};
  for (Value sequence : sequences) {
    auto type = cast<RankedTensorType>(sequence.getType());
    Operation *from = sequence.getDefiningOp();
    bool known = !from || from == scan || from->isBeforeInBlock(scan);
    bool isIds = type.getElementType().isInteger();
    if (!hasBatch(type) || type.getRank() != (isIds ? 2 : 3) || type.getDimSize(1) != int64_t(scan.getSteps()) || !known)
      return {};
  }
  return sequences;
}

/// What is summed over all rows and steps, and for each id that occurs as well: fewer
/// rows are left of that.
static void sumTables(Block &block) {
  SmallVector<SumToOp> sums(block.getOps<SumToOp>());
  for (SumToOp sum : sums) {
    RankedTensorType from = sum.getInput().getType();
    if (!hasBatch(from) || sum.getType().getRank() != 1 || sum.getType().getDimSize(0) != from.getShape().back())
      continue;
    for (Operation *user : sum.getInput().getUsers()) {
      auto scatter = dyn_cast<ScatterAddOp>(user);
      auto places = scatter ? scatter.getIds().getDefiningOp<RankOfOp>() : RankOfOp();
      if (!places || scatter.getValues() != sum.getInput() || scatter.getActive() != sum.getActive() ||
          scatter->getBlock() != &block || places->getBlock() != &block || !places->isBeforeInBlock(sum))
        continue;
      if (sum->isBeforeInBlock(scatter))
        scatter->moveBefore(sum);
      OpBuilder builder(sum);
      sum.replaceAllUsesWith(SumToOp::create(builder, sum.getLoc(), sum.getType(), scatter.getResult()).getResult());
      sum.erase();
      break;
    }
  }
}

static void sumInScan(ScanOp scan) {
  llvm::SetVector<Operation *> sums;
  for (Value kept : scan.getKept())
    for (Operation *user : kept.getUsers())
      if (!summedSequences(scan, user).empty())
        sums.insert(user);
  if (sums.empty())
    return;
  // In the order they stand, not in that of uses.
  SmallVector<Operation *> ordered(sums.begin(), sums.end());
  llvm::sort(ordered, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });

  ScanEditor editor(scan);
  NextOp next = scan.getNext();
  SmallVector<Value> keptValues(next.getKept());
  DenseMap<Value, Value> added; // sequences that have become inputs
  auto stepOf = [&](Value sequence) -> Value {
    if (sequence.getDefiningOp() == scan)
      return keptValues[cast<OpResult>(sequence).getResultNumber() - scan.getLast().size()];
    for (auto [number, input] : llvm::enumerate(scan.getInputs()))
      // An input that collects adjoints holds others in the scan than outside.
      if (input == sequence && !llvm::is_contained(scan.getCollect().value_or(ArrayRef<int64_t>()), int64_t(number)))
        return scan.getBody().getArgument(number);
    Value &step = added[sequence];
    return step ? step : step = editor.addInput(sequence);
  };
  unsigned states = scan.getStarts().size();
  for (Operation *op : ordered) {
    SmallVector<Value> sequences = summedSequences(scan, op), steps;
    for (Value sequence : sequences)
      steps.push_back(stepOf(sequence));
    Type type = op->getResult(0).getType();
    OpBuilder outside(scan), inside(next);
    Value sum = editor.addState(zeros(outside, op->getLoc(), type, {})), part;
    if (isa<ContractOp>(op))
      part = ContractOp::create(inside, op->getLoc(), type, steps[0], steps[1]);
    else if (isa<ScatterAddOp>(op))
      part = ScatterAddOp::create(inside, op->getLoc(), type, steps[0], steps[1]);
    else
      part = SumToOp::create(inside, op->getLoc(), type, steps[0]);
    next.getStatesMutable().append(AddOp::create(inside, op->getLoc(), sum, part).getResult());
  }
  for (auto [index, kept] : llvm::enumerate(scan.getKept()))
    if (llvm::all_of(kept.getUsers(), [&](Operation *user) { return sums.contains(user); }))
      editor.eraseKept(index);
  // Results of the sums are the new states' last values, which come with the new scan.
  for (Operation *op : ordered)
    op->dropAllReferences();
  ScanOp edited = editor.finish();
  for (auto [number, op] : llvm::enumerate(ordered)) {
    op->getResult(0).replaceAllUsesWith(edited.getLast()[states + number]);
    op->erase();
  }
}

void SeqSumInScanPass::runOnOperation() {
  SmallVector<ScanOp> scans;
  getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
  llvm::SmallPtrSet<Block *, 4> blocks;
  for (ScanOp scan : scans)
    if (blocks.insert(scan->getBlock()).second)
      sumTables(*scan->getBlock());
  for (ScanOp scan : scans)
    sumInScan(scan);
}

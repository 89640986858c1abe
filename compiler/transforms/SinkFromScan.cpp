//===- SinkFromScan.cpp - Sums over the steps behind the scan -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/IR/IRMapping.h"

namespace weft {
#define GEN_PASS_DEF_SEQSINKFROMSCAN
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
/// Takes sums over steps, and on request matmuls that only leave, out of one scan.
class Sinker {
public:
  Sinker(ScanOp scan, bool sinkMatmuls) : scan(scan), editor(scan), sinkMatmuls(sinkMatmuls) {}

  void run();

private:
  /// What a state adds up, where it is used for nothing else.
  Value findSummand(unsigned state);
  /// Its sum over steps can be computed from sequences.
  bool canSum(Value value);
  Value sum(OpBuilder &builder, Value value);
  Value buildSum(OpBuilder &builder, Value value);
  /// The sequence of a matmul of kept values, or of a sum of such.
  bool canLeave(Value value);
  Value leave(OpBuilder &builder, Value value);

  bool isInside(Value value) { return scan.getBody().isAncestor(value.getParentRegion()); }
  /// The sequence of `value`. Kept values get their result when the scan is built
  /// anew, so until then this is a placeholder.
  Value sequenceOf(OpBuilder &builder, Value value);

  ScanOp scan;
  ScanEditor editor;
  bool sinkMatmuls;
  SmallVector<std::pair<Operation *, unsigned>> placeholders;
  DenseMap<Value, Value> sums;
};

struct SeqSinkFromScanPass : weft::impl::SeqSinkFromScanBase<SeqSinkFromScanPass> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

Value Sinker::findSummand(unsigned state) {
  BlockArgument argument = scan.getBody().getArgument(scan.getInputs().size() + state);
  Value next = scan.getNext().getStates()[state];
  if (!argument.hasOneUse() || !next.hasOneUse())
    return {};
  auto add = next.getDefiningOp<AddOp>();
  if (!add || *argument.user_begin() != add)
    return {};
  return add.getLhs() == argument ? add.getRhs() : add.getLhs();
}

bool Sinker::canSum(Value value) {
  if (!isInside(value))
    return false;
  Operation *op = value.getDefiningOp();
  if (auto add = dyn_cast_or_null<AddOp>(op))
    return add.getLhs().getType() == add.getType() && add.getRhs().getType() == add.getType() &&
           canSum(add.getLhs()) && canSum(add.getRhs());
  if (auto contract = dyn_cast_or_null<ContractOp>(op))
    return llvm::all_of(contract->getOperands(),
                        [&](Value operand) { return isInside(operand) && hasBatch(operand.getType()); });
  // The steps' axis stands behind the batch: both have to be among the repeated.
  if (auto sumTo = dyn_cast_or_null<SumToOp>(op))
    return isInside(sumTo.getInput()) && hasBatch(sumTo.getInput().getType()) &&
           cast<RankedTensorType>(sumTo.getType()).getRank() <
               cast<RankedTensorType>(sumTo.getInput().getType()).getRank();
  return false;
}

Value Sinker::sequenceOf(OpBuilder &builder, Value value) {
  for (auto [argument, sequence] : llvm::zip(scan.getStepArguments(), scan.getInputs()))
    if (argument == value)
      return sequence;
  unsigned index = editor.keep(value);
  // An operation without operands, of the right type, for the time being.
  OperationState state(value.getLoc(), "builtin.unrealized_conversion_cast");
  state.addTypes(sequenceType(value.getType(), scan.getSteps()));
  Operation *placeholder = builder.create(state);
  placeholders.emplace_back(placeholder, index);
  return placeholder->getResult(0);
}

Value Sinker::sum(OpBuilder &builder, Value value) {
  // What flows to two captured values, as to two biases of one sum, is summed once.
  if (Value known = sums.lookup(value))
    return known;
  return sums[value] = buildSum(builder, value);
}

Value Sinker::buildSum(OpBuilder &builder, Value value) {
  Operation *op = value.getDefiningOp();
  if (auto add = dyn_cast<AddOp>(op)) {
    Value lhs = sum(builder, add.getLhs());
    Value rhs = sum(builder, add.getRhs());
    return AddOp::create(builder, op->getLoc(), lhs, rhs);
  }
  SmallVector<Value> sequences;
  for (Value operand : op->getOperands())
    sequences.push_back(sequenceOf(builder, operand));
  if (isa<ContractOp>(op))
    return ContractOp::create(builder, op->getLoc(), value.getType(), sequences[0], sequences[1]);
  return SumToOp::create(builder, op->getLoc(), value.getType(), sequences[0]);
}

bool Sinker::canLeave(Value value) {
  if (!isInside(value) || !value.hasOneUse())
    return false;
  if (auto add = value.getDefiningOp<AddOp>())
    return add.getLhs().getType() == add.getType() && add.getRhs().getType() == add.getType() &&
           canLeave(add.getLhs()) && canLeave(add.getRhs());
  auto matmul = value.getDefiningOp<MatmulOp>();
  return matmul && isInside(matmul.getLhs()) && !isInside(matmul.getRhs());
}

Value Sinker::leave(OpBuilder &builder, Value value) {
  Location loc = value.getLoc();
  if (auto add = value.getDefiningOp<AddOp>()) {
    Value lhs = leave(builder, add.getLhs());
    Value rhs = leave(builder, add.getRhs());
    return AddOp::create(builder, loc, lhs, rhs);
  }
  auto matmul = value.getDefiningOp<MatmulOp>();
  Value lhs = sequenceOf(builder, matmul.getLhs());
  return MatmulOp::create(builder, loc, sequenceType(value.getType(), scan.getSteps()), lhs, matmul.getRhs(),
                          matmul.getTransposeB());
}

void Sinker::run() {
  OpBuilder builder(scan);
  builder.setInsertionPointAfter(scan);
  bool changed = false;
  for (unsigned state = 0, count = scan.getStarts().size(); state < count; ++state) {
    Value summand = findSummand(state);
    if (!summand || !canSum(summand))
      continue;
    Value total = sum(builder, summand);
    Value start = scan.getStarts()[state];
    total = AddOp::create(builder, total.getLoc(), start, total);
    scan.getLast()[state].replaceAllUsesWith(total);
    editor.eraseState(state);
    changed = true;
  }
  if (sinkMatmuls)
    for (unsigned index = 0, count = scan.getKept().size(); index < count; ++index) {
      Value value = scan.getNext().getKept()[index];
      if (!canLeave(value))
        continue;
      scan.getKept()[index].replaceAllUsesWith(leave(builder, value));
      changed = true;
    }
  if (!changed)
    return;
  // Numbers of kept results hold until some are erased: that is simplifyScan's part.
  ScanOp edited = editor.finish();
  for (auto [placeholder, index] : placeholders) {
    placeholder->getResult(0).replaceAllUsesWith(edited.getKept()[index]);
    placeholder->erase();
  }
  simplifyScan(edited);
}

void SeqSinkFromScanPass::runOnOperation() {
  SmallVector<ScanOp> scans;
  getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
  for (ScanOp scan : scans) {
    hoistInvariants(scan);
    Sinker(scan, sinkMatmuls).run();
  }
}

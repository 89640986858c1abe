//===- SharePadding.cpp - What rows have in common is computed once -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values fall into two kinds. Those of the forward pass are uniform over the rows
// altogether, until a step that follows from the row's start, or not at all. The
// adjoints of a scan that is computed for active rows are linear in what flows
// into it, and stand at the first row until a row's start. What uses them is either
// told of the active rows, or gets the values of all rows filled in.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/ActiveRows.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {
#define GEN_PASS_DEF_SEQSHAREPADDING
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {

/// One function, seen from one of its inputs of ids.
class Sharing {
public:
  Sharing(FunctionOpInterface function, BlockArgument ids)
      : function(function), body(function.getFunctionBody().front()), ids(ids) {}

  /// Whether there is a scan to compute for active rows alone.
  bool analyze();
  /// Rewrites the function, which takes the starts of its rows at `index`.
  void apply(unsigned index);

private:
  Sameness of(Value value) const;
  Sameness ofOperation(Operation &op) const;
  Sameness meet(ValueRange values, RankedTensorType like) const;
  std::optional<Prefix> prefixOfForward(ScanOp scan) const;
  bool capturesOnlyUniform(ScanOp scan) const;
  bool isLinear(ScanOp scan, SmallVectorImpl<Value> &forward) const;
  /// The forward scan that a scan in reverse takes kept values of.
  ScanOp forwardOf(ScanOp scan) const;
  bool findForward();
  bool findBackward();

  FunctionOpInterface function;
  Block &body;
  BlockArgument ids;
  DenseMap<Value, Sameness> sameness;
  std::map<Operation *, Prefix> scans; ///< to be computed for active rows
  llvm::SmallDenseSet<Operation *> refused;
};

struct SeqSharePaddingPass : weft::impl::SeqSharePaddingBase<SeqSharePaddingPass> {
  void runOnOperation() override;
};

} // namespace

//===----------------------------------------------------------------------===//
// Forward values
//===----------------------------------------------------------------------===//

Sameness Sharing::of(Value value) const {
  if (!hasBatch(value.getType()))
    return {Sameness::Uniform, {}};
  return sameness.lookup(value);
}

/// What is computed element by element of `values`, as a value of type `like`.
Sameness Sharing::meet(ValueRange values, RankedTensorType like) const {
  Sameness result{Sameness::Uniform, {}};
  for (Value value : values) {
    Sameness one = of(value);
    if (one.kind == Sameness::Uniform)
      continue;
    // Only of sequences, whose steps stay where they are.
    auto type = cast<RankedTensorType>(value.getType());
    bool aligned = type.getRank() >= 3 && type.getRank() == like.getRank() && type.getDimSize(1) == like.getDimSize(1);
    if (!aligned || !result.meet(one))
      return {};
  }
  return result;
}

static Sameness windowed(Sameness input, Operation *op) {
  if (input.kind != Sameness::UntilStart)
    return input;
  Windows windows = *windowsOf(op);
  return {Sameness::UntilStart, input.prefix.windowed(windows.reach, windows.strides, windows.before)};
}

Sameness Sharing::ofOperation(Operation &op) const {
  auto type = op.getNumResults() ? dyn_cast<RankedTensorType>(op.getResult(0).getType()) : RankedTensorType();
  if (!type)
    return {};
  return TypeSwitch<Operation *, Sameness>(&op)
      .Case([&](GatherOp gather) { return hasBatch(gather.getTable().getType()) ? Sameness() : of(gather.getIds()); })
      .Case<OneHotOp, NonzeroOp, RankOfOp>([&](auto ofIds) { return of(ofIds.getIds()); })
      .Case([&](RandomMaskOp mask) { return of(mask.getKeys()); })
      .Case([&](BroadcastRowsOp broadcast) { return of(broadcast.getInput()); })
      .Case<Conv1dOp, MaxPool1dOp, AveragePool1dOp>([&](auto of) { return windowed(this->of(of.getInput()), of); })
      .Case<MatmulOp, SplitOp, ConcatOp, ReduceOp>([&](auto) { return meet(op.getOperands(), type); })
      .Case([&](ElementwiseOpInterface) { return meet(op.getOperands(), type); })
      .Default([](auto) { return Sameness(); });
}

/// Whether each row of the body's values depends on the same row of its arguments.
static bool isRowByRow(ScanOp scan) {
  return llvm::all_of(scan.getBody().front().without_terminator(), [](Operation &op) {
    bool batched = llvm::any_of(op.getOperandTypes(), hasBatch);
    return isPure(&op) && op.getNumRegions() == 0 &&
           (!batched || llvm::all_of(op.getResultTypes(), hasBatch)) &&
           (isa<ElementwiseOpInterface, MatmulOp, SplitOp, ConcatOp, ReduceOp, SumToOp, ReshapeOp, BroadcastRowsOp>(op) ||
            !batched);
  });
}

bool Sharing::capturesOnlyUniform(ScanOp scan) const {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(scan->getRegions(), captured);
  return llvm::all_of(captured, [&](Value value) { return of(value).kind == Sameness::Uniform; });
}

std::optional<Prefix> Sharing::prefixOfForward(ScanOp scan) const {
  if (scan.getReverse() || scan.getActive() || refused.contains(scan) || !isRowByRow(scan) ||
      !capturesOnlyUniform(scan) ||
      !llvm::all_of(scan.getStarts(), [&](Value start) { return of(start).kind == Sameness::Uniform; }))
    return std::nullopt;
  Sameness all{Sameness::Uniform, {}};
  for (Value input : scan.getInputs())
    if (!all.meet(of(input)))
      return std::nullopt;
  return all.kind == Sameness::UntilStart ? std::optional(all.prefix) : std::nullopt;
}

bool Sharing::findForward() {
  scans.clear();
  sameness.clear();
  sameness[ids] = {Sameness::UntilStart, {}};
  for (Operation &op : body.without_terminator()) {
    auto scan = dyn_cast<ScanOp>(op);
    if (!scan) {
      Sameness known = ofOperation(op);
      for (Value result : op.getResults())
        sameness[result] = known;
      continue;
    }
    std::optional<Prefix> prefix = prefixOfForward(scan);
    if (!prefix)
      continue;
    scans[scan] = *prefix;
    for (Value kept : scan.getKept())
      sameness[kept] = {Sameness::UntilStart, *prefix};
  }
  return !scans.empty();
}

//===----------------------------------------------------------------------===//
// Adjoints
//===----------------------------------------------------------------------===//

ScanOp Sharing::forwardOf(ScanOp scan) const {
  for (Value input : scan.getInputs())
    if (auto from = input.getDefiningOp<ScanOp>(); from && !from.getReverse() && scans.count(from))
      return from;
  return {};
}

/// Whether states and kept values are linear in the states and in the inputs
/// that are no values of the forward pass; other kept values do not depend on those, and are `forward`.
bool Sharing::isLinear(ScanOp scan, SmallVectorImpl<Value> &forward) const {
  llvm::SmallDenseSet<Value> linear;
  for (Value state : scan.getStateArguments())
    linear.insert(state);
  for (auto [input, argument] : llvm::zip(scan.getInputs(), scan.getStepArguments()))
    if (of(input).kind == Sameness::Different)
      linear.insert(argument);
  auto isLin = [&](Value value) { return linear.contains(value) || isZeroConstant(value); };
  for (Operation &op : scan.getBody().front().without_terminator()) {
    if (llvm::none_of(op.getOperands(), [&](Value operand) { return linear.contains(operand); }))
      continue;
    if (!isLinearIn(op, [&](Value value) { return linear.contains(value); }, isZeroConstant))
      return false;
    linear.insert(op.result_begin(), op.result_end());
  }
  NextOp next = scan.getNext();
  // A state after a step holds less than what is kept of it would: rows have yet to leave.
  for (auto [value, kept] : llvm::zip(next.getKept(), scan.getKept()))
    if (!isLin(value))
      forward.push_back(kept);
  return llvm::all_of(next.getStates(), isLin) && llvm::none_of(next.getKept(), [&](Value kept) {
           return llvm::is_contained(next.getStates(), kept);
         });
}

/// The scans in reverse that go with the forward ones; false where one cannot,
/// and its forward scan is refused.
bool Sharing::findBackward() {
  for (auto scan : body.getOps<ScanOp>()) {
    ScanOp forward = forwardOf(scan);
    if (!forward || !scan.getReverse())
      continue;
    Prefix prefix = scans.at(forward);
    SmallVector<Value> forwardKept;
    bool fine = !scan.getActive() && isRowByRow(scan) && capturesOnlyUniform(scan) && isLinear(scan, forwardKept);
    for (Value input : scan.getInputs())
      if (Sameness one = of(input); one.kind == Sameness::UntilStart)
        fine &= one.covers(prefix);
    if (!fine) {
      refused.insert(forward);
      return false;
    }
    scans[scan] = prefix;
    for (Value kept : forwardKept)
      sameness[kept] = {Sameness::UntilStart, prefix};
  }
  return true;
}

bool Sharing::analyze() {
  while (findForward())
    if (findBackward())
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// The steps that a sum goes over: those of its adjoint.
static int64_t stepsOfSum(Operation *sum) {
  unsigned number = isa<Conv1dKernelAdjointOp>(sum) ? 1 : 0;
  return cast<RankedTensorType>(sum->getOperand(number).getType()).getDimSize(1);
}

void Sharing::apply(unsigned index) {
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  MLIRContext *context = builder.getContext();
  auto i32 = IntegerType::get(context, 32);
  auto perRow = RankedTensorType::get({ShapedType::kDynamic, 1}, i32);
  auto attributes = builder.getDictionaryAttr({builder.getNamedAttr("seq.name", builder.getStringAttr("starts")),
                                               builder.getNamedAttr("weft.field", builder.getStringAttr("starts"))});
  (void)function.insertArguments({index}, {perRow}, {attributes}, {ids.getLoc()});
  function->setAttr("weft.padded_input", builder.getI64IntegerAttr(ids.getArgNumber()));
  Value starts = body.getArgument(index);

  std::map<std::pair<Prefix, int64_t>, Value> counts;
  auto activeRows = [&](Prefix prefix, int64_t steps) {
    Value &value = counts[{prefix, steps}];
    if (!value)
      value = ActiveRowsOp::create(builder, ids.getLoc(), RankedTensorType::get({steps}, i32), starts, prefix.add,
                                   prefix.divide);
    return value;
  };
  RowsNeeded rows(body, [this](Value value) { return of(value); }, scans);
  for (Operation &op : body.without_terminator()) {
    if (auto known = rows.restricted().find(&op); known != rows.restricted().end())
      op.setAttr("seq.active", ActiveAttr::get(context, known->second.add, known->second.divide));
    if (auto known = rows.sums().find(&op); known != rows.sums().end())
      op.insertOperands(op.getNumOperands(), activeRows(known->second, stepsOfSum(&op)));
  }
  for (auto scan : body.getOps<ScanOp>()) {
    auto found = scans.find(scan);
    if (found == scans.end())
      continue;
    Prefix prefix = found->second;
    SmallVector<int64_t> spread, clear, collected;
    for (auto [number, kept] : llvm::enumerate(scan.getKept())) {
      // What is needed of more rows than the scan is computed for is filled in for all.
      std::optional<Prefix> needed = rows.of(kept);
      if (!kept.use_empty() && !(needed && needed->divide == prefix.divide && needed->add >= prefix.add))
        (rows.adjoint(kept) ? clear : spread).push_back(number);
    }
    if (scan.getReverse())
      for (auto [number, input] : llvm::enumerate(scan.getInputs()))
        if (const SharedAdjoint *shared = rows.adjoint(input);
            of(input).kind == Sameness::Different && !(shared && shared->support == prefix))
          collected.push_back(number);
    scan.getActiveMutable().assign(activeRows(prefix, scan.getSteps()));
    if (!clear.empty())
      scan.setClear(clear);
    if (!spread.empty())
      scan.setSpread(spread);
    if (!collected.empty())
      scan.setCollect(collected);
  }
}

void SeqSharePaddingPass::runOnOperation() {
  auto models = llvm::to_vector(getOperation().getOps<ModelOp>());
  if (models.size() != 1)
    return;
  unsigned inputs = models.front().getNumArguments();
  auto share = [&](FunctionOpInterface function, unsigned startsAt) {
    if (function->hasAttr("weft.padded_input"))
      return;
    for (BlockArgument argument : function.getFunctionBody().getArguments().take_front(inputs)) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type || type.getRank() != 2 || !type.getElementType().isInteger(32))
        continue;
      Sharing sharing(function, argument);
      if (sharing.analyze())
        return sharing.apply(startsAt);
    }
  };
  share(models.front(), inputs);
  // The scale of the loss stays the last argument of a step.
  for (StepOp step : getOperation().getOps<StepOp>())
    share(step, step.getNumArguments() - 1);
}

//===- ActiveRows.cpp - For which rows values outside of scans are needed -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scan that is computed for active rows looks at those of its inputs. From there
// the question goes backwards: which rows of a sequence an operation needs, to give
// those that are needed of its result. Adjoints come first, forwards: where they are
// linear in those of such a scan, a row has some of its own only where one of the
// scan's was active; the rest stands at the first row, which is the same there.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/ActiveRows.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft;
using namespace weft::seq;

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

std::optional<Windows> weft::windowsOf(Operation *op) {
  auto windows = [](Value input, auto of, int64_t width, int64_t dilation) -> std::optional<Windows> {
    int64_t steps = cast<RankedTensorType>(input.getType()).getDimSize(1), strides = of.getStrides();
    int64_t before = windowGeometry(steps, width, strides, dilation, of.getPadding()).before;
    return Windows{(width - 1) * dilation + 1, strides, before};
  };
  auto widthOf = [](Value kernel) { return cast<RankedTensorType>(kernel.getType()).getDimSize(0); };
  return TypeSwitch<Operation *, std::optional<Windows>>(op)
      .Case([&](Conv1dOp of) { return windows(of.getInput(), of, widthOf(of.getKernel()), of.getDilation()); })
      .Case([&](Conv1dInputAdjointOp of) {
        return windows(of.getResult(), of, widthOf(of.getKernel()), of.getDilation());
      })
      .Case([&](Conv1dKernelAdjointOp of) {
        return windows(of.getInput(), of, widthOf(of.getResult()), of.getDilation());
      })
      .Case<MaxPool1dOp, AveragePool1dOp, MaxPool1dAdjointOp>(
          [&](auto of) { return windows(of.getInput(), of, of.getPool(), 1); })
      .Case([&](AveragePool1dAdjointOp of) { return windows(of.getResult(), of, of.getPool(), 1); })
      .Default([](auto) { return std::nullopt; });
}

bool weft::isZeroConstant(Value value) {
  Operation *op = value.getDefiningOp();
  while (auto broadcast = dyn_cast_or_null<BroadcastRowsOp>(op))
    op = broadcast.getInput().getDefiningOp();
  auto constant = dyn_cast_or_null<ConstantOp>(op);
  auto elements = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : DenseFPElementsAttr();
  return elements && elements.isSplat() && elements.getSplatValue<APFloat>().isZero();
}

bool weft::isLinearIn(Operation &op, llvm::function_ref<bool(Value)> isLinear,
                      llvm::function_ref<bool(Value)> isZero) {
  auto isLin = [&](Value value) { return isLinear(value) || isZero(value); };
  return TypeSwitch<Operation *, bool>(&op)
      .Case([&](MulOp) { return !(isLinear(op.getOperand(0)) && isLinear(op.getOperand(1))); })
      .Case<DivOp, MatmulOp, Conv1dInputAdjointOp>([&](auto) { return !isLinear(op.getOperand(1)); })
      .Case([&](SelectOp select) {
        return !isLinear(select.getCondition()) && isLin(select.getOnTrue()) && isLin(select.getOnFalse());
      })
      .Case([&](ReduceOp reduce) { return reduce.getKind() != Reduction::Max; })
      .Case([&](MaxPool1dAdjointOp pool) { return !isLinear(pool.getInput()) && !isLinear(pool.getOutput()); })
      .Case<AddOp, SubOp, NegateOp, SplitOp, ConcatOp, SumToOp, ReshapeOp, AveragePool1dAdjointOp>(
          [&](auto) { return llvm::all_of(op.getOperands(), isLin); })
      .Default([](auto) { return false; });
}

//===----------------------------------------------------------------------===//
// Adjoints
//===----------------------------------------------------------------------===//

const SharedAdjoint *RowsNeeded::adjoint(Value value) const {
  auto found = adjoints.find(value);
  return found == adjoints.end() ? nullptr : &found->second;
}

bool RowsNeeded::isAligned(Value sequence, Type like) {
  auto type = dyn_cast<RankedTensorType>(sequence.getType()), result = dyn_cast<RankedTensorType>(like);
  return type && result && hasBatch(type) && type.getRank() >= 3 && type.getRank() == result.getRank() &&
         type.getDimSize(1) == result.getDimSize(1);
}

void RowsNeeded::findAdjoint(Operation &op) {
  if (auto scan = dyn_cast<ScanOp>(op)) {
    if (auto found = scans.find(scan); found != scans.end() && scan.getReverse())
      for (Value kept : scan.getKept())
        if (sameness(kept).kind == Sameness::Different)
          adjoints[kept] = {found->second, found->second};
    return;
  }
  // Of all adjoints that it is linear in: every row that one is collected of, every row that has one.
  std::optional<SharedAdjoint> all;
  for (Value operand : op.getOperands())
    if (const SharedAdjoint *one = adjoint(operand)) {
      if (all && all->collected.divide != one->collected.divide)
        return;
      if (!all)
        all = *one;
      all->collected.add = std::max(all->collected.add, one->collected.add);
      all->support.add = std::min(all->support.add, one->support.add);
    }
  auto isLinear = [&](Value value) { return adjoint(value) != nullptr; };
  if (!all || op.getNumResults() == 0 || !isLinearIn(op, isLinear, isZeroConstant))
    return;
  std::optional<Windows> windows = windowsOf(&op);
  Prefix before = all->collected;
  if (windows) {
    if (all->collected.divide % windows->strides)
      return;
    all->collected = all->collected.untilWindows(windows->reach, windows->strides, windows->before);
    all->support = all->support.underWindows(windows->strides, windows->before);
  }
  // Where it is of several rows, all else has to be the same for these.
  Type type = op.getResult(0).getType();
  for (Value operand : op.getOperands()) {
    auto pool = dyn_cast<MaxPool1dAdjointOp>(op);
    bool ofWindows = windows && !(pool && operand == pool.getInput());
    bool fits = isLinear(operand) ? windows || isAligned(operand, type)
                                  : isZeroConstant(operand) || sameness(operand).kind == Sameness::Uniform ||
                                        ((ofWindows || isAligned(operand, type)) &&
                                         sameness(operand).covers(ofWindows ? before : all->collected));
    if (!fits)
      return;
  }
  for (Value result : op.getResults())
    if (auto sequence = dyn_cast<RankedTensorType>(result.getType()); sequence && hasBatch(sequence) && sequence.getRank() >= 3)
      adjoints[result] = *all;
}

//===----------------------------------------------------------------------===//
// What is needed
//===----------------------------------------------------------------------===//

std::optional<Prefix> RowsNeeded::of(Value value) const {
  auto found = needed.find(value);
  return found == needed.end() ? std::nullopt : found->second;
}

void RowsNeeded::need(Value value, std::optional<Prefix> rows) {
  auto [place, isFirst] = needed.try_emplace(value, rows);
  if (isFirst)
    return;
  std::optional<Prefix> &before = place->second;
  if (!rows || !before || rows->divide != before->divide)
    before = std::nullopt;
  else
    before->add = std::min(before->add, rows->add);
}

void RowsNeeded::needOfScan(ScanOp scan) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(scan->getRegions(), captured);
  for (Value value : captured)
    need(value, std::nullopt);
  auto found = scans.find(scan);
  for (OpOperand &operand : scan->getOpOperands()) {
    Value value = operand.get();
    const SharedAdjoint *shared = adjoint(value);
    // Adjoints of other rows than those of the scan are collected from all rows.
    bool ofActive = found != scans.end() && operand.getOperandNumber() < scan.getInputs().size() &&
                    (sameness(value).kind != Sameness::Different || (shared && shared->support == found->second));
    need(value, ofActive ? std::optional(found->second) : std::nullopt);
  }
}

/// Sums over rows of an adjoint with values that are the same where it is of several.
bool RowsNeeded::needOfSum(Operation &op) {
  if (!isa<ContractOp, SumToOp, ScatterAddOp, Conv1dKernelAdjointOp>(op) || op.getBlock() != &body ||
      hasBatch(op.getResult(0).getType()))
    return false;
  Value of;
  for (Value operand : op.getOperands())
    if (adjoint(operand)) {
      if (of)
        return false;
      of = operand;
    }
  if (!of)
    return false;
  SharedAdjoint rows = *adjoint(of);
  std::optional<Windows> windows = windowsOf(&op);
  if (windows && rows.support.divide % windows->strides)
    return false;
  for (Value operand : op.getOperands()) {
    if (operand == of)
      continue;
    Sameness other = sameness(operand);
    if (windows && other.kind == Sameness::UntilStart)
      other.prefix = other.prefix.windowed(windows->reach, windows->strides, windows->before);
    if (!other.covers(rows.collected))
      return false;
  }
  for (Value operand : op.getOperands())
    need(operand, windows && operand != of ? rows.support.underWindows(windows->strides, windows->before)
                                           : rows.support);
  summed[&op] = rows.support;
  return true;
}

/// What windows need for `rows` of their results, or the adjoint of windows for `rows` of the steps.
void RowsNeeded::needOfWindows(Operation &op, Prefix rows) {
  Windows windows = *windowsOf(&op);
  bool isAdjoint = isa<Conv1dInputAdjointOp, MaxPool1dAdjointOp, AveragePool1dAdjointOp>(op);
  for (Value operand : op.getOperands()) {
    if (!hasBatch(operand.getType()))
      continue;
    if (auto pool = dyn_cast<MaxPool1dAdjointOp>(op); pool && operand == pool.getInput())
      // All steps of the windows that a step is in.
      need(operand, Prefix{rows.add - (windows.reach - 1) * rows.divide, rows.divide});
    else if (isAdjoint)
      need(operand, rows.windowed(windows.reach, windows.strides, windows.before));
    else
      need(operand, rows.underWindows(windows.strides, windows.before));
  }
}

std::optional<Prefix> RowsNeeded::neededOfResults(Operation &op) const {
  std::optional<Prefix> rows;
  for (Value result : op.getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    bool isKnown = sameness(result).kind == Sameness::UntilStart || adjoint(result);
    if (!type || type.getRank() < 3 || !hasBatch(type) || !type.getElementType().isF32() || !isKnown)
      return std::nullopt;
    auto found = needed.find(result);
    if (found == needed.end())
      continue;
    if (!found->second || (rows && rows->divide != found->second->divide))
      return std::nullopt;
    rows = Prefix{rows ? std::min(rows->add, found->second->add) : found->second->add, found->second->divide};
  }
  return rows;
}

void RowsNeeded::needOperands(Operation &op) {
  if (auto scan = dyn_cast<ScanOp>(op))
    return needOfScan(scan);
  if (needOfSum(op))
    return;
  // Nothing but how many rows there are.
  if (auto broadcast = dyn_cast<BroadcastRowsOp>(op))
    return need(broadcast.getInput(), std::nullopt);
  std::optional<Prefix> rows = neededOfResults(op);
  std::optional<Windows> windows = windowsOf(&op);
  bool strides = windows && isa<Conv1dOp, MaxPool1dOp, AveragePool1dOp>(op);
  if (rows && !(strides && rows->divide % windows->strides)) {
    computed[&op] = *rows;
    if (windows)
      return needOfWindows(op, *rows);
    bool stepByStep = isa<ElementwiseOpInterface, MatmulOp, SplitOp, ConcatOp, ReduceOp>(op);
    for (Value operand : op.getOperands())
      need(operand, stepByStep && isAligned(operand, op.getResult(0).getType()) ? rows : std::nullopt);
    return;
  }
  for (Value operand : op.getOperands())
    need(operand, std::nullopt);
}

RowsNeeded::RowsNeeded(Block &body, std::function<Sameness(Value)> sameness,
                       const std::map<Operation *, Prefix> &scans)
    : body(body), sameness(std::move(sameness)), scans(scans) {
  for (Operation &op : body.without_terminator())
    findAdjoint(op);
  for (Operation &op : llvm::reverse(body))
    needOperands(op);
}

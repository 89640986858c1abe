//===- ScanUtils.cpp - What passes do to scans -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/ScanUtils.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace weft;
using namespace weft::seq;

RankedTensorType weft::stepType(Type sequence) {
  auto type = cast<RankedTensorType>(sequence);
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + 1);
  return RankedTensorType::get(shape, type.getElementType());
}

RankedTensorType weft::sequenceType(Type step, int64_t steps) {
  auto type = cast<RankedTensorType>(step);
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + 1, steps);
  return RankedTensorType::get(shape, type.getElementType());
}

bool weft::hasBatch(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getRank() > 0 && tensor.isDynamicDim(0);
}

Value weft::zeros(OpBuilder &builder, Location loc, Type type, Value like) {
  auto tensor = cast<RankedTensorType>(type);
  bool batched = hasBatch(type);
  auto row = RankedTensorType::get(tensor.getShape().drop_front(batched), tensor.getElementType());
  Value zero = ConstantOp::create(builder, loc, DenseElementsAttr::get(row, 0.0f));
  if (!batched)
    return zero;
  return BroadcastRowsOp::create(builder, loc, type, zero, like);
}

void weft::replaceWhereOnlyLike(Value value, Value other) {
  value.replaceUsesWithIf(other, [](OpOperand &use) {
    auto broadcast = dyn_cast<BroadcastRowsOp>(use.getOwner());
    return broadcast && &use == &broadcast.getLikeMutable();
  });
}

//===----------------------------------------------------------------------===//
// ScanEditor
//===----------------------------------------------------------------------===//

BlockArgument ScanEditor::addInput(Value sequence) {
  unsigned index = scan.getInputs().size();
  scan.getInputsMutable().append(sequence);
  return scan.getBody().insertArgument(index, stepType(sequence.getType()), sequence.getLoc());
}

BlockArgument ScanEditor::addState(Value start) {
  scan.getStartsMutable().append(start);
  return scan.getBody().addArgument(start.getType(), start.getLoc());
}

unsigned ScanEditor::keep(Value value) {
  NextOp next = scan.getNext();
  for (auto [index, existing] : llvm::enumerate(next.getKept()))
    if (existing == value)
      return index;
  next.getKeptMutable().append(value);
  return next.getKept().size() - 1;
}

ScanOp ScanEditor::finish() {
  auto remaining = [](ValueRange values, const llvm::SmallDenseSet<unsigned> &erased) {
    SmallVector<Value> rest;
    for (auto [index, value] : llvm::enumerate(values))
      if (!erased.contains(index))
        rest.push_back(value);
    return rest;
  };
  NextOp next = scan.getNext();
  SmallVector<Value> inputs = remaining(scan.getInputs(), erasedInputs);
  SmallVector<Value> starts = remaining(scan.getStarts(), erasedStates);
  SmallVector<Value> kept = remaining(next.getKept(), erasedKept);
  SmallVector<Value> nextStates = remaining(next.getStates(), erasedStates);
  next.getKeptMutable().assign(kept);
  next.getStatesMutable().assign(nextStates);
  eraseDeadOperations(scan.getBody().front());
  llvm::BitVector dead(scan.getBody().getNumArguments());
  for (unsigned index : erasedInputs)
    dead.set(index);
  for (unsigned index : erasedStates)
    dead.set(scan.getInputs().size() + index);
  scan.getBody().front().eraseArguments(dead);

  SmallVector<Type> lastTypes, keptTypes;
  for (Value start : starts)
    lastTypes.push_back(start.getType());
  for (Value value : kept)
    keptTypes.push_back(sequenceType(value.getType(), scan.getSteps()));
  OpBuilder builder(scan);
  auto edited = ScanOp::create(builder, scan.getLoc(), lastTypes, keptTypes, inputs, starts, scan.getSteps(),
                               scan.getReverse());
  // The lists that number what may have moved.
  auto renumbered = [](std::optional<ArrayRef<int64_t>> list, const llvm::SmallDenseSet<unsigned> &erased) {
    SmallVector<int64_t> numbers;
    for (int64_t number : list.value_or(ArrayRef<int64_t>()))
      if (!erased.contains(number))
        numbers.push_back(number - llvm::count_if(erased, [&](unsigned other) { return other < number; }));
    return numbers;
  };
  edited.getActiveMutable().assign(scan.getActive() ? ValueRange(scan.getActive()) : ValueRange());
  if (auto spread = renumbered(scan.getSpread(), erasedKept); !spread.empty())
    edited.setSpread(spread);
  if (auto clear = renumbered(scan.getClear(), erasedKept); !clear.empty())
    edited.setClear(clear);
  if (auto collect = renumbered(scan.getCollect(), erasedInputs); !collect.empty())
    edited.setCollect(collect);
  edited->setDiscardableAttrs(scan->getDiscardableAttrDictionary());
  edited.getBody().takeBody(scan.getBody());
  unsigned result = 0;
  for (auto [index, last] : llvm::enumerate(scan.getLast()))
    if (!erasedStates.contains(index))
      last.replaceAllUsesWith(edited.getLast()[result++]);
  result = 0;
  for (auto [index, sequence] : llvm::enumerate(scan.getKept()))
    if (!erasedKept.contains(index))
      sequence.replaceAllUsesWith(edited.getKept()[result++]);
  scan.erase();
  return edited;
}

//===----------------------------------------------------------------------===//
// Queries and motion
//===----------------------------------------------------------------------===//

Value weft::findSequence(ScanOp scan, Value value) {
  for (auto [argument, sequence] : llvm::zip(scan.getStepArguments(), scan.getInputs()))
    if (argument == value)
      return sequence;
  for (auto [kept, sequence] : llvm::zip(scan.getNext().getKept(), scan.getKept()))
    if (kept == value)
      return sequence;
  return {};
}

void weft::hoistInvariants(ScanOp scan) {
  Region &body = scan.getBody();
  auto isOutside = [&](Value value) { return !body.isAncestor(value.getParentRegion()); };
  // Any operand with the batch is as good to a broadcast as a value of the step.
  Value batch;
  for (Value operand : scan->getOperands())
    if (!batch && hasBatch(operand.getType()))
      batch = operand;
  for (Operation &op : llvm::make_early_inc_range(body.front().without_terminator())) {
    if (auto broadcast = dyn_cast<BroadcastRowsOp>(op); broadcast && batch && !isOutside(broadcast.getLike()))
      broadcast.getLikeMutable().assign(batch);
    if (op.getNumRegions() == 0 && isPure(&op) && llvm::all_of(op.getOperands(), isOutside))
      op.moveBefore(scan);
  }
}

/// Which states influence a result that is used.
static llvm::BitVector findLiveStates(ScanOp scan) {
  llvm::BitVector live(scan.getStarts().size());
  NextOp next = scan.getNext();
  SmallVector<Value> worklist;
  llvm::SmallDenseSet<Value> seen;
  auto markState = [&](unsigned index) {
    if (live.test(index))
      return;
    live.set(index);
    worklist.push_back(next.getStates()[index]);
  };
  for (auto [index, last] : llvm::enumerate(scan.getLast()))
    if (!last.use_empty())
      markState(index);
  for (auto [value, sequence] : llvm::zip(next.getKept(), scan.getKept()))
    if (!sequence.use_empty())
      worklist.push_back(value);
  unsigned steps = scan.getInputs().size();
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!scan.getBody().isAncestor(value.getParentRegion()) || !seen.insert(value).second)
      continue;
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument)
      llvm::append_range(worklist, value.getDefiningOp()->getOperands());
    else if (argument.getArgNumber() >= steps)
      markState(argument.getArgNumber() - steps);
  }
  return live;
}

ScanOp weft::simplifyScan(ScanOp scan) {
  // What is kept of a scan with active rows is numbered, and its scans are simple already.
  if (scan.getActive())
    return scan;
  NextOp next = scan.getNext();
  bool changed = false;
  // States that stay as they start, and what is there twice.
  for (auto [argument, start, state, last] :
       llvm::zip(scan.getStateArguments(), scan.getStarts(), next.getStates(), scan.getLast()))
    if (state == argument) {
      argument.replaceUsesWithIf(start, [&](OpOperand &use) { return use.getOwner() != next; });
      last.replaceAllUsesWith(start);
    }
  llvm::SmallDenseMap<Value, Value> first;
  for (auto [argument, sequence] : llvm::zip(scan.getStepArguments(), scan.getInputs()))
    if (auto [known, fresh] = first.try_emplace(sequence, argument); !fresh)
      argument.replaceAllUsesWith(known->second);
  first.clear();
  for (auto [value, sequence] : llvm::zip(next.getKept(), scan.getKept()))
    if (auto [known, fresh] = first.try_emplace(value, sequence); !fresh)
      sequence.replaceAllUsesWith(known->second);
  for (auto [argument, sequence] : llvm::zip(scan.getStepArguments(), scan.getInputs()))
    if (auto known = first.find(argument); known != first.end())
      known->second.replaceAllUsesWith(sequence);

  ScanEditor editor(scan);
  llvm::BitVector live = findLiveStates(scan);
  for (unsigned index = 0; index < live.size(); ++index)
    if (!live.test(index)) {
      editor.eraseState(index);
      changed = true;
    }
  for (auto [index, sequence] : llvm::enumerate(scan.getKept()))
    if (sequence.use_empty()) {
      editor.eraseKept(index);
      changed = true;
    }
  if (changed)
    scan = editor.finish();

  // Inputs last: what used them may have gone with a state.
  eraseDeadOperations(scan.getBody().front());
  ScanEditor inputs(scan);
  changed = false;
  for (auto [index, argument] : llvm::enumerate(scan.getStepArguments()))
    if (argument.use_empty()) {
      inputs.eraseInput(index);
      changed = true;
    }
  // The batch's size comes from the inputs and the starts.
  bool anyLeft = !scan.getStarts().empty() ||
                 llvm::any_of(scan.getStepArguments(), [](Value argument) { return !argument.use_empty(); });
  return changed && anyLeft ? inputs.finish() : scan;
}

void weft::eraseDeadOperations(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

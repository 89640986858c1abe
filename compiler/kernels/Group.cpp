//===- Group.cpp - What becomes one kernel -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/Group.h"

#include "compiler/kernels/Accumulators.h"

#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

bool weft::kernels::isLongWindow(Operation *op) {
  // Written out, so many terms still fit the registers and the compiler's patience.
  constexpr int64_t mostTerms = 8;
  return TypeSwitch<Operation *, bool>(op)
      .Case<seq::MaxPool1dOp, seq::AveragePool1dOp, seq::MaxPool1dAdjointOp>(
          [](auto pool) { return int64_t(pool.getPool()) > mostTerms; })
      .Case<seq::AveragePool1dAdjointOp>([](auto pool) { return windowsOverStep(pool) > mostTerms; })
      .Default([](auto) { return false; });
}

Role weft::kernels::roleOf(Operation *op) {
  if (isLongWindow(op))
    return Role::Reduce;
  return TypeSwitch<Operation *, Role>(op)
      .Case<seq::ScanOp>([](auto) { return Role::Scan; })
      .Case<seq::ReadOp, seq::ConstantOp, seq::SplitOp>([](auto) { return Role::View; })
      .Case<seq::MatmulOp, seq::Conv1dOp, seq::Conv1dInputAdjointOp>([](auto) { return Role::Accumulate; })
      .Case<seq::ActiveRowsOp, seq::ReduceOp, seq::SumToOp, seq::ContractOp, seq::ScatterAddOp, seq::Conv1dKernelAdjointOp>(
          [](auto) { return Role::Reduce; })
      .Case<seq::IdRanksOp, seq::IdsOfRanksOp>([](auto) { return Role::Reduce; })
      .Default([](auto) { return Role::Pointwise; });
}

bool weft::kernels::streamsOperand(Operation *op, unsigned index) {
  return isa<seq::ElementwiseOpInterface>(op) &&
         op->getOperand(index).getType() == op->getResult(0).getType();
}

seq::AddOp weft::kernels::accumulationOf(Operation *sum) {
  if (!isa<seq::ContractOp, seq::SumToOp, seq::ScatterAddOp>(sum) || !sum->getResult(0).hasOneUse())
    return {};
  auto scan = dyn_cast<seq::ScanOp>(sum->getParentOp());
  auto add = dyn_cast<seq::AddOp>(*sum->user_begin());
  auto isStep = [](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.getRank() == (type.getElementType().isF32() ? 2 : 1) && type.isDynamicDim(0);
  };
  auto type = cast<RankedTensorType>(sum->getResult(0).getType());
  if (!scan || !add || add->getParentOp() != scan || add.getType() != type ||
      !(type.hasStaticShape() || isa<seq::ScatterAddOp>(sum)) ||
      !llvm::all_of(sum->getOperands(), isStep))
    return {};
  Value state = add.getLhs() == sum->getResult(0) ? add.getRhs() : add.getLhs();
  auto states = scan.getStateArguments();
  auto found = llvm::find(states, state);
  if (found == states.end() || !state.hasOneUse() || !add->hasOneUse() ||
      scan.getNext().getStates()[found - states.begin()] != add.getResult())
    return {};
  return add;
}

Value weft::kernels::viewedValue(Value value) {
  while (auto split = value.getDefiningOp<seq::SplitOp>())
    value = split.getInput();
  return value;
}

/// Nothing takes the results of `ends` from registers.
static Phases cutAt(Block &block, const DenseSet<Operation *> &ends) {
  DenseMap<Operation *, int64_t> levels;
  SmallVector<Operation *> computed;
  llvm::EquivalenceClasses<Operation *> together;

  // The operation of this block that computes a value, if there is one.
  auto producer = [&](Value value) -> Operation * {
    Operation *op = viewedValue(value).getDefiningOp();
    return op && levels.contains(op) ? op : nullptr;
  };
  auto fuses = [&](Operation *op, unsigned index) {
    Operation *from = op->getOperand(index).getDefiningOp();
    return from && levels.contains(from) && !ends.contains(from) && streamsOperand(op, index) &&
           seq::ActiveAttr::of(from) == seq::ActiveAttr::of(op) &&
           (roleOf(from) == Role::Pointwise || roleOf(from) == Role::Accumulate || accumulationOf(from) == op);
  };

  for (Operation &op : block.without_terminator()) {
    Role role = roleOf(&op);
    if (role == Role::View)
      continue;
    int64_t level = 0;
    if (role == Role::Scan) {
      SetVector<Value> used(op.operand_begin(), op.operand_end());
      getUsedValuesDefinedAbove(op.getRegions(), used);
      for (Value value : used)
        if (Operation *from = producer(value))
          level = std::max(level, levels[from] + 1);
      levels[&op] = level;
      continue;
    }
    for (auto [index, operand] : llvm::enumerate(op.getOperands()))
      if (Operation *from = producer(operand))
        level = std::max(level, levels[from] + (fuses(&op, index) ? 0 : 1));
    levels[&op] = level;
    computed.push_back(&op);
  }

  // A sum of products can wait for what adds it up, and shares its registers: what a gate
  // reads of the word waits until its masked state is there.
  for (Operation *op : llvm::reverse(computed)) {
    if (roleOf(op) != Role::Accumulate || ends.contains(op))
      continue;
    constexpr int64_t never = std::numeric_limits<int64_t>::max();
    int64_t latest = never;
    for (OpOperand &use : op->getUses()) {
      Operation *user = use.getOwner();
      if (auto level = levels.find(user); level != levels.end())
        latest = std::min(latest, level->second - (fuses(user, use.getOperandNumber()) ? 0 : 1));
      else if (user != block.getTerminator())
        latest = levels[op]; // through a view, or inside of a scan
    }
    if (latest != never)
      levels[op] = std::max(levels[op], latest);
  }

  // What is only needed by later kernels, and made of what stands in memory in any case, is
  // made there and not stored.
  auto isStored = [&](Value value) {
    Operation *from = producer(value);
    return !from || llvm::any_of(value.getUses(), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      return !levels.contains(user) || !fuses(user, use.getOperandNumber()) || levels[user] != levels[from];
    });
  };
  for (Operation *op : llvm::reverse(computed)) {
    if (!isa<seq::ElementwiseOpInterface>(op) || op->use_empty())
      continue;
    int64_t latest = std::numeric_limits<int64_t>::max();
    for (OpOperand &use : op->getUses()) {
      Operation *user = use.getOwner();
      bool later = levels.contains(user) && fuses(user, use.getOperandNumber()) && roleOf(user) == Role::Pointwise;
      latest = std::min(latest, later ? levels[user] : 0);
    }
    if (latest > levels[op] && llvm::all_of(op->getOperands(), isStored))
      levels[op] = latest;
  }

  for (Operation *op : computed) {
    together.insert(op);
    if (roleOf(op) == Role::Reduce)
      continue;
    for (auto [index, operand] : llvm::enumerate(op->getOperands()))
      if (fuses(op, index) && levels[operand.getDefiningOp()] == levels[op])
        together.unionSets(op, operand.getDefiningOp());
  }

  // What stands alone but is like its neighbour shares a kernel with it: masks of one
  // size, and results element by element of one value, as its copies under several masks.
  DenseMap<Operation *, unsigned> sizes;
  for (Operation *op : computed)
    ++sizes[together.getLeaderValue(op)];
  DenseSet<Operation *> alone;
  for (Operation *op : computed)
    if (sizes[together.getLeaderValue(op)] == 1 && (isa<seq::RandomMaskOp, seq::ElementwiseOpInterface>(op)))
      alone.insert(op);
  auto isLike = [&](Operation *a, Operation *b) {
    return a->getName() == b->getName() && levels[a] == levels[b] &&
           a->getResultTypes() == b->getResultTypes() && a->getOperand(0) == b->getOperand(0) &&
           seq::ActiveAttr::of(a) == seq::ActiveAttr::of(b);
  };
  for (Operation *op : computed)
    for (Operation *other : computed) {
      if (other == op)
        break;
      if (alone.contains(op) && alone.contains(other) && isLike(op, other)) {
        together.unionSets(op, other);
        break;
      }
    }

  // What has no streaming operand at its level stands alone so far: pieces that
  // feed one consumer are together through it.
  Phases phases;
  DenseMap<Operation *, size_t> nodeOfLeader;
  for (Operation &op : block.without_terminator()) {
    if (!levels.contains(&op))
      continue;
    if (auto scan = dyn_cast<seq::ScanOp>(op)) {
      phases.nodes.push_back({{}, scan, levels[&op]});
      continue;
    }
    Operation *leader = together.getLeaderValue(&op);
    auto [place, isNew] = nodeOfLeader.try_emplace(leader, phases.nodes.size());
    if (isNew) {
      Group group;
      group.domain = cast<RankedTensorType>(op.getResult(0).getType());
      group.level = levels[&op];
      group.active = seq::ActiveAttr::of(&op);
      phases.nodes.push_back({std::move(group), {}, levels[&op]});
    }
    phases.nodes[place->second].group.ops.push_back(&op);
  }
  for (Phases::Node &node : phases.nodes)
    for (Operation *op : node.group.ops)
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUses(), [&](OpOperand &use) {
              Operation *user = use.getOwner();
              return !node.group.contains(user) || !streamsOperand(user, use.getOperandNumber());
            }))
          node.group.outputs.push_back(result);
  llvm::stable_sort(phases.nodes, [](const auto &a, const auto &b) { return a.level < b.level; });
  return phases;
}

Phases weft::kernels::cutIntoPhases(Block &block) {
  // Sums that share no loop wait for one another in registers, unless they are only
  // scaled and added up: beyond two loops they spill inside of these (an LSTM with a mask
  // for each gate: 34% of peak; with a kernel a gate, which leaves its sums to
  // the kernel that uses them, 80%).
  constexpr size_t mostLoops = 2;
  auto isAddedUp = [](Operation *op) { return roleOf(op) == Role::Accumulate || isa<seq::AddOp, seq::MulOp>(op); };
  Phases phases = cutAt(block, {});
  DenseSet<Operation *> ends;
  for (Phases::Node &node : phases.nodes) {
    if (llvm::all_of(node.group.ops, isAddedUp))
      continue;
    if (auto sets = findAccumulators(node.group, std::numeric_limits<int64_t>::max()); sets.size() > mostLoops)
      for (AccumulatorSet &set : sets)
        for (Accumulator &gate : set.gates)
          ends.insert(gate.root.getDefiningOp());
  }
  return ends.empty() ? phases : cutAt(block, ends);
}

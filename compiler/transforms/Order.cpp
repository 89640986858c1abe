//===- Order.cpp - An order that does not depend on the source's -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/raw_ostream.h"

#include <tuple>

namespace weft {
#define GEN_PASS_DEF_SEQORDER
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
/// Puts operations in levels, each above what its operands come from, and those of
/// a level in the order of their operands.
class Order {
public:
  explicit Order(ModuleOp module) {
    for (auto [index, weight] : llvm::enumerate(module.getOps<WeightOp>()))
      weights[weight.getSymName()] = index;
  }

  /// What a function computes from weights alone comes first, in order; the rest
  /// follows as it stands. Then the regions of its scans, in order.
  void orderFunction(Block &block);

private:
  /// Moves `operations` of one block, which need only each other and what stands
  /// in front of the block's first, to that place in order.
  void order(Block &block, SmallVector<Operation *> operations);
  void number(Value value) { numbers.try_emplace(value, numbers.size()); }

  /// What two operations of a level differ by, whatever their names in the source.
  using Key = std::tuple<SmallVector<uint64_t>, std::string>;
  Key keyOf(Operation *op);

  DenseMap<StringRef, uint64_t> weights;
  DenseMap<Value, uint64_t> numbers;
};

struct SeqOrderPass : weft::impl::SeqOrderBase<SeqOrderPass> {
  void runOnOperation() override {
    Order order(getOperation());
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      if (!function.getFunctionBody().empty())
        order.orderFunction(function.getFunctionBody().front());
  }
};
} // namespace

Order::Key Order::keyOf(Operation *op) {
  SmallVector<uint64_t> operands;
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (auto read = dyn_cast<ReadOp>(op))
    operands.push_back(weights.lookup(read.getWeight()));
  for (Value operand : op->getOperands())
    operands.push_back(numbers.lookup(operand));
  stream << op->getName();
  if (!isa<ReadOp>(op))
    stream << op->getAttrDictionary();
  for (Type type : op->getResultTypes())
    stream << type;
  return {operands, text};
}

void Order::order(Block &block, SmallVector<Operation *> operations) {
  DenseMap<Operation *, unsigned> levels;
  std::vector<SmallVector<Operation *>> byLevel;
  for (Operation *op : operations) {
    unsigned level = 0;
    for (Value operand : op->getOperands())
      if (auto known = levels.find(operand.getDefiningOp()); known != levels.end())
        level = std::max(level, known->second + 1);
    levels[op] = level;
    if (byLevel.size() <= level)
      byLevel.resize(level + 1);
    byLevel[level].push_back(op);
  }
  Operation *previous = nullptr;
  for (SmallVector<Operation *> &level : byLevel) {
    // Equal keys are equal operations: which one is first makes no difference.
    SmallVector<std::pair<Key, Operation *>> keyed;
    for (Operation *op : level)
      keyed.emplace_back(keyOf(op), op);
    llvm::stable_sort(keyed, [](const auto &a, const auto &b) { return a.first < b.first; });
    for (auto &[key, op] : keyed) {
      if (previous)
        op->moveAfter(previous);
      else
        op->moveBefore(&block, block.begin());
      previous = op;
      for (Value result : op->getResults())
        number(result);
    }
  }
}

void Order::orderFunction(Block &block) {
  numbers.clear();
  for (Value argument : block.getArguments())
    number(argument);
  SmallVector<Operation *> fromWeights;
  DenseSet<Operation *> known;
  for (Operation &op : block.without_terminator()) {
    bool only = op.getNumRegions() == 0 && isPure(&op) && llvm::all_of(op.getOperands(), [&](Value operand) {
                  return known.contains(operand.getDefiningOp());
                });
    if (only) {
      known.insert(&op);
      fromWeights.push_back(&op);
    }
  }
  order(block, fromWeights);
  for (Operation &op : block.without_terminator())
    for (Value result : op.getResults())
      number(result);
  for (ScanOp scan : block.getOps<ScanOp>()) {
    Block &body = scan.getBody().front();
    for (Value argument : body.getArguments())
      number(argument);
    SmallVector<Operation *> operations;
    for (Operation &op : body.without_terminator())
      operations.push_back(&op);
    order(body, operations);
  }
}

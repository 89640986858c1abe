//===- DistributeSplits.cpp - The parts of a value one by one -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

namespace weft {
#define GEN_PASS_DEF_SEQDISTRIBUTESPLITS
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
/// Distributes the splits of one value into `count` equal parts.
class Distributor {
public:
  explicit Distributor(SplitOp split) : count(split.getParts().size()), whole(split.getInput()) {}

  void run();

private:
  /// Finds the operations all of whose users want parts: from the splits up.
  void findDistributed();
  bool wantsParts(Operation *user) const;
  /// The operands of `op` that have to come in parts for its result to.
  static SmallVector<OpOperand *> operandsInParts(Operation *op);

  ArrayRef<Value> partsOf(Value value);
  SmallVector<Value> buildParts(Value value);
  SmallVector<Value> partsOfConcat(ConcatOp concat);

  RankedTensorType partType(Type type) const {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape(tensor.getShape());
    shape.back() /= count;
    return RankedTensorType::get(shape, tensor.getElementType());
  }

  int64_t count;
  Value whole;
  DenseSet<Operation *> distributed;
  DenseMap<Value, SmallVector<Value>> parts;
};

struct SeqDistributeSplitsPass : weft::impl::SeqDistributeSplitsBase<SeqDistributeSplitsPass> {
  void runOnOperation() override;
};
} // namespace

static int64_t widthOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() == 0 ? 1 : type.getShape().back();
}

SmallVector<OpOperand *> Distributor::operandsInParts(Operation *op) {
  SmallVector<OpOperand *> operands;
  if (isa<ElementwiseOpInterface>(op)) {
    // An operand of width 1 is repeated for every part.
    for (OpOperand &operand : op->getOpOperands())
      if (widthOf(operand.get()) == widthOf(op->getResult(0)))
        operands.push_back(&operand);
  } else if (auto matmul = dyn_cast<MatmulOp>(op)) {
    if (!matmul.getTransposeB())
      operands.push_back(&matmul.getRhsMutable());
  } else if (auto conv = dyn_cast<Conv1dOp>(op)) {
    if (!conv.getBias())
      operands.push_back(&conv.getKernelMutable());
  } else if (auto broadcast = dyn_cast<BroadcastRowsOp>(op)) {
    operands.push_back(&broadcast.getInputMutable());
  }
  return operands;
}

bool Distributor::wantsParts(Operation *user) const {
  if (auto split = dyn_cast<SplitOp>(user))
    return static_cast<int64_t>(split.getParts().size()) == count;
  return distributed.contains(user);
}

void Distributor::findDistributed() {
  SmallVector<Value> worklist{whole};
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *op = value.getDefiningOp();
    // What is computed from weights alone is best split as it is.
    if (!op || distributed.contains(op) || !hasBatch(value.getType()) || operandsInParts(op).empty())
      continue;
    // An operand in parts may be used whole beside it, as the lhs of a matmul.
    bool everyUse = llvm::all_of(value.getUses(), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      return wantsParts(user) && (isa<SplitOp>(user) || llvm::is_contained(operandsInParts(user), &use));
    });
    if (!everyUse)
      continue;
    distributed.insert(op);
    for (OpOperand *operand : operandsInParts(op))
      worklist.push_back(operand->get());
  }
}

ArrayRef<Value> Distributor::partsOf(Value value) {
  auto known = parts.find(value);
  if (known == parts.end()) {
    SmallVector<Value> built = buildParts(value);
    known = parts.try_emplace(value, std::move(built)).first;
  }
  return known->second;
}

SmallVector<Value> Distributor::partsOfConcat(ConcatOp concat) {
  RankedTensorType type = partType(concat.getType());
  int64_t width = type.getShape().back();
  OpBuilder builder(concat);
  SmallVector<Value> answer, group;
  int64_t filled = 0;
  for (Value part : concat.getParts()) {
    group.push_back(part);
    filled += widthOf(part);
    if (filled > width)
      return {};
    if (filled < width)
      continue;
    answer.push_back(group.size() == 1 ? group.front()
                                       : ConcatOp::create(builder, concat.getLoc(), type, group).getResult());
    group.clear();
    filled = 0;
  }
  return answer;
}

SmallVector<Value> Distributor::buildParts(Value value) {
  Operation *op = value.getDefiningOp();
  if (op && distributed.contains(op)) {
    SmallVector<OpOperand *> operands = operandsInParts(op);
    SmallVector<SmallVector<Value>> operandParts;
    for (OpOperand *operand : operands)
      operandParts.emplace_back(partsOf(operand->get()));
    OpBuilder builder(op);
    SmallVector<Value> answer;
    for (int64_t part = 0; part < count; ++part) {
      Operation *copy = builder.clone(*op);
      for (auto [operand, values] : llvm::zip(operands, operandParts))
        copy->setOperand(operand->getOperandNumber(), values[part]);
      copy->getResult(0).setType(partType(value.getType()));
      answer.push_back(copy->getResult(0));
    }
    return answer;
  }
  if (auto concat = value.getDefiningOp<ConcatOp>())
    if (SmallVector<Value> own = partsOfConcat(concat); !own.empty())
      return own;
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  SmallVector<Type> types(count, partType(value.getType()));
  auto split = SplitOp::create(builder, value.getLoc(), types, value);
  return SmallVector<Value>(split.getParts());
}

void Distributor::run() {
  findDistributed();
  if (distributed.empty() && !whole.getDefiningOp<ConcatOp>())
    return;
  SmallVector<SplitOp> splits;
  for (Operation *user : whole.getUsers())
    if (auto split = dyn_cast<SplitOp>(user); split && wantsParts(split))
      splits.push_back(split);
  SmallVector<Value> values(partsOf(whole));
  for (SplitOp split : splits) {
    // The split that stands for a leaf may be the one asked for.
    if (llvm::equal(split.getParts(), values))
      continue;
    split.getParts().replaceAllUsesWith(values);
    split.erase();
  }
}

void SeqDistributeSplitsPass::runOnOperation() {
  getOperation().walk([](ScanOp scan) { hoistInvariants(scan); });
  // Later splits first: one may be of a part of an earlier one.
  SmallVector<Value> wholes;
  getOperation().walk([&](SplitOp split) {
    if (hasBatch(split.getInput().getType()) && !llvm::is_contained(wholes, split.getInput()))
      wholes.push_back(split.getInput());
  });
  for (Value whole : llvm::reverse(wholes)) {
    SmallVector<SplitOp> splits;
    for (Operation *user : whole.getUsers())
      if (auto split = dyn_cast<SplitOp>(user))
        splits.push_back(split);
    if (!splits.empty())
      Distributor(splits.front()).run();
  }
  SmallVector<Block *> blocks;
  getOperation().walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks)
    eraseDeadOperations(*block);
  getOperation().walk([](ScanOp scan) { hoistInvariants(scan); });
}

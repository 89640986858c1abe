//===- Accumulators.cpp - The sums that a kernel keeps in registers -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/Accumulators.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

//===----------------------------------------------------------------------===//
// Terms
//===----------------------------------------------------------------------===//

int64_t Term::depth() const { return cast<RankedTensorType>(lhs().getType()).getShape().back(); }

int64_t Term::windows() const {
  return isa<seq::MatmulOp>(op) ? 1 : cast<RankedTensorType>(weights().getType()).getDimSize(0);
}

bool Term::sharesLoopWith(const Term &other) const {
  return lhs() == other.lhs() && op->getName() == other.op->getName() && windows() == other.windows() &&
         (isa<seq::MatmulOp>(op) || op->getAttrDictionary() == other.op->getAttrDictionary());
}

Value Term::loadWeight(Expressions &at, Value weights, Value k, Value w, Value column) const {
  if (auto matmul = dyn_cast<seq::MatmulOp>(op))
    return matmul.getTransposeB() ? at.load(weights, {column, k}) : at.load(weights, {k, column});
  if (isa<seq::Conv1dOp>(op))
    return at.load(weights, {w, k, column});
  return at.load(weights, {w, column, k});
}

bool Term::hasCondition() const {
  if (isa<seq::MatmulOp>(op))
    return false;
  if (auto conv = dyn_cast<seq::Conv1dOp>(op))
    return conv.getPadding() != seq::Padding::Valid;
  return true;
}

Value Term::loadLhs(Expressions &at, Value k, Value w, Value &condition) const {
  OpBuilder &builder = at.builder;
  Location loc = at.loc;
  Point point(at.point);
  point.back() = k;
  if (isa<seq::MatmulOp>(op))
    return at.load(lhs(), point);
  int64_t lhsSteps = cast<RankedTensorType>(lhs().getType()).getDimSize(1);
  if (auto conv = dyn_cast<seq::Conv1dOp>(op)) {
    int64_t before = seq::windowGeometry(lhsSteps, windows(), conv.getStrides(), conv.getDilation(),
                                         conv.getPadding())
                         .before;
    Value strides = at.index(conv.getStrides()), dilation = at.index(conv.getDilation());
    Value first = arith::MulIOp::create(builder, loc, point[1], strides);
    Value offset = arith::MulIOp::create(builder, loc, w, dilation);
    point[1] = at.addIndex(at.add(first, offset), -before);
    if (hasCondition())
      condition = at.inRange(point[1], 0, lhsSteps);
    return at.load(lhs(), point);
  }
  // Step t of the input was place w of the window at (t + before - w * dilation) / strides.
  auto adjoint = cast<seq::Conv1dInputAdjointOp>(op);
  int64_t steps = at.domain.getDimSize(1);
  int64_t before =
      seq::windowGeometry(steps, windows(), adjoint.getStrides(), adjoint.getDilation(), adjoint.getPadding())
          .before;
  Value dilation = at.index(adjoint.getDilation()), from = at.addIndex(point[1], before);
  Value offset = arith::MulIOp::create(builder, loc, w, dilation);
  Value position = arith::SubIOp::create(builder, loc, from, offset);
  if (adjoint.getStrides() == 1) {
    condition = at.inRange(position, 0, lhsSteps);
    point[1] = position;
  } else {
    Value strides = at.index(adjoint.getStrides()), none = at.index(0);
    Value remainder = arith::RemUIOp::create(builder, loc, position, strides);
    Value whole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, remainder, none);
    Value inside = at.inRange(position, 0, lhsSteps * adjoint.getStrides());
    condition = arith::AndIOp::create(builder, loc, inside, whole);
    point[1] = arith::DivUIOp::create(builder, loc, position, strides);
  }
  return at.load(lhs(), point);
}

//===----------------------------------------------------------------------===//
// Finding them
//===----------------------------------------------------------------------===//

/// The leaves of a tree of additions below `value`, as far as each inner node
/// is used by the tree alone.
static void collectLeaves(Value value, const Group &group, bool isRoot, SmallVectorImpl<Value> &leaves) {
  auto add = value.getDefiningOp<seq::AddOp>();
  if (!add || !group.contains(add) || (!isRoot && !value.hasOneUse())) {
    leaves.push_back(value);
    return;
  }
  collectLeaves(add.getLhs(), group, false, leaves);
  collectLeaves(add.getRhs(), group, false, leaves);
}

SmallVector<AccumulatorSet> weft::kernels::findAccumulators(const Group &group, int64_t mostGates) {
  SmallVector<Accumulator> accumulators;
  DenseSet<Operation *> taken;
  auto isTerm = [&](Value value) {
    Operation *op = value.getDefiningOp();
    return op && group.contains(op) && roleOf(op) == Role::Accumulate && !taken.contains(op);
  };

  // From the last operation to the first, so that the root of a tree is seen before its branches.
  for (Operation *op : llvm::reverse(group.ops)) {
    if (!isa<seq::AddOp>(op) || (op->getResult(0).hasOneUse() && group.contains(*op->user_begin()) &&
                                 isa<seq::AddOp>(*op->user_begin()) && !llvm::is_contained(group.outputs, op->getResult(0))))
      continue;
    SmallVector<Value> leaves;
    collectLeaves(op->getResult(0), group, true, leaves);
    Accumulator accumulator{op->getResult(0), {}, {}, {}};
    for (Value leaf : leaves) {
      if (isTerm(leaf) && leaf.hasOneUse()) {
        accumulator.terms.push_back({leaf.getDefiningOp()});
        taken.insert(leaf.getDefiningOp());
      } else if (auto gather = leaf.getDefiningOp<seq::GatherOp>();
                 gather && group.contains(gather) && gather->hasOneUse() && !accumulator.first) {
        // Wherever it comes from, it is on its way while the sums of the last tile are used. It stands
        // for products, and is in front of the others like these.
        accumulator.first = leaf;
      } else {
        // Added to the finished sum: a sum that begins with a bias is rounded at the
        // bias's magnitude at every term (imdb_lstm_long: 1.7e-5 against 2.4e-6).
        accumulator.rest.push_back(leaf);
      }
    }
    if (!accumulator.terms.empty())
      accumulators.push_back(std::move(accumulator));
  }
  for (Operation *op : group.ops)
    if (isTerm(op->getResult(0)))
      accumulators.push_back({op->getResult(0), {{op}}, {}, {}});

  // In the order of the program, whatever order they were found in.
  llvm::stable_sort(accumulators, [](const Accumulator &a, const Accumulator &b) {
    return a.root.getDefiningOp()->isBeforeInBlock(b.root.getDefiningOp());
  });

  SmallVector<AccumulatorSet> sets;
  for (Accumulator &accumulator : accumulators) {
    auto fits = [&](AccumulatorSet &set) {
      auto &terms = set.gates.front().terms;
      if (int64_t(set.gates.size()) >= mostGates || terms.size() != accumulator.terms.size())
        return false;
      for (auto [a, b] : llvm::zip(terms, accumulator.terms))
        if (!a.sharesLoopWith(b))
          return false;
      return true;
    };
    auto place = llvm::find_if(sets, fits);
    if (place != sets.end()) {
      place->gates.push_back(std::move(accumulator));
      continue;
    }
    sets.push_back({"acc" + std::to_string(sets.size()), {}});
    sets.back().gates.push_back(std::move(accumulator));
  }
  return sets;
}

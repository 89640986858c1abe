//===- Recurrence.cpp - Cells, scans and the masks of dropout -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/InterpreterDetail.h"

#include <algorithm>
#include <limits>
#include <optional>

using namespace weft;
using namespace weft::reference;
using namespace weft::reference::detail;

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

static Tensor product(Tensor lhs, const Tensor &rhs) {
  for (int64_t i = 0; i < lhs.size(); ++i)
    lhs.values[i] *= rhs.values[i];
  return lhs;
}

Tensor Interpreter::visit(DropoutOp op) {
  const Tensor &input = get(op.getInput());
  double rate = op.getRate().convertToDouble();
  if (!random || rate == 0)
    return input;
  std::vector<int64_t> shape = input.shape;
  if (op.getKeys())
    shape.back() = 1;
  Tensor mask = randomMask(op.getKeys() ? get(op.getKeys()) : random->rowsTensor(), shape, random->seed,
                           random->step, {rate, int64_t(op.getLayer()), int64_t(op.getMask())});
  return product(input, broadcastTo(mask, input.shape));
}

Tensor Interpreter::visit(RandomMaskOp op) {
  const Tensor &keys = get(op.getKeys());
  return randomMask(keys, shapeOf(op.getType(), keys.shape[0]), joinWords(get(op.getSeed())),
                    joinWords(get(op.getStep())),
                    {op.getRate().convertToDouble(), int64_t(op.getLayer()), int64_t(op.getMask())});
}

/// Into how many parts a later operation splits `value`, at most; operations
/// element by element leave the parts where they are.
static int64_t countParts(Value value, llvm::DenseSet<Value> &seen) {
  int64_t parts = 1;
  if (!seen.insert(value).second)
    return parts;
  for (Operation *user : value.getUsers()) {
    if (isa<SplitOp>(user))
      parts = std::max<int64_t>(parts, user->getNumResults());
    else if (isa<ElementwiseOpInterface>(user) && user->getResult(0).getType() == value.getType())
      parts = std::max(parts, countParts(user->getResult(0), seen));
  }
  return parts;
}

Tensor CellMasks::apply(const Tensor &value, int64_t argument, int64_t part) {
  double rate = argument == 0 ? rates[0] : argument <= int64_t(layer.getStarts().size()) ? rates[1] : 0;
  if (rate == 0)
    return value;
  int64_t number = 256 * argument + part;
  auto found = drawn.find(number);
  if (found == drawn.end())
    found = drawn.emplace(number, randomMask(random.rowsTensor(), value.shape, random.seed, random.step,
                                             {rate, int64_t(layer.getLayer()), number}))
                .first;
  return product(value, found->second);
}

Expected<Tensor> Interpreter::masked(Value value, int64_t part) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return masks->apply(get(value), argument.getArgNumber(), part);
  Operation *op = value.getDefiningOp();
  if (!isa<ElementwiseOpInterface>(op))
    return get(value);
  // The operation once more, on masked operands.
  llvm::DenseMap<Value, Tensor> before;
  for (Value operand : op->getOperands()) {
    Expected<Tensor> now = masked(operand, part);
    if (!now)
      return now.takeError();
    before.try_emplace(operand, std::move(*now));
  }
  for (auto &[operand, tensor] : before)
    std::swap(values[operand], tensor);
  Expected<Tensors> results = evaluate(op);
  for (auto &[operand, tensor] : before)
    std::swap(values[operand], tensor);
  if (!results)
    return results.takeError();
  return std::move(results->front());
}

Expected<Tensor> Interpreter::maskedMatmul(MatmulOp op) {
  Value weight = op.getRhs();
  if (auto reshape = weight.getDefiningOp<ReshapeOp>())
    weight = reshape.getInput();
  int64_t parts = 1, first = 0;
  if (masks->apart() && !op.getTransposeB()) {
    llvm::DenseSet<Value> seen;
    parts = countParts(op.getResult(), seen);
    if (weight.getDefiningOp<SplitOp>())
      first = cast<OpResult>(weight).getResultNumber() * parts;
  }
  Tensors weights = split(get(op.getRhs()), parts), products;
  for (int64_t part = 0; part < parts; ++part) {
    Expected<Tensor> lhs = masked(op.getLhs(), first + part);
    if (!lhs)
      return lhs.takeError();
    products.push_back(matmul(*lhs, weights[part], op.getTransposeB()));
  }
  SmallVector<const Tensor *> pointers;
  for (const Tensor &tensor : products)
    pointers.push_back(&tensor);
  return concat(pointers);
}

//===----------------------------------------------------------------------===//
// Recurrence
//===----------------------------------------------------------------------===//

Expected<Tensor> Interpreter::visit(RecurrentOp op) {
  auto cell = SymbolTable::lookupNearestSymbolFrom<CellOp>(op, op.getCellAttr());
  if (!cell)
    return failure("there is no cell @{0}", op.getCell());
  const Tensor &input = get(op.getInput());
  int64_t rows = input.shape[0], steps = input.shape[1];
  std::optional<CellMasks> inCell;
  if (random)
    inCell.emplace(op, *random);
  CellMasks *drawn = inCell && inCell->any() ? &*inCell : nullptr;

  // The cell's arguments: a step of the input, the states, the weights.
  Tensors arguments(1);
  for (Value start : op.getStarts())
    arguments.push_back(broadcastTo(get(start), {rows, get(start).width()}));
  llvm::append_range(arguments, getAll(op.getWeights()));

  // Before the first step the output is the start of the state that it is, else 0.
  auto returned = cast<ReturnOp>(cell.getBody().front().getTerminator()).getValues();
  Tensor last = Tensor::zeros(shapeOf(cell.getResultTypes().front(), rows)), all;
  for (int64_t state = 1; state <= int64_t(cell.getStates()); ++state)
    if (returned[state] == returned[0]) {
      last = arguments[state];
      break;
    }
  for (int64_t i = 0; i < steps; ++i) {
    int64_t step = op.getGoBackwards() ? steps - 1 - i : i;
    arguments[0] = stepOf(input, step);
    Expected<Tensors> results = call(cell, arguments, drawn);
    if (!results)
      return results.takeError();
    // The cell's results: its output, then the new states. Where the step is not
    // there, all of them stay as they are.
    for (size_t number = 0; op.getPresent() && number < results->size(); ++number) {
      Tensor present = stepOf(get(op.getPresent()), step), &now = (*results)[number];
      const Tensor &before = number == 0 ? last : arguments[number];
      for (int64_t r = 0; r < rows; ++r)
        if (present.values[r] == 0)
          std::copy_n(before.row(r), before.width(), now.row(r));
    }
    last = std::move(results->front());
    std::move(results->begin() + 1, results->end(), arguments.begin() + 1);
    if (!op.getReturnSequences())
      continue;
    if (i == 0)
      all = Tensor::zeros(shapeOf(op.getType(), rows));
    setStep(all, i, last);
  }
  return op.getReturnSequences() ? all : last;
}

static Tensor activeRows(const Tensor &starts, int64_t add, int64_t divide, int64_t steps) {
  Tensor result = Tensor::zeros({steps});
  for (int64_t t = 0; t < steps; ++t) {
    for (double start : starts.values)
      result.values[t] += std::floor((start + double(add)) / double(divide)) <= double(t);
    result.values[t] = std::max(result.values[t], 1.0);
  }
  return result;
}

Tensor Interpreter::visit(ActiveRowsOp op) {
  return activeRows(get(op.getStarts()), op.getAdd(), op.getDivide(), op.getType().getDimSize(0));
}

void Interpreter::undefineInactive(Tensor &sequence, ActiveAttr active, FunctionOpInterface function) {
  Tensor counts = activeRows(get(startsOf(function)), active.getAdd(), active.getDivide(), sequence.shape[1]);
  for (int64_t t = 0; t < counts.size(); ++t) {
    Tensor step = stepOf(sequence, t);
    std::fill(step.values.begin() + int64_t(counts.values[t]) * (step.size() / step.shape[0]), step.values.end(),
              std::numeric_limits<double>::quiet_NaN());
    setStep(sequence, t, step);
  }
}

/// `sequence` with 0 for the rows that are not active at a step.
Tensor Interpreter::activeOnly(Tensor sequence, Value active) {
  if (!active)
    return sequence;
  const Tensor &counts = get(active);
  for (int64_t t = 0; t < counts.size(); ++t) {
    Tensor step = stepOf(sequence, t);
    clearRows(step, int64_t(counts.values[t]), step.shape[0]);
    setStep(sequence, t, step);
  }
  return sequence;
}

Expected<Tensors> Interpreter::visit(ScanOp op) {
  int64_t steps = op.getSteps();
  bool reverse = op.getReverse();
  Tensors inputs = getAll(op.getInputs()), states = getAll(op.getStarts());
  // A body has all rows here, and would sum what is undefined of those that are not active.
  if (op.getActive() && !llvm::all_of(op.getStarts().getTypes(), [](Type type) {
        auto tensor = cast<RankedTensorType>(type);
        return tensor.getRank() > 0 && tensor.isDynamicDim(0);
      }))
    return failure("a scan for active rows that sums over them is not interpreted: that is a form for kernels");
  Tensors kept(op.getKept().size());
  // How many rows are active at step t: none before the first step, all behind the last.
  auto activeAt = [&](int64_t t) -> int64_t {
    if (!op.getActive() || t >= steps)
      return states.empty() ? 0 : states.front().shape[0];
    return t < 0 ? 0 : int64_t(get(op.getActive()).values[t]);
  };
  // From step `from` to the next one, or into the scan or out of it.
  auto passBoundary = [&](int64_t early, int64_t late) {
    for (Tensor &state : states) {
      if (!op.getActive())
        continue;
      if (reverse)
        collectRows(state, activeAt(early), activeAt(late));
      else if (early >= 0)
        spreadRow(state, activeAt(early), activeAt(late));
    }
  };
  auto has = [](std::optional<ArrayRef<int64_t>> list, int64_t number) {
    return list && llvm::is_contained(*list, number);
  };
  for (int64_t i = 0; i < steps; ++i) {
    int64_t step = reverse ? steps - 1 - i : i;
    if (reverse)
      passBoundary(step, step + 1);
    else
      passBoundary(step - 1, step);
    Tensors arguments;
    for (auto [number, input] : llvm::enumerate(inputs)) {
      arguments.push_back(stepOf(input, step));
      if (has(op.getCollect(), number))
        collectRows(arguments.back(), activeAt(step), activeAt(steps));
    }
    std::move(states.begin(), states.end(), std::back_inserter(arguments));

    Expected<Tensors> next = run(op.getBody().front(), arguments);
    if (!next)
      return next.takeError();
    auto keptNow = next->begin() + states.size();
    std::move(next->begin(), keptNow, states.begin());
    for (size_t k = 0; k < kept.size(); ++k, ++keptNow) {
      if (i == 0)
        kept[k] = Tensor::zeros(shapeOf(op.getKept()[k].getType(), keptNow->shape[0]));
      if (has(op.getSpread(), k))
        spreadRow(*keptNow, activeAt(step), keptNow->shape[0]);
      if (has(op.getClear(), k))
        clearRows(*keptNow, activeAt(step), keptNow->shape[0]);
      setStep(kept[k], step, *keptNow);
    }
  }
  if (reverse && op.getActive())
    for (Tensor &state : states)
      clearRows(state, activeAt(0), state.shape[0]);
  if (!reverse)
    passBoundary(steps - 1, steps);
  std::move(kept.begin(), kept.end(), std::back_inserter(states));
  return states;
}

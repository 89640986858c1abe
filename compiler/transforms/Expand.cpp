//===- Expand.cpp - Every layer as primitives -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {
#define GEN_PASS_DEF_SEQEXPAND
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
class Expander {
public:
  explicit Expander(ModuleOp module) : symbols(module) {}

  /// Replaces `op` where it is a layer.
  LogicalResult expand(Operation *op) {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<EmbeddingOp, DenseOp, Conv1dOp, RecurrentOp>([&](auto layer) {
          OpBuilder builder(layer);
          FailureOr<Value> value = build(builder, layer);
          if (failed(value))
            return failure();
          if (*value) {
            layer.getResult().replaceAllUsesWith(*value);
            layer.erase();
          }
          return success();
        })
        .Default(success());
  }

private:
  FailureOr<Value> build(OpBuilder &builder, EmbeddingOp op) {
    return GatherOp::create(builder, op.getLoc(), op.getType(), op.getTable(), op.getIds()).getResult();
  }

  FailureOr<Value> build(OpBuilder &builder, DenseOp op) {
    Value product = MatmulOp::create(builder, op.getLoc(), op.getType(), op.getInput(), op.getKernel(),
                                     /*transpose_b=*/false);
    if (!op.getBias())
      return product;
    return AddOp::create(builder, op.getLoc(), product, op.getBias()).getResult();
  }

  FailureOr<Value> build(OpBuilder &builder, Conv1dOp op) {
    if (!op.getBias())
      return Value();
    Value plain = Conv1dOp::create(builder, op.getLoc(), op.getType(), op.getInput(), op.getKernel(), Value(),
                                   op.getStrides(), op.getPadding(), op.getDilation());
    return AddOp::create(builder, op.getLoc(), plain, op.getBias()).getResult();
  }

  FailureOr<Value> build(OpBuilder &builder, RecurrentOp op);

  /// The cell `op` names, if it fits what `op` gives it.
  FailureOr<CellOp> cellOf(RecurrentOp op);

  SymbolTable symbols;
};

/// Copies the equations of a cell into a scan; where its layer has dropout, with
/// masks on what its matmuls read.
class CellInliner {
public:
  CellInliner(RecurrentOp layer, CellOp cell, ScanOp scan)
      : layer(layer), cell(cell), outside(scan), rate(layer.getDropout().convertToDouble()),
        recurrentRate(layer.getRecurrentDropout().convertToDouble()) {}

  void run(OpBuilder &inside);

  IRMapping mapping;

private:
  void copyMatmul(OpBuilder &inside, MatmulOp op);
  /// What stands for `value`, a value of the cell, in part `part` of a matmul.
  Value masked(OpBuilder &inside, Value value, int64_t part);
  /// How many parts the result of a matmul is cut into, each with masks of its own.
  int64_t partsOf(Value result) const;
  /// The input or a state under its mask.
  Value maskedArgument(OpBuilder &inside, BlockArgument argument, int64_t part);
  /// A mask of `type` in front of the scan: the same at every step.
  Value maskOf(RankedTensorType type, double rateOf, int64_t number);

  RecurrentOp layer;
  CellOp cell;
  OpBuilder outside;
  double rate, recurrentRate;
  DenseMap<std::pair<Value, int64_t>, Value> maskedValues;
};

struct SeqExpandPass : weft::impl::SeqExpandBase<SeqExpandPass> {
  void runOnOperation() override;
};
} // namespace

FailureOr<CellOp> Expander::cellOf(RecurrentOp op) {
  auto cell = symbols.lookup<CellOp>(op.getCell());
  if (!cell)
    return op.emitError() << "there is no cell @" << op.getCell();
  if (cell.getStates() != op.getStarts().size())
    return op.emitError() << "cell @" << op.getCell() << " has " << cell.getStates() << " states, "
                          << op.getStarts().size() << " starts were given";
  size_t expected = 1 + op.getStarts().size() + op.getWeights().size();
  if (cell.getArgumentTypes().size() != expected || cell.getResultTypes().size() != 1 + op.getStarts().size())
    return op.emitError() << "cell @" << op.getCell() << " takes " << cell.getArgumentTypes().size()
                          << " values and gives " << cell.getResultTypes().size() << ", expected " << expected
                          << " and " << 1 + op.getStarts().size();
  ArrayRef<Type> types = cell.getArgumentTypes();
  auto check = [&](Type have, Type want, StringRef what) -> LogicalResult {
    if (have == want)
      return success();
    return op.emitError() << what << " of cell @" << op.getCell() << " is " << want << ", got " << have;
  };
  if (failed(check(stepType(op.getInput().getType()), types[0], "the input")))
    return failure();
  for (auto [weight, type] : llvm::zip(op.getWeights(), types.take_back(op.getWeights().size())))
    if (failed(check(weight.getType(), type, "a weight")))
      return failure();
  for (auto [index, type] : llvm::enumerate(cell.getResultTypes().drop_front()))
    if (failed(check(type, types[1 + index], "a state")))
      return failure();
  return cell;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

Value CellInliner::maskOf(RankedTensorType type, double rateOf, int64_t number) {
  Location loc = layer.getLoc();
  auto row = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
  Value ones = ConstantOp::create(outside, loc, DenseElementsAttr::get(row, 1.0f));
  ones = BroadcastRowsOp::create(outside, loc, type, ones, layer.getInput());
  return DropoutOp::create(outside, loc, type, ones, Value(), llvm::APFloat(rateOf), layer.getLayer(), number);
}

/// In the step: what the backward reads of it is then a product away from the sequence
/// itself, which all parts share.
Value CellInliner::maskedArgument(OpBuilder &inside, BlockArgument argument, int64_t part) {
  unsigned number = argument.getArgNumber();
  auto type = cast<RankedTensorType>(argument.getType());
  Value mask = maskOf(type, number == 0 ? rate : recurrentRate, maskNumber(number, part));
  return MulOp::create(inside, layer.getLoc(), mapping.lookup(argument), mask);
}

int64_t CellInliner::partsOf(Value result) const {
  int64_t parts = 1;
  SmallVector<Value> worklist{result};
  llvm::SmallDenseSet<Value> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    for (Operation *user : value.getUsers()) {
      if (auto split = dyn_cast<SplitOp>(user))
        parts = std::max<int64_t>(parts, split.getParts().size());
      else if (isa<ElementwiseOpInterface>(user) && user->getResult(0).getType() == value.getType())
        worklist.push_back(user->getResult(0));
    }
  }
  return parts;
}

/// The number of the part that `weight` is of a weight that was split, and of how many.
static int64_t partOfWeight(Value weight) {
  if (auto reshape = weight.getDefiningOp<ReshapeOp>())
    weight = reshape.getInput();
  return weight.getDefiningOp<SplitOp>() ? cast<OpResult>(weight).getResultNumber() : 0;
}

Value CellInliner::masked(OpBuilder &inside, Value value, int64_t part) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    unsigned number = argument.getArgNumber();
    double rateOf = number == 0 ? rate : number <= cell.getStates() ? recurrentRate : 0;
    if (rateOf == 0)
      return mapping.lookup(value);
    Value &known = maskedValues[{value, part}];
    if (!known)
      known = maskedArgument(inside, argument, part);
    return known;
  }
  Operation *op = value.getDefiningOp();
  if (!isa<ElementwiseOpInterface>(op))
    return mapping.lookup(value);
  if (Value known = maskedValues.lookup({value, part}))
    return known;
  IRMapping operands;
  bool changed = false;
  for (Value operand : op->getOperands()) {
    operands.map(operand, masked(inside, operand, part));
    changed |= operands.lookup(operand) != mapping.lookup(operand);
  }
  Value answer = changed ? inside.clone(*op, operands)->getResult(0) : mapping.lookup(value);
  return maskedValues[{value, part}] = answer;
}

void CellInliner::copyMatmul(OpBuilder &inside, MatmulOp op) {
  Location loc = op.getLoc();
  // Without recurrent dropout all parts have the same mask (as Keras has it).
  bool apart = recurrentRate > 0 && !op.getTransposeB();
  int64_t first = apart ? partOfWeight(op.getRhs()) : 0, parts = apart ? partsOf(op.getResult()) : 1;
  Value lhs = masked(inside, op.getLhs(), first * parts), rhs = mapping.lookup(op.getRhs());
  if (parts == 1 || lhs == mapping.lookup(op.getLhs())) {
    IRMapping operands;
    operands.map(op.getLhs(), lhs);
    operands.map(op.getRhs(), rhs);
    mapping.map(op.getResult(), inside.clone(*op, operands)->getResult(0));
    return;
  }
  auto partType = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape(tensor.getShape());
    shape.back() /= parts;
    return RankedTensorType::get(shape, tensor.getElementType());
  };
  auto weights = SplitOp::create(inside, loc, SmallVector<Type>(parts, partType(rhs.getType())), rhs);
  SmallVector<Value> products;
  for (int64_t part = 0; part < parts; ++part) {
    lhs = masked(inside, op.getLhs(), first * parts + part);
    products.push_back(MatmulOp::create(inside, loc, partType(op.getType()), lhs, weights.getParts()[part],
                                        /*transpose_b=*/false));
  }
  mapping.map(op.getResult(), ConcatOp::create(inside, loc, op.getType(), products).getResult());
}

void CellInliner::run(OpBuilder &inside) {
  bool masks = rate > 0 || recurrentRate > 0;
  for (Operation &equation : cell.getBody().front().without_terminator()) {
    if (auto matmul = dyn_cast<MatmulOp>(equation); matmul && masks)
      copyMatmul(inside, matmul);
    else
      inside.clone(equation, mapping);
  }
}

//===----------------------------------------------------------------------===//
// Recurrent layers
//===----------------------------------------------------------------------===//

FailureOr<Value> Expander::build(OpBuilder &builder, RecurrentOp op) {
  FailureOr<CellOp> found = cellOf(op);
  if (failed(found))
    return failure();
  CellOp cell = *found;
  Location loc = op.getLoc();
  Value input = op.getInput();
  auto inputType = cast<RankedTensorType>(input.getType());
  auto terminator = cast<ReturnOp>(cell.getBody().front().getTerminator());
  Value output = terminator.getValues().front();
  ValueRange nextStates = terminator.getValues().drop_front();

  SmallVector<Value> starts;
  for (auto [start, type] : llvm::zip(op.getStarts(), cell.getArgumentTypes().drop_front())) {
    Value rows = start;
    if (start.getType() != type)
      rows = BroadcastRowsOp::create(builder, loc, type, start, input);
    starts.push_back(rows);
  }

  // The answer is one of the states, or has to be carried like one. A step that
  // is not there gives what the one before it gave.
  bool carriesOutput = !op.getReturnSequences() || op.getPresent();
  int64_t answer = -1;
  if (carriesOutput) {
    auto state = llvm::find(nextStates, output);
    answer = std::distance(nextStates.begin(), state);
    if (state == nextStates.end())
      starts.push_back(zeros(builder, loc, output.getType(), input));
  }
  SmallVector<Type> lastTypes, keptTypes;
  for (Value start : starts)
    lastTypes.push_back(start.getType());
  if (op.getReturnSequences())
    keptTypes.push_back(sequenceType(output.getType(), inputType.getDimSize(1)));
  SmallVector<Value> inputs{input};
  if (op.getPresent())
    inputs.push_back(op.getPresent());

  auto scan = ScanOp::create(builder, loc, lastTypes, keptTypes, inputs, starts, inputType.getDimSize(1),
                             op.getGoBackwards());
  CellInliner inliner(op, cell, scan);
  IRMapping &mapping = inliner.mapping;
  Block *block = builder.createBlock(&scan.getBody());
  mapping.map(cell.getBody().getArgument(0), block->addArgument(stepType(inputType), loc));
  Value present;
  if (op.getPresent())
    present = block->addArgument(stepType(op.getPresent().getType()), loc);
  for (auto [index, start] : llvm::enumerate(starts)) {
    BlockArgument argument = block->addArgument(start.getType(), loc);
    if (index < op.getStarts().size())
      mapping.map(cell.getBody().getArgument(1 + index), argument);
  }
  for (auto [argument, weight] :
       llvm::zip(cell.getBody().getArguments().take_back(op.getWeights().size()), op.getWeights()))
    mapping.map(argument, weight);
  inliner.run(builder);
  SmallVector<Value> next, kept;
  for (Value state : nextStates)
    next.push_back(mapping.lookup(state));
  if (next.size() < starts.size())
    next.push_back(mapping.lookup(output));
  if (present)
    for (auto [state, before] : llvm::zip(next, block->getArguments().drop_front(scan.getInputs().size())))
      state = SelectOp::create(builder, loc, state.getType(), present, state, before);
  if (op.getReturnSequences())
    kept.push_back(present ? next[answer] : mapping.lookup(output));
  NextOp::create(builder, loc, next, kept);

  if (!op.getReturnSequences())
    return scan.getLast()[answer];
  if (!op.getGoBackwards())
    return scan.getKept().front();
  builder.setInsertionPointAfter(scan);
  return ReverseOp::create(builder, loc, scan.getKept().front().getType(), scan.getKept().front())
      .getResult();
}

void SeqExpandPass::runOnOperation() {
  Expander expander(getOperation());
  SmallVector<Operation *> operations;
  getOperation().walk([&](Operation *op) { operations.push_back(op); });
  bool failedAny = false;
  for (Operation *op : operations)
    failedAny |= failed(expander.expand(op));
  if (failedAny)
    return signalPassFailure();
  for (CellOp cell : llvm::make_early_inc_range(getOperation().getOps<CellOp>()))
    cell.erase();
}

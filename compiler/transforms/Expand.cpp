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

  // The answer is one of the states, or has to be carried like one.
  int64_t answer = -1;
  if (!op.getReturnSequences()) {
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

  auto scan = ScanOp::create(builder, loc, lastTypes, keptTypes, ValueRange(input), starts,
                             inputType.getDimSize(1), op.getGoBackwards());
  Block *block = builder.createBlock(&scan.getBody());
  IRMapping mapping;
  mapping.map(cell.getBody().getArgument(0), block->addArgument(stepType(inputType), loc));
  for (auto [index, start] : llvm::enumerate(starts)) {
    BlockArgument argument = block->addArgument(start.getType(), loc);
    if (index < op.getStarts().size())
      mapping.map(cell.getBody().getArgument(1 + index), argument);
  }
  for (auto [argument, weight] :
       llvm::zip(cell.getBody().getArguments().take_back(op.getWeights().size()), op.getWeights()))
    mapping.map(argument, weight);
  for (Operation &equation : cell.getBody().front().without_terminator())
    builder.clone(equation, mapping);
  SmallVector<Value> next, kept;
  for (Value state : nextStates)
    next.push_back(mapping.lookup(state));
  if (next.size() < starts.size())
    next.push_back(mapping.lookup(output));
  if (op.getReturnSequences())
    kept.push_back(mapping.lookup(output));
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

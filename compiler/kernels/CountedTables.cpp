//===- CountedTables.cpp - Tables with a row for each id that occurs -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/CountedTables.h"

#include "dialects/halide/Halide.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;
using namespace weft::seq;

/// Beside an operation whose table has lost its number of rows.
static constexpr StringLiteral entriesAttr = "weft.entries";

int64_t weft::kernels::entriesOf(Operation *op, Value table) {
  if (auto entries = op->getAttrOfType<IntegerAttr>(entriesAttr))
    return entries.getInt();
  return cast<RankedTensorType>(table.getType()).getDimSize(0);
}

/// The ranks that `ids` are places in; `ids` may be the step of a scan.
static Value ranksOfPlaces(Value ids) {
  if (auto argument = dyn_cast<BlockArgument>(ids))
    if (auto scan = dyn_cast<ScanOp>(argument.getOwner()->getParentOp()); scan && argument.getArgNumber() < scan.getInputs().size())
      ids = scan.getInputs()[argument.getArgNumber()];
  auto places = ids.getDefiningOp<RankOfOp>();
  return places ? places.getRanks() : Value();
}

static Value ranksOfListed(Value ids) {
  auto listed = ids.getDefiningOp<IdsOfRanksOp>();
  return listed ? listed.getRanks() : Value();
}

/// Whether `op`, of which some operand is such a table by `ranks`, gives a row for each of its rows.
bool CountedTables::isPartOf(Operation &op, Value ranks) const {
  if (auto matmul = dyn_cast<MatmulOp>(op))
    return ranksOf(matmul.getLhs()) == ranks && !ranksOf(matmul.getRhs());
  if (!isa<ElementwiseOpInterface>(op))
    return false;
  int64_t rank = cast<RankedTensorType>(op.getResult(0).getType()).getRank();
  return llvm::all_of(op.getOperands(), [&](Value operand) {
    auto type = cast<RankedTensorType>(operand.getType());
    return ranksOf(operand) == ranks || type.getRank() < rank || type.getDimSize(0) == 1;
  });
}

void CountedTables::add(Value table, Value ranks) {
  tables[table] = {ranks, cast<RankedTensorType>(table.getType()).getDimSize(0)};
}

void CountedTables::forget(Operation *op) {
  for (Value result : op->getResults())
    tables.erase(result);
}

LogicalResult CountedTables::findIn(Operation &op) {
  if (auto scan = dyn_cast<ScanOp>(op))
    return findIn(scan);
  auto gather = dyn_cast<GatherOp>(op);
  auto scatter = dyn_cast<ScatterAddOp>(op);
  Value ranks;
  for (Value operand : op.getOperands())
    if (Value known = ranksOf(operand))
      ranks = known;
  if (!ranks) {
    if (Value listed = gather ? ranksOfListed(gather.getIds()) : Value())
      add(gather.getResult(), listed);
    if (Value places = scatter ? ranksOfPlaces(scatter.getIds()) : Value())
      add(scatter.getResult(), places);
    return success();
  }
  // Looked up in, summed over, or made for each row of.
  auto contract = dyn_cast<ContractOp>(op);
  auto sum = dyn_cast<SumToOp>(op);
  if ((sum && sum.getType().getRank() == 1) ||
      (gather && ranksOfPlaces(gather.getIds()) == ranks) ||
      (contract && ranksOf(contract.getLhs()) == ranks && ranksOf(contract.getRhs()) == ranks) ||
      (scatter && ranksOfListed(scatter.getIds()) == ranks))
    return success();
  if (!isPartOf(op, ranks))
    return op.emitOpError("takes a row for each id that occurs in a way that there are no kernels for");
  add(op.getResult(0), ranks);
  return success();
}

LogicalResult CountedTables::findIn(ScanOp scan) {
  NextOp next = scan.getNext();
  // States that adjoints of the ids are added up in.
  for (auto [start, state, after, last] :
       llvm::zip(scan.getStarts(), scan.getStateArguments(), next.getStates(), scan.getLast())) {
    auto sum = after.getDefiningOp<AddOp>();
    auto part = sum ? sum.getRhs().getDefiningOp<ScatterAddOp>() : ScatterAddOp();
    Value ranks = part ? ranksOfPlaces(part.getIds()) : Value();
    if (!ranks || sum.getLhs() != state || !start.getDefiningOp<ConstantOp>())
      continue;
    for (Value value : {Value(start), Value(state), Value(last)})
      add(value, ranks);
  }
  for (Operation &op : scan.getBody().front().without_terminator())
    if (failed(findIn(op)))
      return failure();
  for (auto [state, after] : llvm::zip(scan.getStateArguments(), next.getStates()))
    if (ranksOf(state) != ranksOf(after))
      return scan.emitOpError("has a state that is a row for each id that occurs before a step, or after it, but not both");
  return success();
}

LogicalResult CountedTables::find(Block &body) {
  for (Operation &op : body.without_terminator())
    if (failed(findIn(op)))
      return failure();
  for (Value value : body.getTerminator()->getOperands())
    if (ranksOf(value))
      return body.getTerminator()->emitOpError("returns a row for each id that occurs, of which no caller knows the number");
  return success();
}

static RankedTensorType withRows(Type type, int64_t rows) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[0] = rows;
  return RankedTensorType::get(shape, tensor.getElementType());
}

void CountedTables::open() {
  for (auto &[table, known] : tables) {
    auto number = IntegerAttr::get(IntegerType::get(table.getContext(), 64), known.entries);
    for (Operation *user : table.getUsers())
      if (isa<GatherOp>(user))
        user->setAttr(entriesAttr, number);
    if (auto scatter = table.getDefiningOp<ScatterAddOp>())
      scatter->setAttr(entriesAttr, number);
    table.setType(withRows(table.getType(), ShapedType::kDynamic));
  }
}

void CountedTables::close(Block &body) {
  auto close = [](Value table, int64_t entries) { table.setType(withRows(table.getType(), entries)); };
  body.walk([&](Operation *op) {
    if (auto apply = dyn_cast<halide::ApplyOp>(op); apply && apply.getRows())
      for (Value output : apply.getOutputs())
        close(output, cast<RankedTensorType>(apply.getRows().getType()).getDimSize(0) - 1);
    if (auto scan = dyn_cast<ScanOp>(op))
      for (auto [state, last] : llvm::zip(scan.getStateArguments(), scan.getLast()))
        if (int64_t entries = tables.lookup(state).entries) {
          close(state, entries);
          close(last, entries);
        }
  });
}

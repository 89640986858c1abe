//===- SliceEmitter.cpp - The code of a planned slice -----------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/SliceEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weft;
using namespace weft::codegen;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value SliceEmitter::constant(int64_t value, Location loc) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value SliceEmitter::asValue(OpFoldResult value, Location loc) {
  if (auto known = getConstantIntValue(value))
    return constant(*known, loc);
  return cast<Value>(value);
}

OpFoldResult SliceEmitter::add(OpFoldResult a, OpFoldResult b, Location loc) {
  auto left = getConstantIntValue(a), right = getConstantIntValue(b);
  if (left && right)
    return builder.getIndexAttr(*left + *right);
  if (left && *left == 0)
    return b;
  if (right && *right == 0)
    return a;
  Value lhs = asValue(a, loc), rhs = asValue(b, loc);
  return arith::AddIOp::create(builder, loc, lhs, rhs).getResult();
}

/// What there is room for in every buffer: the rows, rounded up to any tile of
/// at most `rowTile` rows.
Value SliceEmitter::capacity(Location loc) {
  if (!rowCapacity)
    rowCapacity = arith::AddIOp::create(builder, loc, arguments.rows, constant(rowTile - 1, loc));
  return rowCapacity;
}

OpFoldResult SliceEmitter::extent(Extent extent, Location loc) {
  if (!extent.perRow || extent.count == 0)
    return builder.getIndexAttr(extent.count);
  Value &multiple = multiples[extent.count];
  if (!multiple) {
    // Outside of the loop, where later loops find it too.
    OpBuilder::InsertionGuard guard(builder);
    if (loop)
      builder.setInsertionPoint(loop);
    Value rows = capacity(loc), count = constant(extent.count, loc);
    multiple = arith::MulIOp::create(builder, loc, rows, count);
  }
  return multiple;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

Value SliceEmitter::base(const Storage &storage) {
  switch (storage.space) {
  case Space::Parameters:
    return arguments.parameters;
  case Space::Gradients:
    return arguments.gradients;
  case Space::Shared:
    return arguments.shared;
  case Space::Arena:
    return arguments.arena.at(storage.element);
  case Space::Port:
    return arguments.ports[storage.port];
  }
  llvm_unreachable("a space without a base");
}

/// Where the slots of a place begin; of one that changes with the step, slot 0 of
/// an alternating state and the slot of place 0 of a sequence.
OpFoldResult SliceEmitter::beginOf(const Place &place, Location loc) {
  const Storage &storage = plan.storageOf(place);
  int64_t slot = place.mode == StepMode::Parity ? 0 : place.slot;
  if (storage.space != Space::Arena || !storage.size.perRow)
    return builder.getIndexAttr(storage.offset + slot * place.stride.count);
  // What grows with the rows begins behind what does not.
  OpFoldResult &begin = begins[{place.storage, slot}];
  if (!begin) {
    OpBuilder::InsertionGuard guard(builder);
    if (loop)
      builder.setInsertionPoint(loop);
    OpFoldResult rows = extent({storage.offset + slot * place.stride.count, true}, loc);
    begin = add(builder.getIndexAttr(plan.fixedElements()), rows, loc);
  }
  return begin;
}

OpFoldResult SliceEmitter::offsetOf(const Place &place, Location loc) {
  OpFoldResult begin = beginOf(place, loc);
  if (place.mode == StepMode::None)
    return begin;
  Value number = place.mode == StepMode::Stacked ? rowsStacked : position;
  if (place.mode == StepMode::Parity) {
    number = stepsDone;
    if (place.slot) {
      Value slot = constant(place.slot, loc);
      number = arith::AddIOp::create(builder, loc, number, slot);
    }
    Value two = constant(2, loc);
    number = arith::RemUIOp::create(builder, loc, number, two);
  }
  Value stride = asValue(extent(place.stride, loc), loc);
  Value distance = arith::MulIOp::create(builder, loc, number, stride);
  return add(begin, distance, loc);
}

/// How many rows a table has, of which ranks count them: emitted where it is first needed.
Value SliceEmitter::countedRows(Value ranks, Location loc) {
  Value &count = tableRows[ranks];
  if (count)
    return count;
  OpBuilder::InsertionGuard guard(builder);
  if (loop)
    builder.setInsertionPoint(loop);
  int64_t last = cast<RankedTensorType>(ranks.getType()).getDimSize(0) - 1;
  Value number = memref::LoadOp::create(builder, loc, viewOf(ranks, loc), ValueRange{constant(last, loc)});
  return count = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
}

Value SliceEmitter::viewOf(const Place &place, Value rows, Location loc) {
  if (Value ranks = place.layout.getRowCount())
    rows = countedRows(ranks, loc);
  OpFoldResult offset = offsetOf(place, loc);
  SmallVector<OpFoldResult> sizes, strides;
  for (int64_t size : place.layout.getShape())
    sizes.push_back(ShapedType::isDynamic(size) ? OpFoldResult(rows)
                                                : OpFoldResult(builder.getIndexAttr(size)));
  for (Extent stride : place.layout.getStrides())
    strides.push_back(extent(stride, loc));
  MemRefType type = place.layout.getType(getConstantIntValue(offset).value_or(ShapedType::kDynamic));
  return memref::ReinterpretCastOp::create(builder, loc, type, base(plan.storageOf(place)), offset, sizes,
                                           strides);
}

Value SliceEmitter::viewOfSteps(const Place &place, Value from, Value steps, Value rows, Location loc) {
  Value distance = arith::MulIOp::create(builder, loc, from, asValue(extent(*place.layout.stepStride(), loc), loc));
  OpFoldResult offset = add(beginOf(place, loc), distance, loc);
  SmallVector<OpFoldResult> sizes{steps, rows, builder.getIndexAttr(place.layout.getShape()[2])}, strides;
  for (Extent stride : place.layout.getStrides())
    strides.push_back(extent(stride, loc));
  MemRefType type = halide::withOpenSteps(place.layout.getType(ShapedType::kDynamic));
  return memref::ReinterpretCastOp::create(builder, loc, type, base(plan.storageOf(place)), offset, sizes, strides);
}

Value SliceEmitter::viewOf(Value value, Location loc) {
  const Place &place = plan.placeOf(value);
  // What belongs to a step has the step's rows.
  if (place.mode != StepMode::None || (rowsOfStep && value.getParentRegion() == scanBody)) {
    Value &view = stepViews[value];
    return view ? view : view = viewOf(place, rowsOfStep ? rowsOfStep : arguments.rows, loc);
  }
  // An argument that is used as it is.
  Value whole = base(plan.storageOf(place));
  if (plan.storageOf(place).space == Space::Port && whole.getType() == place.layout.getType(0))
    return whole;
  Value &view = views[value];
  if (!view) {
    OpBuilder::InsertionGuard guard(builder);
    if (loop)
      builder.setInsertionPoint(loop);
    view = viewOf(place, arguments.rows, loc);
  }
  return view;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

void SliceEmitter::emitApply(halide::ApplyOp apply) {
  emitApply(apply, [&](Value value) { return viewOf(value, apply.getLoc()); });
}

void SliceEmitter::emitApply(halide::ApplyOp apply, llvm::function_ref<Value(Value)> viewOfBuffer, Value from) {
  Location loc = apply.getLoc();
  SmallVector<Value> operands;
  auto kernel = SymbolTable::lookupNearestSymbolFrom<halide::KernelOp>(apply, apply.getKernelAttr());
  SmallVector<bool> isNumber;
  for (Operation &member : kernel.getBody().front())
    if (isa<halide::InputOp, halide::ScalarOp>(member))
      isNumber.push_back(isa<halide::ScalarOp>(member));
  for (auto [input, number] : llvm::zip_equal(apply.getInputs(), isNumber)) {
    if (!isa<RankedTensorType>(input.getType())) {
      operands.push_back(numbers.lookup(input));
      continue;
    }
    Value view = viewOfBuffer(input);
    if (number)
      view = memref::LoadOp::create(builder, loc, view, ValueRange{});
    operands.push_back(view);
  }
  for (Value output : apply.getOutputs())
    operands.push_back(viewOfBuffer(output));
  halide::CallOp::create(builder, loc, apply.getKernelAttr(), operands, from);
}

void SliceEmitter::emitActive(halide::ApplyOp apply) {
  Location loc = apply.getLoc();
  int64_t steps = cast<RankedTensorType>(apply.getOutputs()[0].getType()).getDimSize(1);
  Value zero = constant(0, loc), one = constant(1, loc), end = constant(steps, loc), block = constant(stepsOfBlock, loc);
  OpBuilder::InsertionGuard guard(builder);
  auto forOp = scf::ForOp::create(builder, loc, zero, end, block);
  builder.setInsertionPoint(forOp.getBody()->getTerminator());
  loop = forOp;
  Value from = forOp.getInductionVar();
  Value left = arith::SubIOp::create(builder, loc, end, from);
  Value count = arith::MinUIOp::create(builder, loc, left, block);
  Value last = arith::AddIOp::create(builder, loc, from, count);
  last = arith::SubIOp::create(builder, loc, last, one);
  Value rows = activeAt(apply.getActive(), last, loc);
  auto view = [&](Value value) {
    bool isOutput = value.getDefiningOp() == apply;
    return isOutput ? viewOfSteps(plan.placeOf(value), from, count, rows, loc) : viewOf(value, loc);
  };
  emitApply(apply, view, from);
  loop = nullptr;
}

void SliceEmitter::emitScan(seq::ScanOp scan) {
  Location loc = scan.getLoc();
  const ScanPlan &scanPlan = plan.scanPlan(scan);
  for (const Copy &copy : scanPlan.starts)
    emitCopy(copy, loc);
  Value zero = constant(0, loc), one = constant(1, loc), steps = constant(scan.getSteps(), loc);
  Value last = scan.getReverse() ? constant(scan.getSteps() - 1, loc) : Value();
  bool stacks = !scanPlan.accumulating.empty();
  auto forOp = scf::ForOp::create(builder, loc, zero, steps, one, stacks ? ValueRange(zero) : ValueRange());
  {
    OpBuilder::InsertionGuard guard(builder);
    if (stacks) {
      builder.setInsertionPointToEnd(forOp.getBody());
      rowsStacked = forOp.getRegionIterArg(0);
      scf::YieldOp::create(builder, loc, rowsStacked);
    }
    builder.setInsertionPoint(forOp.getBody()->getTerminator());
    loop = forOp;
    stepsDone = position = forOp.getInductionVar();
    if (last)
      position = arith::SubIOp::create(builder, loc, last, stepsDone);
    scanBody = &scan.getBody();
    if (scan.getActive())
      passRows(scan);
    for (halide::ApplyOp apply : scan.getBody().front().getOps<halide::ApplyOp>())
      if (!llvm::is_contained(scanPlan.accumulating, apply))
        emitApply(apply);
    if (stacks) {
      Value end = constant(scan.getSteps() - 1, loc);
      emitStacking(scanPlan, arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, stepsDone, end), loc);
    }
    for (const Copy &copy : scanPlan.steps)
      emitCopy(copy, loc);
    rowsStacked = nullptr;
    loop = nullptr;
    rowsOfStep = nullptr;
    stepViews.clear();
  }
  if (scan.getActive())
    leaveRows(scan);
}

/// Puts the rows of this step on the stacks, and has them added up where there are
/// enough, where there may be no room for another step, and behind the last step.
void SliceEmitter::emitStacking(const ScanPlan &scanPlan, Value isLast, Location loc) {
  Value rows = rowsOfStep ? rowsOfStep : arguments.rows;
  for (auto &[value, stack] : scanPlan.stackCopies) {
    Value stride = asValue(extent(stack.stride, loc), loc);
    copyBlock({plan.placeOf(value), stack}, arith::MulIOp::create(builder, loc, rows, stride).getResult(), loc);
  }
  Value stacked = arith::AddIOp::create(builder, loc, rowsStacked, rows);
  Value enough = constant(rowsToStack, loc), none = constant(0, loc);
  auto isAtLeast = [&](Value a, Value b) -> Value {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, a, b);
  };
  Value room = asValue(extent({stackTiles - 1, true}, loc), loc);
  Value isFull = arith::OrIOp::create(builder, loc, isAtLeast(stacked, enough), isAtLeast(stacked, room));
  Value now = arith::OrIOp::create(builder, loc, isLast, isFull);
  auto branch = scf::IfOp::create(builder, loc, now, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
    for (halide::ApplyOp apply : scanPlan.accumulating)
      emitApply(apply, [&](Value value) {
        auto stack = scanPlan.stacks.find(value);
        return viewOf(stack == scanPlan.stacks.end() ? plan.placeOf(value) : stack->second, stacked, loc);
      });
  }
  Value left = arith::SelectOp::create(builder, loc, now, none, stacked);
  cast<scf::ForOp>(loop).getBody()->getTerminator()->setOperand(0, left);
}

//===----------------------------------------------------------------------===//
// Rows that are not active
//===----------------------------------------------------------------------===//

Value SliceEmitter::activeAt(Value active, Value step, Location loc) {
  Value counts = viewOf(active, loc);
  Value count = memref::LoadOp::create(builder, loc, counts, step);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), count);
}

/// Rows begin to end of a buffer [rows, columns]: as row 0, as 0, or added to row 0.
void SliceEmitter::fillRows(Fill fill, const Place &place, Value begin, Value end, Location loc) {
  Value view = viewOf(place, arguments.rows, loc);
  Value zero = constant(0, loc), one = constant(1, loc), columns = constant(place.layout.getShape().back(), loc);
  Value none;
  if (fill == Fill::Clear)
    none = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(place.layout.getElementType()));
  OpBuilder::InsertionGuard guard(builder);
  auto rows = scf::ForOp::create(builder, loc, begin, end, one);
  builder.setInsertionPoint(rows.getBody()->getTerminator());
  auto along = scf::ForOp::create(builder, loc, zero, columns, one);
  builder.setInsertionPoint(along.getBody()->getTerminator());
  Value row = rows.getInductionVar(), column = along.getInductionVar();
  if (fill == Fill::Clear) {
    memref::StoreOp::create(builder, loc, none, view, ValueRange{row, column});
    return;
  }
  Value first = memref::LoadOp::create(builder, loc, view, ValueRange{zero, column});
  if (fill == Fill::Spread) {
    memref::StoreOp::create(builder, loc, first, view, ValueRange{row, column});
    return;
  }
  Value here = memref::LoadOp::create(builder, loc, view, ValueRange{row, column});
  Value sum = arith::AddFOp::create(builder, loc, first, here);
  memref::StoreOp::create(builder, loc, sum, view, ValueRange{zero, column});
}

/// At the beginning of a step: rows join, or their adjoints go to the first row.
void SliceEmitter::passRows(seq::ScanOp scan) {
  Location loc = scan.getLoc();
  Value one = constant(1, loc), now = activeAt(scan.getActive(), position, loc), before;
  if (scan.getReverse()) {
    // Behind the last step are all rows.
    Value last = constant(scan.getSteps() - 1, loc);
    Value next = arith::AddIOp::create(builder, loc, position, one);
    Value behind = activeAt(scan.getActive(), arith::MinUIOp::create(builder, loc, next, last), loc);
    Value isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, position, last);
    before = arith::SelectOp::create(builder, loc, isLast, arguments.rows, behind);
  } else {
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, position, constant(0, loc));
    Value previous = arith::SubIOp::create(builder, loc, position, one);
    previous = arith::SelectOp::create(builder, loc, isFirst, position, previous);
    before = activeAt(scan.getActive(), previous, loc);
  }
  for (Value state : scan.getStateArguments()) {
    const Place &place = plan.placeOf(state);
    if (!place.layout.hasRows())
      continue; // a sum over rows
    if (scan.getReverse())
      fillRows(Fill::Collect, place, now, before, loc);
    else
      fillRows(Fill::Spread, place, before, now, loc);
  }
  for (int64_t number : scan.getCollect().value_or(ArrayRef<int64_t>()))
    fillRows(Fill::Collect, plan.placeOf(scan.getStepArguments()[number]), now, arguments.rows, loc);
  rowsOfStep = now;
}

/// Behind the scan: rows that never began, and the steps before the others began.
void SliceEmitter::leaveRows(seq::ScanOp scan) {
  Location loc = scan.getLoc();
  Value edge = activeAt(scan.getActive(), constant(scan.getReverse() ? 0 : scan.getSteps() - 1, loc), loc);
  for (Value last : scan.getLast())
    if (!last.use_empty() && plan.placeOf(last).layout.hasRows())
      fillRows(scan.getReverse() ? Fill::Clear : Fill::Spread, plan.placeOf(last), edge, arguments.rows, loc);
  auto fillAll = [&](Fill fill, std::optional<ArrayRef<int64_t>> numbers) {
    for (int64_t number : numbers.value_or(ArrayRef<int64_t>())) {
      Value zero = constant(0, loc), one = constant(1, loc), steps = constant(scan.getSteps(), loc);
      Place sequence = plan.placeOf(scan.getKept()[number]);
      OpBuilder::InsertionGuard guard(builder);
      auto forOp = scf::ForOp::create(builder, loc, zero, steps, one);
      builder.setInsertionPoint(forOp.getBody()->getTerminator());
      loop = forOp;
      position = forOp.getInductionVar();
      Place step{sequence.storage, *sequence.layout.step(), sequence.slot, *sequence.layout.stepStride(),
                 StepMode::Position};
      fillRows(fill, step, activeAt(scan.getActive(), position, loc), arguments.rows, loc);
      loop = nullptr;
    }
  };
  fillAll(Fill::Spread, scan.getSpread());
  fillAll(Fill::Clear, scan.getClear());
}

/// Whether every element between the first and the last belongs to the buffer.
static bool isDense(const BufferLayout &layout) {
  int64_t natural = 1;
  for (size_t dimension = layout.getShape().size(); dimension-- > 0;) {
    Extent stride = layout.getStrides()[dimension];
    if (stride.perRow || stride.count != natural)
      return false;
    int64_t size = layout.getShape()[dimension];
    natural *= ShapedType::isDynamic(size) ? 1 : size;
  }
  return true;
}

/// `count` elements, which stand one behind the other.
void SliceEmitter::copyBlock(const Copy &copy, OpFoldResult count, Location loc) {
  auto block = [&](const Place &place) -> Value {
    OpFoldResult offset = offsetOf(place, loc);
    auto known = [](OpFoldResult value) { return getConstantIntValue(value).value_or(ShapedType::kDynamic); };
    auto type = MemRefType::get({known(count)}, place.layout.getElementType(),
                                StridedLayoutAttr::get(builder.getContext(), known(offset), {1}));
    return memref::ReinterpretCastOp::create(builder, loc, type, base(plan.storageOf(place)), offset, {count},
                                             {builder.getIndexAttr(1)});
  };
  Value source = block(copy.from), target = block(copy.to);
  memref::CopyOp::create(builder, loc, source, target);
}

void SliceEmitter::emitCopy(const Copy &copy, Location loc) {
  const BufferLayout &from = copy.from.layout, &to = copy.to.layout;
  auto isOurs = [&](const Place &place) {
    Space space = plan.storageOf(place).space;
    return space == Space::Arena || space == Space::Shared;
  };
  // One block of memory where both look alike: all that is reserved between
  // buffers of our own, else what a buffer without gaps holds.
  bool whole = from == to && isOurs(copy.from) && isOurs(copy.to);
  if (from == to && (whole || isDense(from))) {
    OpFoldResult count;
    if (whole) {
      count = extent(from.size(), loc);
    } else {
      int64_t elements = 1;
      for (int64_t size : from.getShape())
        elements *= ShapedType::isDynamic(size) ? 1 : size;
      count = builder.getIndexAttr(elements);
      if (from.hasRows()) {
        Value perRow = constant(elements, loc);
        count = arith::MulIOp::create(builder, loc, arguments.rows, perRow).getResult();
      }
    }
    copyBlock(copy, count, loc);
    return;
  }
  // Between layouts: element by element, the axes in the order of the target's.
  assert(from.getShape().size() == to.getShape().size());
  Value source = viewOf(copy.from, arguments.rows, loc), target = viewOf(copy.to, arguments.rows, loc);
  bool swapped = from.getShape() != to.getShape(); // one is time-major, the other is not
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Value> coordinates;
  Value zero = constant(0, loc), one = constant(1, loc);
  for (int64_t size : to.getShape()) {
    Value end = ShapedType::isDynamic(size) ? arguments.rows : constant(size, loc);
    auto forOp = scf::ForOp::create(builder, loc, zero, end, one);
    coordinates.push_back(forOp.getInductionVar());
    builder.setInsertionPoint(forOp.getBody()->getTerminator());
  }
  SmallVector<Value> sourceCoordinates = coordinates;
  if (swapped)
    std::swap(sourceCoordinates[0], sourceCoordinates[1]);
  Value element = memref::LoadOp::create(builder, loc, source, sourceCoordinates);
  memref::StoreOp::create(builder, loc, element, target, coordinates);
}

void SliceEmitter::emitPrepare(Block &body) {
  for (halide::ApplyOp apply : body.getOps<halide::ApplyOp>())
    if (plan.isPrepared(apply))
      emitApply(apply);
}

void SliceEmitter::emitSlice(Block &body, const IRMapping &values) {
  numbers = values;
  for (Operation &op : body.without_terminator()) {
    if (auto apply = dyn_cast<halide::ApplyOp>(op); apply && !plan.isPrepared(apply))
      apply.getActive() ? emitActive(apply) : emitApply(apply);
    else if (auto scan = dyn_cast<seq::ScanOp>(op))
      emitScan(scan);
  }
  for (const Copy &copy : plan.finalCopies())
    emitCopy(copy, body.getTerminator()->getLoc());
}

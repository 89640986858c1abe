//===- SlicePlan.cpp - Which buffer every value of a slice has --*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/SlicePlan.h"

#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace weft;
using namespace weft::codegen;

/// Later than every moment: what is shared is needed until the batch is done.
static constexpr int64_t forever = int64_t(1) << 60;

FailureOr<SlicePlan> SlicePlan::build(Block &body, ArrayRef<Binding> arguments, ArrayRef<Binding> results,
                                      const WeightTable &weights, int64_t rowTile, SymbolTableCollection &symbols) {
  SlicePlan plan(weights, rowTile, symbols);
  if (failed(plan.run(body, arguments, results)))
    return failure();
  return plan;
}

LogicalResult SlicePlan::run(Block &body, ArrayRef<Binding> arguments, ArrayRef<Binding> results) {
  number(body);
  findPrepared(body);
  for (auto [argument, binding] : llvm::zip_equal(body.getArguments(), arguments))
    if (auto type = dyn_cast<RankedTensorType>(argument.getType())) {
      Place &place = places[argument] = bound(type, binding);
      layouts[argument] = place.layout;
    }
  if (failed(findLayouts(body)))
    return failure();
  bindResults(body.getTerminator(), results);
  // States first: the kernel that makes a start value comes before its scan.
  for (seq::ScanOp scan : body.getOps<seq::ScanOp>())
    if (failed(planStates(scan)))
      return failure();
  for (Operation &op : body.without_terminator()) {
    LogicalResult planned = TypeSwitch<Operation *, LogicalResult>(&op)
                                .Case([&](seq::ReadOp read) { return planRead(read); })
                                .Case([&](halide::ApplyOp apply) { return planApply(apply, nullptr); })
                                .Case([&](seq::ScanOp scan) { return planScan(scan); });
    if (failed(planned))
      return failure();
  }
  // What no kernel could write in place is copied at the end.
  for (auto [value, binding] : llvm::zip_equal(body.getTerminator()->getOperands(), results)) {
    const Place &from = places.at(value);
    const Storage &storage = storages[from.storage];
    if (storage.space == binding.space && storage.port == binding.port && storage.offset == binding.offset)
      continue;
    Place to = bound(cast<RankedTensorType>(value.getType()), binding);
    copiesAtEnd.push_back({places.at(value), to});
  }
  findLiveRanges(body);
  place();
  return success();
}

//===----------------------------------------------------------------------===//
// What is prepared once a batch
//===----------------------------------------------------------------------===//

void SlicePlan::findPrepared(Block &body) {
  // A returned value belongs to the slice, even where it depends on nothing:
  // the gradient of a weight that is not used is a slice's zero.
  Operation *terminator = body.getTerminator();
  for (halide::ApplyOp apply : body.getOps<halide::ApplyOp>()) {
    bool fromWeights = llvm::all_of(apply.getInputs(), [&](Value input) {
      Operation *definition = input.getDefiningOp();
      return definition && (isa<seq::ReadOp>(definition) || prepared.contains(definition));
    });
    bool isStatic = llvm::all_of(apply.getOutputs(), [&](Value output) {
      auto type = dyn_cast<RankedTensorType>(output.getType());
      return type && type.hasStaticShape() && !llvm::is_contained(output.getUsers(), terminator);
    });
    if (fromWeights && isStatic && !apply.getRows())
      prepared.insert(apply);
  }
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// The step argument number that `value` is, -1 where it is none.
static int64_t stepArgument(seq::ScanOp scan, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &scan.getBody().front() ||
      argument.getArgNumber() >= scan.getInputs().size())
    return -1;
  return argument.getArgNumber();
}

/// The state whose old (`before`) or new value `value` is, -1 where there is none.
static int64_t stateOf(seq::ScanOp scan, Value value, bool before) {
  ValueRange values = before ? scan.getStateArguments() : ValueRange(scan.getNext().getStates());
  auto found = llvm::find(values, value);
  return found == values.end() ? -1 : found - values.begin();
}

static halide::ApplyOp applyIn(seq::ScanOp scan, Value value) {
  auto apply = value.getDefiningOp<halide::ApplyOp>();
  return apply && apply->getBlock() == &scan.getBody().front() ? apply : halide::ApplyOp();
}

/// The layout of each value follows from the kernel that makes it.
LogicalResult SlicePlan::findLayouts(Block &body) {
  auto ofApply = [&](halide::ApplyOp apply) -> LogicalResult {
    FailureOr<halide::KernelSignature> signature = kernelSignature(apply, apply.getKernelAttr(), *symbols);
    if (failed(signature))
      return failure();
    for (auto [output, type] : llvm::zip(apply.getOutputs(), signature->outputs)) {
      auto tensor = cast<RankedTensorType>(output.getType());
      if (signature->takesSteps && tensor.getRank() != 3)
        return apply.emitOpError("is for active rows, but has a result that is no sequence: ") << tensor;
      std::optional<BufferLayout> layout =
          BufferLayout::get(signature->takesSteps ? halide::withSteps(type, tensor.getDimSize(1)) : type);
      if (!layout)
        return apply.emitOpError("cannot lay out a result of ") << apply.getKernelAttr() << ": " << type;
      if (Value count = apply.getRows()) {
        if (tensor.getRank() != 2 || !tensor.hasStaticShape() || !layout->hasRows())
          return apply.emitOpError("is for rows that are counted, but has a result that is no table of them: ") << tensor;
        layout->countRows(count, tensor.getDimSize(0) + rowTile - 1);
      }
      layouts[output] = *layout;
    }
    return success();
  };
  for (Operation &op : body.without_terminator()) {
    if (auto read = dyn_cast<seq::ReadOp>(op)) {
      layouts[read.getResult()] = BufferLayout::contiguous(cast<RankedTensorType>(read.getType()));
    } else if (auto apply = dyn_cast<halide::ApplyOp>(op)) {
      if (failed(ofApply(apply)))
        return failure();
    } else if (auto scan = dyn_cast<seq::ScanOp>(op)) {
      for (Operation &inner : scan.getBody().front().without_terminator()) {
        auto apply = dyn_cast<halide::ApplyOp>(inner);
        if (!apply)
          return inner.emitOpError("must be part of a kernel before buffers are planned");
        if (failed(ofApply(apply)))
          return failure();
      }
      for (auto [input, argument] : llvm::zip(scan.getInputs(), scan.getStepArguments())) {
        std::optional<BufferLayout> step = layouts.at(input).step();
        if (!step)
          return scan.emitOpError("input has no steps: ") << input.getType();
        layouts[argument] = *step;
      }
      for (auto [start, argument, next, last] :
           llvm::zip(scan.getStarts(), scan.getStateArguments(), scan.getNext().getStates(), scan.getLast())) {
        BufferLayout layout = layouts.at(applyIn(scan, next) ? next : start);
        layouts[argument] = layout;
        layouts[last] = layout;
      }
      for (auto [value, kept] : llvm::zip(scan.getNext().getKept(), scan.getKept())) {
        int64_t input = stepArgument(scan, value), state = stateOf(scan, value, /*before=*/true);
        state = state < 0 ? stateOf(scan, value, /*before=*/false) : state;
        if (input >= 0) {
          BufferLayout sequence = layouts.at(scan.getInputs()[input]);
          layouts[kept] = sequence;
          continue;
        }
        BufferLayout step = layouts.at(state < 0 ? value : scan.getStateArguments()[state]);
        if (!step.hasRows())
          return scan.emitOpError("keeps a value that has no rows: ") << value.getType();
        layouts[kept] = step.sequence(scan.getSteps());
      }
    } else {
      return op.emitOpError("must be part of a kernel before buffers are planned");
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

unsigned SlicePlan::addStorage(Space space, Extent size, Type element, Operation *scope) {
  Storage storage;
  storage.space = space;
  storage.size = size;
  storage.element = element;
  storage.scope = scope;
  storages.push_back(storage);
  return storages.size() - 1;
}

Place SlicePlan::bound(RankedTensorType type, const Binding &binding) {
  Place place;
  place.layout = BufferLayout::contiguous(type);
  place.storage = addStorage(binding.space, place.layout.size(), type.getElementType());
  storages.back().port = binding.port;
  storages.back().offset = binding.offset;
  return place;
}

LogicalResult SlicePlan::planRead(seq::ReadOp read) {
  const WeightTable::Entry *weight = weights->find(read.getWeight());
  if (!weight)
    return read.emitOpError("reads @") << read.getWeight() << ", which is no weight of this module";
  places[read.getResult()] =
      bound(cast<RankedTensorType>(read.getType()), {Space::Parameters, 0, weight->offset});
  return success();
}

void SlicePlan::bindResults(Operation *terminator, ArrayRef<Binding> results) {
  for (auto [value, binding] : llvm::zip_equal(terminator->getOperands(), results)) {
    auto type = cast<RankedTensorType>(value.getType());
    if (value.getDefiningOp<halide::ApplyOp>() && !places.count(value) &&
        layouts.at(value) == BufferLayout::contiguous(type))
      places[value] = bound(type, binding);
  }
}

/// Whether the kernel that makes `start` may write it into the state's first slot.
bool SlicePlan::mayHoldStart(Value start, seq::ScanOp scan, bool overwritten) const {
  auto apply = start.getDefiningOp<halide::ApplyOp>();
  if (!apply || isPrepared(apply) || places.count(start))
    return false;
  // The scan writes over the slot, so nobody may want the start value after that.
  return !overwritten || llvm::all_of(start.getUses(), [&](OpOperand &use) {
    if (use.getOwner() == scan.getOperation())
      return use.getOperandNumber() >= scan.getInputs().size();
    Operation *user = scan->getBlock()->findAncestorOpInBlock(*use.getOwner());
    return user != scan.getOperation() && user->isBeforeInBlock(scan);
  });
}

LogicalResult SlicePlan::planStates(seq::ScanOp scan) {
  ScanPlan &plan = scans[scan];
  seq::NextOp next = scan.getNext();
  int64_t steps = scan.getSteps();
  bool reverse = scan.getReverse();
  for (auto [start, argument, after, last] :
       llvm::zip(scan.getStarts(), scan.getStateArguments(), next.getStates(), scan.getLast())) {
    BufferLayout layout = layouts.at(argument);
    Extent slot = layout.size();
    bool stacked = llvm::is_contained(next.getKept(), argument) || llvm::is_contained(next.getKept(), after);
    bool unchanged = (argument == after && !stacked) || isInPlace(scan, argument, after);
    int64_t slots = stacked ? steps + 1 : unchanged ? 1 : 2;
    unsigned storage = addStorage(Space::Arena, {slots * slot.count, slot.perRow}, layout.getElementType());
    auto slotPlace = [&](int64_t number, StepMode mode) { return Place{storage, layout, number, slot, mode}; };

    StepMode mode = stacked ? StepMode::Position : unchanged ? StepMode::None : StepMode::Parity;
    places[argument] = slotPlace(stacked && reverse ? 1 : 0, mode);
    Place outgoing = slotPlace(stacked ? !reverse : !unchanged, mode);
    Place initial = slotPlace(stacked && reverse ? steps : 0, StepMode::None);
    int64_t lastSlot = stacked ? (reverse ? 0 : steps) : unchanged ? 0 : steps % 2;
    places[last] = slotPlace(lastSlot, StepMode::None);

    if (layouts.at(start) == layout && mayHoldStart(start, scan, argument != after || scan.getActive()))
      places[start] = initial;
    else
      plan.pendingStarts.push_back({start, initial});
    if (applyIn(scan, after) && !places.count(after))
      places[after] = outgoing;
    else if (!unchanged)
      plan.pendingSteps.push_back({after, outgoing});
  }
  return success();
}

/// Whether a state is added to where it stands.
bool SlicePlan::isInPlace(seq::ScanOp scan, Value argument, Value after) {
  halide::ApplyOp apply = applyIn(scan, after);
  if (!apply || !argument.hasOneUse() || !after.hasOneUse())
    return false;
  FailureOr<halide::KernelSignature> signature = kernelSignature(apply, apply.getKernelAttr(), *symbols);
  return succeeded(signature) && signature->accumulates &&
         apply.getInputs()[*signature->accumulates] == argument;
}

/// Gives what accumulating kernels read buffers for the rows of several steps.
void SlicePlan::planStacks(seq::ScanOp scan) {
  ScanPlan &plan = scans[scan];
  Block &body = scan.getBody().front();
  for (auto [argument, after] : llvm::zip(scan.getStateArguments(), scan.getNext().getStates())) {
    if (!isInPlace(scan, argument, after))
      continue;
    Value state = argument;
    halide::ApplyOp apply = applyIn(scan, after);
    // Rows that stand one behind the other can be stacked, and whatever else is read must not change.
    auto canStack = [&](Value input) {
      const BufferLayout &layout = layouts.at(input);
      if (input == state)
        return true;
      if (input.getParentBlock() != &body || !layout.hasRows() || layout.getStrides()[0].perRow ||
          layout.getStrides().back() != Extent{1, false})
        return false;
      size_t rank = layout.getShape().size();
      return rank == 1 || (rank == 2 && layout.getStrides()[0].count >= layout.getShape()[1]);
    };
    if (!llvm::all_of(apply.getInputs(), canStack))
      continue;
    plan.accumulating.push_back(apply);
    for (Value input : apply.getInputs()) {
      if (input == argument || plan.stacks.count(input))
        continue;
      const BufferLayout &layout = layouts.at(input);
      Extent size = layout.size();
      unsigned storage = addStorage(Space::Arena, {size.count * stackTiles, size.perRow}, layout.getElementType());
      Place stack{storage, layout, 0, layout.getStrides()[0], StepMode::None};
      plan.stacks[input] = stack;
      stack.mode = StepMode::Stacked;
      if (applyIn(scan, input) && !places.count(input))
        places[input] = stack;
      else
        plan.stackCopies.push_back({input, stack});
    }
  }
}

LogicalResult SlicePlan::planScan(seq::ScanOp scan) {
  ScanPlan &plan = scans[scan];
  seq::NextOp next = scan.getNext();
  bool reverse = scan.getReverse();
  for (auto [input, argument] : llvm::zip(scan.getInputs(), scan.getStepArguments())) {
    const Place sequence = places.at(input);
    places[argument] = {sequence.storage, *sequence.layout.step(), sequence.slot,
                        *sequence.layout.stepStride(), StepMode::Position};
  }
  for (auto [start, initial] : plan.pendingStarts)
    plan.starts.push_back({places.at(start), initial});

  llvm::DenseMap<Value, Value> keptBefore;
  for (auto [value, kept] : llvm::zip(next.getKept(), scan.getKept())) {
    BufferLayout sequenceLayout = layouts.at(kept);
    auto sequenceAt = [&](const Place &state, int64_t slot) {
      return Place{state.storage, sequenceLayout, slot, state.stride, StepMode::None};
    };
    if (int64_t input = stepArgument(scan, value); input >= 0) {
      Place sequence = places.at(scan.getInputs()[input]);
      places[kept] = sequence;
    } else if (int64_t state = stateOf(scan, value, /*before=*/true); state >= 0) {
      places[kept] = sequenceAt(places.at(scan.getStateArguments()[state]), reverse ? 1 : 0);
    } else if (int64_t state = stateOf(scan, value, /*before=*/false); state >= 0) {
      places[kept] = sequenceAt(places.at(scan.getStateArguments()[state]), reverse ? 0 : 1);
    } else if (Value same = keptBefore.lookup(value)) {
      Place stack = places.at(same);
      places[kept] = stack;
    } else {
      BufferLayout layout = layouts.at(value);
      Extent slot = layout.size();
      unsigned stack = addStorage(Space::Arena, {int64_t(scan.getSteps()) * slot.count, slot.perRow},
                                  layout.getElementType());
      Place step{stack, layout, 0, slot, StepMode::Position};
      places[kept] = sequenceAt(step, 0);
      if (applyIn(scan, value) && !places.count(value))
        places[value] = step;
      else
        plan.pendingSteps.push_back({value, step});
    }
    keptBefore.try_emplace(value, kept);
  }
  planStacks(scan);
  for (halide::ApplyOp apply : scan.getBody().front().getOps<halide::ApplyOp>())
    if (failed(planApply(apply, scan)))
      return failure();
  for (auto [value, place] : plan.pendingSteps)
    plan.steps.push_back({places.at(value), place});
  return success();
}

LogicalResult SlicePlan::planApply(halide::ApplyOp apply, Operation *scope) {
  FailureOr<halide::KernelSignature> signature = kernelSignature(apply, apply.getKernelAttr(), *symbols);
  for (auto [index, operand, declared] : llvm::enumerate(apply.getInputs(), signature->inputs)) {
    if (!declared) // a number
      continue;
    const BufferLayout &layout = places.at(operand).layout;
    if (!layout.fits(declared))
      return apply.emitOpError("operand ")
             << index << " is laid out as " << layout.getType(ShapedType::kDynamic) << ", but "
             << apply.getKernelAttr() << " reads " << declared;
  }
  if (signature->accumulates) {
    const Place &sum = places.at(apply.getInputs()[*signature->accumulates]);
    auto place = places.find(apply.getOutputs().front());
    if (apply.getOutputs().size() != 1 || place == places.end() || place->second.storage != sum.storage)
      return apply.emitOpError("adds to operand ")
             << *signature->accumulates << " in place: that has to be a state of a scan that nothing else uses, and "
             << "the result what it is after the step";
  }
  for (Value output : apply.getOutputs()) {
    if (places.count(output))
      continue;
    Place place;
    place.layout = layouts.at(output);
    place.stride = place.layout.size();
    place.storage = addStorage(isPrepared(apply) ? Space::Shared : Space::Arena, place.stride,
                               place.layout.getElementType(), scope);
    places[output] = place;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Live ranges, and where in the arena
//===----------------------------------------------------------------------===//

void SlicePlan::number(Block &body) {
  int64_t moment = 0;
  for (Operation &op : body) {
    moments[&op] = moment++;
    if (auto scan = dyn_cast<seq::ScanOp>(op)) {
      for (Operation &inner : scan.getBody().front())
        moments[&inner] = moment++;
      lastMoments[&op] = moment - 1;
    }
  }
}

/// What a step of a scan touches is needed for the whole scan, except what is
/// made and used up within a step.
void SlicePlan::touch(const Place &place, int64_t moment, Operation *scan, bool preparing) {
  Storage &storage = storages[place.storage];
  int64_t begin = moment, end = moment;
  if (scan && storage.scope != scan) {
    begin = moments.at(scan);
    end = lastMoments.at(scan);
  }
  storage.live.begin = std::min(storage.live.begin, begin);
  storage.live.end = std::max(storage.live.end, end);
  if (storage.space == Space::Shared && !preparing)
    storage.live.end = forever;
}

void SlicePlan::findLiveRanges(Block &body) {
  auto touchAll = [&](halide::ApplyOp apply, Operation *scan) {
    for (ValueRange values : {ValueRange(apply.getInputs()), ValueRange(apply.getOutputs())})
      for (Value value : values)
        if (auto found = places.find(value); found != places.end())
          touch(found->second, moments.at(apply), scan, isPrepared(apply));
    for (Value count : {apply.getActive(), apply.getRows()})
      if (count)
        touch(places.at(count), moments.at(apply), scan, false);
  };
  auto touchCopies = [&](ArrayRef<Copy> copies, int64_t moment, Operation *scan) {
    for (const Copy &copy : copies) {
      touch(copy.from, moment, scan, false);
      touch(copy.to, moment, scan, false);
    }
  };
  for (Operation &op : body.without_terminator()) {
    if (auto apply = dyn_cast<halide::ApplyOp>(op)) {
      touchAll(apply, nullptr);
    } else if (auto scan = dyn_cast<seq::ScanOp>(op)) {
      const ScanPlan &plan = scans.at(scan);
      touchCopies(plan.starts, moments.at(scan), nullptr);
      touchCopies(plan.steps, lastMoments.at(scan), scan);
      for (auto &[value, stack] : plan.stackCopies) {
        touch(places.at(value), lastMoments.at(scan), scan, false);
        touch(stack, lastMoments.at(scan), scan, false);
      }
      if (Value active = scan.getActive())
        touch(places.at(active), moments.at(scan), scan, false);
      for (Value state : scan.getStateArguments())
        touch(places.at(state), moments.at(scan), scan, false);
      for (Value kept : scan.getKept())
        touch(places.at(kept), moments.at(scan), scan, false);
      for (halide::ApplyOp apply : scan.getBody().front().getOps<halide::ApplyOp>())
        touchAll(apply, scan);
    }
  }
  touchCopies(copiesAtEnd, moments.at(body.getTerminator()), nullptr);
}

void SlicePlan::place() {
  // What grows with the rows stands behind what does not, and all of it grows
  // alike: the plan of one row is the plan of any number of rows.
  auto plan = [&](Space space, bool perRow) {
    std::vector<LiveRange> ranges;
    SmallVector<Storage *> chosen;
    for (Storage &storage : storages)
      if (storage.space == space && storage.size.perRow == perRow && storage.live.end >= 0) {
        storage.live.size = storage.size.count;
        ranges.push_back(storage.live);
        chosen.push_back(&storage);
        separateRow += perRow ? storage.size.count : 0;
      }
    ArenaPlan result = planArena(ranges);
    for (auto [storage, offset] : llvm::zip_equal(chosen, result.offsets))
      storage->offset = offset;
    return result;
  };
  shared = plan(Space::Shared, false).size;
  fixed = plan(Space::Arena, false).size;
  ArenaPlan rows = plan(Space::Arena, true);
  perRow = rows.size;
  liveRow = rows.live;
}

bool SlicePlan::usesArenaOf(Type element) const {
  return llvm::any_of(storages, [&](const Storage &storage) {
    return storage.space == Space::Arena && storage.element == element && storage.live.end >= 0;
  });
}

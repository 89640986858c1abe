//===- Differentiate.cpp - The gradients of a training step -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

namespace weft {
#define GEN_PASS_DEF_SEQDIFFERENTIATE
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
/// What has to be known about the forward values that the backward of a scan
/// uses: gives each a value in the backward region, kept or computed again.
class ForwardValues {
public:
  /// `backward` is the block of the backward scan, whose first `inputs` arguments
  /// are steps of sequences.
  ForwardValues(ScanOp forward, Block &backward, unsigned inputs)
      : forward(forward), editor(forward), backward(backward), inputCount(inputs),
        builder(OpBuilder::atBlockBegin(&backward)) {}

  /// Replaces every use of a forward value in the backward block.
  void resolve();
  /// Has the forward scan keep what is needed. The sequences that the arguments
  /// added to the backward block step through.
  SmallVector<Value> finish();

private:
  bool isForward(Value value) { return forward.getBody().isAncestor(value.getParentRegion()); }
  /// By elementwise operations alone from what is at hand.
  bool canRecompute(Value value);
  Value recompute(Value value);
  /// An argument of the backward block that steps through `value`'s sequence.
  Value bring(Value value);

  ScanOp forward;
  ScanEditor editor;
  Block &backward;
  unsigned inputCount;
  OpBuilder builder;
  DenseMap<Value, Value> resolved;
  DenseMap<Value, bool> recomputable;
  /// What each added argument steps through: an input of the forward scan, or a
  /// kept result by its number.
  struct Source {
    Value input;
    unsigned kept;
  };
  SmallVector<Source> sources;
};

/// Reverse mode over the operations of a training step, or of a regularizer.
class Differentiator {
public:
  LogicalResult run(StepOp step, ArrayRef<WeightOp> weights);
  LogicalResult run(RegularizerOp regularizer);

private:
  void findActive(Block &block);
  LogicalResult differentiate(Block &block, OpBuilder &builder);
  LogicalResult differentiate(Operation *op, OpBuilder &builder);
  LogicalResult differentiate(ScanOp scan, OpBuilder &builder);
  void accumulate(OpBuilder &builder, Value value, Value adjoint);

  /// Values that depend on a weight.
  DenseSet<Value> active;
  /// What flows to a value so far.
  DenseMap<Value, Value> adjoints;
};

struct SeqDifferentiatePass : weft::impl::SeqDifferentiateBase<SeqDifferentiatePass> {
  void runOnOperation() override;
};
} // namespace

//===----------------------------------------------------------------------===//
// Forward values in the backward region
//===----------------------------------------------------------------------===//

Value ForwardValues::bring(Value value) {
  if (Value known = resolved.lookup(value))
    return known;
  Source source{};
  for (auto [argument, sequence] : llvm::zip(forward.getStepArguments(), forward.getInputs()))
    if (argument == value)
      source.input = sequence;
  if (!source.input)
    source.kept = editor.keep(value);
  unsigned index = inputCount + sources.size();
  sources.push_back(source);
  return resolved[value] = backward.insertArgument(index, value.getType(), value.getLoc());
}

bool ForwardValues::canRecompute(Value value) {
  if (!isForward(value) || isa<BlockArgument>(value) || resolved.contains(value))
    return true;
  if (auto known = recomputable.find(value); known != recomputable.end())
    return known->second;
  Operation *op = value.getDefiningOp();
  bool cheap = isa<ElementwiseOpInterface>(op) || op->hasTrait<OpTrait::ConstantLike>();
  bool answer =
      cheap && llvm::all_of(op->getOperands(), [&](Value operand) { return canRecompute(operand); });
  return recomputable[value] = answer;
}

Value ForwardValues::recompute(Value value) {
  if (!isForward(value))
    return value;
  if (isa<BlockArgument>(value))
    return bring(value);
  if (Value known = resolved.lookup(value))
    return known;
  IRMapping mapping;
  for (Value operand : value.getDefiningOp()->getOperands())
    mapping.map(operand, recompute(operand));
  Operation *copy = builder.clone(*value.getDefiningOp(), mapping);
  for (auto [original, result] : llvm::zip(value.getDefiningOp()->getResults(), copy->getResults()))
    resolved[original] = result;
  return resolved.lookup(value);
}

void ForwardValues::resolve() {
  SmallVector<OpOperand *> uses;
  SetVector<Value> needed;
  for (Operation &op : backward)
    for (OpOperand &operand : op.getOpOperands())
      if (isForward(operand.get())) {
        uses.push_back(&operand);
        needed.insert(operand.get());
      }
  // In forward order, so that a value finds what it can be computed from. What
  // is computed again stands in front of the backward's own operations.
  SmallVector<Value> ordered = needed.takeVector();
  llvm::stable_sort(ordered, [](Value a, Value b) {
    auto argumentA = dyn_cast<BlockArgument>(a), argumentB = dyn_cast<BlockArgument>(b);
    if (argumentA && argumentB)
      return argumentA.getArgNumber() < argumentB.getArgNumber();
    if (argumentA || argumentB)
      return static_cast<bool>(argumentA);
    if (a.getDefiningOp() == b.getDefiningOp())
      return cast<OpResult>(a).getResultNumber() < cast<OpResult>(b).getResultNumber();
    return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
  });
  if (!backward.empty())
    builder.setInsertionPoint(&backward.front());
  for (Value value : ordered) {
    // What was learned with fewer values at hand may no longer hold.
    recomputable.clear();
    if (!isa<BlockArgument>(value) && canRecompute(value))
      recompute(value);
    else
      bring(value);
  }
  for (OpOperand *use : uses)
    use->set(resolved.lookup(use->get()));
}

SmallVector<Value> ForwardValues::finish() {
  ScanOp scan = editor.finish();
  SmallVector<Value> sequences;
  for (const Source &source : sources)
    sequences.push_back(source.input ? source.input : scan.getKept()[source.kept]);
  return sequences;
}

//===----------------------------------------------------------------------===//
// Reverse mode
//===----------------------------------------------------------------------===//

void Differentiator::findActive(Block &block) {
  for (Operation &op : block) {
    auto scan = dyn_cast<ScanOp>(op);
    if (!scan) {
      bool any = isa<ReadOp>(op) ||
                 llvm::any_of(op.getOperands(), [&](Value value) { return active.contains(value); });
      if (any)
        active.insert(op.getResults().begin(), op.getResults().end());
      continue;
    }
    for (auto [argument, value] : llvm::zip(scan.getBody().getArguments(), scan->getOperands()))
      if (active.contains(value))
        active.insert(argument);
    // A state is active if it starts so or becomes so.
    NextOp next = scan.getNext();
    for (bool changed = true; changed;) {
      changed = false;
      findActive(scan.getBody().front());
      for (auto [argument, state] : llvm::zip(scan.getStateArguments(), next.getStates()))
        changed |= active.contains(state) && active.insert(argument).second;
    }
    for (auto [value, result] : llvm::zip(next.getKept(), scan.getKept()))
      if (active.contains(value))
        active.insert(result);
    for (auto [argument, result] : llvm::zip(scan.getStateArguments(), scan.getLast()))
      if (active.contains(argument))
        active.insert(result);
  }
}

void Differentiator::accumulate(OpBuilder &builder, Value value, Value adjoint) {
  if (!active.contains(value))
    return;
  Value &sum = adjoints[value];
  sum = sum ? AddOp::create(builder, adjoint.getLoc(), sum, adjoint).getResult() : adjoint;
}

LogicalResult Differentiator::differentiate(Block &block, OpBuilder &builder) {
  // A scan is replaced on the way, and the adjoints may stand in the same block.
  SmallVector<Operation *> operations;
  for (Operation &op : block.without_terminator())
    operations.push_back(&op);
  for (Operation *op : llvm::reverse(operations))
    if (failed(differentiate(op, builder)))
      return failure();
  return success();
}

LogicalResult Differentiator::differentiate(Operation *op, OpBuilder &builder) {
  Value any;
  for (Value result : op->getResults())
    if (Value adjoint = adjoints.lookup(result))
      any = adjoint;
  if (!any)
    return success();
  if (auto scan = dyn_cast<ScanOp>(op)) {
    if (isa<ScanOp>(op->getParentOp()))
      return scan.emitError("a scan in a scan cannot be differentiated");
    return differentiate(scan, builder);
  }
  if (llvm::none_of(op->getOperands(), [&](Value operand) { return active.contains(operand); }))
    return success();
  auto rule = dyn_cast<DifferentiableOpInterface>(op);
  if (!rule)
    return op->emitError("the loss depends on a weight through this operation, which has no gradient rule");
  SmallVector<Value> outAdjoints;
  for (Value result : op->getResults()) {
    Value adjoint = adjoints.lookup(result);
    outAdjoints.push_back(adjoint ? adjoint : zeros(builder, op->getLoc(), result.getType(), any));
  }
  SmallVector<Value> inAdjoints = rule.buildAdjoints(builder, outAdjoints);
  for (auto [operand, adjoint] : llvm::zip(op->getOperands(), inAdjoints))
    if (adjoint)
      accumulate(builder, operand, adjoint);
  return success();
}

LogicalResult Differentiator::differentiate(ScanOp scan, OpBuilder &builder) {
  Location loc = scan.getLoc();
  NextOp next = scan.getNext();
  // Any value with the batch says how many rows of zeros there are.
  Value like;
  for (Value candidate : scan->getOperands())
    if (!like && hasBatch(candidate.getType()))
      like = candidate;
  for (Value result : scan->getResults())
    if (!like && hasBatch(result.getType()))
      like = adjoints.lookup(result);
  // The region's adjoints are its own: a captured value's are summed over steps.
  DenseMap<Value, Value> outer;
  std::swap(outer, adjoints);

  // The region comes first, in a draft: it shows what the scan has to carry.
  auto draft = ScanOp::create(builder, loc, TypeRange(), TypeRange(), ValueRange(), ValueRange(),
                              scan.getSteps(), /*reverse=*/!scan.getReverse());
  Block &block = draft.getBody().emplaceBlock();
  OpBuilder inner = OpBuilder::atBlockEnd(&block);
  SmallVector<Value> inputs, starts;
  for (auto [value, result] : llvm::zip(next.getKept(), scan.getKept()))
    if (Value adjoint = outer.lookup(result)) {
      inputs.push_back(adjoint);
      accumulate(inner, value, block.addArgument(value.getType(), loc));
    }
  SmallVector<unsigned> states;
  for (auto [index, argument] : llvm::enumerate(scan.getStateArguments()))
    if (active.contains(argument)) {
      states.push_back(index);
      Value adjoint = outer.lookup(scan.getLast()[index]);
      starts.push_back(adjoint ? adjoint : zeros(builder, loc, argument.getType(), like));
      accumulate(inner, next.getStates()[index], block.addArgument(argument.getType(), loc));
    }

  if (failed(differentiate(scan.getBody().front(), inner)))
    return failure();

  // The states before the step, then the sums of what flows to captured values.
  SmallVector<Value> nextStates, kept;
  for (auto [position, index] : llvm::enumerate(states)) {
    BlockArgument argument = scan.getBody().getArgument(scan.getInputs().size() + index);
    Value adjoint = adjoints.lookup(argument);
    nextStates.push_back(adjoint ? adjoint : zeros(inner, loc, argument.getType(), like));
  }
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(scan.getBody(), captured);
  SmallVector<Value> summed;
  for (Value value : captured)
    if (Value adjoint = adjoints.lookup(value)) {
      summed.push_back(value);
      starts.push_back(zeros(builder, loc, value.getType(), like));
      Value sum = block.addArgument(value.getType(), loc);
      nextStates.push_back(AddOp::create(inner, loc, sum, adjoint));
    }
  SmallVector<Value> flowing;
  for (auto [argument, sequence] : llvm::zip(scan.getStepArguments(), scan.getInputs()))
    if (Value adjoint = adjoints.lookup(argument)) {
      flowing.push_back(sequence);
      kept.push_back(adjoint);
    }
  NextOp::create(inner, loc, nextStates, kept);
  std::swap(outer, adjoints);

  eraseDeadOperations(block);
  ForwardValues values(scan, block, inputs.size());
  values.resolve();
  SmallVector<Value> scanStarts(scan.getStarts());
  inputs.append(values.finish());

  SmallVector<Type> lastTypes, keptTypes;
  for (Value start : starts)
    lastTypes.push_back(start.getType());
  for (Value value : kept)
    keptTypes.push_back(sequenceType(value.getType(), draft.getSteps()));
  auto backward = ScanOp::create(builder, loc, lastTypes, keptTypes, inputs, starts, draft.getSteps(),
                                 draft.getReverse());
  backward.getBody().takeBody(draft.getBody());
  draft.erase();

  ValueRange last = backward.getLast();
  for (auto [index, adjoint] : llvm::zip(states, last))
    accumulate(builder, scanStarts[index], adjoint);
  for (auto [value, adjoint] : llvm::zip(summed, last.drop_front(states.size())))
    accumulate(builder, value, adjoint);
  for (auto [sequence, adjoint] : llvm::zip(flowing, backward.getKept()))
    accumulate(builder, sequence, adjoint);
  return success();
}

LogicalResult Differentiator::run(StepOp step, ArrayRef<WeightOp> weights) {
  Block &block = step.getBody().front();
  auto terminator = cast<ReturnOp>(block.getTerminator());
  MLIRContext *context = step.getContext();
  auto perRow = RankedTensorType::get({ShapedType::kDynamic, 1}, Float32Type::get(context));
  if (terminator.getValues().size() != 2 || terminator.getValues()[1].getType() != perRow)
    return step.emitError() << "a step to differentiate returns predictions and a loss a row, " << perRow;
  if (block.getNumArguments() == 0 || block.getArguments().back().getType() != perRow)
    return step.emitError() << "the last argument of a step is the scale of each row's loss, " << perRow;

  step.walk([](ScanOp scan) { hoistInvariants(scan); });
  findActive(block);
  OpBuilder builder(terminator);
  Location loc = step.getLoc();
  Value loss = terminator.getValues()[1];
  accumulate(builder, loss, block.getArguments().back());
  if (failed(differentiate(block, builder)))
    return failure();

  DenseMap<StringRef, Value> gradients;
  for (ReadOp read : block.getOps<ReadOp>())
    if (Value adjoint = adjoints.lookup(read)) {
      Value &sum = gradients[read.getWeight()];
      sum = sum ? AddOp::create(builder, loc, sum, adjoint).getResult() : adjoint;
    }
  SmallVector<Value> results(terminator.getValues());
  SmallVector<Attribute> names;
  for (WeightOp weight : weights) {
    Value gradient = gradients.lookup(weight.getSymName());
    results.push_back(gradient ? gradient : zeros(builder, weight.getLoc(), weight.getType(), Value()));
    names.push_back(FlatSymbolRefAttr::get(weight.getSymNameAttr()));
  }
  terminator.getValuesMutable().assign(results);
  step.setFunctionType(builder.getFunctionType(step.getArgumentTypes(), TypeRange(ValueRange(results))));
  step.setGradientsAttr(builder.getArrayAttr(names));
  eraseDeadOperations(block);
  return success();
}

/// The slope of what an element costs is added to the gradient of the element.
LogicalResult Differentiator::run(RegularizerOp regularizer) {
  Block &block = regularizer.getBody().front();
  auto terminator = cast<ReturnOp>(block.getTerminator());
  Location loc = regularizer.getLoc();
  OpBuilder builder(terminator);
  Value weight = block.getArgument(0), penalty = terminator.getValues()[0];
  active.insert(weight);
  findActive(block);
  auto scalar = RankedTensorType::get({}, builder.getF32Type());
  Value one = ConstantOp::create(builder, loc, DenseElementsAttr::get(scalar, 1.0f));
  accumulate(builder, penalty, BroadcastRowsOp::create(builder, loc, penalty.getType(), one, penalty));
  if (failed(differentiate(block, builder)))
    return failure();
  Value gradient = block.addArgument(weight.getType(), loc), total = gradient;
  if (Value slope = adjoints.lookup(weight))
    total = AddOp::create(builder, loc, gradient, slope);
  terminator.getValuesMutable().append(total);
  Type elements = weight.getType();
  regularizer.setFunctionType(builder.getFunctionType({elements, elements}, {elements, elements}));
  auto named = [&](StringRef name) {
    return builder.getDictionaryAttr(builder.getNamedAttr("seq.name", builder.getStringAttr(name)));
  };
  regularizer.setArgAttrsAttr(builder.getArrayAttr({named("weight"), named("gradient")}));
  regularizer.setResAttrsAttr(builder.getArrayAttr({named("penalty"), named("gradient")}));
  eraseDeadOperations(block);
  return success();
}

void SeqDifferentiatePass::runOnOperation() {
  auto weights = llvm::to_vector(getOperation().getOps<WeightOp>());
  for (StepOp step : getOperation().getOps<StepOp>())
    if (step.getGradients().empty() && !step.getInference() && failed(Differentiator().run(step, weights)))
      return signalPassFailure();
  for (RegularizerOp regularizer : getOperation().getOps<RegularizerOp>())
    if (regularizer.getNumArguments() == 1 && failed(Differentiator().run(regularizer)))
      return signalPassFailure();
}

//===- SeqVerify.cpp - The constraints of SPEC.md on definitions, layers and scans -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/SeqVerify.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace weft::seq;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

LogicalResult InitAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, InitKind kind, FloatAttr a,
                               FloatAttr b) {
  unsigned least = 0, most = 0, got = (a ? 1 : 0) + (b ? 1 : 0);
  switch (kind) {
  case InitKind::Constant:
    least = most = 1;
    break;
  case InitKind::Uniform:
  case InitKind::Normal:
  case InitKind::TruncatedNormal:
    least = most = 2;
    break;
  case InitKind::Orthogonal:
  case InitKind::Identity:
    most = 1;
    break;
  default:
    break;
  }
  // weight C3
  if (got >= least && got <= most)
    return success();
  InFlightDiagnostic diagnostic = emitError() << stringifyInitKind(kind) << " takes ";
  if (most != least)
    diagnostic << "at most ";
  return diagnostic << most << " number" << (most == 1 ? "" : "s") << ", got " << got;
}

LogicalResult WeightOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  // C1
  if (type.getRank() == 0 || !type.hasStaticShape())
    return emitOpError() << "expected a static shape of one axis or more, got " << type;
  // C2
  int64_t parts = getInit().size();
  if (parts == 0 || type.getShape().back() % parts != 0)
    return emitOpError() << "expected one initialiser, or one for each equal part of the last axis, got "
                         << parts << " for " << type;
  return success();
}

LogicalResult WeightOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C4: a regularizer may already be lowered away; one that is there must be right.
  Operation *found =
      getRegularizerAttr() ? symbols.lookupNearestSymbolFrom(*this, getRegularizerAttr()) : nullptr;
  if (found && isa<SeqDialect>(found->getDialect()) && !isa<RegularizerOp>(found))
    return emitOpError() << "expected the name of a regularizer, got " << getRegularizerAttr() << ", a "
                         << found->getName();
  return success();
}

LogicalResult ReadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C1
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError() << "expected the name of a weight, got " << getWeightAttr();
  // C2
  return expectType(*this, "a result", weight.getType(), getType());
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Arguments and results are values of the dialect.
static LogicalResult verifyFunction(FunctionOpInterface op) {
  for (ArrayRef<Type> types : {op.getArgumentTypes(), op.getResultTypes()})
    for (Type type : types) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !isBatchFirst(tensor) ||
          !(tensor.getElementType().isF32() || tensor.getElementType().isInteger(32)))
        return op.emitOpError() << "expected tensors of f32 or i32 whose first axis alone may be ?, got "
                                << type;
    }
  return success();
}

static bool hasBatch(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getRank() > 0 && tensor.isDynamicDim(0);
}

static RankedTensorType scalarType(MLIRContext *context) {
  return RankedTensorType::get({}, Float32Type::get(context));
}

LogicalResult ModelOp::verify() {
  if (failed(verifyFunction(*this)))
    return failure();
  // C1
  if (getNumArguments() == 0 || getNumResults() == 0)
    return emitOpError() << "expected at least one input and one output, got " << getNumArguments() << " and "
                         << getNumResults();
  // C2
  for (ArrayRef<Type> types : {getArgumentTypes(), getResultTypes()})
    for (Type type : types)
      if (!hasBatch(type))
        return emitOpError() << "expected inputs and outputs with a batch, got " << type;
  // C3
  for (unsigned index = 0; index < getNumArguments(); ++index) {
    Attribute name = getArgAttr(index, "seq.name"), vocabulary = getArgAttr(index, "seq.vocabulary");
    if (name && !isa<StringAttr>(name))
      return emitOpError() << "expected a string as seq.name of input " << index << ", got " << name;
    if (!vocabulary)
      continue;
    auto count = dyn_cast<IntegerAttr>(vocabulary);
    if (!count || count.getInt() <= 0)
      return emitOpError() << "expected a positive integer as seq.vocabulary of input " << index << ", got "
                           << vocabulary;
    if (!cast<RankedTensorType>(getArgumentTypes()[index]).getElementType().isInteger(32))
      return emitOpError() << "expected ids under seq.vocabulary, got " << getArgumentTypes()[index];
  }
  return success();
}

LogicalResult CellOp::verify() {
  if (failed(verifyFunction(*this)))
    return failure();
  int64_t states = getStates(), arguments = getNumArguments(), results = getNumResults();
  // C1
  if (states < 0 || arguments < 1 + states)
    return emitOpError() << "expected an input, " << states << " states, then weights, got " << arguments
                         << " arguments";
  // C2
  if (results != 1 + states)
    return emitOpError() << "expected an output and " << states << " states as results, got " << results;
  for (int64_t index = 0; index < arguments; ++index) {
    auto type = cast<RankedTensorType>(getArgumentTypes()[index]);
    // C3
    if (index <= states && !(hasBatch(type) && type.getRank() == 2))
      return emitOpError() << "expected an input and states of shape [batch, width], got " << type;
    // C4
    if (index > states && !type.hasStaticShape())
      return emitOpError() << "expected weights without a batch, got " << type;
  }
  // C3
  if (!hasBatch(getResultTypes()[0]) || cast<RankedTensorType>(getResultTypes()[0]).getRank() != 2)
    return emitOpError() << "expected an output of shape [batch, width], got " << getResultTypes()[0];
  // C5
  for (int64_t state = 1; state <= states; ++state)
    if (failed(expectType(*this, "state " + Twine(state - 1) + " after the step", getArgumentTypes()[state],
                          getResultTypes()[state])))
      return failure();
  return success();
}

LogicalResult LossOp::verify() {
  if (failed(verifyFunction(*this)))
    return failure();
  // C1
  if (getNumArguments() != 2 || getNumResults() != 1)
    return emitOpError() << "expected a prediction and a label to one value, got " << getNumArguments()
                         << " arguments and " << getNumResults() << " results";
  // C2
  for (Type type : {getArgumentTypes()[0], getArgumentTypes()[1], getResultTypes()[0]})
    if (!hasBatch(type))
      return emitOpError() << "expected values with a batch, got " << type;
  // C3
  if (Attribute bounds = getArgAttr(1, "seq.bounds")) {
    SmallVector<double> numbers;
    if (auto list = dyn_cast<ArrayAttr>(bounds))
      for (Attribute element : list)
        if (auto number = dyn_cast<FloatAttr>(element))
          numbers.push_back(number.getValueAsDouble());
    if (numbers.size() != 2 || cast<ArrayAttr>(bounds).size() != 2 || !(numbers[0] < numbers[1]))
      return emitOpError() << "expected two numbers, the lesser first, as seq.bounds of the label, got " << bounds;
    if (!cast<RankedTensorType>(getArgumentTypes()[1]).getElementType().isF32())
      return emitOpError() << "expected numbers under seq.bounds, got " << getArgumentTypes()[1];
  }
  return success();
}

LogicalResult OptimizerOp::verify() {
  if (failed(verifyFunction(*this)))
    return failure();
  unsigned arguments = getNumArguments(), results = getNumResults();
  // C1
  if (arguments < 4 || results != arguments - 3)
    return emitOpError() << "expected step, rate, weight, gradient and states to weight and states, got "
                         << arguments << " arguments and " << results << " results";
  // C2
  RankedTensorType scalar = scalarType(getContext());
  auto elements = RankedTensorType::get({ShapedType::kDynamic}, Float32Type::get(getContext()));
  for (unsigned index = 0; index < arguments; ++index)
    if (failed(expectType(*this, "argument " + Twine(index), index < 2 ? scalar : elements,
                          getArgumentTypes()[index])))
      return failure();
  for (unsigned index = 0; index < results; ++index)
    if (failed(expectType(*this, "result " + Twine(index), elements, getResultTypes()[index])))
      return failure();
  return success();
}

LogicalResult RegularizerOp::verify() {
  if (failed(verifyFunction(*this)))
    return failure();
  // C1
  unsigned arguments = getNumArguments(), results = getNumResults();
  if (arguments != results || arguments < 1 || arguments > 2)
    return emitOpError() << "expected a weight to what it costs, or weight and gradient to cost and gradient, got "
                         << arguments << " arguments and " << results << " results";
  // C2
  auto elements = RankedTensorType::get({ShapedType::kDynamic}, Float32Type::get(getContext()));
  for (ArrayRef<Type> types : {getArgumentTypes(), getResultTypes()})
    for (auto [index, type] : llvm::enumerate(types))
      if (failed(expectType(*this, "value " + Twine(index), elements, type)))
        return failure();
  return success();
}

LogicalResult StepOp::verify() {
  if (failed(verifyFunction(*this)))
    return failure();
  // C1
  size_t gradients = getGradients().size();
  if (getNumArguments() < 3 || getNumResults() < gradients + 2)
    return emitOpError() << "expected inputs, labels and a scale to predictions, a loss and " << gradients
                         << " gradients, got " << getNumArguments() << " arguments and " << getNumResults()
                         << " results";
  // C2
  auto perRow = RankedTensorType::get({ShapedType::kDynamic, 1}, Float32Type::get(getContext()));
  return expectType(*this, "the last argument", perRow, getArgumentTypes().back());
}

LogicalResult StepOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C3
  ArrayRef<Type> types = getResultTypes().take_back(getGradients().size());
  for (auto [attribute, type] : llvm::zip_equal(getGradients(), types)) {
    auto name = dyn_cast<FlatSymbolRefAttr>(attribute);
    auto weight = name ? symbols.lookupNearestSymbolFrom<WeightOp>(*this, name) : WeightOp();
    if (!weight)
      return emitOpError() << "expected the names of weights as gradients, got " << attribute;
    if (failed(expectType(*this, "the gradient of " + weight.getSymName(), weight.getType(), type)))
      return failure();
  }
  return success();
}

LogicalResult ReturnOp::verify() {
  auto function = cast<FunctionOpInterface>((*this)->getParentOp());
  // C1
  if (!llvm::equal(getValues().getTypes(), function.getResultTypes()))
    return emitOpError() << "expected (" << function.getResultTypes() << "), the results of "
                         << SymbolTable::getSymbolName(function) << ", got (" << getValues().getTypes()
                         << ")";
  return success();
}

LogicalResult TrainingOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C1: what a name stands for may already be lowered away; what is there must be right.
  auto verify = [&](FlatSymbolRefAttr name, StringRef kind, auto isKind) -> LogicalResult {
    Operation *found = symbols.lookupNearestSymbolFrom(*this, name);
    if (found && isa<SeqDialect>(found->getDialect()) && !isKind(found))
      return emitOpError() << "expected the name of " << kind << ", got " << name << ", a "
                           << found->getName();
    return success();
  };
  return success(
      succeeded(verify(getModelAttr(), "a model", [](Operation *op) { return isa<ModelOp>(op); })) &&
      succeeded(verify(getLossAttr(), "a loss", [](Operation *op) { return isa<LossOp>(op); })) &&
      succeeded(
          verify(getOptimizerAttr(), "an optimizer", [](Operation *op) { return isa<OptimizerOp>(op); })));
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  // C1, C2
  return verifyGather(*this, getTable().getType(), getIds().getType(), getType());
}

LogicalResult DenseOp::verify() {
  RankedTensorType input = getInput().getType(), kernel = getKernel().getType();
  // C1
  if (kernel.getRank() != 2 || !kernel.hasStaticShape())
    return emitOpError() << "expected a kernel [input, units], got " << kernel;
  // C2
  if (input.getRank() == 0 || input.getShape().back() != kernel.getDimSize(0))
    return emitOpError() << "expected an input of width " << kernel.getDimSize(0) << ", got " << input;
  // C3
  if (getBias() &&
      failed(expectType(*this, "a bias", withAxes(kernel, kernel.getDimSize(1), {}), getBias().getType())))
    return failure();
  // C4
  return expectType(*this, "a result", withAxes(input, input.getShape().drop_back(), kernel.getDimSize(1)),
                    getType());
}

LogicalResult RecurrentOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C1
  auto cell = symbols.lookupNearestSymbolFrom<CellOp>(*this, getCellAttr());
  if (!cell)
    return emitOpError() << "expected the name of a cell, got " << getCellAttr();
  // C2
  RankedTensorType input = getInput().getType();
  if (input.getRank() != 3 || !hasBatch(input))
    return emitOpError() << "expected a sequence [batch, steps, width], got " << input;
  int64_t batch = ShapedType::kDynamic, steps = input.getDimSize(1), states = cell.getStates();
  ArrayRef<Type> types = cell.getArgumentTypes();
  if (failed(expectType(*this, "steps", types.front(), withAxes(input, batch, input.getDimSize(2)))))
    return failure();
  // C3
  if (int64_t(getStarts().size()) != states)
    return emitOpError() << "expected a start for each of " << states << " states, got "
                         << getStarts().size();
  for (auto [index, start] : llvm::enumerate(getStarts())) {
    auto state = cast<RankedTensorType>(types[1 + index]);
    if (failed(expectType(*this, "start " + Twine(index), withAxes(state, state.getDimSize(1), {}),
                          start.getType())))
      return failure();
  }
  // C4
  types = types.drop_front(1 + states);
  if (getWeights().size() != types.size())
    return emitOpError() << "expected " << types.size() << " weights, got " << getWeights().size();
  for (auto [index, weight] : llvm::enumerate(getWeights()))
    if (failed(expectType(*this, "weight " + Twine(index), types[index], weight.getType())))
      return failure();
  // C5
  auto output = cast<RankedTensorType>(cell.getResultTypes().front());
  if (failed(expectType(*this, "a result",
                        getReturnSequences() ? withAxes(output, {batch, steps}, output.getDimSize(1)) : output,
                        getType())))
    return failure();
  // C6
  if (getPresent() && failed(expectType(*this, "a value that says which steps are present",
                                        withAxes(input, {batch, steps}, 1), getPresent().getType())))
    return failure();
  // C7
  return success(succeeded(verifyRate(*this, getDropout())) &&
                 succeeded(verifyRate(*this, getRecurrentDropout())) &&
                 succeeded(verifyMaskName(*this, getLayer(), 0)));
}

LogicalResult DropoutOp::verify() {
  RankedTensorType input = getInput().getType();
  // C1
  if (failed(verifyRate(*this, getRate())) || failed(verifyMaskName(*this, getLayer(), getMask())))
    return failure();
  // C2
  if (input.getRank() < 2 || !hasBatch(input))
    return emitOpError() << "expected rows of elements [batch, ..], got " << input;
  // C3
  if (getKeys() && getKeys().getType().getShape() != input.getShape().drop_back())
    return emitOpError() << "expected keys with the leading axes of " << input << ", got "
                         << getKeys().getType();
  // C4
  return expectType(*this, "a result", input, getType());
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// A sequence with the steps that a window leaves, and `channels` wide.
static FailureOr<RankedTensorType> windowedType(Operation *op, RankedTensorType input, int64_t width,
                                                int64_t strides, int64_t dilation, Padding padding,
                                                int64_t channels) {
  if (input.getRank() != 3 || !hasBatch(input))
    return op->emitOpError() << "expected a sequence [batch, steps, channels], got " << input;
  if (width < 1 || strides < 1 || dilation < 1)
    return op->emitOpError() << "expected a width, strides and a dilation of 1 or more, got " << width << ", "
                             << strides << " and " << dilation;
  WindowGeometry geometry = windowGeometry(input.getDimSize(1), width, strides, dilation, padding);
  if (geometry.steps < 1)
    return op->emitOpError() << "expected at least " << (width - 1) * dilation + 1
                             << " steps for the window, got " << input.getDimSize(1);
  return withAxes(input, ShapedType::kDynamic, {geometry.steps, channels});
}

/// C1 to C4 of conv1d, which its adjoints share.
static LogicalResult verifyConvolution(Operation *op, RankedTensorType input, RankedTensorType kernel,
                                       int64_t strides, int64_t dilation, Padding padding, StringRef what,
                                       Type output) {
  // C1
  if (kernel.getRank() != 3 || !kernel.hasStaticShape())
    return op->emitOpError() << "expected a kernel [width, channels, filters], got " << kernel;
  // C2, C3
  FailureOr<RankedTensorType> expected =
      windowedType(op, input, kernel.getDimSize(0), strides, dilation, padding, kernel.getDimSize(2));
  if (failed(expected))
    return failure();
  if (input.getDimSize(2) != kernel.getDimSize(1))
    return op->emitOpError() << "expected an input of " << kernel.getDimSize(1) << " channels, got " << input;
  // C4
  return expectType(op, what, *expected, output);
}

LogicalResult Conv1dOp::verify() {
  RankedTensorType kernel = getKernel().getType();
  if (failed(verifyConvolution(*this, getInput().getType(), kernel, getStrides(), getDilation(), getPadding(),
                               "a result", getType())))
    return failure();
  // C5
  if (getBias())
    return expectType(*this, "a bias", withAxes(kernel, kernel.getDimSize(2), {}), getBias().getType());
  return success();
}

LogicalResult Conv1dInputAdjointOp::verify() {
  return verifyConvolution(*this, getType(), getKernel().getType(), getStrides(), getDilation(), getPadding(),
                           "an adjoint", getAdjoint().getType());
}

LogicalResult Conv1dKernelAdjointOp::verify() {
  if (failed(verifyConvolution(*this, getInput().getType(), getType(), getStrides(), getDilation(), getPadding(),
                               "an adjoint", getAdjoint().getType())))
    return failure();
  // C5
  return expectActiveOver(*this, getActive(), getAdjoint().getType());
}

/// C1 to C3 of max_pool1d and average_pool1d, which their adjoints share.
static LogicalResult verifyPooling(Operation *op, RankedTensorType input, int64_t pool, int64_t strides,
                                   Padding padding, StringRef what, Type output) {
  // C1
  if (padding == Padding::Causal)
    return op->emitOpError("expected valid or same padding, got causal");
  // C2
  int64_t channels = input.getRank() == 3 ? input.getDimSize(2) : 0; // else the rank is refused
  FailureOr<RankedTensorType> expected =
      windowedType(op, input, pool, strides, /*dilation=*/1, padding, channels);
  if (failed(expected))
    return failure();
  // C3
  return expectType(op, what, *expected, output);
}

LogicalResult MaxPool1dOp::verify() {
  return verifyPooling(*this, getInput().getType(), getPool(), getStrides(), getPadding(), "a result",
                       getType());
}

LogicalResult MaxPool1dAdjointOp::verify() {
  RankedTensorType input = getInput().getType();
  if (failed(verifyPooling(*this, input, getPool(), getStrides(), getPadding(), "an adjoint",
                           getAdjoint().getType())))
    return failure();
  // C4
  if (failed(expectType(*this, "an output", getAdjoint().getType(), getOutput().getType())))
    return failure();
  // C5
  return expectType(*this, "a result", input, getType());
}

LogicalResult AveragePool1dOp::verify() {
  return verifyPooling(*this, getInput().getType(), getPool(), getStrides(), getPadding(), "a result",
                       getType());
}

LogicalResult AveragePool1dAdjointOp::verify() {
  return verifyPooling(*this, getType(), getPool(), getStrides(), getPadding(), "an adjoint",
                       getAdjoint().getType());
}

//===----------------------------------------------------------------------===//
// Recurrence
//===----------------------------------------------------------------------===//

/// One step of a sequence [batch, steps, ..].
static RankedTensorType stepType(RankedTensorType sequence) {
  return withAxes(sequence, sequence.getShape().front(), sequence.getShape().drop_front(2));
}

/// The sequence that `steps` kept values [batch, ..] make.
static RankedTensorType sequenceType(RankedTensorType step, int64_t steps) {
  return withAxes(step, {step.getShape().front(), steps}, step.getShape().drop_front());
}

LogicalResult weft::seq::expectActive(Operation *op, Value active, int64_t steps) {
  if (!active)
    return success();
  auto counts = RankedTensorType::get({steps}, IntegerType::get(op->getContext(), 32));
  return expectType(op, "counts of active rows", counts, active.getType());
}

LogicalResult weft::seq::expectActiveOver(Operation *op, Value active, RankedTensorType sequence) {
  if (!active)
    return success();
  if (sequence.getRank() < 3 || !hasBatch(sequence))
    return op->emitOpError() << "expected a sequence [batch, steps, ..] beside `active`, got " << sequence;
  return expectActive(op, active, sequence.getDimSize(1));
}

LogicalResult ActiveRowsOp::verify() {
  // C1
  auto starts = RankedTensorType::get({ShapedType::kDynamic, 1}, IntegerType::get(getContext(), 32));
  if (failed(expectType(*this, "starts", starts, getStarts().getType())))
    return failure();
  // C2
  if (getType().getRank() != 1 || !getType().hasStaticShape())
    return emitOpError() << "expected a count for each step, got " << getType();
  // C3
  if (getDivide() < 1)
    return emitOpError() << "expected to divide by 1 or more, got " << getDivide();
  return success();
}

LogicalResult ScanOp::verify() {
  int64_t steps = getSteps();
  // C1
  if (steps < 1)
    return emitOpError() << "expected 1 step or more, got " << steps;
  // C2
  size_t inputs = getInputs().size(), states = getStarts().size(), arguments = getBody().getNumArguments();
  if (arguments != inputs + states)
    return emitOpError() << "expected a body of " << inputs << " steps and " << states << " states, got "
                         << arguments << " arguments";
  // C3
  for (auto [input, argument] : llvm::zip_equal(getInputs(), getStepArguments())) {
    auto type = cast<RankedTensorType>(input.getType());
    if (type.getRank() < 2 || !hasBatch(type) || type.getDimSize(1) != steps)
      return emitOpError() << "expected sequences of " << steps << " steps, got " << type;
    if (failed(expectType(*this, "a step", stepType(type), argument.getType())))
      return failure();
  }
  // C4
  NextOp next = getNext();
  if (next.getStates().size() != states || getLast().size() != states)
    return emitOpError() << "expected " << states << " states after each step and after the last, got "
                         << next.getStates().size() << " and " << getLast().size();
  for (size_t index = 0; index < states; ++index) {
    Type type = getStarts()[index].getType();
    std::string state = ("state " + Twine(index)).str();
    if (failed(expectType(*this, state, type, getStateArguments()[index].getType())) ||
        failed(expectType(*this, state + " after a step", type, next.getStates()[index].getType())) ||
        failed(expectType(*this, state + " after the last step", type, getLast()[index].getType())))
      return failure();
  }
  // C5
  if (next.getKept().size() != getKept().size())
    return emitOpError() << "expected " << getKept().size() << " kept values, got " << next.getKept().size();
  for (auto [value, sequence] : llvm::zip_equal(next.getKept(), getKept())) {
    auto type = cast<RankedTensorType>(value.getType());
    if (!hasBatch(type))
      return emitOpError() << "expected kept values with a batch, got " << type;
    if (failed(expectType(*this, "kept steps", sequenceType(type, steps), sequence.getType())))
      return failure();
  }
  // C6
  if (getActive() && failed(expectActive(*this, getActive(), steps)))
    return failure();
  // C7
  auto numbers = [&](StringRef name, std::optional<ArrayRef<int64_t>> list, size_t count) -> LogicalResult {
    if (list && !getActive())
      return emitOpError() << "expected no `" << name << "` without `active`";
    for (int64_t number : list.value_or(ArrayRef<int64_t>()))
      if (number < 0 || number >= int64_t(count))
        return emitOpError() << "expected `" << name << "` to number " << count << " values from 0, got " << number;
    return success();
  };
  return success(succeeded(numbers("spread", getSpread(), getKept().size())) &&
                 succeeded(numbers("clear", getClear(), getKept().size())) &&
                 succeeded(numbers("collect", getCollect(), inputs)));
}

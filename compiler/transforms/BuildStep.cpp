//===- BuildStep.cpp - The loss behind the model -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/IR/IRMapping.h"

namespace weft {
#define GEN_PASS_DEF_SEQBUILDSTEP
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {
struct SeqBuildStepPass : weft::impl::SeqBuildStepBase<SeqBuildStepPass> {
  void runOnOperation() override;
};
} // namespace

/// Clones the equations of `function` behind `builder`; what it returns.
template <typename FunctionT>
static SmallVector<Value> inlineBody(OpBuilder &builder, FunctionT function, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(function.getBody().getArguments(), arguments);
  Block &block = function.getBody().front();
  for (Operation &op : block.without_terminator())
    builder.clone(op, mapping);
  SmallVector<Value> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(mapping.lookup(value));
  return results;
}

/// The mean of each row of `values` [?, ..], as [?, 1]; null for what has no rows.
static Value meanOfRows(OpBuilder &builder, Location loc, Value values) {
  auto type = cast<RankedTensorType>(values.getType());
  if (!hasBatch(type))
    return {};
  int64_t perRow = 1;
  for (int64_t extent : type.getShape().drop_front())
    perRow *= extent;
  auto flat = RankedTensorType::get({ShapedType::kDynamic, perRow}, type.getElementType());
  if (type != flat)
    values = ReshapeOp::create(builder, loc, flat, values);
  if (perRow == 1)
    return values;
  auto row = RankedTensorType::get({ShapedType::kDynamic, 1}, type.getElementType());
  return ReduceOp::create(builder, loc, row, Reduction::Mean, values);
}

/// What the masks of a batch are drawn from: arguments of the step that trains.
struct RandomSource {
  Value seed, step, rows;
};

/// Writes each dropout in `function` as a product with a mask, or without a source as what it is given.
static void resolveDropout(Operation *function, const RandomSource *source) {
  function->walk([&](DropoutOp op) {
    Value result = op.getInput();
    if (source && !op.getRate().isZero()) {
      OpBuilder builder(op);
      auto input = cast<RankedTensorType>(op.getInput().getType());
      Value keys = op.getKeys() ? op.getKeys() : source->rows;
      SmallVector<int64_t> shape(input.getShape());
      if (op.getKeys())
        shape.back() = 1;
      Value mask = RandomMaskOp::create(builder, op.getLoc(),
                                        RankedTensorType::get(shape, input.getElementType()), keys,
                                        source->seed, source->step, op.getRate(), op.getLayer(), op.getMask());
      result = MulOp::create(builder, op.getLoc(), op.getInput(), mask);
    }
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  });
}

/// The step that is trained by, or with `inference` the one that is evaluated by.
static LogicalResult buildStep(TrainingOp training, SymbolTable &symbols, StringRef name, bool inference) {
  auto model = symbols.lookup<ModelOp>(training.getModel());
  if (!model)
    return training.emitError() << "there is no model @" << training.getModel();
  auto loss = symbols.lookup<LossOp>(training.getLoss());
  if (!loss)
    return training.emitError() << "there is no loss @" << training.getLoss();
  if (model.getResultTypes().size() != 1)
    return model.emitError() << "a model is trained on one output, this one has "
                             << model.getResultTypes().size();
  if (loss.getArgumentTypes().size() != 2 || loss.getResultTypes().size() != 1)
    return loss.emitError() << "a loss takes a prediction and a label and gives one value, this one takes "
                            << loss.getArgumentTypes().size() << " and gives "
                            << loss.getResultTypes().size();
  if (model.getResultTypes()[0] != loss.getArgumentTypes()[0])
    return training.emitError() << "the model predicts " << model.getResultTypes()[0] << ", loss @"
                                << training.getLoss() << " takes " << loss.getArgumentTypes()[0];

  MLIRContext *context = training.getContext();
  OpBuilder builder(training);
  Location loc = training.getLoc();
  auto named = [&](StringRef name) {
    return DictionaryAttr::get(context, builder.getNamedAttr("seq.name", builder.getStringAttr(name)));
  };
  SmallVector<Type> inputs(model.getArgumentTypes());
  SmallVector<Attribute> argumentAttributes;
  for (unsigned index = 0; index < inputs.size(); ++index) {
    DictionaryAttr own = model.getArgAttrDict(index);
    argumentAttributes.push_back(own ? own : DictionaryAttr::get(context));
  }
  size_t labelNumber = inputs.size();
  inputs.push_back(loss.getArgumentTypes()[1]);
  NamedAttrList labelAttributes(named("label"));
  if (Attribute bounds = loss.getArgAttr(1, "seq.bounds"))
    labelAttributes.append("seq.bounds", bounds);
  argumentAttributes.push_back(labelAttributes.getDictionary(context));
  bool isRandom = !inference && model.walk([](DropoutOp) { return WalkResult::interrupt(); }).wasInterrupted();
  if (isRandom) {
    // 64 bits are two words; a row's mask is its own, wherever in a slice it stands.
    Type i32 = builder.getI32Type(), words = RankedTensorType::get({2}, i32);
    for (auto [name, type] : {std::pair<StringRef, Type>{"seed", words},
                              {"step", words},
                              {"row_ids", RankedTensorType::get({ShapedType::kDynamic}, i32)}}) {
      inputs.push_back(type);
      argumentAttributes.push_back(DictionaryAttr::get(
          context, {builder.getNamedAttr("seq.name", builder.getStringAttr(name)),
                    builder.getNamedAttr("weft.field", builder.getStringAttr(name))}));
    }
  }
  inputs.push_back(RankedTensorType::get({ShapedType::kDynamic, 1}, builder.getF32Type()));
  argumentAttributes.push_back(named("scale"));

  // The type of the results is known when the body stands.
  auto step = StepOp::create(builder, loc, builder.getStringAttr(name),
                             TypeAttr::get(builder.getFunctionType(inputs, {})),
                             builder.getArrayAttr(argumentAttributes), ArrayAttr(), builder.getArrayAttr({}),
                             inference ? builder.getUnitAttr() : UnitAttr());
  Block *block = builder.createBlock(&step.getBody());
  for (Type type : inputs)
    block->addArgument(type, loc);
  Value prediction = inlineBody(builder, model, block->getArguments().take_front(labelNumber)).front();
  Value label = block->getArgument(labelNumber);
  Value values = inlineBody(builder, loss, {prediction, label}).front();
  Value rows = meanOfRows(builder, loc, values);
  if (!rows) {
    step.erase();
    return loss.emitError() << "a loss gives at least one value a row, this one gives " << values.getType();
  }
  ReturnOp::create(builder, loc, ValueRange{prediction, rows});
  step.setFunctionType(builder.getFunctionType(inputs, {prediction.getType(), rows.getType()}));
  RandomSource source;
  if (isRandom)
    source = {block->getArgument(labelNumber + 1), block->getArgument(labelNumber + 2),
              block->getArgument(labelNumber + 3)};
  resolveDropout(step, isRandom ? &source : nullptr);
  symbols.insert(step);
  return success();
}

void SeqBuildStepPass::runOnOperation() {
  auto trainings = llvm::to_vector(getOperation().getOps<TrainingOp>());
  if (trainings.size() > 1) {
    trainings[1].emitError() << "a module has one seq.training";
    return signalPassFailure();
  }
  if (!trainings.empty() && getOperation().getOps<StepOp>().empty()) {
    SymbolTable symbols(getOperation());
    if (failed(buildStep(trainings.front(), symbols, "train", /*inference=*/false)) ||
        failed(buildStep(trainings.front(), symbols, "evaluate", /*inference=*/true)))
      return signalPassFailure();
  }
  for (ModelOp model : getOperation().getOps<ModelOp>())
    resolveDropout(model, nullptr);
}

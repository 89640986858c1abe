//===- PlanProgram.cpp - From tensors to planned buffers --------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass `plan-program`. Before it, models and steps apply kernels to tensors;
// behind it, functions call kernels on buffers, in an order and in places that
// can be read off.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Program.h"
#include "compiler/codegen/SliceEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace weft;
using namespace weft::codegen;

func::FuncOp weft::codegen::createFunction(OpBuilder &builder, Location loc, StringRef name,
                                           ArrayRef<Argument> arguments, TypeRange results) {
  SmallVector<Type> types;
  for (const Argument &argument : arguments)
    types.push_back(argument.type);
  auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, results));
  function.addEntryBlock();
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    if (!argument.field.empty())
      function.setArgAttr(index, fieldAttr, builder.getStringAttr(argument.field));
    if (argument.name)
      function.setArgAttr(index, nameAttr, argument.name);
    if (argument.vocabulary)
      function.setArgAttr(index, vocabularyAttr, argument.vocabulary);
    if (argument.bounds)
      function.setArgAttr(index, boundsAttr, argument.bounds);
  }
  return function;
}

namespace {

/// A kernel in a scan that reads nothing of the step runs once, before the scan.
void hoistInvariantKernels(Block &body) {
  for (seq::ScanOp scan : body.getOps<seq::ScanOp>())
    for (halide::ApplyOp apply :
         llvm::make_early_inc_range(scan.getBody().front().getOps<halide::ApplyOp>()))
      if (llvm::none_of(apply.getInputs(), [&](Value input) {
            return input.getParentBlock() == &scan.getBody().front();
          }))
        apply->moveBefore(scan);
}

MemRefType externalType(RankedTensorType type) { return BufferLayout::contiguous(type).getType(0); }

/// One model or step on its way to its three functions.
class FunctionPlanner {
public:
  FunctionPlanner(FunctionOpInterface source, StringRef prefix, const WeightTable &weights, int64_t rowTile)
      : source(source), prefix(prefix), weights(weights), rowTile(rowTile), builder(source) {}

  /// Arguments of the step behind the first `inputs` are labels.
  LogicalResult run(size_t inputs, ArrayAttr gradients);

private:
  void bindArguments(size_t inputs);
  LogicalResult bindResults(ArrayAttr gradients);
  void emitPrepare(const SlicePlan &plan);
  void emitSlice(const SlicePlan &plan);
  void emitArena(const SlicePlan &plan);
  void emitGradientPadding(Value vector, Location loc);

  Block &body() { return source.getFunctionBody().front(); }
  std::string name(StringRef part) { return (prefix + "." + part).str(); }

  FunctionOpInterface source;
  StringRef prefix;
  const WeightTable &weights;
  int64_t rowTile;
  OpBuilder builder;

  SmallVector<Argument> ports; ///< in the order of their numbers
  SmallVector<Binding> argumentBindings, resultBindings;
  SmallVector<std::pair<unsigned, Argument>> numbers; ///< arguments that are no tensors
  llvm::StringSet<> withGradient;
  bool hasLoss = false;      ///< of a step: behind the predictions
  bool hasGradients = false; ///< of a step that trains: behind the loss
};

void FunctionPlanner::bindArguments(size_t inputs) {
  for (BlockArgument argument : body().getArguments()) {
    unsigned index = argument.getArgNumber();
    auto named = source.getArgAttrOfType<StringAttr>(index, "seq.name");
    auto field = source.getArgAttrOfType<StringAttr>(index, fieldAttr);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type) {
      numbers.push_back({index, {argument.getType(), field ? field.getValue() : "", named, {}}});
      argumentBindings.push_back({Space::Port});
      continue;
    }
    // The last argument of a step is the scale of each row.
    StringRef known = index < inputs ? "inputs" : index + 1 == body().getNumArguments() ? "scales" : "labels";
    argumentBindings.push_back({Space::Port, unsigned(ports.size())});
    ports.push_back({externalType(type), field ? field.getValue() : known, named,
                     source.getArgAttr(index, "seq.vocabulary"), source.getArgAttr(index, "seq.bounds")});
  }
}

LogicalResult FunctionPlanner::bindResults(ArrayAttr gradients) {
  Operation *terminator = body().getTerminator();
  unsigned count = terminator->getNumOperands();
  unsigned gradientCount = gradients ? gradients.size() : 0;
  auto step = dyn_cast<seq::StepOp>(source.getOperation());
  hasLoss = bool(gradients);
  hasGradients = step && !step.getInference();
  if (count < gradientCount + hasLoss)
    return source->emitOpError("returns ") << count << " values: too few for its loss and gradients";
  unsigned outputs = count - gradientCount - hasLoss;
  for (unsigned index = 0; index < count; ++index) {
    auto type = cast<RankedTensorType>(terminator->getOperand(index).getType());
    if (index < outputs + hasLoss) {
      resultBindings.push_back({Space::Port, unsigned(ports.size())});
      auto named = dyn_cast_or_null<StringAttr>(source.getResultAttr(index, "seq.name"));
      ports.push_back({externalType(type), index < outputs ? "outputs" : "loss", named, {}});
      continue;
    }
    auto symbol = cast<FlatSymbolRefAttr>(gradients[index - outputs - hasLoss]);
    const WeightTable::Entry *weight = weights.find(symbol.getValue());
    WeightTable::Entry entry = weight ? *weight : WeightTable::Entry();
    if (!weight || entry.op.getType() != type)
      return source->emitOpError("returns a ") << type << " as the gradient of " << symbol;
    withGradient.insert(symbol.getValue());
    resultBindings.push_back({Space::Gradients, 0, entry.offset});
  }
  return success();
}

LogicalResult FunctionPlanner::run(size_t inputs, ArrayAttr gradients) {
  hoistInvariantKernels(body());
  bindArguments(inputs);
  if (failed(bindResults(gradients)))
    return failure();
  SymbolTableCollection symbols;
  FailureOr<SlicePlan> plan = SlicePlan::build(body(), argumentBindings, resultBindings, weights, rowTile, symbols);
  if (failed(plan))
    return failure();
  emitPrepare(*plan);
  emitSlice(*plan);
  emitArena(*plan);
  source->erase();
  return success();
}

void FunctionPlanner::emitPrepare(const SlicePlan &plan) {
  Location loc = source->getLoc();
  Type f32 = builder.getF32Type();
  func::FuncOp function =
      createFunction(builder, loc, name("prepare"),
                     {{MemRefType::get({weights.size()}, f32), "parameters", {}, {}},
                      {MemRefType::get({plan.sharedElements()}, f32), "shared", {}, {}}});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.front());
  SliceArguments arguments;
  arguments.parameters = function.getArgument(0);
  arguments.shared = function.getArgument(1);
  SliceEmitter(builder, plan, arguments, rowTile).emitPrepare(body());
  func::ReturnOp::create(builder, loc);
}

void FunctionPlanner::emitSlice(const SlicePlan &plan) {
  Location loc = source->getLoc();
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  SmallVector<Argument> list = {{builder.getIndexType(), "rows", {}, {}},
                                {MemRefType::get({weights.size()}, f32), "parameters", {}, {}},
                                {MemRefType::get({plan.sharedElements()}, f32), "shared", {}, {}}};
  for (Type element : {f32, i32})
    if (plan.usesArenaOf(element))
      list.push_back({MemRefType::get({ShapedType::kDynamic}, element), "arena", {}, {}});
  unsigned firstPort = list.size();
  llvm::append_range(list, ports);
  if (hasGradients)
    list.push_back({MemRefType::get({weights.size()}, f32), "gradients", {}, {}});
  for (auto &[index, argument] : numbers)
    list.push_back(argument);
  func::FuncOp function = createFunction(builder, loc, name("slice"), list);
  if (Attribute padded = source->getAttr(paddedInputAttr))
    function->setAttr(paddedInputAttr, padded);
  function->setAttr(memoryAttr, builder.getDictionaryAttr({
      builder.getNamedAttr("fixed", builder.getI64IntegerAttr(plan.fixedElements())),
      builder.getNamedAttr("per_row", builder.getI64IntegerAttr(plan.perRowElements())),
      builder.getNamedAttr("per_row_live", builder.getI64IntegerAttr(plan.livePerRow())),
      builder.getNamedAttr("per_row_separate", builder.getI64IntegerAttr(plan.separatePerRow()))}));

  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.front());
  SliceArguments arguments;
  arguments.rows = function.getArgument(0);
  arguments.parameters = function.getArgument(1);
  arguments.shared = function.getArgument(2);
  unsigned next = 3;
  for (Type element : {f32, i32})
    if (plan.usesArenaOf(element))
      arguments.arena[element] = function.getArgument(next++);
  for (unsigned port = 0; port < ports.size(); ++port)
    arguments.ports.push_back(function.getArgument(firstPort + port));
  next = firstPort + ports.size();
  if (hasGradients)
    arguments.gradients = function.getArgument(next++);
  IRMapping values;
  for (auto &[index, argument] : numbers)
    values.map(body().getArgument(index), function.getArgument(next++));
  SliceEmitter(builder, plan, arguments, rowTile).emitSlice(body(), values);
  if (hasGradients)
    emitGradientPadding(arguments.gradients, loc);
  func::ReturnOp::create(builder, loc);
}

/// The floats behind each weight, and all of a weight without a gradient.
void FunctionPlanner::emitGradientPadding(Value vector, Location loc) {
  Value zero, one;
  for (const WeightTable::Entry &entry : weights.all()) {
    seq::WeightOp op = entry.op;
    int64_t begin = entry.offset + (withGradient.contains(op.getSymName()) ? entry.size : 0);
    if (begin == entry.paddedEnd())
      continue;
    if (!zero) {
      zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0.0f));
      one = arith::ConstantIndexOp::create(builder, loc, 1);
    }
    Value first = arith::ConstantIndexOp::create(builder, loc, begin);
    Value end = arith::ConstantIndexOp::create(builder, loc, entry.paddedEnd());
    scf::ForOp::create(builder, loc, first, end, one, ValueRange{},
                       [&](OpBuilder &nested, Location at, Value index, ValueRange) {
                         memref::StoreOp::create(nested, at, zero, vector, index);
                         scf::YieldOp::create(nested, at);
                       });
  }
}

void FunctionPlanner::emitArena(const SlicePlan &plan) {
  Location loc = source->getLoc();
  func::FuncOp function = createFunction(builder, loc, name("arena"),
                                         {{builder.getIndexType(), "rows", {}, {}}}, builder.getIndexType());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.front());
  auto constant = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value).getResult(); };
  Value rows = arith::AddIOp::create(builder, loc, function.getArgument(0), constant(rowTile - 1));
  Value perRow = constant(plan.perRowElements() * 4), fixed = constant(plan.fixedElements() * 4);
  Value grown = arith::MulIOp::create(builder, loc, rows, perRow);
  Value bytes = arith::AddIOp::create(builder, loc, grown, fixed);
  func::ReturnOp::create(builder, loc, bytes);
}

class PlanProgramPass : public PassWrapper<PlanProgramPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PlanProgramPass)

  StringRef getArgument() const override { return "plan-program"; }
  StringRef getDescription() const override {
    return "plan the buffers of a model, a training step and an optimizer, and call kernels on them";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, memref::MemRefDialect, scf::SCFDialect,
                    halide::HalideDialect, seq::SeqDialect>();
  }

  void runOnOperation() override {
    if (failed(plan(getOperation())))
      signalPassFailure();
  }

private:
  LogicalResult plan(ModuleOp module);
};

LogicalResult PlanProgramPass::plan(ModuleOp module) {
  auto models = llvm::to_vector(module.getOps<seq::ModelOp>());
  if (models.empty())
    return success(); // a program already
  if (models.size() > 1)
    return models[1].emitOpError("is the second model of a module: a program has one");
  seq::ModelOp model = models.front();
  int64_t rowTile = moduleNumber(module, rowTileAttr, defaultRowTile);
  if (rowTile < 1)
    return module.emitError() << rowTileAttr << " must be at least 1";
  Builder builder(module.getContext());
  module->setAttr(rowTileAttr, builder.getI64IntegerAttr(rowTile));
  module->setAttr(slicesAttr, builder.getI64IntegerAttr(moduleNumber(module, slicesAttr, defaultSlices)));
  module->setAttr(modelAttr, model.getSymNameAttr());
  if (Attribute layers = model->getAttr("layers"))
    module->setAttr(layersAttr, layers);

  WeightTable weights(module);
  // What the call says beside the inputs stands behind them.
  size_t inputs = 0;
  while (inputs < model.getNumArguments() && !model.getArgAttr(inputs, fieldAttr))
    ++inputs;
  if (failed(FunctionPlanner(model, "predict", weights, rowTile).run(inputs, {})))
    return failure();
  for (seq::StepOp step : llvm::make_early_inc_range(module.getOps<seq::StepOp>()))
    if (failed(FunctionPlanner(step, step.getInference() ? "evaluate" : "step", weights, rowTile).run(inputs, step.getGradients())))
      return failure();
  for (seq::OptimizerOp optimizer : llvm::make_early_inc_range(module.getOps<seq::OptimizerOp>()))
    if (failed(planUpdate(optimizer, weights)))
      return failure();
  for (seq::RegularizerOp regularizer : llvm::make_early_inc_range(module.getOps<seq::RegularizerOp>()))
    if (failed(planPenalty(regularizer, weights)))
      return failure();
  // What the step was made of says nothing that the program does not.
  for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
    if (isa<seq::LossOp, seq::CellOp>(op))
      op.erase();
  return success();
}

} // namespace

std::unique_ptr<Pass> weft::codegen::createPlanProgramPass() { return std::make_unique<PlanProgramPass>(); }

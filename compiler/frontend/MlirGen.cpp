//===- MlirGen.cpp - A checked program as a module of the seq dialect -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/MlirGen.h"

#include "dialects/seq/Seq.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace weft;
using frontend::Function;
using frontend::Node;
using frontend::Primitive;

namespace {
class Generator {
public:
  Generator(const frontend::Program &program, const frontend::SourceManager &sources, MLIRContext *context)
      : program(program), sources(sources), builder(context) {}

  OwningOpRef<ModuleOp> run();

private:
  Location locate(frontend::SourceRange range);
  RankedTensorType convert(const frontend::Type &type);
  ArrayAttr convert(const std::vector<frontend::Initializer> &initializers);
  FlatSymbolRefAttr symbol(StringRef name) { return FlatSymbolRefAttr::get(builder.getContext(), name); }
  std::string uniqueSymbol(const std::string &name);

  void generateWeights();
  template <typename OpTy>
  OpTy generateFunction(const Function &function, const std::string &name,
                        ArrayRef<NamedAttribute> attributes = {});
  void generateNode(const Function &function, const Node &node, SmallVectorImpl<Value> &values);
  DictionaryAttr describeArgument(const Function &function, const frontend::Argument &argument);
  ArrayAttr describeLayers();
  ArrayAttr describeCallbacks();
  void generateTraining(StringRef model, StringRef loss, StringRef optimizer);

  const frontend::Program &program;
  const frontend::SourceManager &sources;
  OpBuilder builder;
  llvm::StringSet<> symbols;
  SmallVector<std::string> cellNames, regularizerNames;
};
} // namespace

Location Generator::locate(frontend::SourceRange range) {
  if (!range.isValid())
    return builder.getUnknownLoc();
  frontend::Position at = sources.position(range.file, range.begin);
  return FileLineColLoc::get(builder.getContext(), sources.name(range.file), at.line, at.column);
}

RankedTensorType Generator::convert(const frontend::Type &type) {
  SmallVector<int64_t> shape;
  for (int64_t extent : type.shape)
    shape.push_back(extent == frontend::batchExtent ? ShapedType::kDynamic : extent);
  return RankedTensorType::get(shape,
                               type.isIds ? static_cast<Type>(builder.getI32Type()) : builder.getF32Type());
}

ArrayAttr Generator::convert(const std::vector<frontend::Initializer> &initializers) {
  SmallVector<Attribute> list;
  for (const frontend::Initializer &initializer : initializers) {
    FloatAttr parameters[2];
    for (size_t i = 0; i < initializer.arguments.size(); ++i)
      parameters[i] = builder.getF64FloatAttr(initializer.arguments[i]);
    std::optional<seq::InitKind> kind = seq::symbolizeInitKind(initializer.kind);
    assert(kind && "the front end knows an initialiser that the dialect does not");
    list.push_back(seq::InitAttr::get(builder.getContext(), *kind, parameters[0], parameters[1]));
  }
  return builder.getArrayAttr(list);
}

/// A model and one of its layers may be called the same; the model keeps the name.
std::string Generator::uniqueSymbol(const std::string &name) {
  std::string unique = name;
  for (int i = 0; !symbols.insert(unique).second; ++i)
    unique = name + "." + std::to_string(i);
  return unique;
}

void Generator::generateWeights() {
  for (const frontend::Weight &weight : program.weights) {
    symbols.insert(weight.name);
    RankedTensorType type = RankedTensorType::get(weight.shape, builder.getF32Type());
    FlatSymbolRefAttr regularizer;
    if (weight.regularizer >= 0)
      regularizer = symbol(regularizerNames[weight.regularizer]);
    seq::WeightOp::create(builder, locate(weight.range), weight.name, type, convert(weight.initializers),
                          regularizer);
  }
}

DictionaryAttr Generator::describeArgument(const Function &function, const frontend::Argument &argument) {
  SmallVector<NamedAttribute> attributes = {
      builder.getNamedAttr("seq.name", builder.getStringAttr(argument.name))};
  if (int64_t vocabulary = function.types[argument.value].vocabulary)
    attributes.push_back(builder.getNamedAttr("seq.vocabulary", builder.getI64IntegerAttr(vocabulary)));
  if (argument.bounds)
    attributes.push_back(builder.getNamedAttr(
        "seq.bounds", builder.getF64ArrayAttr({argument.bounds->first, argument.bounds->second})));
  return builder.getDictionaryAttr(attributes);
}

template <typename OpTy>
OpTy Generator::generateFunction(const Function &function, const std::string &name,
                                 ArrayRef<NamedAttribute> attributes) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> inputs, results;
  SmallVector<Attribute> inputAttributes, resultAttributes;
  for (const frontend::Argument &argument : function.arguments) {
    inputs.push_back(convert(function.types[argument.value]));
    inputAttributes.push_back(describeArgument(function, argument));
  }
  for (const frontend::Argument &result : function.results) {
    results.push_back(convert(function.types[result.value]));
    resultAttributes.push_back(describeArgument(function, result));
  }
  Location loc = locate(function.range);
  OperationState state(loc, OpTy::getOperationName());
  state.addAttribute("sym_name", builder.getStringAttr(name));
  state.addAttribute("function_type", TypeAttr::get(builder.getFunctionType(inputs, results)));
  state.addAttribute("arg_attrs", builder.getArrayAttr(inputAttributes));
  state.addAttribute("res_attrs", builder.getArrayAttr(resultAttributes));
  state.addAttributes(attributes);
  state.addRegion();
  auto op = cast<OpTy>(builder.create(state));
  Block *block = builder.createBlock(&op->getRegion(0));
  SmallVector<Value> values(function.types.size());
  for (auto [argument, type] : llvm::zip(function.arguments, inputs))
    values[argument.value] = block->addArgument(type, locate(argument.range));
  for (const Node &node : function.nodes)
    generateNode(function, node, values);
  SmallVector<Value> returned;
  for (const frontend::Argument &result : function.results)
    returned.push_back(values[result.value]);
  seq::ReturnOp::create(builder, loc, returned);
  return op;
}

/// Operations that have operands and nothing else: by their names.
static StringRef plainName(Primitive primitive) {
  switch (primitive) {
  case Primitive::Negate:
    return "seq.negate";
  case Primitive::Exp:
    return "seq.exp";
  case Primitive::Log:
    return "seq.log";
  case Primitive::Sqrt:
    return "seq.sqrt";
  case Primitive::Abs:
    return "seq.abs";
  case Primitive::Sign:
    return "seq.sign";
  case Primitive::Tanh:
    return "seq.tanh";
  case Primitive::Sigmoid:
    return "seq.sigmoid";
  case Primitive::Softplus:
    return "seq.softplus";
  case Primitive::Add:
    return "seq.add";
  case Primitive::Sub:
    return "seq.sub";
  case Primitive::Mul:
    return "seq.mul";
  case Primitive::Div:
    return "seq.div";
  case Primitive::Pow:
    return "seq.pow";
  case Primitive::Maximum:
    return "seq.maximum";
  case Primitive::Minimum:
    return "seq.minimum";
  case Primitive::Greater:
    return "seq.greater";
  case Primitive::Equal:
    return "seq.equal";
  case Primitive::Select:
    return "seq.select";
  case Primitive::Matmul:
    return "seq.matmul";
  case Primitive::Split:
    return "seq.split";
  case Primitive::Concat:
    return "seq.concat";
  case Primitive::Reshape:
    return "seq.reshape";
  case Primitive::Reverse:
    return "seq.reverse";
  case Primitive::OneHot:
    return "seq.one_hot";
  case Primitive::Nonzero:
    return "seq.nonzero";
  case Primitive::Embedding:
    return "seq.embedding";
  case Primitive::Dense:
    return "seq.dense";
  default:
    return "";
  }
}

void Generator::generateNode(const Function &function, const Node &node, SmallVectorImpl<Value> &values) {
  Location loc = locate(node.range);
  SmallVector<Value> operands;
  for (frontend::ValueId operand : node.operands)
    operands.push_back(values[operand]);
  SmallVector<Type> types;
  for (frontend::ValueId result : node.results)
    types.push_back(convert(function.types[result]));
  auto padding = [&] { return *seq::symbolizePadding(node.padding); };
  auto reduce = [&](seq::Reduction kind) -> Operation * {
    return seq::ReduceOp::create(builder, loc, types[0], kind, operands[0]);
  };
  Operation *op = nullptr;
  switch (node.primitive) {
  case Primitive::Constant: {
    float number = static_cast<float>(node.number);
    op = seq::ConstantOp::create(builder, loc, types[0],
                                 DenseElementsAttr::get(cast<ShapedType>(types[0]), number));
    break;
  }
  case Primitive::Read:
    op = seq::ReadOp::create(builder, loc, types[0], program.weights[node.index].name);
    break;
  case Primitive::ReduceSum:
    op = reduce(seq::Reduction::Sum);
    break;
  case Primitive::ReduceMean:
    op = reduce(seq::Reduction::Mean);
    break;
  case Primitive::ReduceMax:
    op = reduce(seq::Reduction::Max);
    break;
  case Primitive::Conv1d:
    op = seq::Conv1dOp::create(builder, loc, types[0], operands[0], operands[1],
                               operands.size() > 2 ? operands[2] : Value(), node.strides, padding(),
                               node.dilation);
    break;
  case Primitive::MaxPool1d:
    op = seq::MaxPool1dOp::create(builder, loc, types[0], operands[0], node.window, node.strides, padding());
    break;
  case Primitive::AveragePool1d:
    op = seq::AveragePool1dOp::create(builder, loc, types[0], operands[0], node.window, node.strides,
                                      padding());
    break;
  case Primitive::Recurrent: {
    ValueRange all(operands);
    Value present = node.hasPresent ? all.back() : Value();
    all = all.drop_back(node.hasPresent);
    op = seq::RecurrentOp::create(builder, loc, types[0], cellNames[node.index], operands[0],
                                  all.slice(1, node.states), all.drop_front(1 + node.states), present,
                                  node.returnSequences, node.goBackwards, llvm::APFloat(node.rate),
                                  llvm::APFloat(node.recurrentRate), node.maskedLayer);
    break;
  }
  case Primitive::Dropout:
    op = seq::DropoutOp::create(builder, loc, types[0], operands[0], operands.size() > 1 ? operands[1] : Value(),
                                llvm::APFloat(node.rate), node.maskedLayer, /*mask=*/0);
    break;
  default: {
    OperationState state(loc, plainName(node.primitive), operands, types);
    op = builder.create(state);
  }
  }
  for (auto [result, value] : llvm::zip(node.results, op->getResults()))
    values[result] = value;
}

ArrayAttr Generator::describeLayers() {
  SmallVector<Attribute> layers;
  for (const frontend::LayerRecord &layer : program.layers)
    layers.push_back(builder.getDictionaryAttr({
        builder.getNamedAttr("name", builder.getStringAttr(layer.name)),
        builder.getNamedAttr("type", builder.getStringAttr(layer.type)),
        builder.getNamedAttr("shape", builder.getI64ArrayAttr(layer.shape)),
        builder.getNamedAttr("parameters", builder.getI64IntegerAttr(layer.parameters)),
    }));
  return builder.getArrayAttr(layers);
}

/// [{name = "early_stopping", patience = 2 : i64}, ...]
ArrayAttr Generator::describeCallbacks() {
  SmallVector<Attribute> callbacks;
  for (const frontend::CallbackSetting &callback : program.training.callbacks) {
    SmallVector<NamedAttribute> attributes = {
        builder.getNamedAttr("name", builder.getStringAttr(callback.name))};
    for (const auto &[name, setting] : callback.arguments) {
      Attribute value;
      if (const bool *flag = std::get_if<bool>(&setting))
        value = builder.getBoolAttr(*flag);
      else if (const int64_t *count = std::get_if<int64_t>(&setting))
        value = builder.getI64IntegerAttr(*count);
      else if (const double *number = std::get_if<double>(&setting))
        value = builder.getF64FloatAttr(*number);
      else
        value = builder.getStringAttr(std::get<std::string>(setting));
      attributes.push_back(builder.getNamedAttr(name, value));
    }
    callbacks.push_back(builder.getDictionaryAttr(attributes));
  }
  return builder.getArrayAttr(callbacks);
}

void Generator::generateTraining(StringRef model, StringRef loss, StringRef optimizer) {
  const frontend::Training &training = program.training;
  SmallVector<StringRef> metrics(training.metrics.begin(), training.metrics.end());
  SmallVector<NamedAttribute> settings = {
      builder.getNamedAttr("epochs", builder.getI64IntegerAttr(training.epochs)),
      builder.getNamedAttr("batch", builder.getI64IntegerAttr(training.batch)),
      builder.getNamedAttr("seed", builder.getI64IntegerAttr(training.seed)),
      builder.getNamedAttr("shuffle", builder.getBoolAttr(training.shuffle)),
      builder.getNamedAttr("metrics", builder.getStrArrayAttr(metrics)),
  };
  if (!training.data.empty())
    settings.push_back(builder.getNamedAttr("data", builder.getStringAttr(training.data)));
  if (!training.validation.empty())
    settings.push_back(builder.getNamedAttr("validation", builder.getStringAttr(training.validation)));
  if (!training.classWeights.empty())
    settings.push_back(builder.getNamedAttr("class_weights", builder.getF64ArrayAttr(training.classWeights)));
  if (!training.clipping.kind.empty())
    settings.push_back(
        builder.getNamedAttr(training.clipping.kind, builder.getF64FloatAttr(training.clipping.limit)));
  if (!training.callbacks.empty())
    settings.push_back(builder.getNamedAttr("callbacks", describeCallbacks()));
  seq::TrainingOp::create(builder, builder.getUnknownLoc(), symbol(model), symbol(loss), symbol(optimizer),
                          builder.getF64FloatAttr(training.learningRate),
                          builder.getDictionaryAttr(settings));
}

OwningOpRef<ModuleOp> Generator::run() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, locate(program.model.range));
  builder.setInsertionPointToEnd(module->getBody());
  for (const Function &regularizer : program.regularizers)
    regularizerNames.push_back(uniqueSymbol(regularizer.name));
  generateWeights();
  for (auto [regularizer, name] : llvm::zip(program.regularizers, regularizerNames))
    generateFunction<seq::RegularizerOp>(regularizer, name);
  std::string model = uniqueSymbol(program.model.name);
  for (const frontend::Cell &cell : program.cells) {
    cellNames.push_back(uniqueSymbol(cell.function.name));
    generateFunction<seq::CellOp>(cell.function, cellNames.back(),
                                  builder.getNamedAttr("states", builder.getI64IntegerAttr(cell.states)));
  }
  auto modelOp = generateFunction<seq::ModelOp>(program.model, model);
  modelOp->setDiscardableAttr("layers", describeLayers());
  std::string loss = uniqueSymbol(program.loss.name), optimizer = uniqueSymbol(program.optimizer.name);
  generateFunction<seq::LossOp>(program.loss, loss);
  generateFunction<seq::OptimizerOp>(program.optimizer, optimizer);
  generateTraining(model, loss, optimizer);
  if (failed(verify(*module)))
    return {};
  return module;
}

OwningOpRef<ModuleOp> weft::frontend::generateModule(const Program &program, const SourceManager &sources,
                                                     MLIRContext *context) {
  context->loadDialect<seq::SeqDialect>();
  return Generator(program, sources, context).run();
}

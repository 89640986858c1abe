//===- Layers.cpp - The built-in layers -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/NameCheck.h"
#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace weft::frontend;

Value Elaborator::applyBuiltin(Frame &frame, const LayerUse &use) {
  switch (use.callee.layer->kind) {
  case BuiltinLayer::Kind::Embedding:
    return applyEmbedding(frame, use);
  case BuiltinLayer::Kind::Dense:
    return applyDense(frame, use);
  case BuiltinLayer::Kind::Dropout:
    return applyDropout(frame, use);
  case BuiltinLayer::Kind::Conv1d:
    return applyConv1d(frame, use);
  case BuiltinLayer::Kind::MaxPool1d:
    return applyPool1d(frame, use, Primitive::MaxPool1d);
  case BuiltinLayer::Kind::AveragePool1d:
    return applyPool1d(frame, use, Primitive::AveragePool1d);
  case BuiltinLayer::Kind::GlobalMaxPool1d:
    return applyGlobalPool1d(frame, use, Primitive::MaxPool1d);
  case BuiltinLayer::Kind::GlobalAveragePool1d:
    return applyGlobalPool1d(frame, use, Primitive::AveragePool1d);
  case BuiltinLayer::Kind::Bidirectional:
    return applyBidirectional(frame, use);
  case BuiltinLayer::Kind::Activation:
    if (!needNumbers(frame, use, 2))
      return {};
    return applyActivation(frame, use, "f", Value::ofTensor(use.input));
  case BuiltinLayer::Kind::Flatten: {
    if (!needNumbers(frame, use, 2) || !needAllSteps(frame, use))
      return {};
    const Type &type = frame.builder->type(use.input);
    if (type.rank() == 2)
      return Value::ofTensor(use.input);
    std::vector<int64_t> row(type.shape.begin() + 1, type.shape.end());
    Type flat{{batchExtent, countElements(row)}};
    return Value::ofTensor(frame.builder->emit(Primitive::Reshape, {use.input}, flat, use.range));
  }
  case BuiltinLayer::Kind::Reverse: {
    Type type = frame.builder->type(use.input);
    if (!type.isIds && !needSequence(frame, use))
      return {};
    return Value::ofTensor(frame.builder->emit(Primitive::Reverse, {use.input}, type, use.range));
  }
  }
  return {};
}

//===----------------------------------------------------------------------===//
// What a layer needs
//===----------------------------------------------------------------------===//

bool Elaborator::needNumbers(Frame &frame, const LayerUse &use, int64_t leastRank) {
  const Type &type = frame.builder->type(use.input);
  if (!type.isIds && type.hasBatch() && type.rank() >= leastRank)
    return true;
  error("W0203", use.range, fmt::format("`{}` cannot be applied to this", use.callee.name))
      .expected("numbers for each row of a batch")
      .got(print(type))
      .help(type.isIds ? "put `embedding(units)` before it: words become vectors" : "");
  return false;
}

bool Elaborator::needSequence(Frame &frame, const LayerUse &use) {
  const Type &type = frame.builder->type(use.input);
  if (!type.isIds && type.hasBatch() && type.rank() == 3)
    return true;
  error("W0203", use.range, fmt::format("`{}` needs a sequence", use.callee.name))
      .expected("numbers of shape batch×steps×width")
      .got(print(type))
      .help(type.isIds         ? "put `embedding(units)` before it: words become vectors"
            : type.rank() == 2 ? "a recurrent layer before it gives a sequence with `return_sequences = true`"
                               : "");
  return false;
}

bool Elaborator::needAllSteps(Frame &frame, const LayerUse &use) {
  if (!frame.builder->present(use.input))
    return true;
  error("W0117", use.range, fmt::format("`{}` cannot leave out steps", use.callee.name))
      .expected("a sequence of which every step counts")
      .got("one whose padding is masked, by `mask_zero = true` of an embedding before it")
      .help("a recurrent layer or `global_average_pool1d` before it leaves the masked steps out");
  return false;
}

std::optional<double> Elaborator::rateArgument(const Callee &callee, const std::string &name) {
  auto found = callee.arguments.find(name);
  if (found == callee.arguments.end())
    return 0;
  const Value &value = found->second.value;
  if (!value.is(Value::Kind::Number)) {
    error("W0108", found->second.range, fmt::format("`{}` of `{}` is a number", name, callee.name))
        .expected("the part that is dropped, such as 0.2")
        .got(describe(value));
    return std::nullopt;
  }
  if (!(value.number >= 0 && value.number < 1)) {
    error("W0109", found->second.range, fmt::format("`{}` of `{}` is a part", name, callee.name))
        .expected("a number from 0 to less than 1")
        .got(fmt::format("{}", value.number));
    return std::nullopt;
  }
  return value.number;
}

std::optional<int64_t> Elaborator::wholeArgument(const Callee &callee, const std::string &name,
                                                 int64_t fallback) {
  auto found = callee.arguments.find(name);
  if (found == callee.arguments.end())
    return fallback;
  const Value &value = found->second.value;
  if (!value.is(Value::Kind::Number)) {
    error("W0108", found->second.range, fmt::format("`{}` of `{}` is a whole number", name, callee.name))
        .expected("a whole number known when the model is built")
        .got(describe(value));
    return std::nullopt;
  }
  if (value.number < 1 || value.number != std::floor(value.number) || value.number > largestExtent) {
    error("W0109", found->second.range,
          fmt::format("`{}` of `{}` is a whole number from 1", name, callee.name))
        .expected(fmt::format("1 or more, at most {}", largestExtent))
        .got(fmt::format("{}", value.number));
    return std::nullopt;
  }
  return static_cast<int64_t>(value.number);
}

std::optional<bool> Elaborator::boolArgument(const Callee &callee, const std::string &name, bool fallback) {
  auto found = callee.arguments.find(name);
  if (found == callee.arguments.end())
    return fallback;
  if (found->second.value.is(Value::Kind::Bool))
    return found->second.value.number != 0;
  error("W0108", found->second.range, fmt::format("`{}` of `{}` is true or false", name, callee.name))
      .expected("true or false")
      .got(describe(found->second.value));
  return std::nullopt;
}

/// An argument that is one of a few words.
std::optional<std::string> Elaborator::wordArgument(const Callee &callee, const std::string &name,
                                                    const std::string &fallback) {
  auto found = callee.arguments.find(name);
  if (found == callee.arguments.end())
    return fallback;
  const Value &value = found->second.value;
  const BuiltinParameter &parameter = *findParameter(callee.layer->parameters, name);
  if (value.is(Value::Kind::Word) &&
      std::find(parameter.words.begin(), parameter.words.end(), value.text) != parameter.words.end())
    return value.text;
  reportNoChoice(diagnostics, callee.name, parameter, describe(value), found->second.range)
      .help(value.is(Value::Kind::String) ? "write the word without quotes"
            : value.is(Value::Kind::Word) ? didYouMean(value.text, parameter.words)
                                          : "");
  return std::nullopt;
}

std::optional<int> Elaborator::layerWeight(const LayerUse &use, const std::string &weight,
                                           std::vector<int64_t> shape, const std::string &argument,
                                           Initializer fallback) {
  Value initial;
  initial.kind = Value::Kind::Initializers;
  initial.initializers = {std::move(fallback)};
  SourceRange range = use.range;
  if (auto found = use.callee.arguments.find(argument); found != use.callee.arguments.end()) {
    initial = found->second.value;
    range = found->second.range;
  }
  double count = 1;
  for (int64_t extent : shape)
    count *= static_cast<double>(extent);
  if (count > 2147483647.0) {
    error("W0212", use.range, fmt::format("the weight `{}` of `{}` is too large", weight, use.callee.name))
        .expected("at most 2147483647 elements")
        .got(print(Type{shape}));
    return std::nullopt;
  }
  std::optional<Value> checked = checkInitializers(initial, shape, range);
  // kernel_initializer stands beside kernel_regularizer.
  std::string kind = argument.substr(0, argument.rfind("_initializer"));
  std::optional<int> regularizer = regularizerArgument(use, kind + "_regularizer");
  if (!checked || !regularizer)
    return std::nullopt;
  int index = addWeight(use.name + "/" + weight, std::move(shape), checked->initializers, use.range);
  program.weights[index].regularizer = *regularizer;
  return index;
}

/// The function that an argument names, applied to a value; the value itself without one.
Value Elaborator::applyActivation(Frame &frame, const LayerUse &use, const std::string &parameter,
                                  Value value) {
  auto found = use.callee.arguments.find(parameter);
  if (found == use.callee.arguments.end() || value.isPoison())
    return value;
  const Value &function = found->second.value;
  if (function.is(Value::Kind::Word) && function.text == "none")
    return value;
  bool isActivation =
      function.is(Value::Kind::Function) &&
      (!function.callee->definition || function.callee->definition->kind == ast::DefinitionKind::Activation);
  if (!isActivation) {
    error("W0108", found->second.range,
          fmt::format("`{}` of `{}` is an activation", parameter, use.callee.name))
        .expected("an activation, such as relu, or none")
        .got(describe(function))
        .help(function.is(Value::Kind::String) ? "write the name without quotes" : "");
    return {};
  }
  Value result = applyFunction(frame, *function.callee, {value}, found->second.range);
  // An activation may be a constant at compile time; a layer's result is not.
  if (std::optional<ValueId> id = tensor(frame, result, found->second.range))
    return Value::ofTensor(*id);
  return {};
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Value Elaborator::applyEmbedding(Frame &frame, const LayerUse &use) {
  std::optional<int64_t> units = wholeArgument(use.callee, "units", 0);
  Type type = frame.builder->type(use.input);
  if (!type.isIds) {
    error("W0203", use.range, "`embedding` needs ids")
        .expected("an input of `tokens[length] of vocabulary`")
        .got(print(type));
    return {};
  }
  std::optional<bool> maskZero = boolArgument(use.callee, "mask_zero", false);
  std::optional<double> rate = rateArgument(use.callee, "dropout");
  if (!units || !maskZero || !rate)
    return {};
  std::optional<int> table = layerWeight(use, "embeddings", {type.vocabulary, *units},
                                         "embeddings_initializer", {"uniform", {-0.05, 0.05}});
  if (!table)
    return {};
  FunctionBuilder &builder = *frame.builder;
  Type result{type.shape};
  result.shape.push_back(*units);
  ValueId weight = builder.weight(*table, use.range);
  ValueId value = builder.emit(Primitive::Embedding, {use.input, weight}, result, use.range);
  if (*rate > 0) {
    // Whole words: one draw for an id, wherever it stands in the batch.
    Node node{Primitive::Dropout, {value, use.input}, {}, use.range};
    node.rate = *rate;
    node.maskedLayer = nextMaskedLayer();
    value = builder.emit(std::move(node), result);
  }
  if (*maskZero) {
    Type steps{type.shape};
    steps.shape.push_back(1);
    builder.setPresent(value, builder.emit(Primitive::Nonzero, {use.input}, steps, use.range));
  }
  return Value::ofTensor(value);
}

Value Elaborator::applyDropout(Frame &frame, const LayerUse &use) {
  std::optional<double> rate = rateArgument(use.callee, "rate");
  if (!needNumbers(frame, use, 2) || !rate)
    return {};
  if (*rate == 0)
    return Value::ofTensor(use.input);
  Node node{Primitive::Dropout, {use.input}, {}, use.range};
  node.rate = *rate;
  node.maskedLayer = nextMaskedLayer();
  Type type = frame.builder->type(use.input);
  return Value::ofTensor(frame.builder->emit(std::move(node), type));
}

Value Elaborator::applyDense(Frame &frame, const LayerUse &use) {
  std::optional<int64_t> units = wholeArgument(use.callee, "units", 0);
  std::optional<bool> useBias = boolArgument(use.callee, "use_bias", true);
  if (!needNumbers(frame, use, 2) || !units || !useBias)
    return {};
  FunctionBuilder &builder = *frame.builder;
  Type result{builder.type(use.input).shape};
  std::optional<int> kernel =
      layerWeight(use, "kernel", {result.width(), *units}, "kernel_initializer", {"glorot_uniform", {}});
  std::optional<int> bias;
  if (*useBias)
    bias = layerWeight(use, "bias", {*units}, "bias_initializer", {"zeros", {}});
  if (!kernel || (*useBias && !bias))
    return {};
  result.shape.back() = *units;
  std::vector<ValueId> operands = {use.input, builder.weight(*kernel, use.range)};
  if (bias)
    operands.push_back(builder.weight(*bias, use.range));
  ValueId value;
  if (builder.mode == FunctionBuilder::Weights::Arguments) {
    // A cell holds primitives alone.
    value = builder.emit(Primitive::Matmul, {operands[0], operands[1]}, result, use.range);
    if (bias)
      value = builder.emit(Primitive::Add, {value, operands[2]}, result, use.range);
  } else {
    value = builder.emit(Primitive::Dense, operands, result, use.range);
  }
  return applyActivation(frame, use, "activation", Value::ofTensor(value));
}

/// Steps that a window makes of `steps`; Keras's rules.
static int64_t windowSteps(int64_t steps, int64_t window, int64_t strides, int64_t dilation,
                           const std::string &padding) {
  int64_t span = (window - 1) * dilation + 1;
  if (padding == "valid")
    return steps < span ? 0 : (steps - span) / strides + 1;
  return (steps + strides - 1) / strides;
}

Value Elaborator::applyConv1d(Frame &frame, const LayerUse &use) {
  std::optional<int64_t> filters = wholeArgument(use.callee, "filters", 0);
  std::optional<int64_t> width = wholeArgument(use.callee, "kernel", 0);
  std::optional<int64_t> strides = wholeArgument(use.callee, "strides", 1);
  std::optional<int64_t> dilation = wholeArgument(use.callee, "dilation", 1);
  std::optional<std::string> padding = wordArgument(use.callee, "padding", "valid");
  std::optional<bool> useBias = boolArgument(use.callee, "use_bias", true);
  if (!needSequence(frame, use) || !filters || !width || !strides || !dilation || !padding || !useBias ||
      !needAllSteps(frame, use))
    return {};
  FunctionBuilder &builder = *frame.builder;
  Type type{builder.type(use.input).shape};
  int64_t steps = windowSteps(type.shape[1], *width, *strides, *dilation, *padding);
  if (steps < 1) {
    error("W0206", use.range, "the window is longer than the sequence")
        .expected(fmt::format("at most {} steps, or padding = same", type.shape[1]))
        .got(fmt::format("{} steps", (*width - 1) * *dilation + 1));
    return {};
  }
  std::optional<int> kernel = layerWeight(use, "kernel", {*width, type.width(), *filters},
                                          "kernel_initializer", {"glorot_uniform", {}});
  std::optional<int> bias;
  if (*useBias)
    bias = layerWeight(use, "bias", {*filters}, "bias_initializer", {"zeros", {}});
  if (!kernel || (*useBias && !bias))
    return {};
  type.shape[1] = steps;
  type.shape[2] = *filters;
  Node node{Primitive::Conv1d, {use.input, builder.weight(*kernel, use.range)}, {}, use.range};
  if (bias)
    node.operands.push_back(builder.weight(*bias, use.range));
  node.strides = *strides;
  node.dilation = *dilation;
  node.padding = *padding;
  ValueId value = builder.emit(std::move(node), type);
  return applyActivation(frame, use, "activation", Value::ofTensor(value));
}

Value Elaborator::applyPool1d(Frame &frame, const LayerUse &use, Primitive primitive) {
  std::optional<int64_t> pool = wholeArgument(use.callee, "pool", 0);
  std::optional<int64_t> strides = pool ? wholeArgument(use.callee, "strides", *pool) : std::nullopt;
  std::optional<std::string> padding = wordArgument(use.callee, "padding", "valid");
  if (!needSequence(frame, use) || !pool || !strides || !padding || !needAllSteps(frame, use))
    return {};
  Type type{frame.builder->type(use.input).shape};
  int64_t steps = windowSteps(type.shape[1], *pool, *strides, 1, *padding);
  if (steps < 1) {
    error("W0206", use.range, "the window is longer than the sequence")
        .expected(fmt::format("at most {} steps, or padding = same", type.shape[1]))
        .got(fmt::format("{} steps", *pool));
    return {};
  }
  type.shape[1] = steps;
  Node node{primitive, {use.input}, {}, use.range};
  node.window = *pool;
  node.strides = *strides;
  node.padding = *padding;
  return Value::ofTensor(frame.builder->emit(std::move(node), type));
}

/// One window over all steps, which are no axis afterwards.
Value Elaborator::applyGlobalPool1d(Frame &frame, const LayerUse &use, Primitive primitive) {
  if (!needSequence(frame, use))
    return {};
  FunctionBuilder &builder = *frame.builder;
  auto pool = [&](ValueId value) {
    Type type{builder.type(value).shape};
    Node node{primitive, {value}, {}, use.range};
    node.window = node.strides = type.shape[1];
    type.shape[1] = 1;
    ValueId pooled = builder.emit(std::move(node), type);
    return builder.emit(Primitive::Reshape, {pooled}, Type{{batchExtent, type.width()}}, use.range);
  };
  std::optional<ValueId> present = builder.present(use.input);
  if (!present || primitive != Primitive::AveragePool1d)
    return needAllSteps(frame, use) ? Value::ofTensor(pool(use.input)) : Value();
  // The mean over the steps that are there; 0 where none is.
  Type type{builder.type(use.input).shape};
  ValueId counted = builder.emit(Primitive::Mul, {use.input, *present}, type, use.range);
  ValueId sum = pool(counted), share = pool(*present);
  Type one = builder.type(share), row = builder.type(sum);
  share = builder.emit(Primitive::Maximum, {share, builder.constant(1e-12)}, one, use.range);
  return Value::ofTensor(builder.emit(Primitive::Div, {sum, share}, row, use.range));
}

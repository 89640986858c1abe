//===- Apply.cpp - Functions and layers applied to values -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::DefinitionKind;

/// Definitions that use themselves would never end.
bool Elaborator::enter(const ast::Definition *definition, SourceRange range) {
  bool isActive =
      std::any_of(active.begin(), active.end(), [&](const Use &use) { return use.definition == definition; });
  if (isActive) {
    error("W0313", range, fmt::format("`{}` uses itself", definition->name))
        .help("a recurrence over steps is a `cell` with a state")
        .note(definition->nameRange, "defined here");
    return false;
  }
  active.push_back({definition, range});
  return true;
}

/// Binds the parameters from `firstParameter` on to their arguments or defaults.
bool Elaborator::bindParameters(Frame &frame, const Callee &callee, size_t firstParameter) {
  const std::vector<ast::Parameter> &parameters = frame.definition->parameters;
  bool isValid = true;
  for (size_t i = firstParameter; i < parameters.size(); ++i) {
    const ast::Parameter &parameter = parameters[i];
    Value value;
    if (auto found = callee.arguments.find(parameter.name); found != callee.arguments.end()) {
      value = found->second.value;
    } else if (parameter.value) {
      value = evaluateArgument(frame, *parameter.value);
    } else {
      error("W0105", callee.range, fmt::format("`{}` needs the argument `{}`", callee.name, parameter.name))
          .expected(fmt::format("`{}(..., {} = ...)`", callee.name, parameter.name));
    }
    isValid &= !value.isPoison();
    bind(frame, {parameter.name, false, parameter.range}, value, nullptr);
  }
  return isValid;
}

Value Elaborator::apply(Frame &frame, const Value &callee, ValueId input, SourceRange range) {
  if (callee.is(Value::Kind::Layer))
    return applyLayer(frame, *callee.callee, input, range);
  return applyFunction(frame, *callee.callee, {Value::ofTensor(input)}, range);
}

/// An activation, a loss or a primitive on its operands; whatever else it takes is in the callee.
Value Elaborator::applyFunction(Frame &frame, const Callee &callee, const std::vector<Value> &operands,
                                SourceRange range) {
  for (const Value &operand : operands)
    if (operand.isPoison())
      return {};
  if (callee.primitive) {
    if (operands[0].is(Value::Kind::Number)) {
      Value result = Value::ofNumber(frontend::evaluateUnary(*callee.primitive, operands[0].number));
      if (result.number - result.number == 0)
        return result;
      error("W0213", range, "this number is not finite")
          .got(fmt::format("{}({})", callee.name, operands[0].number));
      return {};
    }
    return elementwise(frame, *callee.primitive, operands, {range}, range, callee.name);
  }
  const ast::Definition *definition = callee.definition;
  bool isWhole = definition && (definition->kind == DefinitionKind::Optimizer ||
                                definition->kind == DefinitionKind::Regularizer);
  if (!definition || isWhole || definition->parameters.size() < operands.size()) {
    error("W0116", range,
          isWhole ? fmt::format("the {} `{}` cannot be applied to a value", ast::spell(definition->kind), callee.name)
                      : fmt::format("`{}` does not take {} value{}", callee.name, operands.size(),
                                    operands.size() == 1 ? "" : "s"))
        .expected("an activation, which takes one value; a loss takes two");
    return {};
  }
  if (definition->kind == DefinitionKind::Loss && operands.size() != 2) {
    error("W0116", range, fmt::format("the loss `{}` takes a prediction and a label", callee.name))
        .expected(fmt::format("`{}(p, y)`", callee.name));
    return {};
  }
  if (!enter(definition, range))
    return {};
  Frame inner;
  inner.definition = definition;
  inner.isPrelude = definitions.isPrelude(definition);
  inner.builder = frame.builder;
  for (size_t i = 0; i < operands.size(); ++i)
    bind(inner, {definition->parameters[i].name, false, definition->parameters[i].range}, operands[i],
         nullptr);
  Value result;
  if (bindParameters(inner, callee, operands.size()))
    result = evaluateBody(inner);
  active.pop_back();
  return result;
}

/// lstm, lstm_1, ...: counted by kind on each level.
std::string Elaborator::nameLayer(Frame &frame, const std::string &kind) {
  int count = frame.layers->counts[kind]++;
  return frame.layers->prefix + (count == 0 ? kind : fmt::format("{}_{}", kind, count));
}

/// minimal_gated_unit is shown as MinimalGatedUnit.
static std::string camelCase(const std::string &name) {
  std::string out;
  bool atStart = true;
  for (char c : name) {
    if (c == '_') {
      atStart = true;
      continue;
    }
    out += atStart ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    atStart = false;
  }
  return out;
}

bool Elaborator::hasRequiredArguments(const Callee &callee) {
  for (const BuiltinParameter &parameter : parametersOf(callee))
    if (parameter.isRequired && !callee.arguments.count(parameter.name)) {
      error("W0105", callee.range, fmt::format("`{}` needs the argument `{}`", callee.name, parameter.name))
          .expected(fmt::format("`{}({})`", callee.name, parameter.name));
      return false;
    }
  return true;
}

Value Elaborator::applyLayer(Frame &frame, const Callee &callee, ValueId input, SourceRange range) {
  if (!frame.layers) {
    error("W0110", range, fmt::format("the layer `{}` cannot stand here", callee.name))
        .expected("a function; layers are used in models, layers and cells");
    return {};
  }
  if (!hasRequiredArguments(callee))
    return {};
  size_t firstWeight = program.weights.size();
  LayerUse use{callee, nameLayer(frame, callee.name), input, range};
  bool isCell = callee.definition && callee.definition->kind == DefinitionKind::Cell;
  Value result = callee.layer ? applyBuiltin(frame, use)
                 : isCell     ? applyCell(frame, use)
                              : applyDefinedLayer(frame, callee, input, use.name);
  if (!frame.layers->isModel || !result.is(Value::Kind::Tensor))
    return result;
  LayerRecord record;
  record.name = use.name;
  if (callee.layer)
    record.type = callee.layer->kerasType;
  else
    record.type = callee.definition->shownAs.empty() ? camelCase(callee.name) : callee.definition->shownAs;
  const Type &type = frame.builder->type(result.index);
  record.shape.assign(type.shape.begin() + (type.hasBatch() ? 1 : 0), type.shape.end());
  for (size_t i = firstWeight; i < program.weights.size(); ++i)
    record.parameters += countElements(program.weights[i].shape);
  program.layers.push_back(std::move(record));
  return result;
}

/// A `layer` definition: its value is `x`, its weights and layers stand below its own name.
Value Elaborator::applyDefinedLayer(Frame &frame, const Callee &callee, ValueId input,
                                    const std::string &name) {
  if (!enter(callee.definition, callee.range))
    return {};
  LayerScope layers;
  layers.prefix = name + "/";
  Frame inner;
  inner.definition = callee.definition;
  inner.isPrelude = definitions.isPrelude(callee.definition);
  inner.builder = frame.builder;
  inner.layers = &layers;
  inner.weightPrefix = layers.prefix;
  bind(inner, {"x", false, {}}, Value::ofTensor(input), nullptr);
  bind(inner, {"input", false, {}}, Value::ofNumber(static_cast<double>(frame.builder->type(input).width())),
       nullptr);
  Value result;
  if (bindParameters(inner, callee, 0)) {
    result = evaluateBody(inner);
    if (std::optional<ValueId> value = tensor(inner, result, callee.range))
      result = Value::ofTensor(*value);
    else
      result = {};
  }
  active.pop_back();
  return result;
}

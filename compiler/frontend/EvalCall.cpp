//===- EvalCall.cpp - Calls and their arguments -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::DefinitionKind;
using ast::Expr;

bool weft::frontend::declares(const ast::Definition &definition, std::string_view name) {
  return std::any_of(definition.parameters.begin(), definition.parameters.end(),
                     [&](const ast::Parameter &parameter) { return parameter.name == name; });
}

/// Parameters by name, in order. A cell also takes what every recurrent layer takes,
/// an optimizer what every optimizer does.
std::vector<BuiltinParameter> Elaborator::parametersOf(const Callee &callee) const {
  if (callee.layer)
    return callee.layer->parameters;
  std::vector<BuiltinParameter> parameters;
  if (!callee.definition) {
    parameters.push_back({"x", true});
    return parameters;
  }
  for (const ast::Parameter &parameter : callee.definition->parameters)
    parameters.push_back({parameter.name, !parameter.value});
  if (callee.definition->kind == DefinitionKind::Cell)
    for (const BuiltinParameter &parameter : recurrentParameters())
      if (!declares(*callee.definition, parameter.name))
        parameters.push_back(parameter);
  if (callee.definition->kind == DefinitionKind::Optimizer)
    for (const BuiltinParameter &parameter : optimizerParameters())
      if (!declares(*callee.definition, parameter.name))
        parameters.push_back(parameter);
  return parameters;
}

bool Elaborator::bindArguments(Frame &frame, const Expr &e, const std::string &name,
                               const std::vector<BuiltinParameter> &parameters, BoundArguments &bound) {
  return bindArguments(e, name, parameters, bound,
                       [&](const Expr &value, const BuiltinParameter *parameter) {
                         return evaluateArgument(frame, value, parameter);
                       });
}

bool Elaborator::bindArguments(const Expr &e, const std::string &name,
                               const std::vector<BuiltinParameter> &parameters, BoundArguments &bound,
                               const std::function<Value(const Expr &, const BuiltinParameter *)> &worth) {
  std::vector<std::string> known;
  for (const BuiltinParameter &parameter : parameters)
    known.push_back(parameter.name);
  std::string takes = known.empty() ? "no arguments" : "arguments: " + listOf(known);
  bool isValid = true;
  size_t place = 0;
  for (const ast::Argument &argument : e.arguments) {
    SourceRange range = argument.name.empty() ? argument.value->range : argument.nameRange;
    const BuiltinParameter *parameter = nullptr;
    if (!argument.name.empty())
      parameter = findParameter(parameters, argument.name);
    else if (place < parameters.size())
      parameter = &parameters[place++];
    Value value = worth(*argument.value, parameter);
    if (!parameter) {
      isValid = false;
      if (argument.name.empty())
        error("W0106", range, fmt::format("`{}` takes no more than {} arguments", name, known.size()))
            .expected(takes)
            .got(fmt::format("{} arguments", e.arguments.size()));
      else if (std::string_view today = outdatedArgument(argument.name); !today.empty())
        error("W0114", range, fmt::format("`{}` is an argument of an older Keras", argument.name))
            .expected(std::string(today));
      else
        error("W0104", range, fmt::format("`{}` has no argument `{}`", name, argument.name))
            .expected(takes)
            .got(argument.name)
            .help(didYouMean(argument.name, known));
      continue;
    }
    auto [previous, isNew] = bound.try_emplace(parameter->name, BoundArgument{value, argument.value->range});
    if (!isNew) {
      error("W0107", range, fmt::format("the argument `{}` is given twice", parameter->name))
          .note(previous->second.range, "given here before");
      isValid = false;
    }
  }
  return isValid;
}

Value Elaborator::evaluateCall(Frame &frame, const Expr &e, int64_t parts, bool asLayer) {
  const Expr &head = *e.operands[0];
  bool isLocal = frame.names.count(head.name) != 0;
  if (!isLocal && !definitions.find(head.name, frame.isPrelude)) {
    if (isSpecialFunction(head.name))
      return callSpecial(frame, e, parts);
    if (const BuiltinInitializer *initializer = findInitializer(head.name))
      return callInitializer(frame, e, *initializer);
  }
  Value callee = evaluateName(frame, head.name, head.range, asLayer);
  if (callee.isPoison()) {
    // Whatever stands between the brackets is still looked at.
    for (const ast::Argument &argument : e.arguments)
      evaluate(frame, *argument.value);
    return {};
  }
  // The absent activation leaves its value as it is: activation = none.
  if (callee.is(Value::Kind::Word) && callee.text == "none" && e.arguments.size() == 1)
    return evaluate(frame, *e.arguments[0].value);
  if (!callee.callee) {
    error("W0116", head.range, fmt::format("`{}` cannot be called", head.name))
        .expected("a layer or a function")
        .got(describe(callee));
    return {};
  }
  auto known = std::make_shared<Callee>(*callee.callee);
  known->range = e.range;
  return callDefinition(frame, e, std::move(known), parametersOf(*callee.callee));
}

/// A layer keeps its arguments until it is applied. So does a function that is
/// called without its first operand (`huber(delta = 2)`); with it, it is applied.
Value Elaborator::callDefinition(Frame &frame, const Expr &e, std::shared_ptr<Callee> callee,
                                 const std::vector<BuiltinParameter> &parameters) {
  bool isLayer = callee->layer || (callee->definition && (callee->definition->kind == DefinitionKind::Cell ||
                                                          callee->definition->kind == DefinitionKind::Layer));
  if (!bindArguments(frame, e, callee->name, parameters, callee->arguments))
    return {};
  for (const auto &[name, argument] : callee->arguments)
    if (argument.value.isPoison())
      return {};
  bool isWhole = callee->definition && (callee->definition->kind == DefinitionKind::Optimizer ||
                                        callee->definition->kind == DefinitionKind::Regularizer);
  size_t operands = isLayer || isWhole                                                       ? 0
                    : callee->definition && callee->definition->kind == DefinitionKind::Loss ? 2
                                                                                             : 1;
  operands = std::min(operands, parameters.size());
  std::vector<Value> values;
  for (size_t i = 0; i < operands; ++i)
    if (auto found = callee->arguments.find(parameters[i].name); found != callee->arguments.end())
      values.push_back(found->second.value);
  bool isApplied = operands > 0 && values.size() == operands;
  if (!isApplied && !values.empty()) {
    error("W0105", e.range, fmt::format("`{}` needs {} values, one is given", callee->name, operands))
        .expected(fmt::format("`{}` and `{}`, or neither", parameters[0].name, parameters[1].name));
    return {};
  }
  for (size_t i = operands; i < parameters.size(); ++i)
    if (parameters[i].isRequired && !callee->arguments.count(parameters[i].name)) {
      error("W0105", e.range, fmt::format("`{}` needs the argument `{}`", callee->name, parameters[i].name))
          .expected(fmt::format("`{}` by its name or as argument {}", parameters[i].name, i + 1));
      return {};
    }
  if (isApplied) {
    for (size_t i = 0; i < operands; ++i)
      callee->arguments.erase(parameters[i].name);
    return applyFunction(frame, *callee, values, e.range);
  }
  Value value;
  value.kind = isLayer ? Value::Kind::Layer : Value::Kind::Function;
  value.callee = std::move(callee);
  return value;
}

Value Elaborator::callInitializer(Frame &frame, const Expr &e, const BuiltinInitializer &initializer) {
  std::vector<BuiltinParameter> parameters;
  for (const std::string &name : initializer.parameters)
    parameters.push_back({name});
  BoundArguments bound;
  if (!bindArguments(frame, e, initializer.name, parameters, bound))
    return {};
  Value result;
  result.initializers = {{initializer.name, initializer.defaults}};
  for (size_t i = 0; i < parameters.size(); ++i) {
    auto found = bound.find(parameters[i].name);
    if (found == bound.end())
      continue;
    if (found->second.value.isPoison())
      return {};
    if (!found->second.value.is(Value::Kind::Number)) {
      error("W0108", found->second.range,
            fmt::format("`{}` of `{}` is a number", parameters[i].name, initializer.name))
          .expected("a number")
          .got(describe(found->second.value));
      return {};
    }
    result.initializers[0].arguments[i] = found->second.value.number;
  }
  result.kind = Value::Kind::Initializers;
  return result;
}

/// Functions whose operands or results follow rules of their own.
Value Elaborator::callSpecial(Frame &frame, const Expr &e, int64_t parts) {
  const std::string &name = e.operands[0]->name;
  std::vector<Value> values;
  bool isValid = true;
  for (const ast::Argument &argument : e.arguments) {
    if (!argument.name.empty()) {
      error("W0104", argument.nameRange, fmt::format("`{}` has no argument `{}`", name, argument.name))
          .expected(fmt::format("values without names: `{}(...)`", name))
          .got(argument.name);
      isValid = false;
    }
    values.push_back(evaluate(frame, *argument.value));
    isValid &= !values.back().isPoison();
  }
  if (!isValid)
    return {};
  size_t least = 1, most = 1;
  if (name == "concat")
    most = SIZE_MAX;
  else if (name == "split")
    most = 2;
  else if (name == "where")
    least = most = 3;
  else if (name == "maximum" || name == "minimum" || name == "one_hot")
    least = most = 2;
  if (values.size() < least || values.size() > most) {
    error(values.size() < least ? "W0105" : "W0106", e.range,
          fmt::format("`{}` takes {} value{}", name, values.size() < least ? least : most,
                      (values.size() < least ? least : most) == 1 ? "" : "s"))
        .got(fmt::format("{}", values.size()))
        .help((name == "max") && values.size() > 1
                  ? "`maximum(a, b)` is the larger of two; `max` the largest of an axis"
                  : "");
    return {};
  }
  std::vector<SourceRange> ranges;
  for (const ast::Argument &argument : e.arguments)
    ranges.push_back(argument.value->range);
  if (name == "split")
    return callSplit(frame, e, values, parts);
  if (name == "concat")
    return callConcat(frame, e, values);
  if (name == "sum")
    return callReduce(frame, e, Primitive::ReduceSum, values[0]);
  if (name == "mean")
    return callReduce(frame, e, Primitive::ReduceMean, values[0]);
  if (name == "max")
    return callReduce(frame, e, Primitive::ReduceMax, values[0]);
  if (name == "where") {
    if (values[0].is(Value::Kind::Bool))
      return values[0].number != 0 ? values[1] : values[2];
    return elementwise(frame, Primitive::Select, values, ranges, e.range, "where");
  }
  if (name == "maximum" || name == "minimum") {
    bool isMaximum = name == "maximum";
    if (values[0].is(Value::Kind::Number) && values[1].is(Value::Kind::Number))
      return Value::ofNumber(isMaximum ? std::max(values[0].number, values[1].number)
                                       : std::min(values[0].number, values[1].number));
    return elementwise(frame, isMaximum ? Primitive::Maximum : Primitive::Minimum, values, ranges, e.range,
                       name);
  }
  std::optional<ValueId> operand = tensor(frame, values[0], ranges[0]);
  if (!operand)
    return {};
  Type type = frame.builder->type(*operand);
  if (name == "width")
    return Value::ofNumber(static_cast<double>(type.width()));
  // Ids [batch, 1], as labels are, become [batch, classes]; other ids get one more axis.
  if (!type.isIds) {
    error("W0209", ranges[0], "`one_hot` needs ids").expected("ids").got(print(type));
    return {};
  }
  double classes = values[1].is(Value::Kind::Number) ? values[1].number : 0;
  if (classes < 1 || classes != std::floor(classes) || classes > 1e9) {
    error("W0109", ranges[1], "the number of classes is a whole number from 1")
        .expected("a whole number known when the model is built")
        .got(describe(values[1]));
    return {};
  }
  Type result{type.shape};
  if (type.rank() >= 2 && type.width() == 1)
    result.shape.back() = static_cast<int64_t>(classes);
  else
    result.shape.push_back(static_cast<int64_t>(classes));
  return Value::ofTensor(frame.builder->emit(Primitive::OneHot, {*operand}, result, e.range));
}

/// split(value) into as many parts as there are names on the left, split(value, parts) into that many.
Value Elaborator::callSplit(Frame &frame, const Expr &e, const std::vector<Value> &values, int64_t parts) {
  if (values.size() == 2) {
    double wanted = values[1].is(Value::Kind::Number) ? values[1].number : 0;
    if (wanted < 1 || wanted != std::floor(wanted) || wanted > 1e9) {
      error("W0109", e.arguments[1].value->range, "the number of parts is a whole number from 1")
          .expected("a whole number known when the model is built")
          .got(describe(values[1]));
      return {};
    }
    parts = static_cast<int64_t>(wanted);
  }
  if (parts == 0) {
    error("W0205", e.range, "`split` makes several values")
        .expected("as many names on the left as parts: `a, b = split(value)`, or `split(value, 2)[0]`");
    return {};
  }
  std::optional<ValueId> operand = tensor(frame, values[0], e.arguments[0].value->range);
  if (!operand)
    return {};
  const Type &type = frame.builder->type(*operand);
  bool hasWidth = type.rank() > (type.hasBatch() ? 1 : 0);
  if (type.isIds || !hasWidth || type.width() % parts != 0) {
    error("W0204", e.range, fmt::format("this cannot be split into {} equal parts", parts))
        .expected(fmt::format("a last axis that {} divides", parts))
        .got(print(type));
    return {};
  }
  std::vector<Value> elements;
  for (ValueId part : frame.builder->emitSplit(*operand, parts, e.range))
    elements.push_back(Value::ofTensor(part));
  return Value::ofTuple(std::move(elements));
}

Value Elaborator::callReduce(Frame &frame, const Expr &e, Primitive primitive, const Value &value) {
  std::optional<ValueId> operand = tensor(frame, value, e.arguments[0].value->range);
  if (!operand)
    return {};
  Type type = frame.builder->type(*operand);
  if (type.isIds || type.rank() == 0 || (type.hasBatch() && type.rank() < 2)) {
    bool byElement = frame.definition && (frame.definition->kind == DefinitionKind::Optimizer ||
                                          frame.definition->kind == DefinitionKind::Regularizer);
    error(byElement ? "W0310" : "W0209", e.range,
          byElement ? fmt::format("the equations of {} {} work on each element by itself",
                                  frame.definition->kind == DefinitionKind::Optimizer ? "an" : "a",
                                  ast::spell(frame.definition->kind))
                      : fmt::format("`{}` needs values side by side", e.operands[0]->name))
        .expected("numbers with a last axis")
        .got(print(type));
    return {};
  }
  type.shape.back() = 1;
  return Value::ofTensor(frame.builder->emit(primitive, {*operand}, type, e.range));
}

Value Elaborator::callConcat(Frame &frame, const Expr &e, const std::vector<Value> &values) {
  std::vector<ValueId> operands;
  for (size_t i = 0; i < values.size(); ++i) {
    std::optional<ValueId> operand = tensor(frame, values[i], e.arguments[i].value->range);
    if (!operand)
      return {};
    operands.push_back(*operand);
  }
  Type joined = frame.builder->type(operands[0]);
  for (size_t i = 0; i < operands.size(); ++i) {
    const Type &type = frame.builder->type(operands[i]);
    bool fits = !type.isIds && type.rank() == joined.rank() && type.rank() > (type.hasBatch() ? 1 : 0) &&
                std::equal(type.shape.begin(), type.shape.end() - 1, joined.shape.begin());
    if (!fits) {
      error("W0201", e.arguments[i].value->range, "`concat` joins values along their last axis")
          .expected("numbers of the same shape but for the last axis")
          .got(print(frame.builder->type(operands[0])) + " and " + print(type));
      return {};
    }
    if (i > 0)
      joined.shape.back() += type.width();
  }
  return Value::ofTensor(frame.builder->emit(Primitive::Concat, operands, joined, e.range));
}

//===- EvalExpression.cpp - Names and operators -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/NameCheck.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::Expr;

Value Elaborator::evaluate(Frame &frame, const Expr &e, int64_t parts) {
  constexpr int deepest = 600;
  if (depth >= deepest) {
    error("W0008", e.range, "this depends on too many other names in a row")
        .help("equations that stand in the order of their use need no depth");
    return {};
  }
  ++depth;
  Value result;
  switch (e.kind) {
  case Expr::Kind::Number:
    result = Value::ofNumber(e.number);
    break;
  case Expr::Kind::String:
    result = Value::ofText(Value::Kind::String, e.name);
    break;
  case Expr::Kind::Bool:
    result = Value::ofBool(e.number != 0);
    break;
  case Expr::Kind::Name:
    result = evaluateName(frame, e.name, e.range);
    break;
  case Expr::Kind::Primed:
    if (auto found = frame.primed.find(e.name); found != frame.primed.end())
      result = lookup(frame, found->second, e.name + "'", e.range);
    else
      error("W0302", e.range, fmt::format("`{}'` is not given by an equation", e.name))
          .expected("the primed name of a state, with an equation of its own");
    break;
  case Expr::Kind::List:
    result = evaluateList(frame, e);
    break;
  case Expr::Kind::Unary:
    result = evaluateUnary(frame, e);
    break;
  case Expr::Kind::Binary:
    result = evaluateBinary(frame, e);
    break;
  case Expr::Kind::Call:
    result = evaluateCall(frame, e, parts);
    break;
  case Expr::Kind::Index:
    result = evaluateIndex(frame, e);
    break;
  case Expr::Kind::Pipe: {
    Value input = evaluate(frame, *e.operands[0]);
    const Expr &right = *e.operands[1];
    Value callee = right.kind == Expr::Kind::Name
                       ? evaluateName(frame, right.name, right.range, /*asLayer=*/true)
                   : right.kind == Expr::Kind::Call ? evaluateCall(frame, right, 0, /*asLayer=*/true)
                                                    : evaluate(frame, right);
    if (callee.isPoison())
      break;
    if (!callee.is(Value::Kind::Layer) && !callee.is(Value::Kind::Function)) {
      error("W0110", right.range, "only a layer can stand behind `|>`")
          .expected("a layer or an activation")
          .got(describe(callee));
      break;
    }
    if (input.isPoison())
      break;
    if (std::optional<ValueId> value = tensor(frame, input, e.operands[0]->range))
      result = apply(frame, callee, *value, right.range);
    break;
  }
  }
  --depth;
  return result;
}

std::vector<std::string> Elaborator::visibleNames(const Frame &frame) const {
  std::vector<std::string> names;
  for (const auto &[name, binding] : frame.names)
    names.push_back(name);
  return names;
}

Value Elaborator::evaluateName(Frame &frame, const std::string &name, SourceRange range, bool asLayer) {
  if (auto found = frame.names.find(name); found != frame.names.end())
    return lookup(frame, found->second, name, range);
  auto callee = std::make_shared<Callee>();
  callee->name = name;
  callee->range = range;
  Value value;
  if (const ast::Definition *definition = definitions.find(name, frame.isPrelude)) {
    bool isLayer =
        definition->kind == ast::DefinitionKind::Cell || definition->kind == ast::DefinitionKind::Layer;
    callee->definition = definition;
    value.kind = isLayer ? Value::Kind::Layer : Value::Kind::Function;
  } else if (std::optional<Primitive> primitive = findUnaryFunction(name)) {
    callee->primitive = primitive;
    value.kind = Value::Kind::Function;
  } else if (const BuiltinLayer *layer = findBuiltinLayer(name)) {
    callee->layer = layer;
    value.kind = Value::Kind::Layer;
  } else if (const BuiltinInitializer *initializer = findInitializer(name)) {
    value.kind = Value::Kind::Initializers;
    value.initializers = {{initializer->name, initializer->defaults}};
    return value;
  } else if (isWord(name)) {
    return Value::ofText(Value::Kind::Word, name);
  } else if (isSpecialFunction(name)) {
    error("W0116", range, fmt::format("the function `{}` stands without its arguments", name))
        .expected(fmt::format("`{}(...)`", name));
    return value;
  } else {
    reportUnknownName(diagnostics, definitions, visibleNames(frame), name, range, asLayer);
    return value;
  }
  value.callee = std::move(callee);
  return value;
}

Value Elaborator::evaluateArgument(Frame &frame, const Expr &e, const BuiltinParameter *parameter) {
  bool isChoice = parameter && !parameter->words.empty();
  bool isWord = e.kind == Expr::Kind::Name && (isChoice || isFunctionAndWord(e.name)) && !frame.names.count(e.name) &&
                !definitions.find(e.name, frame.isPrelude);
  return isWord ? Value::ofText(Value::Kind::Word, e.name) : evaluate(frame, e);
}

std::optional<ValueId> Elaborator::tensor(Frame &frame, const Value &value, SourceRange range) {
  switch (value.kind) {
  case Value::Kind::Tensor:
    return value.index;
  case Value::Kind::Weight:
    return frame.builder->weight(value.index, range);
  case Value::Kind::Number:
    return frame.builder->constant(value.number);
  case Value::Kind::Poison:
    return std::nullopt;
  case Value::Kind::Layer:
    error("W0110", range, fmt::format("the layer `{}` is not applied to a value", value.callee->name))
        .expected("numbers")
        .got(describe(value))
        .help(fmt::format("write `value |> {}(...)`", value.callee->name));
    return std::nullopt;
  default:
    error("W0209", range, "numbers are needed here").expected("numbers").got(describe(value));
    return std::nullopt;
  }
}

Value Elaborator::elementwise(Frame &frame, Primitive primitive, const std::vector<Value> &operands,
                              const std::vector<SourceRange> &ranges, SourceRange range,
                              std::string_view spelling) {
  std::vector<ValueId> values;
  for (size_t i = 0; i < operands.size(); ++i) {
    std::optional<ValueId> value = tensor(frame, operands[i], ranges[i]);
    if (!value)
      return {};
    values.push_back(*value);
  }
  Type type = frame.builder->type(values[0]);
  if (values.size() == 1 && type.isIds) {
    error("W0209", ranges[0], "ids are names and no numbers").expected("numbers").got(print(type));
    return {};
  }
  for (size_t i = 1; i < values.size(); ++i) {
    const Type &other = frame.builder->type(values[i]);
    std::optional<Type> joined = broadcast(type, other);
    if (!joined) {
      if (type.isIds || other.isIds)
        error("W0209", type.isIds ? ranges[0] : ranges[i], "ids are names and no numbers")
            .expected("numbers")
            .got(print(type.isIds ? type : other));
      else
        error("W0201", range, fmt::format("the shapes on both sides of `{}` do not fit", spelling))
            .expected("the same shape, or one that repeats (an axis of 1, or one that is missing in front)")
            .got(print(type) + " and " + print(other));
      return {};
    }
    type = *joined;
  }
  return Value::ofTensor(frame.builder->emit(primitive, values, type, range));
}

Value Elaborator::evaluateUnary(Frame &frame, const Expr &e) {
  Value operand = evaluate(frame, *e.operands[0]);
  if (operand.isPoison())
    return {};
  if (e.name == "not") {
    if (operand.is(Value::Kind::Bool))
      return Value::ofBool(operand.number == 0);
    error("W0211", e.operands[0]->range, "`not` needs true or false")
        .expected("true, false or a comparison of arguments")
        .got(describe(operand));
    return {};
  }
  if (operand.is(Value::Kind::Number))
    return Value::ofNumber(e.name == "-" ? -operand.number : operand.number);
  if (e.name == "+")
    return operand;
  return elementwise(frame, Primitive::Negate, {operand}, {e.operands[0]->range}, e.range, "-");
}

static bool isCompileTime(const Value &value) {
  return value.is(Value::Kind::Number) || value.is(Value::Kind::Bool) || value.is(Value::Kind::Word) ||
         value.is(Value::Kind::String);
}

Value Elaborator::evaluateBinary(Frame &frame, const Expr &e) {
  Value lhs = evaluate(frame, *e.operands[0]);
  const std::string &op = e.name;
  if (op == "and" || op == "or") {
    // The right side is evaluated in any case, so that its errors are seen.
    Value rhs = evaluate(frame, *e.operands[1]);
    for (int i : {0, 1}) {
      const Value &side = i == 0 ? lhs : rhs;
      if (side.isPoison())
        return {};
      if (!side.is(Value::Kind::Bool)) {
        error("W0211", e.operands[i]->range, fmt::format("`{}` needs true or false", op))
            .expected("true, false or a comparison of arguments")
            .got(describe(side));
        return {};
      }
    }
    return Value::ofBool(op == "and" ? lhs.number != 0 && rhs.number != 0
                                     : lhs.number != 0 || rhs.number != 0);
  }
  Value rhs = evaluate(frame, *e.operands[1]);
  if (lhs.isPoison() || rhs.isPoison())
    return {};
  if (op == "@")
    return evaluateMatmul(frame, e, lhs, rhs);
  if (lhs.is(Value::Kind::Number) && rhs.is(Value::Kind::Number)) {
    double a = lhs.number, b = rhs.number;
    if (op == "/" && b == 0) {
      error("W0213", e.range, "division by zero").got(fmt::format("{} / {}", a, b));
      return {};
    }
    if (op == "<" || op == ">" || op == "<=" || op == ">=" || op == "==" || op == "!=")
      return Value::ofBool(op == "<"    ? a < b
                           : op == ">"  ? a > b
                           : op == "<=" ? a <= b
                           : op == ">=" ? a >= b
                           : op == "==" ? a == b
                                        : a != b);
    double result = op == "+"   ? a + b
                    : op == "-" ? a - b
                    : op == "*" ? a * b
                    : op == "/" ? a / b
                                : std::pow(a, b);
    if (!std::isfinite(result)) {
      error("W0213", e.range, "this number is not finite").got(fmt::format("{} {} {}", a, op, b));
      return {};
    }
    return Value::ofNumber(result);
  }
  if ((op == "==" || op == "!=") && isCompileTime(lhs) && isCompileTime(rhs)) {
    bool same = lhs.kind == rhs.kind && lhs.number == rhs.number && lhs.text == rhs.text;
    return Value::ofBool(same == (op == "=="));
  }
  std::vector<SourceRange> ranges = {e.operands[0]->range, e.operands[1]->range};
  auto binary = [&](Primitive primitive, const Value &a, const Value &b) {
    return elementwise(frame, primitive, {a, b}, ranges, e.range, op);
  };
  auto inverse = [&](const Value &truth) {
    return truth.isPoison()
               ? truth
               : elementwise(frame, Primitive::Sub, {Value::ofNumber(1), truth}, ranges, e.range, op);
  };
  if (op == "+")
    return binary(Primitive::Add, lhs, rhs);
  if (op == "-")
    return binary(Primitive::Sub, lhs, rhs);
  if (op == "*")
    return binary(Primitive::Mul, lhs, rhs);
  if (op == "/")
    return binary(Primitive::Div, lhs, rhs);
  if (op == "^") // a square is a product: no power of a negative number
    return rhs.is(Value::Kind::Number) && rhs.number == 2 ? binary(Primitive::Mul, lhs, lhs)
                                                          : binary(Primitive::Pow, lhs, rhs);
  if (op == ">")
    return binary(Primitive::Greater, lhs, rhs);
  if (op == "<")
    return binary(Primitive::Greater, rhs, lhs);
  if (op == "==")
    return binary(Primitive::Equal, lhs, rhs);
  if (op == "!=")
    return inverse(binary(Primitive::Equal, lhs, rhs));
  return inverse(op == "<=" ? binary(Primitive::Greater, lhs, rhs) : binary(Primitive::Greater, rhs, lhs));
}

Value Elaborator::evaluateMatmul(Frame &frame, const Expr &e, const Value &lhs, const Value &rhs) {
  std::optional<ValueId> a = tensor(frame, lhs, e.operands[0]->range),
                         b = tensor(frame, rhs, e.operands[1]->range);
  if (!a || !b)
    return {};
  Type left = frame.builder->type(*a), right = frame.builder->type(*b);
  if (left.isIds || left.rank() == 0 || (left.hasBatch() && left.rank() < 2)) {
    error("W0202", e.operands[0]->range, "the left side of `@` is a vector or more")
        .expected("a value whose last axis the matrix maps")
        .got(print(left));
    return {};
  }
  if (right.hasBatch() || right.rank() != 2) {
    error("W0202", e.operands[1]->range, "the right side of `@` is a matrix that all rows share")
        .expected("a weight of two axes")
        .got(print(right))
        .help(right.hasBatch() && !left.hasBatch() ? "write the value first: `value @ weight`" : "");
    return {};
  }
  if (left.width() != right.shape[0]) {
    error("W0202", e.range, "the shapes on both sides of `@` do not fit")
        .expected(fmt::format("a matrix of {} rows, as the left side is {} wide", left.width(), left.width()))
        .got(print(left) + " @ " + print(right));
    return {};
  }
  Type type = left;
  type.shape.back() = right.shape[1];
  return Value::ofTensor(frame.builder->emit(Primitive::Matmul, {*a, *b}, type, e.range));
}

/// weight[0]: one entry of the first axis; split(z, 4)[0]: one of several values.
Value Elaborator::evaluateIndex(Frame &frame, const Expr &e) {
  Value value = evaluate(frame, *e.operands[0]), index = evaluate(frame, *e.operands[1]);
  if (value.isPoison() || index.isPoison())
    return {};
  bool isTuple = value.is(Value::Kind::Tuple);
  if (!isTuple && !value.is(Value::Kind::Tensor) && !value.is(Value::Kind::Weight)) {
    error("W0208", e.operands[0]->range, "this has no parts to choose from")
        .expected("a weight of two axes or more, or `split(...)`")
        .got(describe(value));
    return {};
  }
  Type type;
  std::optional<ValueId> whole;
  if (!isTuple) {
    whole = tensor(frame, value, e.operands[0]->range);
    if (!whole)
      return {};
    type = frame.builder->type(*whole);
    if (type.hasBatch() || type.rank() < 2) {
      error("W0208", e.operands[0]->range, "`[...]` chooses along the first axis of a weight")
          .expected("a weight of two axes or more")
          .got(print(type))
          .help(type.hasBatch() ? "`split` cuts a value along its last axis" : "");
      return {};
    }
  }
  int64_t count = isTuple ? static_cast<int64_t>(value.elements.size()) : type.shape[0];
  if (!index.is(Value::Kind::Number) || index.number != std::floor(index.number) || index.number < 0 ||
      index.number >= static_cast<double>(count)) {
    error("W0208", e.operands[1]->range, "this index does not exist")
        .expected(fmt::format("a whole number from 0 to {}", count - 1))
        .got(describe(index));
    return {};
  }
  size_t at = static_cast<size_t>(index.number);
  if (isTuple)
    return value.elements[at];
  // The first axis moves into the last one, where `split` can cut it.
  FunctionBuilder &builder = *frame.builder;
  Type row{std::vector<int64_t>(type.shape.begin() + 1, type.shape.end())};
  ValueId flat = builder.emit(Primitive::Reshape, {*whole}, Type{{countElements(type.shape)}}, e.range);
  ValueId part = builder.emitSplit(flat, count, e.range)[at];
  return Value::ofTensor(row.rank() == 1 ? part : builder.emit(Primitive::Reshape, {part}, row, e.range));
}

Value Elaborator::evaluateList(Frame &frame, const Expr &e) {
  Value list;
  bool isValid = true;
  for (const ast::ExprPtr &operand : e.operands) {
    Value element = evaluate(frame, *operand);
    if (element.is(Value::Kind::Number)) {
      element.kind = Value::Kind::Initializers;
      element.initializers = {{"constant", {element.number}}};
    }
    if (element.is(Value::Kind::Initializers)) {
      list.initializers.insert(list.initializers.end(), element.initializers.begin(),
                               element.initializers.end());
      continue;
    }
    isValid = false;
    if (!element.isPoison())
      error("W0210", operand->range, "a list holds initialisers")
          .expected("an initialiser, such as zeros or glorot_uniform")
          .got(describe(element));
  }
  if (e.operands.empty()) {
    error("W0210", e.range, "this list is empty").expected("an initialiser for each equal part");
    return {};
  }
  if (isValid)
    list.kind = Value::Kind::Initializers;
  return list;
}

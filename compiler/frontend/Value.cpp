//===- Value.cpp - What an expression is worth while a model is elaborated -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Value.h"

#include <fmt/format.h>

using namespace weft::frontend;

Value Value::ofNumber(double number) {
  Value value;
  value.kind = Kind::Number;
  value.number = number;
  return value;
}

Value Value::ofBool(bool truth) {
  Value value = ofNumber(truth);
  value.kind = Kind::Bool;
  return value;
}

Value Value::ofText(Kind kind, std::string text) {
  Value value;
  value.kind = kind;
  value.text = std::move(text);
  return value;
}

Value Value::ofTensor(ValueId id) {
  Value value;
  value.kind = Kind::Tensor;
  value.index = id;
  return value;
}

Value Value::ofWeight(int index) {
  Value value = ofTensor(index);
  value.kind = Kind::Weight;
  return value;
}

Value Value::ofTuple(std::vector<Value> elements) {
  Value value;
  value.kind = Kind::Tuple;
  value.elements = std::move(elements);
  return value;
}

std::string weft::frontend::describe(const Value &value) {
  switch (value.kind) {
  case Value::Kind::Poison:
    return "an error";
  case Value::Kind::Number:
    return fmt::format("the number {}", value.number);
  case Value::Kind::Bool:
    return value.number != 0 ? "true" : "false";
  case Value::Kind::String:
    return fmt::format("the string \"{}\"", value.text);
  case Value::Kind::Word:
    return fmt::format("the word `{}`", value.text);
  case Value::Kind::Initializers:
    return value.initializers.size() == 1
               ? fmt::format("the initialiser `{}`", value.initializers[0].kind)
               : fmt::format("a list of {} initialisers", value.initializers.size());
  case Value::Kind::Function: {
    const ast::Definition *definition = value.callee->definition;
    return fmt::format("the {} `{}`", definition ? ast::spell(definition->kind) : "function",
                       value.callee->name);
  }
  case Value::Kind::Layer:
    return fmt::format("the layer `{}`", value.callee->name);
  case Value::Kind::Tensor:
    return "a value that is known only when the model runs";
  case Value::Kind::Weight:
    return "a weight";
  case Value::Kind::Tuple:
    return fmt::format("{} values", value.elements.size());
  }
  return "";
}

//===- FunctionBuilder.cpp - Appends nodes to a function of a program -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/FunctionBuilder.h"

#include <span>

using namespace weft::frontend;

ValueId FunctionBuilder::newValue(Type type) {
  function.types.push_back(std::move(type));
  return static_cast<ValueId>(function.types.size()) - 1;
}

ValueId FunctionBuilder::emit(Node node, Type type) {
  ValueId result = newValue(std::move(type));
  node.results = {result};
  function.nodes.push_back(std::move(node));
  handPresentOn(Node(function.nodes.back()));
  return result;
}

std::optional<ValueId> FunctionBuilder::present(ValueId value) const {
  auto found = presentSteps.find(value);
  if (found == presentSteps.end())
    return std::nullopt;
  return found->second;
}

ValueId FunctionBuilder::reversePresent(ValueId steps, SourceRange range) {
  if (auto found = reversed.find(steps); found != reversed.end())
    return found->second;
  ValueId turned = emit(Primitive::Reverse, {steps}, type(steps), range);
  reversed[turned] = steps;
  return reversed[steps] = turned;
}

void FunctionBuilder::handPresentOn(const Node &node) {
  std::optional<ValueId> joined;
  // A recurrent layer's other operands are starts, weights and these steps themselves.
  std::span operands(node.operands);
  if (node.primitive == Primitive::Recurrent)
    operands = operands.first(1);
  for (ValueId operand : operands) {
    std::optional<ValueId> steps = present(operand);
    if (!steps || steps == joined)
      continue;
    // A step is there if it is in one of them.
    joined = joined ? emit(Primitive::Maximum, {*joined, *steps}, type(*steps), node.range) : *steps;
  }
  if (!joined)
    return;
  // All are there beside a sequence that has them all.
  int64_t steps = type(*joined).shape[1];
  for (ValueId operand : operands) {
    const Type &other = type(operand);
    if (!present(operand) && other.hasBatch() && other.rank() == 3 && other.shape[1] == steps)
      return;
  }
  switch (node.primitive) {
  case Primitive::Recurrent:
    if (!node.returnSequences)
      return;
    if (node.goBackwards)
      joined = reversePresent(*joined, node.range);
    break;
  case Primitive::Reverse:
    joined = reversePresent(*joined, node.range);
    break;
  case Primitive::Reshape:
  case Primitive::Conv1d:
  case Primitive::MaxPool1d:
  case Primitive::AveragePool1d:
    return;
  default:
    break;
  }
  for (ValueId result : node.results)
    presentSteps[result] = *joined;
}

ValueId FunctionBuilder::emit(Primitive primitive, std::vector<ValueId> operands, Type type,
                              SourceRange range) {
  Node node{primitive, std::move(operands), {}, range};
  return emit(std::move(node), std::move(type));
}

ValueId FunctionBuilder::constant(double number) {
  if (auto found = constants.find(number); found != constants.end())
    return found->second;
  return constants[number] = filled(number, {});
}

/// Every element the same number.
ValueId FunctionBuilder::filled(double number, std::vector<int64_t> shape) {
  Node node{Primitive::Constant, {}, {}, {}};
  node.number = number;
  return emit(std::move(node), Type{std::move(shape)});
}

ValueId FunctionBuilder::weight(int index, SourceRange range) {
  for (const auto &[known, value] : weightValues)
    if (known == index)
      return value;
  Type type{program.weights[index].shape};
  ValueId value;
  if (mode == Weights::Arguments) {
    value = newValue(std::move(type));
  } else {
    Node node{Primitive::Read, {}, {}, range};
    node.index = index;
    value = emit(std::move(node), std::move(type));
  }
  weightValues.push_back({index, value});
  return value;
}

std::vector<ValueId> FunctionBuilder::emitSplit(ValueId operand, int64_t parts, SourceRange range) {
  Type part = type(operand);
  part.shape.back() /= parts;
  Node node{Primitive::Split, {operand}, {}, range};
  for (int64_t i = 0; i < parts; ++i)
    node.results.push_back(newValue(part));
  std::vector<ValueId> results = node.results;
  function.nodes.push_back(node);
  handPresentOn(node);
  return results;
}

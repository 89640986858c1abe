//===- Regularizers.cpp - What weights themselves cost -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::DefinitionKind;

/// What a regularizer is made of, where numbers say all of it; else nothing, and
/// every use of it is a function of its own.
static std::string keyOf(const Callee &callee) {
  std::string key = fmt::format("{}", fmt::ptr(callee.definition));
  for (const auto &[name, argument] : callee.arguments) {
    if (!argument.value.is(Value::Kind::Number) && !argument.value.is(Value::Kind::Bool))
      return "";
    key += fmt::format(" {}={}", name, argument.value.number);
  }
  return key;
}

/// The place among the program's regularizers of what an argument names; -1 for
/// none. Its equations are those of one element, and the sum over all elements
/// of the weight is what is added to the loss.
std::optional<int> Elaborator::elaborateRegularizer(const Value &value, SourceRange range) {
  if (value.isPoison())
    return std::nullopt;
  if (value.is(Value::Kind::Word) && value.text == "none")
    return -1;
  const ast::Definition *definition = value.is(Value::Kind::Function) ? value.callee->definition : nullptr;
  if (!definition || definition->kind != DefinitionKind::Regularizer) {
    error("W0108", range, "this is no regularizer")
        .expected(listOf(definitions.names({DefinitionKind::Regularizer}), "or") +
                  ", a regularizer defined in this file, or none")
        .got(describe(value));
    return std::nullopt;
  }
  std::string key = keyOf(*value.callee);
  if (auto known = regularizers.find(key); known != regularizers.end() && !key.empty())
    return known->second;
  if (!enter(definition, range))
    return std::nullopt;
  FunctionBuilder builder(program, FunctionBuilder::Weights::Read);
  builder.function.name = definition->name;
  builder.function.range = definition->range;
  Frame inner;
  inner.definition = definition;
  inner.isPrelude = definitions.isPrelude(definition);
  inner.builder = &builder;
  ValueId weight = builder.newValue(Type{{batchExtent}});
  builder.function.arguments.push_back({weight, "weight", definition->range});
  bind(inner, {"weight", false, {}}, Value::ofTensor(weight), nullptr);
  std::optional<ValueId> penalty;
  if (bindParameters(inner, *value.callee, 0)) {
    Value result = evaluateBody(inner);
    penalty = tensor(inner, result, range);
    if (penalty && !builder.type(*penalty).hasBatch()) {
      error("W0310", definition->range,
            fmt::format("the regularizer `{}` does not depend on the weight", definition->name))
          .expected("a value computed from `weight`, such as `0.01 * weight^2`")
          .got(print(builder.type(*penalty)));
      penalty.reset();
    }
  }
  active.pop_back();
  if (!penalty)
    return std::nullopt;
  builder.function.results.push_back({*penalty, "penalty", definition->range});
  int index = static_cast<int>(program.regularizers.size());
  program.regularizers.push_back(std::move(builder.function));
  regularizers.emplace(std::move(key), index);
  return index;
}

std::optional<int> Elaborator::regularizerArgument(const LayerUse &use, const std::string &argument) {
  auto found = use.callee.arguments.find(argument);
  return found == use.callee.arguments.end() ? -1 : elaborateRegularizer(found->second.value, found->second.range);
}

//===- Builtins.cpp - What the language knows without a definition -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Builtins.h"

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <array>
#include <cmath>

using namespace weft::frontend;

const std::vector<BuiltinLayer> &weft::frontend::builtinLayers() {
  using Kind = BuiltinLayer::Kind;
  static const std::vector<BuiltinLayer> layers = {
      {Kind::Embedding,
       "embedding",
       "Embedding",
       {{"units", true, "output_dim"},
        {"embeddings_initializer"},
        {"embeddings_regularizer"},
        {"mask_zero"},
        {"dropout"}}},
      {Kind::Dense,
       "dense",
       "Dense",
       {{"units", true},
        {"activation"},
        {"use_bias"},
        {"kernel_initializer"},
        {"bias_initializer"},
        {"kernel_regularizer"},
        {"bias_regularizer"}}},
      {Kind::Dropout, "dropout", "Dropout", {{"rate", true}}},
      {Kind::Conv1d,
       "conv1d",
       "Conv1D",
       {{"filters", true},
        {"kernel", true},
        {"strides"},
        {"padding", false, {}, {"valid", "same", "causal"}},
        {"dilation"},
        {"activation"},
        {"use_bias"},
        {"kernel_initializer"},
        {"bias_initializer"},
        {"kernel_regularizer"},
        {"bias_regularizer"}}},
      {Kind::MaxPool1d, "max_pool1d", "MaxPooling1D", {{"pool", true}, {"strides"}, {"padding", false, {}, {"valid", "same"}}}},
      {Kind::AveragePool1d,
       "average_pool1d",
       "AveragePooling1D",
       {{"pool", true}, {"strides"}, {"padding", false, {}, {"valid", "same"}}}},
      {Kind::GlobalMaxPool1d, "global_max_pool1d", "GlobalMaxPooling1D", {}},
      {Kind::GlobalAveragePool1d, "global_average_pool1d", "GlobalAveragePooling1D", {}},
      {Kind::Bidirectional, "bidirectional", "Bidirectional", {{"layer", true}, {"merge", false, {}, {"concat", "sum", "mul", "ave"}}}},
      {Kind::Activation, "activation", "Activation", {{"f", true}}},
      {Kind::Flatten, "flatten", "Flatten", {}},
      {Kind::Reverse, "reverse", "Reverse", {}},
  };
  return layers;
}

const BuiltinParameter *weft::frontend::findParameter(const std::vector<BuiltinParameter> &parameters,
                                                      std::string_view name) {
  for (const BuiltinParameter &parameter : parameters)
    if (parameter.name == name)
      return &parameter;
  for (const BuiltinParameter &parameter : parameters)
    if (parameter.keras == name || parameter.name == kerasArgument(name))
      return &parameter;
  return nullptr;
}

const BuiltinLayer *weft::frontend::findBuiltinLayer(std::string_view name) {
  for (const BuiltinLayer &layer : builtinLayers())
    if (layer.name == name)
      return &layer;
  return nullptr;
}

const std::vector<BuiltinParameter> &weft::frontend::recurrentParameters() {
  static const std::vector<BuiltinParameter> parameters = {
      {"return_sequences"}, {"go_backwards"}, {"dropout"}, {"recurrent_dropout"}};
  return parameters;
}

const std::vector<BuiltinParameter> &weft::frontend::optimizerParameters() {
  static const std::vector<BuiltinParameter> parameters = {
      {"weight_decay"}, {"clipnorm"}, {"clipvalue"}, {"global_clipnorm"}};
  return parameters;
}

namespace {
struct UnaryFunction {
  std::string_view name;
  Primitive primitive;
};
} // namespace

static constexpr std::array<UnaryFunction, 8> unaryFunctions = {{
    {"exp", Primitive::Exp},
    {"log", Primitive::Log},
    {"sqrt", Primitive::Sqrt},
    {"abs", Primitive::Abs},
    {"sign", Primitive::Sign},
    {"tanh", Primitive::Tanh},
    {"sigmoid", Primitive::Sigmoid},
    {"softplus", Primitive::Softplus},
}};

static constexpr std::array<std::string_view, 10> specialFunctions = {
    "split", "concat", "sum", "mean", "max", "maximum", "minimum", "where", "one_hot", "width"};

std::optional<Primitive> weft::frontend::findUnaryFunction(std::string_view name) {
  for (const UnaryFunction &function : unaryFunctions)
    if (function.name == name)
      return function.primitive;
  return std::nullopt;
}

double weft::frontend::evaluateUnary(Primitive primitive, double x) {
  switch (primitive) {
  case Primitive::Exp:
    return std::exp(x);
  case Primitive::Log:
    return std::log(x);
  case Primitive::Sqrt:
    return std::sqrt(x);
  case Primitive::Abs:
    return std::fabs(x);
  case Primitive::Sign:
    return (x > 0) - (x < 0);
  case Primitive::Tanh:
    return std::tanh(x);
  case Primitive::Sigmoid:
    return 1 / (1 + std::exp(-x));
  case Primitive::Softplus:
    return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
  case Primitive::Negate:
    return -x;
  default:
    return x;
  }
}

bool weft::frontend::isSpecialFunction(std::string_view name) {
  return std::find(specialFunctions.begin(), specialFunctions.end(), name) != specialFunctions.end();
}

static const std::vector<BuiltinInitializer> &initializers() {
  static const std::vector<BuiltinInitializer> table = {
      {"zeros", {}, {}},
      {"ones", {}, {}},
      {"constant", {"value"}, {0}},
      {"uniform", {"minimum", "maximum"}, {-0.05, 0.05}},
      {"normal", {"mean", "stddev"}, {0, 0.05}},
      {"truncated_normal", {"mean", "stddev"}, {0, 0.05}},
      {"glorot_uniform", {}, {}},
      {"glorot_normal", {}, {}},
      {"he_uniform", {}, {}},
      {"he_normal", {}, {}},
      {"lecun_uniform", {}, {}},
      {"lecun_normal", {}, {}},
      {"orthogonal", {"gain"}, {1}},
      {"identity", {"gain"}, {1}},
  };
  return table;
}

const BuiltinInitializer *weft::frontend::findInitializer(std::string_view name) {
  // Keras's names for two of them.
  if (name == "random_uniform")
    name = "uniform";
  if (name == "random_normal")
    name = "normal";
  for (const BuiltinInitializer &initializer : initializers())
    if (initializer.name == name)
      return &initializer;
  return nullptr;
}

std::vector<std::string> weft::frontend::builtinWords() {
  return {"valid", "same", "causal", "none", "mul", "ave", "pre", "post"};
}

bool weft::frontend::isWord(std::string_view name) {
  static const std::vector<std::string> words = builtinWords();
  return std::find(words.begin(), words.end(), name) != words.end();
}

bool weft::frontend::isFunctionAndWord(std::string_view name) { return name == "concat" || name == "sum"; }

std::vector<std::string> weft::frontend::builtinFunctionNames() {
  std::vector<std::string> names(specialFunctions.begin(), specialFunctions.end());
  for (const UnaryFunction &function : unaryFunctions)
    names.emplace_back(function.name);
  return names;
}

std::vector<std::string> weft::frontend::builtinInitializerNames() {
  std::vector<std::string> names;
  for (const BuiltinInitializer &initializer : initializers())
    names.push_back(initializer.name);
  return names;
}

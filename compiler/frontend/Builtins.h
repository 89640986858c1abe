//===- Builtins.h - What the language knows without a definition -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_BUILTINS_H
#define WEFT_COMPILER_FRONTEND_BUILTINS_H

#include "compiler/frontend/Program.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::frontend {

/// A parameter of a layer or an initialiser that C++ implements.
struct BuiltinParameter {
  std::string name;
  bool isRequired = false;
  std::string keras = {}; // another name, which Keras has for it here alone
  std::vector<std::string> words = {}; // what it may be, where it is one of a few words
};

/// The parameter of this name, or that Keras calls so; null where there is none.
const BuiltinParameter *findParameter(const std::vector<BuiltinParameter> &parameters, std::string_view name);

/// A layer that is one primitive with its weights.
struct BuiltinLayer {
  enum class Kind {
    Embedding,
    Dense,
    Dropout,
    Conv1d,
    MaxPool1d,
    AveragePool1d,
    GlobalMaxPool1d,
    GlobalAveragePool1d,
    Bidirectional,
    Activation,
    Flatten,
    Reverse
  };
  Kind kind;
  std::string name;
  std::string kerasType; // as a summary spells it
  std::vector<BuiltinParameter> parameters;
};

const std::vector<BuiltinLayer> &builtinLayers();
const BuiltinLayer *findBuiltinLayer(std::string_view name);

/// What every recurrent layer takes besides the parameters of its cell.
const std::vector<BuiltinParameter> &recurrentParameters();

/// What every optimizer takes besides its own parameters.
const std::vector<BuiltinParameter> &optimizerParameters();

/// exp, tanh, ...: the primitives with one operand that are spelled as a call.
std::optional<Primitive> findUnaryFunction(std::string_view name);
/// The primitive applied to a number at compile time.
double evaluateUnary(Primitive primitive, double x);

/// Functions with rules of their own: split, concat, sum, where, ...
bool isSpecialFunction(std::string_view name);

struct BuiltinInitializer {
  std::string name; // as #seq.init spells it
  std::vector<std::string> parameters;
  std::vector<double> defaults;
};
const BuiltinInitializer *findInitializer(std::string_view name);

/// Words that stand for themselves as arguments: valid, same, causal, none, mul, ave.
bool isWord(std::string_view name);
std::vector<std::string> builtinWords();

/// Functions whose names are words, too, where they stand alone as an argument: concat, sum.
bool isFunctionAndWord(std::string_view name);

/// Every name above, for suggestions.
std::vector<std::string> builtinFunctionNames();
std::vector<std::string> builtinInitializerNames();

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_BUILTINS_H

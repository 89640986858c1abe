//===- Value.h - What an expression is worth while a model is elaborated -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_VALUE_H
#define WEFT_COMPILER_FRONTEND_VALUE_H

#include "compiler/frontend/Ast.h"
#include "compiler/frontend/Builtins.h"
#include "compiler/frontend/Program.h"

#include <map>
#include <memory>

namespace weft::frontend {

struct Callee;

/// Compile-time values and the values of a function being built, told apart by
/// `kind`. A poison stands for an expression that was reported already.
struct Value {
  enum class Kind {
    Poison,
    Number,       // number
    Bool,         // number
    String,       // text
    Word,         // text: valid, same, causal, none
    Initializers, // initializers
    Function,     // callee: an activation, a loss, an optimizer, a regularizer, a primitive
    Layer,        // callee: a layer, with its arguments, before it is applied
    Tensor,       // index: a value of the function being built
    Weight,       // index: a weight of the program
    Tuple,        // elements
  };

  Kind kind = Kind::Poison;
  double number = 0;
  std::string text;
  std::vector<Initializer> initializers;
  std::shared_ptr<const Callee> callee;
  int index = -1;
  std::vector<Value> elements;

  bool is(Kind other) const { return kind == other; }
  bool isPoison() const { return kind == Kind::Poison; }
  static Value ofNumber(double number);
  static Value ofBool(bool value);
  static Value ofText(Kind kind, std::string text);
  static Value ofTensor(ValueId id);
  static Value ofWeight(int index);
  static Value ofTuple(std::vector<Value> elements);
};

/// "the number 3", "a layer": for `got:`.
std::string describe(const Value &value);

struct BoundArgument {
  Value value;
  SourceRange range;
};
using BoundArguments = std::map<std::string, BoundArgument>;

/// Something that can be applied, with the arguments that are known so far. One
/// of the three pointers says what.
struct Callee {
  const ast::Definition *definition = nullptr;
  const BuiltinLayer *layer = nullptr;
  std::optional<Primitive> primitive;
  std::string name;
  BoundArguments arguments;
  SourceRange range;
};

/// Whether a parameter of the definition has this name.
bool declares(const ast::Definition &definition, std::string_view name);

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_VALUE_H

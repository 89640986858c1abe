//===- Ast.h - The parsed file -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_AST_H
#define WEFT_COMPILER_FRONTEND_AST_H

#include "compiler/frontend/Source.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::frontend::ast {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

/// `value` or `name = value` in the brackets of a call.
struct Argument {
  std::string name; // empty for one that is told by its place
  SourceRange nameRange;
  ExprPtr value;
};

struct Expr {
  enum class Kind {
    Number, // number
    String, // name
    Bool,   // number
    Name,   // name
    Primed, // name': the state after this step
    List,   // operands
    Unary,  // name is the operator
    Binary, // name is the operator
    Call,   // operands[0] (arguments)
    Index,  // operands[0] [operands[1]]
    Pipe,   // operands[0] |> operands[1]
  };

  Expr(Kind kind, SourceRange range) : kind(kind), range(range) {}

  Kind kind;
  SourceRange range;
  std::string name;
  double number = 0;
  std::vector<ExprPtr> operands;
  std::vector<Argument> arguments;
  int depth = 1; // of the tree below, bounded by the parser
};

/// A name on the left of `=`.
struct Target {
  std::string name;
  bool isPrimed = false;
  SourceRange range;
};

struct Statement {
  enum class Kind {
    Input,  // input targets[0]: element[dims] of value
    Output, // output targets[0] = value
    Weight, // weight targets[0] [dims] = value with regularizer
    State,  // state targets[0][dims] = value
    Assign, // targets = value
    If,     // if value { body } else { otherwise }
    Return, // return value
  };

  Statement(Kind kind, SourceRange range) : kind(kind), range(range) {}

  Kind kind;
  SourceRange range;
  std::vector<Target> targets;
  std::string element; // of an input: tokens or features
  SourceRange elementRange;
  std::vector<ExprPtr> dims;
  ExprPtr value;
  ExprPtr regularizer; // of a weight
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
};

struct Parameter {
  std::string name;
  SourceRange range;
  std::string element; // of a label: `tokens`, numbers of classes, or `one_hot`, a value for each class
  /// `[least, most]`: what the values of a label may be.
  std::optional<std::pair<double, double>> bounds;
  ExprPtr value; // the default; null without one
};

enum class DefinitionKind { Model, Train, Cell, Layer, Activation, Loss, Optimizer, Regularizer };
const char *spell(DefinitionKind kind);

/// `= expression` is kept as a body that returns the expression.
struct Definition {
  DefinitionKind kind = DefinitionKind::Model;
  std::string name;
  SourceRange nameRange;
  SourceRange range; // the keyword and the name
  std::vector<Parameter> parameters;
  std::string shownAs; // `named "LSTM"`: how a summary spells it
  std::vector<Statement> body;
  /// Something in it could not be parsed: nothing is said to be missing then, and
  /// `lost` are the names that the unread statements would have given.
  bool isBroken = false;
  std::vector<Target> lost;
};

struct Import {
  std::string path;
  SourceRange range;
};

struct File {
  std::vector<Import> imports;
  std::vector<std::unique_ptr<Definition>> definitions;
};

/// The tree as text, one node a line with its place.
std::string dump(const File &file, const SourceManager &sources);
/// An expression as it could have been written.
std::string print(const Expr &expression);

} // namespace weft::frontend::ast

#endif // WEFT_COMPILER_FRONTEND_AST_H

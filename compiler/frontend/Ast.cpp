//===- Ast.cpp - The parsed file as text -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Ast.h"

#include <fmt/format.h>

using namespace weft::frontend;
using namespace weft::frontend::ast;

const char *ast::spell(DefinitionKind kind) {
  static const char *const names[] = {"model", "train", "cell", "layer", "activation", "loss", "optimizer",
                                      "regularizer"};
  return names[static_cast<int>(kind)];
}

static std::string printList(const std::vector<ExprPtr> &list) {
  std::string out;
  for (const ExprPtr &element : list)
    out += (out.empty() ? "" : ", ") + print(*element);
  return out;
}

std::string ast::print(const Expr &e) {
  switch (e.kind) {
  case Expr::Kind::Number:
    return fmt::format("{}", e.number);
  case Expr::Kind::String:
    return "\"" + e.name + "\"";
  case Expr::Kind::Bool:
    return e.number != 0 ? "true" : "false";
  case Expr::Kind::Name:
    return e.name;
  case Expr::Kind::Primed:
    return e.name + "'";
  case Expr::Kind::List:
    return "[" + printList(e.operands) + "]";
  case Expr::Kind::Unary:
    return fmt::format("({}{}{})", e.name, e.name == "not" ? " " : "", print(*e.operands[0]));
  case Expr::Kind::Binary:
    return fmt::format("({} {} {})", print(*e.operands[0]), e.name, print(*e.operands[1]));
  case Expr::Kind::Index:
    return fmt::format("{}[{}]", print(*e.operands[0]), print(*e.operands[1]));
  case Expr::Kind::Pipe:
    return fmt::format("({} |> {})", print(*e.operands[0]), print(*e.operands[1]));
  case Expr::Kind::Call: {
    std::string arguments;
    for (const Argument &argument : e.arguments)
      arguments += fmt::format("{}{}{}", arguments.empty() ? "" : ", ",
                               argument.name.empty() ? "" : argument.name + " = ", print(*argument.value));
    return fmt::format("{}({})", print(*e.operands[0]), arguments);
  }
  }
  return "";
}

namespace {
class Dumper {
public:
  explicit Dumper(const SourceManager &sources) : sources(sources) {}

  void file(const File &file) {
    for (const Import &import : file.imports)
      line(0, "import \"" + import.path + "\"", import.range);
    for (const auto &definition : file.definitions)
      this->definition(*definition);
  }

  std::string out;

private:
  void line(int indent, const std::string &text, SourceRange range) {
    Position at = sources.position(range.file, range.begin);
    out += fmt::format("{}{}  <{}:{}>\n", std::string(2 * indent, ' '), text, at.line, at.column);
  }

  void definition(const Definition &definition) {
    line(0,
         fmt::format("{}{}{}{}", spell(definition.kind), definition.name.empty() ? "" : " ", definition.name,
                     definition.shownAs.empty() ? "" : " named \"" + definition.shownAs + "\""),
         definition.range);
    for (const Parameter &parameter : definition.parameters)
      line(1,
           fmt::format("parameter {}{}{}{}", parameter.name,
                       parameter.element.empty() ? "" : ": " + parameter.element,
                       parameter.bounds ? fmt::format(": [{}, {}]", parameter.bounds->first, parameter.bounds->second)
                                        : "",
                       parameter.value ? " = " + print(*parameter.value) : ""),
           parameter.range);
    for (const Statement &statement : definition.body)
      this->statement(1, statement);
  }

  void statement(int indent, const Statement &statement) {
    std::string targets;
    for (const Target &target : statement.targets)
      targets += (targets.empty() ? "" : ", ") + target.name + (target.isPrimed ? "'" : "");
    std::string dims = statement.dims.empty() ? "" : "[" + printList(statement.dims) + "]";
    switch (statement.kind) {
    case Statement::Kind::Input:
      line(indent,
           fmt::format("input {}: {}{}{}", targets, statement.element, dims,
                       statement.value ? " of " + print(*statement.value) : ""),
           statement.range);
      return;
    case Statement::Kind::If:
      line(indent, "if " + print(*statement.value), statement.range);
      for (const Statement &inner : statement.body)
        this->statement(indent + 1, inner);
      if (!statement.otherwise.empty())
        line(indent, "else", statement.otherwise.front().range);
      for (const Statement &inner : statement.otherwise)
        this->statement(indent + 1, inner);
      return;
    case Statement::Kind::Weight:
    case Statement::Kind::State:
      line(indent,
           fmt::format("{} {}{}{}{}", statement.kind == Statement::Kind::Weight ? "weight" : "state", targets,
                       dims, statement.value ? " = " + print(*statement.value) : "",
                       statement.regularizer ? " with " + print(*statement.regularizer) : ""),
           statement.range);
      return;
    case Statement::Kind::Output:
      line(indent, "output " + targets, statement.range);
      break;
    case Statement::Kind::Assign:
      line(indent, "let " + targets, statement.range);
      break;
    case Statement::Kind::Return:
      line(indent, "return", statement.range);
      break;
    }
    expression(indent + 1, *statement.value);
  }

  /// Small expressions on one line, pipelines and calls as a tree.
  void expression(int indent, const Expr &e) {
    if (e.kind != Expr::Kind::Pipe) {
      line(indent, print(e), e.range);
      return;
    }
    line(indent, "apply", e.range);
    for (const ExprPtr &operand : e.operands)
      expression(indent + 1, *operand);
  }

  const SourceManager &sources;
};
} // namespace

std::string ast::dump(const File &file, const SourceManager &sources) {
  Dumper dumper(sources);
  dumper.file(file);
  return dumper.out;
}

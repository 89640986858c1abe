//===- ParseExpression.cpp - Expressions -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Parser.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

using namespace weft::frontend;
using namespace weft::frontend::ast;

/// Deeper nesting than this is refused, so that no text exhausts the stack.
static constexpr int deepest = 400;

bool Parser::tooDeep(SourceRange range, int depth) {
  if (depth <= deepest)
    return false;
  report("W0008", range, fmt::format("this is nested more than {} levels deep", deepest))
      .help("name a part of it on a line of its own");
  return true;
}

ExprPtr Parser::combine(Expr::Kind kind, const Token *op, ExprPtr lhs, ExprPtr rhs) {
  if (!lhs || !rhs)
    return nullptr;
  auto result = std::make_unique<Expr>(kind, lhs->range.to(rhs->range));
  if (op)
    result->name = op->text;
  result->depth = std::max(lhs->depth, rhs->depth) + 1;
  if (tooDeep(result->range, result->depth))
    return nullptr;
  result->operands.push_back(std::move(lhs));
  result->operands.push_back(std::move(rhs));
  return result;
}

/// expression ::= binary (`|>` binary)*
/// A line that starts with `|>` goes on with the expression before it.
ExprPtr Parser::parseExpression() {
  if (tooDeep(peek().range, ++nesting)) {
    --nesting;
    return nullptr;
  }
  ExprPtr value = parseBinary(0);
  while (value) {
    size_t before = position;
    skipNewlines();
    if (!peek().isSymbol("|>")) {
      position = before;
      break;
    }
    consume();
    skipNewlines();
    value = combine(Expr::Kind::Pipe, nullptr, std::move(value), parseBinary(0));
  }
  --nesting;
  return value;
}

namespace {
struct Level {
  std::vector<std::string_view> operators;
};
} // namespace

/// `not` stands in front of a comparison.
static constexpr int comparisonLevel = 2;

static const std::array<Level, 5> levels = {{
    {{"or"}},
    {{"and"}},
    {{"==", "!=", "<", "<=", ">", ">="}},
    {{"+", "-"}},
    {{"*", "/", "@"}},
}};

/// binary ::= unary (operator unary)*, by the levels above; all of them bind to the left.
/// comparison ::= `not` comparison | ...
ExprPtr Parser::parseBinary(int level) {
  if (level == static_cast<int>(levels.size()))
    return parseUnary();
  if (level == comparisonLevel && peek().isWord("not"))
    return parsePrefix(level);
  ExprPtr value = parseBinary(level + 1);
  while (value) {
    const Token &token = peek();
    const auto &operators = levels[level].operators;
    bool isOperator = (token.kind == TokenKind::Symbol || token.kind == TokenKind::Identifier) &&
                      std::find(operators.begin(), operators.end(), token.text) != operators.end();
    if (!isOperator)
      break;
    Token op = consume();
    skipNewlines();
    value = combine(Expr::Kind::Binary, &op, std::move(value), parseBinary(level + 1));
  }
  return value;
}

/// unary ::= (`-` | `+`) unary | power
ExprPtr Parser::parseUnary() {
  const Token &token = peek();
  if (!token.isSymbol("-") && !token.isSymbol("+"))
    return parsePower();
  return parsePrefix(static_cast<int>(levels.size()));
}

/// An operator in front of an operand of its own level.
ExprPtr Parser::parsePrefix(int level) {
  Token op = consume();
  bool fits = !tooDeep(op.range, ++nesting);
  ExprPtr operand = fits ? parseBinary(level) : nullptr;
  --nesting;
  if (!operand)
    return nullptr;
  auto result = std::make_unique<Expr>(Expr::Kind::Unary, op.range.to(operand->range));
  result->name = op.text;
  result->depth = operand->depth + 1;
  result->operands.push_back(std::move(operand));
  return result;
}

/// power ::= postfix [`^` unary]: binds to the right and tighter than a minus before it.
ExprPtr Parser::parsePower() {
  ExprPtr base = parsePostfix();
  if (!base || !peek().isSymbol("^"))
    return base;
  Token op = consume();
  skipNewlines();
  bool fits = !tooDeep(op.range, ++nesting);
  ExprPtr exponent = fits ? parseUnary() : nullptr;
  --nesting;
  return combine(Expr::Kind::Binary, &op, std::move(base), std::move(exponent));
}

/// postfix ::= primary (`(` arguments `)` | `[` expression `]`)*
ExprPtr Parser::parsePostfix() {
  ExprPtr value = parsePrimary();
  while (value) {
    if (value->kind == Expr::Kind::Name && peek().isSymbol("(")) {
      auto call = std::make_unique<Expr>(Expr::Kind::Call, value->range);
      call->operands.push_back(std::move(value));
      if (!parseArguments(call->arguments))
        return nullptr;
      call->range.end = tokens[position - 1].range.end;
      for (const Argument &argument : call->arguments)
        call->depth = std::max(call->depth, argument.value->depth + 1);
      value = std::move(call);
    } else if (peek().isSymbol("[")) {
      brackets.push_back(consume().range);
      ExprPtr index = parseExpression();
      if (!index || !expect("]", "after the index"))
        return nullptr;
      brackets.pop_back();
      value = combine(Expr::Kind::Index, nullptr, std::move(value), std::move(index));
      if (value)
        value->range.end = tokens[position - 1].range.end;
    } else {
      break;
    }
  }
  return value;
}

/// [element (`,` element)*] `)`, from the bracket that opens it on.
bool Parser::parseElements(const std::function<bool()> &parseElement) {
  brackets.push_back(consume().range);
  while (!peek().isSymbol(")")) {
    if (!parseElement())
      return false;
    if (!accept(",") && !peek().isSymbol(")")) {
      unexpected("`,` or `)`");
      return false;
    }
  }
  consume();
  brackets.pop_back();
  return true;
}

/// arguments ::= [argument (`,` argument)*], argument ::= [name `=`] expression
bool Parser::parseArguments(std::vector<Argument> &arguments) {
  return parseElements([&] {
    Argument argument;
    if (peek().kind == TokenKind::Identifier && peekSecond().isSymbol("=")) {
      const Token &name = consume();
      argument.name = name.text;
      argument.nameRange = name.range;
      consume();
    }
    argument.value = parseExpression();
    if (!argument.value)
      return false;
    arguments.push_back(std::move(argument));
    return true;
  });
}

/// primary ::= number | string | name [`'`] | `(` expression `)` | `[` expressions `]`
ExprPtr Parser::parsePrimary() {
  const Token &token = peek();
  switch (token.kind) {
  case TokenKind::Number: {
    auto value = std::make_unique<Expr>(Expr::Kind::Number, token.range);
    value->number = consume().number;
    return value;
  }
  case TokenKind::String: {
    auto value = std::make_unique<Expr>(Expr::Kind::String, token.range);
    value->name = consume().text;
    return value;
  }
  case TokenKind::Identifier: {
    static const std::array<std::string_view, 7> reserved = {"if", "else", "return", "and",
                                                             "or", "not",  "import"};
    if (std::find(reserved.begin(), reserved.end(), token.text) != reserved.end())
      break;
    bool isBool = token.text == "true" || token.text == "false";
    auto value = std::make_unique<Expr>(isBool ? Expr::Kind::Bool : Expr::Kind::Name, token.range);
    value->name = token.text;
    value->number = token.text == "true";
    consume();
    if (!isBool && peek().isSymbol("'") && !peek().spaceBefore) {
      value->kind = Expr::Kind::Primed;
      value->range = value->range.to(consume().range);
    }
    return value;
  }
  default:
    break;
  }
  if (token.isSymbol("(")) {
    SourceRange open = consume().range;
    brackets.push_back(open);
    ExprPtr value = parseExpression();
    if (!value || !expect(")", "after the expression"))
      return nullptr;
    brackets.pop_back();
    value->range = open.to(tokens[position - 1].range);
    return value;
  }
  if (token.isSymbol("[")) {
    auto list = std::make_unique<Expr>(Expr::Kind::List, consume().range);
    brackets.push_back(list->range);
    while (!peek().isSymbol("]")) {
      ExprPtr element = parseExpression();
      if (!element)
        return nullptr;
      list->depth = std::max(list->depth, element->depth + 1);
      list->operands.push_back(std::move(element));
      if (!accept(",") && !peek().isSymbol("]")) {
        unexpected("`,` or `]`");
        return nullptr;
      }
    }
    consume();
    brackets.pop_back();
    list->range.end = tokens[position - 1].range.end;
    return list;
  }
  unexpected("a value");
  return nullptr;
}

ExprPtr Parser::parseLoneExpression() {
  skipNewlines();
  ExprPtr value = parseExpression();
  skipNewlines();
  if (value && peek().kind != TokenKind::End) {
    unexpected("one value and nothing behind it");
    return nullptr;
  }
  return value;
}

//===- Parser.h - Tokens to a tree -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_PARSER_H
#define WEFT_COMPILER_FRONTEND_PARSER_H

#include "compiler/frontend/Ast.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Lexer.h"

#include <functional>

namespace weft::frontend {

/// A recursive-descent parser. After an error it goes on at the next statement,
/// so that one run reports all errors of a file. The rule of the grammar stands
/// above each function; LANGUAGE.md explains them.
class Parser {
public:
  Parser(const SourceManager &sources, int file, DiagnosticEngine &diagnostics);

  ast::File parseFile();
  /// An expression and nothing else (a value given with --set); null on error.
  ast::ExprPtr parseLoneExpression();

private:
  // Tokens. Inside round and square brackets ends of lines mean nothing.
  const Token &peek();
  const Token &peekSecond();
  const Token &consume();
  bool accept(std::string_view symbol);
  bool expect(std::string_view symbol, std::string_view where);
  bool expectName(std::string_view what, Token &name);
  void skipNewlines();
  bool atStatementEnd();
  void recover();
  void unexpected(std::string expected);
  Diagnostic &report(std::string_view code, SourceRange range, std::string message);

  // Definitions
  std::unique_ptr<ast::Definition> parseDefinition();
  bool parseParameters(ast::Definition &definition);
  bool parseBounds(const ast::Definition &definition, ast::Parameter &parameter, bool isLabel);
  bool parseBlock(std::vector<ast::Statement> &body, bool isTrain);
  bool atDefinition();

  // Statements
  bool parseStatement(std::vector<ast::Statement> &body, bool isTrain);
  bool parseOutput(std::vector<ast::Statement> &body);
  bool lose(const std::vector<ast::Target> &targets);
  bool parseInput(std::vector<ast::Statement> &body);
  bool parseWeight(std::vector<ast::Statement> &body);
  bool parseStates(std::vector<ast::Statement> &body);
  bool parseIf(std::vector<ast::Statement> &body, bool isTrain);
  bool parseAssign(std::vector<ast::Statement> &body, bool isTrain);
  bool parseTarget(ast::Target &target);
  bool parseDims(std::vector<ast::ExprPtr> &dims);
  ast::ExprPtr parseRawSetting();

  // Expressions, from the loosest operator to the tightest
  ast::ExprPtr parseExpression();
  ast::ExprPtr parseBinary(int level);
  ast::ExprPtr parseUnary();
  ast::ExprPtr parsePrefix(int level);
  ast::ExprPtr parsePower();
  ast::ExprPtr parsePostfix();
  ast::ExprPtr parsePrimary();
  bool parseElements(const std::function<bool()> &parseElement);
  bool parseArguments(std::vector<ast::Argument> &arguments);
  ast::ExprPtr combine(ast::Expr::Kind kind, const Token *op, ast::ExprPtr lhs, ast::ExprPtr rhs);
  bool tooDeep(SourceRange range, int depth);

  const SourceManager &sources;
  DiagnosticEngine &diagnostics;
  int file;
  std::vector<Token> tokens;
  size_t position = 0;
  ast::Definition *current = nullptr; // the definition whose body is read
  std::vector<SourceRange> brackets;  // the open ones: ( and [
  int nesting = 0;
  size_t reportedAt = SIZE_MAX; // one error a place
};

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_PARSER_H

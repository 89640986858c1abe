//===- Parser.cpp - Definitions and statements -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Parser.h"

#include "compiler/frontend/Suggest.h"

#include <fmt/format.h>

using namespace weft::frontend;
using namespace weft::frontend::ast;

static const std::vector<std::string> definitionWords = {"model",      "train", "cell",     "layer",
                                                         "activation", "loss",  "optimizer", "regularizer"};

Parser::Parser(const SourceManager &sources, int file, DiagnosticEngine &diagnostics)
    : sources(sources), diagnostics(diagnostics), file(file), tokens(tokenize(sources, file)) {}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

const Token &Parser::peek() {
  if (!brackets.empty())
    skipNewlines();
  return tokens[position];
}

const Token &Parser::peekSecond() {
  peek();
  size_t next = position + 1;
  while (!brackets.empty() && next < tokens.size() && tokens[next].kind == TokenKind::Newline)
    ++next;
  return tokens[std::min(next, tokens.size() - 1)];
}

const Token &Parser::consume() {
  const Token &token = peek();
  if (token.kind != TokenKind::End)
    ++position;
  return token;
}

void Parser::skipNewlines() {
  while (tokens[position].kind == TokenKind::Newline)
    ++position;
}

bool Parser::accept(std::string_view symbol) {
  if (!peek().isSymbol(symbol))
    return false;
  consume();
  return true;
}

Diagnostic &Parser::report(std::string_view code, SourceRange range, std::string message) {
  reportedAt = position;
  return diagnostics.error(code, range, std::move(message));
}

/// Says that the next token is none that may stand here.
void Parser::unexpected(std::string expected) {
  const Token &token = peek();
  if (reportedAt == position)
    return;
  if (token.kind == TokenKind::Wrong) {
    report(token.code, token.range, token.text);
    return;
  }
  std::string got;
  switch (token.kind) {
  case TokenKind::End:
    got = "the end of the file";
    break;
  case TokenKind::Newline:
    got = "the end of the line";
    break;
  case TokenKind::String:
    got = "the string \"" + token.text + "\"";
    break;
  default:
    got = "`" + token.text + "`";
  }
  Diagnostic &diagnostic = report("W0005", token.range, got + " cannot stand here");
  diagnostic.expected(std::move(expected)).got(got);
  if (!brackets.empty())
    diagnostic.note(brackets.back(), "inside this bracket, which is still open");
}

bool Parser::expect(std::string_view symbol, std::string_view where) {
  if (accept(symbol))
    return true;
  unexpected(fmt::format("`{}` {}", symbol, where));
  return false;
}

bool Parser::expectName(std::string_view what, Token &name) {
  if (peek().kind != TokenKind::Identifier) {
    unexpected(std::string(what));
    return false;
  }
  name = consume();
  return true;
}

bool Parser::atStatementEnd() {
  const Token &token = peek();
  return token.kind == TokenKind::Newline || token.kind == TokenKind::End || token.isSymbol("}");
}

/// Skips the rest of a statement, with blocks that open in it.
void Parser::recover() {
  brackets.clear();
  int depth = 0;
  for (;; ++position) {
    const Token &token = tokens[position];
    if (token.kind == TokenKind::End)
      return;
    if (token.isSymbol("{"))
      ++depth;
    if (depth == 0 && (token.kind == TokenKind::Newline || token.isSymbol("}")))
      return;
    if (token.isSymbol("}"))
      --depth;
  }
}

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

/// Whether a definition starts here: inside a block, a sign that its `}` is missing.
bool Parser::atDefinition() {
  const Token &word = peek();
  if (word.kind != TokenKind::Identifier)
    return false;
  if (word.text == "train")
    return peekSecond().isSymbol("{");
  for (const std::string &known : definitionWords)
    if (word.text == known)
      return peekSecond().kind == TokenKind::Identifier;
  return false;
}

/// file ::= (`import` string | definition)*
File Parser::parseFile() {
  File result;
  for (;;) {
    skipNewlines();
    const Token &token = peek();
    if (token.kind == TokenKind::End)
      return result;
    if (token.isWord("import")) {
      SourceRange start = consume().range;
      if (peek().kind != TokenKind::String) {
        unexpected("the path of a file in quotes");
        recover();
        continue;
      }
      const Token &path = consume();
      result.imports.push_back({path.text, start.to(path.range)});
      if (!atStatementEnd()) {
        unexpected("the end of the line");
        recover();
      }
      continue;
    }
    bool known = false;
    for (const std::string &word : definitionWords)
      known |= token.isWord(word);
    if (known) {
      if (auto definition = parseDefinition())
        result.definitions.push_back(std::move(definition));
      brackets.clear();
      if (peek().kind != TokenKind::Newline && peek().kind != TokenKind::End && !atDefinition()) {
        unexpected("the end of the line");
        recover();
      }
      if (tokens[position].isSymbol("}"))
        ++position;
      continue;
    }
    if (token.kind == TokenKind::Identifier) {
      report("W0007", token.range, fmt::format("`{}` does not start a definition", token.text))
          .expected("model, train, cell, layer, activation, loss, optimizer, regularizer or import")
          .got(token.text)
          .help(didYouMean(token.text, definitionWords));
    } else {
      unexpected("model, train, cell, layer, activation, loss, optimizer, regularizer or import");
    }
    recover();
    if (tokens[position].isSymbol("}"))
      ++position;
  }
}

/// definition ::= `train` block | kind name [parameters] [`named` string] (block | `=` expression)
std::unique_ptr<Definition> Parser::parseDefinition() {
  auto definition = std::make_unique<Definition>();
  const Token &word = consume();
  for (size_t i = 0; i < definitionWords.size(); ++i)
    if (word.text == definitionWords[i])
      definition->kind = static_cast<DefinitionKind>(i);
  definition->range = definition->nameRange = word.range;
  bool isTrain = definition->kind == DefinitionKind::Train;
  if (!isTrain) {
    Token name;
    if (!expectName(fmt::format("the name of the {}", word.text), name)) {
      recover();
      return nullptr;
    }
    definition->name = name.text;
    definition->nameRange = name.range;
    definition->range = definition->range.to(name.range);
    if (peek().isSymbol("(") && !parseParameters(*definition)) {
      recover();
      return nullptr;
    }
    if (peek().isWord("named")) {
      consume();
      if (peek().kind != TokenKind::String) {
        unexpected("how a summary spells it, in quotes");
        recover();
        return nullptr;
      }
      definition->shownAs = consume().text;
    }
  }
  bool isFunction = definition->kind == DefinitionKind::Activation || definition->kind == DefinitionKind::Loss ||
                    definition->kind == DefinitionKind::Layer || definition->kind == DefinitionKind::Regularizer;
  if (isFunction && accept("=")) {
    skipNewlines();
    Statement result(Statement::Kind::Return, peek().range);
    result.value = parseExpression();
    if (!result.value) {
      recover();
      return nullptr;
    }
    result.range = result.value->range;
    definition->body.push_back(std::move(result));
    return definition;
  }
  if (!peek().isSymbol("{")) {
    unexpected(isFunction ? "`=` and an expression, or `{`" : "`{`");
    recover();
    return nullptr;
  }
  current = definition.get();
  if (!parseBlock(definition->body, isTrain)) {
    definition->isBroken = true;
    recover();
  }
  current = nullptr;
  return definition;
}

/// bounds ::= `[` [`-`] number `,` [`-`] number `]`
bool Parser::parseBounds(const Definition &definition, Parameter &parameter, bool isLabel) {
  ExprPtr list = parsePrimary();
  if (!list)
    return false;
  std::vector<double> numbers;
  for (const ExprPtr &element : list->operands) {
    bool isNegative = element->kind == Expr::Kind::Unary && element->name == "-";
    const Expr &number = isNegative ? *element->operands.front() : *element;
    if (number.kind == Expr::Kind::Number)
      numbers.push_back(isNegative ? -number.number : number.number);
  }
  if (definition.kind != DefinitionKind::Loss || !isLabel)
    report("W0005", list->range, "bounds cannot stand here")
        .expected("bounds of the label, which is the second parameter of a loss");
  else if (list->operands.size() != 2 || numbers.size() != 2 || !(numbers[0] < numbers[1]))
    report("W0005", list->range, "these are no bounds of a label")
        .expected("two numbers, the least and the most it may be: `y: [0, 1]`");
  else
    parameter.bounds = {numbers[0], numbers[1]};
  return true;
}

/// parameters ::= `(` [name [`:` (`tokens` | `one_hot` | bounds)] [`=` expression] (`,` ...)*] `)`
bool Parser::parseParameters(Definition &definition) {
  std::vector<Parameter> &parameters = definition.parameters;
  return parseElements([&] {
    Parameter parameter;
    Token name;
    if (!expectName("the name of a parameter or `)`", name))
      return false;
    parameter.name = name.text;
    parameter.range = name.range;
    bool isTyped = accept(":");
    if (isTyped && peek().isSymbol("[")) {
      if (!parseBounds(definition, parameter, /*isLabel=*/parameters.size() == 1))
        return false;
    } else if (isTyped) {
      Token element;
      if (!expectName("`tokens`, `one_hot` or bounds", element))
        return false;
      parameter.element = element.text;
      if (element.text != "tokens" && element.text != "one_hot")
        report("W0005", element.range, fmt::format("`{}` cannot stand here", element.text))
            .expected("`tokens` for a label of class numbers, `one_hot` for one with a value for each class, or bounds "
                      "such as `[0, 1]`; other parameters take numbers and need no word");
    }
    if (accept("=")) {
      parameter.value = parseExpression();
      if (!parameter.value)
        return false;
    }
    parameters.push_back(std::move(parameter));
    return true;
  });
}

/// block ::= `{` statement* `}`
bool Parser::parseBlock(std::vector<Statement> &body, bool isTrain) {
  SourceRange open = peek().range;
  if (!expect("{", "and the statements of the block"))
    return false;
  if (tooDeep(open, ++nesting)) {
    --nesting;
    return false;
  }
  for (;;) {
    skipNewlines();
    if (accept("}"))
      break;
    if (peek().kind == TokenKind::End || atDefinition()) {
      report("W0006", open, "this block is never closed")
          .expected("a `}` before " + (peek().kind == TokenKind::End ? std::string("the end of the file")
                                                                     : "`" + peek().text + "`"));
      break;
    }
    if (!parseStatement(body, isTrain)) {
      current->isBroken = true;
      recover();
    } else if (!atStatementEnd()) {
      unexpected("the end of the line");
      recover();
    }
  }
  --nesting;
  return true;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

/// statement ::= input | output | weight | state | if | return | assign
bool Parser::parseStatement(std::vector<Statement> &body, bool isTrain) {
  const Token &word = peek();
  bool declares = peekSecond().kind == TokenKind::Identifier;
  if (word.isWord("if"))
    return parseIf(body, isTrain);
  if (word.isWord("return")) {
    Statement statement(Statement::Kind::Return, consume().range);
    statement.value = parseExpression();
    if (!statement.value)
      return false;
    statement.range = statement.range.to(statement.value->range);
    body.push_back(std::move(statement));
    return true;
  }
  if (declares && word.isWord("input"))
    return parseInput(body);
  if (declares && word.isWord("weight"))
    return parseWeight(body);
  if (declares && word.isWord("state"))
    return parseStates(body);
  if (declares && word.isWord("output"))
    return parseOutput(body);
  return parseAssign(body, isTrain);
}

/// Remembers names of a statement that cannot be read; always false.
bool Parser::lose(const std::vector<Target> &targets) {
  current->lost.insert(current->lost.end(), targets.begin(), targets.end());
  return false;
}

/// output ::= `output` name `=` expression
bool Parser::parseOutput(std::vector<Statement> &body) {
  SourceRange start = consume().range;
  Token name = consume();
  Statement statement(Statement::Kind::Output, start.to(name.range));
  statement.targets.push_back({name.text, false, name.range});
  if (!expect("=", "and the value of the output") || !(statement.value = parseExpression()))
    return lose(statement.targets);
  body.push_back(std::move(statement));
  return true;
}

/// input ::= `input` name `:` (`tokens` | `features`) dims [`of` expression]
bool Parser::parseInput(std::vector<Statement> &body) {
  SourceRange start = consume().range;
  Token name = consume(), element;
  Statement statement(Statement::Kind::Input, start.to(name.range));
  statement.targets.push_back({name.text, false, name.range});
  if (!expect(":", "and what the input is") || !expectName("`tokens` or `features`", element))
    return lose(statement.targets);
  statement.element = element.text;
  statement.elementRange = element.range;
  if (element.text != "tokens" && element.text != "features") {
    --position;
    unexpected("`tokens[length] of vocabulary`, `features[length, width]` or `features[width]`");
    return lose(statement.targets);
  }
  if (!parseDims(statement.dims))
    return lose(statement.targets);
  if (peek().isWord("of")) {
    consume();
    if (!(statement.value = parseExpression()))
      return lose(statement.targets);
  } else if (element.text == "tokens") {
    unexpected("`of` and the number of different ids");
    return lose(statement.targets);
  }
  body.push_back(std::move(statement));
  return true;
}

/// dims ::= `[` expression (`,` expression)* `]`
bool Parser::parseDims(std::vector<ExprPtr> &dims) {
  if (!peek().isSymbol("[")) {
    unexpected("`[` and a shape");
    return false;
  }
  brackets.push_back(consume().range);
  do {
    ExprPtr extent = parseExpression();
    if (!extent)
      return false;
    dims.push_back(std::move(extent));
  } while (accept(","));
  if (!expect("]", "or `,` and another extent"))
    return false;
  brackets.pop_back();
  return true;
}

/// weight ::= `weight` name dims [`=` expression] [`with` expression]
bool Parser::parseWeight(std::vector<Statement> &body) {
  SourceRange start = consume().range;
  Token name = consume();
  Statement statement(Statement::Kind::Weight, start.to(name.range));
  statement.targets.push_back({name.text, false, name.range});
  if (!parseDims(statement.dims))
    return lose(statement.targets);
  if (accept("=") && !(statement.value = parseExpression()))
    return lose(statement.targets);
  if (peek().isWord("with")) {
    consume();
    if (!(statement.regularizer = parseExpression()))
      return lose(statement.targets);
  }
  body.push_back(std::move(statement));
  return true;
}

/// state ::= `state` name [dims] [`=` expression] (`,` name ...)*
bool Parser::parseStates(std::vector<Statement> &body) {
  consume();
  do {
    Token name;
    if (!expectName("the name of a state", name))
      return false;
    Statement statement(Statement::Kind::State, name.range);
    statement.targets.push_back({name.text, false, name.range});
    if (peek().isSymbol("[") && !parseDims(statement.dims))
      return lose(statement.targets);
    if (accept("=") && !(statement.value = parseExpression()))
      return lose(statement.targets);
    body.push_back(std::move(statement));
  } while (accept(","));
  return true;
}

/// if ::= `if` expression block [`else` (if | block)]
bool Parser::parseIf(std::vector<Statement> &body, bool isTrain) {
  Statement statement(Statement::Kind::If, consume().range);
  if (!(statement.value = parseExpression()) || !parseBlock(statement.body, isTrain))
    return false;
  size_t after = position;
  skipNewlines();
  if (!peek().isWord("else")) {
    position = after;
  } else {
    consume();
    if (!peek().isWord("if")) {
      if (!parseBlock(statement.otherwise, isTrain))
        return false;
    } else {
      bool fits = !tooDeep(peek().range, ++nesting) && parseIf(statement.otherwise, isTrain);
      --nesting;
      if (!fits)
        return false;
    }
  }
  body.push_back(std::move(statement));
  return true;
}

bool Parser::parseTarget(Target &target) {
  Token name;
  if (!expectName("a name", name))
    return false;
  target = {name.text, false, name.range};
  if (peek().isSymbol("'") && !peek().spaceBefore) {
    target.isPrimed = true;
    target.range = target.range.to(consume().range);
  }
  return true;
}

/// assign ::= name [`'`] (`,` name [`'`])* `=` expression
bool Parser::parseAssign(std::vector<Statement> &body, bool isTrain) {
  Statement statement(Statement::Kind::Assign, peek().range);
  if (peek().kind != TokenKind::Identifier) {
    unexpected(isTrain ? "a setting: `name = value`" : "a statement");
    return false;
  }
  do {
    Target target;
    if (!parseTarget(target))
      return false;
    statement.targets.push_back(std::move(target));
  } while (accept(","));
  if (!peek().isSymbol("=")) {
    unexpected("`=` and a value");
    return lose(statement.targets);
  }
  consume();
  skipNewlines();
  bool isRaw = isTrain && peek().kind == TokenKind::Identifier && peekSecond().isSymbol(":");
  statement.value = isRaw ? parseRawSetting() : parseExpression();
  if (!statement.value)
    return lose(statement.targets);
  statement.range = statement.range.to(statement.targets.back().range);
  body.push_back(std::move(statement));
  return true;
}

/// `npy:X.npy,Y.npy` as it stands: the rest of the line.
ExprPtr Parser::parseRawSetting() {
  SourceRange range = peek().range;
  while (!atStatementEnd())
    range = range.to(consume().range);
  auto value = std::make_unique<Expr>(Expr::Kind::String, range);
  value->name = std::string(sources.text(range));
  return value;
}

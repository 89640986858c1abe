//===- Lexer.cpp - Text to tokens -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Lexer.h"

#include <array>
#include <cctype>
#include <cstdlib>

using namespace weft::frontend;

namespace {
class Lexer {
public:
  Lexer(const std::string &text, int file) : text(text), file(file) {}
  std::vector<Token> run();

private:
  char at(uint32_t offset) const { return offset < text.size() ? text[offset] : '\0'; }
  Token &push(TokenKind kind, uint32_t begin);
  void lexNumber();
  void lexString();
  void lexSymbol();

  const std::string &text;
  int file;
  uint32_t next = 0;
  std::vector<Token> tokens;
  bool space = false;
};
} // namespace

static bool startsName(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
static bool continuesName(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
static bool isDigit(char c) { return c >= '0' && c <= '9'; }

Token &Lexer::push(TokenKind kind, uint32_t begin) {
  Token token;
  token.kind = kind;
  token.range = {file, begin, next};
  token.text = text.substr(begin, next - begin);
  token.spaceBefore = space;
  space = false;
  tokens.push_back(std::move(token));
  return tokens.back();
}

/// number ::= digits [`.` digits] [(`e`|`E`) [`+`|`-`] digits]
void Lexer::lexNumber() {
  uint32_t begin = next;
  while (isDigit(at(next)))
    ++next;
  if (at(next) == '.') {
    ++next;
    while (isDigit(at(next)))
      ++next;
  }
  if (at(next) == 'e' || at(next) == 'E') {
    uint32_t exponent = next + 1;
    if (at(exponent) == '+' || at(exponent) == '-')
      ++exponent;
    if (isDigit(at(exponent))) {
      next = exponent;
      while (isDigit(at(next)))
        ++next;
    }
  }
  if (continuesName(at(next)) || at(next) == '.') {
    while (continuesName(at(next)) || at(next) == '.')
      ++next;
    Token &token = push(TokenKind::Wrong, begin);
    token.code = "W0004";
    token.text = "`" + token.text + "` is not a number";
    return;
  }
  Token &token = push(TokenKind::Number, begin);
  token.number = std::strtod(token.text.c_str(), nullptr);
}

void Lexer::lexString() {
  uint32_t begin = next++;
  std::string value;
  while (next < text.size() && text[next] != '"' && text[next] != '\n') {
    if (text[next] == '\\' && (at(next + 1) == '"' || at(next + 1) == '\\'))
      ++next;
    value += text[next++];
  }
  if (at(next) != '"') {
    Token &token = push(TokenKind::Wrong, begin);
    token.code = "W0003";
    token.text = "a string without its closing `\"`";
    return;
  }
  ++next;
  push(TokenKind::String, begin).text = value;
}

void Lexer::lexSymbol() {
  static constexpr std::array<std::string_view, 5> twoCharacters = {"|>", "<=", ">=", "==", "!="};
  uint32_t begin = next;
  for (std::string_view symbol : twoCharacters)
    if (text.compare(begin, 2, symbol) == 0) {
      next += 2;
      push(TokenKind::Symbol, begin);
      return;
    }
  unsigned char c = static_cast<unsigned char>(text[next++]);
  if (std::string_view("(){}[],:=+-*/^@<>'").find(static_cast<char>(c)) != std::string_view::npos) {
    push(TokenKind::Symbol, begin);
    return;
  }
  // A character beyond ASCII is one error, not one for each byte.
  while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80)
    ++next;
  Token &token = push(TokenKind::Wrong, begin);
  token.code = "W0002";
  bool printable = c > 0x20 && c != 0x7F;
  token.text = printable ? "`" + token.text + "` means nothing here"
                         : "a control character (byte " + std::to_string(c) + ") means nothing here";
}

std::vector<Token> Lexer::run() {
  // What is no text at all is one error, not one for each of its bytes.
  for (uint32_t offset = 0, bytes; offset < text.size(); offset += bytes) {
    bytes = static_cast<uint32_t>(characterBytes(text, offset));
    if (bytes != 0)
      continue;
    next = offset + 1;
    Token &token = push(TokenKind::Wrong, offset);
    token.code = "W0002";
    token.text = "this file is no UTF-8 text: it has the byte " + std::to_string(static_cast<unsigned char>(text[offset]));
    next = static_cast<uint32_t>(text.size());
    push(TokenKind::End, next);
    return std::move(tokens);
  }
  if (text.compare(0, 3, "\xEF\xBB\xBF") == 0)
    next = 3;
  while (next < text.size()) {
    char c = text[next];
    if (c == ' ' || c == '\t' || c == '\r') {
      ++next;
      space = true;
    } else if (c == '#') {
      while (next < text.size() && text[next] != '\n')
        ++next;
    } else if (c == '\n') {
      uint32_t begin = next++;
      if (tokens.empty() || tokens.back().kind != TokenKind::Newline)
        push(TokenKind::Newline, begin);
    } else if (startsName(c)) {
      uint32_t begin = next;
      while (continuesName(at(next)))
        ++next;
      push(TokenKind::Identifier, begin);
    } else if (isDigit(c) || (c == '.' && isDigit(at(next + 1)))) {
      lexNumber();
    } else if (c == '"') {
      lexString();
    } else {
      lexSymbol();
    }
  }
  push(TokenKind::End, next);
  return std::move(tokens);
}

std::vector<Token> weft::frontend::tokenize(const SourceManager &sources, int file) {
  return Lexer(sources.text(file), file).run();
}

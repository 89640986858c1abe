//===- Lexer.h - Text to tokens -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_LEXER_H
#define WEFT_COMPILER_FRONTEND_LEXER_H

#include "compiler/frontend/Source.h"

#include <string>
#include <vector>

namespace weft::frontend {

enum class TokenKind {
  End,
  Newline,
  Identifier,
  Number,
  String,
  Symbol, // punctuation and operators: told apart by their text
  Wrong,  // `text` says what is wrong with it, `code` under which number
};

struct Token {
  TokenKind kind = TokenKind::End;
  SourceRange range;
  std::string text; // of a string: what stands between the quotes, escapes resolved
  double number = 0;
  const char *code = nullptr;
  bool spaceBefore = false;

  bool isSymbol(std::string_view symbol) const { return kind == TokenKind::Symbol && text == symbol; }
  bool isWord(std::string_view word) const { return kind == TokenKind::Identifier && text == word; }
};

/// All tokens of a file, the last one `End`. A `Newline` stands for one or more
/// ends of lines. Wrong tokens are reported by the parser when it meets them.
std::vector<Token> tokenize(const SourceManager &sources, int file);

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_LEXER_H

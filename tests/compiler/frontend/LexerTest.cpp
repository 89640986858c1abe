//===- LexerTest.cpp - Text to tokens -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace weft::frontend;
using testing::ElementsAre;

static std::vector<Token> lex(const std::string &text) {
  SourceManager sources;
  return tokenize(sources, sources.add("t.weft", text));
}

static std::vector<std::string> texts(const std::string &text) {
  std::vector<std::string> result;
  for (const Token &token : lex(text))
    result.push_back(token.kind == TokenKind::Newline ? "\\n" : token.text);
  return result;
}

TEST(Lexer, SplitsOperators) {
  EXPECT_THAT(texts("x|>f(a'+b^2)@k<=1!=2"), ElementsAre("x", "|>", "f", "(", "a", "'", "+", "b", "^", "2",
                                                         ")", "@", "k", "<=", "1", "!=", "2", ""));
}

TEST(Lexer, JoinsEndsOfLinesAndSkipsComments) {
  EXPECT_THAT(texts("a # one\n\n\r\n  # two\nb\n"), ElementsAre("a", "\\n", "b", "\\n", ""));
}

TEST(Lexer, ReadsNumbers) {
  std::vector<Token> tokens = lex("500 0.25 .5 1e-7 2.E+3 3e");
  EXPECT_EQ(tokens[0].number, 500);
  EXPECT_EQ(tokens[1].number, 0.25);
  EXPECT_EQ(tokens[2].number, 0.5);
  EXPECT_EQ(tokens[3].number, 1e-7);
  EXPECT_EQ(tokens[4].number, 2000);
  EXPECT_EQ(tokens[5].kind, TokenKind::Wrong);
  EXPECT_STREQ(tokens[5].code, "W0004");
}

TEST(Lexer, ReadsStringsWithEscapes) {
  std::vector<Token> tokens = lex("\"a \\\"b\\\" \\\\c\" \"open\n");
  EXPECT_EQ(tokens[0].text, "a \"b\" \\c");
  EXPECT_EQ(tokens[1].kind, TokenKind::Wrong);
  EXPECT_STREQ(tokens[1].code, "W0003");
}

TEST(Lexer, SkipsAByteOrderMark) { EXPECT_THAT(texts("\xEF\xBB\xBFmodel"), ElementsAre("model", "")); }

TEST(Source, CountsCharacters) {
  SourceManager sources;
  int file = sources.add("t.weft", "größe x\nzwei");
  Position at = sources.position(file, 8);
  EXPECT_EQ(at.line, 1);
  EXPECT_EQ(at.column, 7);
  EXPECT_EQ(sources.position(file, 1000).line, 2);
  EXPECT_EQ(sources.line(file, 2), "zwei");
}

TEST(Source, CharactersAreUtf8) {
  EXPECT_EQ(characterBytes("a", 0), 1u);
  EXPECT_EQ(characterBytes("x\u00E9", 1), 2u);
  EXPECT_EQ(characterBytes("\u20AC", 0), 3u);
  EXPECT_EQ(characterBytes("\U0001F600", 0), 4u);
  // A byte that continues, one too few, longer than needed, a surrogate, beyond the last character.
  for (const char *text : {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xFF"})
    EXPECT_EQ(characterBytes(text, 0), 0u) << text;
}

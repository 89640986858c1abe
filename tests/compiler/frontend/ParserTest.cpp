//===- ParserTest.cpp - Tokens to a tree -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Parser.h"

#include <gtest/gtest.h>

using namespace weft::frontend;

static std::string expression(const std::string &text) {
  SourceManager sources;
  DiagnosticEngine diagnostics(sources);
  ast::ExprPtr e = Parser(sources, sources.add("t.weft", text), diagnostics).parseLoneExpression();
  return e ? ast::print(*e) : diagnostics.render();
}

static std::string dumpFile(const std::string &text) {
  SourceManager sources;
  DiagnosticEngine diagnostics(sources);
  ast::File file = Parser(sources, sources.add("t.weft", text), diagnostics).parseFile();
  return diagnostics.hasErrors() ? diagnostics.render() : ast::dump(file, sources);
}

TEST(Expression, OperatorsBindAsUsual) {
  EXPECT_EQ(expression("a + b * c - d"), "((a + (b * c)) - d)");
  EXPECT_EQ(expression("x @ k + h @ r * 2"), "((x @ k) + ((h @ r) * 2))");
  EXPECT_EQ(expression("-x^2"), "(-(x ^ 2))");
  EXPECT_EQ(expression("2^-x^3"), "(2 ^ (-(x ^ 3)))");
  EXPECT_EQ(expression("a < b + 1 and not c == d or e"), "(((a < (b + 1)) and (not (c == d))) or e)");
  EXPECT_EQ(expression("x |> f |> g(1) + y"), "((x |> f) |> (g(1) + y))");
  EXPECT_EQ(expression("(x |> f) + y"), "((x |> f) + y)");
}

TEST(Expression, CallsListsPrimesAndIndices) {
  EXPECT_EQ(expression("dense(1, activation = sigmoid)"), "dense(1, activation = sigmoid)");
  EXPECT_EQ(expression("f(a,)"), "f(a)");
  EXPECT_EQ(expression("[zeros, ones,]"), "[zeros, ones]");
  EXPECT_EQ(expression("c' * bias[0] + split(z, 2)[1]"), "((c' * bias[0]) + split(z, 2)[1])");
  EXPECT_EQ(expression("(a\n + b)\n"), "(a + b)");
  EXPECT_EQ(expression("a +\n b"), "(a + b)");
}

TEST(Expression, NothingMayFollow) {
  EXPECT_NE(expression("3 4").find("error[W0005]"), std::string::npos);
  EXPECT_NE(expression("").find("error[W0005]"), std::string::npos);
}

TEST(File, ThatIsNoTextIsOneError) {
  EXPECT_EQ(dumpFile("# caf\xE9\n\x93NUMPY\nmodel m {"),
            "t.weft:1:6: error[W0002]: this file is no UTF-8 text: it has the byte 233\n"
            "    1 | # caf?\n"
            "      |      ^\n"
            "1 error; `weft explain W0002` tells more\n");
  // Nothing is shown that a terminal would obey.
  EXPECT_NE(dumpFile("# caf\xC3\xA9\nmodel \x1B[31m {}\n").find("model ?[31m {}"), std::string::npos);
}

TEST(File, KeepsTheBoundsOfALabel) {
  EXPECT_EQ(dumpFile("loss l(p, y: [-1, 0.5]) = mean(p)\n"),
            "loss l  <1:1>\n"
            "  parameter p  <1:8>\n"
            "  parameter y: [-1, 0.5]  <1:11>\n"
            "  return  <1:27>\n"
            "    mean(p)  <1:27>\n");
}

TEST(File, IsDumpedWithPlaces) {
  EXPECT_EQ(dumpFile("import \"cells.weft\"\n"
                     "cell c(units, f = tanh) named \"C\" {\n"
                     "  weight k [input, 2*units] = [zeros, ones]\n"
                     "  state h[units] = 1, m[units]\n"
                     "  if units > 1 { a, b = split(x @ k) } else { a = x }\n"
                     "  h' = f(a)\n"
                     "  m' = m\n"
                     "  return h'\n"
                     "}\n"
                     "loss l(p, y: tokens) = mean(p)\n"
                     "model m {\n"
                     "  input w: tokens[5] of 9\n"
                     "  output y = w\n"
                     "    |> embedding(2)   # goes on\n"
                     "    |> c(3)\n"
                     "}\n"
                     "train {\n"
                     "  data = npy:X.npy,../Y-1.npy  # the rest of the line\n"
                     "}\n"),
            "import \"cells.weft\"  <1:1>\n"
            "cell c named \"C\"  <2:1>\n"
            "  parameter units  <2:8>\n"
            "  parameter f = tanh  <2:15>\n"
            "  weight k[input, (2 * units)] = [zeros, ones]  <3:3>\n"
            "  state h[units] = 1  <4:9>\n"
            "  state m[units]  <4:23>\n"
            "  if (units > 1)  <5:3>\n"
            "    let a, b  <5:18>\n"
            "      split((x @ k))  <5:25>\n"
            "  else  <5:47>\n"
            "    let a  <5:47>\n"
            "      x  <5:51>\n"
            "  let h'  <6:3>\n"
            "    f(a)  <6:8>\n"
            "  let m'  <7:3>\n"
            "    m  <7:8>\n"
            "  return  <8:3>\n"
            "    h'  <8:10>\n"
            "loss l  <10:1>\n"
            "  parameter p  <10:8>\n"
            "  parameter y: tokens  <10:11>\n"
            "  return  <10:24>\n"
            "    mean(p)  <10:24>\n"
            "model m  <11:1>\n"
            "  input w: tokens[5] of 9  <12:3>\n"
            "  output y  <13:3>\n"
            "    apply  <13:14>\n"
            "      apply  <13:14>\n"
            "        w  <13:14>\n"
            "        embedding(2)  <14:8>\n"
            "      c(3)  <15:8>\n"
            "train  <17:1>\n"
            "  let data  <18:3>\n"
            "    \"npy:X.npy,../Y-1.npy\"  <18:10>\n");
}

TEST(File, GoesOnAfterAnError) {
  std::string said = dumpFile("model m {\n  a = )\n  if { b = 1 }\n  c = (1\n}\ntrain {\n  x 3\n}\n");
  EXPECT_NE(said.find("t.weft:2:7: error[W0005]"), std::string::npos) << said;
  EXPECT_NE(said.find("t.weft:3:6: error[W0005]"), std::string::npos) << said;
  EXPECT_NE(said.find("t.weft:5:1: error[W0005]"), std::string::npos) << said;
  EXPECT_NE(said.find("t.weft:7:5: error[W0005]"), std::string::npos) << said;
  EXPECT_NE(said.find("4 errors"), std::string::npos) << said;
}

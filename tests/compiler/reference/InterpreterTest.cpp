//===- InterpreterTest.cpp - Each operation against numbers worked out by hand -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Interpreter.h"
#include "dialects/seq/Seq.h"

#include "mlir/Parser/Parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace weft;
using namespace weft::reference;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

namespace {

using Shape = std::vector<int64_t>;

/// Evaluates one function of a module written as text.
class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() { context.loadDialect<seq::SeqDialect>(); }

  llvm::Expected<std::vector<Tensor>> tryRun(const std::string &text, std::vector<Tensor> arguments,
                                             const Weights &weights = {}, llvm::StringRef name = "f") {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      throw std::runtime_error("does not parse:\n" + text);
    return evaluate(module->lookupSymbol(name), arguments, weights);
  }

  std::vector<Tensor> runAll(const std::string &text, std::vector<Tensor> arguments,
                             const Weights &weights = {}, llvm::StringRef name = "f") {
    llvm::Expected<std::vector<Tensor>> results = tryRun(text, std::move(arguments), weights, name);
    if (!results)
      throw std::runtime_error(llvm::toString(results.takeError()));
    return *results;
  }

  /// `@f` of one result.
  Tensor run(const std::string &text, std::vector<Tensor> arguments, const Weights &weights = {}) {
    return runAll(text, std::move(arguments), weights).front();
  }

  std::string messageOf(const std::string &text, std::vector<Tensor> arguments, const Weights &weights = {}) {
    llvm::Expected<std::vector<Tensor>> results = tryRun(text, std::move(arguments), weights);
    return results ? "" : llvm::toString(results.takeError());
  }

  /// op(x) on one row of as many values.
  std::vector<double> unary(const std::string &op, std::vector<double> x) {
    std::string type = "tensor<?x" + std::to_string(x.size()) + "xf32>";
    return run("seq.model @f(%x: " + type + ") -> " + type + " { %r = seq." + op + " %x : " + type +
                   " seq.return %r : " + type + " }",
               {Tensor({1, int64_t(x.size())}, x)})
        .values;
  }

  /// op(a, b) on one row of as many values.
  std::vector<double> binary(const std::string &op, std::vector<double> a, std::vector<double> b) {
    std::string type = "tensor<?x" + std::to_string(a.size()) + "xf32>";
    Shape shape{1, int64_t(a.size())};
    return run("seq.model @f(%a: " + type + ", %b: " + type + ") -> " + type + " { %r = seq." + op +
                   " %a, %b : (" + type + ", " + type + ") -> " + type + " seq.return %r : " + type + " }",
               {Tensor(shape, a), Tensor(shape, b)})
        .values;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
};

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

TEST_F(InterpreterTest, Unary) {
  double e = std::exp(1.0);
  EXPECT_THAT(unary("negate", {1, -2}), ElementsAre(-1, 2));
  EXPECT_THAT(unary("exp", {0, 1}), ElementsAre(1, DoubleEq(e)));
  EXPECT_THAT(unary("log", {1, e}), ElementsAre(0, DoubleEq(1)));
  EXPECT_THAT(unary("sqrt", {4, 0.25}), ElementsAre(2, 0.5));
  EXPECT_THAT(unary("abs", {-3, 0, 3}), ElementsAre(3, 0, 3));
  EXPECT_THAT(unary("sign", {-3, 0, 3}), ElementsAre(-1, 0, 1));
  EXPECT_THAT(unary("tanh", {0, 0.5}), ElementsAre(0, DoubleEq((e - 1) / (e + 1))));
  EXPECT_THAT(unary("sigmoid", {0, 1, -1000}), ElementsAre(0.5, DoubleEq(e / (1 + e)), 0));
  EXPECT_THAT(unary("softplus", {0, 1000, -1000}), ElementsAre(DoubleEq(std::log(2.0)), 1000, 0));
}

TEST_F(InterpreterTest, Binary) {
  EXPECT_THAT(binary("add", {1, 2}, {3, 5}), ElementsAre(4, 7));
  EXPECT_THAT(binary("sub", {1, 2}, {3, 5}), ElementsAre(-2, -3));
  EXPECT_THAT(binary("mul", {1, 2}, {3, 5}), ElementsAre(3, 10));
  EXPECT_THAT(binary("div", {1, 2}, {4, 5}), ElementsAre(0.25, 0.4));
  EXPECT_THAT(binary("pow", {2, 9}, {3, 0.5}), ElementsAre(8, 3));
  EXPECT_THAT(binary("maximum", {1, 2, 3}, {3, 2, 1}), ElementsAre(3, 2, 3));
  EXPECT_THAT(binary("minimum", {1, 2, 3}, {3, 2, 1}), ElementsAre(1, 2, 1));
  EXPECT_THAT(binary("greater", {1, 2, 3}, {3, 2, 1}), ElementsAre(0, 0, 1));
  EXPECT_THAT(binary("equal", {1, 2, 3}, {3, 2, 1}), ElementsAre(0, 1, 0));
}

TEST_F(InterpreterTest, BroadcastAlignsTheLastAxes) {
  Tensor r = run(R"(seq.model @f(%x: tensor<?x2x3xf32>) -> tensor<?x2x3xf32> {
    %row = seq.constant dense<[10.0, 20.0, 30.0]> : tensor<3xf32>
    %column = seq.constant dense<[[100.0], [200.0]]> : tensor<2x1xf32>
    %a = seq.add %row, %x : (tensor<3xf32>, tensor<?x2x3xf32>) -> tensor<?x2x3xf32>
    %b = seq.add %a, %column : (tensor<?x2x3xf32>, tensor<2x1xf32>) -> tensor<?x2x3xf32>
    seq.return %b : tensor<?x2x3xf32> })",
                 {Tensor({2, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})});
  EXPECT_EQ(r.shape, (Shape{2, 2, 3}));
  EXPECT_THAT(r.values, ElementsAre(110, 121, 132, 213, 224, 235, 116, 127, 138, 219, 230, 241));
}

TEST_F(InterpreterTest, Select) {
  Tensor r = run(R"(seq.model @f(%c: tensor<?x3xf32>) -> tensor<?x3xf32> {
    %a = seq.constant dense<1.0> : tensor<f32>
    %b = seq.constant dense<[4.0, 5.0, 6.0]> : tensor<3xf32>
    %r = seq.select %c, %a, %b : (tensor<?x3xf32>, tensor<f32>, tensor<3xf32>) -> tensor<?x3xf32>
    seq.return %r : tensor<?x3xf32> })",
                 {Tensor({1, 3}, {0, 2, -1})});
  EXPECT_THAT(r.values, ElementsAre(4, 1, 1));
}

//===----------------------------------------------------------------------===//
// Across elements
//===----------------------------------------------------------------------===//

TEST_F(InterpreterTest, Matmul) {
  Tensor r = run(R"(seq.model @f(%x: tensor<?x2xf32>) -> tensor<?x3xf32> {
    %w = seq.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    %r = seq.matmul %x, %w : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
    seq.return %r : tensor<?x3xf32> })",
                 {Tensor({2, 2}, {1, 2, 3, 4})});
  EXPECT_THAT(r.values, ElementsAre(9, 12, 15, 19, 26, 33));
}

TEST_F(InterpreterTest, MatmulTransposed) {
  Tensor r = run(R"(seq.model @f(%x: tensor<?x2x3xf32>) -> tensor<?x2x2xf32> {
    %w = seq.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    %r = seq.matmul %x, %w {transpose_b} : (tensor<?x2x3xf32>, tensor<2x3xf32>) -> tensor<?x2x2xf32>
    seq.return %r : tensor<?x2x2xf32> })",
                 {Tensor({1, 2, 3}, {1, 0, 0, 1, 1, 1})});
  EXPECT_THAT(r.values, ElementsAre(1, 4, 6, 15));
}

TEST_F(InterpreterTest, ContractAndBroadcastRows) {
  Tensor r = run(R"(seq.model @f(%a: tensor<?x2x1xf32>, %b: tensor<?x2x2xf32>) -> tensor<?x1x2xf32> {
    %c = seq.contract %a, %b : (tensor<?x2x1xf32>, tensor<?x2x2xf32>) -> tensor<1x2xf32>
    %r = seq.broadcast_rows %c like %a : (tensor<1x2xf32>, tensor<?x2x1xf32>) -> tensor<?x1x2xf32>
    seq.return %r : tensor<?x1x2xf32> })",
                 {Tensor({2, 2, 1}, {1, 2, 3, 4}), Tensor({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8})});
  // 1*1 + 2*3 + 3*5 + 4*7 and 1*2 + 2*4 + 3*6 + 4*8, once for each row
  EXPECT_EQ(r.shape, (Shape{2, 1, 2}));
  EXPECT_THAT(r.values, ElementsAre(50, 60, 50, 60));
}

TEST_F(InterpreterTest, SumTo) {
  std::vector<Tensor> r =
      runAll(R"(seq.model @f(%x: tensor<?x2x3xf32>) -> (tensor<?x2x3xf32>, tensor<?x2x1xf32>) {
    %s = seq.sum_to %x : (tensor<?x2x3xf32>) -> tensor<3xf32>
    %b = seq.constant dense<0.0> : tensor<2x3xf32>
    %t = seq.add %s, %b : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %r = seq.broadcast_rows %t like %x : (tensor<2x3xf32>, tensor<?x2x3xf32>) -> tensor<?x2x3xf32>
    %u = seq.sum_to %x : (tensor<?x2x3xf32>) -> tensor<?x2x1xf32>
    seq.return %r, %u : tensor<?x2x3xf32>, tensor<?x2x1xf32> })",
             {Tensor({1, 2, 3}, {1, 2, 3, 4, 5, 6})});
  EXPECT_THAT(r[0].values, ElementsAre(5, 7, 9, 5, 7, 9));
  EXPECT_THAT(r[1].values, ElementsAre(6, 15));
}

TEST_F(InterpreterTest, Reduce) {
  auto reduced = [&](const std::string &kind) {
    return run("seq.model @f(%x: tensor<?x3xf32>) -> tensor<?x1xf32> { %r = seq.reduce <" + kind +
                   "> %x : (tensor<?x3xf32>) -> tensor<?x1xf32> seq.return %r : tensor<?x1xf32> }",
               {Tensor({2, 3}, {1, 2, 6, -1, -2, -6})})
        .values;
  };
  EXPECT_THAT(reduced("sum"), ElementsAre(9, -9));
  EXPECT_THAT(reduced("mean"), ElementsAre(3, -3));
  EXPECT_THAT(reduced("max"), ElementsAre(6, -1));
}

TEST_F(InterpreterTest, SplitConcatReshapeReverse) {
  std::vector<Tensor> r = runAll(R"(seq.model @f(%x: tensor<?x2x2xf32>)
      -> (tensor<?x2x1xf32>, tensor<?x2x3xf32>, tensor<?x4xf32>, tensor<?x2x2xf32>) {
    %a, %b = seq.split %x : (tensor<?x2x2xf32>) -> (tensor<?x2x1xf32>, tensor<?x2x1xf32>)
    %c = seq.concat %b, %x : (tensor<?x2x1xf32>, tensor<?x2x2xf32>) -> tensor<?x2x3xf32>
    %d = seq.reshape %x : (tensor<?x2x2xf32>) -> tensor<?x4xf32>
    %e = seq.reverse %x : tensor<?x2x2xf32>
    seq.return %b, %c, %d, %e : tensor<?x2x1xf32>, tensor<?x2x3xf32>, tensor<?x4xf32>, tensor<?x2x2xf32> })",
                                 {Tensor({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8})});
  EXPECT_THAT(r[0].values, ElementsAre(2, 4, 6, 8));
  EXPECT_THAT(r[1].values, ElementsAre(2, 1, 2, 4, 3, 4, 6, 5, 6, 8, 7, 8));
  EXPECT_EQ(r[2].shape, (Shape{2, 4}));
  EXPECT_THAT(r[2].values, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(r[3].values, ElementsAre(3, 4, 1, 2, 7, 8, 5, 6));
}

TEST_F(InterpreterTest, Ids) {
  std::vector<Tensor> r = runAll(R"(seq.model @f(%i: tensor<?x2xi32>)
      -> (tensor<?x2x2xf32>, tensor<?x2x3xf32>, tensor<?x3x2xf32>) {
    %t = seq.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
    %g = seq.gather %t, %i : (tensor<3x2xf32>, tensor<?x2xi32>) -> tensor<?x2x2xf32>
    %o = seq.one_hot %i : (tensor<?x2xi32>) -> tensor<?x2x3xf32>
    %s = seq.scatter_add %g, %i : (tensor<?x2x2xf32>, tensor<?x2xi32>) -> tensor<3x2xf32>
    %b = seq.broadcast_rows %s like %i : (tensor<3x2xf32>, tensor<?x2xi32>) -> tensor<?x3x2xf32>
    seq.return %g, %o, %b : tensor<?x2x2xf32>, tensor<?x2x3xf32>, tensor<?x3x2xf32> })",
                                 {Tensor({1, 2}, {2, 2})});
  EXPECT_THAT(r[0].values, ElementsAre(5, 6, 5, 6));
  EXPECT_THAT(r[1].values, ElementsAre(0, 0, 1, 0, 0, 1));
  EXPECT_THAT(r[2].values, ElementsAre(0, 0, 0, 0, 10, 12));
}

TEST_F(InterpreterTest, OneHotInPlaceOfALastAxisOfOne) {
  Tensor r = run(R"(seq.model @f(%i: tensor<?x1xi32>) -> tensor<?x3xf32> {
    %o = seq.one_hot %i : (tensor<?x1xi32>) -> tensor<?x3xf32>
    seq.return %o : tensor<?x3xf32> })",
                 {Tensor({2, 1}, {1, 0})});
  EXPECT_EQ(r.shape, (Shape{2, 3}));
  EXPECT_THAT(r.values, ElementsAre(0, 1, 0, 1, 0, 0));
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

TEST_F(InterpreterTest, EmbeddingAndDense) {
  Tensor r = run(R"(
    seq.weight @w : tensor<2x1xf32> = [#seq.init<zeros>]
    seq.model @f(%i: tensor<?x2xi32>) -> tensor<?x2x1xf32> {
      %t = seq.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
      %w = seq.read @w : tensor<2x1xf32>
      %b = seq.constant dense<0.5> : tensor<1xf32>
      %e = seq.embedding %i, %t : (tensor<?x2xi32>, tensor<3x2xf32>) -> tensor<?x2x2xf32>
      %d = seq.dense %e, %w, %b : (tensor<?x2x2xf32>, tensor<2x1xf32>, tensor<1xf32>) -> tensor<?x2x1xf32>
      seq.return %d : tensor<?x2x1xf32> })",
                 {Tensor({1, 2}, {0, 2})}, {{"w", Tensor({2, 1}, {10, 100})}});
  EXPECT_THAT(r.values, ElementsAre(210.5, 650.5));
}

/// h' = 2 h + w x, put out as -h'.
constexpr const char *doubling = R"(
  seq.cell @cell(%x: tensor<?x1xf32>, %h: tensor<?x1xf32>, %w: tensor<1x1xf32>)
      -> (tensor<?x1xf32>, tensor<?x1xf32>) attributes {states = 1 : i64} {
    %a = seq.add %h, %h : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %b = seq.matmul %x, %w : (tensor<?x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
    %s = seq.add %a, %b : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %o = seq.negate %s : tensor<?x1xf32>
    seq.return %o, %s : tensor<?x1xf32>, tensor<?x1xf32>
  })";

TEST_F(InterpreterTest, Recurrent) {
  auto recurrent = [&](const std::string &attributes, const std::string &result) {
    return run(std::string(doubling) + R"(
      seq.model @f(%x: tensor<?x3x1xf32>) -> )" +
                   result + R"( {
        %s = seq.constant dense<1.0> : tensor<1xf32>
        %w = seq.constant dense<10.0> : tensor<1x1xf32>
        %r = seq.recurrent @cell(%x) from(%s) weights(%w) )" +
                   attributes + " : (tensor<?x3x1xf32>, tensor<1xf32>, tensor<1x1xf32>) -> " + result +
                   " seq.return %r : " + result + " }",
               {Tensor({2, 3, 1}, {1, 2, 3, 0, 0, 1})});
  };
  // 1 -> 12 -> 44 -> 118 and 1 -> 2 -> 4 -> 18
  EXPECT_THAT(recurrent("", "tensor<?x1xf32>").values, ElementsAre(-118, -18));
  EXPECT_THAT(recurrent("{return_sequences}", "tensor<?x3x1xf32>").values,
              ElementsAre(-12, -44, -118, -2, -4, -18));
  // backwards: 1 -> 32 -> 84 -> 178 and 1 -> 12 -> 24 -> 48, in the order they are made
  EXPECT_THAT(recurrent("{return_sequences, go_backwards}", "tensor<?x3x1xf32>").values,
              ElementsAre(-32, -84, -178, -12, -24, -48));
}

TEST_F(InterpreterTest, Scan) {
  auto scan = [&](const std::string &attributes) {
    return runAll(R"(seq.model @f(%x: tensor<?x3x1xf32>) -> (tensor<?x1xf32>, tensor<?x3x1xf32>) {
      %s = seq.constant dense<1.0> : tensor<1xf32>
      %h0 = seq.broadcast_rows %s like %x : (tensor<1xf32>, tensor<?x3x1xf32>) -> tensor<?x1xf32>
      %h, %all = seq.scan over (%x) from (%h0) steps 3 )" +
                      attributes +
                      R"( : (tensor<?x3x1xf32>, tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x3x1xf32>) {
      ^bb0(%xt: tensor<?x1xf32>, %ht: tensor<?x1xf32>):
        %a = seq.add %ht, %ht : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
        %b = seq.add %a, %xt : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
        seq.next states(%b : tensor<?x1xf32>) keep(%ht : tensor<?x1xf32>)
      }
      seq.return %h, %all : tensor<?x1xf32>, tensor<?x3x1xf32> })",
                  {Tensor({1, 3, 1}, {10, 20, 30})});
  };
  // 1 -> 12 -> 44 -> 118
  std::vector<Tensor> r = scan("");
  EXPECT_THAT(r[0].values, ElementsAre(118));
  EXPECT_THAT(r[1].values, ElementsAre(1, 12, 44));
  // 1 -> 32 -> 84 -> 178; what is kept stands at its step
  r = scan("reverse");
  EXPECT_THAT(r[0].values, ElementsAre(178));
  EXPECT_THAT(r[1].values, ElementsAre(84, 32, 1));
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

class WindowTest : public InterpreterTest {
protected:
  /// conv1d of the steps 1, 2, .. `steps` with the kernel 1, 10, 100, ..
  std::vector<double> convolve(int64_t steps, int64_t width, int64_t out, const std::string &attributes) {
    std::string input = "tensor<?x" + std::to_string(steps) + "x1xf32>";
    std::string kernel = "tensor<" + std::to_string(width) + "x1x1xf32>";
    std::string result = "tensor<?x" + std::to_string(out) + "x1xf32>";
    Tensor x = Tensor::zeros({1, steps, 1}), k = Tensor::zeros({width, 1, 1});
    for (int64_t i = 0; i < steps; ++i)
      x.values[i] = i + 1;
    for (int64_t i = 0; i < width; ++i)
      k.values[i] = std::pow(10, i);
    return run("seq.weight @k : " + kernel + " = [#seq.init<zeros>] seq.model @f(%x: " + input + ") -> " +
                   result + " { %k = seq.read @k : " + kernel + " %r = seq.conv1d %x, %k " + attributes +
                   " : (" + input + ", " + kernel + ") -> " + result + " seq.return %r : " + result + " }",
               {x}, {{"k", k}})
        .values;
  }

  std::vector<double> pool(std::vector<double> x, int64_t out, const std::string &attributes,
                           const std::string &op = "max_pool1d") {
    std::string input = "tensor<?x" + std::to_string(x.size()) + "x1xf32>";
    std::string result = "tensor<?x" + std::to_string(out) + "x1xf32>";
    return run("seq.model @f(%x: " + input + ") -> " + result + " { %r = seq." + op + " %x " +
                   attributes + " : (" + input + ") -> " + result + " seq.return %r : " + result + " }",
               {Tensor({1, int64_t(x.size()), 1}, x)})
        .values;
  }
};

TEST_F(WindowTest, Conv1dValid) {
  EXPECT_THAT(convolve(4, 2, 3, ""), ElementsAre(21, 32, 43));
  EXPECT_THAT(convolve(5, 2, 2, "{strides = 2 : i64}"), ElementsAre(21, 43));
  EXPECT_THAT(convolve(5, 3, 1, "{dilation = 2 : i64}"), ElementsAre(531));
}

TEST_F(WindowTest, Conv1dSamePutsTheOddStepBehind) {
  EXPECT_THAT(convolve(3, 3, 3, "{padding = #seq.padding<same>}"), ElementsAre(210, 321, 32));
  EXPECT_THAT(convolve(3, 2, 3, "{padding = #seq.padding<same>}"), ElementsAre(21, 32, 3));
  EXPECT_THAT(convolve(4, 3, 2, "{padding = #seq.padding<same>, strides = 2 : i64}"), ElementsAre(321, 43));
}

TEST_F(WindowTest, Conv1dCausal) {
  EXPECT_THAT(convolve(3, 2, 3, "{padding = #seq.padding<causal>}"), ElementsAre(10, 21, 32));
  EXPECT_THAT(convolve(4, 2, 4, "{padding = #seq.padding<causal>, dilation = 2 : i64}"),
              ElementsAre(10, 20, 31, 42));
}

TEST_F(WindowTest, Conv1dChannelsAndBias) {
  // filters: x0 + 10 x1 and 100 x0 + 1000 x1, of one step at a time
  Tensor r = run(R"(seq.model @f(%x: tensor<?x2x2xf32>) -> tensor<?x2x2xf32> {
    %k = seq.constant dense<[[[1.0, 100.0], [10.0, 1000.0]]]> : tensor<1x2x2xf32>
    %b = seq.constant dense<[0.5, 0.25]> : tensor<2xf32>
    %r = seq.conv1d %x, %k, %b : (tensor<?x2x2xf32>, tensor<1x2x2xf32>, tensor<2xf32>) -> tensor<?x2x2xf32>
    seq.return %r : tensor<?x2x2xf32> })",
                 {Tensor({1, 2, 2}, {1, 2, 3, 4})});
  EXPECT_THAT(r.values, ElementsAre(21.5, 2100.25, 43.5, 4300.25));
}

TEST_F(WindowTest, Conv1dAdjoints) {
  // y0 = k0 x0 + k1 x1, y1 = k0 x2 + k1 x3, adjoints 1 and 2
  std::vector<Tensor> r = runAll(R"(
    seq.model @f(%x: tensor<?x4x1xf32>, %y: tensor<?x2x1xf32>) -> (tensor<?x4x1xf32>, tensor<?x2x1x1xf32>) {
      %k = seq.constant dense<[[[3.0]], [[5.0]]]> : tensor<2x1x1xf32>
      %dx = seq.conv1d_input_adjoint %y, %k {strides = 2 : i64, padding = #seq.padding<valid>, dilation = 1 : i64}
          : (tensor<?x2x1xf32>, tensor<2x1x1xf32>) -> tensor<?x4x1xf32>
      %dk = seq.conv1d_kernel_adjoint %x, %y {strides = 2 : i64, padding = #seq.padding<valid>, dilation = 1 : i64}
          : (tensor<?x4x1xf32>, tensor<?x2x1xf32>) -> tensor<2x1x1xf32>
      %b = seq.broadcast_rows %dk like %x : (tensor<2x1x1xf32>, tensor<?x4x1xf32>) -> tensor<?x2x1x1xf32>
      seq.return %dx, %b : tensor<?x4x1xf32>, tensor<?x2x1x1xf32> })",
                                 {Tensor({1, 4, 1}, {1, 2, 3, 4}), Tensor({1, 2, 1}, {1, 2})});
  EXPECT_THAT(r[0].values, ElementsAre(3, 5, 6, 10));
  EXPECT_THAT(r[1].values, ElementsAre(1 * 1 + 3 * 2, 2 * 1 + 4 * 2));
}

TEST_F(WindowTest, MaxPool1d) {
  EXPECT_THAT(pool({1, 3, 2, 5, 9}, 2, "{pool = 2 : i64, strides = 2 : i64}"), ElementsAre(3, 5));
  EXPECT_THAT(pool({-1, -3, -2}, 2, "{pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<same>}"),
              ElementsAre(-1, -2));
  EXPECT_THAT(pool({1, 3, 2, 5}, 2, "{pool = 3 : i64, strides = 2 : i64, padding = #seq.padding<same>}"),
              ElementsAre(3, 5));
}

TEST_F(WindowTest, MaxPool1dAdjointGoesToTheFirstOfTheLargest) {
  Tensor r = run(R"(seq.model @f(%x: tensor<?x4x1xf32>, %a: tensor<?x3x1xf32>) -> tensor<?x4x1xf32> {
    %y = seq.max_pool1d %x {pool = 2 : i64, strides = 1 : i64} : (tensor<?x4x1xf32>) -> tensor<?x3x1xf32>
    %r = seq.max_pool1d_adjoint %x, %y, %a {pool = 2 : i64, strides = 1 : i64, padding = #seq.padding<valid>}
        : (tensor<?x4x1xf32>, tensor<?x3x1xf32>, tensor<?x3x1xf32>) -> tensor<?x4x1xf32>
    seq.return %r : tensor<?x4x1xf32> })",
                 {Tensor({1, 4, 1}, {2, 2, 7, 1}), Tensor({1, 3, 1}, {1, 10, 100})});
  EXPECT_THAT(r.values, ElementsAre(1, 0, 110, 0));
}

TEST_F(WindowTest, AveragePool1dCountsWhatTheSequenceHas) {
  auto average = [&](std::vector<double> x, int64_t out, const std::string &attributes) {
    return pool(std::move(x), out, attributes, "average_pool1d");
  };
  EXPECT_THAT(average({1, 3, 2, 6, 9}, 2, "{pool = 2 : i64, strides = 2 : i64}"), ElementsAre(2, 4));
  EXPECT_THAT(average({1, 3, 8}, 2, "{pool = 2 : i64, strides = 1 : i64}"), ElementsAre(2, 5.5));
  EXPECT_THAT(average({1, 3, 8}, 2, "{pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<same>}"),
              ElementsAre(2, 8));
  EXPECT_THAT(average({2, 4, 9}, 3, "{pool = 3 : i64, strides = 1 : i64, padding = #seq.padding<same>}"),
              ElementsAre(3, 5, 6.5));
}

TEST_F(WindowTest, AveragePool1dAdjointGoesInEqualShares) {
  Tensor r = run(R"(seq.model @f(%a: tensor<?x3x1xf32>) -> tensor<?x3x1xf32> {
    %r = seq.average_pool1d_adjoint %a {pool = 3 : i64, strides = 1 : i64, padding = #seq.padding<same>}
        : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
    seq.return %r : tensor<?x3x1xf32> })",
                 {Tensor({1, 3, 1}, {2, 30, 400})});
  EXPECT_THAT(r.values, ElementsAre(1 + 10, 1 + 10 + 200, 10 + 200));
}

//===----------------------------------------------------------------------===//
// Functions and errors
//===----------------------------------------------------------------------===//

TEST_F(InterpreterTest, EveryKindOfFunction) {
  std::vector<Tensor> cell =
      runAll(doubling, {Tensor({1, 1}, {3}), Tensor({1, 1}, {4}), Tensor({1, 1}, {10})}, {}, "cell");
  EXPECT_THAT(cell[0].values, ElementsAre(-38));
  EXPECT_THAT(cell[1].values, ElementsAre(38));

  std::vector<Tensor> update =
      runAll(R"(
    seq.optimizer @f(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>)
        -> tensor<?xf32> {
      %d = seq.mul %rate, %g : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
      %r = seq.sub %w, %d : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
      seq.return %r : tensor<?xf32> })",
             {Tensor::scalar(1), Tensor::scalar(0.5), Tensor({2}, {1, 2}), Tensor({2}, {4, 8})});
  EXPECT_THAT(update[0].values, ElementsAre(-1, -2));
}

constexpr const char *reading = R"(
  seq.weight @"dense/kernel" : tensor<2xf32> = [#seq.init<zeros>]
  seq.model @f(%x: tensor<?x2xf32> {seq.name = "words"}, %y: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %w = seq.read @"dense/kernel" : tensor<2xf32>
    %r = seq.add %x, %w : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    seq.return %r : tensor<?x2xf32> })";

TEST_F(InterpreterTest, WrongArgumentsAreNamed) {
  Tensor one({1, 2}, {1, 2}), two({2, 2}, {1, 2, 3, 4}), wide({1, 3}, {1, 2, 3});
  EXPECT_EQ(messageOf(reading, {one}), "@f: expected 2 arguments, got 1");
  EXPECT_EQ(messageOf(reading, {wide, one}), "@f, argument 0 (words): expected [?, 2], got [1, 3]");
  EXPECT_EQ(messageOf(reading, {one, two}), "@f, argument 1: expected [1, 2], got [2, 2]");
}

TEST_F(InterpreterTest, WrongWeightsAreNamed) {
  Tensor one({1, 2}, {1, 2});
  EXPECT_EQ(messageOf(reading, {one, one}), "no value was given for the weight dense/kernel");
  EXPECT_EQ(messageOf(reading, {one, one}, {{"dense/kernel", Tensor({3}, {1, 2, 3})}}),
            "weight dense/kernel: expected [2], got [3]");
}

TEST_F(InterpreterTest, AnIdOutOfRangeIsNamed) {
  EXPECT_EQ(messageOf(R"(seq.model @f(%i: tensor<?x1xi32>) -> tensor<?x3xf32> {
    %o = seq.one_hot %i : (tensor<?x1xi32>) -> tensor<?x3xf32>
    seq.return %o : tensor<?x3xf32> })",
                      {Tensor({1, 1}, {3})}),
            "seq.one_hot: the id 3 is not one of 0 to 2");
}

TEST_F(InterpreterTest, DenormalsAreZero) {
  volatile double tiny = 1e-300;
  Tensor r = run(R"(seq.model @f(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
    %r = seq.mul %x, %x : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %s = seq.constant dense<1.0e-20> : tensor<f32>
    %t = seq.mul %x, %s : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
    seq.return %t : tensor<?x1xf32> })",
                 {Tensor({1, 1}, {tiny})});
  EXPECT_EQ(r.values[0], 0.0);
  EXPECT_NE(tiny * 1e-20, 0.0) << "and only while the interpreter runs";
}

} // namespace

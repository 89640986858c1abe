//===- SharePaddingTest.cpp - Padding computed once is padding all the same -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/transforms/GradientFixture.h"

#include <numeric>

using namespace weft;
using namespace weft::tests;
using reference::Tensor;

namespace {

/// Rows of ids that begin with zeros: none, some, in the middle too, and nothing else.
class SharePaddingTest : public GradientTest {
protected:
  static constexpr int64_t steps = 12;

  /// The row in front, then rows by start, ascending.
  static std::vector<double> idsOf(const std::vector<int64_t> &starts) {
    std::vector<double> ids;
    for (auto [row, start] : llvm::enumerate(starts))
      for (int64_t t = 0; t < steps; ++t)
        ids.push_back(row == 0 || t < start || (t > start && t % 5 == 3) ? 0 : double(1 + (t * 7 + int64_t(row) * 3) % 8));
    return ids;
  }

  /// `layers` behind an embedding, with the rows' padding shared and not.
  void check(const std::string &layers, bool isShared = true, const std::string &loss = "binary_crossentropy") {
    checkBody("  output y = x |> embedding(3) |> " + layers + "\n", isShared, loss);
    // So wide that products of the rows are made once an id.
    checkBody("  output y = x |> embedding(16) |> " + layers + "\n", isShared, loss);
  }

  void checkBody(const std::string &body, bool isShared, const std::string &loss, const std::string &cell = "") {
    SCOPED_TRACE(cell + body);
    Module original = compile(cell + "model m {\n  input x: tokens[12] of 9\n" + body + "}\ntrain {\n  loss = " + loss +
                              "\n  optimizer = adam()\n}\n");
    ASSERT_TRUE(original);
    Module apart = run(*original, buildGradientPipeline);
    Module shared = run(*original, [](mlir::OpPassManager &manager) {
      buildGradientPipeline(manager);
      manager.addPass(createSeqSharePadding());
    });
    ASSERT_TRUE(apart && shared);
    auto stepOf = [](mlir::ModuleOp module) { return *module.getOps<seq::StepOp>().begin(); };
    ASSERT_EQ(stepOf(*shared)->hasAttr("weft.padded_input"), isShared);
    if (!isShared)
      return;

    for (const std::vector<int64_t> &starts :
         {std::vector<int64_t>{0, 0, 1, 4, 4, 9, 11, 12, 12}, std::vector<int64_t>{0, 0, 0, 0},
          std::vector<int64_t>{0, 12, 12}, std::vector<int64_t>{0, 6}}) {
      int64_t rows = starts.size();
      auto point = reference::drawPoint(*original, rows, 5);
      ASSERT_TRUE(bool(point)) << toString(point.takeError());
      Tensor ids({rows, steps}, idsOf(starts)), scales = Tensor::filled({rows, 1}, 1.0 / double(rows));
      Tensor begins({rows, 1}, std::vector<double>(starts.begin(), starts.end()));
      scales.values[0] = 0; // the row in front is no row of the batch
      auto wanted = reference::evaluate(stepOf(*apart), {ids, point->labels, scales}, point->weights);
      auto got = reference::evaluate(stepOf(*shared), {ids, point->labels, begins, scales}, point->weights);
      ASSERT_TRUE(bool(wanted)) << toString(wanted.takeError());
      ASSERT_TRUE(bool(got)) << toString(got.takeError());
      SCOPED_TRACE(rows);
      expectEqual(*got, *wanted);
      auto model = *shared->getOps<seq::ModelOp>().begin();
      auto predicted = reference::evaluate(model, {ids, begins}, point->weights);
      ASSERT_TRUE(bool(predicted)) << toString(predicted.takeError());
      expectEqual(*predicted, {wanted->front()});
    }
  }

  static void expectEqual(const std::vector<Tensor> &got, const std::vector<Tensor> &wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (auto [number, pair] : llvm::enumerate(llvm::zip(got, wanted))) {
      auto &[a, b] = pair;
      ASSERT_EQ(a.shape, b.shape);
      for (size_t i = 0; i < a.values.size(); ++i)
        ASSERT_NEAR(a.values[i], b.values[i], 1e-12) << "result " << number << " at " << i;
    }
  }
};

TEST_F(SharePaddingTest, Cells) {
  for (const char *cell : {"lstm(4)", "gru(4)", "gru(4, reset_after = false)", "simple_rnn(4)"})
    check(std::string(cell) + " |> dense(1, activation = sigmoid)");
}

TEST_F(SharePaddingTest, Stacked) {
  check("lstm(4, return_sequences = true) |> gru(3) |> dense(1, activation = sigmoid)");
  check("lstm(4, return_sequences = true) |> dense(2, activation = tanh) |> lstm(3) |> dense(1, activation = sigmoid)");
}

TEST_F(SharePaddingTest, SequencesThatLeave) {
  check("lstm(4, return_sequences = true) |> global_max_pool1d |> dense(1, activation = sigmoid)");
  check("lstm(4, return_sequences = true) |> flatten |> dense(1, activation = sigmoid)");
  check("gru(4, return_sequences = true) |> dense(1)", true, "mean_squared_error");
}

TEST_F(SharePaddingTest, WindowsInFront) {
  for (const char *padding : {"valid", "same", "causal"})
    for (const char *more : {"", ", strides = 2", ", dilation = 2"})
      check("conv1d(4, 3, padding = " + std::string(padding) + more + ", activation = relu) |> lstm(3) |> dense(1)",
            true, "mean_squared_error");
  for (const char *pool : {"max_pool1d(2)", "max_pool1d(3, strides = 2, padding = same)", "average_pool1d(2)"})
    check("conv1d(4, 3, padding = same, activation = relu) |> " + std::string(pool) + " |> lstm(3) |> dense(1)", true,
          "mean_squared_error");
}

/// Windows of windows: each needs a few steps more of what is below it.
TEST_F(SharePaddingTest, WindowsStacked) {
  auto isFine = [&](const std::string &layers) { check(layers + " |> dense(1)", true, "mean_squared_error"); };
  isFine("conv1d(4, 3, padding = same, activation = relu) |> conv1d(2, 2, padding = causal, dilation = 2) |> lstm(3)");
  isFine("conv1d(4, 3, strides = 2, padding = same, activation = tanh) |> average_pool1d(3, strides = 2, padding = same) |> gru(3)");
  isFine("max_pool1d(3, strides = 1, padding = same) |> conv1d(4, 3, strides = 2) |> lstm(3)");
  isFine("conv1d(4, 2) |> max_pool1d(2, strides = 3) |> dense(3, activation = sigmoid) |> simple_rnn(3)");
  isFine("conv1d(4, 3, padding = same) |> layer_norm |> lstm(3)");
  // Of a layer that is computed for active rows itself, and below one.
  isFine("lstm(3, return_sequences = true) |> conv1d(4, 3, padding = same, activation = relu) |> max_pool1d(2) |> gru(2)");
  isFine("gru(3, return_sequences = true) |> average_pool1d(2) |> conv1d(4, 2) |> lstm(2, return_sequences = true) |> flatten");
}

TEST_F(SharePaddingTest, WindowsUsedTwice) {
  checkBody("  e = x |> embedding(3) |> conv1d(4, 3, padding = same, activation = relu)\n"
            "  output y = concat(e |> lstm(3), e |> max_pool1d(2) |> gru(2), e |> global_max_pool1d) |> dense(1)\n",
            true, "mean_squared_error");
  checkBody("  e = x |> embedding(3)\n  c = e |> conv1d(3, 3, padding = same, activation = tanh)\n"
            "  output y = e * c + c |> lstm(3) |> dense(1)\n",
            true, "mean_squared_error");
}

TEST_F(SharePaddingTest, Directions) {
  check("bidirectional(lstm(3)) |> dense(1, activation = sigmoid)");
  check("bidirectional(gru(3, return_sequences = true), merge = sum) |> lstm(2) |> dense(1, activation = sigmoid)");
  check("lstm(3, go_backwards = true) |> dense(1, activation = sigmoid)", /*isShared=*/false);
  check("flatten |> dense(1, activation = sigmoid)", /*isShared=*/false);
}

TEST_F(SharePaddingTest, ValuesUsedTwice) {
  checkBody("  e = x |> embedding(3)\n  h = e |> lstm(3, return_sequences = true)\n"
            "  output y = concat(h, e) |> gru(2) |> dense(1)\n",
            true, "mean_squared_error");
  checkBody("  e = x |> embedding(3)\n  h = e |> lstm(3, return_sequences = true)\n"
            "  output y = concat(h |> simple_rnn(2), h |> global_average_pool1d, e |> flatten) |> dense(1)\n",
            true, "mean_squared_error");
}

/// A start that is trained, and equations that look back in their own way.
TEST_F(SharePaddingTest, OwnCells) {
  checkBody("  output y = x |> embedding(3) |> peephole(3) |> dense(1)\n", true, "mean_squared_error",
            R"(cell peephole(units) {
  weight kernel           [input, 3*units] = glorot_uniform
  weight recurrent_kernel [units, 3*units] = orthogonal
  weight look             [units] = glorot_uniform
  state  h[units], c[units]

  f, g, o = split(x @ kernel + h @ recurrent_kernel)
  keep = sigmoid(f + look * c)
  c' = keep * c + (1 - keep) * tanh(g)
  h' = sigmoid(o) * c' / (1 + mean(c'^2))
  return h'
}
)");
}

} // namespace

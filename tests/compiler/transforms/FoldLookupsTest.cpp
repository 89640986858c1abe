//===- FoldLookupsTest.cpp - Products made once an id are those of every place -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/transforms/GradientFixture.h"

using namespace weft;
using namespace weft::tests;
using reference::Tensor;

namespace {

class FoldLookupsTest : public GradientTest {
protected:
  /// `body` of a model of 12 ids of 9, with its lookups folded `products` times in training, and not.
  void check(const std::string &body, int64_t products, const std::string &cell = "") {
    SCOPED_TRACE(cell + body);
    Module original = compile(cell + "model m {\n  input x: tokens[12] of 9\n" + body +
                              "}\ntrain {\n  loss = mean_squared_error\n  optimizer = adam()\n}\n");
    ASSERT_TRUE(original);
    Module apart = run(*original, buildUnfoldedGradientPipeline);
    Module folded = run(*original, buildGradientPipeline);
    ASSERT_TRUE(apart && folded);
    auto stepOf = [](mlir::ModuleOp module) { return *module.getOps<seq::StepOp>().begin(); };
    EXPECT_EQ(countProducts(stepOf(*apart)), 0);
    EXPECT_EQ(countProducts(stepOf(*folded)), products);
    auto point = reference::drawPoint(*original, /*rows=*/5, 3);
    ASSERT_TRUE(bool(point)) << toString(point.takeError());
    expectPasses(*original, *folded, *point);
    // Ids that never occur, and one that is all there is.
    for (bool allAlike : {false, true}) {
      for (double &id : point->inputs.front().values)
        id = allAlike ? 8 : double(int64_t(id) / 3 * 3);
      std::vector<Tensor> arguments =
          reference::stepArguments(stepOf(*folded), point->inputs, point->labels, Tensor::filled({5, 1}, 0.2), point->random);
      auto wanted = reference::evaluate(stepOf(*apart), arguments, point->weights);
      auto got = reference::evaluate(stepOf(*folded), arguments, point->weights);
      ASSERT_TRUE(bool(wanted)) << toString(wanted.takeError());
      ASSERT_TRUE(bool(got)) << toString(got.takeError());
      ASSERT_EQ(got->size(), wanted->size());
      for (auto [a, b] : llvm::zip(*got, *wanted)) {
        ASSERT_EQ(a.shape, b.shape);
        for (auto [x, y] : llvm::zip(a.values, b.values))
          ASSERT_NEAR(x, y, 1e-12);
      }
    }
  }

  /// Matmuls of the rows that ids_of_ranks lists.
  static int64_t countProducts(seq::StepOp step) {
    int64_t count = 0;
    step->walk([&](seq::MatmulOp matmul) {
      auto gather = matmul.getLhs().getDefiningOp<seq::GatherOp>();
      count += gather && gather.getIds().getDefiningOp<seq::IdsOfRanksOp>();
    });
    return count;
  }
};

TEST_F(FoldLookupsTest, Cells) {
  check("  output y = x |> embedding(16) |> lstm(3) |> dense(1)\n", 4);
  check("  output y = x |> embedding(16) |> gru(3) |> dense(1)\n", 3);
  check("  output y = x |> embedding(16) |> gru(3, reset_after = false) |> dense(1)\n", 3);
  check("  output y = x |> embedding(16) |> simple_rnn(3, go_backwards = true) |> dense(1)\n", 1);
}

TEST_F(FoldLookupsTest, SeveralScans) {
  check("  output y = x |> embedding(16) |> bidirectional(simple_rnn(3)) |> dense(1)\n", 2);
  check("  output y = x |> embedding(16) |> gru(3, return_sequences = true) |> lstm(2) |> dense(1)\n", 3);
  check("  e = x |> embedding(16)\n  output y = concat(e |> simple_rnn(3), e |> global_max_pool1d) |> dense(1)\n", 1);
}

TEST_F(FoldLookupsTest, WhatDoesNotPayOrFit) {
  // Few columns: the products cost less than their lookup.
  check("  output y = x |> embedding(3) |> lstm(3) |> dense(1)\n", 0);
  // Room for the products of ids that seldom occur.
  auto products = [&](const std::string &entries) {
    Module module = compile("model m {\n  input x: tokens[3000] of " + entries + "\n  output y = x |> embedding(64) |> lstm(40) |> dense(1)\n"
                            "}\ntrain {\n  loss = mean_squared_error\n  optimizer = sgd\n}\n");
    Module derived = run(*module, buildGradientPipeline);
    return derived ? countProducts(*derived->getOps<seq::StepOp>().begin()) : -1;
  };
  EXPECT_EQ(products("100000"), 4);
  EXPECT_EQ(products("110000"), 0);
  // A mask for each row, and steps that use the row itself.
  check("  output y = x |> embedding(16) |> lstm(3, dropout = 0.2) |> dense(1)\n", 0);
  check("  output y = x |> embedding(16) |> adding(16) |> dense(1)\n", 0, R"(cell adding(units) {
  weight kernel [input, units] = glorot_uniform
  state  h[units]
  h' = tanh(x @ kernel + x + h)
  return h'
}
)");
}

} // namespace

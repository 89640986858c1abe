//===- GoldenGradientTest.cpp - Derived gradients are Keras's -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element by element, where finite differences can only sample: the whole way from
// a model file to its training step, evaluated in fp64.
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/transforms/GradientFixture.h"
#include "tests/support/Golden.h"

#include <fstream>
#include <sstream>

using namespace weft;
using namespace weft::tests;

namespace {

struct Case {
  const char *golden, *model;
  /// Of a gradient's largest element. Keras computes in float32; where the loss
  /// bends as sharply as that of imdb_lstm_long, that alone is 4e-4 of it.
  double tolerance = 1e-4;
};
void PrintTo(const Case &value, std::ostream *stream) { *stream << value.golden; }

class GoldenGradientTest : public GradientTest, public testing::WithParamInterface<Case> {
protected:
  void SetUp() override { WEFT_REQUIRE_SHARED("golden"); }
};

TEST_P(GoldenGradientTest, EveryElement) {
  Golden golden = loadGolden(GetParam().golden);
  std::ifstream file(sourceFolder() / "tests/compiler/reference/Inputs" /
                     (std::string(GetParam().model) + ".weft"));
  std::stringstream text;
  text << file.rdbuf();
  Module module = compile(text.str());
  ASSERT_TRUE(module);
  Module derived = run(*module, buildGradientPipeline);
  ASSERT_TRUE(derived);
  auto step = *derived->getOps<seq::StepOp>().begin();
  double rows = double(golden.x.shape.front());
  auto results =
      reference::evaluate(step, {golden.x, golden.y, reference::Tensor::filled({golden.x.shape[0], 1}, 1 / rows)}, golden.weights);
  ASSERT_TRUE(bool(results)) << toString(results.takeError());

  double loss = 0;
  for (double row : (*results)[1].values)
    loss += row / rows;
  EXPECT_NEAR(loss, golden.loss, 1e-5);
  ASSERT_EQ(step.getGradients().size(), golden.gradients.size());
  for (auto [index, symbol] : llvm::enumerate(step.getGradients())) {
    std::string name = mlir::cast<mlir::FlatSymbolRefAttr>(symbol).getValue().str();
    const reference::Tensor &expected = golden.gradients.at(name);
    const reference::Tensor &got = (*results)[2 + index];
    ASSERT_EQ(got.shape, expected.shape) << name;
    double largest = 0, worst = 0;
    for (int64_t element = 0; element < got.size(); ++element) {
      largest = std::max(largest, std::abs(expected.values[element]));
      worst = std::max(worst, std::abs(expected.values[element] - got.values[element]));
    }
    EXPECT_LE(worst, GetParam().tolerance * largest) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keras, GoldenGradientTest,
    testing::Values(Case{"imdb_lstm", "imdb_lstm"}, Case{"imdb_lstm_long", "imdb_lstm", 1e-3},
                    Case{"imdb_cnn_lstm", "imdb_cnn_lstm"}, Case{"lstm_last", "lstm_last"},
                    Case{"lstm_sequences", "lstm_sequences"}, Case{"simple_rnn", "simple_rnn"},
                    Case{"gru", "gru"}, Case{"gru_reset_before", "gru_reset_before"},
                    Case{"conv_same_pool", "conv_same_pool"}),
    [](const testing::TestParamInfo<Case> &info) { return std::string(info.param.golden); });

} // namespace

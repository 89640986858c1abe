//===- GoldenTest.cpp - The reference means what Keras means -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each module of Inputs/ is a model as Keras defines its layers; its weights,
// inputs, predictions, loss and gradients are Keras's own, in float32. The
// gradients are compared with finite differences of the reference's loss, so that
// this file depends on the dialect and the interpreter alone.
//
//===----------------------------------------------------------------------===//

#include "tests/support/Golden.h"
#include "compiler/reference/Interpreter.h"
#include "dialects/seq/Seq.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

using namespace weft;
using namespace weft::reference;

namespace {

/// A Keras float32 result differs from the exact one by the rounding of its dot
/// products: up to 132 terms of magnitude 1, 132 * 2^-24 = 8e-6 at worst before a
/// gate, whose slope is a quarter, and states forget: it does not add up over steps.
constexpr double predictionTolerance = 1e-5;

/// The module (its seq.model and seq.loss) and the numbers of one case.
class Case {
public:
  /// `module` names the file of Inputs/, which several sets of numbers may share.
  Case(const std::string &name, const std::string &module) : golden(tests::loadGolden(name)) {
    context.loadDialect<seq::SeqDialect>();
    std::filesystem::path file =
        tests::sourceFolder() / "tests/compiler/reference/Inputs" / (module + ".mlir");
    owner = mlir::parseSourceFile<mlir::ModuleOp>(file.string(), &context);
    if (!owner)
      throw std::runtime_error(file.string() + " does not parse");
  }

  Tensor predict(const Weights &weights) {
    return run(*owner->getOps<seq::ModelOp>().begin(), {golden.x}, weights);
  }

  double loss(const Weights &weights) {
    Tensor values = run(*owner->getOps<seq::LossOp>().begin(), {predict(weights), golden.y}, {});
    return std::accumulate(values.values.begin(), values.values.end(), 0.0) / values.size();
  }

  /// The slope of the loss where the weight `name` moves along `direction`.
  double slope(const std::string &name, const std::vector<double> &direction) {
    // Short: a rectifier or a maximum may turn within it, and a loss may bend sharply.
    constexpr double distance = 1e-7;
    auto moved = [&](double by) {
      Weights weights = golden.weights;
      for (size_t i = 0; i < direction.size(); ++i)
        weights[name].values[i] += by * direction[i];
      return loss(weights);
    };
    return (moved(distance) - moved(-distance)) / (2 * distance);
  }

  tests::Golden golden;

private:
  static Tensor run(mlir::Operation *function, std::vector<Tensor> arguments, const Weights &weights) {
    llvm::Expected<std::vector<Tensor>> results = evaluate(function, arguments, weights);
    if (!results)
      throw std::runtime_error(llvm::toString(results.takeError()));
    return results->front();
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> owner;
};

double norm(const std::vector<double> &values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

std::vector<double> normalized(std::vector<double> values) {
  for (double length = norm(values); double &value : values)
    value /= length;
  return values;
}

struct Name {
  std::string golden, module;
  /// How far Keras's float32 gradient may be from the exact one, as a share of its
  /// length.
  double gradientTolerance = 1e-4;
};

/// A loss that bends as sharply as that of imdb_lstm_long turns the rounding of
/// float32 into 4e-4 of the gradient's largest (a NumPy float32 LSTM is 1e-4 from
/// the exact gradient there, and 3e-4 from Keras's).
constexpr double sharplyBent = 1e-3;

class GoldenTest : public testing::TestWithParam<Name> {
protected:
  void SetUp() override { WEFT_REQUIRE_SHARED("golden"); }
};

TEST_P(GoldenTest, PredictsAsKerasDoes) {
  Case model(GetParam().golden, GetParam().module);
  Tensor predictions = model.predict(model.golden.weights);
  ASSERT_EQ(predictions.shape, model.golden.predictions.shape);
  double worst = 0;
  for (int64_t i = 0; i < predictions.size(); ++i)
    worst = std::max(worst, std::abs(predictions.values[i] - model.golden.predictions.values[i]));
  EXPECT_LT(worst, predictionTolerance);
  EXPECT_NEAR(model.loss(model.golden.weights), model.golden.loss, predictionTolerance);
}

TEST_P(GoldenTest, LossSlopesAsKerasGradientsDo) {
  Case model(GetParam().golden, GetParam().module);
  std::mt19937 random(7);
  for (const auto &[name, gradient] : model.golden.gradients) {
    ASSERT_EQ(gradient.shape, model.golden.weights.at(name).shape) << name;
    double length = norm(gradient.values);
    // Along the gradient the slope is its length.
    EXPECT_NEAR(model.slope(name, normalized(gradient.values)), length, GetParam().gradientTolerance * length)
        << name;
    // Along any other direction it is their product, of the order of length / sqrt(size).
    std::vector<double> direction(gradient.size());
    std::normal_distribution<double> normal;
    for (double &value : direction)
      value = normal(random);
    direction = normalized(direction);
    double expected = std::inner_product(direction.begin(), direction.end(), gradient.values.begin(), 0.0);
    EXPECT_NEAR(model.slope(name, direction), expected,
                10 * GetParam().gradientTolerance * length / std::sqrt(gradient.size()))
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keras, GoldenTest,
    testing::Values(Name{"imdb_lstm", "imdb_lstm"}, Name{"imdb_lstm_long", "imdb_lstm", sharplyBent},
                    Name{"imdb_cnn_lstm", "imdb_cnn_lstm"}, Name{"lstm_last", "lstm_last"},
                    Name{"lstm_sequences", "lstm_sequences"}, Name{"simple_rnn", "simple_rnn"},
                    Name{"gru", "gru"}, Name{"gru_reset_before", "gru_reset_before"},
                    Name{"conv_same_pool", "conv_same_pool"}),
    [](const auto &info) { return info.param.golden; });

} // namespace

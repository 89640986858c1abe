//===- KerasTest.cpp - Models written in Weft train as in Keras -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The prelude's cells, losses and optimizer, and the training step that is derived
// from them, evaluated in fp64 at every stage the dialect has, against Keras's own
// predictions, loss, gradients and weights after three steps of Adam. What a
// generated program adds to this is the rounding of its kernels.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Frontend.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/transforms/Passes.h"
#include "dialects/seq/Seq.h"
#include "tests/support/Golden.h"
#include "tests/support/Npy.h"

#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

using namespace weft;
using namespace weft::reference;

namespace {

/// See GoldenTest.cpp for the tolerances.
constexpr double predictionTolerance = 1e-5;

struct Name {
  std::string golden, source;
  /// Of each gradient, as a share of its largest: the rounding of Keras's float32.
  double gradientTolerance = 1e-4;
};

double largest(const Tensor &tensor) {
  double result = 0;
  for (double value : tensor.values)
    result = std::max(result, std::abs(value));
  return result;
}

double difference(const Tensor &a, const Tensor &b) {
  double result = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    result = std::max(result, std::abs(a.values[i] - b.values[i]));
  return result;
}

/// What a step of training gives.
struct Step {
  Tensor predictions, loss;
  Weights gradients;
};

class KerasTest : public testing::TestWithParam<Name> {
protected:
  void SetUp() override {
    WEFT_REQUIRE_SHARED("golden");
    golden = tests::loadGolden(GetParam().golden);
    context.loadDialect<seq::SeqDialect>();
    std::filesystem::path file =
        tests::sourceFolder() / "tests/compiler/reference/Inputs" / (GetParam().source + ".weft");
    std::string diagnostics;
    module = frontend::compileToSeq(file.string(), tests::readFile(file), {}, &context, diagnostics);
    ASSERT_TRUE(module) << diagnostics;
  }

  void lower(void (*pipeline)(mlir::OpPassManager &)) {
    mlir::PassManager manager(&context);
    pipeline(manager);
    ASSERT_TRUE(succeeded(manager.run(*module)));
  }

  template <typename OpTy> OpTy only() { return *module->getOps<OpTy>().begin(); }

  std::vector<Tensor> run(mlir::Operation *function, const std::vector<Tensor> &arguments,
                          const Weights &weights = {}) {
    llvm::Expected<std::vector<Tensor>> results = evaluate(function, arguments, weights);
    if (!results)
      throw std::runtime_error(llvm::toString(results.takeError()));
    return *results;
  }

  Step step(const Weights &weights) {
    auto function = only<seq::StepOp>();
    std::vector<Tensor> results =
        run(function, {golden.x, golden.y, Tensor::scalar(1.0 / golden.x.shape[0])}, weights);
    Step step{results[0], results[1], {}};
    for (auto [index, name] : llvm::enumerate(function.getGradients().getAsRange<mlir::FlatSymbolRefAttr>()))
      step.gradients[name.getValue().str()] = results[2 + index];
    return step;
  }

  void expectPredictionsAndLoss(const Tensor &predictions, const Tensor &loss) {
    ASSERT_EQ(predictions.shape, golden.predictions.shape);
    EXPECT_LT(difference(predictions, golden.predictions), predictionTolerance);
    EXPECT_NEAR(std::accumulate(loss.values.begin(), loss.values.end(), 0.0) / loss.size(), golden.loss,
                predictionTolerance);
  }

  tests::Golden golden;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_P(KerasTest, LayersPredictAsInKeras) {
  Tensor predictions = run(only<seq::ModelOp>(), {golden.x}, golden.weights)[0];
  expectPredictionsAndLoss(predictions, run(only<seq::LossOp>(), {predictions, golden.y})[0]);
}

TEST_P(KerasTest, ExpandedLayersPredictAsInKeras) {
  lower(buildExpandedPipeline);
  Tensor predictions = run(only<seq::ModelOp>(), {golden.x}, golden.weights)[0];
  expectPredictionsAndLoss(predictions, run(only<seq::LossOp>(), {predictions, golden.y})[0]);
}

TEST_P(KerasTest, DerivedGradientsAreKeras) {
  lower(buildGradientPipeline);
  Step derived = step(golden.weights);
  expectPredictionsAndLoss(derived.predictions, derived.loss);
  ASSERT_EQ(derived.gradients.size(), golden.gradients.size());
  for (const auto &[name, expected] : golden.gradients) {
    ASSERT_EQ(derived.gradients[name].shape, expected.shape) << name;
    EXPECT_LT(difference(derived.gradients[name], expected), GetParam().gradientTolerance * largest(expected))
        << name;
  }
}

/// Without imdb_lstm_long: moving its weights by their own float32 rounding changes
/// most movements by more than 1%, so nothing but Keras's own roundings gives them.
class KerasAdamTest : public KerasTest {};

TEST_P(KerasAdamTest, AdamMovesWeightsAsInKeras) {
  lower(buildGradientPipeline);
  auto optimizer = only<seq::OptimizerOp>();
  double rate = only<seq::TrainingOp>().getLearningRate().convertToDouble();
  Weights weights = golden.weights;
  std::map<std::string, std::vector<Tensor>> states;
  for (int number = 1; number <= 3; ++number) {
    Step derived = step(weights);
    for (auto &[name, weight] : weights) {
      std::vector<Tensor> &own = states[name];
      own.resize(optimizer.getNumArguments() - 4, Tensor::zeros({weight.size()}));
      // The optimizer sees a weight's elements in a row.
      std::vector<Tensor> arguments{Tensor::scalar(number), Tensor::scalar(rate),
                                    Tensor({weight.size()}, weight.values),
                                    Tensor({weight.size()}, derived.gradients.at(name).values)};
      llvm::append_range(arguments, own);
      std::vector<Tensor> results = run(optimizer, arguments);
      weight.values = results[0].values;
      own.assign(results.begin() + 1, results.end());
    }
  }

  // Where the gradient is small, Adam divides one rounding by another.
  for (const auto &[name, gradient] : golden.gradients) {
    double threshold = 0.01 * largest(gradient);
    int64_t compared = 0, wrong = 0;
    for (int64_t i = 0; i < gradient.size(); ++i) {
      if (std::abs(gradient.values[i]) <= threshold)
        continue;
      double before = golden.weights[name].values[i];
      double expected = golden.afterAdam[name].values[i] - before, moved = weights[name].values[i] - before;
      // Half a unit in the last place of the float32 weights that Keras saved, before and after;
      // and three steps, each as exact as its gradient, that may cancel.
      double rounding = std::abs(before) * 0x1p-23, cancelled = 3 * rate * GetParam().gradientTolerance;
      wrong += std::abs(moved - expected) > 0.01 * std::abs(expected) + rounding + cancelled;
      ++compared;
    }
    EXPECT_GT(compared, 0) << name;
    EXPECT_EQ(wrong, 0) << name << ", of " << compared;
  }
}

const Name bent{"imdb_lstm_long", "imdb_lstm", 1e-3};
const Name even[] = {{"imdb_lstm", "imdb_lstm"},
                     {"imdb_cnn_lstm", "imdb_cnn_lstm"},
                     {"lstm_last", "lstm_last"},
                     {"lstm_sequences", "lstm_sequences"},
                     {"simple_rnn", "simple_rnn"},
                     {"gru", "gru"},
                     {"gru_reset_before", "gru_reset_before"},
                     {"conv_same_pool", "conv_same_pool"}};

std::string nameOf(const testing::TestParamInfo<Name> &info) { return info.param.golden; }

INSTANTIATE_TEST_SUITE_P(Even, KerasTest, testing::ValuesIn(even), nameOf);
INSTANTIATE_TEST_SUITE_P(Bent, KerasTest, testing::Values(bent), nameOf);
INSTANTIATE_TEST_SUITE_P(Even, KerasAdamTest, testing::ValuesIn(even), nameOf);

} // namespace

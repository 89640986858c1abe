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
#include <memory>
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

/// A model of Inputs/ and its training, at whatever stage it is lowered to.
class Model {
public:
  explicit Model(const std::string &source) {
    context.loadDialect<seq::SeqDialect>();
    std::filesystem::path file =
        tests::sourceFolder() / "tests/compiler/reference/Inputs" / (source + ".weft");
    std::string diagnostics;
    module = frontend::compileToSeq(file.string(), tests::readFile(file), {}, &context, diagnostics);
    if (!module)
      throw std::runtime_error(diagnostics);
  }

  void lower(void (*pipeline)(mlir::OpPassManager &)) {
    mlir::PassManager manager(&context);
    pipeline(manager);
    if (failed(manager.run(*module)))
      throw std::runtime_error("the pipeline failed");
  }

  Tensor predict(const Tensor &x, const Weights &weights) {
    return run(only<seq::ModelOp>(), {x}, weights)[0];
  }
  Tensor loss(const Tensor &predictions, const Tensor &y) {
    return run(only<seq::LossOp>(), {predictions, y})[0];
  }

  Step step(const Tensor &x, const Tensor &y, const Weights &weights) {
    auto function = only<seq::StepOp>();
    std::vector<Tensor> results = run(function, {x, y, Tensor::filled({x.shape[0], 1}, 1.0 / x.shape[0])}, weights);
    Step step{results[0], results[1], {}};
    for (auto [index, name] : llvm::enumerate(function.getGradients().getAsRange<mlir::FlatSymbolRefAttr>()))
      step.gradients[name.getValue().str()] = results[2 + index];
    return step;
  }

  /// The optimizer's step `number`, counted from 1.
  void update(Weights &weights, const Weights &gradients, int64_t number) {
    auto optimizer = only<seq::OptimizerOp>();
    for (auto &[name, weight] : weights) {
      std::vector<Tensor> &own = states[name];
      own.resize(optimizer.getNumArguments() - 4, Tensor::zeros({weight.size()}));
      // The optimizer sees a weight's elements in a row.
      std::vector<Tensor> arguments{Tensor::scalar(number), Tensor::scalar(rate()),
                                    Tensor({weight.size()}, weight.values),
                                    Tensor({weight.size()}, gradients.at(name).values)};
      llvm::append_range(arguments, own);
      std::vector<Tensor> results = run(optimizer, arguments);
      weight.values = results[0].values;
      own.assign(results.begin() + 1, results.end());
    }
  }

  double rate() { return only<seq::TrainingOp>().getLearningRate().convertToDouble(); }

private:
  template <typename OpTy> OpTy only() { return *module->getOps<OpTy>().begin(); }

  static std::vector<Tensor> run(mlir::Operation *function, const std::vector<Tensor> &arguments,
                                 const Weights &weights = {}) {
    llvm::Expected<std::vector<Tensor>> results = evaluate(function, arguments, weights);
    if (!results)
      throw std::runtime_error(llvm::toString(results.takeError()));
    return *results;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::map<std::string, std::vector<Tensor>> states;
};

double mean(const Tensor &tensor) {
  return std::accumulate(tensor.values.begin(), tensor.values.end(), 0.0) / tensor.size();
}

class KerasTest : public testing::TestWithParam<Name> {
protected:
  void SetUp() override {
    WEFT_REQUIRE_SHARED("golden");
    golden = tests::loadGolden(GetParam().golden);
    model = std::make_unique<Model>(GetParam().source);
  }

  void expectPredictionsAndLoss(const Tensor &predictions, const Tensor &loss) {
    ASSERT_EQ(predictions.shape, golden.predictions.shape);
    EXPECT_LT(difference(predictions, golden.predictions), predictionTolerance);
    EXPECT_NEAR(mean(loss), golden.loss, predictionTolerance);
  }

  tests::Golden golden;
  std::unique_ptr<Model> model;
};

TEST_P(KerasTest, LayersPredictAsInKeras) {
  Tensor predictions = model->predict(golden.x, golden.weights);
  expectPredictionsAndLoss(predictions, model->loss(predictions, golden.y));
}

TEST_P(KerasTest, ExpandedLayersPredictAsInKeras) {
  model->lower(buildExpandedPipeline);
  Tensor predictions = model->predict(golden.x, golden.weights);
  expectPredictionsAndLoss(predictions, model->loss(predictions, golden.y));
}

TEST_P(KerasTest, DerivedGradientsAreKeras) {
  model->lower(buildGradientPipeline);
  Step derived = model->step(golden.x, golden.y, golden.weights);
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
  model->lower(buildGradientPipeline);
  Weights weights = golden.weights;
  for (int number = 1; number <= 3; ++number)
    model->update(weights, model->step(golden.x, golden.y, weights).gradients, number);

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
      double rounding = std::abs(before) * 0x1p-23,
             cancelled = 3 * model->rate() * GetParam().gradientTolerance;
      wrong += std::abs(moved - expected) > 0.01 * std::abs(expected) + rounding + cancelled;
      ++compared;
    }
    EXPECT_GT(compared, 0) << name;
    EXPECT_EQ(wrong, 0) << name << ", of " << compared;
  }
}

/// The first batches of a training run without shuffling: the losses before each
/// update are Keras's. (All 50 of them are what a compiled program is held to.)
class TrajectoryTest : public testing::TestWithParam<std::string> {};

TEST_P(TrajectoryTest, LossesOfTheFirstBatches) {
  WEFT_REQUIRE_SHARED("trajectory");
  constexpr int64_t batches = 3, rows = 64;
  tests::Trajectory trajectory = tests::loadTrajectory(GetParam());
  Model model(GetParam());
  model.lower(buildGradientPipeline);
  auto batchOf = [](const Tensor &all, int64_t batch) {
    auto begin = all.values.begin() + batch * rows * all.width();
    return Tensor({rows, all.width()}, std::vector<double>(begin, begin + rows * all.width()));
  };
  for (int64_t batch = 0; batch < batches; ++batch) {
    Step step = model.step(batchOf(trajectory.x, batch), batchOf(trajectory.y, batch), trajectory.weights);
    EXPECT_NEAR(mean(step.loss), trajectory.losses[batch], 1e-5) << "batch " << batch;
    model.update(trajectory.weights, step.gradients, batch + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, TrajectoryTest, testing::Values("imdb_lstm", "imdb_cnn_lstm"),
                         [](const auto &info) { return info.param; });

const Name bent{"imdb_lstm_long", "imdb_lstm", 1e-3};
const Name even[] = {{"imdb_lstm", "imdb_lstm"},
                     {"imdb_cnn_lstm", "imdb_cnn_lstm"},
                     {"lstm_last", "lstm_last"},
                     {"lstm_sequences", "lstm_sequences"},
                     {"simple_rnn", "simple_rnn"},
                     {"gru", "gru"},
                     {"gru_reset_before", "gru_reset_before"},
                     {"conv_same_pool", "conv_same_pool"},
                     {"conv_causal_dilated", "conv_causal_dilated"},
                     {"conv_valid_stride", "conv_valid_stride"},
                     {"bilstm_sequences", "bilstm_sequences"},
                     {"imdb_bilstm", "imdb_bilstm"}};

std::string nameOf(const testing::TestParamInfo<Name> &info) { return info.param.golden; }

INSTANTIATE_TEST_SUITE_P(Even, KerasTest, testing::ValuesIn(even), nameOf);
INSTANTIATE_TEST_SUITE_P(Bent, KerasTest, testing::Values(bent), nameOf);
INSTANTIATE_TEST_SUITE_P(Even, KerasAdamTest, testing::ValuesIn(even), nameOf);

} // namespace

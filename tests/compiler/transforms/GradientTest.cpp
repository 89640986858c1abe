//===- GradientTest.cpp - Derived gradients against finite differences -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every rule, every cell and loss of the prelude, and cells that nobody wrote: the
// step that the whole gradient pipeline derives, against the slopes of the module
// as it came from the frontend.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Frontend.h"
#include "compiler/reference/GradientCheck.h"
#include "compiler/transforms/Passes.h"
#include "tests/support/RandomCells.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace weft;
using namespace weft::reference;

namespace {

using Module = mlir::OwningOpRef<mlir::ModuleOp>;

class GradientTest : public testing::Test {
protected:
  GradientTest() { context.loadDialect<seq::SeqDialect>(); }

  Module compile(const std::string &text) {
    std::string diagnostics;
    Module module = frontend::compileToSeq("test.weft", text, {}, &context, diagnostics);
    if (!module)
      ADD_FAILURE() << diagnostics << "\n" << text;
    return module;
  }

  Module run(mlir::ModuleOp module, void (*pipeline)(mlir::OpPassManager &)) {
    Module copy = module.clone();
    mlir::PassManager manager(&context);
    pipeline(manager);
    if (failed(manager.run(*copy)) || failed(mlir::verify(*copy))) {
      ADD_FAILURE() << "the pipeline failed";
      return {};
    }
    return copy;
  }

  /// The model and loss of `original` mean the same after `pipeline`.
  void expectSame(mlir::ModuleOp original, void (*pipeline)(mlir::OpPassManager &), double tolerance,
                  const GradientPoint &point) {
    Module changed = run(original, pipeline);
    ASSERT_TRUE(changed);
    auto model = *original.getOps<seq::ModelOp>().begin();
    auto before = evaluate(model, point.inputs, point.weights);
    auto after = evaluate(changed->lookupSymbol(model.getSymName()), point.inputs, point.weights);
    ASSERT_TRUE(bool(before)) << toString(before.takeError());
    ASSERT_TRUE(bool(after)) << toString(after.takeError());
    ASSERT_EQ(before->size(), after->size());
    for (auto [a, b] : llvm::zip(*before, *after)) {
      ASSERT_EQ(a.shape, b.shape);
      for (auto [x, y] : llvm::zip(a.values, b.values))
        ASSERT_NEAR(x, y, tolerance * std::max(1.0, std::abs(x)));
    }
  }

  /// Everything at once, on a module of stage seq.
  void check(mlir::ModuleOp original, uint64_t seed = 1) {
    llvm::Expected<GradientPoint> point = drawPoint(original, /*rows=*/3, seed);
    ASSERT_TRUE(bool(point)) << toString(point.takeError());
    expectSame(original, buildExpandedPipeline, 1e-12, *point);
    Module derived = run(original, buildGradientPipeline);
    ASSERT_TRUE(derived);
    llvm::Expected<GradientReport> report = checkGradients(original, *derived, *point);
    ASSERT_TRUE(bool(report)) << toString(report.takeError());
    EXPECT_TRUE(report->passed({})) << report->describe();
    slopes = 0;
    skipped = 0;
    for (const WeightCheck &weight : report->weights) {
      slopes += weight.checked;
      skipped += weight.skipped;
    }
    EXPECT_LE(skipped * 10, slopes) << "too many kinks:\n" << report->describe();
  }
  void checkText(const std::string &text, uint64_t seed = 1) {
    SCOPED_TRACE(text);
    if (Module module = compile(text))
      check(*module, seed);
  }
  /// A model of layers in front of a loss.
  void checkModel(const std::string &input, const std::string &layers,
                  const std::string &loss = "mean_squared_error", uint64_t seed = 1) {
    checkText("model m {\n  input x: " + input + "\n  output y = x |> " + layers + "\n}\ntrain {\n  loss = " +
                  loss + "\n  optimizer = sgd(learning_rate = 0.1)\n}\n",
              seed);
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  int64_t slopes = 0, skipped = 0;
};

//===----------------------------------------------------------------------===//
// Layers, cells, losses
//===----------------------------------------------------------------------===//

TEST_F(GradientTest, Dense) { checkModel("features[4]", "dense(3) |> dense(2, activation = tanh)"); }
TEST_F(GradientTest, DenseOnSequences) { checkModel("features[3, 4]", "dense(3, activation = sigmoid) |> dense(2)"); }
TEST_F(GradientTest, Embedding) { checkModel("tokens[6] of 5", "embedding(3) |> lstm(4) |> dense(1)"); }
TEST_F(GradientTest, Conv1d) {
  for (const char *padding : {"valid", "same", "causal"})
    for (const char *rest : {"", ", strides = 2", ", dilation = 2"})
      checkModel("features[7, 2]", std::string("dense(2) |> conv1d(3, 3, padding = ") + padding + rest + ") |> simple_rnn(2)");
}
TEST_F(GradientTest, MaxPool1d) {
  for (const char *arguments : {"2", "3, strides = 2", "3, strides = 1, padding = same"})
    checkModel("features[8, 2]", std::string("dense(3, activation = tanh) |> max_pool1d(") + arguments + ") |> simple_rnn(2)");
}

TEST_F(GradientTest, EveryCell) {
  for (const char *cell : {"lstm(3)", "lstm(3, use_bias = false)", "lstm(3, activation = elu, recurrent_activation = hard_sigmoid)",
                           "gru(3)", "gru(3, reset_after = false)", "gru(3, use_bias = false)", "simple_rnn(3)",
                           "simple_rnn(3, use_bias = false, activation = softsign)"})
    checkModel("features[4, 2]", std::string(cell) + " |> dense(1)");
}
TEST_F(GradientTest, RecurrentArguments) {
  checkModel("features[4, 2]", "lstm(3, return_sequences = true) |> gru(2) |> dense(1)");
  checkModel("features[4, 2]", "lstm(3, go_backwards = true) |> dense(1)");
  checkModel("features[4, 2]", "lstm(3, go_backwards = true, return_sequences = true) |> dense(1)");
}

TEST_F(GradientTest, EveryLoss) {
  for (const char *loss : {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"})
    checkModel("features[4]", "dense(3)", loss);
  for (const char *loss : {"binary_crossentropy", "poisson", "hinge"})
    checkModel("features[4]", "dense(3, activation = sigmoid)", loss);
  for (const char *loss : {"categorical_crossentropy", "sparse_categorical_crossentropy"})
    checkModel("features[4]", "dense(3, activation = softmax)", loss);
}

TEST_F(GradientTest, EveryActivation) {
  for (const char *name : {"linear", "exponential", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "swish", "silu",
                           "mish", "softsign", "softplus", "hard_sigmoid", "hard_swish", "hard_tanh", "tanh_shrink", "log_sigmoid",
                           "gelu", "softmax", "log_softmax", "sigmoid", "tanh"})
    checkModel("features[4]", std::string("dense(5, activation = ") + name + ") |> dense(2)");
}

//===----------------------------------------------------------------------===//
// Cells that nobody wrote
//===----------------------------------------------------------------------===//

class RandomCellTest : public GradientTest, public testing::WithParamInterface<int> {};
TEST_P(RandomCellTest, Gradient) { checkText(tests::randomCellModel(GetParam()), GetParam()); }
INSTANTIATE_TEST_SUITE_P(Seeds, RandomCellTest, testing::Range(1, 51));

} // namespace

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

#include "tests/compiler/transforms/GradientFixture.h"
#include "tests/support/RandomCells.h"

#include "mlir/IR/OperationSupport.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

using namespace weft;
using namespace weft::tests;

namespace {

//===----------------------------------------------------------------------===//
// Layers, cells, losses
//===----------------------------------------------------------------------===//

TEST_F(GradientTest, Dense) { checkModel("features[4]", "dense(3) |> dense(2, activation = tanh)"); }
TEST_F(GradientTest, DenseOnSequences) {
  checkModel("features[3, 4]", "dense(3, activation = sigmoid) |> dense(2)");
}
TEST_F(GradientTest, Embedding) { checkModel("tokens[6] of 5", "embedding(3) |> lstm(4) |> dense(1)"); }
TEST_F(GradientTest, Conv1d) {
  for (const char *padding : {"valid", "same", "causal"})
    for (const char *rest : {"", ", strides = 2", ", dilation = 2"})
      checkModel("features[7, 2]",
                 std::string("dense(2) |> conv1d(3, 3, padding = ") + padding + rest + ") |> simple_rnn(2)");
}
TEST_F(GradientTest, MaxPool1d) {
  for (const char *arguments : {"2", "3, strides = 2", "3, strides = 1, padding = same"})
    checkModel("features[8, 2]",
               std::string("dense(3, activation = tanh) |> max_pool1d(") + arguments + ") |> simple_rnn(2)");
}

TEST_F(GradientTest, AveragePool1d) {
  for (const char *arguments :
       {"2", "3, strides = 2", "3, strides = 1, padding = same", "2, strides = 3, padding = same"})
    checkModel("features[8, 2]", std::string("dense(3, activation = tanh) |> average_pool1d(") + arguments +
                                     ") |> simple_rnn(2)");
}
TEST_F(GradientTest, GlobalPooling) {
  for (const char *layer : {"global_max_pool1d", "global_average_pool1d"})
    checkModel("features[8, 2]", std::string("dense(3, activation = tanh) |> ") + layer + " |> dense(2)");
}
TEST_F(GradientTest, Bidirectional) {
  for (const char *merge : {"concat", "sum", "mul", "ave"})
    for (const char *more : {"", ", return_sequences = true", ", go_backwards = true"})
      checkModel("features[4, 2]",
                 std::string("bidirectional(gru(3") + more + "), merge = " + merge + ") |> dense(1)");
}

TEST_F(GradientTest, EveryCell) {
  for (const char *cell : {"lstm(3)", "lstm(3, use_bias = false)",
                           "lstm(3, activation = elu, recurrent_activation = hard_sigmoid)", "gru(3)",
                           "gru(3, reset_after = false)", "gru(3, use_bias = false)", "simple_rnn(3)",
                           "simple_rnn(3, use_bias = false, activation = softsign)"})
    checkModel("features[4, 2]", std::string(cell) + " |> dense(1)");
}
/// The cells that model files define themselves, over fewer steps.
TEST_F(GradientTest, CellsOfTheModels) {
  int found = 0;
  for (const auto &entry : std::filesystem::directory_iterator(WEFT_MODELS)) {
    std::stringstream content;
    content << std::ifstream(entry.path()).rdbuf();
    std::string text = content.str();
    if (entry.path().extension() != ".weft" || text.find("\ncell ") == std::string::npos)
      continue;
    ++found;
    for (const char *length : {"[40, ", "length = 40", "units = 24", "units = 27"})
      if (size_t at = text.find(length); at != std::string::npos)
        text.replace(at + std::string_view(length).find_first_of("24"), 2, "5");
    checkText(text);
  }
  EXPECT_GE(found, 4);
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
  for (const char *name :
       {"linear",   "exponential",  "relu",        "relu6",     "leaky_relu",  "elu",
        "celu",     "selu",         "swish",       "silu",      "mish",        "softsign",
        "softplus", "hard_sigmoid", "hard_swish",  "hard_tanh", "tanh_shrink", "log_sigmoid",
        "gelu",     "softmax",      "log_softmax", "sigmoid",   "tanh"})
    checkModel("features[4]", std::string("dense(5, activation = ") + name + ") |> dense(2)");
}

//===----------------------------------------------------------------------===//
// The check itself
//===----------------------------------------------------------------------===//

/// A check that finds nothing proves nothing: a gradient that is off by 1e-5 of
/// itself has to be found.
TEST_F(GradientTest, AWrongGradientIsFound) {
  Module original = compile("model m {\n  input x: features[4, 2]\n  output y = x |> lstm(3) |> dense(1)\n}\n"
                            "train {\n  loss = mean_squared_error\n  optimizer = sgd()\n}\n");
  ASSERT_TRUE(original);
  Module derived = run(*original, buildGradientPipeline);
  ASSERT_TRUE(derived);
  auto point = reference::drawPoint(*original, 3, 1);
  ASSERT_TRUE(bool(point));
  auto step = *derived->getOps<seq::StepOp>().begin();
  auto terminator = mlir::cast<seq::ReturnOp>(step.getBody().front().getTerminator());
  for (unsigned index = 2; index < terminator->getNumOperands(); ++index) {
    mlir::Value right = terminator->getOperand(index);
    mlir::OpBuilder builder(terminator);
    auto scalar = mlir::RankedTensorType::get({}, builder.getF32Type());
    mlir::Value factor =
        seq::ConstantOp::create(builder, terminator.getLoc(), mlir::DenseElementsAttr::get(scalar, 1.00001f));
    terminator->setOperand(index, seq::MulOp::create(builder, terminator.getLoc(), right, factor));
    auto report = reference::checkGradients(*original, *derived, *point);
    ASSERT_TRUE(bool(report));
    EXPECT_FALSE(report->passed({})) << report->describe();
    terminator->setOperand(index, right);
  }
}

//===----------------------------------------------------------------------===//
// Names and order
//===----------------------------------------------------------------------===//

/// The prelude's LSTM with other names and its equations in another order gives the
/// same training step, to the letter but for the names of its weights.
TEST_F(GradientTest, NeitherNamesNorOrderOfEquationsMatter) {
  auto stepOf = [&](const std::string &definitions, const std::string &layer) {
    Module module = compile(
        definitions + "model m {\n  input x: tokens[6] of 9\n  output y = x |> embedding(3) |> " + layer +
        "(4) |> dense(1, activation = sigmoid)\n}\ntrain {\n  loss = "
        "binary_crossentropy\n  optimizer = adam()\n}\n");
    Module derived = module ? run(*module, buildGradientPipeline) : Module();
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (derived) {
      // Names of weights would show in the names of values.
      mlir::OpPrintingFlags flags;
      (*derived->getOps<seq::StepOp>().begin())->print(stream, flags.printGenericOpForm());
    }
    return text;
  };
  auto renamed = [](std::string text, const std::map<std::string, std::string> &names) {
    for (const auto &[from, to] : names)
      for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
  };
  std::string known = stepOf("", "lstm");
  std::string own = stepOf(R"(cell peter(units) {
  weight alpha [input, 4*units] = glorot_uniform
  weight beta  [units, 4*units] = orthogonal
  state  short[units], long[units]
  weight gamma [4*units] = [zeros, ones, zeros, zeros]

  in, keep, new, out = split(x @ alpha + short @ beta + gamma)
  door = sigmoid(out)
  fresh = tanh(new)
  gate = sigmoid(in)
  old = sigmoid(keep)
  long' = old * long + gate * fresh
  short' = door * tanh(long')
  return short'
}
)",
                           "peter");
  ASSERT_FALSE(known.empty());
  EXPECT_EQ(renamed(own, {{"peter/alpha", "lstm/kernel"},
                          {"peter/beta", "lstm/recurrent_kernel"},
                          {"peter/gamma", "lstm/bias"}}),
            known);
}

//===----------------------------------------------------------------------===//
// Other ways through the passes
//===----------------------------------------------------------------------===//

TEST_F(GradientTest, MatmulsBehindTheScan) {
  Module original = compile(
      "model m {\n  input x: tokens[4] of 9\n  output y = x |> embedding(3) |> lstm(2) |> dense(1)\n}\n"
      "train {\n  loss = mean_squared_error\n  optimizer = sgd()\n}\n");
  ASSERT_TRUE(original);
  auto pipeline = [](mlir::OpPassManager &manager) {
    buildGradientPipeline(manager);
    manager.addPass(createSeqSinkFromScan(SeqSinkFromScanOptions{/*sinkMatmuls=*/true}));
    manager.addPass(createSeqSimplify());
  };
  Module derived = run(*original, pipeline);
  ASSERT_TRUE(derived);
  expectPasses(*original, *derived, 1);
}

TEST_F(GradientTest, DifferentiationAloneIsEnough) {
  // Nothing that simplifies or moves is needed for the gradient to be right.
  Module original = compile(randomCellModel(7));
  ASSERT_TRUE(original);
  auto pipeline = [](mlir::OpPassManager &manager) {
    manager.addPass(createSeqExpand());
    manager.addPass(createSeqBuildStep());
    manager.addPass(createSeqDifferentiate());
  };
  Module derived = run(*original, pipeline);
  ASSERT_TRUE(derived);
  expectPasses(*original, *derived, 1);
}

//===----------------------------------------------------------------------===//
// Cells that nobody wrote
//===----------------------------------------------------------------------===//

class RandomCellTest : public GradientTest, public testing::WithParamInterface<int> {};
TEST_P(RandomCellTest, Gradient) { checkText(tests::randomCellModel(GetParam()), GetParam()); }

/// Fifty, or as many as the environment variable asks for.
int randomCellCount() {
  const char *asked = std::getenv("WEFT_RANDOM_CELLS");
  return asked ? std::max(1, std::atoi(asked)) : 50;
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomCellTest, testing::Range(1, 1 + randomCellCount()));

} // namespace

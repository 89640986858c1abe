//===- PreludeTest.cpp - Each definition of the prelude -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/frontend/FrontendTesting.h"

using namespace weft;
using namespace weft::frontend::testing;

TEST(Lstm, IsKerass) {
  expectInOrder(compile(modelOf("features[7, 3]", "lstm(5) |> dense(1)")),
                {"@\"lstm/kernel\" : tensor<3x20xf32> = [#seq.init<glorot_uniform>]",
                 "@\"lstm/recurrent_kernel\" : tensor<5x20xf32> = [#seq.init<orthogonal",
                 "@\"lstm/bias\" : tensor<20xf32> = [#seq.init<zeros>, #seq.init<ones>, #seq.init<zeros>, "
                 "#seq.init<zeros>]",
                 "seq.cell @lstm", "states = 2", "seq.split",
                 "#1 :", "layers = [{name = \"lstm\", parameters = 180", "shape = [5], type = \"LSTM\"}"});
}

TEST(Lstm, TakesKerassArguments) {
  Compiled compiled = compile(
      modelOf("features[7, 3]", "lstm(5, activation = relu, use_bias = false, recurrent_initializer = "
                                "glorot_uniform, return_sequences = true) "
                                "|> lstm(4, unit_forget_bias = false, go_backwards = true) |> dense(1)"));
  expectInOrder(compiled, {"@\"lstm/recurrent_kernel\" : tensor<5x20xf32> = [#seq.init<glorot_uniform>]",
                           "@\"lstm_1/kernel\" : tensor<5x16xf32>",
                           "@\"lstm_1/bias\" : tensor<16xf32> = [#seq.init<zeros>]", "seq.cell @lstm(",
                           "seq.maximum", "seq.cell @lstm_1(", "seq.recurrent @lstm(", "return_sequences",
                           "-> tensor<?x7x5xf32>", "seq.recurrent @lstm_1(", "go_backwards"});
  EXPECT_FALSE(compiled.has("lstm/bias"));
}

TEST(Gru, HasTwoBiasesThatAreRowsOfOne) {
  expectInOrder(compile(modelOf("features[7, 3]", "gru(5) |> dense(1)")),
                {"@\"gru/kernel\" : tensor<3x15xf32>", "@\"gru/recurrent_kernel\" : tensor<5x15xf32>",
                 "@\"gru/bias\" : tensor<2x15xf32> = [#seq.init<zeros>]", "seq.cell @gru", "states = 1",
                 "seq.reshape", "tensor<30xf32>", "seq.split", "type = \"GRU\""});
}

TEST(Gru, WithoutResetAfterSplitsItsRecurrentKernel) {
  expectInOrder(compile(modelOf("features[7, 3]", "gru(5, reset_after = false) |> dense(1)")),
                {"@\"gru/bias\" : tensor<15xf32>", "seq.cell @gru",
                 "(tensor<5x15xf32>) -> (tensor<5x5xf32>, tensor<5x5xf32>, tensor<5x5xf32>)"});
}

TEST(SimpleRnn, IsKerass) {
  expectInOrder(compile(modelOf("features[7, 3]", "simple_rnn(5) |> dense(1)")),
                {"@\"simple_rnn/kernel\" : tensor<3x5xf32>",
                 "@\"simple_rnn/recurrent_kernel\" : tensor<5x5xf32>", "@\"simple_rnn/bias\" : tensor<5xf32>",
                 "seq.tanh", "type = \"SimpleRNN\""});
}

class Activations : public testing::TestWithParam<const char *> {};
TEST_P(Activations, Compile) {
  Compiled compiled =
      compile(modelOf("features[3]", std::string("dense(4, activation = ") + GetParam() + ")"));
  EXPECT_TRUE(compiled.module) << compiled.said;
  compiled = compile(modelOf("features[4, 3]", std::string("lstm(4, activation = ") + GetParam() + ")"));
  EXPECT_TRUE(compiled.module) << compiled.said;
}
INSTANTIATE_TEST_SUITE_P(, Activations,
                         testing::Values("linear", "relu", "relu6", "leaky_relu",
                                         "leaky_relu(negative_slope = 0.1)", "elu", "elu(alpha = 2)", "celu",
                                         "selu", "sigmoid", "tanh", "softplus", "softsign", "swish", "silu",
                                         "mish", "gelu", "gelu(approximate = true)", "erf", "softmax",
                                         "log_softmax", "exponential", "hard_sigmoid", "hard_swish",
                                         "hard_silu", "hard_tanh", "tanh_shrink", "log_sigmoid", "exp", "abs",
                                         "none"));

class Losses : public testing::TestWithParam<const char *> {};
TEST_P(Losses, Compile) {
  Compiled compiled = compile(modelOf("features[3]", "dense(4, activation = softmax)", "", GetParam()));
  ASSERT_TRUE(compiled.module) << compiled.said;
  EXPECT_TRUE(compiled.has("-> (tensor<?x1xf32> {seq.name = \"loss\"})"));
}
INSTANTIATE_TEST_SUITE_P(, Losses,
                         testing::Values("binary_crossentropy", "categorical_crossentropy",
                                         "sparse_categorical_crossentropy", "mean_squared_error",
                                         "mean_absolute_error", "huber", "huber(delta = 2)", "log_cosh",
                                         "poisson", "hinge"));

TEST(Loss, OverClassesTakesAValueForEach) {
  expectInOrder(compile(modelOf("features[3]", "dense(4, activation = softmax)", "", "categorical_crossentropy")),
                {"seq.loss @categorical_crossentropy", "tensor<?x4xf32>", "tensor<?x4xf32>",
                 "seq.bounds = [0.000000e+00, 1.000000e+00]"});
}

TEST(Loss, OverIdsTakeIds) {
  expectInOrder(compile(modelOf("features[3]", "dense(4, activation = softmax)", "",
                                "sparse_categorical_crossentropy")),
                {"seq.loss @sparse_categorical_crossentropy", "tensor<?x4xf32>", "tensor<?x1xi32>",
                 "seq.vocabulary = 4 : i64", "seq.one_hot", "(tensor<?x1xi32>) -> tensor<?x4xf32>"});
}

TEST(Loss, AreWrittenWithPlainLogarithms) {
  Compiled compiled =
      compile(modelOf("features[3]", "dense(1, activation = sigmoid)", "", "binary_crossentropy"));
  EXPECT_FALSE(compiled.has("seq.maximum"));
  expectInOrder(compiled, {"seq.loss", "seq.bounds = [0.000000e+00, 1.000000e+00]", "seq.log", "seq.log", "seq.reduce <mean>"});
}

class Optimizers : public testing::TestWithParam<const char *> {};
TEST_P(Optimizers, Compile) {
  Compiled compiled = compile(modelOf("features[3]", "dense(1)", "", "mean_squared_error", GetParam()));
  ASSERT_TRUE(compiled.module) << compiled.said;
  EXPECT_TRUE(compiled.has("seq.name = \"step\"}, %"));
}
INSTANTIATE_TEST_SUITE_P(, Optimizers,
                         testing::Values("sgd", "sgd(momentum = 0.9)", "sgd(momentum = 0.9, nesterov = true)",
                                         "adam", "adam(learning_rate = 0.01, beta_1 = 0.8)", "adamw",
                                         "rmsprop", "rmsprop(momentum = 0.5)", "adagrad"));

TEST(Optimizer, TakeTheLearningRateWhenTheyRun) {
  Compiled compiled =
      compile(modelOf("features[3]", "dense(1)", "", "mean_squared_error", "adam(learning_rate = 0.25)"));
  expectInOrder(compiled, {"seq.optimizer @adam(", "{seq.name = \"step\"}", "{seq.name = \"learning_rate\"}",
                           "{seq.name = \"weight\"}", "{seq.name = \"gradient\"}", "{seq.name = \"m\"}",
                           "{seq.name = \"v\"}", "rate 2.500000e-01"});
  EXPECT_FALSE(compiled.has("dense<2.500000e-01>"));
}

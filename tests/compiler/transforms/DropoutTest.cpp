//===- DropoutTest.cpp - Gradients of what is random in training -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/transforms/GradientFixture.h"

using namespace weft;
using namespace weft::tests;

namespace {

// Slopes are measured on the model before any pass, with the masks of one batch.

TEST_F(GradientTest, Dropout) {
  checkModel("features[6]", "dense(8) |> dropout(0.4) |> dense(3, activation = tanh) |> dropout(0.2) |> dense(2)");
  checkModel("features[5, 3]", "dense(4) |> dropout(0.5) |> lstm(3) |> dropout(0.3) |> dense(1)");
}

TEST_F(GradientTest, DropoutOfWords) {
  checkModel("tokens[6] of 5", "embedding(3, dropout = 0.4) |> lstm(4) |> dense(1)");
}

TEST_F(GradientTest, DropoutOfEveryCell) {
  for (const char *cell : {"lstm", "gru", "simple_rnn"})
    for (const char *rates : {"dropout = 0.4", "recurrent_dropout = 0.4", "dropout = 0.3, recurrent_dropout = 0.3",
                              "dropout = 0.3, recurrent_dropout = 0.3, return_sequences = true, go_backwards = true"})
      checkModel("features[4, 5]", std::string("dense(6) |> ") + cell + "(5, " + rates + ") |> dense(1)");
  checkModel("features[4, 5]", "gru(5, reset_after = false, dropout = 0.3, recurrent_dropout = 0.3) |> dense(1)");
  checkModel("features[4, 5]", "bidirectional(lstm(4, dropout = 0.3, recurrent_dropout = 0.3)) |> dense(1)");
}

TEST_F(GradientTest, DropoutOfOwnCells) {
  // Through elementwise operations, to parts of a split weight, to a value that
  // is needed whole, and not where no matmul reads.
  checkText(R"(cell own(units) {
  weight kernel           [input, 3*units]
  weight recurrent_kernel [units, 3*units] = orthogonal
  weight peep             [units]          = uniform(-1, 1)
  state  h[units], c[units]

  a, b, d = split(x @ kernel |> layer_norm)
  ua, ub, ud = split(recurrent_kernel)
  f  = sigmoid(a + tanh(h) @ ua + peep * c)
  g  = sigmoid(b + (f * c * h) @ ub)
  c' = f * c + g * tanh(d + (h + 0.5 * c) @ ud)
  h' = g * c'
  return h'
}
model m {
  input x: features[4, 3]
  output y = x |> own(4, dropout = 0.3, recurrent_dropout = 0.3) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = sgd
}
)");
}

TEST_F(GradientTest, DropoutInsideACell) {
  checkText(R"(cell own(units) {
  weight kernel [input, units]
  state  h[units]
  h' = tanh((x |> dropout(0.4)) @ kernel + (h |> dense(units) |> dropout(0.3)))
  return h'
}
model m {
  input x: features[4, 3]
  output y = x |> own(4) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = sgd
}
)");
}

TEST_F(GradientTest, LayerNorm) {
  checkModel("features[5]", "dense(6) |> layer_norm |> dense(2)");
  checkModel("features[4, 5]", "layer_norm(epsilon = 0.1) |> lstm(3, return_sequences = true) |> layer_norm |> gru(2) |> dense(1)");
  checkModel("features[5]", "dense(6) |> layer_norm(center = false, scale = false) |> dense(2)");
}

TEST_F(GradientTest, MaskedSteps) {
  // Ids are drawn from few, so that many steps are 0.
  for (const char *layers :
       {"lstm(4) |> dense(1)", "gru(3, return_sequences = true) |> dropout(0.3) |> simple_rnn(3, go_backwards = true) |> dense(1)",
        "bidirectional(lstm(3, return_sequences = true)) |> layer_norm |> lstm(2) |> dense(1)",
        "dense(3, activation = tanh) |> global_average_pool1d |> dense(1)",
        "lstm(3, dropout = 0.2, recurrent_dropout = 0.2) |> dense(1)"})
    checkModel("tokens[6] of 3", std::string("embedding(3, mask_zero = true) |> ") + layers);
}

} // namespace

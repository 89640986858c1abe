//===- SuggestTest.cpp - Near misses -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Suggest.h"

#include <gtest/gtest.h>

using namespace weft::frontend;

TEST(Nearest, FindsSlipsOfThePen) {
  std::vector<std::string> layers = {"conv1d", "dense",      "embedding", "gru",
                                     "lstm",   "max_pool1d", "simple_rnn"};
  EXPECT_EQ(nearest("lsmt", layers), "lstm");
  EXPECT_EQ(nearest("LSTM", layers), "lstm");
  EXPECT_EQ(nearest("SimpleRNN", layers), "simple_rnn");
  EXPECT_EQ(nearest("MaxPooling1D", layers), "max_pool1d");
  EXPECT_EQ(nearest("Conv1D", layers), "conv1d");
  EXPECT_EQ(nearest("emb", layers), "embedding");
  EXPECT_EQ(nearest("transformer", layers), "");
  EXPECT_EQ(nearest("", layers), "");
  EXPECT_EQ(nearest(std::string(10000, 'x'), layers), "");
}

TEST(Nearest, KnowsOtherNamesOfLosses) {
  std::vector<std::string> losses = {"binary_crossentropy", "mean_squared_error", "mean_absolute_error"};
  EXPECT_EQ(nearest("mse", losses), "mean_squared_error");
  EXPECT_EQ(nearest("BinaryCrossentropy", losses), "binary_crossentropy");
}

TEST(Arguments, OfKerasAreUnderstood) {
  EXPECT_EQ(kerasArgument("kernel_size"), "kernel");
  EXPECT_EQ(kerasArgument("units"), "");
  EXPECT_EQ(outdatedArgument("nb_epoch"), "`epochs` in its place");
  EXPECT_EQ(outdatedArgument("epochs"), "");
}

TEST(ListOf, ReadsAsASentence) {
  EXPECT_EQ(listOf({}), "");
  EXPECT_EQ(listOf({"a"}), "a");
  EXPECT_EQ(listOf({"a", "b", "c"}, "or"), "a, b or c");
}

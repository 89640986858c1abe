//===- Golden.h - Keras's own numbers, for tests -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What Keras computed for small models lies beside the project, in the folder
// that the environment variable WEFT_SHARED names, else in ../shared. Where it is
// absent such a test is skipped, and says so.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_SUPPORT_GOLDEN_H
#define WEFT_TESTS_SUPPORT_GOLDEN_H

#include "compiler/reference/Interpreter.h"

#include <filesystem>
#include <string>

namespace weft::tests {

/// The folder, whether or not it is there.
std::filesystem::path sharedFolder();

/// The project's own source folder.
std::filesystem::path sourceFolder();

/// One model: float32 results of Keras as doubles, dropout off. Labels have two
/// axes, one row a sample (Keras drops the second of class ids).
struct Golden {
  std::string name;
  reference::Tensor x, y, predictions;
  double loss; // the mean over the samples
  reference::Weights weights;
  reference::Weights gradients; // of `loss`
  reference::Weights afterAdam; // the weights after three steps on x, y
};
Golden loadGolden(const std::string &name);

/// A training run without shuffling, 50 batches of 64 of the same x and y.
struct Trajectory {
  reference::Tensor x, y;
  std::vector<double> losses; // of each batch, before its update
  reference::Weights weights, after;
};
Trajectory loadTrajectory(const std::string &name);

} // namespace weft::tests

/// At the head of a test that needs the folder.
#define WEFT_REQUIRE_SHARED(part)                                                                            \
  if (!std::filesystem::exists(::weft::tests::sharedFolder() / part))                                        \
  GTEST_SKIP() << "needs " << (::weft::tests::sharedFolder() / part).string()                                \
               << " (the environment variable WEFT_SHARED names its folder)"

#endif // WEFT_TESTS_SUPPORT_GOLDEN_H

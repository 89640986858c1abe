//===- Verify.h - Every stage of a model against the reference ---*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_VERIFY_VERIFY_H
#define WEFT_COMPILER_VERIFY_VERIFY_H

#include "compiler/pipeline/Pipeline.h"

#include <cstdint>
#include <functional>

namespace weft::verify {

struct VerifyOptions {
  pipeline::Options model;
  int64_t rows = 5;   ///< of the batch that is drawn
  uint64_t seed = 1;  ///< what inputs, labels and weights are drawn from
  int64_t slopes = 4; ///< measured of each weight
};

/// Draws a batch and weights, and compares at them: the stage `expanded` with the
/// model as it was written; the derived gradients with slopes of the loss, by finite
/// differences in fp64; what the compiled program predicts, loses and gives as
/// gradients with the fp64 interpreter, also where rows share padding. `say` gets a
/// line for each comparison. An error where one fails.
pipeline::Outcome verify(const VerifyOptions &options, const pipeline::Toolchain &tools,
                         const std::function<void(const std::string &)> &say);

} // namespace weft::verify

#endif // WEFT_COMPILER_VERIFY_VERIFY_H

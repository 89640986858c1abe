//===- Weights.h - A model's weights in a file -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_WEIGHTS_H
#define WEFT_RUNTIME_TRAIN_WEIGHTS_H

#include "runtime/abi/Abi.h"

#include <map>
#include <string>

namespace weft::runtime {

/// Fills the flat vector from a file that must hold exactly the model's weights.
/// Returns the file's metadata.
std::map<std::string, std::string> loadWeights(const WeftModel &model, const std::string &path, float *parameters);

/// Replaces `path` with what the flat vector holds (weights, or gradients).
void saveWeights(const WeftModel &model, const std::string &path, const float *parameters,
                 std::map<std::string, std::string> metadata = {});

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_WEIGHTS_H

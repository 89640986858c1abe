//===- CompiledModel.h - A compiled model, run in this process -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_VERIFY_COMPILEDMODEL_H
#define WEFT_COMPILER_VERIFY_COMPILEDMODEL_H

#include "compiler/reference/Interpreter.h"
#include "runtime/abi/Abi.h"

#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace weft::verify {

/// What a step gave: predictions, the loss of each row, and each weight's gradient.
struct StepResult {
  std::vector<reference::Tensor> outputs;
  std::vector<double> loss;
  reference::Weights gradients;
};

/// A shared object with a `weft_model`, called through the ABI as the runtime
/// calls it: batches in slices, each slice with an arena of its own.
class CompiledModel {
public:
  static llvm::Expected<std::unique_ptr<CompiledModel>> load(const std::string &path);
  ~CompiledModel();

  const WeftModel &model() const { return *descriptor; }
  llvm::Error setWeights(const reference::Weights &weights);
  std::vector<reference::Tensor> predict(const std::vector<reference::Tensor> &inputs, int64_t slices = 1);
  /// Without `random` no dropout mask is drawn.
  StepResult step(const std::vector<reference::Tensor> &inputs, const std::vector<reference::Tensor> &labels,
                  int64_t slices = 1, const reference::Randomness *random = nullptr);
  /// The same with `starts` for the rows (see Abi.h), all in one slice; the first
  /// row is the one in front, whose loss counts nothing.
  StepResult sharedStep(const std::vector<reference::Tensor> &inputs, const std::vector<reference::Tensor> &labels,
                        const std::vector<int32_t> &starts, const reference::Randomness *random = nullptr);

private:
  CompiledModel() = default;
  StepResult run(const WeftFunction &function, const std::vector<reference::Tensor> &inputs,
                 const std::vector<reference::Tensor> &labels, int64_t slices,
                 const reference::Randomness *random = nullptr, const std::vector<int32_t> &starts = {});

  void *library = nullptr;
  const WeftModel *descriptor = nullptr;
  std::vector<float> parameters;
};

} // namespace weft::verify

#endif // WEFT_COMPILER_VERIFY_COMPILEDMODEL_H

//===- Evaluate.h - What a model says of data -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_EVALUATE_H
#define WEFT_RUNTIME_TRAIN_EVALUATE_H

#include "runtime/train/Gradients.h"
#include "runtime/train/Runner.h"
#include "runtime/train/Score.h"

#include <optional>

namespace weft::runtime {

/// Loss and metrics of a whole data set, with nothing random in it. The loss is
/// what the model's own equations say: the runtime knows none by name.
class Evaluator {
public:
  Evaluator(const WeftModel &model, const Scorer &scorer, ThreadPool &pool);

  Sums evaluate(const float *parameters, const DataSet &set);

private:
  const WeftModel &model;
  const Scorer &scorer;
  Runner runner;
  Penalties penalties;
  int64_t batch;
};

/// Each output's predictions for all rows, one behind the other.
std::vector<std::vector<float>> predict(const WeftModel &model, const float *parameters, const DataSet &set,
                                        ThreadPool &pool);

/// The gradient of the mean loss over all rows and what the weights cost, laid
/// out as the parameters.
struct MeanGradient {
  double loss = 0;
  std::vector<float> gradients;
};
MeanGradient meanGradient(const WeftModel &model, const float *parameters, const DataSet &set, int64_t batch,
                          uint64_t seed, ThreadPool &pool);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_EVALUATE_H

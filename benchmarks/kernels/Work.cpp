//===- Work.cpp - Made-up rows and weights for a model -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Work.h"

#include "runtime/abi/Abi.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <random>

namespace weft::benchmarks {

Floats::Floats(int64_t count) : count(count) {
  memory.reset(static_cast<float *>(std::aligned_alloc(64, size_t((count * 4 + 127) / 64 * 64))));
  if (!memory)
    throw std::bad_alloc();
  clear();
}

void Floats::clear() const { std::fill_n(data(), count, 0.0f); }

static int64_t elements(const WeftPort &port) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < port.rank; ++axis)
    count *= port.shape[axis];
  return count;
}

Problem::Problem(const WeftModel &model, int64_t rows)
    : model(model), rows(rows), steps(model.inputs[0].shape[0]), input(model.inputs[0].shape[1]),
      width(model.outputs[0].shape[model.outputs[0].rank - 1]), x(rows * elements(model.inputs[0])),
      target(rows * elements(model.labels[0])) {
  std::mt19937 random(7);
  auto fill = [&](const Floats &floats, float range) {
    std::uniform_real_distribution<float> values(-range, range);
    for (int64_t i = 0; i < floats.size(); ++i)
      floats[i] = values(random);
  };
  fill(x, 1);
  fill(target, 1);
  for (const WeftWeight *weight = model.weights; weight != model.weights + model.weight_count; ++weight) {
    Floats &values = weights[weight->name] = Floats(weight->size);
    int64_t last = weight->shape[weight->rank - 1];
    fill(values, weight->rank < 2 ? 0.5f : 1 / std::sqrt(float(weight->size / last)));
  }
}

Result::Result(const Problem &problem) : output(problem.target.size()) {
  for (const auto &[name, weight] : problem.weights)
    gradients[name] = Floats(weight.size());
}

} // namespace weft::benchmarks

//===- LogisticModel.cpp - A compiled model made by hand ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Logistic regression over features[8], written by hand against the ABI: what a
// compiler would export for
//
//   output positive = x |> dense(1, activation = sigmoid)
//
// with binary cross-entropy and Adam.

#include "runtime/abi/Abi.h"

#include <cmath>
#include <cstring>

namespace {
constexpr int64_t width = 8;
constexpr int64_t biasAt = 16; // behind the kernel and its padding
constexpr int64_t parameterCount = 32;

#ifndef LOGISTIC_FEATURES
#define LOGISTIC_FEATURES "sse2"
#endif
#ifndef LOGISTIC_LOSS
#define LOGISTIC_LOSS "binary_crossentropy"
#endif
#ifdef LOGISTIC_WITH_CALLBACKS
#define LOGISTIC_CALLBACKS_JSON                                                                              \
  R"([{"name": "early_stopping", "patience": 50}, {"name": "warm_up", "steps": 300},
      {"name": "reduce_on_plateau", "patience": 1, "min_delta": 0.01, "factor": 0.5},
      {"name": "checkpoint", "keep": "best"}, {"name": "csv_log", "path": "log.csv"}])"
#else
#define LOGISTIC_CALLBACKS_JSON "[]"
#endif
#ifndef LOGISTIC_VERSION
#define LOGISTIC_VERSION WEFT_ABI_VERSION
#endif

const WeftPort inputs[] = {{"x", WEFT_F32, 1, {width}, 0, {}}};
const WeftPort labels[] = {{"y", WEFT_F32, 1, {1}, 0, {}}};
const WeftPort outputs[] = {{"positive", WEFT_F32, 1, {1}, 0, {}}};
const WeftInit glorot = {6, 0, 0, 0};
const WeftInit zeros = {0, 0, 0, 0};
const WeftWeight weights[] = {
    {"dense/kernel", 2, 1, {width, 1}, 0, width, &glorot, nullptr},
    {"dense/bias", 1, 1, {1}, biasAt, 1, &zeros, nullptr},
};

float logitOf(const float *parameters, const float *row) {
  float sum = parameters[biasAt];
  for (int64_t i = 0; i < width; ++i)
    sum += row[i] * parameters[i];
  return sum;
}

int64_t arenaBytes(int64_t rows) { return rows * 4; }

/// Leaves a copy of the weights in `shared`, to prove that it is called.
void prepare(const WeftCall *call) { std::memcpy(call->shared, call->parameters, parameterCount * sizeof(float)); }

void logits(const WeftCall *call) {
  const float *x = static_cast<const float *>(call->inputs[0]);
  float *z = static_cast<float *>(call->arena);
  for (int64_t row = 0; row < call->rows; ++row)
    z[row] = logitOf(static_cast<const float *>(call->shared), x + row * width);
}

void predictSlice(const WeftCall *call) {
  logits(call);
  const float *z = static_cast<const float *>(call->arena);
  for (int64_t row = 0; row < call->rows; ++row)
    call->outputs[0][row] = 1 / (1 + std::exp(-z[row]));
}

void evaluateSlice(const WeftCall *call) {
  predictSlice(call);
  const float *y = static_cast<const float *>(call->labels[0]);
  const float *z = static_cast<const float *>(call->arena);
  for (int64_t row = 0; row < call->rows; ++row)
    call->loss[row] = std::fmax(z[row], 0.0f) - z[row] * y[row] + std::log1p(std::exp(-std::fabs(z[row])));
}

[[maybe_unused]] void stepSlice(const WeftCall *call) {
  evaluateSlice(call);
  const float *x = static_cast<const float *>(call->inputs[0]);
  const float *y = static_cast<const float *>(call->labels[0]);
  std::memset(call->gradients, 0, parameterCount * sizeof(float));
  for (int64_t row = 0; row < call->rows; ++row) {
    float delta = (call->outputs[0][row] - y[row]) * call->scales[row];
    for (int64_t i = 0; i < width; ++i)
      call->gradients[i] += delta * x[row * width + i];
    call->gradients[biasAt] += delta;
  }
}

[[maybe_unused]] void update(const WeftUpdateCall *call) {
  float rate =
      call->learning_rate * std::sqrt(1 - std::pow(0.999f, call->step)) / (1 - std::pow(0.9f, call->step));
  for (int64_t i = call->begin; i < call->end; ++i) {
    float gradient = call->gradients[i];
    float &m = call->states[0][i], &v = call->states[1][i];
    m += 0.1f * (gradient - m);
    v += 0.001f * (gradient * gradient - v);
    call->parameters[i] -= rate * m / (std::sqrt(v) + 1e-7f);
  }
}
} // namespace

extern "C" const WeftModel weft_model = {
    .magic = WEFT_ABI_MAGIC,
    .version = LOGISTIC_VERSION,
    .size = sizeof(WeftModel),
    .name = "logistic",
    .inputs = inputs,
    .labels = labels,
    .outputs = outputs,
    .input_count = 1,
    .label_count = 1,
    .output_count = 1,
    .weight_count = 2,
    .weights = weights,
    .parameter_count = parameterCount,
    .optimizer_states = 2,
    .slices = 4,
    .row_tile = 4,
    .reserved = 0,
    .predict = {parameterCount * sizeof(float), arenaBytes, prepare, predictSlice, -1},
#ifdef LOGISTIC_WITHOUT_TRAINING
    .evaluate = {},
    .step = {},
    .update = nullptr,
#else
    .evaluate = {parameterCount * sizeof(float), arenaBytes, prepare, evaluateSlice, -1},
    .step = {parameterCount * sizeof(float), arenaBytes, prepare, stepSlice, -1},
    .update = update,
#endif
    .settings = R"({"epochs": 3, "batch": 30, "seed": 7, "shuffle": true, "metrics": ["accuracy"],
                    "loss": ")" LOGISTIC_LOSS R"(", "optimizer": "adam", "learning_rate": 0.01, "callbacks": )" LOGISTIC_CALLBACKS_JSON "}",
    .layers = R"([{"name": "dense", "type": "Dense", "shape": [1], "parameters": 9}])",
    .features = LOGISTIC_FEATURES,
    .optimizer_state_names = "m v",
};

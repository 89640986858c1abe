//===- Evaluate.cpp - What a model says of data ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Evaluate.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace weft::runtime {

/// Rows of a batch where nothing is trained: enough to keep all slices busy,
/// few enough for the caches.
static constexpr int64_t evaluationRows = 256;

/// Calls body(rows) for each batch of the data set, in order.
template <typename F> static void forBatches(int64_t rows, int64_t batch, F body) {
  std::vector<int64_t> order;
  for (int64_t first = 0; first < rows; first += batch) {
    order.resize(static_cast<size_t>(std::min(batch, rows - first)));
    std::iota(order.begin(), order.end(), first);
    body(std::span<const int64_t>(order));
  }
}

static double sumOf(const float *values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += double{values[i]};
  return sum;
}

Evaluator::Evaluator(const WeftModel &model, const Scorer &scorer, ThreadPool &pool)
    : model(model), scorer(scorer), runner(model, Runner::Mode::Evaluate, pool), penalties(model, pool),
      batch(Runner::comfortableRows(model, Runner::Mode::Evaluate, evaluationRows)) {}

Sums Evaluator::evaluate(const float *parameters, const DataSet &set) {
  Sums total = scorer.empty();
  std::vector<Sums> parts;
  forBatches(set.rows, batch, [&](std::span<const int64_t> order) {
    parts.assign(static_cast<size_t>(std::max(1, model.slices)), scorer.empty());
    Runner::Request request{parameters, 0, 0, 1.0f / static_cast<float>(order.size())};
    runner.run(set, order, request, [&](const Runner::Slice &slice, size_t index) {
      parts[index].loss += sumOf(slice.loss, slice.rows);
      scorer.add(parts[index], slice.labels.data(), slice.outputs.data(), slice.rows);
    });
    for (const Sums &part : parts) // in slice order: the same sum for any number of threads
      total.add(part);
  });
  total.loss += penalties.add(parameters, nullptr) * double(set.rows);
  return total;
}

std::vector<std::vector<float>> predict(const WeftModel &model, const float *parameters, const DataSet &set,
                                        ThreadPool &pool) {
  Runner runner(model, Runner::Mode::Predict, pool);
  std::vector<std::vector<float>> outputs(static_cast<size_t>(model.output_count));
  for (size_t i = 0; i < outputs.size(); ++i)
    outputs[i].resize(static_cast<size_t>(set.rows * valuesOf(model.outputs[i])));
  int64_t batch = Runner::comfortableRows(model, Runner::Mode::Predict, evaluationRows);
  forBatches(set.rows, batch, [&](std::span<const int64_t> order) {
    runner.run(set, order, {parameters}, [&](const Runner::Slice &slice, size_t) {
      for (size_t i = 0; i < outputs.size(); ++i) {
        int64_t width = valuesOf(model.outputs[i]);
        for (int64_t row = 0; row < slice.rows; ++row)
          std::memcpy(outputs[i].data() + (order[0] + slice.ids[row]) * width, slice.outputs[i] + row * width,
                      static_cast<size_t>(width) * sizeof(float));
      }
    });
  });
  return outputs;
}

MeanGradient meanGradient(const WeftModel &model, const float *parameters, const DataSet &set, int64_t batch,
                          uint64_t seed, ThreadPool &pool) {
  Runner runner(model, Runner::Mode::Train, pool);
  batch = Runner::comfortableRows(model, Runner::Mode::Train, std::clamp<int64_t>(batch, 1, set.rows));
  std::vector<double> sum(static_cast<size_t>(model.parameter_count));
  MeanGradient mean;
  Runner::Request request{parameters, seed, WEFT_DRAW_NOTHING, static_cast<float>(1.0 / static_cast<double>(set.rows))};
  forBatches(set.rows, batch, [&](std::span<const int64_t> order) {
    runner.run(set, order, request, [](const Runner::Slice &, size_t) {});
    for (const Runner::Slice &slice : runner.slices()) {
      mean.loss += sumOf(slice.loss, slice.rows);
      for (size_t i = 0; i < sum.size(); ++i)
        sum[i] += double{slice.gradients[i]};
    }
  });
  std::vector<float> slopes(sum.size());
  mean.loss = mean.loss / static_cast<double>(set.rows) + Penalties(model, pool).add(parameters, slopes.data());
  for (size_t i = 0; i < sum.size(); ++i)
    sum[i] += double{slopes[i]};
  mean.gradients.assign(sum.begin(), sum.end());
  return mean;
}

} // namespace weft::runtime

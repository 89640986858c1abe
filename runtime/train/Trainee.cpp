//===- Trainee.cpp - A model in training ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Trainee.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace weft::runtime {

/// Floats that one task adds up and updates: some pages, so that a block of all
/// slices stays in cache. Has no influence on results.
static constexpr int64_t updateBlock = 8192;

Trainee::Trainee(const WeftModel &model, const Settings &settings, const Scorer &scorer, ThreadPool &pool)
    : model(model), settings(settings), scorer(scorer), pool(pool), runner(model, Runner::Mode::Train, pool),
      classWeights(model, settings.classWeights), penalties(model, pool), clipper(model, settings, pool), parameters(model.parameter_count * 4),
      best(model.parameter_count * 4) {
  for (int32_t i = 0; i < model.optimizer_states; ++i)
    states.emplace_back(model.parameter_count * 4);
  for (AlignedBuffer &state : states)
    stateValues.push_back(state.floats());
}

void Trainee::keepAsBest() {
  std::memcpy(best.data(), parameters.data(), static_cast<size_t>(parameters.bytes()));
}

Sums Trainee::trainBatch(const DataSet &set, std::span<const int64_t> order, int64_t step, double learningRate) {
  std::vector<Sums> parts(static_cast<size_t>(std::max(1, model.slices)), scorer.empty());
  Runner::Request request{weights(), settings.seed, static_cast<uint64_t>(step),
                          1.0f / static_cast<float>(order.size()), &classWeights};
  runner.run(set, order, request, [&](const Runner::Slice &slice, size_t index) {
    for (int64_t row = 0; row < slice.rows; ++row)
      parts[index].loss += double{slice.loss[row]} * double{slice.weights.empty() ? 1 : slice.weights[size_t(row)]};
    scorer.add(parts[index], slice.labels.data(), slice.outputs.data(), slice.rows);
  });
  Sums total = scorer.empty();
  for (const Sums &part : parts)
    total.add(part);
  // The loss of a batch is the mean over its rows and what the weights cost.
  total.loss += penalties.add(weights(), runner.slices().front().gradients) * double(order.size());
  if (std::isfinite(total.loss))
    update(step, learningRate);
  return total;
}

/// Adds the gradients of the slices, in slice order for every element, and moves
/// the weights.
void Trainee::update(int64_t step, double learningRate) {
  std::span<Runner::Slice> slices = runner.slices();
  float *total = slices.front().gradients;
  auto addUp = [&](int64_t begin, int64_t end) {
    for (const Runner::Slice &slice : slices.subspan(1)) {
      const float *more = slice.gradients;
      for (int64_t i = begin; i < end; ++i)
        total[i] += more[i];
    }
  };
  auto move = [&](int64_t begin, int64_t end) {
    WeftUpdateCall call{};
    call.parameters = weights();
    call.gradients = total;
    call.states = stateValues.data();
    call.begin = begin;
    call.end = end;
    call.step = static_cast<float>(step + 1);
    call.learning_rate = static_cast<float>(learningRate);
    model.update(&call);
  };
  auto forBlocks = [&](auto body) {
    int64_t blocks = (model.parameter_count + updateBlock - 1) / updateBlock;
    pool.run(blocks, [&](int64_t block, int) {
      int64_t begin = block * updateBlock;
      body(begin, std::min(begin + updateBlock, model.parameter_count));
    });
  };
  if (clipper.empty()) { // in one go while a block is in cache
    forBlocks([&](int64_t begin, int64_t end) {
      addUp(begin, end);
      move(begin, end);
    });
    return;
  }
  forBlocks(addUp);
  clipper.clip(total);
  forBlocks(move);
}

} // namespace weft::runtime

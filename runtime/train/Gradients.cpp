//===- Gradients.cpp - What happens to gradients before an update ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Gradients.h"

#include <algorithm>
#include <cmath>

namespace weft::runtime {

Penalties::Penalties(const WeftModel &model, ThreadPool &pool)
    : model(model), pool(pool), parts(partsOf(model, [](const WeftWeight &weight) { return weight.penalty; })) {
  if (!parts.empty())
    values = AlignedBuffer(model.parameter_count * 4);
}

double Penalties::add(const float *parameters, float *gradients) {
  if (parts.empty())
    return 0;
  if (!gradients) {
    if (!unused.data())
      unused = AlignedBuffer(model.parameter_count * 4);
    gradients = unused.floats();
  }
  std::vector<double> sums(parts.size());
  pool.run(static_cast<int64_t>(parts.size()), [&](int64_t index, int) {
    const WeightPart &part = parts[static_cast<size_t>(index)];
    WeftUpdateCall call{};
    call.parameters = const_cast<float *>(parameters); // a penalty leaves them as they are
    call.gradients = gradients;
    call.penalties = values.floats();
    call.begin = part.begin;
    call.end = part.end;
    model.weights[part.weight].penalty(&call);
    // What the padding costs is nobody's, and its gradient stays zero.
    std::fill(gradients + part.used, gradients + part.end, 0.0f);
    double sum = 0;
    for (int64_t i = part.begin; i < part.used; ++i)
      sum += double{values.floats()[i]};
    sums[static_cast<size_t>(index)] = sum;
  });
  double total = 0;
  for (double sum : sums)
    total += sum;
  return total;
}

Clipper::Clipper(const WeftModel &model, const Settings &settings, ThreadPool &pool)
    : model(model), settings(settings), pool(pool),
      parts(partsOf(model, [&](const WeftWeight &) { return settings.clipping.kind != Clipping::Kind::None; })) {}

void Clipper::clip(float *gradients) const {
  if (parts.empty())
    return;
  double limit = settings.clipping.limit;
  auto forParts = [&](auto body) {
    pool.run(static_cast<int64_t>(parts.size()),
             [&](int64_t index, int) { body(static_cast<size_t>(index), parts[static_cast<size_t>(index)]); });
  };
  if (settings.clipping.kind == Clipping::Kind::Value) {
    float most = static_cast<float>(limit);
    forParts([&](size_t, const WeightPart &part) {
      for (int64_t i = part.begin; i < part.end; ++i)
        gradients[i] = std::clamp(gradients[i], -most, most);
    });
    return;
  }
  std::vector<double> squares(parts.size());
  forParts([&](size_t index, const WeightPart &part) {
    double sum = 0;
    for (int64_t i = part.begin; i < part.end; ++i)
      sum += double{gradients[i]} * double{gradients[i]};
    squares[index] = sum;
  });
  // A norm for each weight, or one for all of them together.
  bool isGlobal = settings.clipping.kind == Clipping::Kind::GlobalNorm;
  std::vector<double> norms(static_cast<size_t>(isGlobal ? 1 : model.weight_count));
  auto norm = [&](const WeightPart &part) -> double & { return norms[isGlobal ? 0 : static_cast<size_t>(part.weight)]; };
  for (size_t i = 0; i < parts.size(); ++i)
    norm(parts[i]) += squares[i];
  for (double &value : norms)
    value = std::sqrt(value);
  forParts([&](size_t, const WeightPart &part) {
    if (norm(part) <= limit)
      return;
    float factor = static_cast<float>(limit / norm(part));
    for (int64_t i = part.begin; i < part.end; ++i)
      gradients[i] *= factor;
  });
}

} // namespace weft::runtime

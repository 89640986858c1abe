//===- Weights.cpp - A model's weights in a file ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Weights.h"
#include "runtime/io/Safetensors.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace weft::runtime {

static std::vector<int64_t> shapeOf(const WeftWeight &weight) {
  return {weight.shape, weight.shape + weight.rank};
}

/// At most five names, and how many more there are.
static std::string listed(const std::vector<std::string> &names) {
  size_t shown = std::min<size_t>(names.size(), 5);
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<long>(shown), ", "));
  if (names.size() > shown)
    text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::map<std::string, std::string> loadWeights(const WeftModel &model, const std::string &path, float *parameters) {
  Safetensors file(path);
  std::vector<std::string> missing, unknown, different;
  for (const auto &[name, tensor] : file.tensors())
    unknown.push_back(name);
  for (int32_t i = 0; i < model.weight_count; ++i) {
    const WeftWeight &weight = model.weights[i];
    auto found = file.tensors().find(weight.name);
    if (found == file.tensors().end()) {
      missing.push_back(weight.name);
      continue;
    }
    std::erase(unknown, weight.name);
    if (found->second.shape != shapeOf(weight))
      different.push_back(fmt::format("{} ({}, the model has {})", weight.name, shapeText(found->second.shape),
                                      shapeText(shapeOf(weight))));
    else if (!isFloat(found->second.element))
      different.push_back(fmt::format("{} ({} instead of F32)", weight.name, nameOf(found->second.element)));
  }
  if (!missing.empty() || !unknown.empty() || !different.empty()) {
    std::string text = fmt::format("{} does not hold the weights of model '{}'", path, model.name);
    if (!missing.empty())
      text += fmt::format("; it lacks {}", listed(missing));
    if (!unknown.empty())
      text += fmt::format("; it has {}, which the model has not", listed(unknown));
    if (!different.empty())
      text += fmt::format("; it has other shapes: {}", listed(different));
    fail("{}", text);
  }
  for (int32_t i = 0; i < model.weight_count; ++i) {
    const WeftWeight &weight = model.weights[i];
    std::span<float> values(parameters + weight.offset, static_cast<size_t>(weight.size));
    toFloat(file.tensors().at(weight.name), 0, values);
    if (std::any_of(values.begin(), values.end(), [](float value) { return !std::isfinite(value); }))
      fail("{}: weight '{}' holds values that are no finite numbers", path, weight.name);
  }
  return file.metadata();
}

void saveWeights(const WeftModel &model, const std::string &path, const float *parameters,
                 std::map<std::string, std::string> metadata) {
  std::vector<NamedFloats> tensors;
  for (int32_t i = 0; i < model.weight_count; ++i) {
    const WeftWeight &weight = model.weights[i];
    tensors.push_back({weight.name, shapeOf(weight), parameters + weight.offset});
  }
  metadata["model"] = model.name;
  writeSafetensors(path, std::move(tensors), metadata);
}

} // namespace weft::runtime

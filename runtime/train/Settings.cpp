//===- Settings.cpp - What the train block says ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Settings.h"

#include <nlohmann/json.hpp>

namespace weft::runtime {

Settings Settings::of(const WeftModel &model) {
  Settings settings;
  nlohmann::json json = nlohmann::json::parse(model.settings ? model.settings : "{}");
  auto take = [&](const char *key, auto &value) {
    if (auto found = json.find(key); found != json.end() && !found->is_null())
      found->get_to(value);
  };
  take("epochs", settings.epochs);
  take("batch", settings.batch);
  take("seed", settings.seed);
  take("shuffle", settings.shuffle);
  take("data", settings.data);
  take("metrics", settings.metrics);
  take("loss", settings.loss);
  take("optimizer", settings.optimizer);
  take("learning_rate", settings.learningRate);
  if (auto found = json.find("validation"); found != json.end() && found->is_number())
    settings.validation = found->dump();
  else
    take("validation", settings.validation);
  return settings;
}

} // namespace weft::runtime

//===- Settings.cpp - What the train block says ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Settings.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <nlohmann/json.hpp>

namespace weft::runtime {

std::string Callback::text(const std::string &key, const std::string &fallback) const {
  auto found = arguments.find(key);
  return found == arguments.end() ? fallback : found->second;
}

double Callback::number(const std::string &key, double fallback) const {
  auto found = arguments.find(key);
  if (found == arguments.end())
    return fallback;
  std::optional<double> value = parseNumber(found->second);
  if (!value)
    fail("{} of {} should be a number, it is '{}'", key, name, found->second);
  return *value;
}

static Callback callbackOf(const nlohmann::json &json) {
  Callback callback;
  for (const auto &[key, value] : json.items())
    if (key == "name")
      value.get_to(callback.name);
    else
      callback.arguments[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return callback;
}

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
  take("class_weights", settings.classWeights);
  using Kind = Clipping::Kind;
  for (auto [key, kind] : {std::pair("clipnorm", Kind::Norm), std::pair("clipvalue", Kind::Value),
                           std::pair("global_clipnorm", Kind::GlobalNorm)})
    if (double limit = 0; json.contains(key)) {
      take(key, limit);
      settings.clipping = {kind, limit};
    }
  if (auto found = json.find("callbacks"); found != json.end() && found->is_array())
    for (const nlohmann::json &callback : *found)
      settings.callbacks.push_back(callbackOf(callback));
  return settings;
}

} // namespace weft::runtime

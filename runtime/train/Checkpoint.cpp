//===- Checkpoint.cpp - A training run in a file ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Checkpoint.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>

namespace weft::runtime {

using Json = nlohmann::json;

namespace {
constexpr const char *formatKey = "weft_checkpoint";
constexpr const char *format = "1";

// JSON has no infinities; what it has is read back as the same bits.
Json exact(double value) { return std::isfinite(value) ? Json(value) : Json(fmt::format("{}", value)); }

double number(const Json &json) {
  return json.is_string() ? std::strtod(json.get_ref<const std::string &>().c_str(), nullptr) : json.get<double>();
}

Json toJson(const RunState &state) {
  Json json = {{"epoch", state.epoch},     {"batch", state.batch},
               {"step", state.step},       {"stopped", state.stopped},
               {"has_best", state.hasBest}, {"csv", state.csv},
               {"loss", exact(state.sums.loss)}, {"rows", state.sums.rows}};
  json["metrics"] = Json::array();
  for (double value : state.sums.metrics)
    json["metrics"].push_back(exact(value));
  json["logs"] = Json::array();
  for (const auto &[name, value] : state.logs)
    json["logs"].push_back({name, exact(value)});
  json["callbacks"] = Json::array();
  for (const CallbackState &callback : state.callbacks)
    json["callbacks"].push_back({{"best", callback.best ? exact(*callback.best) : Json()},
                                 {"best_epoch", callback.bestEpoch},
                                 {"wait", callback.wait},
                                 {"cooldown", callback.cooldown},
                                 {"factor", exact(callback.factor)}});
  return json;
}

RunState stateOf(const Json &json) {
  RunState state;
  state.epoch = json.at("epoch");
  state.batch = json.at("batch");
  state.step = json.at("step");
  state.stopped = json.at("stopped");
  state.hasBest = json.at("has_best");
  state.csv = json.at("csv");
  state.sums.loss = number(json.at("loss"));
  state.sums.rows = json.at("rows");
  for (const Json &value : json.at("metrics"))
    state.sums.metrics.push_back(number(value));
  for (const Json &log : json.at("logs"))
    state.logs.emplace_back(log.at(0).get<std::string>(), number(log.at(1)));
  for (const Json &entry : json.at("callbacks")) {
    CallbackState callback;
    if (!entry.at("best").is_null())
      callback.best = number(entry.at("best"));
    callback.bestEpoch = entry.at("best_epoch");
    callback.wait = entry.at("wait");
    callback.cooldown = entry.at("cooldown");
    callback.factor = number(entry.at("factor"));
    state.callbacks.push_back(callback);
  }
  return state;
}

/// What may be said anew for each run, on the command line.
Json toJson(const RunPlan &plan) {
  const Settings &settings = plan.settings;
  return {{"data", settings.data},     {"validation", settings.validation}, {"epochs", settings.epochs},
          {"batch", settings.batch},   {"seed", settings.seed},             {"shuffle", settings.shuffle},
          {"steps", plan.steps},       {"csv_log", plan.csvLog},            {"rows", plan.rows}};
}

RunPlan planOf(const Json &json, const WeftModel &model) {
  RunPlan plan;
  plan.settings = Settings::of(model);
  json.at("data").get_to(plan.settings.data);
  json.at("validation").get_to(plan.settings.validation);
  json.at("epochs").get_to(plan.settings.epochs);
  json.at("batch").get_to(plan.settings.batch);
  json.at("seed").get_to(plan.settings.seed);
  json.at("shuffle").get_to(plan.settings.shuffle);
  json.at("steps").get_to(plan.steps);
  json.at("csv_log").get_to(plan.csvLog);
  json.at("rows").get_to(plan.rows);
  return plan;
}

/// The train block as compiled, without what a run may go on with differently.
Json settingsOf(const WeftModel &model) {
  Json json = Json::parse(model.settings ? model.settings : "{}");
  json.erase("epochs");
  return json;
}

std::vector<std::string> stateNames(const WeftModel &model) {
  std::vector<std::string> names = splitText(model.optimizer_state_names ? model.optimizer_state_names : "", ' ');
  std::erase(names, "");
  for (size_t i = names.size(); i < static_cast<size_t>(model.optimizer_states); ++i)
    names.push_back(std::to_string(i));
  return names;
}

/// A path need not be UTF-8, JSON must be.
std::string textOf(const Json &json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Calls body(name in the file, weight, its place in the flat vector) for all that is stored.
template <typename F>
void forTensors(const WeftModel &model, const RunVectors &vectors, bool withBest, F body) {
  std::vector<std::string> names = stateNames(model);
  for (int32_t i = 0; i < model.weight_count; ++i) {
    const WeftWeight &weight = model.weights[i];
    body(fmt::format("weights/{}", weight.name), weight, vectors.weights + weight.offset);
    for (size_t state = 0; state < vectors.optimizer.size(); ++state)
      body(fmt::format("optimizer/{}/{}", names[state], weight.name), weight,
           vectors.optimizer[state] + weight.offset);
    if (withBest)
      body(fmt::format("best/{}", weight.name), weight, vectors.best + weight.offset);
  }
}

std::string shown(const Json &value) { return value.is_null() ? "nothing" : value.dump(); }
} // namespace

void saveCheckpoint(const std::string &path, const WeftModel &model, const RunPlan &plan, const RunState &state,
                    const RunVectors &vectors) {
  std::vector<NamedFloats> tensors;
  forTensors(model, vectors, state.hasBest, [&](std::string name, const WeftWeight &weight, float *values) {
    tensors.push_back({std::move(name), {weight.shape, weight.shape + weight.rank}, values});
  });
  std::map<std::string, std::string> metadata = {
      {formatKey, format},
      {"model", model.name},
      {"settings", textOf(settingsOf(model))},
      {"optimizer", fmt::format("{}", fmt::join(stateNames(model), " "))},
      {"plan", textOf(toJson(plan))},
      {"state", textOf(toJson(state))}};
  metadata.insert(plan.encoding.begin(), plan.encoding.end());
  writeSafetensors(path, std::move(tensors), metadata);
}

Checkpoint::Checkpoint(const std::string &path, const WeftModel &model) : path(path), model(model), file(path) {
  auto about = [&](const char *key) -> const std::string & {
    auto found = file.metadata().find(key);
    if (found == file.metadata().end())
      fail("{} is no checkpoint of a training run", path);
    return found->second;
  };
  if (about(formatKey) != format)
    fail("{} is a checkpoint of another version of Weft; to begin anew, leave --resume out", path);
  if (about("model") != model.name)
    fail("{} is a checkpoint of the model '{}', this is '{}'", path, about("model"), model.name);
  try {
    Json before = Json::parse(about("settings")), now = settingsOf(model);
    std::vector<std::string> differences;
    Json both = before;
    both.update(now);
    for (const auto &[key, value] : both.items())
      if (Json was = before.value(key, Json()), is = now.value(key, Json()); was != is)
        differences.push_back(fmt::format("{} was {}, is {}", key, shown(was), shown(is)));
    if (!differences.empty())
      fail("{} is a checkpoint of a run with other settings: {}; to begin anew, leave --resume out", path,
           fmt::join(differences, "; "));
    if (about("optimizer") != fmt::format("{}", fmt::join(stateNames(model), " ")))
      fail("{} is a checkpoint of a run with another optimizer; to begin anew, leave --resume out", path);
    saved = planOf(Json::parse(about("plan")), model);
    saved.encoding = file.metadata(); // what else is there is passed over
    position = stateOf(Json::parse(about("state")));
  } catch (const nlohmann::json::exception &) {
    fail("{} is damaged: its metadata make no sense", path);
  }
  if (saved.settings.batch < 1 || saved.rows < 1 || position.epoch < 0 || position.batch < 0 || position.step < 0)
    fail("{} is damaged: its counters make no sense", path);
}

void Checkpoint::read(const RunVectors &vectors) const {
  forTensors(model, vectors, position.hasBest, [&](const std::string &name, const WeftWeight &weight, float *to) {
    auto found = file.tensors().find(name);
    std::vector<int64_t> shape(weight.shape, weight.shape + weight.rank);
    if (found == file.tensors().end() || found->second.shape != shape || found->second.element != Element::F32)
      fail("{} is a checkpoint of another model '{}': its {} is {}, the model's {} is {}", path, model.name, name,
           found == file.tensors().end() ? "missing" : shapeText(found->second.shape), weight.name, shapeText(shape));
    toFloat(found->second, 0, {to, static_cast<size_t>(weight.size)});
  });
}

std::string checkpointPath(const std::string &weightsFile) {
  return std::filesystem::path(weightsFile).replace_extension(".checkpoint.safetensors");
}

} // namespace weft::runtime

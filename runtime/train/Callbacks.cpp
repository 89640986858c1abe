//===- Callbacks.cpp - What happens between epochs ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Callbacks.h"
#include "runtime/support/Error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>

namespace weft::runtime {

static std::string monitorOf(const Callback &callback) { return callback.text("monitor", "val_loss"); }

static bool keepsEvery(const Callback &callback) { return callback.text("keep", "best") == "every"; }

static bool hasMonitor(const Callback &callback) {
  return callback.name == "early_stopping" || callback.name == "reduce_on_plateau" ||
         (callback.name == "checkpoint" && !keepsEvery(callback));
}

/// Whether less of what it monitors is better.
static bool shouldFall(const Callback &callback) {
  if (std::string mode = callback.text("mode", "auto"); mode != "auto")
    return mode == "min";
  std::string monitor = monitorOf(callback);
  std::string_view name = monitor;
  if (name.starts_with("val_"))
    name.remove_prefix(4);
  static constexpr std::string_view errors[] = {"loss", "mae", "mse", "mean_absolute_error",
                                                "mean_squared_error"};
  return std::find(std::begin(errors), std::end(errors), name) != std::end(errors);
}

static double leastChange(const Callback &callback) {
  return callback.number("min_delta", callback.name == "reduce_on_plateau" ? 1e-4 : 0);
}

/// Whether `value` is better than `reference` by more than min_delta.
static bool isBetter(const Callback &callback, double value, double reference) {
  double least = leastChange(callback);
  return std::isfinite(value) && (shouldFall(callback) ? value < reference - least : value > reference + least);
}

/// Notes `value` where it is the best so far.
static bool improves(CallbackState &state, const Callback &callback, double value) {
  bool better = state.best ? isBetter(callback, value, *state.best) : std::isfinite(value);
  if (better)
    state.best = value;
  return better;
}

/// Whether it ends training with the weights of the best epoch.
static bool restores(const Callback &callback) {
  return callback.name == "early_stopping" && callback.text("restore_best_weights", "true") == "true";
}

static void checkLeast(const Callback &callback, const char *key, double fallback, double least, bool whole) {
  double value = callback.number(key, fallback);
  if (!(value >= least) || (whole && value != std::floor(value)))
    fail("{} of {} should be a {} of at least {}, it is {}", key, callback.name, whole ? "whole number" : "number",
         least, value);
}

Callbacks::Callbacks(const Settings &settings, const std::vector<std::string> &logs)
    : states(settings.callbacks.size()), settings(settings) {
  for (const Callback &callback : settings.callbacks) {
    if (hasMonitor(callback) && std::find(logs.begin(), logs.end(), monitorOf(callback)) == logs.end())
      fail("{} monitors {}, which this run does not compute{}; there are {}", callback.name, monitorOf(callback),
           monitorOf(callback).starts_with("val_") ? " (say --validation, or choose another monitor)" : "",
           fmt::join(logs, ", "));
    if (std::string mode = callback.text("mode", "auto"); mode != "auto" && mode != "min" && mode != "max")
      fail("mode of {} should be auto, min or max, it is '{}'", callback.name, mode);
    if (callback.name == "early_stopping")
      checkLeast(callback, "start_from_epoch", 0, 0, true);
    if (callback.name == "checkpoint")
      checkLeast(callback, "epochs", 1, 1, true);
    if (callback.name == "exponential_decay") {
      checkLeast(callback, "steps", 1000, 1, true);
      checkLeast(callback, "rate", 0.9, 0, false);
    }
    if (callback.name == "early_stopping" || callback.name == "reduce_on_plateau") {
      checkLeast(callback, "patience", 0, 0, true);
      checkLeast(callback, "min_delta", 0, 0, false);
    }
    if (callback.name == "reduce_on_plateau") {
      checkLeast(callback, "cooldown", 0, 0, true);
      checkLeast(callback, "min_learning_rate", 0, 0, false);
    }
    if (callback.name == "reduce_on_plateau" || callback.name == "step_decay")
      checkLeast(callback, "factor", 0.5, 0, false);
    if (callback.name == "step_decay")
      checkLeast(callback, "every", 1, 1, true);
    if (callback.name == "cosine") {
      checkLeast(callback, "epochs", 0, 0, true);
      checkLeast(callback, "final", 0, 0, false);
    }
    if (callback.name == "warm_up") {
      checkLeast(callback, "steps", 100, 1, true);
      checkLeast(callback, "start", 0, 0, false);
    }
    if (std::string keep = callback.text("keep", "best");
        callback.name == "checkpoint" && keep != "best" && keep != "every")
      fail("keep of checkpoint should be best or every, it is '{}'", keep);
  }
}

/// "w.safetensors" as "w.best.safetensors"; {epoch} stands for the epoch's number, from 1.
static std::string pathOf(const Callback &callback, int64_t epoch, const std::string &weightsFile) {
  std::string path = callback.text("path", "");
  if (path.empty())
    path = std::filesystem::path(weightsFile)
               .replace_extension(keepsEvery(callback) ? ".{epoch}.safetensors" : ".best.safetensors");
  for (size_t at; (at = path.find("{epoch}")) != std::string::npos;)
    path.replace(at, 7, std::to_string(epoch + 1));
  return path;
}

Callbacks::Verdict Callbacks::endEpoch(int64_t epoch, const NamedValues &logs, const std::string &weightsFile) {
  Verdict verdict;
  for (size_t i = 0; i < states.size(); ++i) {
    const Callback &callback = settings.callbacks[i];
    CallbackState &state = states[i];
    if (callback.name == "checkpoint" && keepsEvery(callback) &&
        (epoch + 1) % static_cast<int64_t>(callback.number("epochs", 1)) == 0)
      verdict.files.push_back(pathOf(callback, epoch, weightsFile));
    if (!hasMonitor(callback))
      continue;
    std::string monitor = monitorOf(callback);
    auto value = std::find_if(logs.begin(), logs.end(), [&](const auto &log) { return log.first == monitor; });
    if (value == logs.end() || double(epoch) < callback.number("start_from_epoch", 0))
      continue;
    bool better = improves(state, callback, value->second);
    if (better)
      state.bestEpoch = epoch;
    auto patience = [&](double fallback) { return callback.number("patience", fallback); };
    if (callback.name == "checkpoint") {
      if (better)
        verdict.files.push_back(pathOf(callback, epoch, weightsFile));
    } else if (callback.name == "early_stopping") {
      // As in Keras, where a patience of 0 and one of 1 are the same.
      verdict.keepsWeights = better && restores(callback);
      // What is better, but not than the baseline, does not end the waiting.
      ++state.wait;
      if (better && (!callback.arguments.contains("baseline") ||
                     isBetter(callback, value->second, callback.number("baseline", 0))))
        state.wait = 0;
      if (!better && double(state.wait) >= patience(0) && epoch > 0) {
        verdict.stops = true;
        verdict.notes.push_back(state.best
                                    ? fmt::format("stopped early: {} was best in epoch {}{}", monitor,
                                                  state.bestEpoch + 1,
                                                  restores(callback)
                                                      ? "; training ends with the weights of that epoch"
                                                      : "")
                                    : fmt::format("stopped early: {} was never a number", monitor));
      }
    } else if (callback.name == "reduce_on_plateau") {
      if (state.cooldown > 0) {
        --state.cooldown;
        state.wait = 0;
      }
      if (better)
        state.wait = 0;
      else if (state.cooldown == 0 && double(++state.wait) >= patience(10)) {
        double least = callback.number("min_learning_rate", 0), rate = settings.learningRate * state.factor;
        if (rate > least) {
          double reduced = std::max(rate * callback.number("factor", 0.1), least);
          state.factor = reduced / settings.learningRate;
          state.cooldown = static_cast<int64_t>(callback.number("cooldown", 0));
          state.wait = 0;
          verdict.notes.push_back(
              fmt::format("{} has not improved: the learning rate goes from {:.4g} to {:.4g}", monitor, rate, reduced));
        }
      }
    }
  }
  return verdict;
}

double Callbacks::learningRate(int64_t epoch, int64_t step, int64_t batches, int64_t total) const {
  double rate = settings.learningRate;
  for (size_t i = 0; i < states.size(); ++i) {
    const Callback &callback = settings.callbacks[i];
    rate *= states[i].factor;
    if (callback.name == "step_decay") {
      rate *= std::pow(callback.number("factor", 0.5), std::floor(double(epoch) / callback.number("every", 1)));
    } else if (callback.name == "exponential_decay") {
      double done = double(step) / callback.number("steps", 1000);
      rate *= std::pow(callback.number("rate", 0.9), callback.text("staircase", "false") == "true" ? std::floor(done) : done);
    } else if (callback.name == "cosine") {
      double epochs = callback.number("epochs", 0), last = callback.number("final", 0);
      double length = epochs > 0 ? epochs * double(batches) : double(total);
      double done = length > 0 ? std::min(double(step) / length, 1.0) : 1;
      rate *= last + (1 - last) * (1 + std::cos(std::numbers::pi * done)) / 2;
    } else if (callback.name == "warm_up") {
      double start = callback.number("start", 0);
      rate *= start + (1 - start) * std::min(double(step + 1) / callback.number("steps", 100), 1.0);
    }
  }
  return rate;
}

bool Callbacks::changesRate() const {
  static constexpr std::string_view schedules[] = {"reduce_on_plateau", "step_decay", "exponential_decay", "cosine",
                                                   "warm_up"};
  return std::any_of(settings.callbacks.begin(), settings.callbacks.end(), [](const Callback &callback) {
    return std::find(std::begin(schedules), std::end(schedules), callback.name) != std::end(schedules);
  });
}

bool Callbacks::restoresBest() const {
  return std::any_of(settings.callbacks.begin(), settings.callbacks.end(),
                     [](const Callback &callback) { return restores(callback); });
}

std::string Callbacks::csvLog() const {
  for (const Callback &callback : settings.callbacks)
    if (callback.name == "csv_log")
      return callback.text("path", "");
  return "";
}

void Callbacks::waitAnew() {
  for (size_t i = 0; i < states.size(); ++i)
    if (settings.callbacks[i].name == "early_stopping")
      states[i].wait = 0;
}

} // namespace weft::runtime

//===- Callbacks.cpp - The train block: what happens between epochs -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A callback is a name with arguments that the runtime reads (CALLBACKS in
// runtime/train/Settings.h). What can be wrong with one is told here, where the
// place of the error is known; defaults are the runtime's.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::Expr;

namespace {
struct CallbackArgument {
  enum class Kind { Monitor, Count, Number, Flag, Text, Word };
  std::string name;
  Kind kind;
  double least = 0;
  double most = HUGE_VAL;         // of a Number
  std::vector<std::string> words = {}; // of a Word
  bool isRequired = false;
};

struct CallbackKind {
  std::string name;
  std::vector<CallbackArgument> arguments;
  bool isOnce = false; // a second one would contradict the first
};
} // namespace

static const std::vector<CallbackKind> &callbackKinds() {
  using Kind = CallbackArgument::Kind;
  static const double any = -HUGE_VAL;
  static const CallbackArgument monitor = {"monitor", Kind::Monitor},
                                mode = {"mode", Kind::Word, 0, 0, {"auto", "min", "max"}};
  static const std::vector<CallbackKind> kinds = {
      {"early_stopping",
       {monitor,
        {"min_delta", Kind::Number},
        {"patience", Kind::Count},
        mode,
        {"baseline", Kind::Number, any},
        {"restore_best_weights", Kind::Flag},
        {"start_from_epoch", Kind::Count}},
       true},
      {"checkpoint",
       {{"path", Kind::Text}, monitor, {"keep", Kind::Word, 0, 0, {"best", "every"}}, mode, {"epochs", Kind::Count, 1}}},
      {"reduce_on_plateau",
       {monitor,
        {"factor", Kind::Number, 0, 1},
        {"patience", Kind::Count},
        mode,
        {"min_delta", Kind::Number},
        {"cooldown", Kind::Count},
        {"min_learning_rate", Kind::Number}}},
      {"step_decay", {{"every", Kind::Count, 1}, {"factor", Kind::Number}}},
      {"exponential_decay", {{"steps", Kind::Count, 1}, {"rate", Kind::Number}, {"staircase", Kind::Flag}}},
      {"cosine", {{"epochs", Kind::Count}, {"final", Kind::Number}}},
      {"warm_up", {{"steps", Kind::Count, 1}, {"start", Kind::Number}}},
      {"csv_log", {{"path", Kind::Text, 0, 0, {}, true}}, true},
      {"tensorboard",
       {{"log_dir", Kind::Text},
        {"histogram_freq", Kind::Count},
        {"write_graph", Kind::Flag},
        {"write_images", Kind::Flag}},
       true},
  };
  return kinds;
}

/// Keras's class names in the spelling of this language.
static std::string_view kerasCallback(std::string_view name) {
  if (name == "model_checkpoint")
    return "checkpoint";
  if (name == "reduce_lr_on_plateau")
    return "reduce_on_plateau";
  if (name == "csv_logger")
    return "csv_log";
  return name == "tensor_board" ? "tensorboard" : name;
}

/// The names that the log of an epoch will have.
std::vector<std::string> Elaborator::namesOfLogs() const {
  std::vector<std::string> names = {"loss"};
  names.insert(names.end(), program.training.metrics.begin(), program.training.metrics.end());
  for (size_t i = 0, count = names.size(); i < count; ++i)
    names.push_back("val_" + names[i]);
  return names;
}

bool Elaborator::checkMonitor(const std::string &callback, const std::string &monitor, SourceRange range) {
  std::vector<std::string> known = namesOfLogs();
  if (std::find(known.begin(), known.end(), monitor) == known.end()) {
    error("W0414", range, fmt::format("`{}` monitors `{}`, which is not computed", callback, monitor))
        .expected(listOf(known, "or"))
        .help(didYouMean(monitor, known));
    return false;
  }
  bool validates = program.training.validation != "none";
  if (!validates && monitor.rfind("val_", 0) == 0) {
    error("W0414", range, fmt::format("`{}` monitors `{}`, and `validation = none`", callback, monitor))
        .expected("a validation, or a monitor without `val_`");
    return false;
  }
  return true;
}

/// One argument as the runtime reads it.
static std::optional<Setting> settingOf(const CallbackArgument &argument, const Value &value, std::string &wanted) {
  using Kind = CallbackArgument::Kind;
  switch (argument.kind) {
  case Kind::Monitor:
    wanted = "a name of the log, such as val_loss";
    if (value.is(Value::Kind::Word) || value.is(Value::Kind::String))
      return value.text;
    return std::nullopt;
  case Kind::Word:
    wanted = listOf(argument.words, "or");
    if (value.is(Value::Kind::Word) &&
        std::find(argument.words.begin(), argument.words.end(), value.text) != argument.words.end())
      return value.text;
    return std::nullopt;
  case Kind::Text:
    wanted = "a path in quotes";
    if (value.is(Value::Kind::String) && !value.text.empty())
      return value.text;
    return std::nullopt;
  case Kind::Flag:
    wanted = "true or false";
    if (value.is(Value::Kind::Bool))
      return value.number != 0;
    return std::nullopt;
  case Kind::Count:
    wanted = fmt::format("a whole number from {}", argument.least);
    if (value.is(Value::Kind::Number) && value.number >= argument.least && value.number <= 9007199254740992.0 &&
        value.number == std::floor(value.number))
      return static_cast<int64_t>(value.number);
    return std::nullopt;
  case Kind::Number:
    wanted = std::isinf(argument.least)  ? "a number"
             : std::isinf(argument.most) ? fmt::format("a number from {}", argument.least)
                                         : fmt::format("a number from {} to {}", argument.least, argument.most);
    if (value.is(Value::Kind::Number) && value.number >= argument.least && value.number <= argument.most)
      return value.number;
    return std::nullopt;
  }
  return std::nullopt;
}

void Elaborator::elaborateCallback(Frame &frame, const Expr &e, std::map<std::string, SourceRange> &given) {
  std::vector<std::string> known;
  for (const CallbackKind &kind : callbackKinds())
    known.push_back(kind.name);
  bool isNamed = e.kind == Expr::Kind::Name || e.kind == Expr::Kind::Call;
  std::string written = e.kind == Expr::Kind::Call ? e.operands[0]->name : e.name;
  std::string name(kerasCallback(written));
  auto kind = std::find_if(callbackKinds().begin(), callbackKinds().end(),
                           [&](const CallbackKind &other) { return other.name == name; });
  if (!isNamed || kind == callbackKinds().end()) {
    error("W0413", e.kind == Expr::Kind::Call ? e.operands[0]->range : e.range,
          fmt::format("there is no callback `{}`", isNamed ? written : ast::print(e)))
        .expected(listOf(known, "or"))
        .help(didYouMean(written, known));
    return;
  }
  if (auto [place, isNew] = given.emplace(name, e.range); !isNew && kind->isOnce) {
    error("W0413", e.range, fmt::format("`{}` is given twice", name)).note(place->second, "given here before");
    return;
  }
  std::vector<BuiltinParameter> parameters;
  for (const CallbackArgument &argument : kind->arguments)
    parameters.push_back({argument.name, argument.isRequired});
  BoundArguments bound;
  // Words such as val_loss or best mean something here alone.
  auto worth = [&](const Expr &value, const BuiltinParameter *) {
    bool isWord = value.kind == Expr::Kind::Name && !frame.names.count(value.name);
    return isWord ? Value::ofText(Value::Kind::Word, value.name) : evaluate(frame, value);
  };
  if (e.kind == Expr::Kind::Call && !bindArguments(e, name, parameters, bound, worth))
    return;
  CallbackSetting callback{name, {}};
  bool isValid = true, every = false;
  const Value *monitor = nullptr;
  for (const CallbackArgument &argument : kind->arguments) {
    auto found = bound.find(argument.name);
    if (found == bound.end()) {
      if (argument.isRequired) {
        error("W0105", e.range, fmt::format("`{}` needs the argument `{}`", name, argument.name))
            .expected(fmt::format("`{}({} = ...)`", name, argument.name));
        isValid = false;
      }
      continue;
    }
    const auto &[value, range] = found->second;
    if (value.isPoison()) {
      isValid = false;
      continue;
    }
    std::string wanted;
    std::optional<Setting> setting = settingOf(argument, value, wanted);
    if (!setting) {
      error("W0109", range, fmt::format("a value that `{}` of `{}` cannot have", argument.name, name))
          .expected(wanted)
          .got(describe(value))
          .help(argument.kind == CallbackArgument::Kind::Text && value.is(Value::Kind::Word)
                    ? fmt::format("write \"{}\"", value.text)
                    : "");
      isValid = false;
      continue;
    }
    if (argument.kind == CallbackArgument::Kind::Monitor) {
      monitor = &value;
      isValid &= checkMonitor(name, value.text, range);
    }
    every |= argument.name == "keep" && value.text == "every";
    callback.arguments.emplace_back(argument.name, std::move(*setting));
  }
  // What is monitored unless the file says otherwise has to be there, too.
  bool monitors = kind->arguments[0].name == "monitor" || (name == "checkpoint" && !every);
  if (isValid && monitors && !monitor)
    isValid = checkMonitor(name, "val_loss", e.range);
  if (isValid)
    program.training.callbacks.push_back(std::move(callback));
}

/// A list of callbacks, or one.
void Elaborator::elaborateCallbacks(Frame &frame, const Expr &e) {
  std::map<std::string, SourceRange> given;
  if (e.kind != Expr::Kind::List)
    return elaborateCallback(frame, e, given);
  for (const ast::ExprPtr &operand : e.operands)
    elaborateCallback(frame, *operand, given);
}

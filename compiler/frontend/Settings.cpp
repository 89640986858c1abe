//===- Settings.cpp - The train block: data and numbers -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::Expr;
using ast::Statement;

void Elaborator::elaborateCount(Frame &frame, const Statement &statement, double least, int64_t &result) {
  Value value = evaluate(frame, *statement.value);
  constexpr double largest = 9007199254740992.0; // beyond 2^53 a number may not be exact
  if (value.is(Value::Kind::Number) && value.number >= least && value.number <= largest &&
      value.number == std::floor(value.number)) {
    result = static_cast<int64_t>(value.number);
    return;
  }
  if (!value.isPoison())
    error("W0407", statement.value->range,
          fmt::format("a value that `{}` cannot have", statement.targets[0].name))
        .expected(fmt::format("a whole number from {}", least))
        .got(describe(value));
}

void Elaborator::elaborateShuffle(Frame &frame, const Statement &statement) {
  Value value = evaluate(frame, *statement.value);
  if (value.is(Value::Kind::Bool))
    program.training.shuffle = value.number != 0;
  else if (!value.isPoison())
    error("W0407", statement.value->range, "a value that `shuffle` cannot have")
        .expected("true or false")
        .got(describe(value));
}

/// A number for each class.
void Elaborator::elaborateClassWeights(Frame &frame, const Expr &e) {
  if (program.model.results.empty())
    return;
  const Type output = program.model.types[program.model.results[0].value];
  size_t classes = output.width() == 1 ? 2 : static_cast<size_t>(output.width());
  if (output.rank() != 2) {
    error("W0407", e.range, "`class_weights` are for data with one class a row")
        .expected("an output of one class a row")
        .got(print(output))
        .note(program.model.results[0].range, "the output");
    return;
  }
  std::vector<double> weights;
  for (const ast::ExprPtr &operand : e.operands) {
    Value value = e.kind == Expr::Kind::List ? evaluate(frame, *operand) : Value{};
    if (value.isPoison() && e.kind == Expr::Kind::List)
      return;
    if (!value.is(Value::Kind::Number) || value.number < 0)
      break;
    weights.push_back(value.number);
  }
  if (e.kind != Expr::Kind::List || weights.size() != e.operands.size() || weights.size() != classes) {
    error("W0407", e.range, "a value that `class_weights` cannot have")
        .expected(fmt::format("a list of {} numbers from 0, one for each class", classes))
        .got(ast::print(e));
    return;
  }
  program.training.classWeights = std::move(weights);
}

void Elaborator::elaborateMetrics(const Expr &e) {
  static const std::vector<std::string> known = {"accuracy", "precision", "recall", "auc", "mae", "mse"};
  std::vector<const Expr *> names;
  if (e.kind == Expr::Kind::List)
    for (const ast::ExprPtr &operand : e.operands)
      names.push_back(operand.get());
  else
    names.push_back(&e);
  for (const Expr *name : names) {
    if (name->kind == Expr::Kind::Name && std::find(known.begin(), known.end(), name->name) != known.end()) {
      program.training.metrics.push_back(name->name);
      continue;
    }
    error("W0411", name->range, fmt::format("there is no metric `{}`", ast::print(*name)))
        .expected("a list of " + listOf(known, "or"))
        .help(didYouMean(name->name, known));
  }
}

/// test | none | a fraction | data
void Elaborator::elaborateValidation(Frame &frame, const Expr &e) {
  if (e.kind == Expr::Kind::Name && (e.name == "test" || e.name == "none")) {
    program.training.validation = e.name;
    return;
  }
  if (e.kind == Expr::Kind::String || e.kind == Expr::Kind::Call ||
      (e.kind == Expr::Kind::Name && !frame.names.count(e.name))) {
    if (std::optional<std::string> data = elaborateData(frame, e))
      program.training.validation = *data;
    return;
  }
  Value value = evaluate(frame, e);
  if (value.isPoison())
    return;
  if (!value.is(Value::Kind::Number) || value.number <= 0 || value.number >= 1) {
    error("W0407", e.range, "a value that `validation` cannot have")
        .expected("test, none, a fraction between 0 and 1, or data")
        .got(describe(value));
    return;
  }
  program.training.validation = fmt::format("{}", value.number);
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

namespace {
struct DataArgument {
  std::string name;
  std::string fallback; // canonical default; empty: left out, or taken from the input
  enum class Kind { Count, Fraction, Side } kind = Kind::Count;
};

/// Sources that the runtime knows. Those without `width` and ids name files.
struct DataSource {
  std::string name;
  std::vector<DataArgument> arguments;
  size_t files = 0;  // how many paths it takes
  int64_t width = 0; // of the input's features; 0 for ids
  bool hasOptions = false; // behind the path, which the runtime checks
  bool isGenerated() const { return files == 0; }
};
} // namespace

static const std::vector<DataSource> &dataSources() {
  static const std::vector<DataSource> sources = {
      {"imdb",
       {{"top_words", ""},
        {"length", ""},
        {"test_split", "", DataArgument::Kind::Fraction},
        {"padding", "", DataArgument::Kind::Side},
        {"truncating", "", DataArgument::Kind::Side}},
       0,
       0},
      {"reber", {{"length", "40"}, {"samples", "2000"}, {"seed", "1"}}, 0, 7},
      {"adding", {{"length", "50"}, {"samples", "5000"}, {"seed", "1"}}, 0, 2},
      {"npy", {}, 2},
      {"arrays", {}, 1},
      {"csv", {}, 1, 0, true},
      {"text", {}, 1, 0, true},
      {"chars", {}, 1, 0, true},
  };
  return sources;
}

static const DataSource *findDataSource(std::string_view name) {
  for (const DataSource &source : dataSources())
    if (source.name == name)
      return &source;
  return nullptr;
}

/// An option of csv, text or chars as the runtime reads it: a number, a name, or names
/// (in quotes where they are no plain words) joined by +.
std::optional<std::string> Elaborator::describeOption(Frame &frame, const Expr &e) {
  std::vector<const Expr *> parts = {&e};
  if (e.kind == Expr::Kind::List) {
    parts.clear();
    for (const ast::ExprPtr &operand : e.operands)
      parts.push_back(operand.get());
  }
  std::string text;
  for (const Expr *part : parts) {
    std::string one;
    if (part->kind == Expr::Kind::Name && !frame.names.count(part->name)) {
      one = part->name;
    } else {
      Value value = evaluate(frame, *part);
      bool isText = value.is(Value::Kind::String) && value.text.find('"') == std::string::npos;
      if (!isText && !value.is(Value::Kind::Number)) {
        if (!value.isPoison())
          error("W0408", part->range, "an option of data that cannot be read")
              .expected("a number, a name or a list of names")
              .got(describe(value));
        return std::nullopt;
      }
      one = isText ? "\"" + value.text + "\"" : fmt::format("{}", value.number);
    }
    text += (text.empty() ? "" : "+") + one;
  }
  return text;
}

/// name, name(argument = value, ...) or "name:file,file"
std::optional<std::string> Elaborator::elaborateData(Frame &frame, const Expr &e) {
  std::string name = e.kind == Expr::Kind::Call ? e.operands[0]->name : e.name;
  std::string files;
  if (e.kind == Expr::Kind::String) {
    size_t colon = name.find(':');
    if (colon != std::string::npos) {
      files = name.substr(colon + 1);
      name = name.substr(0, colon);
    }
  }
  const DataSource *source = nullptr;
  if (e.kind == Expr::Kind::String || e.kind == Expr::Kind::Name || e.kind == Expr::Kind::Call)
    source = findDataSource(name);
  if (!source) {
    std::vector<std::string> known;
    for (const DataSource &other : dataSources())
      known.push_back(other.name);
    error("W0408", e.range, "this is no data that can be read")
        .expected("imdb, reber or adding, npy:X.npy,Y.npy, arrays:FILE, csv:FILE, text:DIRECTORY or chars:FILE")
        .got(ast::print(e))
        .help(didYouMean(name, known));
    return std::nullopt;
  }
  if (!source->isGenerated()) {
    // csv, text and chars have a path and then options: csv:FILE(x=a+b,y=c).
    bool hasOptions = source->hasOptions;
    size_t count = files.empty() ? 0 : 1 + (hasOptions ? 0 : std::count(files.begin(), files.end(), ','));
    bool isValid = true;
    std::string options;
    for (const ast::Argument &argument : e.arguments) {
      if (hasOptions && !argument.name.empty()) {
        std::optional<std::string> option = describeOption(frame, *argument.value);
        isValid &= option.has_value();
        options += fmt::format("{}{}={}", options.empty() ? "" : ",", argument.name, option.value_or(""));
        continue;
      }
      Value value = evaluate(frame, *argument.value);
      if (value.is(Value::Kind::String) && argument.name.empty()) {
        files += (count++ ? "," : "") + value.text;
        continue;
      }
      isValid = false;
      if (!value.isPoison())
        error("W0408", argument.value->range, fmt::format("`{}` takes paths in quotes", name))
            .expected(source->files == 2 ? "npy(\"X.npy\", \"Y.npy\")" : name + "(\"PATH\")")
            .got(describe(value));
    }
    if (isValid && (source->name == "npy" ? count < 2 : count != source->files)) {
      error("W0408", e.range,
            fmt::format("`{}` takes {}", name,
                        source->files == 2 ? "one file for each input and one for the labels" : "one path"))
          .expected(source->files == 2 ? "npy:X.npy,Y.npy" : name + ":PATH")
          .got(fmt::format("{} paths", count));
      isValid = false;
    }
    if (!isValid)
      return std::nullopt;
    return name + ":" + files + (options.empty() ? "" : "(" + options + ")");
  }
  if (!files.empty()) {
    error("W0408", e.range, fmt::format("`{}` takes no files", name))
        .expected(fmt::format("`{}(...)`", name))
        .got(ast::print(e));
    return std::nullopt;
  }
  std::vector<BuiltinParameter> parameters;
  for (const DataArgument &argument : source->arguments)
    parameters.push_back({argument.name});
  DataArguments arguments;
  arguments.range = e.range;
  if (e.kind == Expr::Kind::Call && !bindArguments(frame, e, name, parameters, arguments.named))
    return std::nullopt;
  return describeData(name, arguments);
}

static bool isValueOf(const DataArgument &argument, const Value &value) {
  switch (argument.kind) {
  case DataArgument::Kind::Side:
    return value.is(Value::Kind::Word) && (value.text == "pre" || value.text == "post");
  case DataArgument::Kind::Fraction:
    return value.is(Value::Kind::Number) && value.number > 0 && value.number < 1;
  case DataArgument::Kind::Count:
    break;
  }
  return value.is(Value::Kind::Number) && value.number >= (argument.name == "seed" ? 0 : 1) && value.number <= 1e15 &&
         value.number == std::floor(value.number);
}

/// Generated data against the model's input; the canonical text, with what the
/// file leaves out taken from the input.
std::optional<std::string> Elaborator::describeData(const std::string &name, const DataArguments &arguments) {
  const DataSource &source = *findDataSource(name);
  const Function &model = program.model;
  std::string wanted = source.width == 0 ? "one input of `tokens[length] of vocabulary`"
                                         : fmt::format("one input of `features[length, {}]`", source.width);
  if (model.arguments.empty())
    return std::nullopt;
  const Type input = model.types[model.arguments[0].value];
  if (input.shape.empty()) // a wrong input, reported already
    return std::nullopt;
  bool fits =
      model.arguments.size() == 1 &&
      (source.width == 0 ? input.isIds : !input.isIds && input.rank() == 3 && input.width() == source.width);
  if (!fits) {
    error("W0409", arguments.range, fmt::format("the data `{}` does not fit the model's input", name))
        .expected(wanted)
        .got(model.arguments.size() == 1 ? print(input) : fmt::format("{} inputs", model.arguments.size()))
        .note(model.arguments[0].range, "the input");
    return std::nullopt;
  }
  std::string out;
  bool isValid = true;
  for (const DataArgument &argument : source.arguments) {
    std::string text = argument.fallback;
    int64_t fromInput = argument.name == "length"      ? input.shape[1]
                        : argument.name == "top_words" ? input.vocabulary
                                                       : 0;
    if (fromInput)
      text = fmt::format("{}", fromInput);
    if (auto found = arguments.named.find(argument.name); found != arguments.named.end()) {
      const Value &value = found->second.value;
      bool isRight = isValueOf(argument, value);
      if (!isRight) {
        isValid = false;
        if (!value.isPoison())
          error("W0109", found->second.range,
                fmt::format("a value that `{}` of `{}` cannot have", argument.name, name))
              .expected(argument.kind == DataArgument::Kind::Fraction ? "a number between 0 and 1"
                        : argument.kind == DataArgument::Kind::Side   ? "pre (in front) or post (behind)"
                                                                      : "a whole number")
              .got(describe(value));
        continue;
      }
      // More words than the input knows would be ids out of range; fewer are fine.
      bool clashes = argument.name == "length"
                         ? value.number != static_cast<double>(fromInput)
                         : argument.name == "top_words" && value.number > static_cast<double>(fromInput);
      if (clashes) {
        error("W0409", found->second.range,
              fmt::format("`{}` of the data does not fit the model's input", argument.name))
            .expected(fmt::format("{}", fromInput))
            .got(describe(value))
            .note(model.arguments[0].range, "the input");
        isValid = false;
      }
      text = argument.kind == DataArgument::Kind::Side       ? value.text
             : argument.kind == DataArgument::Kind::Fraction ? fmt::format("{}", value.number)
                                                             : fmt::format("{}", static_cast<int64_t>(value.number));
    }
    if (!text.empty())
      out += fmt::format("{}{}={}", out.empty() ? "" : ",", argument.name, text);
  }
  if (!isValid)
    return std::nullopt;
  return fmt::format("{}({})", name, out);
}

/// Generated data has one label a row.
void Elaborator::checkLabels(const Expr &data) {
  std::string name = data.kind == Expr::Kind::Call ? data.operands[0]->name : data.name;
  const DataSource *source = findDataSource(name);
  if (!source || !source->isGenerated() || program.model.results.empty() || program.loss.arguments.empty())
    return;
  const Type &label = program.loss.types[program.loss.arguments[1].value];
  if (label.rank() == 2 && label.width() == 1)
    return;
  Type output = program.model.types[program.model.results[0].value];
  output.shape.erase(output.shape.begin());
  error("W0410", program.model.results[0].range,
        fmt::format("output is {}, the data has one label a row", print(output)))
      .expected("an output of one number a row")
      .got(print(output))
      .help(output.rank() > 1
                ? "a recurrent layer without return_sequences, or flatten, makes one vector of a sequence"
                : "")
      .note(data.range, "the data");
}

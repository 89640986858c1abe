//===- Training.cpp - The train block: loss and optimizer -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::DefinitionKind;
using ast::Statement;

static const std::vector<std::string> &settingNames() {
  static const std::vector<std::string> names = {"data",  "loss", "optimizer", "metrics",    "epochs",
                                                 "batch", "seed", "shuffle",   "validation", "callbacks",
                                                 "class_weights"};
  return names;
}

bool Elaborator::isOptimizerArgument(const std::string &name) const {
  for (const BuiltinParameter &parameter : optimizerParameters())
    if (parameter.name == name)
      return true;
  for (const std::string &optimizer : definitions.names({DefinitionKind::Optimizer}))
    for (const ast::Parameter &parameter : definitions.find(optimizer, /*fromPrelude=*/false)->parameters)
      if (parameter.name == name)
        return true;
  return false;
}

void Elaborator::collectSettings(Frame &frame, const std::vector<Statement> &body,
                                 std::map<std::string, const Statement *> &found) {
  for (const Statement &statement : body) {
    if (statement.kind == Statement::Kind::If) {
      Value condition = evaluate(frame, *statement.value);
      if (condition.is(Value::Kind::Bool))
        collectSettings(frame, condition.number != 0 ? statement.body : statement.otherwise, found);
      else if (!condition.isPoison())
        error("W0211", statement.value->range, "the condition of an `if` is known when the model is built")
            .expected("true, false or a comparison of arguments")
            .got(describe(condition));
      continue;
    }
    if (statement.kind != Statement::Kind::Assign || statement.targets.size() != 1 ||
        statement.targets[0].isPrimed) {
      error("W0311", statement.range, "this cannot stand in a `train` block")
          .expected("a setting: `name = value`");
      continue;
    }
    std::string name = statement.targets[0].name;
    const std::vector<std::string> &known = settingNames();
    auto isKnown = [&](std::string_view word) {
      return std::find(known.begin(), known.end(), word) != known.end();
    };
    if (!isKnown(name)) {
      std::string_view keras = kerasArgument(name), today = outdatedArgument(name);
      if (!keras.empty() && isKnown(keras)) {
        name = std::string(keras);
      } else if (!today.empty()) {
        error("W0114", statement.range, fmt::format("`{}` is an argument of an older Keras", name))
            .expected(std::string(today));
        continue;
      } else {
        error("W0406", statement.range, fmt::format("there is no setting `{}`", name))
            .expected("one of " + listOf(known, "or"))
            .help(didYouMean(name, known))
            .help(isOptimizerArgument(name)
                      ? fmt::format("it is an argument of the optimizer: `optimizer = ...({} = ...)`", name)
                      : "");
        continue;
      }
    }
    auto [place, isNew] = found.emplace(name, &statement);
    if (!isNew)
      error("W0306", statement.range, fmt::format("`{}` is given twice", name))
          .note(place->second->range, "given here before");
  }
}

void Elaborator::elaborateTraining(const Frame &model, const ast::Definition &train) {
  Frame frame;
  FunctionBuilder nowhere(program, FunctionBuilder::Weights::Read);
  frame.definition = &train;
  frame.builder = &nowhere;
  // The model's parameters may set the training, too.
  for (const ast::Parameter &parameter : model.definition->parameters)
    if (auto found = model.names.find(parameter.name); found != model.names.end())
      frame.names.emplace(*found);
  std::map<std::string, const Statement *> settings;
  collectSettings(frame, train.body, settings);
  bool hasLoss = settings.count("loss"), hasOptimizer = settings.count("optimizer");
  if ((!hasLoss || !hasOptimizer) && !train.isBroken) {
    Diagnostic &diagnostic =
        error("W0412", train.range,
              fmt::format("the `train` block names no {}", hasOptimizer ? "loss"
                                                           : hasLoss    ? "optimizer"
                                                                        : "loss and no optimizer"));
    if (!hasLoss)
      diagnostic.expected("a line such as `loss = binary_crossentropy`");
    if (!hasOptimizer)
      diagnostic.expected("a line such as `optimizer = adam(learning_rate = 0.001)`");
  }
  // Before the data, which is held against the labels.
  if (auto loss = settings.find("loss"); loss != settings.end())
    elaborateLoss(frame, *loss->second);
  for (const auto &[name, statement] : settings) {
    if (name == "optimizer")
      elaborateOptimizer(frame, *statement);
    else if (name == "metrics")
      elaborateMetrics(*statement->value);
    else if (name == "epochs")
      elaborateCount(frame, *statement, 1, program.training.epochs);
    else if (name == "batch")
      elaborateCount(frame, *statement, 1, program.training.batch);
    else if (name == "seed")
      elaborateCount(frame, *statement, 0, program.training.seed);
    else if (name == "shuffle")
      elaborateShuffle(frame, *statement);
    else if (name == "class_weights")
      elaborateClassWeights(frame, *statement->value);
    else if (name == "validation")
      elaborateValidation(frame, *statement->value);
    else if (name == "data")
      if (std::optional<std::string> data = elaborateData(frame, *statement->value)) {
        program.training.data = *data;
        checkLabels(*statement->value);
      }
  }
  // Behind the metrics, which they may monitor.
  if (auto callbacks = settings.find("callbacks"); callbacks != settings.end())
    elaborateCallbacks(frame, *callbacks->second->value);
}

/// The loss as a function of prediction and label, both of the output's shape.
void Elaborator::elaborateLoss(Frame &frame, const Statement &statement) {
  SourceRange range = statement.value->range;
  Value loss = evaluate(frame, *statement.value);
  if (loss.isPoison())
    return;
  const ast::Definition *definition = loss.is(Value::Kind::Function) ? loss.callee->definition : nullptr;
  if (!definition || definition->kind != DefinitionKind::Loss) {
    std::vector<std::string> losses = definitions.names({DefinitionKind::Loss});
    error("W0407", range, "this is no loss")
        .expected("one of " + listOf(losses, "or") + ", or a loss defined in this file")
        .got(describe(loss));
    return;
  }
  if (definition->parameters.size() < 2) {
    error("W0314", definition->range, fmt::format("the loss `{}` takes too few values", definition->name))
        .expected(fmt::format("`loss {}(p, y) = ...`: a prediction and a label", definition->name));
    return;
  }
  if (program.model.results.empty())
    return;
  FunctionBuilder builder(program, FunctionBuilder::Weights::Read);
  builder.function.name = definition->name;
  builder.function.range = definition->range;
  Type prediction = program.model.types[program.model.results[0].value], label = prediction;
  const ast::Parameter &labelled = definition->parameters[1];
  std::optional<std::pair<double, double>> bounds = labelled.bounds;
  if (!labelled.element.empty() && prediction.width() < 2) {
    error("W0412", range, fmt::format("`{}` chooses among classes", definition->name))
        .expected("an output of two classes or more")
        .got(print(prediction))
        .note(program.model.results[0].range, "the output");
    return;
  }
  if (labelled.element == "tokens") {
    label.vocabulary = prediction.width();
    label.isIds = true;
    label.shape.back() = 1;
  } else if (labelled.element == "one_hot") {
    bounds = {0, 1};
  }
  ValueId p = builder.newValue(prediction), y = builder.newValue(label);
  builder.function.arguments.push_back({p, definition->parameters[0].name, definition->parameters[0].range});
  builder.function.arguments.push_back({y, labelled.name, labelled.range, bounds});
  Frame inner;
  inner.builder = &builder;
  inner.definition = definition;
  Value value = applyFunction(inner, *loss.callee, {Value::ofTensor(p), Value::ofTensor(y)}, range);
  std::optional<ValueId> result = tensor(inner, value, range);
  if (!result)
    return;
  const Type &type = builder.type(*result);
  if (!type.hasBatch() || type.isIds) {
    error("W0412", definition->range, "a loss has a value for each row of a batch")
        .expected("a value computed from the prediction and the label")
        .got(print(type));
    return;
  }
  builder.function.results.push_back({*result, "loss", definition->range});
  program.loss = std::move(builder.function);
}

/// A number that an optimizer takes as all do, unless it has a parameter of that name itself.
std::optional<double> Elaborator::optimizerNumber(const Callee &optimizer, const char *name) {
  auto found = optimizer.arguments.find(name);
  if (found == optimizer.arguments.end() || declares(*optimizer.definition, name))
    return std::nullopt;
  const auto &[value, range] = found->second;
  if (value.is(Value::Kind::Number) && value.number > 0)
    return value.number;
  bool isNone = value.is(Value::Kind::Number) ? value.number == 0 : value.is(Value::Kind::Word) && value.text == "none";
  if (!isNone && !value.isPoison())
    error("W0109", range, fmt::format("a value that `{}` of `{}` cannot have", name, optimizer.name))
        .expected("a number above 0, or none")
        .got(describe(value));
  return std::nullopt;
}

/// The weight that an update starts from: with `weight_decay`, a little less of it,
/// whatever the gradient is.
ValueId Elaborator::decayedWeight(FunctionBuilder &builder, const Callee &optimizer, ValueId weight, ValueId rate) {
  std::optional<double> decay = optimizerNumber(optimizer, "weight_decay");
  if (!decay)
    return weight;
  auto emit = [&](Primitive primitive, ValueId a, ValueId b, Type type) {
    return builder.emit(primitive, {a, b}, std::move(type), optimizer.range);
  };
  ValueId share = emit(Primitive::Mul, rate, builder.constant(*decay), Type{});
  ValueId lost = emit(Primitive::Mul, weight, share, Type{{batchExtent}});
  return emit(Primitive::Sub, weight, lost, Type{{batchExtent}});
}

void Elaborator::elaborateClipping(const Callee &optimizer) {
  Clipping &clipping = program.training.clipping;
  for (const char *kind : {"clipnorm", "clipvalue", "global_clipnorm"}) {
    std::optional<double> limit = optimizerNumber(optimizer, kind);
    if (!limit)
      continue;
    if (!clipping.kind.empty())
      error("W0107", optimizer.arguments.at(kind).range, "gradients are clipped in one way")
          .expected("one of clipnorm, clipvalue and global_clipnorm")
          .note(optimizer.arguments.at(clipping.kind).range, "given here before");
    clipping = {kind, *limit};
  }
}

/// One update of a weight: step, learning rate, weight, gradient and states to
/// the new weight and the new states.
void Elaborator::elaborateOptimizer(Frame &frame, const Statement &statement) {
  SourceRange range = statement.value->range;
  Value optimizer = evaluate(frame, *statement.value);
  if (optimizer.isPoison())
    return;
  const ast::Definition *definition =
      optimizer.is(Value::Kind::Function) ? optimizer.callee->definition : nullptr;
  if (!definition || definition->kind != DefinitionKind::Optimizer) {
    error("W0407", range, "this is no optimizer")
        .expected("one of " + listOf(definitions.names({DefinitionKind::Optimizer}), "or") +
                  ", or an optimizer defined in this file")
        .got(describe(optimizer));
    return;
  }
  if (!enter(definition, range))
    return;
  FunctionBuilder builder(program, FunctionBuilder::Weights::Read);
  builder.function.name = definition->name;
  builder.function.range = definition->range;
  Frame inner;
  inner.definition = definition;
  inner.isPrelude = definitions.isPrelude(definition);
  inner.builder = &builder;
  auto argument = [&](const char *name, std::vector<int64_t> shape) {
    ValueId value = builder.newValue(Type{std::move(shape)});
    builder.function.arguments.push_back({value, name, definition->range});
    return value;
  };
  auto implicit = [&](const char *name, std::vector<int64_t> shape) {
    bind(inner, {name, false, {}}, Value::ofTensor(argument(name, std::move(shape))), nullptr);
  };
  implicit("step", {});
  ValueId rate = argument("learning_rate", {});
  bool isValid = bindParameters(inner, *optimizer.callee, 0);
  auto declared = inner.names.find("learning_rate");
  if (declared == inner.names.end()) {
    error("W0309", definition->range,
          fmt::format("the optimizer `{}` has no `learning_rate`", definition->name))
        .expected(fmt::format("`optimizer {}(learning_rate = 0.001, ...)`", definition->name));
    isValid = false;
  } else if (isValid) {
    Value value = declared->second.value;
    if (value.is(Value::Kind::Number) && value.number >= 0) {
      program.training.learningRate = value.number;
    } else {
      error("W0109", range, "`learning_rate` is a number from 0").expected("a number").got(describe(value));
      isValid = false;
    }
    // A schedule may change it, so the equations see a value and no constant.
    declared->second.value = Value::ofTensor(rate);
  }
  ValueId weight = argument("weight", {batchExtent});
  inner.states.push_back({"weight", Type{{batchExtent}}, weight, nullptr});
  implicit("gradient", {batchExtent});
  ValueId decayed = isValid ? decayedWeight(builder, *optimizer.callee, weight, rate) : weight;
  bind(inner, {"weight", false, {}}, Value::ofTensor(decayed), nullptr);
  elaborateClipping(*optimizer.callee);
  if (isValid) {
    bindLost(inner);
    collect(inner, definition->body);
    runEquations(inner);
    if (!inner.primed.count("weight") && !definition->isBroken) {
      error("W0301", definition->range,
            fmt::format("the optimizer `{}` never assigns the weight", definition->name))
          .expected("an equation `weight' = ...`");
      inner.states.erase(inner.states.begin());
    }
    if (std::optional<std::vector<ValueId>> states = newStates(inner);
        states && inner.primed.count("weight")) {
      for (size_t i = 1; i < inner.states.size(); ++i)
        builder.function.arguments.push_back(
            {inner.states[i].value, inner.states[i].name, inner.states[i].statement->range});
      for (size_t i = 0; i < inner.states.size(); ++i)
        builder.function.results.push_back({(*states)[i], inner.states[i].name, definition->range});
      program.optimizer = std::move(builder.function);
    }
  }
  active.pop_back();
}

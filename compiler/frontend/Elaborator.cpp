//===- Elaborator.cpp - Names and statements -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::Statement;

Diagnostic &Elaborator::error(std::string_view code, SourceRange range, std::string message) {
  const Use *use = nullptr;
  for (auto it = active.rbegin(); it != active.rend() && !use; ++it)
    if (it->range.isValid() && !definitions.isPreludeFile(it->range.file))
      use = &*it;
  if (!use || !range.isValid())
    return diagnostics.error(code, range, std::move(message));
  if (!definitions.isPreludeFile(range.file)) {
    Diagnostic &diagnostic = diagnostics.error(code, range, std::move(message));
    bool isInside =
        range.file == use->range.file && range.begin >= use->range.begin && range.end <= use->range.end;
    return isInside ? diagnostic
                    : diagnostic.note(use->range,
                                      fmt::format("while `{}` is applied here", use->definition->name));
  }
  // What follows from the first error inside the prelude is nobody's concern.
  if (!blamed.insert({use->range.file, use->range.begin}).second)
    return unheard = Diagnostic(code, range, "");
  message = fmt::format("in `{}`: {}", use->definition->name, message);
  return diagnostics.error(code, use->range, std::move(message)).note(range, "here in its definition");
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

Program Elaborator::run(const ast::Definition &model, const ast::Definition *train) {
  FunctionBuilder builder(program, FunctionBuilder::Weights::Read);
  LayerScope layers;
  layers.isModel = true;
  Frame frame;
  frame.definition = &model;
  frame.builder = &builder;
  frame.layers = &layers;
  builder.function.name = model.name;
  builder.function.range = model.range;
  active.push_back({&model, {}});
  bindModelParameters(frame);
  bindLost(frame);
  collect(frame, model.body);
  runEquations(frame);
  active.pop_back();
  finishModel(frame);
  program.model = std::move(builder.function);
  if (train)
    elaborateTraining(frame, *train);
  return std::move(program);
}

/// A value given with --set, written as in a model file.
Value Elaborator::parseSetting(const std::string &name, const std::string &text) {
  int file = sources.add("--set " + name, text);
  settingExpressions.push_back(Parser(sources, file, diagnostics).parseLoneExpression());
  if (!settingExpressions.back())
    return {};
  Frame empty;
  FunctionBuilder nowhere(program, FunctionBuilder::Weights::Read);
  empty.builder = &nowhere;
  return evaluate(empty, *settingExpressions.back());
}

bool Elaborator::bindModelParameters(Frame &frame) {
  std::vector<std::string> known;
  bool complete = true;
  for (const ast::Parameter &parameter : frame.definition->parameters) {
    known.push_back(parameter.name);
    Value value;
    if (auto found = settings.find(parameter.name); found != settings.end()) {
      value = parseSetting(parameter.name, found->second);
    } else if (parameter.value) {
      value = evaluate(frame, *parameter.value);
    } else {
      error("W0112", parameter.range, fmt::format("the model's parameter `{}` has no value", parameter.name))
          .help(fmt::format("give it one with --set {}=VALUE, or a default here", parameter.name));
      complete = false;
    }
    bind(frame, {parameter.name, false, parameter.range}, value, nullptr);
  }
  for (const auto &[name, text] : settings) {
    if (std::find(known.begin(), known.end(), name) != known.end())
      continue;
    Diagnostic &diagnostic = error("W0111", frame.definition->range,
                                   fmt::format("--set {}={}: the model `{}` has no parameter `{}`", name,
                                               text, frame.definition->name, name));
    if (known.empty())
      diagnostic.expected(
          fmt::format("no --set: this model has no parameters; `model {}({} = ...)` would declare one",
                      frame.definition->name, name));
    else
      diagnostic.expected("one of " + listOf(known, "or")).help(didYouMean(name, known));
  }
  return complete;
}

void Elaborator::finishModel(Frame &frame) {
  const ast::Definition &model = *frame.definition;
  if (frame.builder->function.arguments.empty() && !model.isBroken)
    error("W0403", model.range, fmt::format("the model `{}` has no input", model.name))
        .expected("a line such as `input words: tokens[500] of 5000` or `input readings: features[50, 3]`");
  std::vector<const Statement *> outputs;
  for (const Statement *statement : frame.equations)
    if (statement->kind == Statement::Kind::Output)
      outputs.push_back(statement);
  if (outputs.empty() && model.isBroken)
    return;
  if (outputs.empty()) {
    error("W0404", model.range, fmt::format("the model `{}` has no output", model.name))
        .expected("a line such as `output positive = ... |> dense(1, activation = sigmoid)`");
    return;
  }
  if (outputs.size() > 1)
    error("W0404", outputs[1]->range, fmt::format("the model `{}` has more than one output", model.name))
        .expected("one output; `concat(a, b)` joins values")
        .note(outputs[0]->range, "the first output");
  const ast::Target &target = outputs[0]->targets[0];
  const Value &value = frame.names.at(target.name).value;
  if (value.isPoison())
    return;
  std::optional<ValueId> result = tensor(frame, value, outputs[0]->value->range);
  if (!result)
    return;
  const Type &type = frame.builder->type(*result);
  if (!type.hasBatch() || type.rank() < 2 || type.isIds) {
    error("W0209", outputs[0]->value->range, "an output is numbers for each row of a batch")
        .expected("a value computed from the inputs, such as batch×1")
        .got(print(type));
    return;
  }
  if (frame.builder->present(*result)) {
    error("W0117", outputs[0]->value->range, "an output cannot leave out steps")
        .expected("one vector a row, or a sequence of which every step counts")
        .got("a sequence whose padding is masked, by `mask_zero = true` of an embedding")
        .help("a recurrent layer without return_sequences, or `global_average_pool1d`, makes one vector of it");
    return;
  }
  frame.builder->function.results.push_back({*result, target.name, outputs[0]->range});
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

void Elaborator::bind(Frame &frame, const ast::Target &target, Value value, const Statement *statement) {
  Binding binding;
  binding.range = target.range;
  binding.value = std::move(value);
  binding.statement = statement;
  if (statement)
    binding.state = Binding::State::Waiting;
  auto &table = target.isPrimed ? frame.primed : frame.names;
  auto [place, isNew] = table.try_emplace(target.name, std::move(binding));
  if (isNew)
    return;
  Diagnostic &diagnostic = error(
      "W0306", target.range, fmt::format("`{}{}` is given twice", target.name, target.isPrimed ? "'" : ""));
  diagnostic.help("equations are no steps: each name has one value; choose another name");
  if (place->second.range.isValid())
    diagnostic.note(place->second.range, "given here before");
}

/// Names of statements that could not be parsed are known, and poison.
void Elaborator::bindLost(Frame &frame) {
  for (const ast::Target &target : frame.definition->lost)
    (target.isPrimed ? frame.primed : frame.names).try_emplace(target.name);
}

/// Walks statements in order: declarations at once, equations are noted for later.
void Elaborator::collect(Frame &frame, const std::vector<Statement> &body) {
  for (const Statement &statement : body) {
    switch (statement.kind) {
    case Statement::Kind::If: {
      Value condition = evaluate(frame, *statement.value);
      if (condition.isPoison())
        break;
      if (!condition.is(Value::Kind::Bool)) {
        error("W0211", statement.value->range, "the condition of an `if` is known when the model is built")
            .expected("true, false or a comparison of arguments")
            .got(describe(condition))
            .help(condition.is(Value::Kind::Tensor) ? "`where(condition, a, b)` chooses element by element"
                                                    : "");
        break;
      }
      collect(frame, condition.number != 0 ? statement.body : statement.otherwise);
      break;
    }
    case Statement::Kind::Assign:
    case Statement::Kind::Output:
      frame.equations.push_back(&statement);
      for (const ast::Target &target : statement.targets)
        bind(frame, target, {}, &statement);
      break;
    case Statement::Kind::Return:
      if (frame.returned)
        error("W0306", statement.range, "a second `return`")
            .expected("one `return`")
            .note(frame.returned->range, "the first one");
      else
        frame.returned = &statement;
      break;
    default:
      declare(frame, statement);
    }
  }
}

void Elaborator::declare(Frame &frame, const Statement &statement) {
  switch (statement.kind) {
  case Statement::Kind::Input:
    return declareInput(frame, statement);
  case Statement::Kind::Weight:
    return declareWeight(frame, statement);
  case Statement::Kind::State:
    return declareState(frame, statement);
  default:
    return;
  }
}

std::optional<std::vector<int64_t>> Elaborator::evaluateShape(Frame &frame,
                                                              const std::vector<ast::ExprPtr> &dims) {
  std::vector<int64_t> shape;
  bool isValid = true;
  for (const ast::ExprPtr &dim : dims) {
    Value value = evaluate(frame, *dim);
    if (value.is(Value::Kind::Number) && value.number >= 1 && value.number <= largestExtent &&
        value.number == std::floor(value.number)) {
      shape.push_back(static_cast<int64_t>(value.number));
      continue;
    }
    isValid = false;
    if (!value.isPoison())
      error("W0212", dim->range, "an extent of a shape is a whole number from 1")
          .expected(fmt::format("a whole number known when the model is built, at most {}", largestExtent))
          .got(describe(value));
  }
  if (!isValid)
    return std::nullopt;
  constexpr double most = 2147483647.0;
  double count = 1;
  for (int64_t extent : shape)
    count *= static_cast<double>(extent);
  if (count > most || shape.size() > 3) {
    error("W0212", dims[0]->range.to(dims.back()->range), "this shape is too large")
        .expected("at most 3 axes and 2147483647 elements")
        .got(fmt::format("{} axes, {} elements", shape.size(), count));
    return std::nullopt;
  }
  return shape;
}

void Elaborator::declareInput(Frame &frame, const Statement &statement) {
  const ast::Target &target = statement.targets[0];
  std::optional<std::vector<int64_t>> shape = evaluateShape(frame, statement.dims);
  int64_t vocabulary = 0;
  bool isIds = statement.element == "tokens";
  bool isValid = shape.has_value();
  if (shape && (isIds ? shape->size() != 1 : shape->size() > 2)) {
    error("W0212", statement.range,
          fmt::format("an input of {} with {} axes", statement.element, shape->size()))
        .expected(isIds ? "`tokens[length] of vocabulary`"
                        : "`features[length, width]` or `features[width]`");
    isValid = false;
  }
  if (isIds && statement.value) {
    Value value = evaluate(frame, *statement.value);
    if (value.is(Value::Kind::Number) && value.number >= 1 && value.number <= 2147483647.0 &&
        value.number == std::floor(value.number)) {
      vocabulary = static_cast<int64_t>(value.number);
    } else {
      isValid = false;
      if (!value.isPoison())
        error("W0212", statement.value->range, "the number of different ids is a whole number from 1")
            .expected("a whole number known when the model is built, at most 2147483647")
            .got(describe(value));
    }
  } else if (statement.value) {
    error("W0212", statement.value->range, "features are numbers and have no vocabulary")
        .expected("`features[length, width]`, or `tokens[length] of vocabulary`");
  }
  if (!isValid) {
    bind(frame, target, {}, nullptr);
    // A stand-in, so that nobody says there is no input.
    frame.builder->function.arguments.push_back({frame.builder->newValue({}), target.name, target.range});
    return;
  }
  Type type{{batchExtent}, vocabulary, isIds};
  type.shape.insert(type.shape.end(), shape->begin(), shape->end());
  ValueId value = frame.builder->newValue(type);
  frame.builder->function.arguments.push_back({value, target.name, target.range});
  bind(frame, target, Value::ofTensor(value), nullptr);
}

int Elaborator::addWeight(std::string name, std::vector<int64_t> shape, std::vector<Initializer> initializers,
                          SourceRange range) {
  program.weights.push_back({std::move(name), std::move(shape), std::move(initializers), range});
  return static_cast<int>(program.weights.size()) - 1;
}

std::optional<Value> Elaborator::checkInitializers(const Value &value, const std::vector<int64_t> &shape,
                                                   SourceRange range) {
  if (value.isPoison())
    return std::nullopt;
  Value result = value;
  if (value.is(Value::Kind::Number)) {
    result.kind = Value::Kind::Initializers;
    result.initializers = {{"constant", {value.number}}};
  }
  if (!result.is(Value::Kind::Initializers)) {
    error("W0210", range, "a weight starts from an initialiser")
        .expected("one of " + listOf(builtinInitializerNames(), "or") + ", a number, or a list of them")
        .got(describe(value));
    return std::nullopt;
  }
  int64_t parts = static_cast<int64_t>(result.initializers.size());
  if (shape.back() % parts != 0) {
    error("W0210", range, fmt::format("{} initialisers for {} elements", parts, shape.back()))
        .expected("one initialiser, or one for each equal part of the last axis")
        .got(fmt::format("{} does not divide by {}", shape.back(), parts));
    return std::nullopt;
  }
  for (const Initializer &initializer : result.initializers)
    if ((initializer.kind == "orthogonal" || initializer.kind == "identity") && shape.size() < 2) {
      error("W0210", range, fmt::format("`{}` needs a matrix", initializer.kind))
          .expected("a weight of two axes or more")
          .got(print(Type{shape}));
      return std::nullopt;
    }
  return result;
}

void Elaborator::declareWeight(Frame &frame, const Statement &statement) {
  const ast::Target &target = statement.targets[0];
  std::optional<std::vector<int64_t>> shape = evaluateShape(frame, statement.dims);
  Value initial = Value::ofText(Value::Kind::Poison, "");
  if (statement.value) {
    initial = evaluate(frame, *statement.value);
  } else {
    initial.kind = Value::Kind::Initializers;
    initial.initializers = {{"glorot_uniform", {}}};
  }
  std::optional<Value> checked;
  if (shape)
    checked = checkInitializers(initial, *shape, statement.value ? statement.value->range : statement.range);
  if (!checked) {
    bind(frame, target, {}, nullptr);
    return;
  }
  int index = addWeight(frame.weightPrefix + target.name, *shape, checked->initializers, target.range);
  if (statement.regularizer)
    if (std::optional<int> regularizer =
            elaborateRegularizer(evaluate(frame, *statement.regularizer), statement.regularizer->range))
      program.weights[index].regularizer = *regularizer;
  // A cell takes its weights in the order they are declared.
  if (frame.builder->mode == FunctionBuilder::Weights::Arguments)
    frame.builder->weight(index, target.range);
  bind(frame, target, Value::ofWeight(index), nullptr);
}

void Elaborator::declareState(Frame &frame, const Statement &statement) {
  const ast::Target &target = statement.targets[0];
  frame.hasState = true;
  Type type{{batchExtent}};
  if (!statement.dims.empty()) {
    std::optional<std::vector<int64_t>> shape = evaluateShape(frame, statement.dims);
    if (shape && shape->size() != 1) {
      error("W0212", statement.range, "a state is a vector for each row")
          .expected(fmt::format("`state {}[units]`", target.name))
          .got(fmt::format("{} axes", shape->size()));
      shape.reset();
    }
    if (!shape) {
      bind(frame, target, {}, nullptr);
      return;
    }
    type.shape.push_back(shape->front());
  }
  ValueId value = frame.builder->newValue(type);
  frame.states.push_back({target.name, type, value, &statement});
  bind(frame, target, Value::ofTensor(value), nullptr);
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

void Elaborator::runEquations(Frame &frame) {
  for (const Statement *statement : frame.equations)
    for (const ast::Target &target : statement->targets) {
      Binding &binding = (target.isPrimed ? frame.primed : frame.names).at(target.name);
      if (binding.state == Binding::State::Waiting && binding.statement == statement)
        runEquation(frame, *statement);
    }
}

void Elaborator::runEquation(Frame &frame, const Statement &statement) {
  std::vector<Binding *> bindings;
  for (const ast::Target &target : statement.targets) {
    Binding &binding = (target.isPrimed ? frame.primed : frame.names).at(target.name);
    // A name that was given twice belongs to the first of its equations.
    bindings.push_back(binding.statement == &statement ? &binding : nullptr);
    if (bindings.back())
      binding.state = Binding::State::Running;
  }
  int64_t parts = static_cast<int64_t>(statement.targets.size());
  Value value = evaluate(frame, *statement.value, parts > 1 ? parts : 0);
  if (parts > 1 && !value.isPoison()) {
    int64_t got = value.is(Value::Kind::Tuple) ? static_cast<int64_t>(value.elements.size()) : 1;
    if (got != parts) {
      error("W0205", statement.value->range,
            fmt::format("{} names for {}", parts, got == 1 ? "one value" : describe(value)))
          .expected(fmt::format("{} values, as `split` makes them", parts))
          .got(describe(value));
      value = {};
    }
  } else if (value.is(Value::Kind::Tuple)) {
    error("W0205", statement.value->range, fmt::format("one name for {}", describe(value)))
        .expected(fmt::format("{} names on the left of `=`", value.elements.size()))
        .got("one");
    value = {};
  }
  for (size_t i = 0; i < bindings.size(); ++i) {
    if (!bindings[i])
      continue;
    bindings[i]->value = parts == 1 || value.isPoison() ? value : value.elements[i];
    bindings[i]->state = Binding::State::Ready;
  }
}

Value Elaborator::lookup(Frame &frame, Binding &binding, const std::string &name, SourceRange range) {
  if (binding.state == Binding::State::Running) {
    error("W0305", range, fmt::format("`{}` depends on itself", name))
        .help("an equation may use what was before this step (a state without prime), not what it defines")
        .note(binding.range, "while this is computed");
    return {};
  }
  if (binding.state == Binding::State::Waiting)
    runEquation(frame, *binding.statement);
  return binding.value;
}

/// The value that a body returns.
Value Elaborator::evaluateBody(Frame &frame) {
  bindLost(frame);
  collect(frame, frame.definition->body);
  runEquations(frame);
  if (!frame.returned && frame.definition->isBroken)
    return {};
  if (!frame.returned) {
    error("W0304", frame.definition->range,
          fmt::format("the {} `{}` returns nothing", ast::spell(frame.definition->kind),
                      frame.definition->name))
        .expected("`return` and a value at the end");
    return {};
  }
  return evaluate(frame, *frame.returned->value);
}

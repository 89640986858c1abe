//===- NameCheck.cpp - What can be said about a definition before it is used -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/NameCheck.h"

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::Definition;
using ast::DefinitionKind;
using ast::Expr;
using ast::Statement;

void weft::frontend::reportUnknownName(DiagnosticEngine &diagnostics, const Definitions &definitions,
                                       std::vector<std::string> candidates, const std::string &name,
                                       SourceRange range, bool asLayer) {
  std::vector<std::string> layers = definitions.names({DefinitionKind::Cell, DefinitionKind::Layer});
  for (const BuiltinLayer &layer : builtinLayers())
    layers.push_back(layer.name);
  std::sort(layers.begin(), layers.end());
  if (asLayer) {
    Diagnostic &diagnostic = diagnostics.error("W0102", range, fmt::format("there is no layer `{}`", name));
    std::string near = didYouMean(name, layers);
    if (near.empty())
      diagnostic.expected(listOf(layers, "or") + ", or a cell or layer defined in this file");
    diagnostic.help(near);
    return;
  }
  for (const auto &list :
       {layers,
        definitions.names({DefinitionKind::Activation, DefinitionKind::Loss, DefinitionKind::Optimizer,
                           DefinitionKind::Regularizer}),
        builtinFunctionNames(), builtinInitializerNames(), builtinWords(),
        std::vector<std::string>{"true", "false"}})
    candidates.insert(candidates.end(), list.begin(), list.end());
  diagnostics.error("W0101", range, fmt::format("nothing is called `{}` here", name))
      .help(didYouMean(name, candidates));
}

Diagnostic &weft::frontend::reportNoChoice(DiagnosticEngine &diagnostics, const std::string &layer,
                                           const BuiltinParameter &parameter, const std::string &got, SourceRange range) {
  return diagnostics.error("W0108", range, fmt::format("`{}` of `{}` is one of a few words", parameter.name, layer))
      .expected(listOf(parameter.words, "or"))
      .got(got);
}

namespace {
class NameChecker {
public:
  NameChecker(const Definition &definition, const Definitions &definitions, DiagnosticEngine &diagnostics)
      : definition(definition), definitions(definitions), diagnostics(diagnostics) {}

  void run();

private:
  bool allows(Statement::Kind kind) const;
  void gather(const std::vector<Statement> &body);
  void checkBody(const std::vector<Statement> &body);
  void checkStatement(const Statement &statement);
  using Given = std::map<std::pair<std::string, bool>, SourceRange>;
  void checkTwice(const std::vector<Statement> &body, Given &given);
  void checkExpression(const Expr &e, bool asLayer = false);
  void checkArguments(const Expr &call);
  bool isKnownName(const std::string &name) const;
  void checkName(const std::string &name, SourceRange range, bool asLayer);
  bool isKind(DefinitionKind kind) const { return definition.kind == kind; }

  const Definition &definition;
  const Definitions &definitions;
  DiagnosticEngine &diagnostics;
  std::set<std::string> names, primed;
  std::map<std::string, SourceRange> states;
  bool returns = false;
};
} // namespace

bool NameChecker::allows(Statement::Kind kind) const {
  switch (kind) {
  case Statement::Kind::Assign:
  case Statement::Kind::If:
    return true;
  case Statement::Kind::Input:
  case Statement::Kind::Output:
    return isKind(DefinitionKind::Model);
  case Statement::Kind::Weight:
    return isKind(DefinitionKind::Cell) || isKind(DefinitionKind::Layer);
  case Statement::Kind::State:
    return isKind(DefinitionKind::Cell) || isKind(DefinitionKind::Optimizer);
  case Statement::Kind::Return:
    return !isKind(DefinitionKind::Model) && !isKind(DefinitionKind::Optimizer);
  }
  return false;
}

/// Names of both branches count: an equation of the other branch is no unknown name.
void NameChecker::gather(const std::vector<Statement> &body) {
  for (const Statement &statement : body) {
    for (const ast::Target &target : statement.targets)
      (target.isPrimed ? primed : names).insert(target.name);
    if (statement.kind == Statement::Kind::State)
      states.emplace(statement.targets[0].name, statement.range);
    returns |= statement.kind == Statement::Kind::Return;
    gather(statement.body);
    gather(statement.otherwise);
  }
}

bool NameChecker::isKnownName(const std::string &name) const {
  return names.count(name) || definitions.find(name, /*fromPrelude=*/false) || findUnaryFunction(name) ||
         findBuiltinLayer(name) || findInitializer(name) || isWord(name) || isSpecialFunction(name);
}

void NameChecker::checkName(const std::string &name, SourceRange range, bool asLayer) {
  if (!isKnownName(name))
    reportUnknownName(diagnostics, definitions, {names.begin(), names.end()}, name, range, asLayer);
}

void NameChecker::checkExpression(const Expr &e, bool asLayer) {
  switch (e.kind) {
  case Expr::Kind::Name:
    checkName(e.name, e.range, asLayer);
    break;
  case Expr::Kind::Primed:
    if (!primed.count(e.name))
      diagnostics.error("W0302", e.range, fmt::format("`{}'` is not given by an equation", e.name))
          .expected("the primed name of a state, with an equation of its own");
    break;
  case Expr::Kind::Call:
    checkName(e.operands[0]->name, e.operands[0]->range, asLayer);
    checkArguments(e);
    break;
  case Expr::Kind::Pipe:
    checkExpression(*e.operands[0]);
    checkExpression(*e.operands[1], /*asLayer=*/true);
    break;
  default:
    for (const ast::ExprPtr &operand : e.operands)
      checkExpression(*operand);
  }
}

/// A built-in layer's argument may be one of a few words.
void NameChecker::checkArguments(const Expr &e) {
  const std::string &name = e.operands[0]->name;
  bool isOwn = names.count(name) || definitions.find(name, /*fromPrelude=*/false);
  const BuiltinLayer *layer = isOwn ? nullptr : findBuiltinLayer(name);
  size_t place = 0;
  for (const ast::Argument &argument : e.arguments) {
    const BuiltinParameter *parameter = nullptr;
    if (layer && !argument.name.empty())
      parameter = findParameter(layer->parameters, argument.name);
    else if (layer && place < layer->parameters.size())
      parameter = &layer->parameters[place++];
    const Expr &value = *argument.value;
    bool isChoice = parameter && !parameter->words.empty() && value.kind == Expr::Kind::Name && !isKnownName(value.name);
    if (!isChoice)
      checkExpression(value);
    else if (std::find(parameter->words.begin(), parameter->words.end(), value.name) == parameter->words.end())
      reportNoChoice(diagnostics, name, *parameter, fmt::format("the word `{}`", value.name), value.range)
          .help(didYouMean(value.name, parameter->words));
  }
}

void NameChecker::checkStatement(const Statement &statement) {
  if (!allows(statement.kind)) {
    static const char *const spelling[] = {"input",       "output", "weight", "state",
                                           "an equation", "if",     "return"};
    diagnostics
        .error(
            "W0311", statement.range,
            fmt::format("`{}` cannot stand in {} {}", spelling[static_cast<int>(statement.kind)],
                        isKind(DefinitionKind::Activation) || isKind(DefinitionKind::Optimizer) ? "an" : "a",
                        ast::spell(definition.kind)))
        .expected(isKind(DefinitionKind::Model)       ? "input, output, `name = value` or if"
                  : isKind(DefinitionKind::Optimizer) ? "state, `name = value` or if"
                  : isKind(DefinitionKind::Cell)      ? "weight, state, `name = value`, if or return"
                  : isKind(DefinitionKind::Layer)     ? "weight, `name = value`, if or return"
                                                      : "`name = value`, if or return");
    return;
  }
  for (const ast::ExprPtr &dim : statement.dims)
    checkExpression(*dim);
  if (statement.value)
    checkExpression(*statement.value);
  if (statement.regularizer)
    checkExpression(*statement.regularizer);
  for (const ast::Target &target : statement.targets) {
    bool isWeight = isKind(DefinitionKind::Optimizer) && target.name == "weight";
    if (target.isPrimed && !states.count(target.name) && !isWeight && !definition.isBroken)
      diagnostics.error("W0302", target.range, fmt::format("`{}` is no state", target.name))
          .expected("the name of a state before the prime")
          .help(isKind(DefinitionKind::Cell) ? fmt::format("declare it: `state {}[units]`", target.name)
                                             : "");
  }
  checkBody(statement.body);
  checkBody(statement.otherwise);
}

void NameChecker::checkBody(const std::vector<Statement> &body) {
  for (const Statement &statement : body)
    checkStatement(statement);
}

/// Within one way through the branches a name is given once.
void NameChecker::checkTwice(const std::vector<Statement> &body, Given &given) {
  for (const Statement &statement : body) {
    if (statement.kind == Statement::Kind::If) {
      Given otherwise = given;
      checkTwice(statement.body, given);
      checkTwice(statement.otherwise, otherwise);
      given.insert(otherwise.begin(), otherwise.end());
      continue;
    }
    for (const ast::Target &target : statement.targets) {
      auto [place, isNew] = given.emplace(std::pair(target.name, target.isPrimed), target.range);
      if (isNew)
        continue;
      diagnostics
          .error("W0306", target.range,
                 fmt::format("`{}{}` is given twice", target.name, target.isPrimed ? "'" : ""))
          .help("equations are no steps: each name has one value; choose another name")
          .note(place->second, "given here before");
    }
  }
}

void NameChecker::run() {
  // A train block has settings and no names of its own.
  if (isKind(DefinitionKind::Train))
    return;
  std::map<std::string, SourceRange> seen;
  for (const ast::Parameter &parameter : definition.parameters) {
    auto [place, isNew] = seen.emplace(parameter.name, parameter.range);
    if (!isNew)
      diagnostics.error("W0306", parameter.range, fmt::format("`{}` is given twice", parameter.name))
          .note(place->second, "given here before");
    // A default may use the parameters before it.
    if (parameter.value)
      checkExpression(*parameter.value);
    names.insert(parameter.name);
  }
  size_t values = isKind(DefinitionKind::Loss) ? 2 : isKind(DefinitionKind::Activation) ? 1 : 0;
  if (definition.parameters.size() < values)
    diagnostics
        .error("W0314", definition.range,
               fmt::format("the {} `{}` takes too few values", ast::spell(definition.kind), definition.name))
        .expected(values == 2
                      ? fmt::format("`loss {}(p, y) = ...`: a prediction and a label", definition.name)
                      : fmt::format("`activation {}(x) = ...`", definition.name));
  std::set<std::string> implicit;
  if (isKind(DefinitionKind::Cell) || isKind(DefinitionKind::Layer))
    implicit = {"x", "input"};
  if (isKind(DefinitionKind::Optimizer))
    implicit = {"step", "weight", "gradient"};
  if (isKind(DefinitionKind::Regularizer))
    implicit = {"weight"};
  names.insert(implicit.begin(), implicit.end());
  for (const ast::Target &target : definition.lost)
    (target.isPrimed ? primed : names).insert(target.name);
  gather(definition.body);
  checkBody(definition.body);
  Given given;
  for (const std::string &name : implicit)
    given.emplace(std::pair(name, false), SourceRange());
  for (const auto &[name, range] : seen)
    given.emplace(std::pair(name, false), range);
  checkTwice(definition.body, given);
  if (definition.isBroken)
    return;
  bool mayHaveStates = allows(Statement::Kind::State);
  for (const auto &[name, range] : states)
    if (!primed.count(name) && mayHaveStates)
      diagnostics.error("W0301", range, fmt::format("the state `{}` is never assigned", name))
          .expected(fmt::format("an equation `{}' = ...`: its value after the step", name));
  if (isKind(DefinitionKind::Cell) && states.empty())
    diagnostics.error("W0307", definition.range, fmt::format("the cell `{}` has no state", definition.name))
        .expected("a line such as `state h[units]`")
        .help("what looks at one step alone is a `layer`");
  if (isKind(DefinitionKind::Optimizer) && !primed.count("weight"))
    diagnostics
        .error("W0301", definition.range,
               fmt::format("the optimizer `{}` never assigns the weight", definition.name))
        .expected("an equation `weight' = ...`");
  if (allows(Statement::Kind::Return) && !returns)
    diagnostics
        .error("W0304", definition.range,
               fmt::format("the {} `{}` returns nothing", ast::spell(definition.kind), definition.name))
        .expected("`return` and a value at the end");
}

void weft::frontend::checkNames(const Definition &definition, const Definitions &definitions,
                                DiagnosticEngine &diagnostics) {
  NameChecker(definition, definitions, diagnostics).run();
}

//===- Recurrent.cpp - Cells -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Elaborator.h"

#include <algorithm>
#include <fmt/format.h>

using namespace weft::frontend;
using ast::DefinitionKind;

/// A cell on a sequence: its equations become a function of one step, with the
/// weights as arguments; the layer applies that to every step.
Value Elaborator::applyCell(Frame &frame, const LayerUse &use) {
  std::optional<bool> returnSequences = boolArgument(use.callee, "return_sequences", false);
  std::optional<bool> goBackwards = boolArgument(use.callee, "go_backwards", false);
  const ast::Definition &definition = *use.callee.definition;
  // A cell may have a parameter of that name, which is then its own business.
  auto rate = [&](const char *name) -> std::optional<double> {
    bool isOwn = std::any_of(definition.parameters.begin(), definition.parameters.end(),
                             [&](const ast::Parameter &parameter) { return parameter.name == name; });
    return isOwn ? 0 : rateArgument(use.callee, name);
  };
  std::optional<double> dropout = rate("dropout"), recurrentDropout = rate("recurrent_dropout");
  bool isValid = needSequence(frame, use) && returnSequences && goBackwards && dropout && recurrentDropout;
  if (!isValid || !enter(&definition, use.range))
    return {};

  const Type input = frame.builder->type(use.input);
  FunctionBuilder builder(program, FunctionBuilder::Weights::Arguments);
  builder.function.name = use.name;
  builder.function.range = use.range;
  LayerScope layers;
  layers.prefix = use.name + "/";
  Frame cell;
  cell.definition = &definition;
  cell.isPrelude = definitions.isPrelude(&definition);
  cell.builder = &builder;
  cell.layers = &layers;
  cell.weightPrefix = layers.prefix;
  ValueId x = builder.newValue(Type{{batchExtent, input.width()}});
  bind(cell, {"x", false, {}}, Value::ofTensor(x), nullptr);
  bind(cell, {"input", false, {}}, Value::ofNumber(static_cast<double>(input.width())), nullptr);
  Cell result;
  std::optional<std::vector<ValueId>> starts;
  if (bindParameters(cell, use.callee, 0)) {
    Value output = evaluateBody(cell);
    if (finishCell(cell, output, result, x))
      starts = elaborateStarts(frame, cell);
  }
  active.pop_back();
  if (!starts)
    return {};

  Node node{Primitive::Recurrent, {use.input}, {}, use.range};
  node.operands.insert(node.operands.end(), starts->begin(), starts->end());
  for (const auto &[index, value] : builder.weightValues)
    node.operands.push_back(frame.builder->weight(index, use.range));
  node.states = static_cast<int64_t>(starts->size());
  node.returnSequences = *returnSequences;
  node.goBackwards = *goBackwards;
  node.index = static_cast<int>(program.cells.size());
  node.rate = *dropout;
  node.recurrentRate = *recurrentDropout;
  if (*dropout > 0 || *recurrentDropout > 0)
    node.maskedLayer = nextMaskedLayer();
  if (std::optional<ValueId> present = frame.builder->present(use.input)) {
    node.hasPresent = true;
    node.operands.push_back(*present);
  }
  Type type{{batchExtent, result.function.types[result.function.results[0].value].width()}};
  if (*returnSequences)
    type.shape.insert(type.shape.begin() + 1, input.shape[1]);
  program.cells.push_back(std::move(result));
  return Value::ofTensor(frame.builder->emit(std::move(node), type));
}

/// A recurrent layer with weights for each direction. What the backward one made
/// last belongs to the first step: as a sequence it is turned around.
Value Elaborator::applyBidirectional(Frame &frame, const LayerUse &use) {
  const BoundArgument &wrapped = use.callee.arguments.at("layer");
  const Value &layer = wrapped.value;
  bool isRecurrent = layer.is(Value::Kind::Layer) && layer.callee->definition &&
                     layer.callee->definition->kind == DefinitionKind::Cell;
  if (!isRecurrent)
    error("W0108", wrapped.range, fmt::format("`layer` of `{}` is a recurrent layer", use.callee.name))
        .expected("lstm, gru, simple_rnn or a cell, with its arguments, such as `lstm(100)`")
        .got(describe(layer));
  std::optional<std::string> merge = wordArgument(use.callee, "merge", "concat");
  if (!isRecurrent || !merge)
    return {};

  Callee callee = *layer.callee;
  if (!hasRequiredArguments(callee))
    return {};
  Value forward = applyCell(frame, {callee, use.name + "/forward", use.input, use.range});
  if (!forward.is(Value::Kind::Tensor))
    return {};
  // The layer may itself go backwards: then this one goes forward.
  bool isForward = boolArgument(callee, "go_backwards", false).value();
  callee.arguments["go_backwards"] = {Value::ofBool(!isForward), use.range};
  Value backward = applyCell(frame, {callee, use.name + "/backward", use.input, use.range});
  if (!backward.is(Value::Kind::Tensor))
    return {};

  FunctionBuilder &builder = *frame.builder;
  Type type = builder.type(forward.index);
  ValueId a = forward.index, b = backward.index;
  if (type.rank() == 3)
    b = builder.emit(Primitive::Reverse, {b}, type, use.range);
  ValueId joined;
  if (*merge == "concat") {
    type.shape.back() *= 2;
    joined = builder.emit(Primitive::Concat, {a, b}, type, use.range);
  } else {
    joined = builder.emit(*merge == "mul" ? Primitive::Mul : Primitive::Add, {a, b}, type, use.range);
  }
  if (*merge == "ave")
    joined = builder.emit(Primitive::Mul, {joined, builder.constant(0.5)}, type, use.range);
  // Where a step is left out neither direction has anything to say.
  if (std::optional<ValueId> steps = builder.present(joined)) {
    joined = builder.emit(Primitive::Mul, {joined, *steps}, type, use.range);
    builder.setPresent(joined, *steps);
  }
  return Value::ofTensor(joined);
}

std::optional<std::vector<ValueId>> Elaborator::newStates(Frame &frame) {
  bool isValid = true;
  std::vector<ValueId> values;
  for (const CellState &state : frame.states) {
    auto found = frame.primed.find(state.name);
    if (found == frame.primed.end() && frame.definition->isBroken)
      return std::nullopt;
    if (found == frame.primed.end()) {
      error("W0301", state.statement->range, fmt::format("the state `{}` is never assigned", state.name))
          .expected(fmt::format("an equation `{}' = ...`: its value after the step", state.name));
      isValid = false;
      continue;
    }
    const Value &value = found->second.value;
    SourceRange range = found->second.statement ? found->second.statement->value->range : found->second.range;
    std::optional<ValueId> id = tensor(frame, value, range);
    if (!id) {
      isValid = false;
      continue;
    }
    const Type &type = frame.builder->type(*id);
    if (!(type == state.type)) {
      error("W0303", range,
            fmt::format("`{}'` has another shape than the state `{}`", state.name, state.name))
          .expected(state.statement ? print(state.type) : "a number for each element, as in `0 * weight`")
          .got(print(type))
          // The weight that an optimizer updates is declared by no statement.
          .note(state.statement ? state.statement->range : frame.definition->range,
                state.statement ? "the state is declared here" : "the definition");
      isValid = false;
      continue;
    }
    values.push_back(*id);
  }
  for (const auto &entry : frame.primed) {
    const std::string &name = entry.first;
    bool isState = std::any_of(frame.states.begin(), frame.states.end(),
                               [&](const CellState &state) { return state.name == name; });
    if (isState || frame.definition->isBroken)
      continue;
    // A state whose declaration is wrong was reported there.
    if (auto declared = frame.names.find(name);
        declared != frame.names.end() && declared->second.value.isPoison()) {
      isValid = false;
      continue;
    }
    error("W0302", entry.second.range, fmt::format("`{}` is no state", name))
        .expected("the name of a state before the prime")
        .help(fmt::format("declare it: `state {}[units]`", name));
    isValid = false;
  }
  if (!isValid)
    return std::nullopt;
  return values;
}

bool Elaborator::finishCell(Frame &cell, const Value &output, Cell &result, ValueId input) {
  FunctionBuilder &builder = *cell.builder;
  if (!cell.hasState && cell.definition->isBroken)
    return false;
  if (!cell.hasState) {
    error("W0307", cell.definition->range, fmt::format("the cell `{}` has no state", cell.definition->name))
        .expected("a line such as `state h[units]`")
        .help("what looks at one step alone is a `layer`");
    return false;
  }
  std::optional<std::vector<ValueId>> states = newStates(cell);
  std::optional<ValueId> value;
  if (cell.returned)
    value = tensor(cell, output, cell.returned->value->range);
  if (!states || !value)
    return false;
  const Type &type = builder.type(*value);
  if (!type.hasBatch() || type.rank() != 2 || type.isIds) {
    error("W0312", cell.returned->value->range, "a cell returns a vector for each row")
        .expected("a value such as batch×units")
        .got(print(type));
    return false;
  }
  Function &function = builder.function;
  function.arguments.push_back({input, "x", cell.definition->range});
  for (const CellState &state : cell.states)
    function.arguments.push_back({state.value, state.name, state.statement->range});
  for (const auto &[index, id] : builder.weightValues) {
    const Weight &weight = program.weights[index];
    function.arguments.push_back({id, weight.name.substr(cell.weightPrefix.size()), weight.range});
  }
  function.results.push_back({*value, "output", cell.returned->range});
  for (size_t i = 0; i < states->size(); ++i)
    function.results.push_back({(*states)[i], cell.states[i].name, cell.states[i].statement->range});
  result.states = static_cast<int64_t>(states->size());
  result.function = std::move(function);
  return true;
}

/// The states before the first step, as values of the function that uses the layer.
std::optional<std::vector<ValueId>> Elaborator::elaborateStarts(Frame &frame, const Frame &cell) {
  Frame starts;
  starts.definition = cell.definition;
  starts.isPrelude = cell.isPrelude;
  starts.builder = frame.builder;
  for (const auto &[name, binding] : cell.names)
    if (!binding.statement && !binding.value.is(Value::Kind::Tensor))
      starts.names.emplace(name, binding);
  std::vector<ValueId> values;
  bool isValid = true;
  for (const CellState &state : cell.states) {
    std::vector<int64_t> shape(state.type.shape.begin() + 1, state.type.shape.end());
    Value start = state.statement->value ? evaluate(starts, *state.statement->value) : Value::ofNumber(0);
    if (start.is(Value::Kind::Number)) {
      values.push_back(frame.builder->filled(start.number, shape));
      continue;
    }
    std::optional<ValueId> value =
        start.isPoison() ? std::nullopt : tensor(starts, start, state.statement->value->range);
    if (value && frame.builder->type(*value).shape != shape) {
      error("W0308", state.statement->value->range, fmt::format("the start of the state `{}`", state.name))
          .expected("a number, or a value of weights of shape " + print(Type{shape}))
          .got(print(frame.builder->type(*value)));
      value.reset();
    }
    isValid &= value.has_value();
    if (value)
      values.push_back(*value);
  }
  if (!isValid)
    return std::nullopt;
  return values;
}

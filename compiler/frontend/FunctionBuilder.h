//===- FunctionBuilder.h - Appends nodes to a function of a program -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_FUNCTIONBUILDER_H
#define WEFT_COMPILER_FRONTEND_FUNCTIONBUILDER_H

#include "compiler/frontend/Program.h"

#include <map>
#include <optional>

namespace weft::frontend {

/// Builds one straight-line function. Constants and weights are made once: the
/// first use comes before all others.
class FunctionBuilder {
public:
  /// A cell takes weights as arguments, other functions read them.
  enum class Weights { Read, Arguments };

  FunctionBuilder(Program &program, Weights mode) : program(program), mode(mode) {}

  ValueId newValue(Type type);
  ValueId constant(double number);
  ValueId filled(double number, std::vector<int64_t> shape);
  ValueId weight(int index, SourceRange range);
  /// A node with one result.
  ValueId emit(Primitive primitive, std::vector<ValueId> operands, Type type, SourceRange range);
  /// A node with one result and more to say than its operands.
  ValueId emit(Node node, Type type);
  std::vector<ValueId> emitSplit(ValueId operand, int64_t parts, SourceRange range);
  const Type &type(ValueId value) const { return function.types[value]; }

  /// Which steps of a sequence are there, as 1 or 0 at each; none where all are.
  /// What keeps steps apart (element by element, along the last axis) hands it on;
  /// whoever mixes steps has to ask.
  std::optional<ValueId> present(ValueId value) const;
  void setPresent(ValueId value, ValueId steps) { presentSteps[value] = steps; }
  /// Turned around, as the sequence is.
  ValueId reversePresent(ValueId steps, SourceRange range);

  Program &program;
  const Weights mode;
  Function function;
  /// Weights in the order they were declared, with the values that stand for them.
  std::vector<std::pair<int, ValueId>> weightValues;

private:
  void handPresentOn(const Node &node);

  std::map<double, ValueId> constants;
  std::map<ValueId, ValueId> presentSteps, reversed;
};

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_FUNCTIONBUILDER_H

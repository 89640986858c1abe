//===- Elaborator.h - Definitions applied to arguments and shapes -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_ELABORATOR_H
#define WEFT_COMPILER_FRONTEND_ELABORATOR_H

#include "compiler/frontend/Definitions.h"
#include "compiler/frontend/FunctionBuilder.h"
#include "compiler/frontend/Value.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace weft::frontend {

/// Runs a model at compile time: names get values, `if` takes its branch, cells
/// and activations are applied to shapes, and what remains is a Program. An
/// expression that is wrong is reported once and is a poison from then on, which
/// nothing else complains about.
class Elaborator {
public:
  Elaborator(SourceManager &sources, DiagnosticEngine &diagnostics, const Definitions &definitions,
             const std::map<std::string, std::string> &settings)
      : sources(sources), diagnostics(diagnostics), definitions(definitions), settings(settings) {}

  Program run(const ast::Definition &model, const ast::Definition *train);

private:
  /// An error inside a definition that is applied also says where; one inside
  /// the prelude is an error of who applies it.
  Diagnostic &error(std::string_view code, SourceRange range, std::string message);

  /// A name of a definition being elaborated. Equations may stand in any order:
  /// one is evaluated when its name is first needed.
  struct Binding {
    enum class State { Ready, Waiting, Running };
    State state = State::Ready;
    Value value;
    SourceRange range;
    const ast::Statement *statement = nullptr;
  };
  struct CellState {
    std::string name;
    Type type;
    ValueId value;
    const ast::Statement *statement;
  };
  /// The layers of one level, to count names: lstm, lstm_1, ...
  struct LayerScope {
    std::string prefix;
    std::map<std::string, int> counts;
    bool isModel = false;
  };
  /// One definition at work.
  struct Frame {
    const ast::Definition *definition = nullptr;
    bool isPrelude = false;
    FunctionBuilder *builder = nullptr;
    LayerScope *layers = nullptr;
    std::map<std::string, Binding> names, primed;
    std::vector<CellState> states;
    bool hasState = false;
    std::vector<const ast::Statement *> equations;
    const ast::Statement *returned = nullptr;
    std::string weightPrefix;
  };

  // Elaborator.cpp: names and statements
  Value parseSetting(const std::string &name, const std::string &text);
  bool bindModelParameters(Frame &frame);
  void bindLost(Frame &frame);
  void collect(Frame &frame, const std::vector<ast::Statement> &body);
  void declare(Frame &frame, const ast::Statement &statement);
  void declareInput(Frame &frame, const ast::Statement &statement);
  void declareWeight(Frame &frame, const ast::Statement &statement);
  void declareState(Frame &frame, const ast::Statement &statement);
  void bind(Frame &frame, const ast::Target &target, Value value, const ast::Statement *statement);
  void runEquations(Frame &frame);
  void runEquation(Frame &frame, const ast::Statement &statement);
  Value lookup(Frame &frame, Binding &binding, const std::string &name, SourceRange range);
  std::optional<std::vector<int64_t>> evaluateShape(Frame &frame, const std::vector<ast::ExprPtr> &dims);
  Value evaluateBody(Frame &frame);
  void finishModel(Frame &frame);
  std::vector<std::string> visibleNames(const Frame &frame) const;

  // EvalExpression.cpp
  Value evaluate(Frame &frame, const ast::Expr &e, int64_t parts = 0);
  Value evaluateName(Frame &frame, const std::string &name, SourceRange range, bool asLayer = false);
  /// An argument or a default: concat and sum, which are functions elsewhere, may be words there.
  Value evaluateArgument(Frame &frame, const ast::Expr &e, const BuiltinParameter *parameter = nullptr);
  Value evaluateUnary(Frame &frame, const ast::Expr &e);
  Value evaluateBinary(Frame &frame, const ast::Expr &e);
  Value evaluateMatmul(Frame &frame, const ast::Expr &e, const Value &lhs, const Value &rhs);
  Value evaluateIndex(Frame &frame, const ast::Expr &e);
  Value evaluateList(Frame &frame, const ast::Expr &e);
  std::optional<ValueId> tensor(Frame &frame, const Value &value, SourceRange range);
  /// An elementwise primitive over values that must fit.
  Value elementwise(Frame &frame, Primitive primitive, const std::vector<Value> &operands,
                    const std::vector<SourceRange> &ranges, SourceRange range, std::string_view spelling);

  // EvalCall.cpp
  Value evaluateCall(Frame &frame, const ast::Expr &e, int64_t parts, bool asLayer = false);
  Value callSpecial(Frame &frame, const ast::Expr &e, int64_t parts);
  Value callSplit(Frame &frame, const ast::Expr &e, const std::vector<Value> &values, int64_t parts);
  Value callReduce(Frame &frame, const ast::Expr &e, Primitive primitive, const Value &value);
  Value callConcat(Frame &frame, const ast::Expr &e, const std::vector<Value> &values);
  Value callInitializer(Frame &frame, const ast::Expr &e, const BuiltinInitializer &initializer);
  Value callDefinition(Frame &frame, const ast::Expr &e, std::shared_ptr<Callee> callee,
                       const std::vector<BuiltinParameter> &parameters);
  /// Finds the parameter of each argument; `worth` says what an argument is worth.
  bool bindArguments(const ast::Expr &e, const std::string &name,
                     const std::vector<BuiltinParameter> &parameters, BoundArguments &bound,
                     const std::function<Value(const ast::Expr &, const BuiltinParameter *)> &worth);
  bool bindArguments(Frame &frame, const ast::Expr &e, const std::string &name,
                     const std::vector<BuiltinParameter> &parameters, BoundArguments &bound);
  std::vector<BuiltinParameter> parametersOf(const Callee &callee) const;

  // Apply.cpp: functions and layers on values
  Value apply(Frame &frame, const Value &callee, ValueId input, SourceRange range);
  Value applyFunction(Frame &frame, const Callee &callee, const std::vector<Value> &operands,
                      SourceRange range);
  Value applyLayer(Frame &frame, const Callee &callee, ValueId input, SourceRange range);
  Value applyDefinedLayer(Frame &frame, const Callee &callee, ValueId input, const std::string &name);
  bool bindParameters(Frame &frame, const Callee &callee, size_t firstParameter);
  /// Whether a layer has all its arguments; reported if not.
  bool hasRequiredArguments(const Callee &callee);
  std::string nameLayer(Frame &frame, const std::string &kind);
  bool enter(const ast::Definition *definition, SourceRange range);

  // Layers.cpp: the built-in ones
  struct LayerUse {
    const Callee &callee;
    std::string name; // with its prefix
    ValueId input;
    SourceRange range;
  };
  Value applyBuiltin(Frame &frame, const LayerUse &use);
  Value applyEmbedding(Frame &frame, const LayerUse &use);
  Value applyDense(Frame &frame, const LayerUse &use);
  Value applyDropout(Frame &frame, const LayerUse &use);
  Value applyConv1d(Frame &frame, const LayerUse &use);
  Value applyPool1d(Frame &frame, const LayerUse &use, Primitive primitive);
  Value applyGlobalPool1d(Frame &frame, const LayerUse &use, Primitive primitive);
  Value applyActivation(Frame &frame, const LayerUse &use, const std::string &parameter, Value value);
  bool needSequence(Frame &frame, const LayerUse &use);
  /// For a layer that mixes steps, and could not leave out those that are not there.
  bool needAllSteps(Frame &frame, const LayerUse &use);
  bool needNumbers(Frame &frame, const LayerUse &use, int64_t leastRank);
  std::optional<int64_t> wholeArgument(const Callee &callee, const std::string &name, int64_t fallback);
  /// A part that is dropped: from 0 to less than 1.
  std::optional<double> rateArgument(const Callee &callee, const std::string &name);
  /// A number for what draws masks of its own.
  int64_t nextMaskedLayer() { return program.maskedLayers++; }
  std::optional<bool> boolArgument(const Callee &callee, const std::string &name, bool fallback);
  std::optional<std::string> wordArgument(const Callee &callee, const std::string &name,
                                          const std::string &fallback);
  int addWeight(std::string name, std::vector<int64_t> shape, std::vector<Initializer> initializers,
                SourceRange range);
  std::optional<int> layerWeight(const LayerUse &use, const std::string &weight, std::vector<int64_t> shape,
                                 const std::string &argument, Initializer fallback);

  // Recurrent.cpp: cells
  Value applyCell(Frame &frame, const LayerUse &use);
  Value applyBidirectional(Frame &frame, const LayerUse &use);
  bool finishCell(Frame &cell, const Value &output, Cell &result, ValueId input);
  std::optional<std::vector<ValueId>> elaborateStarts(Frame &frame, const Frame &cell);
  /// The new value of each state, after a look at every primed name.
  std::optional<std::vector<ValueId>> newStates(Frame &frame);

  // Training.cpp: losses, optimizers
  void elaborateTraining(const Frame &model, const ast::Definition &train);
  void collectSettings(Frame &frame, const std::vector<ast::Statement> &body,
                       std::map<std::string, const ast::Statement *> &found);
  bool isOptimizerArgument(const std::string &name) const;
  void elaborateLoss(Frame &frame, const ast::Statement &statement);
  void elaborateOptimizer(Frame &frame, const ast::Statement &statement);

  std::optional<double> optimizerNumber(const Callee &optimizer, const char *name);
  ValueId decayedWeight(FunctionBuilder &builder, const Callee &optimizer, ValueId weight, ValueId rate);
  void elaborateClipping(const Callee &optimizer);

  // Regularizers.cpp
  std::optional<int> elaborateRegularizer(const Value &value, SourceRange range);
  std::optional<int> regularizerArgument(const LayerUse &use, const std::string &argument);

  // Callbacks.cpp
  std::vector<std::string> namesOfLogs() const;
  bool checkMonitor(const std::string &callback, const std::string &monitor, SourceRange range);
  void elaborateCallback(Frame &frame, const ast::Expr &e, std::map<std::string, SourceRange> &given);
  void elaborateCallbacks(Frame &frame, const ast::Expr &e);

  // Settings.cpp: the rest of the train block
  void elaborateCount(Frame &frame, const ast::Statement &statement, double least, int64_t &result);
  void elaborateClassWeights(Frame &frame, const ast::Expr &e);
  void elaborateShuffle(Frame &frame, const ast::Statement &statement);
  void elaborateMetrics(const ast::Expr &e);
  void elaborateValidation(Frame &frame, const ast::Expr &e);
  std::optional<std::string> describeOption(Frame &frame, const ast::Expr &e);
  std::optional<std::string> elaborateData(Frame &frame, const ast::Expr &e);
  struct DataArguments {
    std::map<std::string, BoundArgument> named;
    SourceRange range;
  };
  std::optional<std::string> describeData(const std::string &source, const DataArguments &arguments);
  void checkLabels(const ast::Expr &data);

  std::optional<Value> checkInitializers(const Value &value, const std::vector<int64_t> &shape,
                                         SourceRange range);

  SourceManager &sources;
  DiagnosticEngine &diagnostics;
  const Definitions &definitions;
  const std::map<std::string, std::string> &settings;
  Program program;
  std::map<std::string, int> regularizers; // of the program, by what they were made of
  std::vector<ast::ExprPtr> settingExpressions;
  /// A definition at work, and where it was used.
  struct Use {
    const ast::Definition *definition;
    SourceRange range;
  };
  std::vector<Use> active;
  std::set<std::pair<int, uint32_t>> blamed; // uses of the prelude with an error
  Diagnostic unheard{"", {}, ""};
  int depth = 0;
};

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_ELABORATOR_H

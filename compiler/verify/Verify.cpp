//===- Verify.cpp - Every stage of a model against the reference -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/verify/Verify.h"

#include "compiler/pipeline/Compilation.h"
#include "compiler/reference/GradientCheck.h"
#include "compiler/verify/CompiledModel.h"
#include "compiler/verify/Rounding.h"
#include "dialects/seq/Seq.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace weft;
using namespace weft::verify;
using pipeline::Outcome;
using reference::Tensor;

namespace {

/// The comparisons of one model.
class Verifier {
public:
  Verifier(const VerifyOptions &options, const pipeline::Toolchain &tools,
           const std::function<void(const std::string &)> &say)
      : options(options), tools(tools), say(say), original(options.model), expanded(options.model),
        derived(options.model) {}

  Outcome run();

private:
  Outcome load();
  Outcome checkExpanded();
  Outcome checkGradients();
  Outcome checkProgram();
  Outcome checkPadding();

  /// The step's results for each row of the batch's inputs, by the interpreter.
  llvm::Expected<std::vector<Tensor>> wantedStep(ArrayRef<Tensor> inputs, const Tensor &scales);
  void compare(const StepResult &got, ArrayRef<Tensor> wanted, const std::string &how);
  void line(const std::string &what, double worst, double allowed, const std::string &where = {});
  Outcome interpreter(llvm::Error error) {
    return Outcome::internalError("error: the reference interpreter failed: " + llvm::toString(std::move(error)));
  }

  const VerifyOptions &options;
  const pipeline::Toolchain &tools;
  const std::function<void(const std::string &)> &say;
  pipeline::Compilation original, expanded, derived;
  seq::StepOp step;
  reference::GradientPoint point;
  std::unique_ptr<CompiledModel> compiled;
  int64_t checks = 0, failures = 0;
};

} // namespace

static seq::ModelOp modelOf(pipeline::Compilation &compilation) {
  auto models = compilation.getModule().getOps<seq::ModelOp>();
  return models.empty() ? seq::ModelOp() : *models.begin();
}

void Verifier::line(const std::string &what, double worst, double allowed, const std::string &where) {
  bool passed = worst <= allowed; // not so for a NaN
  ++checks;
  failures += !passed;
  say(llvm::formatv("{0}  {1,-58} {2:E1} of {3:E1} allowed{4}\n", passed ? "ok    " : "FAILED", what, worst, allowed,
                    passed || where.empty() ? "" : "\n        " + where)
          .str());
}

static std::string describe(const Difference &difference) {
  return llvm::formatv("element {0}: got {1:E6}, the reference says {2:E6}", difference.at, difference.got, difference.wanted);
}

Outcome Verifier::load() {
  if (Outcome outcome = original.load(); outcome.failed())
    return outcome;
  if (original.getStage() > pipeline::Stage::Gradient)
    return Outcome::userError("error: " + options.model.input + " is a stage behind the equations\n  expected: a model, or its stage "
                              "seq, expanded or gradient\n  help: verify the model that it was made of");
  if (!modelOf(original))
    return Outcome::userError("error: there is no model in " + options.model.input);
  if (original.getModule().getOps<seq::TrainingOp>().empty())
    return Outcome::userError("error: " + options.model.input + " has no train block, so there is no loss to differentiate\n"
                              "  help: add one with a loss and an optimizer (compiler/frontend/LANGUAGE.md)");
  // Behind the stage gradient what is drawn, and what rows share, is in the step alone.
  if (original.getStage() == pipeline::Stage::Gradient)
    for (FunctionOpInterface function : original.getModule().getOps<FunctionOpInterface>())
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        if (auto field = function.getArgAttrOfType<StringAttr>(i, "weft.field"); field && field != "scales")
          return Outcome::userError("error: @" + SymbolTable::getSymbolName(function).str() + " in " + options.model.input +
                                    " takes " + field.str() + ", which the model as it was written does not know\n"
                                    "  help: make the stage gradient with --no-share-padding, and of a model without dropout");
  for (auto [compilation, stage] : {std::pair(&expanded, pipeline::Stage::Expanded), std::pair(&derived, pipeline::Stage::Gradient)}) {
    if (Outcome outcome = compilation->load(); outcome.failed())
      return outcome;
    if (Outcome outcome = compilation->advance(stage); outcome.failed())
      return outcome;
  }
  for (seq::StepOp each : derived.getModule().getOps<seq::StepOp>())
    if (!each.getInference())
      step = each;
  auto drawn = reference::drawPoint(original.getModule(), options.rows, options.seed);
  if (!drawn)
    return interpreter(drawn.takeError());
  point = std::move(*drawn);
  return Outcome::done();
}

Outcome Verifier::checkExpanded() {
  auto written = reference::evaluate(modelOf(original), point.inputs, point.weights);
  if (!written)
    return interpreter(written.takeError());
  auto primitive = reference::evaluate(modelOf(expanded), point.inputs, point.weights);
  if (!primitive)
    return interpreter(primitive.takeError());
  Difference worst;
  for (auto [got, wanted] : llvm::zip(*primitive, *written))
    if (Difference one = differenceOf(got, wanted); one.part > worst.part)
      worst = one;
  // The same equations in fp64, in another order.
  line("expanded: predictions", worst.part, 1e-12, describe(worst));
  return Outcome::done();
}

Outcome Verifier::checkGradients() {
  reference::GradientCheckOptions check;
  check.slopesPerWeight = options.slopes;
  auto report = reference::checkGradients(original.getModule(), derived.getModule(), point, check);
  if (!report)
    return interpreter(report.takeError());
  line("gradient: predictions of the step", report->predictionDifference, 1e-12);
  line("gradient: losses of the step", report->lossDifference, 1e-12);
  for (const reference::WeightCheck &weight : report->weights)
    // `worst` is a part of what is allowed.
    line("gradient: slopes of " + weight.name, weight.worst * check.tolerance, check.tolerance,
         llvm::formatv("element {0}: derived {1:E6}, measured {2:E6}", weight.worstIndex, weight.derived, weight.measured).str());
  return Outcome::done();
}

llvm::Expected<std::vector<Tensor>> Verifier::wantedStep(ArrayRef<Tensor> inputs, const Tensor &scales) {
  std::vector<Tensor> arguments = reference::stepArguments(step, inputs, point.labels, scales, point.random);
  return reference::evaluate(step, arguments, point.weights);
}

void Verifier::compare(const StepResult &got, ArrayRef<Tensor> wanted, const std::string &how) {
  double allowed = allowedError(roundings(step.getBody(), options.rows));
  auto one = [&](const std::string &what, const Tensor &value, const Tensor &reference) {
    Difference difference = differenceOf(value, reference);
    line(how + what, difference.part, allowed, describe(difference));
  };
  size_t outputs = got.outputs.size();
  for (size_t i = 0; i < outputs; ++i)
    one("predictions of the step", got.outputs[i], wanted[i]);
  one("losses", Tensor({int64_t(got.loss.size())}, got.loss), wanted[outputs]);
  for (auto [i, weight] : llvm::enumerate(step.getGradients())) {
    std::string name = cast<FlatSymbolRefAttr>(weight).getValue().str();
    one("gradient of " + name, got.gradients.at(name), wanted[outputs + 1 + i]);
  }
}

Outcome Verifier::checkProgram() {
  llvm::SmallString<128> directory;
  if (llvm::sys::fs::createUniqueDirectory("weft-verify", directory))
    return Outcome::userError("error: cannot make a temporary directory\n  help: set TMPDIR to one that can be written");
  llvm::scope_exit cleanUp([&] { llvm::sys::fs::remove_directories(directory); });
  std::string output = (directory + "/model.so").str();
  if (Outcome outcome = pipeline::build(options.model, tools, pipeline::Product::SharedLibrary, output); outcome.failed())
    return outcome;
  auto loaded = CompiledModel::load(output);
  if (!loaded)
    return Outcome::userError("error: the program does not run on this machine: " + llvm::toString(loaded.takeError()));
  compiled = std::move(*loaded);
  if (llvm::Error error = compiled->setWeights(point.weights))
    return Outcome::internalError("error: " + llvm::toString(std::move(error)));

  auto predictions = reference::evaluate(modelOf(original), point.inputs, point.weights);
  if (!predictions)
    return interpreter(predictions.takeError());
  double allowed = allowedError(roundings(modelOf(expanded).getBody(), options.rows));
  std::vector<Tensor> got = compiled->predict(point.inputs, 2);
  for (auto [value, reference] : llvm::zip(got, *predictions)) {
    Difference difference = differenceOf(value, reference);
    line("program: predictions", difference.part, allowed, describe(difference));
  }
  auto wanted = wantedStep(point.inputs, Tensor::filled({options.rows, 1}, 1.0 / double(options.rows)));
  if (!wanted)
    return interpreter(wanted.takeError());
  compare(compiled->step(point.inputs, {point.labels}, 2, &point.random), *wanted, "program: ");
  return checkPadding();
}

/// Rows that begin later and later behind one of padding alone.
Outcome Verifier::checkPadding() {
  int32_t padded = compiled->model().step.padded_input;
  if (padded < 0)
    return Outcome::done();
  std::vector<Tensor> inputs = point.inputs;
  Tensor &ids = inputs[padded];
  int64_t rows = ids.shape[0], steps = ids.shape[1];
  std::vector<int32_t> starts;
  for (int64_t row = 0; row < rows; ++row) {
    starts.push_back(row == 0 ? 0 : int32_t(steps * row / (rows + 1)));
    for (int64_t t = 0; t < steps; ++t)
      if (double &id = ids.values[row * steps + t]; row == 0 || t < starts[row])
        id = 0;
      else if (t == starts[row])
        id = 1;
  }
  Tensor scales = Tensor::filled({rows, 1}, 1.0 / double(rows));
  scales.values[0] = 0;
  auto wanted = wantedStep(inputs, scales);
  if (!wanted)
    return interpreter(wanted.takeError());
  compare(compiled->sharedStep(inputs, {point.labels}, starts, &point.random), *wanted, "program, padding once: ");
  return Outcome::done();
}

Outcome Verifier::run() {
  using Check = Outcome (Verifier::*)();
  for (Check check : {&Verifier::load, &Verifier::checkExpanded, &Verifier::checkGradients, &Verifier::checkProgram})
    if (Outcome outcome = (this->*check)(); outcome.failed())
      return outcome;
  if (failures)
    return Outcome::userError(llvm::formatv("error: {0} of {1} comparisons failed", failures, checks).str());
  say(llvm::formatv("{0} comparisons, all within what is allowed\n", checks).str());
  return Outcome::done();
}

Outcome weft::verify::verify(const VerifyOptions &options, const pipeline::Toolchain &tools,
                             const std::function<void(const std::string &)> &say) {
  return Verifier(options, tools, say).run();
}

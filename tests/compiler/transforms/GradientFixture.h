//===- GradientFixture.h - From a model's text to a checked gradient -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_COMPILER_TRANSFORMS_GRADIENTFIXTURE_H
#define WEFT_TESTS_COMPILER_TRANSFORMS_GRADIENTFIXTURE_H

#include "compiler/frontend/Frontend.h"
#include "compiler/reference/GradientCheck.h"
#include "compiler/transforms/Passes.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

namespace weft::tests {

using reference::GradientPoint;
using reference::GradientReport;

using Module = mlir::OwningOpRef<mlir::ModuleOp>;

class GradientTest : public testing::Test {
protected:
  GradientTest() { context.loadDialect<seq::SeqDialect>(); }

  Module compile(const std::string &text) {
    std::string diagnostics;
    Module module = frontend::compileToSeq("test.weft", text, {}, &context, diagnostics);
    if (!module)
      ADD_FAILURE() << diagnostics << "\n" << text;
    return module;
  }

  Module run(mlir::ModuleOp module, void (*pipeline)(mlir::OpPassManager &)) {
    Module copy = module.clone();
    mlir::PassManager manager(&context);
    pipeline(manager);
    if (failed(manager.run(*copy)) || failed(mlir::verify(*copy))) {
      ADD_FAILURE() << "the pipeline failed";
      return {};
    }
    return copy;
  }

  /// The model and loss of `original` mean the same after `pipeline`.
  void expectSame(mlir::ModuleOp original, void (*pipeline)(mlir::OpPassManager &), double tolerance,
                  const GradientPoint &point) {
    Module changed = run(original, pipeline);
    ASSERT_TRUE(changed);
    auto model = *original.getOps<seq::ModelOp>().begin();
    // Where nothing is random, and in training.
    for (const reference::Randomness *random : {(const reference::Randomness *)nullptr, &point.random}) {
      auto before = reference::evaluate(model, point.inputs, point.weights, random);
      auto after = reference::evaluate(changed->lookupSymbol(model.getSymName()), point.inputs, point.weights, random);
      ASSERT_TRUE(bool(before)) << toString(before.takeError());
      ASSERT_TRUE(bool(after)) << toString(after.takeError());
      ASSERT_EQ(before->size(), after->size());
      for (auto [a, b] : llvm::zip(*before, *after)) {
        ASSERT_EQ(a.shape, b.shape);
        for (auto [x, y] : llvm::zip(a.values, b.values))
          ASSERT_NEAR(x, y, tolerance * std::max(1.0, std::abs(x)));
      }
    }
  }

  /// Everything at once, on a module of stage seq.
  void check(mlir::ModuleOp original, uint64_t seed = 1) {
    llvm::Expected<GradientPoint> point = reference::drawPoint(original, /*rows=*/3, seed);
    ASSERT_TRUE(bool(point)) << toString(point.takeError());
    expectSame(original, buildExpandedPipeline, 1e-12, *point);
    Module derived = run(original, buildGradientPipeline);
    ASSERT_TRUE(derived);
    expectPasses(original, *derived, *point);
  }

  void expectPasses(mlir::ModuleOp original, mlir::ModuleOp derived, uint64_t seed) {
    llvm::Expected<GradientPoint> point = reference::drawPoint(original, /*rows=*/3, seed);
    ASSERT_TRUE(bool(point)) << toString(point.takeError());
    expectPasses(original, derived, *point);
  }
  void expectPasses(mlir::ModuleOp original, mlir::ModuleOp derived, const GradientPoint &point) {
    llvm::Expected<GradientReport> report = reference::checkGradients(original, derived, point);
    ASSERT_TRUE(bool(report)) << toString(report.takeError());
    EXPECT_TRUE(report->passed({})) << report->describe();
    int64_t slopes = 0, skipped = 0;
    for (const reference::WeightCheck &weight : report->weights) {
      slopes += weight.checked;
      skipped += weight.skipped;
      worst = std::max(worst, weight.worst);
    }
    EXPECT_LE(skipped * 10, slopes) << "too many kinks:\n" << report->describe();
    total += slopes;
    RecordProperty("slopes", std::to_string(total));
    RecordProperty("worst", std::to_string(worst));
  }

  void checkText(const std::string &text, uint64_t seed = 1) {
    SCOPED_TRACE(text);
    if (Module module = compile(text))
      check(*module, seed);
  }
  /// A model of layers in front of a loss.
  void checkModel(const std::string &input, const std::string &layers,
                  const std::string &loss = "mean_squared_error", uint64_t seed = 1) {
    checkText("model m {\n  input x: " + input + "\n  output y = x |> " + layers +
                  "\n}\ntrain {\n  loss = " + loss + "\n  optimizer = sgd(learning_rate = 0.1)\n}\n",
              seed);
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  int64_t total = 0;
  double worst = 0;
};

} // namespace weft::tests

#endif // WEFT_TESTS_COMPILER_TRANSFORMS_GRADIENTFIXTURE_H

//===- GradientCheck.h - Derived gradients against finite differences -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A derived training step is right if the slopes it gives are those of the model
// and the loss as they were written. Slopes are measured on the module before any
// pass touched it, in fp64.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_REFERENCE_GRADIENTCHECK_H
#define WEFT_COMPILER_REFERENCE_GRADIENTCHECK_H

#include "compiler/reference/Interpreter.h"

#include "mlir/IR/BuiltinOps.h"

namespace weft::reference {

/// Where a module's model and loss are evaluated.
struct GradientPoint {
  std::vector<Tensor> inputs;
  Tensor labels;
  Weights weights;
  /// What masks are drawn from, where the model has dropout.
  Randomness random;
};

/// A point drawn from `seed`, of `rows` rows: what the model of the module's
/// `seq.training` and its loss take. Weights are of a size at which activations
/// are neither linear nor saturated.
llvm::Expected<GradientPoint> drawPoint(mlir::ModuleOp module, int64_t rows, uint64_t seed);

struct GradientCheckOptions {
  /// How far a derived slope may be off, as a part of the measured one.
  double tolerance = 1e-6;
  /// Slopes measured of each weight, spread over it; 0 for all.
  int64_t slopesPerWeight = 12;
};

/// One weight's worst slope.
struct WeightCheck {
  std::string name;
  int64_t checked = 0;
  /// Slopes at points where the loss has a kink on every scale that was tried.
  int64_t skipped = 0;
  int64_t worstIndex = -1;
  double derived = 0, measured = 0;
  /// |derived - measured| over what is allowed there: passed if at most 1.
  double worst = 0;
};

struct GradientReport {
  std::vector<WeightCheck> weights;
  /// The largest difference between the step's predictions and the model's, and
  /// between their losses, as a part of the largest value.
  double predictionDifference = 0, lossDifference = 0;

  bool passed(const GradientCheckOptions &options) const;
  /// A line a weight.
  std::string describe() const;
};

/// Compares the gradients of the `seq.step` in `derived` with the slopes of the
/// model and loss in `original`, at `point`.
llvm::Expected<GradientReport> checkGradients(mlir::ModuleOp original, mlir::ModuleOp derived,
                                              const GradientPoint &point,
                                              const GradientCheckOptions &options = {});

} // namespace weft::reference

#endif // WEFT_COMPILER_REFERENCE_GRADIENTCHECK_H

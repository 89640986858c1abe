//===- ScanUtils.h - What passes do to scans -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_TRANSFORMS_SCANUTILS_H
#define WEFT_COMPILER_TRANSFORMS_SCANUTILS_H

#include "dialects/seq/Seq.h"

#include "mlir/IR/Builders.h"

namespace weft {

/// One step of a sequence [?, steps, ..], and a sequence of steps [?, ..].
mlir::RankedTensorType stepType(mlir::Type sequence);
mlir::RankedTensorType sequenceType(mlir::Type step, int64_t steps);

/// The first axis is the batch.
bool hasBatch(mlir::Type type);

/// Zeros of `type`; where it has the batch, of as many rows as `like`.
mlir::Value zeros(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, mlir::Value like);

/// Has what only wants to know how many rows `value` has look at `other`.
void replaceWhereOnlyLike(mlir::Value value, mlir::Value other);

/// Gives a scan more or fewer inputs, states and kept values. Inputs and what the
/// region keeps change at once, results when `finish` builds the scan anew.
class ScanEditor {
public:
  explicit ScanEditor(seq::ScanOp scan) : scan(scan) {}

  /// A further input, and the block argument that holds its step.
  mlir::BlockArgument addInput(mlir::Value sequence);
  /// A further state, and the block argument that holds it. What it is after a step
  /// the caller appends to `seq.next`.
  mlir::BlockArgument addState(mlir::Value start);
  /// Keeps `value` of every step: which of the kept results it will be, where
  /// nothing is erased. A value that is kept already is kept once.
  unsigned keep(mlir::Value value);
  /// Whose step is not used in the region.
  void eraseInput(unsigned index) { erasedInputs.insert(index); }
  /// Whose last value is not used, and whose incoming value only by what nothing uses.
  void eraseState(unsigned index) { erasedStates.insert(index); }
  /// Which is not used.
  void eraseKept(unsigned index) { erasedKept.insert(index); }

  /// The scan with the edits made. The old one is gone.
  seq::ScanOp finish();

private:
  seq::ScanOp scan;
  llvm::SmallDenseSet<unsigned> erasedInputs, erasedStates, erasedKept;
};

/// The sequence of `value`'s values over the steps of `scan`, if it has a name
/// outside: an input or something kept; else null.
mlir::Value findSequence(seq::ScanOp scan, mlir::Value value);

/// Moves operations of the region that do not depend on the step in front.
void hoistInvariants(seq::ScanOp scan);

/// Drops inputs, states and kept values that nothing uses or that are there twice;
/// a state that never changes becomes its start. The scan, or the one in its place.
seq::ScanOp simplifyScan(seq::ScanOp scan);

/// Erases operations of `block` that nothing uses, last first.
void eraseDeadOperations(mlir::Block &block);

} // namespace weft

#endif // WEFT_COMPILER_TRANSFORMS_SCANUTILS_H

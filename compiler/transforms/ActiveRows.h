//===- ActiveRows.h - For which rows values outside of scans are needed -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_TRANSFORMS_ACTIVEROWS_H
#define WEFT_COMPILER_TRANSFORMS_ACTIVEROWS_H

#include "dialects/seq/Seq.h"

#include <functional>
#include <map>
#include <optional>

namespace weft {

/// Rows are the same before step (start + add) floordiv divide; from then on a row is
/// active. The less `add`, the more rows are.
struct Prefix {
  int64_t add = 0, divide = 1;
  auto operator<=>(const Prefix &) const = default;

  /// Of what windows of `reach` steps at `strides`, `before` steps early, make of it:
  /// window t has an active step of a row exactly where the row is active at t.
  Prefix windowed(int64_t reach, int64_t strides, int64_t before) const {
    return {add + (before - reach + strides) * divide, divide * strides};
  }
  /// The steps of windows none of which is active.
  Prefix untilWindows(int64_t reach, int64_t strides, int64_t before) const {
    int64_t inside = divide / strides;
    return {add - (before - reach + strides) * inside, inside};
  }
  /// The steps of which some active window has one.
  Prefix underWindows(int64_t strides, int64_t before) const {
    int64_t inside = divide / strides;
    return {add - (before + strides - 1) * inside, inside};
  }
};

/// How far the rows of a value are the same.
struct Sameness {
  enum Kind { Uniform, UntilStart, Different } kind = Different;
  Prefix prefix;

  /// Becomes how far the rows of both are the same; false where they differ from the first step on.
  bool meet(const Sameness &other) {
    if (other.kind == UntilStart && kind == UntilStart && prefix.divide == other.prefix.divide)
      prefix.add = std::min(prefix.add, other.prefix.add);
    else if (other.kind != Uniform)
      *this = kind == Uniform ? other : Sameness();
    return kind != Different;
  }
  /// Whether rows are the same wherever they are not active by `other`.
  bool covers(Prefix other) const {
    return kind == Uniform || (kind == UntilStart && prefix.divide == other.divide && prefix.add >= other.add);
  }
};

/// An adjoint that stands at the first row where it is of several rows in common.
struct SharedAdjoint {
  Prefix collected; ///< only of rows that are not active by this
  Prefix support;   ///< rows that are not active by this have none of their own: it is 0
};

/// The windows of a convolution, a pooling or an adjoint of either: how far a window
/// reaches, at which strides, and how many steps in front of the sequence it begins.
struct Windows {
  int64_t reach, strides, before;
};
std::optional<Windows> windowsOf(mlir::Operation *op);

/// Whether the results of `op` are linear in the operands that `isLinear` tells, of
/// which there are some; `isZero` tells those that are 0 and so linear in anything.
bool isLinearIn(mlir::Operation &op, llvm::function_ref<bool(mlir::Value)> isLinear,
                llvm::function_ref<bool(mlir::Value)> isZero);

/// Whether all elements of a value are 0.
bool isZeroConstant(mlir::Value value);

/// Which rows of the sequences of one block are needed, given how far the rows of
/// values are the same and the scans that are computed for active rows.
class RowsNeeded {
public:
  RowsNeeded(mlir::Block &body, std::function<Sameness(mlir::Value)> sameness,
             const std::map<mlir::Operation *, Prefix> &scans);

  /// The rows that users of `value` look at; nothing where they look at all of them.
  std::optional<Prefix> of(mlir::Value value) const;
  /// Operations that are computed for the rows needed of their results alone.
  const std::map<mlir::Operation *, Prefix> &restricted() const { return computed; }
  /// Sums that leave out the rows of which an adjoint is 0.
  const std::map<mlir::Operation *, Prefix> &sums() const { return summed; }
  /// Where `value` is such an adjoint.
  const SharedAdjoint *adjoint(mlir::Value value) const;

private:
  void findAdjoint(mlir::Operation &op);
  void needOperands(mlir::Operation &op);
  void needOfScan(seq::ScanOp scan);
  void needOfWindows(mlir::Operation &op, Prefix rows);
  bool needOfSum(mlir::Operation &op);
  std::optional<Prefix> neededOfResults(mlir::Operation &op) const;
  /// Whether `sequence` and, step by step, a result of type `like` go together.
  static bool isAligned(mlir::Value sequence, mlir::Type like);
  void need(mlir::Value value, std::optional<Prefix> rows);

  mlir::Block &body;
  std::function<Sameness(mlir::Value)> sameness;
  const std::map<mlir::Operation *, Prefix> &scans;
  std::map<mlir::Operation *, Prefix> computed, summed;
  llvm::DenseMap<mlir::Value, SharedAdjoint> adjoints;
  llvm::DenseMap<mlir::Value, std::optional<Prefix>> needed; ///< nothing: all rows
};

} // namespace weft

#endif // WEFT_COMPILER_TRANSFORMS_ACTIVEROWS_H

//===- BufferLayout.h - How the elements of a tensor stand in memory -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels declare the memref types of their buffers, and the planner follows
// what they declare. A size or a stride is either a number, or a number times
// the row capacity of a slice, which is known only at run time.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_BUFFERLAYOUT_H
#define WEFT_COMPILER_CODEGEN_BUFFERLAYOUT_H

#include "mlir/IR/BuiltinTypes.h"

namespace weft::codegen {

/// Elements (of four bytes) in a unit of alignment: 64 bytes.
constexpr int64_t alignmentElements = 16;

constexpr int64_t alignUp(int64_t count) {
  return (count + alignmentElements - 1) / alignmentElements * alignmentElements;
}

/// `count` elements, or `count` for each row that a slice has room for.
struct Extent {
  int64_t count = 0;
  bool perRow = false;

  bool operator==(const Extent &other) const { return count == other.count && perRow == other.perRow; }
};

/// What a memref type says, with strides that are known as extents. A shape has
/// at most one dynamic dimension: the rows.
class BufferLayout {
public:
  BufferLayout() = default;

  /// The layout that a kernel declares for a buffer of its own: the outermost
  /// stride of a time-major buffer may be dynamic, and then is what the rows take.
  /// Null where the planner cannot lay such a buffer out.
  static std::optional<BufferLayout> get(mlir::MemRefType declared);
  /// Row-major without padding.
  static BufferLayout contiguous(mlir::RankedTensorType type);

  mlir::Type getElementType() const { return element; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  llvm::ArrayRef<Extent> getStrides() const { return strides; }
  /// Whether there is something for each row of the slice.
  bool hasRows() const { return !rowCount && llvm::is_contained(shape, mlir::ShapedType::kDynamic); }

  /// Makes the rows those of a table, of which the last element of `count` tells the
  /// number; with room for `most`.
  void countRows(mlir::Value count, int64_t most) {
    rowCount = count;
    mostRows = most;
  }
  /// What counts the rows of a table; null where they are those of the slice.
  mlir::Value getRowCount() const { return rowCount; }

  /// What a buffer of this layout takes, a multiple of the alignment.
  Extent size() const;

  /// One step of a sequence (the axis after the rows of its tensor), and how far
  /// apart steps are. Null where there are no steps.
  std::optional<BufferLayout> step() const;
  std::optional<Extent> stepStride() const;
  /// `steps` buffers of this layout one after another, as a time-major sequence.
  BufferLayout sequence(int64_t steps) const;

  /// The memref type of such a buffer at an offset (kDynamic where it is not a constant).
  mlir::MemRefType getType(int64_t offset) const;
  /// Whether a kernel that declares `declared` can be given this buffer.
  bool fits(mlir::MemRefType declared) const;
  bool operator==(const BufferLayout &other) const {
    return element == other.element && shape == other.shape && strides == other.strides &&
           rowCount == other.rowCount && mostRows == other.mostRows;
  }

private:
  /// Which dimension of a sequence counts its steps, -1 where none does.
  int64_t stepDimension() const;

  mlir::Type element;
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<Extent> strides;
  mlir::Value rowCount;
  int64_t mostRows = 0;
};

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_BUFFERLAYOUT_H

//===- Seq.h - The seq dialect: all of it in one header -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_SEQ_SEQ_H
#define WEFT_DIALECTS_SEQ_SEQ_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weft::seq {
/// Whether no extent but the first is dynamic: what every type of the dialect
/// keeps to, so that `?` always means the batch.
bool isBatchFirst(mlir::Type type);
} // namespace weft::seq

#include "dialects/seq/SeqDialect.h.inc"
#include "dialects/seq/SeqEnums.h.inc"
#include "dialects/seq/SeqInterfaces.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/seq/SeqAttrs.h.inc"

namespace weft::seq {
/// The shape that `lhs` and `rhs` broadcast to, aligned at their last axes; a
/// null type where they do not. A batch axis (dynamic) wins over a 1.
mlir::RankedTensorType broadcastType(mlir::Type lhs, mlir::Type rhs);

/// Steps that a window of `width` (with `dilation`) at `strides` makes of
/// `steps`, and how many steps of padding stand before the first (Keras's rule:
/// `same` puts the odd one behind). Zero or less where no window fits.
struct WindowGeometry {
  int64_t steps;
  int64_t before;
};
WindowGeometry windowGeometry(int64_t steps, int64_t width, int64_t strides, int64_t dilation,
                              Padding padding);

/// The argument that says at which step each row of a slice begins; null where none does.
mlir::BlockArgument startsOf(mlir::FunctionOpInterface function);

/// The number that the masks of a recurrent layer have among those of the layer:
/// of argument `argument` of its cell (the input is 0), read by part `part`.
constexpr int64_t maskNumber(int64_t argument, int64_t part) { return 256 * argument + part; }
} // namespace weft::seq

#define GET_OP_CLASSES
#include "dialects/seq/SeqOps.h.inc"

#endif // WEFT_DIALECTS_SEQ_SEQ_H

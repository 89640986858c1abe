//===- Halide.h - The halide dialect: all of it in one header -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_HALIDE_HALIDE_H
#define WEFT_DIALECTS_HALIDE_HALIDE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weft::halide {
/// A buffer of a number of steps that calls tell, outside of rows.
inline bool hasOpenSteps(mlir::MemRefType type) {
  return type.getRank() == 3 && type.isDynamicDim(0) && type.isDynamicDim(1);
}
/// The buffer `type` [steps, rows, columns] with its steps open, and closed again.
inline mlir::MemRefType withSteps(mlir::MemRefType type, int64_t steps) {
  return mlir::MemRefType::get({steps, type.getDimSize(1), type.getDimSize(2)}, type.getElementType(),
                               type.getLayout());
}
inline mlir::MemRefType withOpenSteps(mlir::MemRefType type) {
  return withSteps(type, mlir::ShapedType::kDynamic);
}
} // namespace weft::halide

#include "dialects/halide/HalideDialect.h.inc"
#include "dialects/halide/HalideEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/halide/HalideAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/halide/HalideOps.h.inc"

namespace weft::halide {

/// The memref types that a kernel declares: of its inputs (null for a scalar) and outputs.
struct KernelSignature {
  llvm::SmallVector<mlir::MemRefType> inputs, outputs;
  std::optional<unsigned> accumulates; ///< the input that its output is added to, in the same buffer
  bool takesSteps = false;             ///< its outputs leave their steps open
};

/// Of the kernel that `user` names; an error where there is none.
mlir::FailureOr<KernelSignature> kernelSignature(mlir::Operation *user, mlir::FlatSymbolRefAttr kernel,
                                                 mlir::SymbolTableCollection &symbols);

} // namespace weft::halide

#endif // WEFT_DIALECTS_HALIDE_HALIDE_H

//===- HalideBuffer.h - halide_buffer_t as LLVM types -----------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout of HalideRuntime.h (Halide 21), written down once; a test holds it
// against the header itself.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_HALIDEBUFFER_H
#define WEFT_COMPILER_CODEGEN_HALIDEBUFFER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace weft::codegen {

/// The members of halide_buffer_t, in their order.
enum HalideBufferField {
  BufferDevice,
  BufferDeviceInterface,
  BufferHost,
  BufferFlags,
  BufferType,
  BufferDimensions,
  BufferDim,
  BufferPadding
};

/// The members of halide_dimension_t.
enum HalideDimensionField { DimensionMin, DimensionExtent, DimensionStride, DimensionFlags };

/// The sizes that the types below come to on a 64-bit machine.
constexpr uint64_t halideBufferBytes = 56, halideDimensionBytes = 16;
/// halide_type_code_t.
constexpr int halideTypeInt = 0, halideTypeFloat = 2;

mlir::LLVM::LLVMStructType halideBufferType(mlir::MLIRContext *context);
mlir::LLVM::LLVMStructType halideDimensionType(mlir::MLIRContext *context);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_HALIDEBUFFER_H

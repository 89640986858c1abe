//===- HalideBufferTest.cpp - halide_buffer_t as Halide has it --*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/HalideBuffer.h"

#include "HalideRuntime.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/LLVMContext.h"
#include "mlir/Target/LLVMIR/TypeToLLVM.h"

#include <cstddef>
#include <gtest/gtest.h>

using namespace weft::codegen;

static_assert(sizeof(halide_buffer_t) == halideBufferBytes);
static_assert(sizeof(halide_dimension_t) == halideDimensionBytes);
static_assert(halide_type_int == halideTypeInt && halide_type_float == halideTypeFloat);

namespace {

TEST(HalideBuffer, hasTheHeadersLayout) {
  mlir::MLIRContext context;
  context.loadDialect<mlir::LLVM::LLVMDialect>();
  llvm::LLVMContext llvmContext;
  mlir::LLVM::TypeToLLVMIRTranslator translator(llvmContext);
  llvm::DataLayout layout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  auto *buffer = llvm::cast<llvm::StructType>(translator.translateType(halideBufferType(&context)));
  auto *dimension = llvm::cast<llvm::StructType>(translator.translateType(halideDimensionType(&context)));
  EXPECT_EQ(layout.getTypeAllocSize(buffer), sizeof(halide_buffer_t));
  EXPECT_EQ(layout.getTypeAllocSize(dimension), sizeof(halide_dimension_t));
  const llvm::StructLayout *members = layout.getStructLayout(buffer);
  EXPECT_EQ(members->getElementOffset(BufferDevice), offsetof(halide_buffer_t, device));
  EXPECT_EQ(members->getElementOffset(BufferDeviceInterface), offsetof(halide_buffer_t, device_interface));
  EXPECT_EQ(members->getElementOffset(BufferHost), offsetof(halide_buffer_t, host));
  EXPECT_EQ(members->getElementOffset(BufferFlags), offsetof(halide_buffer_t, flags));
  EXPECT_EQ(members->getElementOffset(BufferType), offsetof(halide_buffer_t, type));
  EXPECT_EQ(members->getElementOffset(BufferDimensions), offsetof(halide_buffer_t, dimensions));
  EXPECT_EQ(members->getElementOffset(BufferDim), offsetof(halide_buffer_t, dim));
  EXPECT_EQ(members->getElementOffset(BufferPadding), offsetof(halide_buffer_t, padding));
  auto *type = llvm::cast<llvm::StructType>(buffer->getElementType(BufferType));
  EXPECT_EQ(layout.getTypeAllocSize(type), sizeof(halide_type_t));
  EXPECT_EQ(layout.getStructLayout(type)->getElementOffset(1), offsetof(halide_type_t, bits));
  EXPECT_EQ(layout.getStructLayout(type)->getElementOffset(2), offsetof(halide_type_t, lanes));
  members = layout.getStructLayout(dimension);
  EXPECT_EQ(members->getElementOffset(DimensionMin), offsetof(halide_dimension_t, min));
  EXPECT_EQ(members->getElementOffset(DimensionExtent), offsetof(halide_dimension_t, extent));
  EXPECT_EQ(members->getElementOffset(DimensionStride), offsetof(halide_dimension_t, stride));
  EXPECT_EQ(members->getElementOffset(DimensionFlags), offsetof(halide_dimension_t, flags));
}

} // namespace

//===- HalideDialect.cpp - Registration and attributes -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/halide/Halide.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::halide;

#include "dialects/halide/HalideDialect.cpp.inc"
#include "dialects/halide/HalideEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/halide/HalideAttrs.cpp.inc"

void HalideDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/halide/HalideAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/halide/HalideOps.cpp.inc"
      >();
}

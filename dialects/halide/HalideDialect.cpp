//===- HalideDialect.cpp - Registration and attributes -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/halide/Halide.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::halide;

#include "dialects/halide/HalideDialect.cpp.inc"
#include "dialects/halide/HalideEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/halide/HalideAttrs.cpp.inc"

namespace {
/// Constants stay in the definition that uses them: a kernel's own block holds
/// nothing but inputs, definitions and the output.
struct ConstantsInDefinitions : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *region) const final {
    return isa<FuncOp, UpdateOp>(region->getParentOp());
  }
};
} // namespace

void HalideDialect::initialize() {
  addInterfaces<ConstantsInDefinitions>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/halide/HalideAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/halide/HalideOps.cpp.inc"
      >();
}

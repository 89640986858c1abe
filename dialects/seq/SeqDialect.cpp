//===- SeqDialect.cpp - Registration and attributes -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/Seq.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::seq;

#include "dialects/seq/SeqDialect.cpp.inc"
#include "dialects/seq/SeqEnums.cpp.inc"
#include "dialects/seq/SeqInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/seq/SeqAttrs.cpp.inc"

void SeqDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/seq/SeqAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/seq/SeqOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Sequences of active rows alone
//===----------------------------------------------------------------------===//

BlockArgument weft::seq::startsOf(FunctionOpInterface function) {
  for (BlockArgument argument : function.getFunctionBody().getArguments())
    if (auto field = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "weft.field");
        field && field.getValue() == "starts")
      return argument;
  return {};
}

LogicalResult SeqDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != "seq.active")
    return success();
  if (!isa<ActiveAttr>(attribute.getValue()))
    return op->emitOpError() << "expected `seq.active` to be as #seq.active<add = 0, divide = 1>, got "
                             << attribute.getValue();
  // C1
  auto function = dyn_cast_or_null<FunctionOpInterface>(op->getParentOp());
  if (!function || !startsOf(function))
    return op->emitOpError("expected `seq.active` in the body of a function that takes `starts` alone");
  // C2
  for (Type type : op->getResultTypes()) {
    auto sequence = dyn_cast<RankedTensorType>(type);
    if (!sequence || sequence.getRank() < 3 || !sequence.isDynamicDim(0) || !sequence.getElementType().isF32())
      return op->emitOpError() << "expected sequences [batch, steps, ..] beside `seq.active`, got " << type;
  }
  return success();
}

LogicalResult ActiveAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t, int64_t divide) {
  // C3
  if (divide < 1)
    return emitError() << "expected `divide` of 1 or more, got " << divide;
  return success();
}

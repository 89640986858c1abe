//===- SeqInterfaces.td - What passes may ask of an op ----------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_SEQ_SEQINTERFACES_TD
#define WEFT_DIALECTS_SEQ_SEQINTERFACES_TD

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::weft::seq";
  let description = [{
    An operation that states its own reverse-mode rule. The differentiation pass
    knows this interface and no operation by name; operations with a region
    (`seq.scan`) are differentiated by differentiating the region.
  }];
  let methods = [
    InterfaceMethod<[{
      Builds, at the builder's insertion point, the adjoint of every operand from
      the adjoints of the results. `outAdjoints` has one value a result, of that
      result's type (never null). The answer has one entry an operand: a value
      of the operand's type, or null where nothing flows (ids, labels). The rule
      may use the operands and results of the forward operation as they are; the
      caller sees to it that they are saved or recomputed where they are used.
    }], "::llvm::SmallVector<::mlir::Value>", "buildAdjoints",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$outAdjoints)>,
  ];
}

// An operation applied to each element of its operands, broadcast to the shape
// of its result: cheap to compute again, free to fuse.
def ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface"> {
  let cppNamespace = "::weft::seq";
  let description = "Each element of the result depends on one element of each operand.";
  let methods = [];
}

#endif // WEFT_DIALECTS_SEQ_SEQINTERFACES_TD

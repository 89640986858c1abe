//===- SeqDialect.td - What a sequence model means -------------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_SEQ_SEQDIALECT_TD
#define WEFT_DIALECTS_SEQ_SEQDIALECT_TD

include "mlir/IR/OpBase.td"

def Seq_Dialect : Dialect {
  let name = "seq";
  let cppNamespace = "::weft::seq";
  let summary = "sequence models: layers, the primitives they are made of, and their gradients";
  let description = [{
    Values are ranked tensors whose first dimension, written `?`, is the batch:
    `tensor<?x100xf32>` is a vector of 100 for each row, `tensor<?x500x32xf32>`
    a sequence of 500 steps of width 32 for each row, `tensor<?x500xi32>` token
    ids. Weights and what is computed from weights alone have static shapes and
    no batch dimension; a scalar is `tensor<f32>`. SPEC.md beside this file gives
    the equation and the numbered constraints of every operation.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
}

#endif // WEFT_DIALECTS_SEQ_SEQDIALECT_TD

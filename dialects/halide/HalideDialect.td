//===- HalideDialect.td - How a kernel is computed --------------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_HALIDE_HALIDEDIALECT_TD
#define WEFT_DIALECTS_HALIDE_HALIDEDIALECT_TD

include "mlir/IR/OpBase.td"

def Halide_Dialect : Dialect {
  let name = "halide";
  let cppNamespace = "::weft::halide";
  let summary = "a kernel's algorithm and, apart from it, its schedule, as Halide has them";
  let description = [{
    `halide.kernel` holds inputs, pure definitions, updates over reduction domains
    and one output. `halide.schedule` holds directives, one-to-one with Halide's.
    Expressions are `arith` and `math` operations on scalars; coordinates are
    `index` values, the fastest-varying first as in Halide, while memref types
    name the slowest first as in MLIR.
  }];
  let useDefaultAttributePrinterParser = 1;
}

#endif // WEFT_DIALECTS_HALIDE_HALIDEDIALECT_TD

//===- Algebra.h - Equations between primitives, as rewrites -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_TRANSFORMS_ALGEBRA_H
#define WEFT_COMPILER_TRANSFORMS_ALGEBRA_H

#include "dialects/seq/Seq.h"

#include "mlir/IR/PatternMatch.h"

namespace weft {

/// Rewrites that make an expression shorter, or safer to evaluate, and never
/// change its value beyond rounding.
void populateAlgebra(mlir::RewritePatternSet &patterns);

} // namespace weft

#endif // WEFT_COMPILER_TRANSFORMS_ALGEBRA_H

//===- VectorMath.h - Elementary functions as vectorised equations -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Halide compiles with fast-math flags: it may reassociate, and assume that no
// NaN or infinity comes. Where an equation below depends on an order or on a
// NaN, it uses strict operations, built one by one: Halide's own
// `strict_float` would also reach into the operands.
//
// Error bounds (tests/compiler/codegen/VectorMathTest.cpp sweeps every one), in
// units in the last place of the correctly rounded result. Results below 2^-126
// are flushed to zero.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_VECTORMATH_H
#define WEFT_COMPILER_CODEGEN_VECTORMATH_H

#include <Halide.h>

namespace weft::codegen {

::Halide::Expr strictAdd(::Halide::Expr a, ::Halide::Expr b);
::Halide::Expr strictSub(::Halide::Expr a, ::Halide::Expr b);
::Halide::Expr strictMul(::Halide::Expr a, ::Halide::Expr b);
::Halide::Expr strictDiv(::Halide::Expr a, ::Halide::Expr b);
/// Comparisons that are false where either side is a NaN.
::Halide::Expr strictEqual(::Halide::Expr a, ::Halide::Expr b);
::Halide::Expr strictLess(::Halide::Expr a, ::Halide::Expr b);
::Halide::Expr strictLessEqual(::Halide::Expr a, ::Halide::Expr b);
::Halide::Expr isNaN(::Halide::Expr x);

::Halide::Expr vectorExp(::Halide::Expr x);   ///< f32; at most 1 ulp
::Halide::Expr vectorTanh(::Halide::Expr x);  ///< f32; at most 4.5 ulp (3e-7): two would take an exponential
::Halide::Expr vectorLog(::Halide::Expr x);   ///< f32; at most 1 ulp
::Halide::Expr vectorLog1p(::Halide::Expr x); ///< f32; at most 2 ulp

/// `x` to a small whole or half power by multiplication and square root, where
/// `y` is such a constant; undefined otherwise.
::Halide::Expr powerOfConstant(::Halide::Expr x, ::Halide::Expr y);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_VECTORMATH_H

//===- VectorMath.cpp - Elementary functions as vectorised equations ------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Halide forgets that an operation is strict where it is an operand of one that
// is not: a strict expression below is used more than once, and so has a `let`
// of its own, or stands at the top, or only its exactness matters.
//
// The polynomials are minimax fits of the relative error (iteratively reweighted
// least squares in extended precision on Chebyshev points); their own error is
// given with each, in units of 2^-24, the rounding of one float.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/VectorMath.h"

#include <cmath>
#include <initializer_list>
#include <iterator>
#include <limits>

using namespace weft::codegen;
using ::Halide::Expr;
using ::Halide::Internal::Call;

//===----------------------------------------------------------------------===//
// Strict operations
//===----------------------------------------------------------------------===//

static Expr intrinsic(::Halide::Type type, Call::IntrinsicOp op, Expr a, Expr b) {
  return Call::make(type, op, {std::move(a), std::move(b)}, Call::PureIntrinsic);
}

Expr weft::codegen::strictAdd(Expr a, Expr b) { return intrinsic(a.type(), Call::strict_add, a, b); }
Expr weft::codegen::strictSub(Expr a, Expr b) { return intrinsic(a.type(), Call::strict_sub, a, b); }
Expr weft::codegen::strictMul(Expr a, Expr b) { return intrinsic(a.type(), Call::strict_mul, a, b); }
Expr weft::codegen::strictDiv(Expr a, Expr b) { return intrinsic(a.type(), Call::strict_div, a, b); }

static Expr strictComparison(Call::IntrinsicOp op, Expr a, Expr b) {
  return intrinsic(::Halide::Bool(a.type().lanes()), op, a, b);
}

Expr weft::codegen::strictEqual(Expr a, Expr b) { return strictComparison(Call::strict_eq, a, b); }
Expr weft::codegen::strictLess(Expr a, Expr b) { return strictComparison(Call::strict_lt, a, b); }
// Halide's own strict_le holds for a NaN: it is compiled as not-greater.
Expr weft::codegen::strictLessEqual(Expr a, Expr b) { return strictLess(a, b) || strictEqual(a, b); }
Expr weft::codegen::isNaN(Expr x) { return !strictEqual(x, x); }

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

static Expr bitsOf(Expr x) { return ::Halide::reinterpret<int32_t>(std::move(x)); }
static Expr floatOf(Expr bits) { return ::Halide::reinterpret<float>(std::move(bits)); }
static Expr infinity() { return floatOf(Expr(0x7f800000)); }

/// Horner's rule, lowest coefficient first.
static Expr polynomial(const Expr &x, std::initializer_list<float> coefficients) {
  auto it = std::rbegin(coefficients);
  Expr sum = *it++;
  for (; it != std::rend(coefficients); ++it)
    sum = sum * x + *it;
  return sum;
}

// log(2) in two parts: the first has 12 bits, so that its product with an
// exponent is exact.
static constexpr float ln2High = 0x1.62ep-1f;
static constexpr float ln2Low = 0x1.0bfbe8p-15f;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// exp(x) = 2^n exp(r), n = round(x / log 2), |r| <= log(2) / 2,
/// exp(r) = 1 + r + r^2 q(r).
Expr weft::codegen::vectorExp(Expr x) {
  Expr n = ::Halide::round(x * 1.44269504f);
  Expr k = ::Halide::cast<int32_t>(n);
  // Both products become fused; that the second has its factor from k keeps
  // fast-math from adding the two halves of log(2) up again.
  Expr r = (x - n * ln2High) - ::Halide::cast<float>(k) * ln2Low;
  // Error of the fit: 0.05.
  Expr q = polynomial(r, {0.49999994f, 0.1666651964f, 0.0416683927f, 0.0083687557f, 0.0013814517f});
  Expr p = (q * r) * r + r + 1.0f;
  // Straight into p's exponent: p may be below one where n is 128.
  Expr scaled = floatOf(bitsOf(p) + (k << 23));
  Expr flushed = ::Halide::select(strictLess(x, -87.336544f), 0.0f, scaled);
  // A NaN is not less: it and the overflow take the product.
  return ::Halide::select(strictLess(x, 88.7228394f), flushed, strictMul(x, infinity()));
}

/// tanh(x) = x P(x^2) / Q(x^2) up to where it rounds to one.
Expr weft::codegen::vectorTanh(Expr x) {
  Expr y = ::Halide::clamp(x, -9.02f, 9.02f);
  Expr s = y * y;
  // Error of the fit: 0.35. The last bits of the coefficients were searched for
  // the least error as evaluated, which is rounding.
  Expr p = polynomial(s, {1.0f, 0.13379716873168945f, 0.0034940342884510756f, 2.0583451259881258e-05f,
                          1.331905608026318e-08f});
  Expr q = polynomial(s, {1.0f, 0.46713030338287354f, 0.025871073827147484f, 0.00032830904820002615f,
                          7.762010341139103e-07f});
  return ::Halide::select(isNaN(x), x, strictDiv(y * p, q));
}

/// log(x) = k log 2 + log(1 + f), 1 + f in [sqrt(1/2), sqrt(2)),
/// log(1 + f) = f - f^2 / 2 + f^3 p(f). `tail` is added at the low end.
static Expr logOfPositive(const Expr &x, const Expr &tail) {
  // A number below 2^-126 has no exponent of its own.
  Expr tiny = x < 0x1p-126f;
  Expr bits = bitsOf(::Halide::select(tiny, x * 0x1p23f, x));
  Expr k = (bits - 0x3f3504f3) >> 23;
  Expr f = strictSub(floatOf(bits - (k << 23)), 1.0f);
  Expr n = ::Halide::cast<float>(k - ::Halide::select(tiny, 23, 0));
  // Error of the fit: 0.1.
  Expr p = polynomial(f, {0.3333333135f, -0.2500081956f, 0.2000122663f, -0.1662335694f, 0.1420175731f,
                          -0.1316018254f, 0.1276157647f, -0.0763449669f});
  Expr square = f * f;
  Expr low = square * (f * p - 0.5f) + n * ln2Low;
  if (tail.defined())
    low = low + tail;
  return strictAdd(strictMul(n, ln2High), strictAdd(f, low));
}

/// `value` for positive finite x; the limits and NaNs elsewhere.
static Expr withLogLimits(const Expr &x, const Expr &value) {
  Expr nan = floatOf(Expr(0x7fc00000));
  Expr finite = ::Halide::select(strictLess(x, infinity()), value, x);
  Expr positive = ::Halide::select(strictLess(x, 0.0f), nan, finite);
  return ::Halide::select(strictEqual(x, 0.0f), -infinity(), positive);
}

Expr weft::codegen::vectorLog(Expr x) { return withLogLimits(x, logOfPositive(x, Expr())); }

/// log(1 + x) = log(u) + (x - (u - 1)) / u with u = 1 + x as it rounds.
Expr weft::codegen::vectorLog1p(Expr x) {
  Expr u = strictAdd(x, 1.0f);
  Expr lost = ::Halide::select(strictLess(x, 1.0f), strictSub(x, strictSub(u, 1.0f)),
                               strictSub(1.0f, strictSub(u, x)));
  Expr value = logOfPositive(u, strictDiv(lost, u));
  return withLogLimits(u, ::Halide::select(strictEqual(u, 1.0f), x, value));
}

Expr weft::codegen::powerOfConstant(Expr x, Expr y) {
  const auto *number = y.as<::Halide::Internal::FloatImm>();
  if (!number)
    return Expr();
  double doubled = number->value * 2;
  if (doubled != std::floor(doubled) || std::abs(doubled) > 16)
    return Expr();
  int halves = int(std::abs(doubled));
  // x^0.5 of -inf is inf and of -0 is 0; pow and sqrt differ there alone.
  Expr result = halves % 2 ? ::Halide::sqrt(x) : Expr();
  Expr factor = x;
  for (int power = halves / 2; power; power /= 2) {
    if (power % 2)
      result = result.defined() ? result * factor : factor;
    if (power > 1)
      factor = factor * factor;
  }
  Expr one = ::Halide::Internal::make_one(x.type());
  if (!result.defined())
    return one;
  return doubled < 0 ? one / result : result;
}

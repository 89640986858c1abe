//===- Avx512.cpp - The LSTM by hand with AVX-512 -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Intrinsics.h"

#include <immintrin.h>

namespace weft::benchmarks {
namespace {

struct Avx512 {
  using Type = __m512;
  static constexpr int64_t width = 16, registers = 32;
  static Type load(const float *from) { return _mm512_loadu_ps(from); }
  static void store(float *to, Type x) { _mm512_storeu_ps(to, x); }
  static Type set(float x) { return _mm512_set1_ps(x); }
  static Type add(Type a, Type b) { return _mm512_add_ps(a, b); }
  static Type sub(Type a, Type b) { return _mm512_sub_ps(a, b); }
  static Type mul(Type a, Type b) { return _mm512_mul_ps(a, b); }
  static Type div(Type a, Type b) { return _mm512_div_ps(a, b); }
  static Type min(Type a, Type b) { return _mm512_min_ps(a, b); }
  static Type max(Type a, Type b) { return _mm512_max_ps(a, b); }
  static Type fma(Type a, Type b, Type c) { return _mm512_fmadd_ps(a, b, c); }
  static Type fnma(Type a, Type b, Type c) { return _mm512_fnmadd_ps(a, b, c); }
  static Type round(Type x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static Type scale(Type x, Type n) { return _mm512_scalef_ps(x, n); }
};

} // namespace

std::unique_ptr<Lstm> makeAvx512(const LstmProblem &problem) {
  if (!__builtin_cpu_supports("avx512f"))
    return nullptr;
  return std::make_unique<IntrinsicsLstm<Avx512>>(problem);
}

} // namespace weft::benchmarks

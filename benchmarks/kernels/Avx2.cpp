//===- Avx2.cpp - The LSTM by hand with AVX2 -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Intrinsics.h"

#include <immintrin.h>

namespace weft::benchmarks {
namespace {

struct Avx2 {
  using Type = __m256;
  static constexpr int64_t width = 8, registers = 16;
  static Type load(const float *from) { return _mm256_loadu_ps(from); }
  static void store(float *to, Type x) { _mm256_storeu_ps(to, x); }
  static Type set(float x) { return _mm256_set1_ps(x); }
  static Type add(Type a, Type b) { return _mm256_add_ps(a, b); }
  static Type sub(Type a, Type b) { return _mm256_sub_ps(a, b); }
  static Type mul(Type a, Type b) { return _mm256_mul_ps(a, b); }
  static Type div(Type a, Type b) { return _mm256_div_ps(a, b); }
  static Type min(Type a, Type b) { return _mm256_min_ps(a, b); }
  static Type max(Type a, Type b) { return _mm256_max_ps(a, b); }
  static Type fma(Type a, Type b, Type c) { return _mm256_fmadd_ps(a, b, c); }
  static Type fnma(Type a, Type b, Type c) { return _mm256_fnmadd_ps(a, b, c); }
  static Type round(Type x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static Type scale(Type x, Type n) {
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
  }
};

} // namespace

std::unique_ptr<Lstm> makeAvx2(const LstmProblem &problem) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return nullptr;
  return std::make_unique<IntrinsicsLstm<Avx2>>(problem);
}

} // namespace weft::benchmarks

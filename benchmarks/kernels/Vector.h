//===- Vector.h - The vectors that the baselines by hand use -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is written by hand is compiled once for each instruction set, each time
// into a namespace of its own: the set is the compiler's (-mavx2 -mfma, -mavx512f).
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_BENCHMARKS_KERNELS_VECTOR_H
#define WEFT_BENCHMARKS_KERNELS_VECTOR_H

#include <cstdint>
#include <type_traits>

#include <immintrin.h>

#ifdef __AVX512F__
#define WEFT_ISA avx512
#define WEFT_PS(operation) _mm512_##operation##_ps
#else
#define WEFT_ISA avx2
#define WEFT_PS(operation) _mm256_##operation##_ps
#endif

namespace weft::benchmarks::WEFT_ISA {

#ifdef __AVX512F__
using Vector = __m512;
constexpr int64_t W = 16, registers = 32;
inline Vector roundOf(Vector x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/// x 2^n.
inline Vector scale(Vector x, Vector n) { return _mm512_scalef_ps(x, n); }
/// y where x > 0, else 0.
inline Vector wherePositive(Vector x, Vector y) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), y);
}
inline bool isThere() { return __builtin_cpu_supports("avx512f"); }
#else
using Vector = __m256;
constexpr int64_t W = 8, registers = 16;
inline Vector roundOf(Vector x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline Vector scale(Vector x, Vector n) {
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}
inline Vector wherePositive(Vector x, Vector y) { return _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ), y); }
inline bool isThere() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

inline Vector load(const float *from) { return WEFT_PS(loadu)(from); }
inline void store(float *to, Vector x) { WEFT_PS(storeu)(to, x); }
inline Vector set(float x) { return WEFT_PS(set1)(x); }
inline Vector add(Vector a, Vector b) { return WEFT_PS(add)(a, b); }
inline Vector sub(Vector a, Vector b) { return WEFT_PS(sub)(a, b); }
inline Vector mul(Vector a, Vector b) { return WEFT_PS(mul)(a, b); }
inline Vector div(Vector a, Vector b) { return WEFT_PS(div)(a, b); }
inline Vector least(Vector a, Vector b) { return WEFT_PS(min)(a, b); }
inline Vector most(Vector a, Vector b) { return WEFT_PS(max)(a, b); }
inline Vector fma(Vector a, Vector b, Vector c) { return WEFT_PS(fmadd)(a, b, c); }
inline Vector fnma(Vector a, Vector b, Vector c) { return WEFT_PS(fnmadd)(a, b, c); }

constexpr int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

/// sums[r][v] += left(r) right(v). Of the shorter side all values stand in registers
/// beside the sums, of the other one at a time.
template <int R, int V, class Left, class Right> inline void addProduct(Vector (&sums)[R][V], Left left, Right right) {
  Vector held[R < V ? R : V];
#pragma clang loop unroll(full)
  for (int i = 0; i < (R < V ? R : V); ++i)
    held[i] = R < V ? left(i) : right(i);
#pragma clang loop unroll(full)
  for (int i = 0; i < (R < V ? V : R); ++i) {
    Vector one = R < V ? right(i) : left(i);
#pragma clang loop unroll(full)
    for (int j = 0; j < (R < V ? R : V); ++j) {
      Vector &sum = R < V ? sums[j][i] : sums[i][j];
      sum = fma(held[j], one, sum);
    }
  }
}

/// sums[r][v] += the sum over k of a[r stride + k] b[k][v]: a tile of R rows by V
/// vectors in registers. `b` is packed, V vectors for each k, and is gone past.
template <int R, int V>
inline void addProducts(Vector (&sums)[R][V], const float *a, int64_t stride, const float *&b, int64_t depth) {
  for (int64_t k = 0; k < depth; ++k, b += V * W)
    addProduct(sums, [&](int r) { return set(a[r * stride + k]); }, [&](int v) { return load(b + v * W); });
}

/// out[k][v] += the sum over i of a[i aStride + k] b[i bStride + v]: K rows by V
/// vectors of a product whose left side lies turned round, as gradients of weights do.
template <int K, int V>
inline void addOuterProducts(float *out, int64_t outStride, const float *a, int64_t aStride, const float *b, int64_t bStride,
                             int64_t count) {
  Vector sums[K][V];
  for (int k = 0; k < K; ++k)
    for (int v = 0; v < V; ++v)
      sums[k][v] = load(out + k * outStride + v * W);
  for (int64_t i = 0; i < count; ++i, a += aStride, b += bStride)
    addProduct(sums, [&](int k) { return set(a[k]); }, [&](int v) { return load(b + v * W); });
  for (int k = 0; k < K; ++k)
    for (int v = 0; v < V; ++v)
      store(out + k * outStride + v * W, sums[k][v]);
}

/// Calls `tile` with the widest constant that still fits, from `begin` to `end`.
template <int Most, class Tile> inline void inTiles(int64_t count, Tile tile) {
  int64_t at = 0;
  for (; at + Most <= count; at += Most)
    tile(std::integral_constant<int, Most>(), at);
  if constexpr (Most > 1)
    for (constexpr int half = Most / 2; at + half <= count; at += half)
      tile(std::integral_constant<int, half>(), at);
  for (; at < count; ++at)
    tile(std::integral_constant<int, 1>(), at);
}

} // namespace weft::benchmarks::WEFT_ISA

#endif // WEFT_BENCHMARKS_KERNELS_VECTOR_H

//===- Machine.cpp - What this machine can do, measured -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/bench/Machine.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>

#include <immintrin.h>

namespace weft::bench {

double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

//===----------------------------------------------------------------------===//
// Loops for each kind of vector
//===----------------------------------------------------------------------===//

// Twelve chains: more than the eight to ten that latency times ports asks for,
// and few enough for sixteen registers beside their two operands.
#define WEFT_CHAINS(OP)                                                                                               \
  a0 = OP(a0), a1 = OP(a1), a2 = OP(a2), a3 = OP(a3), a4 = OP(a4), a5 = OP(a5), a6 = OP(a6), a7 = OP(a7),             \
  a8 = OP(a8), a9 = OP(a9), b0 = OP(b0), b1 = OP(b1)

/// For one kind of vector: `rounds` rounds of twelve independent multiply-adds;
/// the sum of a buffer; a copy of one. The asm keeps chains from being folded.
#define WEFT_LOOPS(NAME, ISA, TYPE, SET, MULADD, ADD, LOAD, STORE)                                                    \
  __attribute__((target(ISA))) static float chains##NAME(int64_t rounds, float factor, float term) {                  \
    TYPE f = SET(factor), t = SET(term);                                                                              \
    TYPE a0 = t, a1 = t, a2 = t, a3 = t, a4 = t, a5 = t, a6 = t, a7 = t, a8 = t, a9 = t, b0 = t, b1 = t;              \
    for (int64_t i = 0; i < rounds; ++i) {                                                                            \
      WEFT_CHAINS(MULADD);                                                                                            \
      asm volatile("" : "+v"(a0), "+v"(a1), "+v"(a2), "+v"(a3), "+v"(a4), "+v"(a5));                                  \
      asm volatile("" : "+v"(a6), "+v"(a7), "+v"(a8), "+v"(a9), "+v"(b0), "+v"(b1));                                  \
    }                                                                                                                 \
    TYPE sum = ADD(ADD(ADD(a0, a1), ADD(a2, a3)), ADD(ADD(a4, a5), ADD(a6, a7)));                                     \
    sum = ADD(sum, ADD(ADD(a8, a9), ADD(b0, b1)));                                                                    \
    float result[sizeof(TYPE) / 4];                                                                                   \
    STORE(result, sum);                                                                                               \
    return result[0];                                                                                                 \
  }                                                                                                                   \
  __attribute__((target(ISA))) static void read##NAME(const float *from, int64_t floats) {                            \
    constexpr int64_t width = sizeof(TYPE) / 4;                                                                       \
    TYPE a = SET(0), b = a, c = a, d = a;                                                                             \
    for (int64_t i = 0; i < floats; i += 4 * width) {                                                                 \
      a = ADD(a, LOAD(from + i)), b = ADD(b, LOAD(from + i + width));                                                 \
      c = ADD(c, LOAD(from + i + 2 * width)), d = ADD(d, LOAD(from + i + 3 * width));                                 \
    }                                                                                                                 \
    asm volatile("" : : "v"(a), "v"(b), "v"(c), "v"(d) : "memory");                                                   \
  }                                                                                                                   \
  __attribute__((target(ISA))) static void copy##NAME(const float *from, float *to, int64_t floats) {                 \
    constexpr int64_t width = sizeof(TYPE) / 4;                                                                       \
    for (int64_t i = 0; i < floats; i += 2 * width) {                                                                 \
      TYPE a = LOAD(from + i), b = LOAD(from + i + width);                                                            \
      STORE(to + i, a), STORE(to + i + width, b);                                                                     \
    }                                                                                                                 \
    asm volatile("" : : : "memory");                                                                                  \
  }

#define WEFT_SSE(x) _mm_add_ps(_mm_mul_ps(x, f), t)
#define WEFT_AVX(x) _mm256_add_ps(_mm256_mul_ps(x, f), t)
#define WEFT_FMA(x) _mm256_fmadd_ps(x, f, t)
#define WEFT_AVX512(x) _mm512_fmadd_ps(x, f, t)
WEFT_LOOPS(Sse, "sse4.1", __m128, _mm_set1_ps, WEFT_SSE, _mm_add_ps, _mm_load_ps, _mm_storeu_ps)
WEFT_LOOPS(Avx, "avx", __m256, _mm256_set1_ps, WEFT_AVX, _mm256_add_ps, _mm256_load_ps, _mm256_storeu_ps)
WEFT_LOOPS(AvxFma, "avx2,fma", __m256, _mm256_set1_ps, WEFT_FMA, _mm256_add_ps, _mm256_load_ps, _mm256_storeu_ps)
WEFT_LOOPS(Avx512, "avx512f", __m512, _mm512_set1_ps, WEFT_AVX512, _mm512_add_ps, _mm512_load_ps, _mm512_storeu_ps)

namespace {
struct Loops {
  int64_t width; ///< floats in a vector
  float (*chains)(int64_t, float, float);
  void (*read)(const float *, int64_t);
  void (*copy)(const float *, float *, int64_t);
};
} // namespace

static const Loops &loopsOf(Vectors vectors) {
  static constexpr Loops loops[] = {{4, chainsSse, readSse, copySse},
                                    {8, chainsAvx, readAvx, copyAvx},
                                    {8, chainsAvxFma, readAvxFma, copyAvxFma},
                                    {16, chainsAvx512, readAvx512, copyAvx512}};
  return loops[int(vectors)];
}

double quietSeconds(std::vector<double> &tries) {
  auto place = tries.begin() + std::ptrdiff_t(tries.size() / 10);
  std::nth_element(tries.begin(), place, tries.end());
  return *place;
}

/// What the work takes when nobody interrupts it, of many short tries.
template <typename Work> static double secondsOf(double budget, const Work &work) {
  double begin = now();
  std::vector<double> tries;
  while (tries.size() < 11 || now() - begin < budget) {
    double before = now();
    work();
    tries.push_back(now() - before);
  }
  return quietSeconds(tries);
}

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

double measurePeak(Vectors vectors, double budget) {
  const Loops &loops = loopsOf(vectors);
  constexpr int64_t rounds = 20000;
  volatile float sink = 0;
  double seconds = secondsOf(budget, [&] { sink = loops.chains(rounds, 0.5f, 0.25f); });
  (void)sink;
  return double(rounds * 12 * loops.width * 2) / seconds;
}

Memory::Cost Memory::cost(int64_t footprint) {
  // Below the smallest cache all are alike; beyond the largest likewise.
  int64_t size = 16 << 10;
  while (size + size / 2 < footprint && size < (256 << 20))
    size *= 2;
  auto found = known.find(size);
  if (found != known.end())
    return found->second;

  const Loops &loops = loopsOf(vectors);
  int64_t floats = size / 4;
  std::unique_ptr<void, decltype(&std::free)> memory(std::aligned_alloc(4096, size_t(size)), &std::free);
  float *data = static_cast<float *>(memory.get());
  std::fill(data, data + floats, 1.0f);
  int64_t repeats = std::max<int64_t>(1, (1 << 20) / size);
  double budget = 0.02;
  double reading = secondsOf(budget, [&] {
    for (int64_t i = 0; i < repeats; ++i)
      loops.read(data, floats);
  });
  double copying = secondsOf(budget, [&] {
    for (int64_t i = 0; i < repeats; ++i)
      loops.copy(data, data + floats / 2, floats / 2);
  });
  double read = reading / double(repeats * size);
  // A copy of half the memory reads one half and writes the other.
  double write = std::max(read / 2, copying / double(repeats * size / 2) - read);
  return known[size] = {read, write};
}

double Memory::secondsFor(int64_t bytesRead, int64_t bytesWritten, int64_t footprint) {
  Cost perByte = cost(footprint);
  return double(bytesRead) * perByte.read + double(bytesWritten) * perByte.write;
}

} // namespace weft::bench

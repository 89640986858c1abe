//===- Blas.cpp - The LSTM composed from OpenBLAS's products -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What one writes without a compiler: the input's product for all steps at once,
// the state's at each step, loops over the elements behind it. The loops are
// plain C++, vectorised by the compiler as far as it can.
//
//===----------------------------------------------------------------------===//

#include "Lstm.h"

#include <cblas.h>
#include <cmath>
#include <cstring>

extern "C" void openblas_set_num_threads(int);

namespace weft::benchmarks {
namespace {

class Blas : public Lstm {
public:
  explicit Blas(const LstmProblem &problem)
      : p(problem), width(4 * p.units), x(p.steps * p.rows * p.input), z(p.steps * p.rows * width),
        h((p.steps + 1) * p.rows * p.units), c((p.steps + 1) * p.rows * p.units), dh(p.rows * p.units), dc(p.rows * p.units) {
    openblas_set_num_threads(1);
  }

  void forward(LstmResult &result) override {
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t t = 0; t < p.steps; ++t)
        std::memcpy(&x[(t * p.rows + r) * p.input], &p.x[(r * p.steps + t) * p.input], size_t(p.input) * 4);
    for (int64_t row = 0; row < p.steps * p.rows; ++row)
      std::memcpy(&z[row * width], p.bias.data(), size_t(width) * 4);
    multiply(CblasNoTrans, CblasNoTrans, p.steps * p.rows, width, p.input, x.data(), p.input, p.kernel.data(), width, 1,
             z.data(), width);
    for (int64_t t = 0; t < p.steps; ++t) {
      multiply(CblasNoTrans, CblasNoTrans, p.rows, width, p.units, state(h, t), p.units, p.recurrentKernel.data(), width, 1,
               gates(t), width);
      for (int64_t r = 0; r < p.rows; ++r) {
        float *i = gates(t) + r * width, *f = i + p.units, *g = f + p.units, *o = g + p.units;
        const float *before = state(c, t) + r * p.units;
        float *after = state(c, t + 1) + r * p.units, *out = state(h, t + 1) + r * p.units;
        for (int64_t u = 0; u < p.units; ++u) {
          i[u] = 1 / (1 + std::exp(-i[u])), f[u] = 1 / (1 + std::exp(-f[u])), o[u] = 1 / (1 + std::exp(-o[u]));
          g[u] = std::tanh(g[u]);
          after[u] = f[u] * before[u] + i[u] * g[u];
          out[u] = o[u] * std::tanh(after[u]);
        }
      }
    }
    std::memcpy(result.last.data(), state(h, p.steps), size_t(p.rows * p.units) * 4);
  }

  bool train(LstmResult &result) override {
    forward(result);
    for (int64_t i = 0; i < p.rows * p.units; ++i) {
      dh[i] = 2 * (result.last[i] - p.target[i]) / float(p.units * p.rows);
      dc[i] = 0;
    }
    for (int64_t t = p.steps; t-- > 0;) {
      for (int64_t r = 0; r < p.rows; ++r) {
        float *i = gates(t) + r * width, *f = i + p.units, *g = f + p.units, *o = g + p.units;
        const float *before = state(c, t) + r * p.units, *after = state(c, t + 1) + r * p.units;
        float *dhr = &dh[r * p.units], *dcr = &dc[r * p.units];
        for (int64_t u = 0; u < p.units; ++u) {
          float tc = std::tanh(after[u]), d = dcr[u] + dhr[u] * o[u] * (1 - tc * tc);
          float di = d * g[u] * i[u] * (1 - i[u]), df = d * before[u] * f[u] * (1 - f[u]);
          float dg = d * i[u] * (1 - g[u] * g[u]), out = dhr[u] * tc * o[u] * (1 - o[u]);
          dcr[u] = d * f[u];
          i[u] = di, f[u] = df, g[u] = dg, o[u] = out;
        }
      }
      multiply(CblasNoTrans, CblasTrans, p.rows, p.units, width, gates(t), width, p.recurrentKernel.data(), width, 0,
               dh.data(), p.units);
    }
    int64_t all = p.steps * p.rows;
    multiply(CblasTrans, CblasNoTrans, p.input, width, all, x.data(), p.input, z.data(), width, 0, result.kernel.data(), width);
    multiply(CblasTrans, CblasNoTrans, p.units, width, all, h.data(), p.units, z.data(), width, 0,
             result.recurrentKernel.data(), width);
    std::fill_n(result.bias.data(), width, 0.0f);
    for (int64_t row = 0; row < all; ++row)
      for (int64_t u = 0; u < width; ++u)
        result.bias[u] += z[row * width + u];
    return true;
  }

private:
  static void multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                       const float *b, int64_t ldb, float beta, float *out, int64_t ldc) {
    cblas_sgemm(CblasRowMajor, ta, tb, int(m), int(n), int(k), 1, a, int(lda), b, int(ldb), beta, out, int(ldc));
  }
  float *gates(int64_t t) { return &z[t * p.rows * width]; }
  float *state(const Floats &of, int64_t t) { return &of[t * p.rows * p.units]; }

  const LstmProblem &p;
  int64_t width;
  Floats x, z, h, c, dh, dc;
};

} // namespace

std::unique_ptr<Lstm> makeBlas(const LstmProblem &problem) { return std::make_unique<Blas>(problem); }

} // namespace weft::benchmarks

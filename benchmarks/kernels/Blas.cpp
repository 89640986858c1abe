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

#include "Work.h"

#include <cblas.h>
#include <cmath>
#include <cstring>

extern "C" void openblas_set_num_threads(int);

namespace weft::benchmarks {
namespace {

class BlasLstm : public Way {
public:
  explicit BlasLstm(const Problem &problem)
      : p(problem), kernel(p.weights.at("lstm/kernel")), recurrent(p.weights.at("lstm/recurrent_kernel")),
        bias(p.weights.at("lstm/bias")), units(p.width), width(4 * units), x(p.steps * p.rows * p.input), z(p.steps * p.rows * width),
        h((p.steps + 1) * p.rows * units), c((p.steps + 1) * p.rows * units), dh(p.rows * units), dc(p.rows * units) {
    openblas_set_num_threads(1);
  }

  void forward(Result &result) override {
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t t = 0; t < p.steps; ++t)
        std::memcpy(&x[(t * p.rows + r) * p.input], &p.x[(r * p.steps + t) * p.input], size_t(p.input) * 4);
    for (int64_t row = 0; row < p.steps * p.rows; ++row)
      std::memcpy(&z[row * width], bias.data(), size_t(width) * 4);
    multiply(CblasNoTrans, CblasNoTrans, p.steps * p.rows, width, p.input, x.data(), p.input, kernel.data(), width, 1,
             z.data(), width);
    for (int64_t t = 0; t < p.steps; ++t) {
      multiply(CblasNoTrans, CblasNoTrans, p.rows, width, units, state(h, t), units, recurrent.data(), width, 1,
               gates(t), width);
      for (int64_t r = 0; r < p.rows; ++r) {
        float *i = gates(t) + r * width, *f = i + units, *g = f + units, *o = g + units;
        const float *before = state(c, t) + r * units;
        float *after = state(c, t + 1) + r * units, *out = state(h, t + 1) + r * units;
        for (int64_t u = 0; u < units; ++u) {
          i[u] = 1 / (1 + std::exp(-i[u])), f[u] = 1 / (1 + std::exp(-f[u])), o[u] = 1 / (1 + std::exp(-o[u]));
          g[u] = std::tanh(g[u]);
          after[u] = f[u] * before[u] + i[u] * g[u];
          out[u] = o[u] * std::tanh(after[u]);
        }
      }
    }
    std::memcpy(result.output.data(), state(h, p.steps), size_t(p.rows * units) * 4);
  }

  bool train(Result &result) override {
    forward(result);
    for (int64_t i = 0; i < p.rows * units; ++i) {
      dh[i] = p.slope(result.output[i], p.target[i]);
      dc[i] = 0;
    }
    for (int64_t t = p.steps; t-- > 0;) {
      for (int64_t r = 0; r < p.rows; ++r) {
        float *i = gates(t) + r * width, *f = i + units, *g = f + units, *o = g + units;
        const float *before = state(c, t) + r * units, *after = state(c, t + 1) + r * units;
        float *dhr = &dh[r * units], *dcr = &dc[r * units];
        for (int64_t u = 0; u < units; ++u) {
          float tc = std::tanh(after[u]), d = dcr[u] + dhr[u] * o[u] * (1 - tc * tc);
          float di = d * g[u] * i[u] * (1 - i[u]), df = d * before[u] * f[u] * (1 - f[u]);
          float dg = d * i[u] * (1 - g[u] * g[u]), out = dhr[u] * tc * o[u] * (1 - o[u]);
          dcr[u] = d * f[u];
          i[u] = di, f[u] = df, g[u] = dg, o[u] = out;
        }
      }
      multiply(CblasNoTrans, CblasTrans, p.rows, units, width, gates(t), width, recurrent.data(), width, 0,
               dh.data(), units);
    }
    int64_t all = p.steps * p.rows;
    multiply(CblasTrans, CblasNoTrans, p.input, width, all, x.data(), p.input, z.data(), width, 0, result.gradients["lstm/kernel"].data(), width);
    multiply(CblasTrans, CblasNoTrans, units, width, all, h.data(), units, z.data(), width, 0,
             result.gradients["lstm/recurrent_kernel"].data(), width);
    const Floats &dBias = result.gradients["lstm/bias"];
    dBias.clear();
    for (int64_t row = 0; row < all; ++row)
      for (int64_t u = 0; u < width; ++u)
        dBias[u] += z[row * width + u];
    return true;
  }

private:
  static void multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                       const float *b, int64_t ldb, float beta, float *out, int64_t ldc) {
    cblas_sgemm(CblasRowMajor, ta, tb, int(m), int(n), int(k), 1, a, int(lda), b, int(ldb), beta, out, int(ldc));
  }
  float *gates(int64_t t) { return &z[t * p.rows * width]; }
  float *state(const Floats &of, int64_t t) { return &of[t * p.rows * units]; }

  const Problem &p;
  const Floats &kernel, &recurrent, &bias;
  int64_t units, width;
  Floats x, z, h, c, dh, dc;
};

} // namespace

std::unique_ptr<Way> makeBlasLstm(const Problem &problem) { return std::make_unique<BlasLstm>(problem); }

} // namespace weft::benchmarks

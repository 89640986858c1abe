//===- Intrinsics.h - An LSTM by hand, for vectors of one width -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a careful engineer writes for this layer and no other. `V` is a kind of
// vector: its width, its registers, and the operations. Everything a step needs
// is [row][panel][gate][lane]: the four gates of a vector of units stand
// together, padded to whole vectors, and so do the weights.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_BENCHMARKS_KERNELS_INTRINSICS_H
#define WEFT_BENCHMARKS_KERNELS_INTRINSICS_H

#include "Lstm.h"

#include <algorithm>
#include <cstring>

namespace weft::benchmarks {

/// 2^n p(r), for |x| < 87.
template <class V> inline typename V::Type expOf(typename V::Type x) {
  x = V::min(V::max(x, V::set(-87.0f)), V::set(87.0f));
  auto n = V::round(V::mul(x, V::set(1.44269504f)));
  auto r = V::fnma(n, V::set(0.693359375f), x);
  r = V::fnma(n, V::set(-2.12194440e-4f), r);
  auto p = V::set(1.9875691500e-4f);
  for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = V::fma(p, r, V::set(c));
  p = V::add(V::fma(p, V::mul(r, r), r), V::set(1.0f));
  return V::scale(p, n);
}
template <class V> inline typename V::Type sigmoidOf(typename V::Type x) {
  auto one = V::set(1.0f);
  return V::div(one, V::add(one, expOf<V>(V::sub(V::set(0.0f), x))));
}
/// 2 sigmoid(2 x) - 1: good to some 1e-7 of one, which is enough to compare speeds.
template <class V> inline typename V::Type tanhOf(typename V::Type x) {
  auto two = V::set(2.0f);
  return V::sub(V::mul(two, sigmoidOf<V>(V::mul(two, x))), V::set(1.0f));
}

template <class V> class IntrinsicsLstm : public Lstm {
  using T = typename V::Type;
  static constexpr int64_t W = V::width;
  /// Rows of a tile by four gates: 12 sums of 16 registers, 24 of 32.
  static constexpr int forwardRows = V::registers == 32 ? 6 : 3;
  /// Rows by vectors of the adjoint of a state.
  static constexpr int backRows = V::registers == 32 ? 8 : 6, backVectors = V::registers == 32 ? 3 : 2;

public:
  explicit IntrinsicsLstm(const LstmProblem &problem)
      : p(problem), panels((p.units + W - 1) / W), padded(panels * W), inputs((p.input + W - 1) / W * W),
        rows((p.rows + 23) / 24 * 24), x(p.steps * rows * inputs), weights(panels * (p.input + p.units) * 4 * W),
        biases(panels * 4 * W), h((p.steps + 1) * rows * padded), c((p.steps + 1) * rows * padded),
        gates(p.steps * rows * panels * 4 * W), back((panels + backVectors) * panels * 4 * W * W), dh(rows * (padded + backVectors * W)),
        dc(rows * padded), dKernel(inputs * panels * 4 * W + 64), dRecurrent(padded * panels * 4 * W + 64), dBias(panels * 4 * W) {}

  void forward(LstmResult &result) override {
    prepare();
    for (int64_t t = 0; t < p.steps; ++t)
      step(t);
    for (int64_t r = 0; r < p.rows; ++r)
      std::memcpy(&result.last[r * p.units], &h[(p.steps * rows + r) * padded], size_t(p.units) * 4);
  }

  bool train(LstmResult &result) override {
    forward(result);
    packBack();
    std::fill_n(dh.data(), dh.size(), 0.0f);
    std::fill_n(dc.data(), dc.size(), 0.0f);
    std::fill_n(dKernel.data(), dKernel.size(), 0.0f);
    std::fill_n(dRecurrent.data(), dRecurrent.size(), 0.0f);
    std::fill_n(dBias.data(), dBias.size(), 0.0f);
    int64_t width = padded + backVectors * W;
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t u = 0; u < p.units; ++u)
        dh[r * width + u] = 2.0f * (result.last[r * p.units + u] - p.target[r * p.units + u]) / float(p.units * p.rows);
    // Gradients of the weights once for a few steps, while what they need is in the cache.
    constexpr int64_t chunk = 8;
    for (int64_t t = p.steps; t-- > 0;) {
      gateGradients(t);
      stateGradient(t);
      if (t % chunk == 0) {
        int64_t count = std::min(chunk, p.steps - t);
        for (int64_t s = t; s < t + count; ++s)
          addBias(s);
        contract(x.data() + t * rows * inputs, inputs, p.input, t, count, dKernel.data());
        contract(h.data() + t * rows * padded, padded, p.units, t, count, dRecurrent.data());
      }
    }
    unpack(dKernel, p.input, result.kernel);
    unpack(dRecurrent, p.units, result.recurrentKernel);
    unpack(dBias, 1, result.bias);
    return true;
  }

private:
  int64_t gateWidth() const { return panels * 4 * W; }

  void prepare() {
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t t = 0; t < p.steps; ++t)
        std::memcpy(&x[(t * rows + r) * inputs], &p.x[(r * p.steps + t) * p.input], size_t(p.input) * 4);
    int64_t depth = p.input + p.units;
    for (int64_t panel = 0; panel < panels; ++panel)
      for (int64_t g = 0; g < 4; ++g)
        for (int64_t lane = 0; lane < W; ++lane) {
          int64_t u = panel * W + lane, column = g * p.units + u;
          bool there = u < p.units;
          biases[(panel * 4 + g) * W + lane] = there ? p.bias[column] : 0;
          for (int64_t k = 0; k < depth; ++k) {
            const Floats &from = k < p.input ? p.kernel : p.recurrentKernel;
            int64_t row = k < p.input ? k : k - p.input;
            weights[((panel * depth + k) * 4 + g) * W + lane] = there ? from[row * 4 * p.units + column] : 0;
          }
        }
  }

  template <int R> void tile(int64_t t, int64_t panel, int64_t row) {
    int64_t depth = p.input + p.units;
    const float *w = &weights[panel * depth * 4 * W];
    T sums[R][4];
    for (int g = 0; g < 4; ++g)
      for (int r = 0; r < R; ++r)
        sums[r][g] = V::load(&biases[(panel * 4 + g) * W]);
    auto products = [&](const float *from, int64_t stride, int64_t count) {
      for (int64_t k = 0; k < count; ++k, w += 4 * W) {
        T b[R];
        for (int r = 0; r < R; ++r)
          b[r] = V::set(from[r * stride + k]);
        for (int g = 0; g < 4; ++g) {
          T a = V::load(w + g * W);
          for (int r = 0; r < R; ++r)
            sums[r][g] = V::fma(a, b[r], sums[r][g]);
        }
      }
    };
    products(&x[(t * rows + row) * inputs], inputs, p.input);
    products(&h[(t * rows + row) * padded], padded, p.units);
    for (int r = 0; r < R; ++r) {
      T i = sigmoidOf<V>(sums[r][0]), f = sigmoidOf<V>(sums[r][1]), g = tanhOf<V>(sums[r][2]), o = sigmoidOf<V>(sums[r][3]);
      int64_t before = (t * rows + row + r) * padded + panel * W, after = before + rows * padded;
      T state = V::fma(f, V::load(&c[before]), V::mul(i, g));
      V::store(&c[after], state);
      V::store(&h[after], V::mul(o, tanhOf<V>(state)));
      float *kept = &gates[((t * rows + row + r) * panels + panel) * 4 * W];
      V::store(kept, i), V::store(kept + W, f), V::store(kept + 2 * W, g), V::store(kept + 3 * W, o);
    }
  }

  void step(int64_t t) {
    for (int64_t panel = 0; panel < panels; ++panel) {
      int64_t row = 0;
      for (; row + forwardRows <= p.rows; row += forwardRows)
        tile<forwardRows>(t, panel, row);
      for (; row + 2 <= p.rows; row += 2)
        tile<2>(t, panel, row);
      for (; row < p.rows; ++row)
        tile<1>(t, panel, row);
    }
  }

  /// Over the gates themselves: what is kept is not needed again.
  void gateGradients(int64_t t) {
    int64_t width = padded + backVectors * W;
    T one = V::set(1.0f);
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t panel = 0; panel < panels; ++panel) {
        float *kept = &gates[((t * rows + r) * panels + panel) * 4 * W];
        int64_t before = (t * rows + r) * padded + panel * W;
        T i = V::load(kept), f = V::load(kept + W), g = V::load(kept + 2 * W), o = V::load(kept + 3 * W);
        T tc = tanhOf<V>(V::load(&c[before + rows * padded])), dhr = V::load(&dh[r * width + panel * W]);
        T dcr = V::fma(V::mul(dhr, o), V::fnma(tc, tc, one), V::load(&dc[r * padded + panel * W]));
        V::store(kept, V::mul(V::mul(dcr, g), V::mul(i, V::sub(one, i))));
        V::store(kept + W, V::mul(V::mul(dcr, V::load(&c[before])), V::mul(f, V::sub(one, f))));
        V::store(kept + 2 * W, V::mul(V::mul(dcr, i), V::fnma(g, g, one)));
        V::store(kept + 3 * W, V::mul(V::mul(dhr, tc), V::mul(o, V::sub(one, o))));
        V::store(&dc[r * padded + panel * W], V::mul(dcr, f));
      }
  }

  /// The recurrent kernel turned round: [columns of the state][interleaved gate column].
  void packBack() {
    int64_t tile = backVectors * W, tiles = (padded + tile - 1) / tile, depth = gateWidth();
    for (int64_t n = 0; n < tiles; ++n)
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t lane = 0; lane < tile; ++lane) {
          int64_t state = n * tile + lane, panel = k / (4 * W), g = k / W % 4, u = panel * W + k % W;
          back[(n * depth + k) * tile + lane] =
              state < p.units && u < p.units ? p.recurrentKernel[state * 4 * p.units + g * p.units + u] : 0;
        }
  }

  template <int R> void backTile(int64_t t, int64_t n, int64_t row) {
    int64_t tile = backVectors * W, depth = gateWidth(), width = padded + tile;
    const float *w = &back[n * depth * tile], *from = &gates[(t * rows + row) * depth];
    T sums[R][backVectors];
    for (auto &ofRow : sums)
      for (T &sum : ofRow)
        sum = V::set(0.0f);
    for (int64_t k = 0; k < depth; ++k, w += tile) {
      T a[backVectors];
      for (int v = 0; v < backVectors; ++v)
        a[v] = V::load(w + v * W);
      for (int r = 0; r < R; ++r) {
        T b = V::set(from[r * depth + k]);
        for (int v = 0; v < backVectors; ++v)
          sums[r][v] = V::fma(a[v], b, sums[r][v]);
      }
    }
    for (int r = 0; r < R; ++r)
      for (int v = 0; v < backVectors; ++v)
        V::store(&dh[(row + r) * width + n * tile + v * W], sums[r][v]);
  }

  void stateGradient(int64_t t) {
    int64_t tile = backVectors * W, tiles = (padded + tile - 1) / tile;
    for (int64_t n = 0; n < tiles; ++n) {
      int64_t row = 0;
      for (; row + backRows <= p.rows; row += backRows)
        backTile<backRows>(t, n, row);
      for (; row + 2 <= p.rows; row += 2)
        backTile<2>(t, n, row);
      for (; row < p.rows; ++row)
        backTile<1>(t, n, row);
    }
  }

  void addBias(int64_t t) {
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t column = 0; column < gateWidth(); column += W)
        V::store(&dBias[column], V::add(V::load(&dBias[column]), V::load(&gates[(t * rows + r) * gateWidth() + column])));
  }

  template <int K> void contractTile(const float *a, int64_t stride, int64_t t, int64_t count, int64_t k, int64_t panel,
                                     float *out) {
    T sums[K][4];
    for (int i = 0; i < K; ++i)
      for (int g = 0; g < 4; ++g)
        sums[i][g] = V::load(&out[(k + i) * gateWidth() + (panel * 4 + g) * W]);
    for (int64_t s = 0; s < count; ++s)
      for (int64_t r = 0; r < p.rows; ++r) {
        const float *from = a + (s * rows + r) * stride + k;
        const float *b = &gates[(((t + s) * rows + r) * panels + panel) * 4 * W];
        T left[K];
        for (int i = 0; i < K; ++i)
          left[i] = V::set(from[i]);
        for (int g = 0; g < 4; ++g) {
          T right = V::load(b + g * W);
          for (int i = 0; i < K; ++i)
            sums[i][g] = V::fma(left[i], right, sums[i][g]);
        }
      }
    for (int i = 0; i < K; ++i)
      for (int g = 0; g < 4; ++g)
        V::store(&out[(k + i) * gateWidth() + (panel * 4 + g) * W], sums[i][g]);
  }

  void contract(const float *a, int64_t stride, int64_t depth, int64_t t, int64_t count, float *out) {
    for (int64_t panel = 0; panel < panels; ++panel) {
      int64_t k = 0;
      for (; k + forwardRows <= depth; k += forwardRows)
        contractTile<forwardRows>(a, stride, t, count, k, panel, out);
      for (; k < depth; ++k)
        contractTile<1>(a, stride, t, count, k, panel, out);
    }
  }

  void unpack(const Floats &from, int64_t depth, Floats &to) const {
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t g = 0; g < 4; ++g)
        for (int64_t u = 0; u < p.units; ++u)
          to[k * 4 * p.units + g * p.units + u] = from[k * gateWidth() + (u / W * 4 + g) * W + u % W];
  }

  const LstmProblem &p;
  int64_t panels, padded, inputs, rows;
  Floats x, weights, biases, h, c, gates, back, dh, dc, dKernel, dRecurrent, dBias;
};

} // namespace weft::benchmarks

#endif // WEFT_BENCHMARKS_KERNELS_INTRINSICS_H

//===- ByHandLstm.cpp - An LSTM by hand, for vectors of one width -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a careful engineer writes for this layer and no other. Everything a step
// needs is [row][panel][gate][lane]: the four gates of a vector of units stand
// together, padded to whole vectors, and so do the weights.
//
//===----------------------------------------------------------------------===//

#include "Vector.h"
#include "Work.h"

#include <algorithm>
#include <cstring>

namespace weft::benchmarks::WEFT_ISA {
namespace {

/// 2^n p(r), for |x| < 87.
Vector expOf(Vector x) {
  x = least(most(x, set(-87.0f)), set(87.0f));
  Vector n = roundOf(mul(x, set(1.44269504f)));
  Vector r = fnma(n, set(0.693359375f), x);
  r = fnma(n, set(-2.12194440e-4f), r);
  Vector p = set(1.9875691500e-4f);
  for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = fma(p, r, set(c));
  p = add(fma(p, mul(r, r), r), set(1.0f));
  return scale(p, n);
}
Vector sigmoidOf(Vector x) { return div(set(1.0f), add(set(1.0f), expOf(sub(set(0.0f), x)))); }
/// 2 sigmoid(2 x) - 1: good to some 1e-7 of one, which is enough to compare speeds.
Vector tanhOf(Vector x) { return sub(mul(set(2.0f), sigmoidOf(mul(set(2.0f), x))), set(1.0f)); }

class Lstm : public Way {
  /// Rows of a tile by four gates: 12 sums of 16 registers, 24 of 32.
  static constexpr int forwardRows = registers == 32 ? 6 : 3;
  /// Rows by vectors of the adjoint of a state.
  static constexpr int backRows = registers == 32 ? 8 : 6, backVectors = registers == 32 ? 3 : 2;
  /// Steps whose part of the weights' gradients is added at once, while what they need is in the cache.
  static constexpr int64_t chunk = 8;

public:
  explicit Lstm(const Problem &problem)
      : p(problem), kernel(p.weights.at("lstm/kernel")), recurrent(p.weights.at("lstm/recurrent_kernel")),
        bias(p.weights.at("lstm/bias")), units(p.width), panels((units + W - 1) / W), padded(panels * W),
        gateWidth(4 * padded), inputs(roundUp(p.input, W)), rows(p.rows), backWidth(padded + backVectors * W),
        x(p.steps * rows * inputs), weights(gateWidth * (p.input + units)), biases(gateWidth), h((p.steps + 1) * rows * padded),
        c((p.steps + 1) * rows * padded), gates(p.steps * rows * gateWidth), back((panels + backVectors) * W * gateWidth),
        dh(rows * backWidth), dc(rows * padded), dKernel(inputs * gateWidth + 64), dRecurrent(padded * gateWidth + 64),
        dBias(gateWidth) {}

  void forward(Result &result) override {
    pack();
    for (int64_t t = 0; t < p.steps; ++t)
      for (int64_t panel = 0; panel < panels; ++panel)
        inTiles<forwardRows>(rows, [&](auto count, int64_t row) { step<count>(t, panel, row); });
    for (int64_t r = 0; r < rows; ++r)
      std::memcpy(&result.output[r * units], &h[(p.steps * rows + r) * padded], size_t(units) * 4);
  }

  bool train(Result &result) override {
    forward(result);
    packBack();
    for (const Floats *sums : {&dh, &dc, &dKernel, &dRecurrent, &dBias})
      sums->clear();
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t u = 0; u < units; ++u)
        dh[r * backWidth + u] = p.slope(result.output[r * units + u], p.target[r * units + u]);
    int64_t tile = backVectors * W;
    for (int64_t t = p.steps; t-- > 0;) {
      gateGradients(t);
      for (int64_t n = 0; n < roundUp(padded, tile) / tile; ++n)
        inTiles<backRows>(rows, [&](auto count, int64_t row) { stateGradient<count>(t, n, row); });
      if (t % chunk)
        continue;
      int64_t count = std::min(chunk, p.steps - t) * rows;
      addBias(t, count);
      contract(&x[t * rows * inputs], inputs, p.input, t, count, dKernel);
      contract(&h[t * rows * padded], padded, units, t, count, dRecurrent);
    }
    unpack(dKernel, p.input, result.gradients["lstm/kernel"]);
    unpack(dRecurrent, units, result.gradients["lstm/recurrent_kernel"]);
    unpack(dBias, 1, result.gradients["lstm/bias"]);
    return true;
  }

private:
  float *gatesOf(int64_t t, int64_t row) { return &gates[(t * rows + row) * gateWidth]; }

  void pack() {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t t = 0; t < p.steps; ++t)
        std::memcpy(&x[(t * rows + r) * inputs], &p.x[(r * p.steps + t) * p.input], size_t(p.input) * 4);
    int64_t depth = p.input + units;
    for (int64_t panel = 0; panel < panels; ++panel)
      for (int64_t g = 0; g < 4; ++g)
        for (int64_t lane = 0; lane < W; ++lane) {
          int64_t u = panel * W + lane, column = g * units + u;
          bool there = u < units;
          biases[(panel * 4 + g) * W + lane] = there ? bias[column] : 0;
          for (int64_t k = 0; k < depth; ++k) {
            const Floats &from = k < p.input ? kernel : recurrent;
            int64_t row = k < p.input ? k : k - p.input;
            weights[((panel * depth + k) * 4 + g) * W + lane] = there ? from[row * 4 * units + column] : 0;
          }
        }
  }

  template <int R> void step(int64_t t, int64_t panel, int64_t row) {
    const float *w = &weights[panel * (p.input + units) * 4 * W];
    Vector sums[R][4];
    for (int g = 0; g < 4; ++g)
      for (int r = 0; r < R; ++r)
        sums[r][g] = load(&biases[(panel * 4 + g) * W]);
    addProducts(sums, &x[(t * rows + row) * inputs], inputs, w, p.input);
    addProducts(sums, &h[(t * rows + row) * padded], padded, w, units);
    // Unrolled: the sums stay in registers only where each is named.
#pragma clang loop unroll(full)
    for (int r = 0; r < R; ++r) {
      Vector i = sigmoidOf(sums[r][0]), f = sigmoidOf(sums[r][1]), g = tanhOf(sums[r][2]), o = sigmoidOf(sums[r][3]);
      int64_t before = (t * rows + row + r) * padded + panel * W, after = before + rows * padded;
      Vector state = fma(f, load(&c[before]), mul(i, g));
      store(&c[after], state);
      store(&h[after], mul(o, tanhOf(state)));
      float *kept = gatesOf(t, row + r) + panel * 4 * W;
      store(kept, i), store(kept + W, f), store(kept + 2 * W, g), store(kept + 3 * W, o);
    }
  }

  /// Over the gates themselves: what is kept is not needed again.
  void gateGradients(int64_t t) {
    Vector one = set(1.0f);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t panel = 0; panel < panels; ++panel) {
        float *kept = gatesOf(t, r) + panel * 4 * W;
        int64_t before = (t * rows + r) * padded + panel * W;
        Vector i = load(kept), f = load(kept + W), g = load(kept + 2 * W), o = load(kept + 3 * W);
        Vector tc = tanhOf(load(&c[before + rows * padded])), dhr = load(&dh[r * backWidth + panel * W]);
        Vector dcr = fma(mul(dhr, o), fnma(tc, tc, one), load(&dc[r * padded + panel * W]));
        store(kept, mul(mul(dcr, g), mul(i, sub(one, i))));
        store(kept + W, mul(mul(dcr, load(&c[before])), mul(f, sub(one, f))));
        store(kept + 2 * W, mul(mul(dcr, i), fnma(g, g, one)));
        store(kept + 3 * W, mul(mul(dhr, tc), mul(o, sub(one, o))));
        store(&dc[r * padded + panel * W], mul(dcr, f));
      }
  }

  /// The recurrent kernel turned round: [columns of the state][interleaved gate column].
  void packBack() {
    int64_t tile = backVectors * W;
    for (int64_t n = 0; n < roundUp(padded, tile) / tile; ++n)
      for (int64_t k = 0; k < gateWidth; ++k)
        for (int64_t lane = 0; lane < tile; ++lane) {
          int64_t state = n * tile + lane, g = k / W % 4, u = k / (4 * W) * W + k % W;
          back[(n * gateWidth + k) * tile + lane] =
              state < units && u < units ? recurrent[state * 4 * units + g * units + u] : 0;
        }
  }

  template <int R> void stateGradient(int64_t t, int64_t n, int64_t row) {
    int64_t tile = backVectors * W;
    const float *w = &back[n * gateWidth * tile];
    Vector sums[R][backVectors];
    for (auto &ofRow : sums)
      for (Vector &sum : ofRow)
        sum = set(0.0f);
    addProducts(sums, gatesOf(t, row), gateWidth, w, gateWidth);
    for (int r = 0; r < R; ++r)
      for (int v = 0; v < backVectors; ++v)
        store(&dh[(row + r) * backWidth + n * tile + v * W], sums[r][v]);
  }

  void addBias(int64_t t, int64_t count) {
    for (int64_t r = 0; r < count; ++r)
      for (int64_t column = 0; column < gateWidth; column += W)
        store(&dBias[column], add(load(&dBias[column]), load(gatesOf(t, r) + column)));
  }

  void contract(const float *a, int64_t stride, int64_t depth, int64_t t, int64_t count, const Floats &out) {
    for (int64_t panel = 0; panel < panels; ++panel)
      inTiles<forwardRows>(depth, [&](auto tile, int64_t k) {
        addOuterProducts<tile, 4>(&out[k * gateWidth + panel * 4 * W], gateWidth, a + k, stride, gatesOf(t, 0) + panel * 4 * W,
                                  gateWidth, count);
      });
  }

  void unpack(const Floats &from, int64_t depth, const Floats &to) const {
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t g = 0; g < 4; ++g)
        for (int64_t u = 0; u < units; ++u)
          to[k * 4 * units + g * units + u] = from[k * gateWidth + (u / W * 4 + g) * W + u % W];
  }

  const Problem &p;
  const Floats &kernel, &recurrent, &bias;
  int64_t units, panels, padded, gateWidth, inputs, rows, backWidth;
  Floats x, weights, biases, h, c, gates, back, dh, dc, dKernel, dRecurrent, dBias;
};

} // namespace

std::unique_ptr<Way> makeLstm(const Problem &problem) { return isThere() ? std::make_unique<Lstm>(problem) : nullptr; }

} // namespace weft::benchmarks::WEFT_ISA

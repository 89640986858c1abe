//===- ByHandConv1d.cpp - Convolutions by hand, for vectors of one width -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution over time is a product: where positions lie one behind the other
// and zeros stand around a row, what a position sees is one run of memory, and the
// next position's begins one position later. Going back to the input is the same
// with the kernel turned round.
//
//===----------------------------------------------------------------------===//

#include "Vector.h"
#include "Work.h"

#include <algorithm>
#include <cstring>

namespace weft::benchmarks::WEFT_ISA {
namespace {

/// Positions by vectors of filters: 12 sums of 16 registers, 16 of 32.
constexpr int tilePositions = registers == 32 ? 8 : 3, tileVectors = registers == 32 ? 2 : 4;
constexpr int64_t tileWidth = tileVectors * W;

/// [row][position][channel], with zeros in front of and behind each row.
struct Padded {
  int64_t steps, channels, front, rowSize;
  Floats values;

  Padded(int64_t rows, int64_t steps, int64_t channels, int64_t front, int64_t around)
      : steps(steps), channels(channels), front(front), rowSize((steps + around) * channels), values(rows * rowSize + tileWidth) {}
  /// What the window of a position begins with, and the position itself.
  float *window(int64_t row, int64_t position) const { return &values[row * rowSize + position * channels]; }
  float *at(int64_t row, int64_t position) const { return window(row, position + front); }
};

struct Layer {
  const Floats &kernel, &bias;
  int64_t rows, filters, channels, taps, depth;
  Padded in, dOut;
  Floats packed, turned, dKernel, dBias;

  Layer(const Problem &p, const std::string &name, int64_t channels)
      : kernel(p.weights.at(name + "/kernel")), bias(p.weights.at(name + "/bias")), rows(p.rows), filters(bias.size()),
        channels(channels), taps(kernel.size() / channels / filters), depth(taps * channels),
        in(rows, p.steps, channels, (taps - 1) / 2, taps - 1), dOut(rows, p.steps, filters, taps / 2, taps - 1),
        packed(kernel.size()), turned(kernel.size()), dKernel(kernel.size()), dBias(filters) {}

  void pack() {
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t f = 0; f < filters; ++f) {
          float w = kernel[(tap * channels + c) * filters + f];
          packed[(f / tileWidth * depth + tap * channels + c) * tileWidth + f % tileWidth] = w;
          int64_t back = (taps - 1 - tap) * filters + f;
          turned[(c / tileWidth * taps * filters + back) * tileWidth + c % tileWidth] = w;
        }
  }

  /// All windows of `from` by a panel of packed weights; `finish` takes a vector of a position's sums.
  template <class Finish>
  void convolve(const Padded &from, const Floats &weights, int64_t outputs, const float *start, Finish finish) {
    int64_t sumDepth = taps * from.channels;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t panel = 0; panel < outputs / tileWidth; ++panel)
        inTiles<tilePositions>(from.steps, [&](auto count, int64_t position) {
          const float *w = &weights[panel * sumDepth * tileWidth];
          Vector sums[count][tileVectors];
          for (auto &ofPosition : sums)
            for (int v = 0; v < tileVectors; ++v)
              ofPosition[v] = start ? load(start + panel * tileWidth + v * W) : set(0.0f);
          addProducts(sums, from.window(row, position), from.channels, w, sumDepth);
          // Unrolled: the sums stay in registers only where each is named.
#pragma clang loop unroll(full)
          for (int i = 0; i < count; ++i)
            for (int v = 0; v < tileVectors; ++v)
              finish(row, position + i, panel * tileWidth + v * W, sums[i][v]);
        });
  }

  void weightGradients() {
    // Positions at a time that fit the first-level cache beside what they see.
    constexpr int64_t chunk = 64;
    dKernel.clear(), dBias.clear();
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t begin = 0; begin < in.steps; begin += chunk) {
        int64_t count = std::min(chunk, in.steps - begin);
        for (int64_t f = 0; f < filters; f += tileWidth)
          inTiles<tilePositions>(depth, [&](auto tile, int64_t k) {
            addOuterProducts<tile, tileVectors>(&dKernel[k * filters + f], filters, in.window(row, begin) + k, channels,
                                                dOut.at(row, begin) + f, filters, count);
          });
        for (int64_t t = begin; t < begin + count; ++t)
          for (int64_t f = 0; f < filters; f += W)
            store(&dBias[f], add(load(&dBias[f]), load(dOut.at(row, t) + f)));
      }
  }
};

class Conv1d : public Way {
public:
  explicit Conv1d(const Problem &problem)
      : p(problem), first(p, "conv1d", p.input), second(p, "conv1d_1", first.filters) {}

  bool fits() const { return p.input % tileWidth == 0 && first.filters % tileWidth == 0 && second.filters % tileWidth == 0; }

  void forward(Result &result) override {
    first.pack(), second.pack();
    for (int64_t row = 0; row < p.rows; ++row)
      std::memcpy(first.in.at(row, 0), &p.x[row * p.steps * p.input], size_t(p.steps * p.input) * 4);
    first.convolve(first.in, first.packed, first.filters, first.bias.data(), [&](int64_t row, int64_t t, int64_t f, Vector sum) {
      store(second.in.at(row, t) + f, most(sum, set(0.0f)));
    });
    second.convolve(second.in, second.packed, second.filters, second.bias.data(),
                    [&](int64_t row, int64_t t, int64_t f, Vector sum) {
                      store(&result.output[(row * p.steps + t) * second.filters + f], sum);
                    });
  }

  bool train(Result &result) override {
    forward(result);
    Vector factor = set(p.slope(1, 0));
    for (int64_t row = 0; row < p.rows; ++row)
      for (int64_t i = 0, size = p.steps * second.filters; i < size; i += W)
        store(second.dOut.at(row, 0) + i,
              mul(factor, sub(load(&result.output[row * size + i]), load(&p.target[row * size + i]))));
    second.weightGradients();
    second.convolve(second.dOut, second.turned, second.channels, nullptr, [&](int64_t row, int64_t t, int64_t c, Vector sum) {
      // Where relu let nothing through, nothing comes back.
      store(first.dOut.at(row, t) + c, wherePositive(load(second.in.at(row, t) + c), sum));
    });
    first.weightGradients();
    for (auto [layer, name] : {std::pair(&first, "conv1d"), std::pair(&second, "conv1d_1")}) {
      std::memcpy(result.gradients[std::string(name) + "/kernel"].data(), layer->dKernel.data(), size_t(layer->dKernel.size()) * 4);
      std::memcpy(result.gradients[std::string(name) + "/bias"].data(), layer->dBias.data(), size_t(layer->filters) * 4);
    }
    return true;
  }

private:
  const Problem &p;
  Layer first, second;
};

} // namespace

std::unique_ptr<Way> makeConv1d(const Problem &problem) {
  auto way = isThere() ? std::make_unique<Conv1d>(problem) : nullptr;
  return way && way->fits() ? std::move(way) : nullptr;
}

} // namespace weft::benchmarks::WEFT_ISA

//===- Windows.cpp - Convolution and pooling over the steps of a sequence -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Primitives.h"

#include "llvm/ADT/STLFunctionalExtras.h"

using namespace weft;
using namespace weft::reference;

/// Visits every (window, tap) that meets a step of the sequence, the windows in
/// order and the taps of one in order: tap `w` of window `out` reads step `in`,
/// in = out * strides + w * dilation - before. What falls outside is padding,
/// which adds nothing to a convolution and never wins a maximum.
static void forEachTap(int64_t steps, Window window,
                       llvm::function_ref<void(int64_t out, int64_t tap, int64_t in)> visit) {
  seq::WindowGeometry geometry =
      seq::windowGeometry(steps, window.width, window.strides, window.dilation, window.padding);
  for (int64_t out = 0; out < geometry.steps; ++out)
    for (int64_t tap = 0; tap < window.width; ++tap) {
      int64_t in = out * window.strides + tap * window.dilation - geometry.before;
      if (in >= 0 && in < steps)
        visit(out, tap, in);
    }
}

static int64_t outSteps(int64_t steps, Window window) {
  return seq::windowGeometry(steps, window.width, window.strides, window.dilation, window.padding).steps;
}

Tensor reference::conv1d(const Tensor &input, const Tensor &kernel, Window window) {
  int64_t rows = input.shape[0], steps = input.shape[1], channels = input.shape[2], filters = kernel.shape[2];
  Tensor result = Tensor::zeros({rows, outSteps(steps, window), filters});
  for (int64_t r = 0; r < rows; ++r)
    forEachTap(steps, window, [&](int64_t out, int64_t tap, int64_t in) {
      const double *x = input.row(r * steps + in);
      double *y = result.row(r * result.shape[1] + out);
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t f = 0; f < filters; ++f)
          y[f] += x[c] * kernel.row(tap * channels + c)[f];
    });
  return result;
}

Tensor reference::conv1dInputAdjoint(const Tensor &adjoint, const Tensor &kernel, Window window,
                                     int64_t inputSteps) {
  int64_t rows = adjoint.shape[0], channels = kernel.shape[1], filters = kernel.shape[2];
  Tensor result = Tensor::zeros({rows, inputSteps, channels});
  for (int64_t r = 0; r < rows; ++r)
    forEachTap(inputSteps, window, [&](int64_t out, int64_t tap, int64_t in) {
      double *dx = result.row(r * inputSteps + in);
      const double *dy = adjoint.row(r * adjoint.shape[1] + out);
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t f = 0; f < filters; ++f)
          dx[c] += dy[f] * kernel.row(tap * channels + c)[f];
    });
  return result;
}

Tensor reference::conv1dKernelAdjoint(const Tensor &input, const Tensor &adjoint, Window window,
                                      const Tensor *active) {
  int64_t rows = input.shape[0], steps = input.shape[1], channels = input.shape[2],
          filters = adjoint.shape[2];
  Tensor result = Tensor::zeros({window.width, channels, filters});
  for (int64_t r = 0; r < rows; ++r)
    forEachTap(steps, window, [&](int64_t out, int64_t tap, int64_t in) {
      if (active && double(r) >= active->values[out])
        return;
      const double *x = input.row(r * steps + in);
      const double *dy = adjoint.row(r * adjoint.shape[1] + out);
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t f = 0; f < filters; ++f)
          result.row(tap * channels + c)[f] += x[c] * dy[f];
    });
  return result;
}

/// For each window and channel the step of the first of its largest values.
static std::vector<int64_t> firstLargest(const Tensor &input, int64_t row, Window window) {
  int64_t steps = input.shape[1], channels = input.shape[2];
  constexpr int64_t none = -1;
  std::vector<int64_t> best(outSteps(steps, window) * channels, none);
  forEachTap(steps, window, [&](int64_t out, int64_t, int64_t in) {
    for (int64_t c = 0; c < channels; ++c) {
      int64_t &step = best[out * channels + c];
      if (step == none || input.row(row * steps + in)[c] > input.row(row * steps + step)[c])
        step = in;
    }
  });
  return best;
}

Tensor reference::maxPool1d(const Tensor &input, Window window) {
  int64_t rows = input.shape[0], steps = input.shape[1], channels = input.shape[2];
  int64_t out = outSteps(steps, window);
  Tensor result = Tensor::zeros({rows, out, channels});
  for (int64_t r = 0; r < rows; ++r) {
    std::vector<int64_t> best = firstLargest(input, r, window);
    for (int64_t i = 0; i < out * channels; ++i)
      result.values[r * out * channels + i] = input.row(r * steps + best[i])[i % channels];
  }
  return result;
}

Tensor reference::maxPool1dAdjoint(const Tensor &input, const Tensor &adjoint, Window window) {
  int64_t rows = input.shape[0], steps = input.shape[1], channels = input.shape[2];
  int64_t out = adjoint.shape[1];
  Tensor result = Tensor::zeros(input.shape);
  for (int64_t r = 0; r < rows; ++r) {
    std::vector<int64_t> best = firstLargest(input, r, window);
    for (int64_t i = 0; i < out * channels; ++i)
      result.row(r * steps + best[i])[i % channels] += adjoint.values[r * out * channels + i];
  }
  return result;
}

/// How many steps of the sequence each window has.
static std::vector<int64_t> stepsInWindow(int64_t steps, Window window) {
  std::vector<int64_t> counts(outSteps(steps, window));
  forEachTap(steps, window, [&](int64_t out, int64_t, int64_t) { ++counts[out]; });
  return counts;
}

Tensor reference::averagePool1d(const Tensor &input, Window window) {
  int64_t rows = input.shape[0], steps = input.shape[1], channels = input.shape[2];
  std::vector<int64_t> counts = stepsInWindow(steps, window);
  int64_t windows = counts.size();
  Tensor result = Tensor::zeros({rows, windows, channels});
  for (int64_t r = 0; r < rows; ++r) {
    forEachTap(steps, window, [&](int64_t out, int64_t, int64_t in) {
      for (int64_t c = 0; c < channels; ++c)
        result.row(r * windows + out)[c] += input.row(r * steps + in)[c];
    });
    for (int64_t out = 0; out < windows; ++out)
      for (int64_t c = 0; c < channels; ++c)
        result.row(r * windows + out)[c] /= counts[out];
  }
  return result;
}

Tensor reference::averagePool1dAdjoint(const Tensor &adjoint, Window window, int64_t inputSteps) {
  int64_t rows = adjoint.shape[0], windows = adjoint.shape[1], channels = adjoint.shape[2];
  std::vector<int64_t> counts = stepsInWindow(inputSteps, window);
  Tensor result = Tensor::zeros({rows, inputSteps, channels});
  for (int64_t r = 0; r < rows; ++r)
    forEachTap(inputSteps, window, [&](int64_t out, int64_t, int64_t in) {
      for (int64_t c = 0; c < channels; ++c)
        result.row(r * inputSteps + in)[c] += adjoint.row(r * windows + out)[c] / counts[out];
    });
  return result;
}

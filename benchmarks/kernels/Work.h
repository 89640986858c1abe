//===- Work.h - A piece of work, and ways of doing it -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_BENCHMARKS_KERNELS_WORK_H
#define WEFT_BENCHMARKS_KERNELS_WORK_H

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

struct WeftModel;

namespace weft::benchmarks {

/// Floats that begin at a cache line, zeros at first.
class Floats {
public:
  explicit Floats(int64_t count = 0);
  float *data() const { return memory.get(); }
  int64_t size() const { return count; }
  float &operator[](int64_t i) const { return memory.get()[i]; }
  void clear() const;

private:
  struct Free {
    void operator()(float *pointer) const { std::free(pointer); }
  };
  int64_t count;
  std::unique_ptr<float, Free> memory;
};

/// By the names that weights have in the model: `lstm/kernel`, in Keras's layout.
using Weights = std::map<std::string, Floats>;

/// Rows of made-up input for a compiled model, its weights, and labels; the loss is
/// the mean squared distance of the output from the labels, its mean over rows.
struct Problem {
  const WeftModel &model;
  int64_t rows, steps, input; ///< the model's input: [rows][steps][input]
  int64_t width;              ///< of its output's last axis
  Floats x, target;
  Weights weights;

  Problem(const WeftModel &model, int64_t rows);
  /// The slope of the loss at an element of the output.
  float slope(float output, float label) const { return 2 * (output - label) / float(target.size()); }
};

struct Result {
  Floats output;
  Weights gradients;
  explicit Result(const Problem &problem);
};

/// One way to compute it, on one core.
class Way {
public:
  virtual ~Way() = default;
  virtual void forward(Result &result) = 0;
  /// Forward and backward; false where this way has no training.
  virtual bool train(Result &) { return false; }
};

/// Leaves the process where the library is no model of this ABI.
const WeftModel &loadModel(const std::string &library);

using MakeWay = std::unique_ptr<Way>(const Problem &problem);
MakeWay makeGenerated;
/// One LSTM layer.
MakeWay makeBlasLstm, makeDnnlLstm;
/// Two convolutions over time, `same` padding, the first with relu behind it.
MakeWay makeDnnlConv1d;
/// By hand; see Vector.h.
namespace avx2 {
MakeWay makeLstm, makeConv1d;
}
namespace avx512 {
MakeWay makeLstm, makeConv1d;
}

} // namespace weft::benchmarks

#endif // WEFT_BENCHMARKS_KERNELS_WORK_H

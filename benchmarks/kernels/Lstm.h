//===- Lstm.h - One LSTM layer, computed in several ways -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_BENCHMARKS_KERNELS_LSTM_H
#define WEFT_BENCHMARKS_KERNELS_LSTM_H

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace weft::benchmarks {

/// Floats that begin at a cache line.
class Floats {
public:
  explicit Floats(int64_t count = 0) : count(count) {
    memory.reset(static_cast<float *>(std::aligned_alloc(64, size_t((count * 4 + 127) / 64 * 64))));
    if (!memory)
      throw std::bad_alloc();
    std::fill(data(), data() + count, 0.0f);
  }
  float *data() const { return memory.get(); }
  int64_t size() const { return count; }
  float &operator[](int64_t i) const { return memory.get()[i]; }

private:
  struct Free {
    void operator()(float *pointer) const { std::free(pointer); }
  };
  int64_t count;
  std::unique_ptr<float, Free> memory;
};

/// The work: `rows` sequences of `steps` steps of `input` values through an LSTM
/// of `units` units; the loss is the mean squared distance of the last state
/// from `target`, its mean over the rows. Weights as Keras has them, gates i, f, c, o.
struct LstmProblem {
  int64_t steps, rows, input, units;
  Floats x;                                ///< [rows][steps][input]
  Floats kernel, recurrentKernel, bias;    ///< [input][4 units], [units][4 units], [4 units]
  Floats target;                           ///< [rows][units]

  LstmProblem(int64_t steps, int64_t rows, int64_t input, int64_t units);
  double forwardFlops() const { return 2.0 * steps * rows * 4 * units * (input + units); }
  /// Of a whole step of training: forward, adjoints of the states, gradients of the weights.
  double trainFlops() const { return forwardFlops() * 2 + 2.0 * steps * rows * 4 * units * units; }
};

struct LstmResult {
  Floats last;                             ///< [rows][units]
  Floats kernel, recurrentKernel, bias;    ///< gradients
  explicit LstmResult(const LstmProblem &problem);
};

/// One way to compute it, on one core.
class Lstm {
public:
  virtual ~Lstm() = default;
  virtual void forward(LstmResult &result) = 0;
  /// Forward and backward; false where this way has no training.
  virtual bool train(LstmResult &) { return false; }
};

/// Null where this machine, or this build, has no such thing.
std::unique_ptr<Lstm> makeGenerated(const LstmProblem &problem, const std::string &library);
std::unique_ptr<Lstm> makeAvx2(const LstmProblem &problem);
std::unique_ptr<Lstm> makeAvx512(const LstmProblem &problem);
std::unique_ptr<Lstm> makeBlas(const LstmProblem &problem);
std::unique_ptr<Lstm> makeDnnl(const LstmProblem &problem);

} // namespace weft::benchmarks

#endif // WEFT_BENCHMARKS_KERNELS_LSTM_H

//===- Main.cpp - One LSTM layer: generated, by hand, by libraries -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Started by `run`, which compiles the model: STEPS INPUT, then LIBRARY UNITS ROWS
// for each case. All ways are held against the generated one before any time is
// taken.
//
//===----------------------------------------------------------------------===//

#include "Lstm.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <sstream>

#include <xmmintrin.h>

namespace weft::benchmarks {

LstmProblem::LstmProblem(int64_t steps, int64_t rows, int64_t input, int64_t units)
    : steps(steps), rows(rows), input(input), units(units), x(rows * steps * input), kernel(input * 4 * units),
      recurrentKernel(units * 4 * units), bias(4 * units), target(rows * units) {
  std::mt19937 random(7);
  auto fill = [&](Floats &floats, float range) {
    std::uniform_real_distribution<float> values(-range, range);
    for (int64_t i = 0; i < floats.size(); ++i)
      floats[i] = values(random);
  };
  fill(x, 1);
  fill(kernel, 1 / std::sqrt(float(input)));
  fill(recurrentKernel, 1 / std::sqrt(float(units)));
  fill(bias, 0.5f);
  fill(target, 1);
}

LstmResult::LstmResult(const LstmProblem &p)
    : last(p.rows * p.units), kernel(p.input * 4 * p.units), recurrentKernel(p.units * 4 * p.units), bias(4 * p.units) {}

/// The largest difference, as a share of the largest value.
static double difference(const Floats &a, const Floats &b) {
  double most = 0, size = 1e-30;
  for (int64_t i = 0; i < a.size(); ++i) {
    most = std::max(most, double(std::abs(a[i] - b[i])));
    size = std::max(size, double(std::abs(a[i])));
  }
  return most / size;
}

static bool agrees(const char *name, const char *what, const Floats &expected, const Floats &got) {
  double by = difference(expected, got);
  // Sums of as many terms as steps and rows, in any order.
  if (by < 1e-3)
    return true;
  std::fprintf(stderr, "error: %s differs from the generated kernel in %s by %.2g of its largest value\n", name, what, by);
  return false;
}

struct Way {
  const char *name;
  std::unique_ptr<Lstm> lstm;
};

static bool addCase(const std::string &library, int64_t steps, int64_t input, int64_t units, int64_t rows) {
  // They live as long as the benchmarks that use them: to the end.
  auto &problem = *new LstmProblem(steps, rows, input, units);
  auto &ways = *new std::vector<Way>;
  ways.push_back({"weft", makeGenerated(problem, library)});
  ways.push_back({"avx512", makeAvx512(problem)});
  ways.push_back({"avx2", makeAvx2(problem)});
  ways.push_back({"openblas", makeBlas(problem)});
#ifdef WEFT_HAVE_DNNL
  ways.push_back({"onednn", makeDnnl(problem)});
#endif
  LstmResult expected(problem);
  bool fine = true;
  for (Way &way : ways) {
    if (!way.lstm)
      continue;
    LstmResult got(problem);
    way.lstm->forward(got);
    bool trains = way.lstm->train(got);
    if (way.name == std::string("weft")) {
      expected = std::move(got);
    } else {
      fine &= agrees(way.name, "the last state", expected.last, got.last);
      if (trains) {
        fine &= agrees(way.name, "the kernel's gradient", expected.kernel, got.kernel);
        fine &= agrees(way.name, "the recurrent kernel's gradient", expected.recurrentKernel, got.recurrentKernel);
        fine &= agrees(way.name, "the bias's gradient", expected.bias, got.bias);
      }
    }
    auto add = [&](const char *work, double flops, bool training) {
      std::ostringstream name;
      name << "lstm " << units << " units " << rows << " rows " << work << "/" << way.name;
      Lstm *lstm = way.lstm.get();
      auto *result = new LstmResult(problem);
      benchmark::RegisterBenchmark(name.str().c_str(), [=](benchmark::State &state) {
        _mm_setcsr(_mm_getcsr() | 0x8040);
        for (auto _ : state)
          training ? void(lstm->train(*result)) : lstm->forward(*result);
        state.counters["FLOP/s"] = benchmark::Counter(flops * double(state.iterations()), benchmark::Counter::kIsRate);
      })->Unit(benchmark::kMillisecond);
    };
    add("forward", problem.forwardFlops(), false);
    if (trains)
      add("training", problem.trainFlops(), true);
  }
  return fine;
}

} // namespace weft::benchmarks

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  if (argc < 6 || (argc - 3) % 3) {
    std::fprintf(stderr, "usage: %s STEPS INPUT (LIBRARY UNITS ROWS)... [--benchmark_...]\n", argv[0]);
    return 1;
  }
  _mm_setcsr(_mm_getcsr() | 0x8040);
  bool fine = true;
  for (int i = 3; i < argc; i += 3)
    fine &= weft::benchmarks::addCase(argv[i], std::atoll(argv[1]), std::atoll(argv[2]), std::atoll(argv[i + 1]), std::atoll(argv[i + 2]));
  if (!fine)
    return 1;
  benchmark::RunSpecifiedBenchmarks();
}

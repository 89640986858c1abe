//===- Main.cpp - One layer or two: generated, by hand, by libraries -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Started by `run`, which compiles the models: KIND LIBRARY ROWS for each case.
// All ways are held against the generated one before any time is taken. KIND is
// `lstm`, `conv1d`, or `cell:GATES`: any recurrent layer of so many gates, by Weft alone.
//
//===----------------------------------------------------------------------===//

#include "Work.h"

#include "compiler/bench/Machine.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <xmmintrin.h>

namespace weft::benchmarks {
namespace {

/// What the algorithm asks for: operations, and the least time that moving its data takes.
struct Need {
  double flops = 0, seconds = 0;
};

struct Needs {
  Need forward, backward;
};

bench::Vectors vectors() {
  return __builtin_cpu_supports("avx512f") ? bench::Vectors::Avx512
         : __builtin_cpu_supports("fma")   ? bench::Vectors::AvxFma
                                           : bench::Vectors::Sse;
}

/// At each step all weights are read, from whatever level of the caches holds them with the states; input and saved
/// values stream by.
Needs recurrentNeeds(const Problem &p, double gates, bench::Memory &memory) {
  double units = double(p.width), rows = double(p.rows), steps = double(p.steps);
  auto read = [&](double bytes, double footprint) { return memory.secondsFor(int64_t(bytes), 0, int64_t(footprint)); };
  double kernel = 4 * gates * units * double(p.input), recurrent = 4 * gates * units * units;
  double states = 4 * rows * (double(p.input) + 2 * units);
  double input = 4 * steps * rows * double(p.input), saved = 4 * steps * rows * (gates + 2) * units;
  Needs needs;
  needs.forward.flops = 2 * steps * rows * gates * units * (double(p.input) + units);
  needs.forward.seconds = steps * read(kernel + recurrent, kernel + recurrent + states) + read(input, input);
  // Slopes of the weights, and of the state before: nobody asks for the input's.
  needs.backward.flops = needs.forward.flops + 2 * steps * rows * gates * units * units;
  needs.backward.seconds = steps * read(recurrent, recurrent + states) + read(input + saved, input + saved) +
                           memory.secondsFor(0, int64_t(saved), int64_t(saved));
  return needs;
}

Needs convolutionNeeds(const Problem &p, bench::Memory &memory) {
  double positions = double(p.steps) * double(p.rows);
  double first = 2 * positions * double(p.weights.at("conv1d/kernel").size());
  double second = 2 * positions * double(p.weights.at("conv1d_1/kernel").size());
  int64_t bytes = p.x.size() * 4;
  Needs needs;
  needs.forward = {first + second, memory.secondsFor(2 * bytes, 2 * bytes, 2 * bytes)};
  needs.backward = {first + 2 * second, memory.secondsFor(4 * bytes, 2 * bytes, 2 * bytes)};
  return needs;
}

/// The largest difference, as a share of the largest value.
double difference(const Floats &a, const Floats &b) {
  double most = 0, size = 1e-30;
  for (int64_t i = 0; i < a.size(); ++i) {
    most = std::max(most, double(std::abs(a[i] - b[i])));
    size = std::max(size, double(std::abs(a[i])));
  }
  return most / size;
}

bool agrees(const std::string &name, const std::string &what, const Floats &expected, const Floats &got) {
  double by = difference(expected, got);
  // Sums of as many terms as steps and rows, in any order.
  if (by < 1e-3)
    return true;
  std::fprintf(stderr, "error: %s differs from the generated kernel in %s by %.2g of its largest value\n", name.c_str(), what.c_str(), by);
  return false;
}

struct NamedWay {
  std::string name;
  std::unique_ptr<Way> way;
};

std::vector<NamedWay> waysOf(const std::string &kind, const Problem &problem) {
  std::vector<NamedWay> ways;
  auto add = [&](const char *name, MakeWay *make) {
    if (auto way = make(problem))
      ways.push_back({name, std::move(way)});
  };
  add("weft", makeGenerated);
  if (kind == "lstm") {
    add("avx512", avx512::makeLstm);
    add("avx2", avx2::makeLstm);
    add("openblas", makeBlasLstm);
#ifdef WEFT_HAVE_DNNL
    add("onednn", makeDnnlLstm);
#endif
  } else if (kind == "conv1d") {
    add("avx512", avx512::makeConv1d);
    add("avx2", avx2::makeConv1d);
#ifdef WEFT_HAVE_DNNL
    add("onednn", makeDnnlConv1d);
#endif
  }
  return ways;
}

/// Each way twice: forward, and a step of training, whose counters are those of its backward part.
bool addCase(const std::string &kind, const std::string &library, int64_t rows, bench::Memory &memory) {
  // They live as long as the benchmarks that use them: to the end.
  auto &problem = *new Problem(loadModel(library), rows);
  auto &ways = *new std::vector<NamedWay>(waysOf(kind, problem));
  size_t colon = kind.find(':');
  double gates = colon == std::string::npos ? 4 : std::atof(kind.c_str() + colon + 1);
  Needs needs = kind == "conv1d" ? convolutionNeeds(problem, memory) : recurrentNeeds(problem, gates, memory);
  Result expected(problem);
  bool fine = true;
  for (NamedWay &named : ways) {
    Result got(problem);
    named.way->forward(got);
    bool trains = named.way->train(got);
    if (&named == &ways.front()) {
      expected = std::move(got);
    } else {
      fine &= agrees(named.name, "its output", expected.output, got.output);
      for (const auto &[name, gradient] : expected.gradients)
        fine &= !trains || agrees(named.name, "the gradient of " + name, gradient, got.gradients[name]);
    }
    auto add = [&](const char *work, const Need &need, bool training) {
      std::string name = library.substr(library.rfind('/') + 1) + "/" + std::to_string(rows) + "/" + work + "/" + named.name;
      Way *way = named.way.get();
      auto *result = new Result(problem);
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State &state) {
        _mm_setcsr(_mm_getcsr() | 0x8040);
        for (auto _ : state)
          training ? void(way->train(*result)) : way->forward(*result);
        state.counters["need_flops"] = need.flops;
        state.counters["need_seconds"] = need.seconds;
        // Beside what was just measured: the clock moves.
        state.counters["peak_flops"] = bench::measurePeak(vectors(), 0.005);
      })->Unit(benchmark::kMillisecond);
    };
    add("forward", needs.forward, false);
    if (trains)
      add("training", needs.backward, true);
  }
  return fine;
}

} // namespace
} // namespace weft::benchmarks

int main(int argc, char **argv) {
  using namespace weft;
  benchmark::Initialize(&argc, argv);
  if (argc < 4 || (argc - 1) % 3) {
    std::fprintf(stderr, "usage: %s (KIND LIBRARY ROWS)... [--benchmark_...]\n", argv[0]);
    return 1;
  }
  // As in a program: numbers that decayed to next to nothing are nothing.
  _mm_setcsr(_mm_getcsr() | 0x8040);
  bench::Memory memory(benchmarks::vectors());
  bool fine = true;
  for (int i = 1; i < argc; i += 3)
    fine &= benchmarks::addCase(argv[i], argv[i + 1], std::atoll(argv[i + 2]), memory);
  if (!fine)
    return 1;
  benchmark::RunSpecifiedBenchmarks();
}

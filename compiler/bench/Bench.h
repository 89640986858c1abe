//===- Bench.h - How fast a model's kernels are on this machine -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_BENCH_BENCH_H
#define WEFT_COMPILER_BENCH_BENCH_H

#include "compiler/pipeline/Pipeline.h"

namespace weft::bench {

struct Options {
  pipeline::Options model;
  std::string kernel;    ///< only this one; empty: all
  int64_t rows = 0;      ///< of a slice; 0: what the model's batch and slices give
  double seconds = 0.05; ///< for each kernel
  bool json = false;
};

/// Compiles the model's kernels, runs each on one core on buffers of its own, and
/// writes a table, or JSON, to `text`.
pipeline::Outcome bench(const Options &options, const pipeline::Toolchain &tools, std::string &text);

} // namespace weft::bench

#endif // WEFT_COMPILER_BENCH_BENCH_H

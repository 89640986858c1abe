//===- Tune.h - Schedules that fit a machine, found by trying -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_BENCH_TUNE_H
#define WEFT_COMPILER_BENCH_TUNE_H

#include "compiler/pipeline/Pipeline.h"

#include <cstdint>
#include <functional>

namespace weft::bench {

struct TuneOptions {
  pipeline::Options model;
  std::string kernel;   ///< only this one; empty: all that take a share of a batch
  std::string output;   ///< empty: beside the model, where `weft build` finds it
  int64_t rows = 0;     ///< of a slice; 0: what the model's batch and slices give
  double seconds = 60;  ///< for all kernels together
  uint64_t seed = 1;    ///< the same seed tries the same schedules in the same order
};

/// Searches schedules by local changes (tiles, the order of loops, unrolling):
/// each is compiled, must compute what the default schedule computes but for
/// rounding, and is kept where it is faster. Writes the best of each kernel as
/// text; `say` gets a line for each kernel as it is done.
pipeline::Outcome tune(const TuneOptions &options, const pipeline::Toolchain &tools,
                       const std::function<void(const std::string &)> &say);

} // namespace weft::bench

#endif // WEFT_COMPILER_BENCH_TUNE_H

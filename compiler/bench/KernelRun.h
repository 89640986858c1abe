//===- KernelRun.h - Compiled kernels loaded, with arguments to run them on -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_BENCH_KERNELRUN_H
#define WEFT_COMPILER_BENCH_KERNELRUN_H

#include "compiler/bench/Cost.h"
#include "compiler/codegen/KernelCompiler.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace weft::bench {

/// Kernels' objects in this process.
class LoadedKernels {
public:
  LoadedKernels();
  ~LoadedKernels();

  /// False where an object cannot be loaded; `error` says why.
  bool load(const std::vector<codegen::CompiledKernel> &kernels, std::string &error);
  /// The entry of a kernel; null where there is none.
  void *find(const std::string &symbol, std::string &error);

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

/// A kernel with buffers of its own. What is one step of a whole sequence in the
/// program has as many places as there are steps (within reason), gone through
/// one by one, so that it comes from where it will come from: seldom the
/// first-level cache.
class KernelRun {
public:
  KernelRun(void *entry, const KernelCost &cost, const Sizes &sizes, const CallSite *site);
  ~KernelRun();
  KernelRun(const KernelRun &) = delete;

  void run();

  /// What a call takes when nobody interrupts it: the least of short tries within `budget` seconds.
  double leastSeconds(double budget);

  /// The largest difference between what this run and `other`, of a kernel with the
  /// same arguments, have left in the first place of their outputs, as a part of
  /// the largest value there.
  double differenceFrom(const KernelRun &other) const;

  /// What one call reads and writes of buffers with one place, and of buffers
  /// with many; and what all places of each kind take together.
  struct Traffic {
    int64_t read = 0, written = 0, footprint = 0;
  };
  const Traffic &fixed() const { return fixedTraffic; }
  const Traffic &streamed() const { return streamedTraffic; }

private:
  struct Buffer;
  /// With room for `entries` rows at least, of which ids may name any.
  void addBuffer(const ArgumentCost &argument, const Sizes &sizes, int64_t places, int64_t entries);

  void *entry;
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<float> floats;     ///< scalars of type f32
  std::vector<uint64_t> words;   ///< pointers to buffers and other scalars
  int64_t placesOfSequence = 1, place = 0;
  Traffic fixedTraffic, streamedTraffic;
};

} // namespace weft::bench

#endif // WEFT_COMPILER_BENCH_KERNELRUN_H

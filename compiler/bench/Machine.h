//===- Machine.h - What this machine can do, measured -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A share of peak means nothing unless the peak was measured in the same run, on
// one core, with the vectors of the target: clocks move with the load and with
// the width of what runs.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_BENCH_MACHINE_H
#define WEFT_COMPILER_BENCH_MACHINE_H

#include <cstdint>
#include <map>
#include <vector>

namespace weft::bench {

/// What bounds the arithmetic of a target: its vectors, and whether it fuses.
enum class Vectors { Sse, Avx, AvxFma, Avx512 };

/// Seconds of the processor that this thread has had: what others take is not counted.
double now();

/// Of the times of many short tries, what stands for one without interruption:
/// the fastest tenth's last. The very fastest may be the clock's mistake.
double quietSeconds(std::vector<double> &tries);

/// The most floating-point operations a second that one core does: independent
/// chains in registers, nothing loaded. `budget` is how many seconds to look for it.
double measurePeak(Vectors vectors, double budget);

/// Seconds a byte read, and a byte written, where as many bytes as given are
/// gone over again and again: what that size's level of the caches gives.
class Memory {
public:
  explicit Memory(Vectors vectors) : vectors(vectors) {}
  double secondsFor(int64_t bytesRead, int64_t bytesWritten, int64_t footprint);
  /// Bytes read a second.
  double readBandwidth(int64_t footprint) { return 1 / cost(footprint).read; }

private:
  struct Cost {
    double read, write;
  };
  Cost cost(int64_t footprint);
  Vectors vectors;
  std::map<int64_t, Cost> known; ///< by the power of two nearest to the footprint
};

} // namespace weft::bench

#endif // WEFT_COMPILER_BENCH_MACHINE_H

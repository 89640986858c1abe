//===- ArenaPlanner.h - Where buffers stand in one arena --------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_ARENAPLANNER_H
#define WEFT_COMPILER_CODEGEN_ARENAPLANNER_H

#include <cstdint>
#include <vector>

namespace weft::codegen {

/// A buffer to place: what it takes, and the first and the last moment (both
/// included) at which what it holds is needed.
struct LiveRange {
  int64_t size = 0;
  int64_t begin = 0, end = 0;

  bool meets(const LiveRange &other) const { return begin <= other.end && other.begin <= end; }
};

struct ArenaPlan {
  std::vector<int64_t> offsets; ///< one a range
  int64_t size = 0;             ///< what the arena takes
  int64_t live = 0;             ///< the most that is needed at one moment: no plan is smaller
};

/// Places every range so that two that meet do not overlap. Sizes and offsets
/// are in whatever unit the caller counts in; with sizes that are multiples of
/// an alignment every offset is one too.
ArenaPlan planArena(const std::vector<LiveRange> &ranges);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_ARENAPLANNER_H

//===- ArenaPlannerTest.cpp - No two live buffers overlap -------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/ArenaPlanner.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using namespace weft::codegen;

namespace {

/// Checks a plan for sizes in units, and again with every size and offset times a
/// row capacity: the plan must hold for any.
void expectSound(const std::vector<LiveRange> &ranges) {
  ArenaPlan plan = planArena(ranges);
  ASSERT_EQ(plan.offsets.size(), ranges.size());
  EXPECT_GE(plan.size, plan.live);
  for (int64_t capacity : {1, 8, 24, 64, 1000}) {
    for (size_t a = 0; a < ranges.size(); ++a) {
      int64_t beginA = plan.offsets[a] * capacity, endA = beginA + ranges[a].size * capacity;
      EXPECT_GE(beginA, 0);
      EXPECT_LE(endA, plan.size * capacity);
      EXPECT_EQ(plan.offsets[a] % 16, 0);
      for (size_t b = 0; b < a; ++b) {
        int64_t beginB = plan.offsets[b] * capacity, endB = beginB + ranges[b].size * capacity;
        if (ranges[a].meets(ranges[b]))
          EXPECT_TRUE(endA <= beginB || endB <= beginA || beginA == endA || beginB == endB)
              << "buffers " << a << " and " << b << " overlap";
      }
    }
  }
}

TEST(ArenaPlanner, randomRanges) {
  std::mt19937 engine(1);
  int64_t taken = 0, needed = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<LiveRange> ranges(1 + engine() % 40);
    for (LiveRange &range : ranges) {
      range.size = 16 * (engine() % (engine() % 4 ? 8 : 400));
      range.begin = engine() % 60;
      range.end = range.begin + engine() % (engine() % 3 ? 8 : 60);
    }
    expectSound(ranges);
    ArenaPlan plan = planArena(ranges);
    taken += plan.size;
    needed += plan.live;
  }
  // Not a property of every plan, but of a planner worth having.
  EXPECT_LT(double(taken), 1.05 * double(needed));
}

TEST(ArenaPlanner, buffersThatNeverMeetShare) {
  ArenaPlan plan = planArena({{160, 0, 3}, {160, 4, 6}, {160, 7, 9}});
  EXPECT_EQ(plan.size, 160);
  // What is read in a step and what is written in it are both needed then.
  plan = planArena({{160, 0, 3}, {160, 3, 6}});
  EXPECT_EQ(plan.size, 320);
}

TEST(ArenaPlanner, nothing) {
  ArenaPlan plan = planArena({});
  EXPECT_EQ(plan.size, 0);
  EXPECT_EQ(plan.live, 0);
}

} // namespace

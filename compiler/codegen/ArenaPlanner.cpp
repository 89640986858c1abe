//===- ArenaPlanner.cpp - Where buffers stand in one arena ------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/ArenaPlanner.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

using namespace weft::codegen;

/// Places the ranges one after another in `order`, each into the smallest gap
/// that holds it between the buffers that are needed at the same time.
static ArenaPlan placeInOrder(const std::vector<LiveRange> &ranges, const std::vector<size_t> &order) {
  ArenaPlan plan;
  plan.offsets.assign(ranges.size(), 0);
  std::vector<size_t> placed; // in order of offset
  for (size_t index : order) {
    const LiveRange &range = ranges[index];
    int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), cursor = 0;
    for (size_t other : placed) {
      if (!ranges[other].meets(range))
        continue;
      int64_t gap = plan.offsets[other] - cursor;
      if (gap >= range.size && gap < bestGap) {
        best = cursor;
        bestGap = gap;
      }
      cursor = std::max(cursor, plan.offsets[other] + ranges[other].size);
    }
    int64_t offset = best >= 0 ? best : cursor;
    plan.offsets[index] = offset;
    plan.size = std::max(plan.size, offset + range.size);
    auto place = std::upper_bound(placed.begin(), placed.end(), offset,
                                  [&](int64_t value, size_t other) { return value < plan.offsets[other]; });
    placed.insert(place, index);
  }
  return plan;
}

static int64_t mostLive(const std::vector<LiveRange> &ranges) {
  std::map<int64_t, int64_t> changes;
  for (const LiveRange &range : ranges) {
    changes[range.begin] += range.size;
    changes[range.end + 1] -= range.size;
  }
  int64_t live = 0, most = 0;
  for (auto [moment, change] : changes)
    most = std::max(most, live += change);
  return most;
}

ArenaPlan weft::codegen::planArena(const std::vector<LiveRange> &ranges) {
  // No order is best for every program: the largest first leaves few gaps where
  // a few stacks dominate; the order of time suits chains; the longest-lived
  // first keeps what stays out of the way of what comes and goes.
  std::vector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), size_t(0));
  auto length = [&](size_t index) { return ranges[index].end - ranges[index].begin; };
  ArenaPlan best = placeInOrder(ranges, order);
  auto attempt = [&](auto before) {
    std::vector<size_t> sorted = order;
    std::stable_sort(sorted.begin(), sorted.end(), before);
    ArenaPlan plan = placeInOrder(ranges, sorted);
    if (plan.size < best.size)
      best = std::move(plan);
  };
  attempt([&](size_t a, size_t b) { return ranges[a].size > ranges[b].size; });
  attempt([&](size_t a, size_t b) { return ranges[a].begin < ranges[b].begin; });
  attempt([&](size_t a, size_t b) { return ranges[a].end > ranges[b].end; });
  attempt([&](size_t a, size_t b) { return length(a) > length(b); });
  attempt([&](size_t a, size_t b) { return length(a) * ranges[a].size > length(b) * ranges[b].size; });
  best.live = mostLive(ranges);
  return best;
}

//===- KernelCompilerPoolTest.cpp - How copies of a process end -----------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/KernelCompilerPool.h"

#include "gtest/gtest.h"

#include <csignal>
#include <unistd.h>

using namespace weft::codegen;
using End = WorkerResult::End;

/// One that ends, one that dies and one that would stay: each says what became of it,
/// in its place, and none holds up the others.
TEST(KernelCompilerPool, SaysHowEachWorkerEnded) {
  auto results = runWorkers(4, /*parallel=*/2, /*timeLimitSeconds=*/1, [](size_t number) {
    if (number == 1)
      raise(SIGKILL);
    if (number == 2)
      for (;;)
        pause();
    return number == 3 ? 7 : 0;
  });
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0].end, End::Exited);
  EXPECT_EQ(results[0].code, 0);
  EXPECT_EQ(results[1].end, End::Signalled);
  EXPECT_EQ(results[1].code, SIGKILL);
  EXPECT_EQ(results[2].end, End::TimedOut);
  EXPECT_EQ(results[3].end, End::Exited);
  EXPECT_EQ(results[3].code, 7);
}

/// What a worker changes is its own.
TEST(KernelCompilerPool, WorkersAreCopies) {
  int value = 1;
  auto results = runWorkers(1, 1, 10, [&](size_t) { return value = 5; });
  EXPECT_EQ(results[0].code, 5);
  EXPECT_EQ(value, 1);
}

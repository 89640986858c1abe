//===- SupportTest.cpp - Random numbers, threads, the processor ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/Cpu.h"
#include "runtime/support/Random.h"
#include "runtime/support/Text.h"
#include "runtime/support/ThreadPool.h"
#include "tests/runtime/Helpers.h"

#include <atomic>
#include <map>
#include <numeric>

using namespace weft::runtime;
using testing::ElementsAre;

// The known answers that Random123 publishes for philox4x32-10.
TEST(Random, philoxKnownAnswers) {
  EXPECT_THAT(Philox::draw({0, 0, 0, 0}, {0, 0}), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(Philox::draw({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(Philox::draw({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(Random, streamsDiffer) {
  std::map<uint64_t, int> seen;
  for (uint64_t seed : {1, 2})
    for (const char *name : {"lstm/kernel", "lstm/bias"})
      for (uint32_t sequence : {0, 1})
        ++seen[RandomStream(seed, name, sequence).wide()];
  EXPECT_EQ(seen.size(), 8u);
  EXPECT_EQ(RandomStream(1, "a").wide(), RandomStream(1, "a").wide());
}

TEST(Random, distributions) {
  RandomStream random(3, "test");
  constexpr int count = 100000;
  double sum = 0, squares = 0, uniforms = 0;
  std::map<uint64_t, int> dice;
  for (int i = 0; i < count; ++i) {
    double normal = random.normal();
    sum += normal;
    squares += normal * normal;
    double uniform = random.uniform();
    ASSERT_TRUE(uniform >= 0 && uniform < 1);
    uniforms += uniform;
    ++dice[random.below(6)];
  }
  EXPECT_NEAR(sum / count, 0, 0.02);
  EXPECT_NEAR(squares / count, 1, 0.03);
  EXPECT_NEAR(uniforms / count, 0.5, 0.005);
  ASSERT_EQ(dice.size(), 6u);
  for (auto [face, times] : dice)
    EXPECT_NEAR(times, count / 6, 600) << face;
}

TEST(ThreadPool, everyTaskOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (int64_t count : {0, 1, 2, 1000}) {
      std::vector<std::atomic<int>> done(static_cast<size_t>(count));
      for (int round = 0; round < 20; ++round)
        pool.run(count, [&](int64_t task, int worker) {
          ASSERT_TRUE(worker >= 0 && worker < threads);
          ++done[static_cast<size_t>(task)];
        });
      for (const auto &times : done)
        ASSERT_EQ(times, 20);
    }
  }
}

TEST(ThreadPool, passesErrorsOn) {
  ThreadPool pool(3);
  auto body = [](int64_t task, int) {
    if (task == 7)
      throw std::runtime_error("seven");
  };
  EXPECT_THROW(pool.run(20, body), std::runtime_error);
  pool.run(20, [](int64_t, int) {}); // goes on working
}

TEST(ThreadPool, flushesDenormals) {
  ThreadPool pool(2);
  std::atomic<int> flushed{0};
  pool.run(64, [&](int64_t, int) {
    volatile float small = 1e-38f;
    volatile float tiny = small * 0.1f;
    flushed += tiny == 0;
  });
  EXPECT_EQ(flushed, 64);
}

TEST(Cpu, names) {
#if defined(__x86_64__)
  EXPECT_THAT(missingFeatures("sse2"), testing::IsEmpty());
#endif
  EXPECT_THAT(missingFeatures(""), testing::IsEmpty());
  EXPECT_THAT(missingFeatures("sse2  warp-drive"), ElementsAre("warp-drive"));
}

TEST(Text, numbers) {
  EXPECT_EQ(withThousands(213301), "213,301");
  EXPECT_EQ(withThousands(999), "999");
  EXPECT_EQ(withThousands(-1234567), "-1,234,567");
  EXPECT_EQ(withUnit(853204), "833.21 KB");
  EXPECT_EQ(withUnit(0), "0.00 B");
  EXPECT_EQ(shapeText(std::vector<int64_t>{500, 1}), "500×1");
  EXPECT_EQ(parseInteger("12"), 12);
  EXPECT_EQ(parseInteger("12x"), std::nullopt);
  EXPECT_EQ(parseNumber("0.25"), 0.25);
}

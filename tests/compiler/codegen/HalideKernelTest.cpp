//===- HalideKernelTest.cpp - Every op of the halide dialect, executed ----===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HalideTestKernel.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <random>

using namespace weft::test;

static void fillRandom(std::vector<float> &values, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> between(-1, 1);
  for (float &value : values)
    value = between(random);
}

#define LOAD(kernel, text)                                                                                   \
  Kernel kernel(text);                                                                                       \
  ASSERT_TRUE(kernel.loaded()) << kernel.diagnostics

//===----------------------------------------------------------------------===//
// halide.func, update, output: a matrix product with every kind of loop
//===----------------------------------------------------------------------===//

static std::string affine(const std::string &schedule) {
  return R"(
halide.kernel @affine {
  halide.input @x : memref<?x20xf32, strided<[24, 1], offset: ?>>
  halide.input @w : memref<20x30xf32>
  halide.func @z(%u, %r) : f32 {
    %0 = arith.constant 0.5 : f32
    halide.yield %0 : f32
  }
  halide.update @z(%u, %r) over (%k) in [#halide.range<"k", 0, 20>] {
    %0 = halide.at @z[%u, %r] : f32
    %1 = halide.at @w[%u, %k] : f32
    %2 = halide.at @x[%k, %r] : f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %0, %3 : f32
    halide.yield %4 : f32
  }
  halide.func @y(%u, %r) : f32 {
    %0 = halide.at @z[%u, %r] : f32
    %1 = arith.negf %0 : f32
    halide.yield %1 : f32
  }
  halide.output @y : [memref<?x30xf32, strided<[32, 1], offset: ?>>]
})" + schedule;
}

static const char *const tiled = R"(
halide.schedule @affine {
  halide.split @y "u" into "uo", "ui" by 8 tail round_up
  halide.split @y "r" into "ro", "ri" by 3 tail round_up
  halide.reorder @y ["ui", "ri", "ro", "uo"]
  halide.vectorize @y "ui"
  halide.unroll @y "ri"
  halide.compute_at @z in @y "ro"
  halide.store_in @z register
  halide.vectorize @z "u"
  halide.unroll @z "r"
  halide.reorder @z update 1 ["u", "r", "k"]
  halide.vectorize @z update 1 "u"
  halide.unroll @z update 1 "r"
  halide.unroll @z update 1 "k" by 2
})";

/// One row takes all columns at once; what is computed for it has other extents.
static const char *const special = R"(
halide.schedule @affine {
  halide.specialize @y for "r" up_to 1 {
    halide.split @y "u" into "uo", "ui" by 32 tail round_up
    halide.split @y "r" into "ro", "ri" by 1 tail round_up
    halide.reorder @y ["ui", "ri", "ro", "uo"]
    halide.vectorize @y "ui"
  }
  halide.split @y "u" into "uo", "ui" by 8 tail round_up
  halide.split @y "r" into "ro", "ri" by 3 tail round_up
  halide.reorder @y ["ui", "ri", "ro", "uo"]
  halide.vectorize @y "ui"
  halide.unroll @y "ri"
  halide.compute_at @z in @y "ro"
  halide.store_in @z stack
  halide.split @z "u" into "uo", "ui" by 8
  halide.vectorize @z "ui"
  halide.unroll @z "uo"
  halide.unroll @z "r"
  halide.split @z update 1 "u" into "uo", "ui" by 8
  halide.reorder @z update 1 ["ui", "uo", "r", "k"]
  halide.vectorize @z update 1 "ui"
  halide.unroll @z update 1 "uo"
  halide.unroll @z update 1 "r"
})";

/// Six columns behind 24 by themselves: other tiles, and a case of few rows in each part.
static const char *const cut = R"(
halide.schedule @affine {
  halide.cut @y for "u" at 24 {
    halide.specialize @y for "r" up_to 1 {
      halide.split @y "u" into "uo", "ui" by 8 tail round_up
      halide.vectorize @y "ui"
    }
    halide.split @y "u" into "uo", "ui" by 8 tail round_up
    halide.split @y "r" into "ro", "ri" by 4 tail round_up
    halide.reorder @y ["ui", "ri", "uo", "ro"]
    halide.vectorize @y "ui"
    halide.unroll @y "ri"
    halide.compute_at @z in @y "uo"
    halide.store_in @z stack
    halide.vectorize @z "u"
    halide.unroll @z "r"
    halide.reorder @z update 1 ["u", "r", "k"]
    halide.vectorize @z update 1 "u"
    halide.unroll @z update 1 "r"
  }
  halide.specialize @y for "r" up_to 1 {
    halide.split @y "u" into "uo", "ui" by 24 tail round_up
    halide.split @y "r" into "ro", "ri" by 1 tail round_up
    halide.vectorize @y "ui"
  }
  halide.split @y "u" into "uo", "ui" by 8 tail round_up
  halide.split @y "r" into "ro", "ri" by 3 tail round_up
  halide.reorder @y ["ui", "ri", "ro", "uo"]
  halide.vectorize @y "ui"
  halide.unroll @y "ri"
  halide.compute_at @z in @y "ro"
  halide.store_in @z stack
  halide.split @z "u" into "uo", "ui" by 8
  halide.vectorize @z "ui"
  halide.unroll @z "r"
})";

TEST(HalideKernel, ScheduleChangesSpeedAndNoResult) {
  for (std::string schedule :
       {std::string(), std::string(tiled), std::string(special), std::string(cut),
        std::string("halide.schedule @affine { halide.cut @y for \"u\" at 1 {\n halide.unroll @y \"u\" by 2 }\n}"),
        std::string("halide.schedule @affine { halide.compute_at @z in @y \"r\"\n halide.store_in @z stack\n"
                    " halide.bound_extent @z \"u\", 30\n halide.align_bounds @z \"u\", 2 }"),
        std::string("halide.schedule @affine { halide.fuse @y \"u\", \"r\" into \"f\" }"),
        std::string(
            "halide.schedule @affine { halide.bound @y \"u\", 0, 30\n halide.compute_at @z in @y \"u\"\n"
            " halide.split @z update 1 \"k\" into \"ko\", \"ki\" by 5\n halide.atomic @z update 1\n"
            " halide.vectorize @z update 1 \"ki\" }")}) {
    SCOPED_TRACE(schedule);
    LOAD(kernel, affine(schedule));
    for (int64_t rows : {1, 3, 7}) {
      Buffer<float> x({rows, 20}, {24, 1}), w({20, 30}), y({rows, 30}, {32, 1}, 7.0f);
      fillRandom(x.data, 1);
      fillRandom(w.data, 2);
      ASSERT_EQ(kernel(x.raw(), w.raw(), y.raw()), 0);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t u = 0; u < 30; ++u) {
          double sum = 0.5;
          for (int64_t k = 0; k < 20; ++k)
            sum += double(w.at({k, u})) * x.at({r, k});
          EXPECT_NEAR(y.at({r, u}), -sum, 20 * 2e-7) << r << ' ' << u;
        }
    }
  }
}

//===----------------------------------------------------------------------===//
// Tuples, scalars, strides
//===----------------------------------------------------------------------===//

TEST(HalideKernel, TupleWritesSeveralBuffers) {
  LOAD(kernel, R"(
halide.kernel @"sum.and-product" {
  halide.input @a : memref<?x10xf32>
  halide.scalar @scale : f32
  halide.scalar @shift : i32
  halide.scalar @column : index
  halide.func @both(%u, %r) : f32, f32 {
    %a = halide.at @a[%u, %r] : f32
    %c = halide.at @column[] : index
    %b = halide.at @a[%c, %r] : f32
    %scale = halide.at @scale[] : f32
    %i = halide.at @shift[] : i32
    %shift = arith.sitofp %i : i32 to f32
    %0 = arith.mulf %a, %scale : f32
    %1 = arith.addf %b, %shift : f32
    halide.yield %0, %1 : f32, f32
  }
  halide.update @both(%u, %r) over () in [] {
    %0 = halide.at @both[%u, %r] : f32
    %1 = halide.at @both[%u, %r] {value = 1} : f32
    %2 = arith.addf %0, %1 : f32
    halide.yield %2, %0 : f32, f32
  }
  halide.output @both : [memref<?x10xf32>, memref<?x10xf32, strided<[16, 1], offset: ?>>]
})");
  Buffer<float> a({4, 10}), first({4, 10}), second({4, 10}, {16, 1});
  fillRandom(a.data, 3);
  ASSERT_EQ(kernel(a.raw(), 2.5f, int32_t(-3), int64_t(4), first.raw(), second.raw()), 0);
  for (int64_t r = 0; r < 4; ++r)
    for (int64_t u = 0; u < 10; ++u) {
      float scaled = a.at({r, u}) * 2.5f, shifted = a.at({r, 4}) - 3;
      EXPECT_FLOAT_EQ(first.at({r, u}), scaled + shifted);
      EXPECT_FLOAT_EQ(second.at({r, u}), scaled);
    }
}

/// Updates in place are done once for each element, on both sides of a cut, and so are several values.
TEST(HalideKernel, CutsUpdatesAndTuples) {
  for (int64_t at : {3, 8, 9}) {
    SCOPED_TRACE(at);
    LOAD(kernel, R"(
halide.kernel @both {
  halide.input @a : memref<?x10xf32>
  halide.func @sum(%u, %r) : f32 {
    %a = halide.at @a[%u, %r] : f32
    %0 = arith.addf %a, %a : f32
    halide.yield %0 : f32
  }
  halide.func @both(%u, %r) : f32, f32 {
    %0 = halide.undef : f32
    %1 = halide.at @sum[%u, %r] : f32
    halide.yield %0, %1 : f32, f32
  }
  halide.update @both(%u, %r) over () in [] {
    %0 = halide.at @both[%u, %r] : f32
    %1 = halide.at @both[%u, %r] {value = 1} : f32
    %2 = arith.addf %0, %1 : f32
    halide.yield %2, %0 : f32, f32
  }
  halide.output @both : [memref<?x10xf32>, memref<?x10xf32, strided<[16, 1], offset: ?>>]
}
halide.schedule @both {
  halide.cut @both for "u" at )" + std::to_string(at) +
                     R"( {
    halide.split @both update 1 "u" into "uo", "ui" by 2 tail guard_with_if
    halide.vectorize @both update 1 "ui"
    halide.compute_at @sum in @both "r"
    halide.store_in @sum stack
  }
  halide.split @both update 1 "u" into "uo", "ui" by 4 tail guard_with_if
  halide.vectorize @both update 1 "ui"
})");
    Buffer<float> a({4, 10}), first({4, 10}), second({4, 10}, {16, 1});
    fillRandom(a.data, 3);
    fillRandom(first.data, 4);
    Buffer<float> before = first;
    ASSERT_EQ(kernel(a.raw(), first.raw(), second.raw()), 0);
    for (int64_t r = 0; r < 4; ++r)
      for (int64_t u = 0; u < 10; ++u) {
        EXPECT_FLOAT_EQ(first.at({r, u}), before.at({r, u}) + 2 * a.at({r, u}));
        EXPECT_FLOAT_EQ(second.at({r, u}), before.at({r, u}));
      }
  }
}

TEST(HalideKernel, FastestDimensionMayHaveAStride) {
  LOAD(kernel, R"(
halide.kernel @transpose {
  halide.input @a : memref<5x?xf32, strided<[1, 8], offset: ?>>
  halide.input @b : memref<?x5xf32, strided<[?, ?], offset: ?>>
  halide.func @sum(%u, %r) : f32 {
    %a = halide.at @a[%r, %u] : f32
    %b = halide.at @b[%u, %r] : f32
    %0 = arith.addf %a, %b : f32
    halide.yield %0 : f32
  }
  halide.output @sum : [memref<?x5xf32>]
})");
  Buffer<float> a({5, 3}, {1, 8}), b({3, 5}, {20, 2}), sum({3, 5});
  fillRandom(a.data, 4);
  fillRandom(b.data, 5);
  ASSERT_EQ(kernel(a.raw(), b.raw(), sum.raw()), 0);
  for (int64_t r = 0; r < 3; ++r)
    for (int64_t u = 0; u < 5; ++u)
      EXPECT_FLOAT_EQ(sum.at({r, u}), a.at({u, r}) + b.at({r, u}));
}

//===----------------------------------------------------------------------===//
// Reductions: run-time extents, several ranges, where, coordinates, undef
//===----------------------------------------------------------------------===//

TEST(HalideKernel, ReducesOverRunTimeExtents) {
  LOAD(kernel, R"(
halide.kernel @contract {
  halide.input @x : memref<3x?x4xf32>
  halide.input @d : memref<3x?x6xf32>
  halide.func @dw(%u, %k) : f32 {
    %0 = arith.constant 0.0 : f32
    halide.yield %0 : f32
  }
  halide.update @dw(%u, %k) over (%r, %t) in [#halide.range<"r", 0, extent @x 1>, #halide.range<"t", 1, 2>] {
    %0 = halide.at @dw[%u, %k] : f32
    %1 = halide.at @x[%k, %r, %t] : f32
    %2 = halide.at @d[%u, %r, %t] : f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %0, %3 : f32
    halide.yield %4 : f32
  }
  halide.output @dw : [memref<4x6xf32>]
})");
  Buffer<float> x({3, 5, 4}), d({3, 5, 6}), dw({4, 6});
  fillRandom(x.data, 6);
  fillRandom(d.data, 7);
  ASSERT_EQ(kernel(x.raw(), d.raw(), dw.raw()), 0);
  for (int64_t k = 0; k < 4; ++k)
    for (int64_t u = 0; u < 6; ++u) {
      double sum = 0;
      for (int64_t t = 1; t < 3; ++t)
        for (int64_t r = 0; r < 5; ++r)
          sum += double(x.at({t, r, k})) * d.at({t, r, u});
      EXPECT_NEAR(dw.at({k, u}), sum, 2e-6);
    }
}

TEST(HalideKernel, ScattersInPlaceWhereAConditionHolds) {
  LOAD(kernel, R"(
halide.kernel @scatter {
  halide.input @ids : memref<?xi32>
  halide.input @rows : memref<?x4xf32>
  halide.func @table(%u, %id) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.update @table(%u, %id) over (%i) in [#halide.range<"i", 0, extent @ids 0>] {
    %zero = arith.constant 0 : i32
    %raw = halide.at @ids[%i] : i32
    %present = arith.cmpi sge, %raw, %zero : i32
    halide.where %present
    %limit = arith.constant 5 : index
    %low = arith.constant 0 : index
    %wide = arith.index_cast %raw : i32 to index
    %below = arith.minsi %wide, %limit : index
    %at = arith.maxsi %below, %low : index
    %0 = halide.at @table[%u, %at] : f32
    %1 = halide.at @rows[%u, %i] : f32
    %2 = arith.addf %0, %1 : f32
    halide.yield %2 at (%u, %at) : f32
  }
  halide.output @table : [memref<6x4xf32>]
}
halide.schedule @scatter {
  halide.split @table update 1 "u" into "uo", "ui" by 4
  halide.vectorize @table update 1 "ui"
})");
  std::vector<int32_t> ids = {2, -1, 0, 2, 5, 9};
  Buffer<int32_t> id({6});
  std::copy(ids.begin(), ids.end(), id.data.begin());
  Buffer<float> rows({6, 4}), table({6, 4});
  fillRandom(rows.data, 8);
  fillRandom(table.data, 9);
  Buffer<float> expected = table;
  ASSERT_EQ(kernel(id.raw(), rows.raw(), table.raw()), 0);
  for (int64_t i = 0; i < 6; ++i)
    if (ids[i] >= 0)
      for (int64_t u = 0; u < 4; ++u)
        expected.at({std::min<int64_t>(ids[i], 5), u}) += rows.at({i, u});
  for (int64_t i = 0; i < 24; ++i)
    EXPECT_FLOAT_EQ(table.data[i], expected.data[i]);
}

//===----------------------------------------------------------------------===//
// arith and math, operation by operation
//===----------------------------------------------------------------------===//

namespace {
/// One operation on two operands of type T giving R.
template <typename T, typename R>
void checkBinary(const std::string &operand, const std::string &result, const std::string &body,
                 std::function<R(T, T)> judge, std::vector<std::pair<T, T>> cases) {
  SCOPED_TRACE(body);
  LOAD(kernel, "halide.kernel @op {\n  halide.input @a : memref<?x" + operand +
                   ">\n  halide.input @b : memref<?x" + operand + ">\n  halide.func @y(%i) : " + result +
                   " {\n    %a = halide.at @a[%i] : " + operand + "\n    %b = halide.at @b[%i] : " + operand +
                   "\n    " + body + "\n    halide.yield %y : " + result +
                   "\n  }\n  halide.output @y : [memref<?x" + result +
                   ">]\n}\n"
                   "halide.schedule @op { halide.split @y \"i\" into \"o\", \"v\" by 8 tail round_up\n"
                   " halide.vectorize @y \"v\" }");
  int64_t count = cases.size();
  Buffer<T> a({count}, {}, T(1)), b({count}, {}, T(1));
  Buffer<R> y({count});
  for (int64_t i = 0; i < count; ++i) {
    a.data[i] = cases[i].first;
    b.data[i] = cases[i].second;
  }
  ASSERT_EQ(kernel(a.raw(), b.raw(), y.raw()), 0);
  for (int64_t i = 0; i < count; ++i) {
    R expected = judge(cases[i].first, cases[i].second);
    if constexpr (std::is_floating_point_v<R>) {
      if (!std::isfinite(expected))
        EXPECT_EQ(std::to_string(y.data[i]), std::to_string(expected))
            << +cases[i].first << ' ' << +cases[i].second;
      else
        EXPECT_NEAR(y.data[i], expected, 4e-7 * std::max(R(1), std::abs(expected)))
            << +cases[i].first << ' ' << +cases[i].second;
    } else {
      EXPECT_EQ(y.data[i], expected) << +cases[i].first << ' ' << +cases[i].second;
    }
  }
}

using F = float;
using I = int32_t;
using U = uint32_t;
} // namespace

TEST(HalideExpression, Floats) {
  std::vector<std::pair<F, F>> cases = {{1.5f, -2.25f}, {-3, 4},       {7.5f, 2},
                                        {0, 1},         {100, 0.125f}, {-0.5f, -0.5f}};
  auto check = [&](const std::string &body, std::function<F(F, F)> judge) {
    checkBinary<F, F>("f32", "f32", body, judge, cases);
  };
  check("%y = arith.addf %a, %b : f32", [](F a, F b) { return a + b; });
  check("%y = arith.subf %a, %b : f32", [](F a, F b) { return a - b; });
  check("%y = arith.mulf %a, %b : f32", [](F a, F b) { return a * b; });
  check("%y = arith.divf %a, %b : f32", [](F a, F b) { return a / b; });
  check("%y = arith.remf %a, %b : f32", [](F a, F b) { return std::fmod(a, b); });
  check("%y = arith.maximumf %a, %b : f32", [](F a, F b) { return std::max(a, b); });
  check("%y = arith.minnumf %a, %b : f32", [](F a, F b) { return std::min(a, b); });
  check("%y = math.fma %a, %b, %a : f32", [](F a, F b) { return a * b + a; });
  check("%c = arith.cmpf ogt, %a, %b : f32\n %y = arith.select %c, %a, %b : f32",
        [](F a, F b) { return std::max(a, b); });
  check("%s = math.absf %a : f32\n %y = math.powf %s, %b : f32",
        [](F a, F b) { return std::pow(std::abs(a), b); });
  check("%c = arith.constant 3.0 : f32\n %y = math.powf %a, %c : f32", [](F a, F) { return a * a * a; });
  check("%s = math.absf %a : f32\n %c = arith.constant -1.5 : f32\n %o = arith.constant 1.0 : f32\n"
        " %t = arith.addf %s, %o : f32\n %y = math.powf %t, %c : f32",
        [](F a, F) { return std::pow(std::abs(a) + 1, -1.5f); });
  check("%s = math.absf %a : f32\n %y = math.sqrt %s : f32", [](F a, F) { return std::sqrt(std::abs(a)); });
  check("%y = math.sin %a : f32", [](F a, F) { return std::sin(a); });
  check("%y = math.erf %a : f32", [](F a, F) { return std::erf(a); });
  check("%y = math.floor %a : f32", [](F a, F) { return std::floor(a); });
  check("%y = math.ceil %a : f32", [](F a, F) { return std::ceil(a); });
  check("%y = math.roundeven %a : f32", [](F a, F) { return std::nearbyint(a); });
  check("%bits = arith.bitcast %a : f32 to i32\n %y = arith.sitofp %bits : i32 to f32",
        [](F a, F) { return F(std::bit_cast<I>(a)); });
  check("%w = arith.extf %a : f32 to f64\n %t = math.exp %w : f64\n %y = arith.truncf %t : f64 to f32",
        [](F a, F) { return std::exp(double(a)); });
}

TEST(HalideExpression, FloatComparisonsKnowNaN) {
  std::vector<std::pair<F, F>> cases = {{1, 2}, {2, 1}, {1, 1}, {NAN, 1}, {1, NAN}, {INFINITY, 1}};
  auto check = [&](const std::string &predicate, std::function<bool(F, F)> judge) {
    checkBinary<F, I>(
        "f32", "i32", "%c = arith.cmpf " + predicate + ", %a, %b : f32\n %y = arith.extui %c : i1 to i32",
        [&](F a, F b) { return I(judge(a, b)); }, cases);
  };
  check("olt", [](F a, F b) { return a < b; });
  check("oge", [](F a, F b) { return a >= b; });
  check("oeq", [](F a, F b) { return a == b; });
  check("une", [](F a, F b) { return a != b; });
  check("uno", [](F a, F b) { return std::isnan(a) || std::isnan(b); });
  check("ult", [](F a, F b) { return !(a >= b); });
}

TEST(HalideExpression, Integers) {
  std::vector<std::pair<I, I>> cases = {{7, 3},         {-7, 3},     {7, -3}, {-7, -3},
                                        {INT32_MAX, 2}, {12345, 31}, {0, 5},  {-1, 1}};
  auto check = [&](const std::string &body, std::function<I(I, I)> judge) {
    checkBinary<I, I>("i32", "i32", body, judge, cases);
  };
  check("%y = arith.addi %a, %b : i32", [](I a, I b) { return I(U(a) + U(b)); });
  check("%y = arith.subi %a, %b : i32", [](I a, I b) { return I(U(a) - U(b)); });
  check("%y = arith.muli %a, %b : i32", [](I a, I b) { return I(U(a) * U(b)); });
  check("%y = arith.divsi %a, %b : i32", [](I a, I b) { return a / b; });
  check("%y = arith.remsi %a, %b : i32", [](I a, I b) { return a % b; });
  check("%y = arith.divui %a, %b : i32", [](I a, I b) { return I(U(a) / U(b)); });
  check("%y = arith.remui %a, %b : i32", [](I a, I b) { return I(U(a) % U(b)); });
  check("%y = arith.floordivsi %a, %b : i32", [](I a, I b) { return I(std::floor(double(a) / b)); });
  check("%y = arith.ceildivsi %a, %b : i32", [](I a, I b) { return I(std::ceil(double(a) / b)); });
  check("%y = arith.minsi %a, %b : i32", [](I a, I b) { return std::min(a, b); });
  check("%y = arith.maxui %a, %b : i32", [](I a, I b) { return I(std::max(U(a), U(b))); });
  check("%y = arith.andi %a, %b : i32", [](I a, I b) { return a & b; });
  check("%y = arith.xori %a, %b : i32", [](I a, I b) { return a ^ b; });
  check("%y = arith.ori %a, %b : i32", [](I a, I b) { return a | b; });
  check("%c = arith.constant 5 : i32\n %y = arith.shrui %a, %c : i32", [](I a, I) { return I(U(a) >> 5); });
  check("%c = arith.constant 5 : i32\n %y = arith.shrsi %a, %c : i32", [](I a, I) { return a >> 5; });
  check("%c = arith.constant 5 : i32\n %y = arith.shli %a, %c : i32", [](I a, I) { return I(U(a) << 5); });
  check("%c = arith.cmpi ult, %a, %b : i32\n %y = arith.select %c, %a, %b : i32",
        [](I a, I b) { return U(a) < U(b) ? a : b; });
  check("%l, %y = arith.mului_extended %a, %b : i32",
        [](I a, I b) { return I((uint64_t(U(a)) * U(b)) >> 32); });
  check("%y, %h = arith.mului_extended %a, %b : i32", [](I a, I b) { return I(U(a) * U(b)); });
  check("%l, %y = arith.mulsi_extended %a, %b : i32", [](I a, I b) { return I((int64_t(a) * b) >> 32); });
  check("%f = arith.sitofp %a : i32 to f32\n %y = arith.fptosi %f : f32 to i32",
        [](I a, I) { return a == INT32_MAX ? I(INT32_MIN) : a; });
}

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

static std::string readFile(const std::string &path) {
  std::string bytes;
  if (FILE *file = std::fopen(path.c_str(), "rb")) {
    char block[4096];
    while (size_t got = std::fread(block, 1, sizeof(block), file))
      bytes.append(block, got);
    std::fclose(file);
  }
  return bytes;
}

TEST(HalideKernel, SameBytesEveryTime) {
  std::string before, path;
  for (int round = 0; round < 3; ++round) {
    std::string messages = diagnosticsOf(affine(tiled), [&](mlir::ModuleOp module) {
      auto options = testOptions();
      options.reuse = false;
      auto compiled = weft::codegen::compileKernels(module, options);
      ASSERT_TRUE(mlir::succeeded(compiled));
      path = compiled->front().objectPath;
    });
    EXPECT_EQ(messages, "");
    std::string bytes = readFile(path);
    EXPECT_FALSE(bytes.empty());
    if (round)
      EXPECT_EQ(bytes, before);
    before = bytes;
  }
  EXPECT_NE(std::system(("nm -u '" + path + "' | grep -q .").c_str()), 0) << "the kernel imports a symbol";
}

TEST(HalideKernel, ShowsItsLoopsAndItsAssembly) {
  std::string text = affine(tiled);
  diagnosticsOf(text, [&](mlir::ModuleOp module) {
    auto kernel = *module.getOps<weft::halide::KernelOp>().begin();
    auto stmt = weft::codegen::kernelStmt(kernel, testOptions());
    ASSERT_TRUE(mlir::succeeded(stmt));
    EXPECT_NE(stmt->find("allocate z"), std::string::npos);
    auto assembly = weft::codegen::kernelAssembly(kernel, testOptions("x86-64-v3"));
    ASSERT_TRUE(mlir::succeeded(assembly));
    EXPECT_NE(assembly->find("vfmadd"), std::string::npos);
    auto plain = weft::codegen::kernelAssembly(kernel, testOptions("x86-64-v2"));
    ASSERT_TRUE(mlir::succeeded(plain));
    EXPECT_EQ(plain->find("ymm"), std::string::npos);
    auto wide = weft::codegen::kernelAssembly(kernel, testOptions("x86-64-v4"));
    ASSERT_TRUE(mlir::succeeded(wide));
  });
}

//===----------------------------------------------------------------------===//
// A wrong schedule is told where it is wrong
//===----------------------------------------------------------------------===//

TEST(HalideKernel, ReportsAWrongScheduleAtItsDirective) {
  auto messageOf = [](const std::string &directives) {
    return Kernel(affine("\nhalide.schedule @affine {\n" + directives + "\n}")).diagnostics;
  };
  auto expect = [&](const std::string &directives, const std::string &message) {
    std::string got = messageOf(directives);
    EXPECT_NE(got.find(message), std::string::npos) << directives << "\n" << got;
    EXPECT_EQ(std::count(got.begin(), got.end(), '\n'), 1) << got;
  };
  expect("  halide.vectorize @q \"u\"", "25: the kernel has no func @q; it has @y, @z");
  expect("  halide.split @y \"v\" into \"a\", \"b\" by 4",
         "no loop \"v\" in this stage of @y; its loops are \"u\", \"r\"");
  expect("  halide.split @y \"u\" into \"a\", \"b\" by 0", "a split factor is at least 1; got 0");
  expect("  halide.split @y \"u\" into \"a\", \"r\" by 4", "the stage already has a loop \"r\"");
  expect("  halide.vectorize @z update 2 \"u\"", "@z has 1 updates; update 2 is not one of them");
  expect("  halide.reorder @y [\"u\", \"u\"]", "loop \"u\" is named twice");
  expect("  halide.compute_at @z in @y \"k\"", "no loop \"k\" in this stage of @y");
  expect("  halide.store_in @z heap", "a kernel has no heap");
  expect("  halide.compute_root @z", "@z does not fit on the stack: its size depends on run-time extents");
  expect("  halide.specialize @y for \"r\" up_to 1 {\n    halide.bound @y \"u\", 0, 30\n  }",
         "holds for the whole func, not for a halide.specialize");
  expect("  halide.specialize @y for \"r\" up_to 1 {\n    halide.vectorize @z \"u\"\n  }",
         "schedules another definition than the halide.specialize around it");
  expect("  halide.specialize @z for \"r\" up_to 1 {\n  }", "only the kernel's output @y has extents to tell cases by");
  expect("  halide.specialize @y for \"row\" up_to 1 {\n  }", "@y has no variable \"row\"");
  expect("  halide.bound @y \"u\", 0, 20", "the output @y has 30 along \"u\", from 0");
  expect("  halide.compute_at @z in @y \"r\"\n  halide.bound @z \"u\", 0, 20",
         "the bound does not hold: more of @z is needed along \"u\"");
  expect("  halide.split @y \"u\" into \"uo\", \"ui\" by 24 tail round_up",
         "rounding up to 48 writes past the 30 that the buffer has along this dimension");
  expect("  halide.vectorize @y \"r\"", "");
  auto expectCut = [&](const std::string &head, const std::string &message, const std::string &body = "") {
    expect("  halide.cut " + head + " {\n" + body + "  }", message);
  };
  expectCut("@z for \"u\" at 8", "only the kernel's output @y can be cut");
  expectCut("@y for \"row\" at 8", "@y has no variable \"row\"");
  expectCut("@y for \"r\" at 8", "the extent of @y along \"r\" is known only at run time");
  expectCut("@y for \"u\" at 30", "a cut is inside of the 30 that @y has along \"u\"; got 30");
  expectCut("@y for \"u\" at 8", "no loop \"v\" in this stage of @y", "    halide.vectorize @y \"v\"\n");
  expectCut("@y for \"u\" at 8", "the output @y is cut along \"u\"", "    halide.bound @y \"u\", 0, 30\n");
  expectCut("@y for \"u\" at 8", "rounding up to 56 writes past the 30 that the buffer has along this dimension",
            "    halide.split @y \"u\" into \"uo\", \"ui\" by 48 tail round_up\n");
  expect("  halide.cut @y for \"u\" at 8 {\n  }\n  halide.cut @y for \"u\" at 16 {\n  }",
         "the schedule has a halide.cut already");
  expect("  halide.cut @y for \"u\" at 24 {\n  }\n"
         "  halide.split @y \"u\" into \"uo\", \"ui\" by 16 tail round_up",
         "rounding up to 32 passes the cut at 24");
}

TEST(HalideKernel, CutsNoOutputWhoseUpdatesReachAcross) {
  std::string messages = Kernel(R"(
halide.kernel @shift {
  halide.input @a : memref<8xf32>
  halide.func @y(%u) : f32 {
    %0 = halide.at @a[%u] : f32
    halide.yield %0 : f32
  }
  halide.update @y(%u) over (%k) in [#halide.range<"k", 1, 7>] {
    %one = arith.constant 1 : index
    %before = arith.subi %k, %one : index
    %0 = halide.at @y[%before] : f32
    halide.yield %0 at (%k) : f32
  }
  halide.output @y : [memref<8xf32>]
}
halide.schedule @shift {
  halide.cut @y for "u" at 4 {
  }
})").diagnostics;
  EXPECT_NE(messages.find("an update of @y reads or writes it elsewhere along \"u\""), std::string::npos) << messages;
}

TEST(HalideKernel, LeavesTimeOnceWhetherCachedOrNot) {
  for (bool reuse : {false, true}) {
    int calls = 0;
    std::string messages = diagnosticsOf(affine(tiled), [&](mlir::ModuleOp module) {
      auto options = testOptions();
      options.reuse = reuse;
      options.meanwhile = [&] { ++calls; };
      EXPECT_TRUE(mlir::succeeded(weft::codegen::compileKernels(module, options)));
    });
    EXPECT_EQ(messages, "");
    EXPECT_EQ(calls, 1);
  }
}

/// A worker that ends well, but says something else than how each kernel fared.
TEST(HalideKernel, ReportsAWorkerWhoseResultsAreNone) {
  llvm::SmallString<128> script;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("worker", "sh", script));
  llvm::scope_exit remove([&] { llvm::sys::fs::remove(script); });
  for (const char *results : {"", "0 0\\n0 0\\n", "0\\n", "fine\\n"}) {
    {
      std::error_code error;
      llvm::raw_fd_ostream os(script, error);
      os << "#!/bin/sh\nwhile [ \"$1\" != --results ]; do shift; done\nprintf '" << results << "' > \"$2\"\n";
    }
    ASSERT_FALSE(llvm::sys::fs::setPermissions(script, llvm::sys::fs::all_all));
    std::string messages = diagnosticsOf(affine(""), [&](mlir::ModuleOp module) {
      auto options = testOptions();
      options.reuse = false;
      options.worker = script.str().str();
      EXPECT_TRUE(mlir::failed(weft::codegen::compileKernels(module, options)));
    });
    EXPECT_NE(messages.find("ended with exit code 0"), std::string::npos) << results << messages;
  }
}

TEST(HalideKernel, ReportsAWorkerThatCannotRun) {
  std::string messages = diagnosticsOf(affine(""), [&](mlir::ModuleOp module) {
    auto options = testOptions();
    options.worker = "/bin/false";
    EXPECT_TRUE(mlir::failed(weft::codegen::compileKernels(module, options)));
  });
  EXPECT_NE(messages.find("ended with exit code 1"), std::string::npos) << messages;
  messages = diagnosticsOf(affine(""), [&](mlir::ModuleOp module) {
    auto options = testOptions();
    options.worker = "/nonexistent/weft-kernel";
    EXPECT_TRUE(mlir::failed(weft::codegen::compileKernels(module, options)));
  });
  EXPECT_NE(messages.find("cannot be read"), std::string::npos) << messages;
}

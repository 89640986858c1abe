//===- VectorMathTest.cpp - The error bounds of the elementary functions --===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each function is compiled as a kernel and swept over the floats: every 257th
// of all bit patterns (infinities and NaNs among them), and every float of the
// stretches where the error is largest. The judge is libm in double.
//
//===----------------------------------------------------------------------===//

#include "HalideTestKernel.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

using namespace weft::test;

namespace {

constexpr int64_t blockSize = 1 << 14;

struct Function {
  const char *name;
  std::string body; // from %x to %y
  std::function<double(double)> judge;
  double bound; // in ulp
};

std::string kernelText(const Function &function) {
  std::string size = std::to_string(blockSize);
  return "halide.kernel @f {\n"
         "  halide.input @x : memref<" +
         size +
         "xf32>\n"
         "  halide.func @y(%i) : f32 {\n"
         "    %x = halide.at @x[%i] : f32\n" +
         function.body +
         "    halide.yield %y : f32\n"
         "  }\n"
         "  halide.output @y : [memref<" +
         size +
         "xf32>]\n"
         "}\n"
         "halide.schedule @f {\n"
         "  halide.split @y \"i\" into \"io\", \"ii\" by 8\n"
         "  halide.vectorize @y \"ii\"\n"
         "}\n";
}

/// The distance in units in the last place of the float that `exact` rounds to.
double errorInUlp(float got, double exact) {
  float rounded = float(exact);
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) == std::isnan(got) ? 0 : INFINITY;
  if (std::isinf(rounded) || std::isinf(got))
    return rounded == got ? 0 : INFINITY;
  // Flushed, or the double of what was.
  if (std::abs(exact) < 2 * std::numeric_limits<float>::min())
    return std::abs(got) <= 2 * std::numeric_limits<float>::min() ? 0 : INFINITY;
  int exponent;
  std::frexp(rounded, &exponent);
  return std::abs(double(got) - exact) / std::ldexp(1.0, exponent - 24);
}

class VectorMathTest : public testing::TestWithParam<Function> {
protected:
  void run(const Kernel &kernel, Buffer<float> &x, Buffer<float> &y) {
    ASSERT_EQ(kernel(x.raw(), y.raw()), 0);
    for (int64_t i = 0; i < blockSize; ++i) {
      double error = errorInUlp(y.data[i], GetParam().judge(double(x.data[i])));
      if (error > worst) {
        worst = error;
        worstAt = x.data[i];
      }
    }
  }

  double worst = 0;
  float worstAt = 0;
};

} // namespace

TEST_P(VectorMathTest, StaysWithinItsBound) {
  Kernel kernel(kernelText(GetParam()));
  ASSERT_TRUE(kernel.loaded()) << kernel.diagnostics;
  Buffer<float> x({blockSize}), y({blockSize});
  int64_t filled = 0;
  auto add = [&](float value) {
    // A denormal is zero to the code around: workers flush them.
    if (value != 0 && std::abs(value) < std::numeric_limits<float>::min())
      return;
    x.data[filled++] = value;
    if (filled == blockSize) {
      run(kernel, x, y);
      filled = 0;
    }
  };
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 257)
    add(std::bit_cast<float>(uint32_t(bits)));
  for (float value : {0.0f, -0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, std::nanf(""), -std::nanf(""), 88.72283f,
                      88.72284f, 89.0f, -87.33654f, -87.33655f, -104.0f, 3.4028235e38f, -3.4028235e38f})
    add(value);
  // Where the range is cut and results are near one.
  for (float from : {-1.5f, -0.36f, 0.3f, 0.7f, 8.9f})
    for (float value = from; value < from + 0.05f; value = std::nextafter(value, INFINITY))
      add(value);
  while (filled != 0)
    add(0.5f);
  RecordProperty("worst_ulp", std::to_string(worst));
  std::printf("%s: worst error %.3f ulp at %.9g\n", GetParam().name, worst, worstAt);
  EXPECT_LE(worst, GetParam().bound) << "at " << worstAt;
}

static std::string unary(const char *op) { return std::string("    %y = ") + op + " %x : f32\n"; }

static std::string twice(const char *op) {
  return std::string("    %two = arith.constant 2.0 : f32\n    %0 = ") + op +
         " %x : f32\n    %y = arith.mulf %two, %0 : f32\n";
}

static const Function functions[] = {
    {"exp", unary("math.exp"), [](double x) { return std::exp(x); }, 1},
    {"tanh", unary("math.tanh"), [](double x) { return std::tanh(x); }, 4.5},
    {"log", unary("math.log"), [](double x) { return std::log(x); }, 1},
    {"log1p", unary("math.log1p"), [](double x) { return std::log1p(x); }, 2},
    {"sigmoid",
     "    %one = arith.constant 1.0 : f32\n"
     "    %n = arith.negf %x : f32\n"
     "    %e = math.exp %n : f32\n"
     "    %d = arith.addf %one, %e : f32\n"
     "    %y = arith.divf %one, %d : f32\n",
     [](double x) { return 1 / (1 + std::exp(-x)); }, 3},
    // As an operand of operations that are free to be reordered.
    {"scaled_exp", twice("math.exp"), [](double x) { return 2 * std::exp(x); }, 1},
    {"scaled_log", twice("math.log"), [](double x) { return 2 * std::log(x); }, 1},
    {"softplus",
     "    %zero = arith.constant 0.0 : f32\n"
     "    %a = math.absf %x : f32\n"
     "    %n = arith.negf %a : f32\n"
     "    %e = math.exp %n : f32\n"
     "    %l = math.log1p %e : f32\n"
     "    %m = arith.maximumf %x, %zero : f32\n"
     "    %y = arith.addf %m, %l : f32\n",
     [](double x) { return std::isnan(x) ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }, 3},
    {"sqrt", unary("math.sqrt"), [](double x) { return std::sqrt(x); }, 1},
    {"absf", unary("math.absf"), [](double x) { return std::abs(x); }, 0},
};

INSTANTIATE_TEST_SUITE_P(Functions, VectorMathTest, testing::ValuesIn(functions),
                         [](const auto &info) { return std::string(info.param.name); });

// The sweep proves nothing of a function that calls libm for each element.
TEST(VectorMath, CallsNoLibraryForItsOwnFunctions) {
  for (const Function &function : functions) {
    Kernel kernel(kernelText(function));
    ASSERT_TRUE(kernel.loaded()) << kernel.diagnostics;
    std::string command = "nm -u '" + kernel.objectPath + "' | grep -q .";
    EXPECT_NE(std::system(command.c_str()), 0) << function.name << " imports a symbol";
  }
}

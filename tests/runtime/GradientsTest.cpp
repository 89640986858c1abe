//===- GradientsTest.cpp - What weights cost, and clipping ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/ClassWeights.h"
#include "runtime/train/Gradients.h"
#include "tests/runtime/Helpers.h"

#include <cmath>
#include <numeric>

using namespace weft;
using namespace weft::runtime;

namespace {
/// (w - 1)^2: costs something where the weight is zero, as padding is.
void squaredDistance(const WeftUpdateCall *call) {
  for (int64_t i = call->begin; i < call->end; ++i) {
    float away = call->parameters[i] - 1;
    call->penalties[i] = away * away;
    call->gradients[i] += 2 * away;
  }
}

/// Three weights: one of many parts, one with padding, and one that costs nothing.
class Gradients : public testing::Test {
protected:
  static constexpr int64_t many = 20000, total = many + 16 + 16;

  Gradients() {
    auto set = [](WeftWeight &weight, const char *name, int64_t offset, int64_t size) {
      weight.name = name;
      weight.rank = 1;
      weight.shape[0] = weight.size = size;
      weight.offset = offset;
    };
    set(weights[0], "a", 0, many);
    set(weights[1], "b", many, 3);
    set(weights[2], "c", many + 16, 5);
    weights[0].penalty = weights[1].penalty = squaredDistance;
    model.weights = weights;
    model.weight_count = 3;
    model.parameter_count = total;
  }

  std::vector<float> clipped(std::vector<float> gradients, Clipping::Kind kind, double limit, int threads = 1) const {
    Settings settings;
    settings.clipping = {kind, limit};
    ThreadPool pool(threads);
    AlignedBuffer buffer(total * 4);
    std::copy(gradients.begin(), gradients.end(), buffer.floats());
    Clipper(model, settings, pool).clip(buffer.floats());
    return {buffer.floats(), buffer.floats() + total};
  }

  /// 0.01 everywhere in `a` (a norm of √2), 3, 4 and 0 in `b`, 0.5 once in `c`.
  static std::vector<float> someGradients() {
    std::vector<float> gradients(total);
    std::fill_n(gradients.begin(), many, 0.01f);
    gradients[many] = 3;
    gradients[many + 1] = -4;
    gradients[many + 16] = 0.5f;
    return gradients;
  }

  WeftWeight weights[3] = {};
  WeftModel model = {};
};
} // namespace

TEST_F(Gradients, holdWhatWeightsCost) {
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    Penalties penalties(model, pool);
    std::vector<float> parameters(total, 0.0f), gradients(total, 0.0f);
    std::fill_n(parameters.begin(), many, 1.5f);
    gradients[0] = gradients[many + 16] = 10;
    EXPECT_NEAR(penalties.add(parameters.data(), gradients.data()), many * 0.25 + 3, 1e-6);
    EXPECT_EQ(gradients[0], 11);
    EXPECT_EQ(gradients[many - 1], 1);
    EXPECT_EQ(gradients[many + 2], -2);
    EXPECT_EQ(gradients[many + 3], 0) << "padding";
    EXPECT_EQ(gradients[many + 16], 10);
    EXPECT_NEAR(penalties.add(parameters.data(), nullptr), many * 0.25 + 3, 1e-6);
  }
}

TEST_F(Gradients, areClippedByTheNormOfEachWeight) {
  std::vector<float> found = clipped(someGradients(), Clipping::Kind::Norm, 1);
  EXPECT_NEAR(found[7], 0.01 / std::sqrt(2), 1e-8);
  EXPECT_NEAR(found[many], 0.6, 1e-7);
  EXPECT_NEAR(found[many + 1], -0.8, 1e-7);
  EXPECT_EQ(found[many + 16], 0.5f) << "shorter than that";
  EXPECT_EQ(found, clipped(someGradients(), Clipping::Kind::Norm, 1, 3));
}

TEST_F(Gradients, areClippedByTheNormOfAll) {
  std::vector<float> found = clipped(someGradients(), Clipping::Kind::GlobalNorm, 2);
  double norm = std::sqrt(2 + 25 + 0.25);
  EXPECT_NEAR(found[7], 0.01 * 2 / norm, 1e-8);
  EXPECT_NEAR(found[many + 1], -4 * 2 / norm, 1e-6);
  EXPECT_NEAR(found[many + 16], 0.5 * 2 / norm, 1e-7);
  EXPECT_EQ(clipped(someGradients(), Clipping::Kind::GlobalNorm, 6), someGradients());
}

TEST_F(Gradients, areClippedByValue) {
  std::vector<float> found = clipped(someGradients(), Clipping::Kind::Value, 0.25);
  EXPECT_EQ(found[7], 0.01f);
  EXPECT_EQ(found[many], 0.25f);
  EXPECT_EQ(found[many + 1], -0.25f);
  EXPECT_EQ(found[many + 16], 0.25f);
}

TEST(ClassWeights, areThoseOfTheLabelsClass) {
  WeftModel model = {};
  WeftPort label = {"y", WEFT_F32, 1, {1}, 0, {}};
  model.labels = &label;
  model.label_count = 1;
  float one = 0.9f, two = 2;
  EXPECT_EQ(ClassWeights(model, {1, 4}).of(&one), 4);
  EXPECT_THAT(test::errorOf([&] { ClassWeights(model, {1, 4}).of(&two); }),
              testing::HasSubstr("a label names class 2, and there are class weights for 2 classes"));
  label.shape[0] = 3;
  const float places[] = {0, 0.2f, 0.8f};
  EXPECT_EQ(ClassWeights(model, {1, 4, 0.5}).of(places), 0.5f);
  label = {"y", WEFT_I32, 1, {1}, 3, {}};
  const int32_t id = 1, negative = -1;
  EXPECT_EQ(ClassWeights(model, {1, 4, 0.5}).of(&id), 4);
  EXPECT_NE(test::errorOf([&] { ClassWeights(model, {1, 4, 0.5}).of(&negative); }), "");
  EXPECT_TRUE(ClassWeights(model, {}).empty());
}

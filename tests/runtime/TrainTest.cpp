//===- TrainTest.cpp - Slices, initial weights, losses and metrics ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Console.h"
#include "runtime/train/Initialize.h"
#include "runtime/train/Runner.h"
#include "runtime/train/Score.h"
#include "runtime/train/Settings.h"
#include "tests/runtime/Helpers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace weft;
using namespace weft::runtime;
using testing::HasSubstr;

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

TEST(Slices, coverTheBatchInTiles) {
  for (int64_t slices : {1, 2, 3, 4, 8})
    for (int64_t tile : {1, 2, 4, 6, 16})
      for (int64_t rows = 1; rows < 200; ++rows) {
        std::vector<SliceRange> ranges = cutBatch(rows, slices, tile);
        ASSERT_LE(static_cast<int64_t>(ranges.size()), slices);
        int64_t next = 0, least = rows, most = 0;
        for (const SliceRange &range : ranges) {
          ASSERT_EQ(range.first, next);
          ASSERT_EQ(range.first % tile, 0);
          ASSERT_GT(range.rows, 0);
          next += range.rows;
          least = std::min(least, (range.rows + tile - 1) / tile);
          most = std::max(most, (range.rows + tile - 1) / tile);
        }
        ASSERT_EQ(next, rows);
        ASSERT_LE(most - least, 1) << rows << " rows, " << slices << " slices of " << tile;
      }
}

//===----------------------------------------------------------------------===//
// Initial weights
//===----------------------------------------------------------------------===//

static std::vector<float> draw(std::vector<int64_t> shape, std::vector<WeftInit> inits, uint64_t seed = 1,
                               const char *name = "w") {
  WeftWeight weight{};
  weight.name = name;
  weight.rank = static_cast<int32_t>(shape.size());
  std::copy(shape.begin(), shape.end(), weight.shape);
  weight.size = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  weight.inits = inits.data();
  weight.init_count = static_cast<int32_t>(inits.size());
  std::vector<float> values(static_cast<size_t>(weight.size));
  initialize(weight, seed, values.data());
  return values;
}

static WeftInit init(InitKind kind, double a = 0, double b = 0) { return {static_cast<int32_t>(kind), 0, a, b}; }

static double variance(const std::vector<float> &values) {
  double squares = 0;
  for (float value : values)
    squares += double{value} * value;
  return squares / double(values.size());
}

TEST(Slices, dealtByStart) {
  // Rows that are mostly padding: as many to each slice, ascending, none twice.
  std::vector<int32_t> starts{90, 10, 80, 100, 70, 60, 95, 0, 85};
  std::vector<std::vector<int32_t>> dealt = dealRows(starts, 100, 3);
  ASSERT_EQ(dealt.size(), 3u);
  std::vector<int32_t> all;
  int64_t least = 1000, most = 0;
  for (const std::vector<int32_t> &rows : dealt) {
    EXPECT_EQ(rows.size(), 3u);
    int64_t own = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i) {
        EXPECT_LE(starts[size_t(rows[i - 1])], starts[size_t(rows[i])]);
      }
      own += 100 - starts[size_t(rows[i])];
    }
    least = std::min(least, own), most = std::max(most, own);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  EXPECT_LE(most - least, 100); // a row at most
  std::sort(all.begin(), all.end());
  for (size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(all[i], int32_t(i));
  // A row in front of each slice would cost more than there is padding.
  EXPECT_TRUE(dealRows(std::vector<int32_t>{90, 0, 0, 10}, 100, 1).empty());
  EXPECT_FALSE(dealRows(std::vector<int32_t>{90, 0, 0, 11}, 100, 1).empty());
  EXPECT_TRUE(dealRows(std::vector<int32_t>{0, 0}, 100, 4).empty());
}

TEST(Initialize, partsAlongTheLastAxis) {
  std::vector<float> bias = draw({8}, {init(InitKind::Zeros), init(InitKind::Ones), init(InitKind::Zeros),
                                       init(InitKind::Constant, 3)});
  EXPECT_THAT(bias, testing::ElementsAre(0, 0, 1, 1, 0, 0, 3, 3));
  std::vector<float> rows = draw({2, 4}, {init(InitKind::Ones), init(InitKind::Identity)});
  EXPECT_THAT(rows, testing::ElementsAre(1, 1, 1, 0, 1, 1, 0, 1));
}

TEST(Initialize, scales) {
  struct Case {
    InitKind kind;
    std::vector<int64_t> shape;
    double variance, limit;
  };
  const Case cases[] = {
      {InitKind::GlorotUniform, {32, 400}, 2.0 / 432, std::sqrt(6.0 / 432)},
      {InitKind::GlorotUniform, {3, 32, 64}, 2.0 / (3 * 96), std::sqrt(6.0 / (3 * 96))}, // a convolution's window
      {InitKind::GlorotUniform, {5000}, 1.0 / 5000, std::sqrt(3.0 / 5000)},
      {InitKind::GlorotNormal, {100, 100}, 1.0 / 100, 2 * std::sqrt(1.0 / 100) / 0.87},
      {InitKind::HeUniform, {64, 200}, 2.0 / 64, std::sqrt(6.0 / 64)},
      {InitKind::HeNormal, {64, 200}, 2.0 / 64, 2 * std::sqrt(2.0 / 64) / 0.87},
      {InitKind::LecunUniform, {64, 200}, 1.0 / 64, std::sqrt(3.0 / 64)},
      {InitKind::LecunNormal, {64, 200}, 1.0 / 64, 2 * std::sqrt(1.0 / 64) / 0.87},
      {InitKind::Uniform, {100, 100}, 0.05 * 0.05 / 3, 0.05},
      {InitKind::Normal, {100, 100}, 0.05 * 0.05, 1},
      {InitKind::TruncatedNormal, {100, 100}, 0.05 * 0.05 * 0.7737, 0.1},
  };
  for (const Case &c : cases) {
    std::vector<float> values = draw(c.shape, {init(c.kind)});
    EXPECT_NEAR(variance(values) / c.variance, 1, 0.06) << static_cast<int>(c.kind);
    for (float value : values)
      ASSERT_LE(std::abs(value), c.limit * 1.0001) << static_cast<int>(c.kind);
  }
}

TEST(Initialize, orthogonal) {
  for (auto [rows, columns] : {std::pair<int64_t, int64_t>{100, 400}, {60, 20}, {16, 16}}) {
    std::vector<float> q = draw({rows, columns}, {init(InitKind::Orthogonal)});
    int64_t stride = columns;
    bool wide = rows < columns; // then the rows are orthonormal, else the columns
    int64_t count = std::min(rows, columns), length = std::max(rows, columns);
    auto at = [&](int64_t vector, int64_t i) {
      return double{q[static_cast<size_t>(wide ? vector * stride + i : i * stride + vector)]};
    };
    for (int64_t a = 0; a < count; ++a)
      for (int64_t b = 0; b <= a; ++b) {
        double dot = 0;
        for (int64_t i = 0; i < length; ++i)
          dot += at(a, i) * at(b, i);
        ASSERT_NEAR(dot, a == b, 1e-6);
      }
  }
}

TEST(Initialize, dependsOnSeedAndName) {
  std::vector<WeftInit> inits = {init(InitKind::GlorotUniform)};
  EXPECT_EQ(draw({5, 5}, inits, 1, "a"), draw({5, 5}, inits, 1, "a"));
  EXPECT_NE(draw({5, 5}, inits, 1, "a"), draw({5, 5}, inits, 2, "a"));
  EXPECT_NE(draw({5, 5}, inits, 1, "a"), draw({5, 5}, inits, 1, "b"));
}

//===----------------------------------------------------------------------===//
// Losses and metrics
//===----------------------------------------------------------------------===//

namespace {
struct Scored {
  WeftPort output, label;

  double metric(const char *name, std::vector<float> predictions, const void *truth, int64_t rows) const {
    WeftModel model{};
    model.outputs = &output;
    model.labels = &label;
    model.output_count = model.label_count = 1;
    Scorer scorer(model, {name});
    Sums sums = scorer.empty();
    const void *labels[] = {truth};
    const float *outputs[] = {predictions.data()};
    scorer.add(sums, labels, outputs, rows);
    for (const auto &[key, value] : scorer.means(sums))
      if (key == name)
        return value;
    return NAN;
  }
};

const Scored binary = {{"p", WEFT_F32, 1, {1}, 0, {}}, {"y", WEFT_F32, 1, {1}, 0, {}}};
const Scored oneHot = {{"p", WEFT_F32, 1, {3}, 0, {}}, {"y", WEFT_F32, 1, {3}, 0, {}}};
const Scored sparse = {{"p", WEFT_F32, 1, {3}, 0, {}}, {"y", WEFT_I32, 1, {1}, 0, {}}};
} // namespace

TEST(Score, accuracyByOutputAndLabel) {
  const float truth[] = {1, 0, 1, 0};
  EXPECT_EQ(binary.metric("accuracy", {0.9f, 0.2f, 0.5f, 0.7f}, truth, 4), 0.5); // above a half, not at it
  const float hot[] = {0, 1, 0, 1, 0, 0};
  EXPECT_EQ(oneHot.metric("accuracy", {0.2f, 0.7f, 0.1f, 0.2f, 0.7f, 0.1f}, hot, 2), 0.5);
  const int32_t classes[] = {1, 2, 0};
  EXPECT_NEAR(sparse.metric("accuracy", {0.2f, 0.7f, 0.1f, 0, 0, 1, 0, 1, 0}, classes, 3), 2 / 3.0, 1e-12);
  EXPECT_EQ(binary.metric("mae", {1, 1, 0, 0}, truth, 4), 0.5);
  EXPECT_THAT(test::errorOf([&] { binary.metric("f7", {1}, truth, 1); }), HasSubstr("metric 'f7' is not known"));
}

TEST(Score, precisionAndRecall) {
  // Above a half: rows 0, 1, 2; truly so: rows 0, 1, 4, 5.
  const float truth[] = {1, 1, 0, 0, 1, 1};
  std::vector<float> predictions = {0.9f, 0.6f, 0.7f, 0.1f, 0.5f, 0.2f};
  EXPECT_NEAR(binary.metric("precision", predictions, truth, 6), 2 / 3.0, 1e-12);
  EXPECT_NEAR(binary.metric("recall", predictions, truth, 6), 0.5, 1e-12);
  const float none[] = {0, 0};
  EXPECT_EQ(binary.metric("precision", {0.1f, 0.2f}, none, 2), 0); // nothing predicted, nothing there
  EXPECT_EQ(binary.metric("recall", {0.1f, 0.9f}, none, 2), 0);
  // Class numbers are the one-hot vectors they stand for.
  const float hot[] = {0, 1, 0, 0, 0, 1};
  const int32_t classes[] = {1, 2};
  std::vector<float> two = {0.2f, 0.7f, 0.1f, 0.3f, 0.6f, 0.1f};
  for (const char *name : {"precision", "recall"})
    EXPECT_EQ(oneHot.metric(name, two, hot, 2), 0.5);
  for (const char *name : {"precision", "recall", "auc"})
    EXPECT_EQ(oneHot.metric(name, two, hot, 2), sparse.metric(name, two, classes, 2)) << name;
}

TEST(Score, areaUnderTheCurve) {
  // The example of Keras's documentation.
  const float truth[] = {0, 0, 1, 1};
  EXPECT_NEAR(binary.metric("auc", {0, 0.5f, 0.3f, 0.9f}, truth, 4), 0.75, 1e-12);
  EXPECT_NEAR(binary.metric("auc", {0, 0.1f, 0.3f, 1}, truth, 4), 1, 1e-12);
  EXPECT_NEAR(binary.metric("auc", {1, 0.9f, 0.3f, 0}, truth, 4), 0, 1e-12);
  EXPECT_NEAR(binary.metric("auc", {0.4f, 0.4f, 0.4f, 0.4f}, truth, 4), 0.5, 1e-12); // ties: half right
  EXPECT_EQ(binary.metric("auc", {0.4f, 0.4f, 0.4f, NAN}, truth, 4), 0.25);           // no number counts as 0
  EXPECT_EQ(binary.metric("auc", {-3, 7, 0, 5}, truth, 4), binary.metric("auc", {0, 1, 0, 1}, truth, 4));
  const float ones[] = {1, 1};
  EXPECT_EQ(binary.metric("auc", {0.2f, 0.3f}, ones, 2), 0); // there is no curve
  // Against the definition: how often a positive row is above a negative one.
  std::vector<float> predictions, labels;
  for (int i = 0; i < 400; ++i) {
    labels.push_back(float(i * 7919 % 13 < 5));
    predictions.push_back(0.25f * labels.back() + 0.7f * float(i * 31 % 101) / 101);
  }
  double above = 0, pairs = 0;
  for (size_t a = 0; a < labels.size(); ++a)
    for (size_t b = 0; b < labels.size(); ++b)
      if (labels[a] > labels[b])
        pairs += 1, above += predictions[a] > predictions[b] ? 1 : predictions[a] == predictions[b] ? 0.5 : 0;
  EXPECT_NEAR(binary.metric("auc", predictions, labels.data(), 400), above / pairs, 5e-3);
}

//===----------------------------------------------------------------------===//
// Settings and the console
//===----------------------------------------------------------------------===//

TEST(Settings, keysAndDefaults) {
  WeftModel model{};
  model.settings = R"({"epochs": 3, "batch": 64, "seed": 7, "shuffle": false, "data": "reber", "validation": 0.25,
                       "metrics": ["accuracy"], "loss": "huber", "optimizer": "sgd", "learning_rate": 0.5, "new": 1})";
  Settings settings = Settings::of(model);
  EXPECT_EQ(settings.epochs, 3);
  EXPECT_EQ(settings.batch, 64);
  EXPECT_EQ(settings.seed, 7u);
  EXPECT_FALSE(settings.shuffle);
  EXPECT_EQ(settings.data, "reber");
  EXPECT_EQ(settings.validation, "0.25");
  EXPECT_THAT(settings.metrics, testing::ElementsAre("accuracy"));
  EXPECT_EQ(settings.loss, "huber");
  EXPECT_EQ(settings.learningRate, 0.5);
  model.settings = "{}";
  settings = Settings::of(model);
  EXPECT_EQ(settings.epochs, 1);
  EXPECT_TRUE(settings.shuffle);
  EXPECT_EQ(settings.validation, "");
}

TEST(Console, figures) {
  EXPECT_EQ(logText({{"accuracy", 0.85534}, {"loss", 0.3365}}), "accuracy: 0.8553 - loss: 0.3365");
  EXPECT_EQ(logText({{"loss", 0.00012345}}), "loss: 1.2345e-04");
}

//===- DropoutTest.cpp - Masks, and what they mean in a recurrent layer -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Frontend.h"
#include "compiler/reference/GradientCheck.h"
#include "compiler/reference/Philox.h"
#include "dialects/seq/Seq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace weft;
using namespace weft::reference;

namespace {

using Words = std::array<uint32_t, 4>;

/// The known answers of Random123 for philox4x32 of ten rounds.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

Tensor keysOf(int64_t rows) { return Randomness::ofBatch(0, 0, rows).rowsTensor(); }

double meanOf(const Tensor &tensor) {
  double sum = 0;
  for (double value : tensor.values)
    sum += value;
  return sum / double(tensor.size());
}

/// The correlation of two masks of one size.
double correlation(const Tensor &a, const Tensor &b) {
  double meanA = meanOf(a), meanB = meanOf(b), ab = 0, aa = 0, bb = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    double x = a.values[i] - meanA, y = b.values[i] - meanB;
    ab += x * y, aa += x * x, bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

TEST(Masks, HaveTheMeanAndVarianceOfTheirRate) {
  for (double rate : {0.01, 0.2, 0.5, 0.9}) {
    Tensor mask = randomMask(keysOf(2000), {2000, 100}, 5, 11, {rate, 1, 2});
    double mean = meanOf(mask), square = 0;
    for (double value : mask.values)
      square += (value - 1) * (value - 1);
    double variance = rate / (1 - rate), count = double(mask.size());
    EXPECT_NEAR(mean, 1, 4 * std::sqrt(variance / count)) << rate;
    // The fourth moment of a two-valued variable gives the spread of its variance.
    double fourth = variance * (1 / (1 - rate) / (1 - rate) - 3 / (1 - rate) + 3);
    EXPECT_NEAR(square / count, variance, 4 * std::sqrt(std::fabs(fourth - variance * variance) / count)) << rate;
  }
}

TEST(Masks, OfDifferentNamesAreIndependent) {
  auto mask = [](uint64_t seed, uint64_t step, int64_t layer, int64_t number) {
    return randomMask(keysOf(500), {500, 50}, seed, step, {0.5, layer, number});
  };
  Tensor base = mask(7, 3, 1, 0);
  EXPECT_EQ(base.values, mask(7, 3, 1, 0).values);
  double allowed = 4 / std::sqrt(double(base.size()));
  // Seed (both words), step, layer, gate, and what a neighbour of each would give.
  for (const Tensor &other : {mask(8, 3, 1, 0), mask(7 + (uint64_t(1) << 32), 3, 1, 0), mask(7, 4, 1, 0), mask(7, 3, 2, 0),
                              mask(7, 3, 1, 1), mask(7, 3, 1, 256), mask(3, 7, 0, 1)})
    EXPECT_LT(std::fabs(correlation(base, other)), allowed);
}

TEST(Masks, OfNeighbouringElementsAreIndependent) {
  Tensor mask = randomMask(keysOf(400), {400, 7, 40}, 1, 1, {0.5, 0, 0});
  auto shifted = [&](int64_t by) {
    Tensor a = Tensor::zeros({mask.size() - by}), b = a;
    std::copy_n(mask.values.begin(), a.size(), a.values.begin());
    std::copy_n(mask.values.begin() + by, a.size(), b.values.begin());
    return correlation(a, b);
  };
  // Columns, words of a counter, steps, rows.
  for (int64_t by : {1, 2, 3, 4, 8, 12, 16, 32, 40, 280})
    EXPECT_LT(std::fabs(shifted(by)), 4 / std::sqrt(double(mask.size()))) << by;
}

TEST(Masks, AreKeyedByRowAndNotByPlace) {
  Tensor keys({3}, {0, 1, 2}), turned({3}, {2, 0, 1});
  Tensor a = randomMask(keys, {3, 5, 9}, 1, 2, {0.5, 3, 4}), b = randomMask(turned, {3, 5, 9}, 1, 2, {0.5, 3, 4});
  for (int64_t i = 0; i < 45; ++i) {
    EXPECT_EQ(a.values[i], b.values[45 + i]);
    EXPECT_EQ(a.values[45 + i], b.values[90 + i]);
    EXPECT_EQ(a.values[90 + i], b.values[i]);
  }
}

TEST(Masks, AreOneAtTheStepThatDrawsNothing) {
  EXPECT_THAT(randomMask(keysOf(4), {4, 10}, 1, UINT64_MAX, {0.9, 0, 0}).values, testing::Each(1.0));
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

class DropoutTest : public testing::Test {
protected:
  void compile(const std::string &input, const std::string &layers) {
    std::string said;
    module = frontend::compileToSeq("m.weft",
                                    "model m {\n  input x: " + input + "\n  output y = x |> " + layers +
                                        "\n}\ntrain {\n  loss = mean_squared_error\n  optimizer = sgd\n}\n",
                                    {}, &context, said);
    ASSERT_TRUE(module) << said;
    auto drawn = drawPoint(*module, rows, 3);
    ASSERT_TRUE(bool(drawn)) << llvm::toString(drawn.takeError());
    point = std::move(*drawn);
  }
  Tensor run(bool training) {
    auto results = evaluate(*module->getOps<seq::ModelOp>().begin(), point.inputs, point.weights,
                            training ? &point.random : nullptr);
    EXPECT_TRUE(bool(results)) << llvm::toString(results.takeError());
    return results->front();
  }
  /// The mask that part `part` of a matmul sees of `argument` of the first masked layer's cell.
  Tensor cellMask(int64_t argument, int64_t part, int64_t width, double rate) {
    return randomMask(point.random.rowsTensor(), {rows, width}, point.random.seed, point.random.step,
                      {rate, 0, 256 * argument + part});
  }

  static constexpr int64_t rows = 3;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  GradientPoint point;
};

TEST_F(DropoutTest, ScalesWhatItKeepsInTrainingAndNothingElsewhere) {
  compile("features[40]", "dropout(0.25)");
  EXPECT_EQ(run(false).values, point.inputs[0].values);
  Tensor out = run(true);
  int64_t dropped = 0;
  for (int64_t i = 0; i < out.size(); ++i) {
    double x = point.inputs[0].values[i];
    dropped += out.values[i] == 0;
    EXPECT_TRUE(out.values[i] == 0 || std::fabs(out.values[i] - x / 0.75) < 1e-12);
  }
  EXPECT_GT(dropped, 10);
  EXPECT_LT(dropped, 55);
}

TEST_F(DropoutTest, OfAnEmbeddingDropsWholeWords) {
  compile("tokens[50] of 12", "embedding(6, dropout = 0.5) |> dense(6, use_bias = false, kernel_initializer = identity)");
  Tensor identity = Tensor::zeros({6, 6});
  for (int i = 0; i < 6; ++i)
    identity.values[7 * i] = 1;
  point.weights["dense/kernel"] = identity;
  const Tensor &table = point.weights["embedding/embeddings"], out = run(true);
  std::map<int, double> factor;
  for (int64_t place = 0; place < out.rows(); ++place) {
    int id = int(point.inputs[0].values[place]);
    double first = out.row(place)[0] / table.row(id)[0];
    EXPECT_NEAR(first, factor.try_emplace(id, first).first->second, 1e-12) << "one draw a word";
    for (int64_t i = 0; i < 6; ++i)
      EXPECT_NEAR(out.row(place)[i], first * table.row(id)[i], 1e-12);
  }
  int64_t dropped = 0;
  for (auto [id, value] : factor) {
    EXPECT_TRUE(value == 0 || std::fabs(value - 2) < 1e-9);
    dropped += value == 0;
  }
  EXPECT_GT(dropped, 0);
  EXPECT_LT(dropped, 12);
}

/// Row r of (value * mask) times columns [first, first + units) of a matrix.
double product(const double *value, const double *mask, const Tensor &matrix, int64_t column) {
  double sum = 0;
  for (int64_t k = 0; k < matrix.shape[0]; ++k)
    sum += value[k] * mask[k] * matrix.row(k)[column];
  return sum;
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Keras's GRU with masks for each gate, written down once more.
TEST_F(DropoutTest, OfAGruMasksEachGateAsKerasDoes) {
  constexpr int64_t units = 4, width = 3, steps = 5;
  for (bool resetAfter : {true, false})
    for (double recurrent : {0.0, 0.4}) {
      compile("features[5, 3]", "gru(4, dropout = 0.3, recurrent_dropout = " + std::to_string(recurrent) +
                                    (resetAfter ? ")" : ", reset_after = false)"));
      const Tensor &kernel = point.weights["gru/kernel"], &own = point.weights["gru/recurrent_kernel"],
                   &bias = point.weights["gru/bias"], &x = point.inputs[0], ones = Tensor::filled({rows, units}, 1);
      auto inputMask = [&](int gate) { return cellMask(0, recurrent > 0 ? gate : 0, width, 0.3); };
      auto stateMask = [&](int gate) { return recurrent > 0 ? cellMask(1, gate, units, recurrent) : ones; };
      Tensor h = Tensor::zeros({rows, units});
      for (int64_t t = 0; t < steps; ++t) {
        Tensor next = h;
        for (int64_t r = 0; r < rows; ++r) {
          const double *xt = x.values.data() + (r * steps + t) * width, *before = h.row(r);
          auto fromInput = [&](int gate, int64_t u) {
            return product(xt, inputMask(gate).row(r), kernel, gate * units + u) + bias.values[gate * units + u];
          };
          auto fromState = [&](int gate, int64_t u, const double *state) {
            double second = resetAfter ? bias.values[3 * units + gate * units + u] : 0;
            return product(state, stateMask(gate).row(r), own, gate * units + u) + second;
          };
          double reset[units], read[units];
          for (int64_t u = 0; u < units; ++u) {
            reset[u] = sigmoid(fromInput(1, u) + fromState(1, u, before));
            read[u] = reset[u] * before[u];
          }
          for (int64_t u = 0; u < units; ++u) {
            double z = sigmoid(fromInput(0, u) + fromState(0, u, before));
            double inner = resetAfter ? reset[u] * fromState(2, u, before) : fromState(2, u, read);
            next.row(r)[u] = z * before[u] + (1 - z) * std::tanh(fromInput(2, u) + inner);
          }
        }
        h = next;
      }
      Tensor got = run(true);
      for (int64_t i = 0; i < h.size(); ++i)
        EXPECT_NEAR(got.values[i], h.values[i], 1e-12) << resetAfter << " " << recurrent;
    }
}

TEST_F(DropoutTest, OfAnLstmHasFourMasksOfEach) {
  constexpr int64_t units = 3, width = 2, steps = 4;
  compile("features[4, 2]", "lstm(3, dropout = 0.3, recurrent_dropout = 0.4)");
  const Tensor &kernel = point.weights["lstm/kernel"], &own = point.weights["lstm/recurrent_kernel"],
               &bias = point.weights["lstm/bias"], &x = point.inputs[0];
  Tensor h = Tensor::zeros({rows, units}), c = h;
  for (int64_t t = 0; t < steps; ++t) {
    Tensor before = h;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t u = 0; u < units; ++u) {
        double z[4];
        for (int gate = 0; gate < 4; ++gate)
          z[gate] = product(x.values.data() + (r * steps + t) * width, cellMask(0, gate, width, 0.3).row(r), kernel,
                            gate * units + u) +
                    product(before.row(r), cellMask(1, gate, units, 0.4).row(r), own, gate * units + u) +
                    bias.values[gate * units + u];
        c.row(r)[u] = sigmoid(z[1]) * c.row(r)[u] + sigmoid(z[0]) * std::tanh(z[2]);
        h.row(r)[u] = sigmoid(z[3]) * std::tanh(c.row(r)[u]);
      }
  }
  Tensor got = run(true);
  for (int64_t i = 0; i < h.size(); ++i)
    EXPECT_NEAR(got.values[i], h.values[i], 1e-12);
}

TEST_F(DropoutTest, OfTwoLayersHasMasksOfItsOwn) {
  compile("features[60]", "dropout(0.5) |> dropout(0.5)");
  Tensor out = run(true);
  int64_t kept = 0;
  for (double value : out.values)
    kept += value != 0;
  // A quarter of 180 stays; were the masks the same it would be half.
  EXPECT_NEAR(double(kept), 45, 4 * std::sqrt(180 * 0.25 * 0.75));
}

//===----------------------------------------------------------------------===//
// Steps that are not there
//===----------------------------------------------------------------------===//

TEST_F(DropoutTest, MaskedStepsAreSkipped) {
  // The same words without the zeros between them.
  Weights weights;
  auto last = [&](const std::string &length, std::vector<double> words) {
    compile("tokens[" + length + "] of 9", "embedding(3, mask_zero = true) |> lstm(4)");
    if (weights.empty())
      weights = point.weights;
    point.weights = weights;
    point.inputs[0] = Tensor({1, int64_t(words.size())}, words);
    return run(false).values;
  };
  std::vector<double> dense = last("3", {4, 7, 2}), padded = last("7", {0, 4, 0, 7, 2, 0, 0});
  EXPECT_THAT(padded, testing::Pointwise(testing::DoubleEq(), dense));
}

TEST_F(DropoutTest, TheOutputOfAMaskedStepIsTheOneBefore) {
  compile("tokens[5] of 9", "embedding(3, mask_zero = true) |> gru(2, return_sequences = true) |> reverse |> simple_rnn(2)");
  point.inputs[0] = Tensor({1, 5}, {0, 3, 0, 5, 0});
  auto module = this->module->clone();
  auto model = *module.getOps<seq::ModelOp>().begin();
  // The first recurrence's sequence as the result.
  auto first = *model.getBody().getOps<seq::RecurrentOp>().begin();
  mlir::OpBuilder builder(&context);
  model.getBody().front().getTerminator()->setOperands(first->getResults());
  model.setFunctionType(builder.getFunctionType(model.getArgumentTypes(), first->getResultTypes()));
  auto results = evaluate(model, point.inputs, point.weights);
  ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
  const std::vector<double> &y = results->front().values;
  for (int unit = 0; unit < 2; ++unit) {
    EXPECT_EQ(y[unit], 0);
    EXPECT_NE(y[2 + unit], 0);
    EXPECT_EQ(y[4 + unit], y[2 + unit]);
    EXPECT_NE(y[6 + unit], y[4 + unit]);
    EXPECT_EQ(y[8 + unit], y[6 + unit]);
  }
  module.erase();
}

TEST_F(DropoutTest, TheMeanOfMaskedStepsCountsTheOthers) {
  compile("tokens[4] of 9", "embedding(3, mask_zero = true) |> global_average_pool1d");
  point.inputs[0] = Tensor({2, 4}, {0, 3, 0, 5, 0, 0, 0, 0});
  const Tensor &table = point.weights["embedding/embeddings"], out = run(false);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(out.values[i], (table.row(3)[i] + table.row(5)[i]) / 2, 1e-9);
    EXPECT_EQ(out.values[3 + i], 0);
  }
}

} // namespace

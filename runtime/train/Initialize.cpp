//===- Initialize.cpp - How weights start ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Initialize.h"
#include "runtime/io/Tensor.h"
#include "runtime/support/Random.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <vector>

namespace weft::runtime {

namespace {
struct Fans {
  double in, out;
};

/// Keras's rule: a convolution's window counts for both.
Fans fansOf(std::span<const int64_t> shape) {
  if (shape.empty())
    return {1, 1};
  if (shape.size() == 1)
    return {double(shape[0]), double(shape[0])};
  double window = 1;
  for (int64_t extent : shape.first(shape.size() - 2))
    window *= double(extent);
  return {double(shape[shape.size() - 2]) * window, double(shape.back()) * window};
}

double truncatedNormal(RandomStream &random) {
  while (true) {
    double value = random.normal();
    if (std::abs(value) <= 2)
      return value;
  }
}

void fillUniform(std::vector<double> &values, RandomStream &random, double low, double high) {
  for (double &value : values)
    value = low + (high - low) * random.uniform();
}

void fillTruncated(std::vector<double> &values, RandomStream &random, double mean, double deviation) {
  for (double &value : values)
    value = mean + deviation * truncatedNormal(random);
}

/// Keras scales so that the truncated distribution has the variance asked for.
void fillScaledNormal(std::vector<double> &values, RandomStream &random, double variance) {
  constexpr double deviationWithinTwo = 0.87962566103423978;
  fillTruncated(values, random, 0, std::sqrt(variance) / deviationWithinTwo);
}

/// The orthogonal factor Q of a random normal matrix, with the signs that make
/// R's diagonal positive. Gram-Schmidt gives these signs by itself; a second
/// pass makes it as exact as reflections are.
void fillOrthogonal(std::vector<double> &values, RandomStream &random, int64_t rows, int64_t columns,
                    double gain) {
  int64_t length = std::max(rows, columns), count = std::min(rows, columns);
  std::vector<double> basis(static_cast<size_t>(length * count)); // one vector behind the other
  auto vectorAt = [&](int64_t index) {
    return std::span(basis).subspan(static_cast<size_t>(index * length), static_cast<size_t>(length));
  };
  for (int64_t i = 0; i < length; ++i)
    for (int64_t j = 0; j < count; ++j)
      vectorAt(j)[static_cast<size_t>(i)] = random.normal();
  for (int64_t j = 0; j < count; ++j) {
    std::span<double> vector = vectorAt(j);
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t k = 0; k < j; ++k) {
        std::span<const double> other = vectorAt(k);
        double dot = 0;
        for (size_t i = 0; i < vector.size(); ++i)
          dot += vector[i] * other[i];
        for (size_t i = 0; i < vector.size(); ++i)
          vector[i] -= dot * other[i];
      }
    double square = 0;
    for (double value : vector)
      square += value * value;
    for (double &value : vector)
      value /= std::sqrt(square);
  }
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      values[static_cast<size_t>(row * columns + column)] =
          gain * (rows >= columns ? vectorAt(column)[static_cast<size_t>(row)]
                                  : vectorAt(row)[static_cast<size_t>(column)]);
}

/// One distribution over an array of `shape`.
std::vector<double> draw(const WeftInit &init, std::span<const int64_t> shape, RandomStream &random) {
  std::vector<double> values(static_cast<size_t>(sizeOf(shape)));
  Fans fans = fansOf(shape);
  double average = (fans.in + fans.out) / 2;
  double gain = init.a == 0 ? 1 : init.a;
  int64_t columns = shape.empty() ? 1 : shape.back();
  int64_t rows = columns ? static_cast<int64_t>(values.size()) / columns : 0;
  auto uniform = [&](double variance) {
    fillUniform(values, random, -std::sqrt(3 * variance), std::sqrt(3 * variance));
  };
  switch (static_cast<InitKind>(init.kind)) {
  case InitKind::Zeros:
    return values;
  case InitKind::Ones:
    std::fill(values.begin(), values.end(), 1.0);
    return values;
  case InitKind::Constant:
    std::fill(values.begin(), values.end(), init.a);
    return values;
  case InitKind::Uniform:
    if (init.a == 0 && init.b == 0)
      fillUniform(values, random, -0.05, 0.05);
    else
      fillUniform(values, random, init.a, init.b);
    return values;
  case InitKind::Normal:
    for (double &value : values)
      value = init.a + (init.b == 0 ? 0.05 : init.b) * random.normal();
    return values;
  case InitKind::TruncatedNormal:
    fillTruncated(values, random, init.a, init.b == 0 ? 0.05 : init.b);
    return values;
  case InitKind::GlorotUniform:
    uniform(1 / average);
    return values;
  case InitKind::GlorotNormal:
    fillScaledNormal(values, random, 1 / average);
    return values;
  case InitKind::HeUniform:
    uniform(2 / fans.in);
    return values;
  case InitKind::HeNormal:
    fillScaledNormal(values, random, 2 / fans.in);
    return values;
  case InitKind::LecunUniform:
    uniform(1 / fans.in);
    return values;
  case InitKind::LecunNormal:
    fillScaledNormal(values, random, 1 / fans.in);
    return values;
  case InitKind::Orthogonal:
    fillOrthogonal(values, random, rows, columns, gain);
    return values;
  case InitKind::Identity:
    for (int64_t i = 0; i < std::min(rows, columns); ++i)
      values[static_cast<size_t>(i * columns + i)] = gain;
    return values;
  }
  throw std::logic_error(fmt::format("the model asks for initial weights of unknown kind {}", init.kind));
}
} // namespace

void initialize(const WeftWeight &weight, uint64_t seed, float *values) {
  std::vector<int64_t> shape(weight.shape, weight.shape + weight.rank);
  int64_t parts = std::max(1, weight.init_count);
  int64_t width = shape.empty() ? 1 : shape.back();
  if (parts > 1)
    shape.back() /= parts;
  int64_t partWidth = width / parts;
  int64_t rows = width ? weight.size / width : 0;
  RandomStream random(seed, weight.name);
  for (int64_t part = 0; part < parts; ++part) {
    std::vector<double> drawn = draw(weight.inits[part], shape, random);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < partWidth; ++column)
        values[row * width + part * partWidth + column] =
            static_cast<float>(drawn[static_cast<size_t>(row * partWidth + column)]);
  }
}

void initializeAll(const WeftModel &model, uint64_t seed, float *parameters) {
  std::fill_n(parameters, model.parameter_count, 0.0f);
  for (int32_t i = 0; i < model.weight_count; ++i)
    initialize(model.weights[i], seed, parameters + model.weights[i].offset);
}

} // namespace weft::runtime

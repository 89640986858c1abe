//===- DataSet.cpp - Rows of data that fit a model ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/DataSet.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace weft::runtime {

std::span<const int64_t> shapeOf(const WeftPort &port) {
  return {port.shape, static_cast<size_t>(port.rank)};
}

int64_t valuesOf(const WeftPort &port) { return sizeOf(shapeOf(port)); }

namespace {
/// All rows in one array.
class DenseColumn : public Column {
public:
  DenseColumn(int64_t rows, int64_t width) : values(static_cast<size_t>(rows * width)), width(width) {}

  void read(int64_t row, void *to) const override {
    std::memcpy(to, values.data() + row * width, static_cast<size_t>(width) * sizeof(uint32_t));
  }

  template <typename T> std::span<T> as() {
    static_assert(sizeof(T) == sizeof(uint32_t));
    return {reinterpret_cast<T *>(values.data()), values.size()};
  }

private:
  std::vector<uint32_t> values;
  int64_t width;
};

std::vector<int64_t> withoutOnes(std::span<const int64_t> shape) {
  std::vector<int64_t> kept;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(kept), [](int64_t extent) { return extent != 1; });
  return kept;
}

std::span<const int64_t> rowShape(const TensorView &tensor, const std::string &where) {
  if (tensor.shape.empty())
    fail("{} is a single number: its first axis must be the rows of the data", where);
  return std::span(tensor.shape).subspan(1);
}

/// "row 3, position 17 (both from 0)" of a flat index.
std::string place(int64_t index, int64_t width) {
  if (width == 1)
    return fmt::format("row {} (from 0)", index);
  return fmt::format("row {}, position {} (both from 0)", index / width, index % width);
}

std::shared_ptr<DenseColumn> copyFloats(const TensorView &tensor, int64_t width, const std::string &where) {
  auto column = std::make_shared<DenseColumn>(tensor.shape[0], width);
  std::span<float> values = column->as<float>();
  toFloat(tensor, 0, values);
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      fail("{}: {} is {}", where, place(static_cast<int64_t>(i), width),
           std::isnan(values[i]) ? "not a number (NaN)" : "infinite");
  return column;
}

std::shared_ptr<DenseColumn> copyIntegers(const TensorView &tensor, int64_t width, const std::string &where,
                                          std::string_view what) {
  auto column = std::make_shared<DenseColumn>(tensor.shape[0], width);
  int64_t bad = toInteger(tensor, 0, column->as<int32_t>());
  if (bad >= 0)
    fail("{}: {} is {}, which is no {}", where, place(bad, width), valueAt(tensor, bad), what);
  return column;
}
} // namespace

std::shared_ptr<const Column> bindInput(const WeftPort &port, const TensorView &tensor,
                                        const std::string &where) {
  std::span<const int64_t> row = rowShape(tensor, where);
  if (withoutOnes(row) != withoutOnes(shapeOf(port)))
    fail("input '{}' takes {} a row, {} has {} a row", port.name, shapeText(shapeOf(port)), where, shapeText(row));
  int64_t width = valuesOf(port);
  if (port.element == WEFT_F32)
    return copyFloats(tensor, width, where);
  auto column = copyIntegers(tensor, width, where, "word id");
  if (port.vocabulary > 0) {
    std::span<const int32_t> ids = column->as<int32_t>();
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] < 0 || ids[i] >= port.vocabulary)
        fail("{}: {} is word id {}, but input '{}' has a vocabulary of {}: ids go from 0 to {}", where,
             place(static_cast<int64_t>(i), width), ids[i], port.name, port.vocabulary, port.vocabulary - 1);
  }
  return column;
}

static std::string labelText(std::span<const int64_t> shape) {
  if (sizeOf(shape) == 1)
    return "one label a row";
  return fmt::format("{} labels a row", shapeText(shape));
}

std::shared_ptr<const Column> bindLabel(const Ports &ports, size_t index, const TensorView &tensor,
                                        const std::string &where) {
  const WeftPort &port = ports.labels[index];
  const WeftPort &output = ports.outputs[std::min(index, ports.outputs.size() - 1)];
  std::span<const int64_t> row = rowShape(tensor, where);
  bool classes = port.element == WEFT_I32;
  if (withoutOnes(row) != withoutOnes(shapeOf(port))) {
    std::string hint;
    if (sizeOf(row) == 1 && output.rank > 1)
      hint = " (does a layer return its whole sequence where the last step is meant?)";
    else if (sizeOf(row) == 1 && !classes && port.bounds[0] == 0 && port.bounds[1] == 1)
      // A loss of shares: the labels may be meant as numbers of classes.
      hint = fmt::format(" ({} compares each value of the output with one of the label; where the labels are numbers "
                         "of classes, sparse_categorical_crossentropy takes them)",
                         ports.loss.empty() ? "the loss" : ports.loss);
    else if (sizeOf(row) == 1 && !classes)
      hint = " (the loss compares each value of the output with one of the label)";
    fail("output is {}, the data has {}{} [{}]", shapeText(shapeOf(output)), labelText(row), hint, where);
  }
  int64_t width = valuesOf(port);
  if (!classes) {
    auto column = copyFloats(tensor, width, where);
    std::span<const float> values = column->as<float>();
    if (auto [least, most] = port.bounds; least < most)
      for (size_t i = 0; i < values.size(); ++i)
        if (values[i] < least || values[i] > most)
          fail("{}: {} is {}, but labels for {} go from {} to {}", where, place(static_cast<int64_t>(i), width),
               values[i], ports.loss, least, most);
    return column;
  }
  auto column = copyIntegers(tensor, width, where, "class number");
  int64_t count = output.rank ? output.shape[output.rank - 1] : 1;
  std::span<const int32_t> values = column->as<int32_t>();
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] < 0 || values[i] >= count)
      fail("{}: {} is class {}, but the output has {}: classes go from 0 to {}", where,
           place(static_cast<int64_t>(i), width), values[i], count, count - 1);
  return column;
}

void checkRows(int64_t rows, int64_t others, const std::string &where, const std::string &other) {
  if (rows != others)
    fail("{} has {} rows, {} has {}", where, rows, other, others);
}

void checkNotEmpty(int64_t rows, const std::string &where) {
  if (rows == 0)
    fail("{} is empty: it has no rows", where);
}

} // namespace weft::runtime

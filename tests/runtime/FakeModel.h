//===- FakeModel.h - Ports of a model that never runs -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_RUNTIME_FAKEMODEL_H
#define WEFT_TESTS_RUNTIME_FAKEMODEL_H

#include "runtime/data/Source.h"
#include "tests/runtime/Helpers.h"

namespace weft::test {

/// What data is held against.
struct FakeModel {
  std::vector<WeftPort> inputs, labels, outputs;
  std::string loss;

  runtime::Ports ports() const {
    WeftModel model{};
    model.inputs = inputs.data();
    model.labels = labels.data();
    model.outputs = outputs.data();
    model.input_count = static_cast<int32_t>(inputs.size());
    model.label_count = static_cast<int32_t>(labels.size());
    model.output_count = static_cast<int32_t>(outputs.size());
    return runtime::Ports(model, loss);
  }

  runtime::Data open(const std::string &data) const { return runtime::openData(data, ports()); }
  std::string openError(const std::string &data) const {
    return errorOf([&] { open(data); });
  }
};

inline constexpr WeftPort oneLabel = {"y", WEFT_F32, 1, {1}, 0, {}};
inline constexpr WeftPort yesOrNo = {"y", WEFT_F32, 1, {1}, 0, {0, 1}};
inline constexpr WeftPort oneOutput = {"positive", WEFT_F32, 1, {1}, 0, {}};

/// tokens[length] of vocabulary, to tell yes from no.
inline FakeModel wordsModel(int64_t length, int64_t vocabulary) {
  return {{{"words", WEFT_I32, 1, {length}, vocabulary, {}}}, {yesOrNo}, {oneOutput}, "binary_crossentropy"};
}
/// features[width], or of steps, to a number.
inline FakeModel featuresModel(int64_t width) {
  return {{{"x", WEFT_F32, 1, {width}, 0, {}}}, {oneLabel}, {oneOutput}, "mean_squared_error"};
}
inline FakeModel stepsModel(int64_t steps, int64_t width) {
  return {{{"x", WEFT_F32, 2, {steps, width}, 0, {}}}, {oneLabel}, {oneOutput}, "mean_squared_error"};
}
/// tokens[length] of vocabulary to one of some classes; one-hot labels or numbers.
inline FakeModel classesModel(int64_t length, int64_t vocabulary, int64_t classes, bool oneHot) {
  FakeModel model = wordsModel(length, vocabulary);
  model.outputs = {{"out", WEFT_F32, 1, {classes}, 0, {}}};
  model.labels = {{"y", oneHot ? WEFT_F32 : WEFT_I32, 1, {oneHot ? classes : 1}, 0, {}}};
  model.loss = oneHot ? "categorical_crossentropy" : "sparse_categorical_crossentropy";
  return model;
}

template <typename T> std::vector<T> rowOf(const runtime::Column &column, int64_t row, size_t size) {
  std::vector<T> values(size);
  column.read(row, values.data());
  return values;
}
template <typename T> std::vector<T> inputOf(const runtime::DataSet &set, int64_t row, size_t size) {
  return rowOf<T>(*set.inputs[0], set.first + row, size);
}
template <typename T> std::vector<T> labelsOf(const runtime::DataSet &set, int64_t row, size_t size) {
  return rowOf<T>(*set.labels[0], set.first + row, size);
}
inline float labelOf(const runtime::DataSet &set, int64_t row) { return labelsOf<float>(set, row, 1)[0]; }

} // namespace weft::test

#endif // WEFT_TESTS_RUNTIME_FAKEMODEL_H

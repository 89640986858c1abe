//===- DataSet.h - Rows of data that fit a model -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_DATASET_H
#define WEFT_RUNTIME_DATA_DATASET_H

#include "runtime/abi/Abi.h"
#include "runtime/io/Tensor.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::runtime {

/// The values of one port, in the port's element type, row by row.
class Column {
public:
  virtual ~Column() = default;
  virtual void read(int64_t row, void *to) const = 0;
};

/// Rows of values for each input and each label of a model.
struct DataSet {
  std::vector<std::shared_ptr<const Column>> inputs, labels;
  int64_t first = 0;
  int64_t rows = 0;

  DataSet part(int64_t begin, int64_t count) const { return {inputs, labels, first + begin, count}; }
};

struct Encoding;

/// What a source of data offers.
struct Data {
  DataSet train;
  std::optional<DataSet> test;
  std::shared_ptr<const Encoding> encoding = nullptr; // where texts or names were made numbers
};

/// What a model takes, and what its labels may be.
struct Ports {
  std::span<const WeftPort> inputs, labels, outputs;
  std::string loss;
  /// What has been learnt of texts and classes; null: it is learnt from the data.
  std::shared_ptr<const Encoding> encoding;

  explicit Ports(const WeftModel &model, std::string loss = {})
      : inputs(model.inputs, static_cast<size_t>(model.input_count)),
        labels(model.labels, static_cast<size_t>(model.label_count)),
        outputs(model.outputs, static_cast<size_t>(model.output_count)), loss(std::move(loss)) {}
};

std::span<const int64_t> shapeOf(const WeftPort &port);
int64_t valuesOf(const WeftPort &port);

/// The tensor's rows as values of an input, checked: shape, word ids, numbers.
/// `where` names the tensor in messages. The values are copied.
std::shared_ptr<const Column> bindInput(const WeftPort &port, const TensorView &tensor,
                                        const std::string &where);

/// Likewise for label `index` of the model.
std::shared_ptr<const Column> bindLabel(const Ports &ports, size_t index, const TensorView &tensor,
                                        const std::string &where);

/// Fails where the rows that `where` has for an input and a label differ in number, or are none.
void checkRows(int64_t rows, int64_t others, const std::string &where, const std::string &other);
void checkNotEmpty(int64_t rows, const std::string &where);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_DATASET_H

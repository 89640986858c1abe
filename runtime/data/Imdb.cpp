//===- Imdb.cpp - Film reviews as rows of word ids ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Prepared.h"
#include "runtime/data/Source.h"
#include "runtime/data/Vocabulary.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace weft::runtime {

namespace {
/// Rows of words made equally long as Keras's pad_sequences does it: zeros in
/// front, or the last words kept; words that are too rare become `unknown`.
class PaddedColumn : public Column {
public:
  PaddedColumn(std::shared_ptr<const PreparedData> data, RaggedRows rows, const TextOptions &options)
      : data(std::move(data)), rows(rows), options(options) {}

  void read(int64_t row, void *to) const override {
    int64_t begin = rows.offsets[static_cast<size_t>(row)], end = rows.offsets[static_cast<size_t>(row) + 1];
    padWords(rows.ids.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)), options,
             static_cast<int32_t *>(to));
  }

private:
  std::shared_ptr<const PreparedData> data; // what `rows` looks into
  RaggedRows rows;
  TextOptions options;
};
} // namespace

Data openImdb(const SourceSpec &spec, const Ports &ports) {
  spec.allowOnly({"top_words", "length", "test_split"});
  if (ports.inputs.size() != 1 || ports.inputs[0].element != WEFT_I32 || ports.inputs[0].rank != 1 ||
      ports.labels.size() != 1)
    fail("data '{}' is for a model with one input of word ids, tokens[length] of vocabulary", spec.text);
  const WeftPort &port = ports.inputs[0];
  int64_t length = spec.integer("length", port.shape[0], 1);
  int64_t topWords = spec.integer("top_words", port.vocabulary, unknownWord + 1);
  if (length != port.shape[0])
    fail("data '{}' has {} words a row, input '{}' takes {}", spec.text, length, port.name, port.shape[0]);
  if (topWords > port.vocabulary)
    fail("data '{}' has word ids up to {}, input '{}' has a vocabulary of {}: ids go from 0 to {}", spec.text,
         topWords - 1, port.name, port.vocabulary, port.vocabulary - 1);

  std::string path = preparedPath("imdb");
  if (!std::filesystem::exists(path))
    fail("there is no prepared imdb data at {}: run `weft data imdb` first", path);
  auto prepared = std::make_shared<const PreparedData>(path);
  auto open = [&](const char *split) {
    RaggedRows rows = raggedSplit(*prepared, path, split);
    if (std::any_of(rows.ids.begin(), rows.ids.end(), [](int32_t id) { return id < 0; }))
      fail("{} is damaged: a word id is negative; run `weft data` again", path);
    TensorView labels{Element::I32, {rows.rows()}, std::as_bytes(rows.labels)};
    DataSet set;
    set.inputs = {std::make_shared<PaddedColumn>(
        prepared, rows, TextOptions{.length = length, .width = length, .topWords = topWords})};
    set.labels = {bindLabel(ports, 0, labels, fmt::format("imdb {}", split))};
    set.rows = rows.rows();
    return set;
  };
  Data data{open("train"), open("test")};
  if (double fraction = spec.fraction("test_split"); fraction > 0) {
    // The rows were shuffled when they were prepared: any part is a fair sample.
    int64_t kept = std::llround(static_cast<double>(data.train.rows) * (1 - fraction));
    if (kept == 0 || kept == data.train.rows)
      fail("data '{}': test_split leaves nothing to {}", spec.text, kept ? "test on" : "train on");
    data.test = data.train.part(kept, data.train.rows - kept);
    data.train = data.train.part(0, kept);
  }
  return data;
}

} // namespace weft::runtime

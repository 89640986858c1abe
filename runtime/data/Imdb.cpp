//===- Imdb.cpp - Film reviews as rows of word ids ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Encoding.h"
#include "runtime/data/Prepared.h"
#include "runtime/data/Words.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

namespace weft::runtime {

namespace {
/// Rows of words made equally long; by default as Keras's pad_sequences does it:
/// zeros in front, or the last words kept.
class PaddedColumn : public Column {
public:
  PaddedColumn(std::shared_ptr<const PreparedData> data, RaggedRows rows, const TextOptions &options,
               std::shared_ptr<const std::vector<int32_t>> ids)
      : data(std::move(data)), rows(rows), options(options), ids(std::move(ids)) {}

  void read(int64_t row, void *to) const override {
    int64_t begin = rows.offsets[static_cast<size_t>(row)], end = rows.offsets[static_cast<size_t>(row) + 1];
    std::span<const int32_t> words = rows.ids.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    std::vector<int32_t> translated;
    if (ids) {
      for (int32_t id : words)
        if (int32_t other = static_cast<size_t>(id) < ids->size() ? (*ids)[static_cast<size_t>(id)] : 0)
          translated.push_back(other);
      words = translated;
    }
    padWords(words, options, static_cast<int32_t *>(to));
  }

private:
  std::shared_ptr<const PreparedData> data; // what `rows` looks into
  RaggedRows rows;
  TextOptions options;
  std::shared_ptr<const std::vector<int32_t>> ids; // by the prepared ids, 0 for none; null: the same
};

std::vector<std::string> wordsOf(const PreparedData &prepared, const std::string &path) {
  std::span<const char> bytes = prepared.array<char>("words");
  std::string_view text(bytes.data(), bytes.size());
  if (invalidUtf8(text) != std::string_view::npos)
    fail("{} was made of texts that are no UTF-8: run `weft data imdb` with another archive", path);
  std::vector<std::string> words = splitText(text, '\n');
  if (words.back().empty())
    words.pop_back();
  return words;
}

/// The ids of `from`'s words in `to`; null where they are the same.
std::shared_ptr<const std::vector<int32_t>> translation(const Vocabulary &from, const Vocabulary &to) {
  if (from.words == to.words)
    return nullptr;
  std::unordered_map<std::string_view, int32_t> known;
  for (size_t rank = 0; rank < to.words.size(); ++rank)
    known.emplace(to.words[rank], to.idOf(rank));
  auto ids = std::make_shared<std::vector<int32_t>>(from.words.size() + firstWord);
  (*ids)[startWord] = startWord;
  for (size_t rank = 0; rank < from.words.size(); ++rank)
    if (auto found = known.find(from.words[rank]); found != known.end())
      (*ids)[static_cast<size_t>(from.idOf(rank))] = found->second;
  return ids;
}
} // namespace

Data openImdb(const SourceSpec &spec, const Ports &ports) {
  spec.allowOnly({"top_words", "length", "padding", "truncating", "test_split"});
  if (ports.inputs.size() != 1 || ports.inputs[0].element != WEFT_I32 || ports.inputs[0].rank != 1 ||
      ports.labels.size() != 1)
    fail("data '{}' is for a model with one input of word ids, tokens[length] of vocabulary", spec.text);
  const WeftPort &port = ports.inputs[0];
  const Encoding *learnt = learntTexts(ports, spec, TextUnit::Word);
  TextOptions options = TextOptions::of(spec, port, learnt ? &learnt->options : nullptr);

  std::string path = preparedPath("imdb");
  if (!std::filesystem::exists(path))
    fail("there is no prepared imdb data at {}: run `weft data imdb` first", path);
  auto prepared = std::make_shared<const PreparedData>(path);
  auto encoding = std::make_shared<Encoding>(Encoding{
      std::make_shared<Vocabulary>(Vocabulary{TextUnit::Word, wordsOf(*prepared, path)}), options, port.name, {"neg", "pos"}});
  std::shared_ptr<const std::vector<int32_t>> ids;
  if (learnt) {
    ids = translation(*encoding->vocabulary, *learnt->vocabulary);
    encoding->vocabulary = learnt->vocabulary;
  }
  auto open = [&](const char *split) {
    RaggedRows rows = raggedSplit(*prepared, path, split);
    if (std::any_of(rows.ids.begin(), rows.ids.end(), [](int32_t id) { return id < 0; }))
      fail("{} is damaged: a word id is negative; run `weft data` again", path);
    TensorView labels{Element::I32, {rows.rows()}, std::as_bytes(rows.labels)};
    DataSet set;
    set.inputs = {std::make_shared<PaddedColumn>(prepared, rows, options, ids)};
    set.labels = {bindLabel(ports, 0, labels, fmt::format("imdb {}", split))};
    set.rows = rows.rows();
    return set;
  };
  Data data{open("train"), open("test"), encoding};
  // The rows were shuffled when they were prepared: any part is a fair sample.
  if (int64_t kept = spec.keptRows(data.train.rows); kept < data.train.rows) {
    data.test = data.train.part(kept, data.train.rows - kept);
    data.train = data.train.part(0, kept);
  }
  return data;
}

} // namespace weft::runtime

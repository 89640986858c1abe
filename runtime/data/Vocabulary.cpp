//===- Vocabulary.cpp - Texts as rows of ids ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Vocabulary.h"
#include "runtime/data/Words.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <numeric>

namespace weft::runtime {

namespace {
/// Whether an option says "pre" (Keras's default) and not "post".
bool isInFront(const SourceSpec &spec, const std::string &name, bool fallback) {
  auto found = spec.arguments.find(name);
  if (found == spec.arguments.end())
    return fallback;
  std::string side = unquoted(found->second);
  if (side == "pre")
    return true;
  if (side != "post")
    fail("data '{}': {} should be pre (in front) or post (behind), it is '{}'", spec.text, name, side);
  return false;
}

class WordColumn : public Column {
public:
  explicit WordColumn(const TextOptions &options) : options(options) {}

  void append(std::span<const int32_t> row) {
    ids.insert(ids.end(), row.begin(), row.end());
    offsets.push_back(ids.size());
  }
  void read(int64_t row, void *to) const override {
    size_t begin = offsets[static_cast<size_t>(row)], end = offsets[static_cast<size_t>(row) + 1];
    padWords(std::span(ids).subspan(begin, end - begin), options, static_cast<int32_t *>(to));
  }

private:
  TextOptions options;
  std::vector<int32_t> ids;
  std::vector<size_t> offsets = {0};
};
} // namespace

TextOptions TextOptions::of(const SourceSpec &spec, const WeftPort &port, const TextOptions *learnt) {
  TextOptions options;
  if (!learnt) {
    options.length = port.shape[0];
    options.topWords = port.vocabulary;
  }
  options = (learnt ? *learnt : options).fittedTo(port);
  options.length = spec.integer("length", options.length, 1);
  options.topWords = spec.integer("top_words", options.topWords, firstWord);
  options.padInFront = isInFront(spec, "padding", options.padInFront);
  options.cutInFront = isInFront(spec, "truncating", options.cutInFront);
  if (options.length > options.width)
    fail("data '{}' has {} words a row, input '{}' takes {}", spec.text, options.length, port.name, options.width);
  if (options.topWords > port.vocabulary)
    fail("data '{}' has word ids up to {}, input '{}' has a vocabulary of {}: ids go from 0 to {}", spec.text,
         options.topWords - 1, port.name, port.vocabulary, port.vocabulary - 1);
  return options;
}

TextOptions TextOptions::fittedTo(const WeftPort &port) const {
  if (port.vocabulary <= unknown)
    fail("input '{}' has a vocabulary of {}: for texts it takes {} or more", port.name, port.vocabulary, unknown + 2);
  TextOptions options = *this;
  options.width = port.shape[0];
  options.length = std::min(length, options.width);
  options.topWords = std::min(topWords, port.vocabulary);
  return options;
}

void padWords(std::span<const int32_t> words, const TextOptions &options, int32_t *to) {
  size_t length = static_cast<size_t>(options.length);
  if (words.size() > length)
    words = options.cutInFront ? words.last(length) : words.first(length);
  int64_t zeros = options.width - static_cast<int64_t>(words.size());
  if (options.padInFront)
    to = std::fill_n(to, zeros, 0);
  for (int32_t id : words)
    *to++ = id < options.topWords ? id : options.unknown;
  if (!options.padInFront)
    std::fill_n(to, zeros, 0);
}

void Texts::add(std::string_view text, const std::string &where) {
  if (size_t at = invalidUtf8(text); at != std::string_view::npos)
    fail("{} is no UTF-8 text (byte {} from 0 is 0x{:02x}): convert it, for example with iconv -f latin1 -t utf-8",
         where, at, static_cast<unsigned char>(text[at]));
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  if (unit == TextUnit::Word)
    for (const std::string &word : splitWords(text))
      append(word);
  else
    for (size_t size; !text.empty(); text.remove_prefix(size))
      append(text.substr(0, size = characterSize(text)));
  offsets.push_back(static_cast<int64_t>(words.size()));
}

void Texts::append(std::string_view word) {
  auto [found, isNew] = numbers.try_emplace(std::string(word), static_cast<int32_t>(spelled.size()));
  if (isNew)
    spelled.push_back(&found->first);
  words.push_back(found->second);
}

std::shared_ptr<const Vocabulary> Texts::vocabulary(std::span<const int64_t> of) const {
  std::vector<int64_t> counts(spelled.size());
  for (int64_t row : of)
    for (int64_t k = offsets[static_cast<size_t>(row)]; k < offsets[static_cast<size_t>(row) + 1]; ++k)
      ++counts[static_cast<size_t>(words[static_cast<size_t>(k)])];
  std::vector<size_t> order(spelled.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::erase_if(order, [&](size_t number) { return counts[number] == 0; });
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return counts[a] > counts[b]; });
  auto vocabulary = std::make_shared<Vocabulary>(Vocabulary{unit, {}});
  for (size_t number : order)
    vocabulary->words.push_back(*spelled[number]);
  return vocabulary;
}

std::vector<std::vector<int32_t>> Texts::ids(const Vocabulary &vocabulary, std::span<const int64_t> of) const {
  std::vector<int32_t> idOf(spelled.size(), unit == TextUnit::Word ? 0 : vocabulary.unknown());
  for (size_t rank = 0; rank < vocabulary.words.size(); ++rank)
    if (auto found = numbers.find(vocabulary.words[rank]); found != numbers.end())
      idOf[static_cast<size_t>(found->second)] = vocabulary.idOf(rank);
  std::vector<std::vector<int32_t>> rows;
  for (int64_t text : of) {
    std::vector<int32_t> &row = rows.emplace_back();
    if (unit == TextUnit::Word)
      row.push_back(startWord);
    size_t at = static_cast<size_t>(text);
    for (int64_t k = offsets[at]; k < offsets[at + 1]; ++k)
      if (int32_t id = idOf[static_cast<size_t>(words[static_cast<size_t>(k)])])
        row.push_back(id);
  }
  return rows;
}

std::shared_ptr<const Column> Texts::encode(const Vocabulary &vocabulary, const TextOptions &options,
                                            std::span<const int64_t> order) const {
  auto column = std::make_shared<WordColumn>(options);
  for (const std::vector<int32_t> &row : ids(vocabulary, order))
    column->append(row);
  return column;
}

} // namespace weft::runtime

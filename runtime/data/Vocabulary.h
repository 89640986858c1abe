//===- Vocabulary.h - Texts as rows of word ids -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_VOCABULARY_H
#define WEFT_RUNTIME_DATA_VOCABULARY_H

#include "runtime/data/Source.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::runtime {

/// Ids before the first word's, as Keras's IMDB has them: nothing, start, unknown.
constexpr int32_t startWord = 1, unknownWord = 2, firstWord = 4;

/// Words of a training set, the most frequent first; of equally frequent ones the
/// one that is met first. The word at rank n (from 0) has id n + 4.
struct Vocabulary {
  std::vector<std::string> words;
};

/// How texts become rows of an input.
struct TextOptions {
  int64_t length = 0;   // words of a row, the start with them
  int64_t width = 0;    // of the input; zeros up to it
  int64_t topWords = 0; // ids from here on become `unknown`
  bool padInFront = true, cutInFront = true;

  /// From `length`, `top_words`, `padding` and `truncating` of a source.
  static TextOptions of(const SourceSpec &spec, const WeftPort &port);
};

/// Row `words` of any length as one of the input: cut, too rare words unknown, padded.
void padWords(std::span<const int32_t> words, const TextOptions &options, int32_t *to);

/// Texts, split into words as IMDB's are.
class Texts {
public:
  /// Adds a text; fails where it is no UTF-8. `where` names it.
  void add(std::string_view text, const std::string &where);
  int64_t rows() const { return static_cast<int64_t>(offsets.size()) - 1; }

  /// The vocabulary of these texts.
  std::shared_ptr<const Vocabulary> vocabulary(std::span<const int64_t> of) const;

  /// The texts `order` as rows of ids. Words that the vocabulary lacks are left out.
  std::shared_ptr<const Column> encode(const Vocabulary &vocabulary, const TextOptions &options,
                                       std::span<const int64_t> order) const;

private:
  std::unordered_map<std::string, int32_t> numbers; // by first appearance
  std::vector<const std::string *> spelled;
  std::vector<int32_t> words; // of all texts
  std::vector<int64_t> offsets = {0};
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_VOCABULARY_H

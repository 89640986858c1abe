//===- Vocabulary.h - Texts as rows of ids -*- C++ -*-===//
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

/// What a text is split into, an id each.
enum class TextUnit { Word, Character };

/// Ids before the first word's, as Keras's IMDB has them: nothing, start, unknown.
constexpr int32_t startWord = 1, unknownWord = 2, firstWord = 4;
/// ... and before the first character's: nothing, unknown.
constexpr int32_t unknownCharacter = 1, firstCharacter = 2;

/// Words (or characters) of a training set, the most frequent first; of equally
/// frequent ones the one that is met first.
struct Vocabulary {
  TextUnit unit = TextUnit::Word;
  std::vector<std::string> words;

  int32_t first() const { return unit == TextUnit::Word ? firstWord : firstCharacter; }
  int32_t unknown() const { return unit == TextUnit::Word ? unknownWord : unknownCharacter; }
  int32_t idOf(size_t rank) const { return static_cast<int32_t>(rank) + first(); }
};

/// How texts become rows of an input.
struct TextOptions {
  int64_t length = 0;   // ids of a row, the start with them
  int64_t width = 0;    // of the input; zeros up to it
  int64_t topWords = 0; // ids from here on become `unknown`
  bool padInFront = true, cutInFront = true;
  int32_t unknown = unknownWord;

  /// From `length`, `top_words`, `padding` and `truncating` of a source; what it
  /// does not say is as `learnt`, where that is given.
  static TextOptions of(const SourceSpec &spec, const WeftPort &port, const TextOptions *learnt = nullptr);

  /// These for an input that may be shorter or know fewer words.
  TextOptions fittedTo(const WeftPort &port) const;
};

/// Row `words` of any length as one of the input: cut, too rare words unknown, padded.
void padWords(std::span<const int32_t> words, const TextOptions &options, int32_t *to);

/// Texts, split into words as IMDB's are, or into characters.
class Texts {
public:
  explicit Texts(TextUnit unit = TextUnit::Word) : unit(unit) {}

  /// Adds a text; fails where it is no UTF-8. `where` names it.
  void add(std::string_view text, const std::string &where);
  int64_t rows() const { return static_cast<int64_t>(offsets.size()) - 1; }

  /// The vocabulary of these texts.
  std::shared_ptr<const Vocabulary> vocabulary(std::span<const int64_t> of) const;

  /// The ids of each text: of words those that the vocabulary has, behind a start;
  /// of characters all, the others unknown.
  std::vector<std::vector<int32_t>> ids(const Vocabulary &vocabulary, std::span<const int64_t> of) const;

  /// The texts `order` as rows of an input.
  std::shared_ptr<const Column> encode(const Vocabulary &vocabulary, const TextOptions &options,
                                       std::span<const int64_t> order) const;

private:
  void append(std::string_view word);

  TextUnit unit;
  std::unordered_map<std::string, int32_t> numbers; // by first appearance
  std::vector<const std::string *> spelled;
  std::vector<int32_t> words; // of all texts
  std::vector<int64_t> offsets = {0};
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_VOCABULARY_H

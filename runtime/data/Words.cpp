//===- Words.cpp - Text as words ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Words.h"

#include <cstdint>

namespace weft::runtime {

namespace {
/// Letters of [first, last] whose lower case lies `distance` on; of every
/// second one where the two cases alternate.
struct LetterRange {
  uint32_t first, last;
  uint32_t step;
  int32_t distance;
};
constexpr LetterRange letters[] = {
    {0x41, 0x5a, 1, 32},      {0xc0, 0xd6, 1, 32},      {0xd8, 0xde, 1, 32},      {0x100, 0x12e, 2, 1},
    {0x132, 0x136, 2, 1},     {0x139, 0x147, 2, 1},     {0x14a, 0x176, 2, 1},     {0x178, 0x178, 1, -121},
    {0x179, 0x17d, 2, 1},     {0x218, 0x21a, 2, 1},     {0x386, 0x386, 1, 38},    {0x388, 0x38a, 1, 37},
    {0x38c, 0x38c, 1, 64},    {0x38e, 0x38f, 1, 63},    {0x391, 0x3a1, 1, 32},    {0x3a3, 0x3ab, 1, 32},
    {0x400, 0x40f, 1, 80},    {0x410, 0x42f, 1, 32},    {0x460, 0x480, 2, 1},     {0x48a, 0x4be, 2, 1},
    {0x4d0, 0x52e, 2, 1},     {0x1e00, 0x1e94, 2, 1},   {0x1e9e, 0x1e9e, 1, -7615}, {0x1ea0, 0x1efe, 2, 1},
    {0xff21, 0xff3a, 1, 32},
};

uint32_t lowerLetter(uint32_t letter) {
  for (const LetterRange &range : letters)
    if (letter >= range.first && letter <= range.last && (letter - range.first) % range.step == 0)
      return letter + static_cast<uint32_t>(range.distance);
  return letter;
}

/// Bytes of the UTF-8 sequence at the front of `text`, and its code point; one
/// byte and no letter where it is none.
size_t decode(std::string_view text, uint32_t &letter) {
  auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  letter = 0;
  size_t size = byte(0) < 0x80 ? 1 : byte(0) >> 5 == 6 ? 2 : byte(0) >> 4 == 14 ? 3 : 1;
  if (size == 1) {
    letter = byte(0) < 0x80 ? byte(0) : 0;
    return 1;
  }
  if (text.size() < size)
    return 1;
  letter = byte(0) & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if (byte(i) >> 6 != 2) {
      letter = 0;
      return 1;
    }
    letter = letter << 6 | (byte(i) & 0x3fu);
  }
  return size;
}

void encode(uint32_t letter, std::string &to) {
  if (letter < 0x80) {
    to += static_cast<char>(letter);
  } else if (letter < 0x800) {
    to += static_cast<char>(0xc0 | letter >> 6);
    to += static_cast<char>(0x80 | (letter & 0x3f));
  } else {
    to += static_cast<char>(0xe0 | letter >> 12);
    to += static_cast<char>(0x80 | (letter >> 6 & 0x3f));
    to += static_cast<char>(0x80 | (letter & 0x3f));
  }
}

/// What Unicode takes for white space, and the punctuation that Keras drops.
bool separates(uint32_t letter) {
  static constexpr std::string_view punctuation = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~";
  if (letter < 0x80)
    return letter == ' ' || (letter >= '\t' && letter <= '\r') || (letter >= 0x1c && letter <= 0x1f) ||
           punctuation.find(static_cast<char>(letter)) != std::string_view::npos;
  return letter == 0x85 || letter == 0xa0 || letter == 0x1680 || (letter >= 0x2000 && letter <= 0x200a) ||
         letter == 0x2028 || letter == 0x2029 || letter == 0x202f || letter == 0x205f || letter == 0x3000;
}

/// Calls body(code point, its bytes in lower case) for each letter of `text`.
template <typename F> void forLetters(std::string_view text, F body) {
  std::string small;
  while (!text.empty()) {
    uint32_t letter;
    size_t size = decode(text, letter);
    uint32_t lower = lowerLetter(letter);
    small.clear();
    if (lower == letter)
      small = text.substr(0, size);
    else
      encode(lower, small);
    body(letter, small);
    text.remove_prefix(size);
  }
}
} // namespace

std::string lowerCase(std::string_view text) {
  std::string lower;
  forLetters(text, [&](uint32_t, const std::string &small) { lower += small; });
  return lower;
}

std::vector<std::string> splitWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  forLetters(text, [&](uint32_t letter, const std::string &small) {
    if (letter == 0 || !separates(letter)) {
      word += small;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  });
  if (!word.empty())
    words.push_back(std::move(word));
  return words;
}

size_t characterSize(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t invalidUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
    unsigned first = byte(0);
    size_t size = first < 0x80 ? 1 : first >= 0xc2 && first <= 0xdf ? 2 : first >> 4 == 14 ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
    if (size == 0)
      return at;
    for (size_t i = 1; i < size; ++i)
      if (byte(i) >> 6 != 2)
        return at;
    // Longer than need be, half of a surrogate pair, or beyond the last letter.
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) || (first == 0xf0 && byte(1) < 0x90) ||
        (first == 0xf4 && byte(1) > 0x8f))
      return at;
    at += size;
  }
  return std::string_view::npos;
}

} // namespace weft::runtime

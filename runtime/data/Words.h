//===- Words.h - Text as words -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_WORDS_H
#define WEFT_RUNTIME_DATA_WORDS_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::runtime {

/// UTF-8 text in lower case: Latin, Greek and Cyrillic letters; bytes that are no
/// UTF-8 stay as they are.
std::string lowerCase(std::string_view text);

/// The words of a text as Keras's Tokenizer has them: in lower case, with
/// !"#$%&()*+,-./:;<=>?@[\]^_`{|}~ and all white space of Unicode between them.
/// An apostrophe is part of its word; `<br />` leaves the word "br".
std::vector<std::string> splitWords(std::string_view text);

/// Bytes of the first character of valid UTF-8 text.
size_t characterSize(std::string_view text);

/// Where the first byte lies that is no part of valid UTF-8; npos where all are.
size_t invalidUtf8(std::string_view text);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_WORDS_H

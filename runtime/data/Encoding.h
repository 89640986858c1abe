//===- Encoding.h - How texts and names became numbers -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_ENCODING_H
#define WEFT_RUNTIME_DATA_ENCODING_H

#include "runtime/data/Vocabulary.h"

namespace weft::runtime {

/// What must be known to read texts as training did, and to call its classes by
/// their names. It travels with the weights, as metadata of their file:
///
///     text        JSON: {"input": "words", "unit": "word", "length": 500,
///                 "top_words": 5000, "padding": "pre", "truncating": "pre",
///                 "start": 1, "unknown": 2, "first": 4}
///     vocabulary  words, a line each, the most frequent first: the one of line n
///                 (from 0) has the id first + n. Characters without lines.
///     classes     JSON: names of the classes by their numbers
struct Encoding {
  std::shared_ptr<const Vocabulary> vocabulary; // null where nothing is text
  TextOptions options;
  std::string input; // which takes texts
  std::vector<std::string> classes;
};

using Metadata = std::map<std::string, std::string>;

/// Fails where there is too much for a safetensors file's header.
Metadata toMetadata(const Encoding *encoding);

/// What the metadata of the file `path` say; null where they say nothing of it.
std::shared_ptr<const Encoding> encodingOf(const Metadata &metadata, const std::string &path);

/// Likewise, from a file of weights.
std::shared_ptr<const Encoding> readEncoding(const std::string &path);

/// What `ports` has learnt of texts of this unit; null where nothing. Fails where
/// what it has learnt is another unit: `source` cannot be read with it.
const Encoding *learntTexts(const Ports &ports, const SourceSpec &source, TextUnit unit);

/// Likewise names of classes; none where they have to be found.
std::vector<std::string> learntClasses(const Ports &ports);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_ENCODING_H

//===- Texts.h - What a trained model does with texts -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_MAIN_TEXTS_H
#define WEFT_RUNTIME_MAIN_TEXTS_H

#include "runtime/data/Encoding.h"
#include "runtime/train/Runner.h"

#include <string>

namespace weft::runtime {

/// Weights from a file, and what it says of texts (null where nothing).
struct TrainedWeights {
  std::string path;
  AlignedBuffer parameters;
  std::shared_ptr<const Encoding> encoding;
};

/// The encoding of texts, and the input it is for. Fails where the weights came
/// without one.
struct TextReader {
  TextReader(const WeftModel &model, const TrainedWeights &weights);

  const Encoding &encoding;
  TextOptions options; // as the input has room for
  size_t port = 0;     // among the inputs

  /// How many ids stand for words (or characters) of their own.
  size_t known() const;
};

/// The lines of `[NAME=]FILE` (- is the standard input) as rows of the model's
/// input of texts.
GivenInput openTexts(const WeftModel &model, const TrainedWeights &weights, const std::string &file);

/// One row of predictions as people read it: "0.9312 pos" where classes have names.
std::string predictionText(const WeftModel &model, const Encoding *encoding, std::span<const float> values);

/// Prints the words whose vectors have the largest cosine with `word`'s. `weight`
/// names their matrix; it may be left out where only one can be meant.
void printNearest(const WeftModel &model, const TrainedWeights &weights, const std::string &word, int64_t count,
                  const std::string &weight);

/// A text that a model of characters goes on with.
struct Generation {
  std::string prompt;
  int64_t length = 200;   // characters to add
  double temperature = 1; // 0: always the likeliest
  uint64_t seed = 0;
};
void printGenerated(const WeftModel &model, const TrainedWeights &weights, const Generation &wanted);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_MAIN_TEXTS_H

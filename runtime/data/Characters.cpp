//===- Characters.cpp - A text as windows of characters ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Encoding.h"
#include "runtime/io/File.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <algorithm>
#include <cstring>

namespace weft::runtime {

namespace {
using Ids = std::shared_ptr<const std::vector<int32_t>>;

/// In row r the characters [first + r * stride, ... + length) of a text, zeros
/// where those lie before its beginning.
class SliceColumn : public Column {
public:
  SliceColumn(Ids ids, int64_t first, int64_t stride, int64_t length)
      : ids(std::move(ids)), first(first), stride(stride), length(length) {}

  void read(int64_t row, void *to) const override {
    int64_t begin = first + row * stride, zeros = std::clamp<int64_t>(-begin, 0, length);
    int32_t *out = std::fill_n(static_cast<int32_t *>(to), zeros, 0);
    std::memcpy(out, ids->data() + begin + zeros, static_cast<size_t>(length - zeros) * sizeof(int32_t));
  }

private:
  Ids ids;
  int64_t first, stride, length;
};

/// What is predicted: the character behind a row, or behind each of its own.
struct Windows {
  int64_t length, stride;
  bool isSequence;

  /// Rows from the characters [begin, end): each one but the first is predicted
  /// once where the stride is as many as a row predicts.
  DataSet of(const Ids &ids, int64_t begin, int64_t end) const {
    int64_t predicted = isSequence ? length : 1, last = end - 1 - predicted;
    DataSet set;
    set.rows = last < begin ? 0 : (last - begin) / stride + 1;
    int64_t context = isSequence ? begin : begin + 1 - length;
    set.inputs = {std::make_shared<SliceColumn>(ids, context, stride, length)};
    set.labels = {std::make_shared<SliceColumn>(ids, begin + 1, stride, predicted)};
    return set;
  }
};

/// Whether the model predicts a character for each one it reads, or one at the end.
bool predictsEach(const SourceSpec &spec, const Ports &ports) {
  bool isText = ports.inputs.size() == 1 && ports.inputs[0].element == WEFT_I32 && ports.inputs[0].rank == 1;
  if (!isText || ports.labels.size() != 1 || ports.outputs.size() != 1 || ports.labels[0].element != WEFT_I32 ||
      (valuesOf(ports.labels[0]) != 1 && valuesOf(ports.labels[0]) != ports.inputs[0].shape[0]))
    fail("data '{}' is for a model with one input, tokens[length] of vocabulary, and one output, as many numbers as the "
         "vocabulary has for the next character or for the one behind each, with a loss such as "
         "sparse_categorical_crossentropy",
         spec.text);
  return valuesOf(ports.labels[0]) == ports.inputs[0].shape[0] && ports.inputs[0].shape[0] > 1;
}
} // namespace

Data openCharacters(const SourceSpec &spec, const Ports &ports) {
  spec.allowOnly({"length", "stride", "top_characters", "test_split"});
  bool isSequence = predictsEach(spec, ports);
  const WeftPort &port = ports.inputs[0], &output = ports.outputs[0];
  const Encoding *learnt = learntTexts(ports, spec, TextUnit::Character);

  FileBytes file(spec.rest);
  Texts text(TextUnit::Character);
  text.add({reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()}, spec.rest);
  const int64_t all[] = {0};
  auto encoding = std::make_shared<Encoding>();
  encoding->vocabulary = learnt ? learnt->vocabulary : text.vocabulary(all);
  encoding->input = port.name;

  TextOptions &options = encoding->options;
  options.width = port.shape[0];
  options.length = spec.integer("length", options.width, 1);
  options.unknown = unknownCharacter;
  options.padInFront = !isSequence; // a row's first character has been the first in training, too
  if (options.length != options.width)
    fail("data '{}' has {} characters a row, input '{}' takes {}", spec.text, options.length, port.name, options.width);
  int64_t needed = firstCharacter + std::ssize(encoding->vocabulary->words);
  int64_t width = output.shape[output.rank - 1];
  options.topWords = spec.integer("top_characters", learnt ? learnt->options.topWords : needed, firstCharacter + 1);
  if (int64_t known = std::min(port.vocabulary, width); std::min(options.topWords, needed) > known)
    fail("{} has {} different characters: with the ids for nothing and for unknown ones that makes {}, but {} '{}' has "
         "{} of {}. Build the model with {} or more, or say chars:{}(top_characters={})",
         spec.rest, needed - firstCharacter, needed, port.vocabulary == known ? "input" : "output",
         port.vocabulary == known ? port.name : output.name, port.vocabulary == known ? "a vocabulary" : "a width", known,
         needed, spec.rest, known);

  auto ids = std::make_shared<std::vector<int32_t>>(std::move(text.ids(*encoding->vocabulary, all)[0]));
  for (int32_t &id : *ids)
    id = id < options.topWords ? id : options.unknown;

  Windows windows{options.length, spec.integer("stride", isSequence ? options.length : 1, 1), isSequence};
  int64_t count = std::ssize(*ids), kept = spec.keptRows(count);
  Data data{windows.of(ids, 0, kept), std::nullopt, encoding};
  if (kept < count)
    data.test = windows.of(ids, kept, count);
  int64_t least = isSequence ? options.length + 1 : 2;
  if (data.train.rows == 0 || (data.test && data.test->rows == 0))
    fail("data '{}': {} has {} characters{}, a row needs {}", spec.text, spec.rest, count,
         kept < count ? fmt::format(" ({} to train on, {} to test on)", kept, count - kept) : "", least);
  return data;
}

} // namespace weft::runtime

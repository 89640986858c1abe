//===- Texts.cpp - What a trained model does with texts ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/main/Texts.h"
#include "runtime/data/Words.h"
#include "runtime/io/Console.h"
#include "runtime/io/File.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

namespace weft::runtime {

static const Encoding &encodingWithText(const TrainedWeights &weights) {
  if (!weights.encoding || !weights.encoding->vocabulary)
    fail("{} holds no vocabulary, so texts cannot be read: train on imdb, text:DIR, chars:FILE or a text column of "
         "csv:FILE (the weights then bring it along), or give word ids with --input X.npy",
         weights.path);
  return *weights.encoding;
}

TextReader::TextReader(const WeftModel &model, const TrainedWeights &weights)
    : encoding(encodingWithText(weights)), options(encoding.options) {
  std::span<const WeftPort> inputs(model.inputs, static_cast<size_t>(model.input_count));
  auto found = std::find_if(inputs.begin(), inputs.end(),
                            [&](const WeftPort &input) { return input.name == encoding.input; });
  if (found == inputs.end() && inputs.size() == 1)
    found = inputs.begin(); // renamed since
  if (found == inputs.end() || found->element != WEFT_I32 || found->rank != 1)
    fail("{} has a vocabulary for an input '{}' of word ids, which the model has not", weights.path, encoding.input);
  port = static_cast<size_t>(found - inputs.begin());
  options = encoding.options.fittedTo(*found);
}

size_t TextReader::known() const {
  size_t ids = static_cast<size_t>(std::max<int64_t>(0, options.topWords - encoding.vocabulary->first()));
  return std::min(ids, encoding.vocabulary->words.size());
}

//===----------------------------------------------------------------------===//
// Predictions
//===----------------------------------------------------------------------===//

static std::vector<std::string> linesOf(const std::string &path) {
  std::vector<std::string> lines = splitText(readAll(path), '\n');
  if (lines.back().empty())
    lines.pop_back();
  for (std::string &line : lines)
    if (line.ends_with('\r'))
      line.pop_back();
  return lines;
}

GivenInput openTexts(const WeftModel &model, const TrainedWeights &weights, const std::string &file) {
  TextReader reader(model, weights);
  const char *name = model.inputs[reader.port].name;
  std::string path = file;
  if (path.starts_with(std::string(name) + "="))
    path = path.substr(std::string_view(name).size() + 1);
  Texts texts(reader.encoding.vocabulary->unit);
  if (path != "-" && !std::filesystem::exists(path))
    fail("cannot read {}: there is no such file; --text names a file with a text a line, and --text - reads the "
         "standard input",
         path);
  std::string where = path == "-" ? "the standard input" : path;
  for (const std::string &line : linesOf(path))
    texts.add(line, fmt::format("{}, line {}", where, texts.rows() + 1));
  if (texts.rows() == 0)
    fail("{} is empty: a text a line is read", where);
  std::vector<int64_t> order(static_cast<size_t>(texts.rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  return {reader.port, texts.encode(*reader.encoding.vocabulary, reader.options, order), texts.rows(), where};
}

/// A word or a character as it is shown: what is not seen in quotes.
static std::string shown(const Vocabulary &vocabulary, const std::string &word) {
  if (vocabulary.unit == TextUnit::Word)
    return word;
  if (word == "\n")
    return "'\\n'";
  return word == "\t" ? "'\\t'" : word == "\r" ? "'\\r'" : fmt::format("'{}'", word);
}

/// What the output calls class `number`: by its name, or as a character that it
/// predicts, or by its number.
static std::string className(const Encoding *encoding, size_t number, size_t width) {
  if (encoding && encoding->classes.size() == width)
    return encoding->classes[number];
  const Vocabulary *vocabulary = encoding ? encoding->vocabulary.get() : nullptr;
  if (vocabulary && vocabulary->unit == TextUnit::Character) {
    size_t first = static_cast<size_t>(vocabulary->first());
    if (number >= first && number - first < vocabulary->words.size())
      return shown(*vocabulary, vocabulary->words[number - first]);
  }
  return fmt::format("class {}", number);
}

std::string predictionText(const WeftModel &model, const Encoding *encoding, std::span<const float> values) {
  const WeftPort &output = model.outputs[0];
  size_t width = static_cast<size_t>(output.rank ? output.shape[output.rank - 1] : 1);
  bool isNamed = encoding && encoding->classes.size() == std::max<size_t>(width, 2);
  bool isChoice = model.label_count > 0 && model.labels[0].element == WEFT_I32;
  if (width > 1 && (isChoice || isNamed)) {
    std::vector<std::string> choices;
    for (size_t at = 0; at < values.size(); at += width) {
      auto best = std::max_element(values.begin() + static_cast<std::ptrdiff_t>(at),
                                   values.begin() + static_cast<std::ptrdiff_t>(at + width));
      size_t number = static_cast<size_t>(best - values.begin()) - at;
      choices.push_back(fmt::format("{:.4f} {}", *best, className(encoding, number, width)));
    }
    return fmt::format("{}", fmt::join(choices, "  "));
  }
  if (isNamed && values.size() == 1)
    return fmt::format("{:.4f} {}", values[0], encoding->classes[values[0] > 0.5f]);
  return fmt::format("{:.6g}", fmt::join(values, " "));
}

//===----------------------------------------------------------------------===//
// Neighbours
//===----------------------------------------------------------------------===//

/// A matrix with a row for each id of the input.
static const WeftWeight &vectorsOf(const WeftModel &model, const WeftPort &port, const std::string &wanted) {
  std::vector<std::string> names;
  const WeftWeight *found = nullptr;
  for (const WeftWeight &weight : std::span(model.weights, static_cast<size_t>(model.weight_count)))
    if (weight.rank == 2 && weight.shape[0] == port.vocabulary && (wanted.empty() || weight.name == wanted)) {
      names.push_back(weight.name);
      found = &weight;
    }
  if (!found && !wanted.empty())
    fail("the model has no weight '{}' with a row for each of the {} ids of input '{}'", wanted, port.vocabulary,
         port.name);
  if (!found)
    fail("the model has no embedding: no weight with a row for each of the {} ids of input '{}'", port.vocabulary,
         port.name);
  if (names.size() > 1)
    fail("the model has {} weights with a row for each id of input '{}': say one of them with --weight {}", names.size(),
         port.name, fmt::join(names, " or --weight "));
  return *found;
}

/// The rank of the one word in `text`. Fails where it has no vector of its own.
static size_t rankOf(const TextReader &reader, const std::string &text) {
  const Vocabulary &vocabulary = *reader.encoding.vocabulary;
  std::string word = text;
  if (invalidUtf8(text) != std::string_view::npos)
    fail("the word is no UTF-8 text");
  if (vocabulary.unit == TextUnit::Word) {
    std::vector<std::string> words = splitWords(text);
    if (words.size() != 1)
      fail("'{}' is {}: say one", text, words.empty() ? "no word" : fmt::format("{} words", words.size()));
    word = words[0];
  } else if (text.empty() || characterSize(text) != text.size()) {
    fail("'{}' is not one character: the model was trained on characters", text);
  }
  auto begin = vocabulary.words.begin(), end = vocabulary.words.end();
  auto found = std::find(begin, end, word);
  if (found != end && static_cast<size_t>(found - begin) < reader.known())
    return static_cast<size_t>(found - begin);
  std::vector<std::string> known(begin, begin + static_cast<std::ptrdiff_t>(reader.known()));
  std::string near = nearestSpelling(word, known);
  std::string hint = near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
  if (found != end)
    fail("'{}' is number {} of the training texts' words, and the model tells the {} most frequent ones apart{}", word,
         withThousands(found - begin + 1), withThousands(std::ssize(known)), hint);
  fail("'{}' is in none of the training texts{}", word, hint);
}

void printNearest(const WeftModel &model, const TrainedWeights &weights, const std::string &text, int64_t count,
                  const std::string &weight) {
  TextReader reader(model, weights);
  const WeftWeight &matrix = vectorsOf(model, model.inputs[reader.port], weight);
  const Vocabulary &vocabulary = *reader.encoding.vocabulary;
  size_t rank = rankOf(reader, text), width = static_cast<size_t>(matrix.shape[1]);
  auto vectorOf = [&](size_t of) {
    return std::span(weights.parameters.floats() + matrix.offset + static_cast<size_t>(vocabulary.idOf(of)) * width, width);
  };
  auto product = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t i = 0; i < width; ++i)
      sum += double{vectorOf(a)[i]} * double{vectorOf(b)[i]};
    return sum;
  };
  double own = std::sqrt(product(rank, rank));
  std::vector<std::pair<double, size_t>> others; // the negative cosine first: sorted, the nearest leads
  for (size_t other = 0; other < reader.known(); ++other)
    if (other != rank) {
      double lengths = own * std::sqrt(product(other, other));
      others.emplace_back(lengths > 0 ? -product(rank, other) / lengths : 0, other);
    }
  std::sort(others.begin(), others.end());
  others.resize(std::min(others.size(), static_cast<size_t>(count)));
  for (const auto &[cosine, other] : others)
    print("{:7.4f}  {}\n", -cosine, shown(vocabulary, vocabulary.words[other]));
}

} // namespace weft::runtime

//===- Generate.cpp - Text, a character at a time ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Words.h"
#include "runtime/io/Console.h"
#include "runtime/main/Texts.h"
#include "runtime/support/Error.h"
#include "runtime/support/Random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace weft::runtime {

namespace {
/// The characters so far, of which the row of the input has the last.
class Story : public Column {
public:
  explicit Story(const TextOptions &options) : options(options) {}

  void read(int64_t, void *to) const override { padWords(ids, options, static_cast<int32_t *>(to)); }

  std::vector<int32_t> ids;

private:
  TextOptions options;
};

/// A model that says how likely each character is to be the next.
class Writer {
public:
  Writer(const WeftModel &model, const TrainedWeights &weights)
      : model(model), weights(weights), reader(model, weights), pool(1), runner(model, Runner::Mode::Predict, pool) {
    const WeftPort &output = model.outputs[0];
    width = output.rank ? output.shape[output.rank - 1] : 1;
    positions = valuesOf(output) / width;
    const Vocabulary &vocabulary = *reader.encoding.vocabulary;
    int64_t ids = vocabulary.first() + static_cast<int64_t>(reader.known());
    if (vocabulary.unit != TextUnit::Character || model.input_count != 1 || model.output_count != 1 || width < ids ||
        (positions != 1 && positions != reader.options.width))
      fail("generate is for a model that predicts the next character of a text: train one on chars:FILE");
    // As chars: reads it, whatever model the weights come from.
    reader.options.padInFront = positions == 1;
    story = std::make_shared<Story>(reader.options);
    set.inputs = {story};
    set.rows = 1;
  }

  void begin(const std::string &prompt);

  /// Adds one more character; returns it.
  const std::string &next(double temperature, RandomStream &random);

private:
  /// How likely each known character is to be next, by rank.
  std::vector<double> likelihoods();

  const WeftModel &model;
  const TrainedWeights &weights;
  TextReader reader;
  std::shared_ptr<Story> story;
  DataSet set;
  ThreadPool pool;
  Runner runner;
  int64_t width = 1, positions = 1;
};

void Writer::begin(const std::string &prompt) {
  if (prompt.empty())
    fail("generate goes on with a text: say --prompt with at least one character");
  Texts texts(TextUnit::Character);
  texts.add(prompt, "the prompt");
  const int64_t first[] = {0};
  story->ids = texts.ids(*reader.encoding.vocabulary, first)[0];
  std::string_view left = prompt;
  for (int32_t id : story->ids) {
    size_t size = characterSize(left);
    if (id == reader.options.unknown || id >= reader.options.topWords)
      fail("the prompt has the character '{}', which the model has not learnt: the training text has it too seldom or "
           "not at all",
           left.substr(0, size));
    left.remove_prefix(size);
  }
}

std::vector<double> Writer::likelihoods() {
  const int64_t order[] = {0};
  std::vector<float> row;
  runner.run(set, order, {weights.parameters.floats()}, [&](const Runner::Slice &slice, size_t) {
    // Of a model that predicts the character behind each one: behind the last.
    int64_t last = std::min(std::ssize(story->ids), reader.options.length) - 1;
    const float *from = slice.outputs[0] + (positions == 1 ? 0 : last) * width;
    row.assign(from, from + width);
  });
  double sum = std::accumulate(row.begin(), row.end(), 0.0);
  if (std::any_of(row.begin(), row.end(), [](float p) { return !(p >= 0); }) || std::abs(sum - 1) > 1e-3)
    fail("output '{}' is no distribution over characters (its values add up to {:.4g}): end the model in softmax",
         model.outputs[0].name, sum);
  auto first = row.begin() + reader.encoding.vocabulary->first();
  return {first, first + static_cast<std::ptrdiff_t>(reader.known())};
}

const std::string &Writer::next(double temperature, RandomStream &random) {
  std::vector<double> weight = likelihoods();
  size_t best = static_cast<size_t>(std::max_element(weight.begin(), weight.end()) - weight.begin()), chosen = best;
  if (temperature > 0) {
    double most = weight[best], sum = 0;
    for (double &one : weight)
      sum += one = one > 0 ? std::exp((std::log(one) - std::log(most)) / temperature) : 0;
    double left = random.uniform() * sum;
    for (size_t rank = 0; rank < weight.size(); ++rank)
      if ((left -= weight[rank]) < 0) {
        chosen = rank;
        break;
      }
  }
  story->ids.push_back(reader.encoding.vocabulary->idOf(chosen));
  return reader.encoding.vocabulary->words[chosen];
}
} // namespace

void printGenerated(const WeftModel &model, const TrainedWeights &weights, const Generation &wanted) {
  Writer writer(model, weights);
  writer.begin(wanted.prompt);
  RandomStream random(wanted.seed, "generate");
  print("{}", wanted.prompt);
  for (int64_t i = 0; i < wanted.length; ++i)
    print("{}", writer.next(wanted.temperature, random));
  print("\n");
}

} // namespace weft::runtime

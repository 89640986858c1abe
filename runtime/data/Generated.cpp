//===- Generated.cpp - Tasks that need no download ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Source.h"
#include "runtime/support/Error.h"
#include "runtime/support/Random.h"

#include <algorithm>
#include <string>

namespace weft::runtime {

namespace {
/// Arrays of one split, filled row by row.
struct Rows {
  int64_t count, steps, width;
  std::vector<float> x, y;

  Rows(int64_t count, int64_t steps, int64_t width)
      : count(count), steps(steps), width(width), x(static_cast<size_t>(count * steps * width)),
        y(static_cast<size_t>(count)) {}

  float &at(int64_t row, int64_t step, int64_t feature) {
    return x[static_cast<size_t>((row * steps + step) * width + feature)];
  }

  DataSet bind(const SourceSpec &spec, const Ports &ports) const {
    if (ports.inputs.size() != 1 || ports.labels.size() != 1)
      fail("data '{}' is for a model with one input and one output", spec.text);
    DataSet set;
    TensorView features{Element::F32, {count, steps, width}, std::as_bytes(std::span(x))};
    TensorView labels{Element::F32, {count}, std::as_bytes(std::span(y))};
    set.inputs = {bindInput(ports.inputs[0], features, spec.text)};
    set.labels = {bindLabel(ports, 0, labels, spec.text)};
    set.rows = count;
    return set;
  }
};

/// The test split has a quarter as many rows, from a stream of its own.
template <typename Fill> Data makeSplits(const SourceSpec &spec, const Ports &ports, Rows train, Fill fill) {
  uint64_t seed = static_cast<uint64_t>(spec.integer("seed", 1, 0));
  Rows test(std::max<int64_t>(1, train.count / 4), train.steps, train.width);
  RandomStream trainStream(seed, spec.kind + "/train"), testStream(seed, spec.kind + "/test");
  fill(train, trainStream);
  fill(test, testStream);
  return {train.bind(spec, ports), test.bind(spec, ports)};
}

/// The steps of the model's input where the spec does not say.
int64_t lengthFor(const SourceSpec &spec, const Ports &ports, int64_t fallback, int64_t least) {
  if (ports.inputs.size() == 1 && ports.inputs[0].rank == 2)
    fallback = ports.inputs[0].shape[0];
  int64_t length = spec.integer("length", fallback, least);
  if (length < least)
    fail("data '{}' needs at least {} steps, the model's input has {}", spec.text, least, length);
  return length;
}

// The embedded Reber grammar (Hochreiter and Schmidhuber, 1997): a string of
// the Reber grammar between T and T, or between P and P. To tell a valid one,
// the second symbol must be remembered to the last but one.
constexpr std::string_view symbols = "BEPSTVX";

struct Arrow {
  char symbol;
  int to;
};
/// The inner grammar, behind its B: two arrows a state; state 6 is the end.
constexpr Arrow inner[6][2] = {
    {{'T', 1}, {'P', 2}}, {{'S', 1}, {'X', 3}}, {{'T', 2}, {'V', 4}},
    {{'X', 2}, {'S', 5}}, {{'P', 3}, {'V', 5}}, {{'E', 6}, {'E', 6}},
};

std::string embeddedReber(RandomStream &random) {
  char outer = random.below(2) ? 'T' : 'P';
  std::string text = {'B', outer, 'B'};
  for (int state = 0; state != 6;) {
    Arrow arrow = inner[state][random.below(2)];
    text += arrow.symbol;
    state = arrow.to;
  }
  return text + outer + 'E';
}

bool isEmbeddedReber(std::string_view text) {
  if (text.size() < 9 || text[0] != 'B' || (text[1] != 'T' && text[1] != 'P') || text[2] != 'B')
    return false;
  if (text.back() != 'E' || text[text.size() - 2] != text[1])
    return false;
  int state = 0;
  for (char symbol : text.substr(3, text.size() - 5)) {
    if (state == 6)
      return false;
    const Arrow *arrow = std::find_if(std::begin(inner[state]), std::end(inner[state]),
                                      [&](const Arrow &candidate) { return candidate.symbol == symbol; });
    if (arrow == std::end(inner[state]))
      return false;
    state = arrow->to;
  }
  return state == 6;
}

/// One to three symbols replaced by others, so that the string is not valid.
std::string corrupted(const std::string &valid, RandomStream &random) {
  while (true) {
    std::string text = valid;
    for (uint64_t wrong = 1 + random.below(3); wrong; --wrong) {
      char &symbol = text[random.below(text.size())];
      size_t other = symbols.find(symbol) + 1 + random.below(symbols.size() - 1);
      symbol = symbols[other % symbols.size()];
    }
    if (!isEmbeddedReber(text))
      return text;
  }
}

void fillReber(Rows &rows, RandomStream &random) {
  for (int64_t row = 0; row < rows.count; ++row) {
    std::string text;
    do
      text = embeddedReber(random);
    while (static_cast<int64_t>(text.size()) > rows.steps);
    bool valid = row % 2 == 0;
    if (!valid)
      text = corrupted(text, random);
    int64_t start = rows.steps - static_cast<int64_t>(text.size());
    for (size_t i = 0; i < text.size(); ++i)
      rows.at(row, start + static_cast<int64_t>(i), static_cast<int64_t>(symbols.find(text[i]))) = 1;
    rows.y[static_cast<size_t>(row)] = valid;
  }
}

// The adding problem (Hochreiter and Schmidhuber, 1997): random numbers, two of
// them marked, one in each half; the label is the sum of these two.
void fillAdding(Rows &rows, RandomStream &random) {
  for (int64_t row = 0; row < rows.count; ++row) {
    for (int64_t step = 0; step < rows.steps; ++step)
      rows.at(row, step, 0) = static_cast<float>(random.uniform());
    int64_t half = rows.steps / 2;
    int64_t first = static_cast<int64_t>(random.below(static_cast<uint64_t>(half)));
    int64_t second = half + static_cast<int64_t>(random.below(static_cast<uint64_t>(rows.steps - half)));
    rows.at(row, first, 1) = rows.at(row, second, 1) = 1;
    rows.y[static_cast<size_t>(row)] = rows.at(row, first, 0) + rows.at(row, second, 0);
  }
}
} // namespace

Data openReber(const SourceSpec &spec, const Ports &ports) {
  spec.allowOnly({"length", "samples", "seed"});
  // The shortest strings have 9 symbols; some room lets the grammar's loops be used.
  Rows train(spec.integer("samples", 2000, 1), lengthFor(spec, ports, 40, 12),
             static_cast<int64_t>(symbols.size()));
  return makeSplits(spec, ports, std::move(train), fillReber);
}

Data openAdding(const SourceSpec &spec, const Ports &ports) {
  spec.allowOnly({"length", "samples", "seed"});
  Rows train(spec.integer("samples", 5000, 1), lengthFor(spec, ports, 50, 2), 2);
  return makeSplits(spec, ports, std::move(train), fillAdding);
}

} // namespace weft::runtime

//===- TextFolder.cpp - Texts in folders, a folder a class ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Vocabulary.h"
#include "runtime/io/File.h"
#include "runtime/support/Error.h"
#include "runtime/support/Random.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

namespace weft::runtime {

namespace {
namespace fs = std::filesystem;

/// Names in a folder, sorted; hidden ones left out.
std::vector<std::string> entriesOf(const fs::path &folder, bool folders) {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
    if (std::string name = at->path().filename(); name[0] != '.' && at->is_directory() == folders)
      names.push_back(name);
  if (problem)
    fail("cannot read {}: {}", folder.string(), problem.message());
  std::sort(names.begin(), names.end());
  return names;
}

/// The texts of one split with the number of each one's class.
struct LabelledTexts {
  Texts texts;
  std::vector<int32_t> classes;

  LabelledTexts(const fs::path &folder, const std::vector<std::string> &names) {
    for (size_t number = 0; number < names.size(); ++number) {
      fs::path of = folder / names[number];
      std::vector<std::string> files = entriesOf(of, false);
      if (files.empty())
        fail("{} has no files: a folder a class, with a file a text, is what text: reads", of.string());
      for (const std::string &name : files) {
        std::string path = of / name;
        FileBytes file(path);
        texts.add({reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()}, path);
        classes.push_back(static_cast<int32_t>(number));
      }
    }
  }
};

/// Class numbers as the label's values: a number, or a row with a one in it.
std::shared_ptr<const Column> labelColumn(const Ports &ports, std::span<const int32_t> classes, size_t count,
                                          const std::string &where) {
  int64_t width = valuesOf(ports.labels[0]), rows = std::ssize(classes);
  if (ports.labels[0].element == WEFT_I32 || width == 1)
    return bindLabel(ports, 0, {Element::I32, {rows}, std::as_bytes(classes)}, where);
  if (width != static_cast<int64_t>(count))
    fail("{} has {} classes, the output has {}", where, count, width);
  std::vector<float> ones(classes.size() * count);
  for (size_t row = 0; row < classes.size(); ++row)
    ones[row * count + static_cast<size_t>(classes[row])] = 1;
  return bindLabel(ports, 0, {Element::F32, {rows, width}, std::as_bytes(std::span(ones))}, where);
}

void checkClasses(const SourceSpec &spec, const Ports &ports, const std::vector<std::string> &classes) {
  if (classes.size() < 2)
    fail("data '{}': {} has {}; a folder a class is wanted, two or more", spec.text, spec.rest,
         classes.empty() ? "no folders" : fmt::format("one folder ({})", classes[0]));
  const WeftPort &output = ports.outputs[0];
  int64_t wanted = output.rank ? output.shape[output.rank - 1] : 1;
  if (std::ssize(classes) > std::max<int64_t>(wanted, 2))
    fail("data '{}' has {} classes ({}), the output has {}", spec.text, classes.size(), fmt::join(classes, ", "),
         wanted == 1 ? "one number, for two classes" : std::to_string(wanted));
}
} // namespace

Data openText(const SourceSpec &spec, const Ports &ports) {
  spec.allowOnly({"length", "top_words", "padding", "truncating", "classes", "test_split", "seed"});
  if (ports.inputs.size() != 1 || ports.inputs[0].element != WEFT_I32 || ports.inputs[0].rank != 1 ||
      ports.labels.size() != 1)
    fail("data '{}' is for a model with one input of word ids, tokens[length] of vocabulary", spec.text);
  TextOptions options = TextOptions::of(spec, ports.inputs[0]);
  double fraction = spec.fraction("test_split");
  uint64_t seed = static_cast<uint64_t>(spec.integer("seed", 1, 0));

  fs::path folder = spec.rest;
  if (!fs::is_directory(folder))
    fail("data '{}': {} is no folder", spec.text, spec.rest);
  bool isSplit = fs::is_directory(folder / "train") && fs::is_directory(folder / "test");
  if (isSplit && fraction > 0)
    fail("data '{}': {} has a test part of its own; test_split is for folders without one", spec.text, spec.rest);
  fs::path trainFolder = isSplit ? folder / "train" : folder;
  std::vector<std::string> classes = entriesOf(trainFolder, true);
  if (auto chosen = spec.arguments.find("classes"); chosen != spec.arguments.end()) {
    std::vector<std::string> wanted = splitOutsideQuotes(chosen->second, '+');
    std::transform(wanted.begin(), wanted.end(), wanted.begin(),
                   [](const std::string &name) { return unquoted(trim(name)); });
    for (const std::string &name : wanted)
      if (std::find(classes.begin(), classes.end(), name) == classes.end())
        fail("data '{}': {} has no class '{}'; it has {}", spec.text, trainFolder.string(), name,
             fmt::join(classes, ", "));
    classes = wanted;
  } else if (isSplit) {
    for (const std::string &name : entriesOf(folder / "test", true))
      if (std::find(classes.begin(), classes.end(), name) == classes.end())
        fail("data '{}': class '{}' is in {} but not in {}", spec.text, name, (folder / "test").string(),
             trainFolder.string());
  }
  checkClasses(spec, ports, classes);

  std::shared_ptr<const Vocabulary> vocabulary = ports.vocabulary;
  auto open = [&](const fs::path &from, std::span<const int32_t> numbers, const Texts &texts,
                  std::span<const int64_t> order) {
    std::vector<int32_t> ordered;
    for (int64_t row : order)
      ordered.push_back(numbers[static_cast<size_t>(row)]);
    DataSet set;
    set.inputs = {texts.encode(*vocabulary, options, order)};
    set.labels = {labelColumn(ports, ordered, classes.size(), from.string())};
    set.rows = std::ssize(order);
    return set;
  };
  // The files are sorted by class: shuffled once, any part is a fair sample.
  auto shuffled = [&](int64_t rows, uint32_t which) {
    std::vector<int64_t> order(static_cast<size_t>(rows));
    std::iota(order.begin(), order.end(), int64_t{0});
    RandomStream random(seed, "text", which);
    for (size_t left = order.size(); left > 1; --left)
      std::swap(order[left - 1], order[random.below(left)]);
    return order;
  };
  LabelledTexts all(trainFolder, classes);
  std::vector<int64_t> order = shuffled(all.texts.rows(), 0);
  int64_t kept = std::llround(static_cast<double>(std::ssize(order)) * (1 - fraction));
  if (fraction > 0 && (kept == 0 || kept == std::ssize(order)))
    fail("data '{}': test_split leaves nothing to {}", spec.text, kept ? "test on" : "train on");
  if (!vocabulary)
    vocabulary = all.texts.vocabulary(std::span(order).first(static_cast<size_t>(kept)));
  Data data{open(trainFolder, all.classes, all.texts, order), std::nullopt, vocabulary};
  if (fraction > 0) {
    data.test = data.train.part(kept, data.train.rows - kept);
    data.train = data.train.part(0, kept);
  }
  if (isSplit) {
    LabelledTexts test(folder / "test", classes);
    data.test = open(folder / "test", test.classes, test.texts, shuffled(test.texts.rows(), 1));
  }
  return data;
}

} // namespace weft::runtime

//===- TextFolder.cpp - Texts in folders, a folder a class ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Classes.h"
#include "runtime/data/Encoding.h"
#include "runtime/io/File.h"
#include "runtime/support/Error.h"
#include "runtime/support/Random.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>
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
      if (!fs::exists(of)) // of a class that is known from before
        continue;
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

/// The classes by their numbers: those that are asked for, else those that are
/// known already, else all folders.
std::vector<std::string> chooseClasses(const SourceSpec &spec, const Ports &ports, const fs::path &folder) {
  std::vector<std::string> found = entriesOf(folder, true), classes = givenClasses(spec);
  bool hasAll = !classes.empty();
  if (classes.empty())
    classes = learntClasses(ports);
  if (classes.empty())
    classes = found;
  auto check = [&](const std::vector<std::string> &names, const std::vector<std::string> &among, auto &&tell) {
    for (const std::string &name : names)
      if (std::find(among.begin(), among.end(), name) == among.end())
        tell(name);
  };
  if (hasAll)
    check(classes, found, [&](const std::string &name) {
      fail("data '{}': {} has no class '{}'; it has {}", spec.text, folder.string(), name, fmt::join(found, ", "));
    });
  else
    check(found, classes, [&](const std::string &name) {
      fail("data '{}': {} has the class '{}', which the weights were not trained on; they know {}", spec.text,
           folder.string(), name, fmt::join(classes, ", "));
    });
  if (found.empty())
    fail("data '{}': {} has no folders; a folder a class is wanted, two or more", spec.text, folder.string());
  checkClasses(spec, ports, classes, folder.string());
  return classes;
}
} // namespace

Data openText(const SourceSpec &spec, const Ports &ports) {
  spec.allowOnly({"length", "top_words", "padding", "truncating", "classes", "test_split", "seed"});
  if (ports.inputs.size() != 1 || ports.inputs[0].element != WEFT_I32 || ports.inputs[0].rank != 1 ||
      ports.labels.size() != 1)
    fail("data '{}' is for a model with one input of word ids, tokens[length] of vocabulary", spec.text);
  const Encoding *learnt = learntTexts(ports, spec, TextUnit::Word);
  TextOptions options = TextOptions::of(spec, ports.inputs[0], learnt ? &learnt->options : nullptr);
  double fraction = spec.fraction("test_split");
  uint64_t seed = static_cast<uint64_t>(spec.integer("seed", 1, 0));

  fs::path folder = spec.rest;
  if (!fs::is_directory(folder))
    fail("data '{}': {} is no folder", spec.text, spec.rest);
  bool isSplit = fs::is_directory(folder / "train") && fs::is_directory(folder / "test");
  if (isSplit && fraction > 0)
    fail("data '{}': {} has a test part of its own; test_split is for folders without one", spec.text, spec.rest);
  fs::path trainFolder = isSplit ? folder / "train" : folder;
  std::vector<std::string> classes = chooseClasses(spec, ports, trainFolder);
  if (isSplit && !spec.arguments.contains("classes"))
    for (const std::string &name : entriesOf(folder / "test", true))
      if (std::find(classes.begin(), classes.end(), name) == classes.end())
        fail("data '{}': class '{}' is in {} but not in {}", spec.text, name, (folder / "test").string(),
             trainFolder.string());

  auto encoding = std::make_shared<Encoding>(
      Encoding{learnt ? learnt->vocabulary : nullptr, options, ports.inputs[0].name, classes});
  auto open = [&](const fs::path &from, std::span<const int32_t> numbers, const Texts &texts,
                  std::span<const int64_t> order) {
    std::vector<int32_t> ordered;
    for (int64_t row : order)
      ordered.push_back(numbers[static_cast<size_t>(row)]);
    DataSet set;
    set.inputs = {texts.encode(*encoding->vocabulary, options, order)};
    set.labels = {classColumn(ports, ordered, classes.size(), from.string())};
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
  int64_t kept = spec.keptRows(std::ssize(order));
  if (!encoding->vocabulary)
    encoding->vocabulary = all.texts.vocabulary(std::span(order).first(static_cast<size_t>(kept)));
  Data data{open(trainFolder, all.classes, all.texts, order), std::nullopt, encoding};
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

//===- RobustnessTest.cpp - No text crashes the front end -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Texts of the project with parts cut off, taken out, doubled or exchanged. Each
// either compiles to a module that verifies or is refused with an error.
// WEFT_FUZZ_ROUNDS asks for more than the few rounds of every day.
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/frontend/FrontendTesting.h"

#include <cstdlib>
#include <random>

using namespace weft;
using namespace weft::frontend::testing;
namespace fs = std::filesystem;

static std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  for (const char *folder : {WEFT_MODELS, WEFT_ERRORS})
    for (const auto &entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".weft" && fs::file_size(entry.path()) < 4000)
        texts.push_back(readText(entry.path()));
  std::sort(texts.begin(), texts.end());
  return texts;
}

static void tryText(const std::string &text) {
  Compiled compiled = compile(text);
  EXPECT_EQ(!compiled.module, compiled.said.find("error[W") != std::string::npos) << compiled.said << "\nof\n"
                                                                                  << text;
}

TEST(Robustness, TruncatedFiles) {
  for (const char *name : {"imdb_cnn_lstm.weft", "minimal_gated_unit.weft"}) {
    std::string text = readText(fs::path(WEFT_MODELS) / name);
    for (size_t length = 0; length < text.size(); length += 3)
      tryText(text.substr(0, length));
  }
}

TEST(Robustness, MutatedFiles) {
  const char *more = std::getenv("WEFT_FUZZ_ROUNDS");
  int rounds = more ? std::atoi(more) : 600;
  std::vector<std::string> texts = seeds();
  static const std::vector<std::string> pieces = {
      "(",       ")",      "{",      "}",       "[",        "]",         ",",
      "=",       "'",      "|>",     "\n",      "@",        "^",         "-",
      "\"",      "#",      " ",      "0",       "-1",       "1e9",       "x",
      "h'",      "if ",    "else ",  "return ", "weight ",  "state ",    "input ",
      "output ", "model ", "train ", "split(",  "tokens[",  "features[", "units",
      "lstm",    "true",   "none",   "import ", "\xC3\xBC", "\xFF",      std::string(1, '\0')};
  std::mt19937 random(20);
  auto below = [&](size_t bound) { return bound == 0 ? 0 : random() % bound; };
  for (int round = 0; round < rounds; ++round) {
    std::string text = texts[below(texts.size())];
    for (size_t edits = 1 + below(4); edits > 0; --edits) {
      size_t at = below(text.size()), length = std::min<size_t>(1 + below(12), text.size() - at);
      switch (below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pieces[below(pieces.size())]);
        break;
      case 2:
        text.insert(below(text.size()), text.substr(at, length));
        break;
      case 3:
        text.replace(at, length, pieces[below(pieces.size())]);
        break;
      default: { // a piece of another file
        const std::string &other = texts[below(texts.size())];
        text.insert(at, other.substr(below(other.size()), 1 + below(60)));
      }
      }
    }
    tryText(text);
    if (testing::Test::HasFailure())
      return;
  }
}

TEST(Robustness, SettingsFromOutside) {
  std::string text = readText(fs::path(WEFT_MODELS) / "reber.weft");
  for (const char *value : {"", "0", "-1", "1e300", "1.5", "relu", "lstm(3)", "\"text\"", "(", "units",
                            "[zeros]", "1/0", "none", "1 2", "\n", "split(3)", "a'"}) {
    Compiled compiled = compile(text, {{"units", value}});
    EXPECT_FALSE(compiled.module) << value;
    EXPECT_NE(compiled.said.find("error[W"), std::string::npos) << value;
  }
  EXPECT_FALSE(compile(text, {{"", "3"}}).module);
}

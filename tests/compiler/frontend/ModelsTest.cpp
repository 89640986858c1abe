//===- ModelsTest.cpp - The models of the project compile -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/frontend/FrontendTesting.h"

#include <regex>

using namespace weft;
using namespace weft::frontend::testing;
namespace fs = std::filesystem;

static std::vector<fs::path> models() {
  std::vector<fs::path> files;
  for (const auto &entry : fs::directory_iterator(WEFT_MODELS))
    if (entry.path().extension() == ".weft")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Models : public testing::TestWithParam<fs::path> {};

/// Each says in its comment how many parameters it has and what it reaches.
TEST_P(Models, CompileAndHaveTheParametersTheySay) {
  std::string text = readText(GetParam());
  Compiled compiled = compile(text, {}, GetParam().string());
  ASSERT_TRUE(compiled.module) << compiled.said;
  EXPECT_EQ(compiled.said, "");
  std::smatch match;
  ASSERT_TRUE(std::regex_search(text, match, std::regex("([0-9,]+) parameters")));
  std::string digits = match[1];
  digits.erase(std::remove(digits.begin(), digits.end(), ','), digits.end());
  EXPECT_EQ(compiled.parameters(), std::stoll(digits));
  EXPECT_EQ(compiled.parametersOfLayers(), std::stoll(digits));
  EXPECT_TRUE(std::regex_search(text, std::regex("#.*(accuracy|error)")));
}

INSTANTIATE_TEST_SUITE_P(, Models, testing::ValuesIn(models()),
                         [](const auto &info) { return info.param.stem().string(); });

TEST(Model, ImdbHasItsKnownSizes) {
  EXPECT_EQ(compile(readText(fs::path(WEFT_MODELS) / "imdb_lstm.weft")).parameters(), 213301);
  EXPECT_EQ(compile(readText(fs::path(WEFT_MODELS) / "imdb_cnn_lstm.weft")).parameters(), 216405);
}

TEST(Model, IsSetFromOutside) {
  Compiled compiled = compile(readText(fs::path(WEFT_MODELS) / "reber.weft"), {{"units", "2*8"}});
  expectInOrder(compiled,
                {"@\"lstm/kernel\" : tensor<7x64xf32>", "@\"lstm/recurrent_kernel\" : tensor<16x64xf32>"});
}

TEST(Model, CompileTimeDoesNotGrowWithTheSequence) {
  std::string text = readText(fs::path(WEFT_MODELS) / "imdb_lstm.weft");
  std::string longer = std::regex_replace(text, std::regex("\\b500\\b"), "5000");
  std::string a = compile(text).text, b = compile(longer).text;
  EXPECT_EQ(std::count(a.begin(), a.end(), '\n'), std::count(b.begin(), b.end(), '\n'));
}

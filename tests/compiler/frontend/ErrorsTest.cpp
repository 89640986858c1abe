//===- ErrorsTest.cpp - Every diagnostic code, by the files below errors/ -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file begins with what it must report, all of it and nothing else:
//
//   # error[W0101] at 7:11: nothing is called `scael` here
//   #   help: did you mean `scale`?
//   # set: units=3
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Definitions.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Sema.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>

using namespace weft::frontend;
namespace fs = std::filesystem;

namespace {
struct Expected {
  std::string code, message;
  std::vector<std::string> lines;
};

struct Case {
  std::string text;
  std::vector<Expected> errors;
  std::map<std::string, std::string> settings;
};
} // namespace

static Case readCase(const fs::path &path) {
  Case result;
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  result.text = content.str();
  static const std::regex error("# error\\[(W\\d{4})\\] at (\\d+:\\d+): (.*)"), line("#   (\\w+): (.*)"),
      setting("# set: (\\w+)=(.*)");
  std::string text;
  std::smatch match;
  while (std::getline(content, text)) {
    if (std::regex_match(text, match, error))
      result.errors.push_back(
          {match[1], match[2].str() + ": error[" + match[1].str() + "]: " + match[3].str() + "\n", {}});
    else if (std::regex_match(text, match, setting))
      result.settings[match[1]] = match[2];
    else if (std::regex_match(text, match, line) && !result.errors.empty())
      result.errors.back().lines.push_back("= " + match[1].str() + ": " + match[2].str() + "\n");
  }
  return result;
}

static std::string diagnose(const std::string &name, const Case &testCase, bool &compiles) {
  SourceManager sources;
  DiagnosticEngine diagnostics(sources);
  Definitions definitions(sources, diagnostics);
  definitions.addPrelude();
  definitions.addFile(name, testCase.text, {});
  compiles = analyze(sources, diagnostics, definitions, testCase.settings).has_value();
  return diagnostics.render();
}

static std::vector<fs::path> errorFiles() {
  std::vector<fs::path> files;
  for (const auto &entry : fs::directory_iterator(WEFT_ERRORS))
    if (entry.path().extension() == ".weft")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Errors : public testing::TestWithParam<fs::path> {};

TEST_P(Errors, AreReportedAtTheirPlaces) {
  Case testCase = readCase(GetParam());
  ASSERT_FALSE(testCase.errors.empty()) << "the file says nothing of what is expected";
  bool compiles = true;
  std::string said = diagnose("model.weft", testCase, compiles);
  EXPECT_FALSE(compiles);
  for (const Expected &error : testCase.errors) {
    EXPECT_NE(said.find("model.weft:" + error.message), std::string::npos) << error.message << "in\n" << said;
    for (const std::string &line : error.lines)
      EXPECT_NE(said.find(line), std::string::npos) << line << "in\n" << said;
  }
  size_t count = 0;
  for (size_t at = said.find(": error[W"); at != std::string::npos; at = said.find(": error[W", at + 1))
    ++count;
  EXPECT_EQ(count, testCase.errors.size()) << said;
}

INSTANTIATE_TEST_SUITE_P(, Errors, testing::ValuesIn(errorFiles()),
                         [](const auto &info) { return info.param.stem().string(); });

TEST(Codes, EachHasAnExplanationAndATest) {
  std::set<std::string> tested;
  for (const fs::path &file : errorFiles())
    for (const Expected &error : readCase(file).errors)
      tested.insert(error.code);
  for (const std::string &code : allDiagnosticCodes()) {
    EXPECT_TRUE(tested.count(code)) << code << " is in no file below errors/";
    std::optional<std::string> text = explain(code);
    ASSERT_TRUE(text.has_value());
    EXPECT_EQ(text->rfind(code + ": ", 0), 0u);
    EXPECT_GT(text->size(), 40u) << code;
    tested.erase(code);
  }
  for (const std::string &code : tested)
    ADD_FAILURE() << code << " is reported but not explained";
  EXPECT_FALSE(explain("W9999").has_value());
}

/// The whole text of one error: place, underline, expected, got, note.
TEST(Render, ShowsThePlaceAndTheWayOut) {
  Case testCase;
  testCase.text = "model m {\n\tinput x: features[6, 3]\n\toutput y = x |> lstm(4, unit = 3) |> dense(1)\n}\n"
                  "train {\n  loss = mean_squared_error\n  optimizer = sgd\n}\n";
  bool compiles = true;
  EXPECT_EQ(
      diagnose("m.weft", testCase, compiles),
      "m.weft:3:26: error[W0104]: `lstm` has no argument `unit`\n"
      "    3 |  output y = x |> lstm(4, unit = 3) |> dense(1)\n"
      "      |                          ^~~~\n"
      "      = expected: arguments: units, activation, recurrent_activation, use_bias, kernel_initializer, "
      "recurrent_initializer, bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer, "
      "bias_regularizer, return_sequences, go_backwards, dropout and recurrent_dropout\n"
      "      = got: unit\n"
      "      = help: did you mean `units`?\n"
      "1 error; `weft explain W0104` tells more\n");
  EXPECT_FALSE(compiles);
}

TEST(Render, UnderlinesCharactersAndNotBytes) {
  Case testCase;
  testCase.text =
      "model m {\n  a = \"größe\" + unknown\n}\ntrain {\n  loss = mean_squared_error\n  optimizer = sgd\n}\n";
  bool compiles = true;
  std::string said = diagnose("m.weft", testCase, compiles);
  EXPECT_NE(said.find("m.weft:2:17: error[W0101]: nothing is called `unknown` here\n"
                      "    2 |   a = \"größe\" + unknown\n"
                      "      |                 ^~~~~~~\n"),
            std::string::npos)
      << said;
}

TEST(Render, PrintsFiftyErrorsAndCountsTheRest) {
  Case testCase;
  testCase.text = "model m {\n  input x: features[3]\n";
  for (int i = 0; i < 80; ++i)
    testCase.text += "  a" + std::to_string(i) + " = $\n";
  testCase.text +=
      "  output y = x |> dense(1)\n}\ntrain {\n  loss = mean_squared_error\n  optimizer = sgd\n}\n";
  bool compiles = true;
  std::string said = diagnose("m.weft", testCase, compiles);
  EXPECT_NE(said.find("and 30 more errors\n"), std::string::npos) << said;
  EXPECT_NE(said.find("80 errors; "), std::string::npos);
}

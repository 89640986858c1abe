//===- Source.cpp - Where data comes from ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Source.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace weft::runtime {

std::vector<std::string> splitOutsideQuotes(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (char c : text) {
    quoted ^= c == '"';
    if (c == separator && !quoted)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  return std::string(text);
}

/// name=value, name=value
static void parseArguments(SourceSpec &spec, std::string_view inside) {
  if (trim(inside).empty())
    return;
  for (const std::string &part : splitOutsideQuotes(inside, ',')) {
    size_t equals = part.find('=');
    if (equals == std::string::npos)
      fail("data '{}': '{}' should be name=value", spec.text, trim(part));
    std::string name(trim(std::string_view(part).substr(0, equals)));
    std::string value(trim(std::string_view(part).substr(equals + 1)));
    if (!spec.arguments.emplace(name, value).second)
      fail("data '{}' has '{}' twice", spec.text, name);
  }
}

/// Where the arguments at the end of `text` begin; npos where there are none: a
/// file may have parentheses in its name.
static size_t findArguments(std::string_view text) {
  if (!text.ends_with(')'))
    return std::string_view::npos;
  size_t open = std::string_view::npos;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    quoted ^= text[i] == '"';
    if (text[i] == '(' && !quoted)
      open = i;
  }
  bool isThere = open != std::string_view::npos &&
                 (text.find('=', open) != std::string_view::npos || open + 2 == text.size());
  return isThere ? open : std::string_view::npos;
}

SourceSpec SourceSpec::parse(const std::string &text) {
  SourceSpec spec;
  spec.text = std::string(trim(text));
  size_t colon = spec.text.find(':'), open = spec.text.find('(');
  if (colon < open) {
    spec.kind = std::string(trim(std::string_view(spec.text).substr(0, colon)));
    std::string_view rest = trim(std::string_view(spec.text).substr(colon + 1));
    bool takesArguments = spec.kind == "csv" || spec.kind == "text" || spec.kind == "chars";
    if (size_t at = takesArguments ? findArguments(rest) : std::string_view::npos; at != std::string_view::npos) {
      parseArguments(spec, rest.substr(at + 1, rest.size() - at - 2));
      rest = trim(rest.substr(0, at));
    }
    spec.rest = std::string(rest);
    return spec;
  }
  spec.kind = std::string(trim(std::string_view(spec.text).substr(0, open)));
  if (open == std::string::npos)
    return spec;
  if (spec.text.back() != ')')
    fail("data '{}' lacks its closing parenthesis", spec.text);
  parseArguments(spec, std::string_view(spec.text).substr(open + 1, spec.text.size() - open - 2));
  return spec;
}

int64_t SourceSpec::integer(const std::string &name, int64_t fallback, int64_t least) const {
  auto found = arguments.find(name);
  if (found == arguments.end())
    return fallback;
  std::optional<int64_t> value = parseInteger(found->second);
  if (!value || *value < least || *value > INT32_MAX)
    fail("data '{}': {} should be a whole number, at least {}", text, name, least);
  return *value;
}

int64_t SourceSpec::keptRows(int64_t rows) const {
  double part = fraction("test_split");
  int64_t kept = std::llround(static_cast<double>(rows) * (1 - part));
  if (part > 0 && (kept == 0 || kept == rows))
    fail("data '{}': test_split leaves nothing to {}", text, kept ? "test on" : "train on");
  return kept;
}

double SourceSpec::fraction(const std::string &name) const {
  auto found = arguments.find(name);
  if (found == arguments.end())
    return 0;
  std::optional<double> value = parseNumber(found->second);
  if (!value || !(*value > 0 && *value < 1))
    fail("data '{}': {} should lie between 0 and 1", text, name);
  return *value;
}

void SourceSpec::allowOnly(std::initializer_list<std::string_view> known) const {
  for (const auto &[name, value] : arguments)
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail("data '{}': '{}' has no argument '{}'; it has {}", text, kind, name, fmt::join(known, ", "));
}

namespace {
struct Kind {
  std::string_view name;
  std::string_view usage;
  bool file; // takes a colon and files, not arguments in parentheses
  Data (*open)(const SourceSpec &, const Ports &);
};
constexpr Kind kinds[] = {
    {"imdb", "imdb(top_words=N,length=L)", false, openImdb},
    {"reber", "reber(length=40,samples=2000,seed=1)", false, openReber},
    {"adding", "adding(length=50,samples=5000,seed=1)", false, openAdding},
    {"npy", "npy:X.npy,Y.npy", true, openNpy},
    {"arrays", "arrays:FILE.safetensors", true, openArrays},
    {"csv", "csv:FILE(x=COLUMN+COLUMN,y=COLUMN)", true, openCsv},
    {"text", "text:FOLDER", true, openText},
    {"chars", "chars:FILE", true, openCharacters},
};
} // namespace

Data openData(const std::string &text, const Ports &ports) {
  SourceSpec spec = SourceSpec::parse(text);
  for (const Kind &kind : kinds) {
    if (kind.name != spec.kind)
      continue;
    if (kind.file != !spec.rest.empty())
      fail("data '{}' should be {}", spec.text, kind.usage);
    Data data = kind.open(spec, ports);
    checkNotEmpty(data.train.rows, fmt::format("data '{}'", spec.text));
    return data;
  }
  std::vector<std::string_view> usages;
  for (const Kind &kind : kinds)
    usages.push_back(kind.usage);
  fail("data '{}' is not known; there are {}", spec.text, fmt::join(usages, ", "));
}

std::optional<DataSet> chooseValidation(const std::string &choice, Data &data, const Ports &ports) {
  if (choice.empty())
    return data.test;
  if (choice == "none")
    return std::nullopt;
  if (choice == "test") {
    if (!data.test)
      fail("validation = test: this data has no test split; give a fraction, other data or none");
    return data.test;
  }
  if (std::optional<double> fraction = parseNumber(choice)) {
    if (!(*fraction > 0 && *fraction < 1))
      fail("validation fraction {} should lie between 0 and 1", choice);
    int64_t kept = static_cast<int64_t>(std::floor(static_cast<double>(data.train.rows) * (1 - *fraction)));
    if (kept == 0 || kept == data.train.rows)
      fail("validation fraction {} of {} rows leaves nothing to {}", choice, data.train.rows,
           kept ? "validate on" : "train on");
    DataSet validation = data.train.part(kept, data.train.rows - kept);
    data.train = data.train.part(0, kept);
    return validation;
  }
  Ports same = ports;
  if (data.encoding)
    same.encoding = data.encoding;
  Data other = openData(choice, same);
  return other.test ? other.test : other.train;
}

} // namespace weft::runtime

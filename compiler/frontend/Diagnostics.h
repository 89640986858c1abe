//===- Diagnostics.h - Errors with a place, a code and a way out -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_DIAGNOSTICS_H
#define WEFT_COMPILER_FRONTEND_DIAGNOSTICS_H

#include "compiler/frontend/Source.h"

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace weft::frontend {

/// One error: what is wrong, and where the language lets it, what was expected,
/// what came instead, and what to do.
class Diagnostic {
public:
  Diagnostic(std::string_view code, SourceRange range, std::string message)
      : code(code), range(range), message(std::move(message)) {}

  Diagnostic &expected(std::string text) {
    lines.push_back({"expected", std::move(text)});
    return *this;
  }
  Diagnostic &got(std::string text) {
    lines.push_back({"got", std::move(text)});
    return *this;
  }
  /// Nothing is added for an empty text, so that a suggestion may be passed as it is.
  Diagnostic &help(std::string text) {
    if (!text.empty())
      lines.push_back({"help", std::move(text)});
    return *this;
  }
  /// Another place that belongs to the story.
  Diagnostic &note(SourceRange place, std::string text) {
    if (place.isValid())
      notes.push_back({place, std::move(text)});
    return *this;
  }

private:
  friend class DiagnosticEngine;
  std::string code;
  SourceRange range;
  std::string message;
  std::vector<std::pair<std::string, std::string>> lines;
  std::vector<std::pair<SourceRange, std::string>> notes;
};

/// Collects the errors of a compilation and prints them in the order of the source.
class DiagnosticEngine {
public:
  explicit DiagnosticEngine(const SourceManager &sources) : sources(sources) {}

  /// The same code at the same place is reported once: a definition is
  /// elaborated each time it is used.
  Diagnostic &error(std::string_view code, SourceRange range, std::string message);
  bool hasErrors() const { return !diagnostics.empty(); }
  size_t count() const { return diagnostics.size(); }
  std::string render() const;

private:
  void renderPlace(std::string &out, SourceRange range) const;

  const SourceManager &sources;
  std::deque<Diagnostic> diagnostics;
  std::set<std::tuple<std::string, int, uint32_t, uint32_t>> seen;
  Diagnostic repeated{"", {}, ""};
};

/// What a code means, for `weft explain`; none for a code that does not exist.
std::optional<std::string> explain(std::string_view code);
std::vector<std::string> allDiagnosticCodes();

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_DIAGNOSTICS_H

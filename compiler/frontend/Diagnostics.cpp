//===- Diagnostics.cpp - How errors are printed -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Diagnostics.h"

#include <algorithm>
#include <fmt/format.h>

using namespace weft::frontend;

/// More errors than this are counted and not printed.
static constexpr size_t printedErrors = 50;

Diagnostic &DiagnosticEngine::error(std::string_view code, SourceRange range, std::string message) {
  if (!seen.insert({std::string(code), range.file, range.begin, range.end}).second)
    return repeated = Diagnostic(code, range, "");
  return diagnostics.emplace_back(code, range, std::move(message));
}

/// `count` characters of UTF-8 text from the character `from` on.
static std::string cutCharacters(const std::string &text, int from, int count) {
  std::string out;
  int at = -1;
  for (char c : text) {
    at += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (at >= from && at < from + count)
      out += c;
  }
  return out;
}

void DiagnosticEngine::renderPlace(std::string &out, SourceRange range) const {
  Position start = sources.position(range.file, range.begin);
  std::string_view line = sources.line(range.file, start.line);
  std::string shown, under;
  // Tabs become one space on both lines, so that the underline stays in place, and
  // nothing is shown that a terminal would obey.
  for (size_t at = 0, bytes; at < line.size(); at += bytes) {
    bytes = characterBytes(line, at);
    unsigned char c = static_cast<unsigned char>(line[at]);
    if (bytes > 1)
      shown += line.substr(at, bytes);
    else
      shown += c == '\t' ? ' ' : bytes == 0 || c < 0x20 || c == 0x7F ? '?' : line[at];
    bytes = std::max<size_t>(bytes, 1);
  }
  int width = countCharacters(line), length = 1;
  if (range.end > range.begin) {
    Position end = sources.position(range.file, range.end);
    length = end.line == start.line ? end.column - start.column : width - start.column + 1;
  }
  length = std::max(length, 1);
  // Of a very long line the part around the place is shown.
  constexpr int widest = 160, before = 40;
  if (width > widest) {
    int from = std::max(0, start.column - 1 - before);
    shown = cutCharacters(shown, from, widest);
    start.column -= from;
    length = std::min(length, widest - start.column + 1);
  }
  under = std::string(start.column - 1, ' ') + '^' + std::string(length - 1, '~');
  out += fmt::format("{:5} | {}\n      | {}\n", start.line, shown, under);
}

std::string DiagnosticEngine::render() const {
  std::vector<const Diagnostic *> order;
  for (const Diagnostic &diagnostic : diagnostics)
    order.push_back(&diagnostic);
  std::stable_sort(order.begin(), order.end(), [](const Diagnostic *a, const Diagnostic *b) {
    return std::tie(a->range.file, a->range.begin) < std::tie(b->range.file, b->range.begin);
  });
  auto place = [&](SourceRange range) {
    Position at = sources.position(range.file, range.begin);
    return fmt::format("{}:{}:{}: ", sources.name(range.file), at.line, at.column);
  };
  std::string out;
  for (size_t i = 0; i < order.size() && i < printedErrors; ++i) {
    const Diagnostic &diagnostic = *order[i];
    bool placed = diagnostic.range.isValid();
    out += fmt::format("{}error[{}]: {}\n", placed ? place(diagnostic.range) : "", diagnostic.code,
                       diagnostic.message);
    if (placed)
      renderPlace(out, diagnostic.range);
    for (const auto &[label, text] : diagnostic.lines)
      out += fmt::format("      = {}: {}\n", label, text);
    for (const auto &[range, text] : diagnostic.notes) {
      out += place(range) + "note: " + text + "\n";
      renderPlace(out, range);
    }
  }
  if (order.size() > printedErrors)
    out += fmt::format("and {} more errors\n", order.size() - printedErrors);
  if (!order.empty()) {
    out += fmt::format("{} error{}; `weft explain {}` tells more\n", order.size(),
                       order.size() == 1 ? "" : "s", order.front()->code);
  }
  return out;
}

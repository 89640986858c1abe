//===- Source.cpp - Source files, places in them -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Source.h"

#include <algorithm>

using namespace weft::frontend;

int SourceManager::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (uint32_t offset = 0; offset < file.text.size(); ++offset)
    if (file.text[offset] == '\n')
      file.lineStarts.push_back(offset + 1);
  files.push_back(std::move(file));
  return static_cast<int>(files.size()) - 1;
}

Position SourceManager::position(int file, uint32_t offset) const {
  const File &source = files[file];
  offset = std::min<uint32_t>(offset, source.text.size());
  auto after = std::upper_bound(source.lineStarts.begin(), source.lineStarts.end(), offset);
  int line = static_cast<int>(after - source.lineStarts.begin());
  uint32_t start = source.lineStarts[line - 1];
  return {line, countCharacters(std::string_view(source.text).substr(start, offset - start)) + 1};
}

std::string_view SourceManager::line(int file, int number) const {
  const File &source = files[file];
  uint32_t start = source.lineStarts[number - 1];
  std::string_view rest = std::string_view(source.text).substr(start);
  std::string_view line = rest.substr(0, rest.find('\n'));
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  return line;
}

std::string_view SourceManager::text(SourceRange range) const {
  return std::string_view(files[range.file].text).substr(range.begin, range.end - range.begin);
}

size_t weft::frontend::characterBytes(std::string_view text, size_t offset) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned first = byte(offset);
  size_t bytes = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  for (size_t i = 1; i < bytes; ++i)
    if ((byte(offset + i) & 0xC0) != 0x80)
      return 0;
  // Longer than needed, a surrogate, or beyond the last character.
  unsigned second = byte(offset + 1);
  bool isWrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                 (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return isWrong ? 0 : bytes;
}

int weft::frontend::countCharacters(std::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

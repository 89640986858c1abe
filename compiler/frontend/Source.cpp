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

int weft::frontend::countCharacters(std::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

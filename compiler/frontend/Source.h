//===- Source.h - Source files, places in them -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_SOURCE_H
#define WEFT_COMPILER_FRONTEND_SOURCE_H

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace weft::frontend {

/// Bytes [begin, end) of a file.
struct SourceRange {
  int file = -1;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool isValid() const { return file >= 0; }
  SourceRange to(SourceRange last) const { return {file, begin, last.end > begin ? last.end : end}; }
};

/// Line and column as people count them: from 1, in characters and not bytes.
struct Position {
  int line = 1;
  int column = 1;
};

/// The texts of one compilation, numbered in the order they were added.
class SourceManager {
public:
  int add(std::string name, std::string text);
  const std::string &name(int file) const { return files[file].name; }
  const std::string &text(int file) const { return files[file].text; }
  Position position(int file, uint32_t offset) const;
  /// The text of a line (from 1) without its end.
  std::string_view line(int file, int number) const;
  std::string_view text(SourceRange range) const;

private:
  struct File {
    std::string name;
    std::string text;
    std::vector<uint32_t> lineStarts;
  };
  std::deque<File> files;
};

/// How many bytes the UTF-8 character at `offset` has; 0 where there is none.
size_t characterBytes(std::string_view text, size_t offset);

/// Characters of UTF-8 text: bytes that do not continue a character.
int countCharacters(std::string_view text);

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_SOURCE_H

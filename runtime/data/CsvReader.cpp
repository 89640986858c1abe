//===- CsvReader.cpp - Tables as text ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/CsvReader.h"
#include "runtime/data/Words.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace weft::runtime {

CsvReader::CsvReader(const std::string &path) : path(path), file(path) {
  left = {reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()};
  if (left.starts_with("\xef\xbb\xbf"))
    left.remove_prefix(3);
  std::vector<std::string> head;
  if (!parseRecord(head))
    fail("{} is empty: its first line should name the columns", path);
  for (const std::string &name : head) {
    if (size_t at = invalidUtf8(name); at != std::string::npos)
      fail("{}, line {}: the name of a column is no UTF-8 text", path, recordLine);
    names.emplace_back(trim(name));
  }
  if (std::all_of(names.begin(), names.end(), [](const std::string &name) { return parseNumber(name).has_value(); }))
    fail("{}, line {}: the first line should name the columns, it has numbers ({})", path, recordLine,
         fmt::join(names.begin(), names.begin() + std::min<std::ptrdiff_t>(3, std::ssize(names)), ", "));
}

size_t CsvReader::column(const std::string &name) const {
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    fail("{} has no column '{}'; it has {}", path, name, fmt::join(names, ", "));
  if (std::find(found + 1, names.end(), name) != names.end())
    fail("{} has two columns '{}'", path, name);
  return static_cast<size_t>(found - names.begin());
}

bool CsvReader::next(std::vector<std::string> &fields) {
  if (!parseRecord(fields))
    return false;
  if (fields.size() != names.size())
    fail("{}, line {}: {} field{}, but the first line names {} columns", path, recordLine, fields.size(),
         fields.size() == 1 ? "" : "s", names.size());
  return true;
}

bool CsvReader::parseRecord(std::vector<std::string> &fields) {
  fields.clear();
  for (; !left.empty() && (left[0] == '\n' || left.starts_with("\r\n")); ++currentLine)
    left.remove_prefix(left[0] == '\n' ? 1 : 2);
  recordLine = currentLine;
  if (left.empty())
    return false;
  while (true) {
    if (left.starts_with('"')) {
      fields.push_back(parseQuoted());
    } else {
      size_t end = std::min(left.find_first_of(",\n"), left.size());
      std::string_view field = left.substr(0, end);
      left.remove_prefix(end);
      if (left.starts_with('\n') && field.ends_with('\r'))
        field.remove_suffix(1);
      if (field.find('"') != std::string_view::npos)
        fail("{}, line {}: a quote in the middle of field {}: put the whole field in quotes and double the ones in it",
             path, currentLine, fields.size() + 1);
      fields.emplace_back(field);
    }
    if (left.starts_with(',')) {
      left.remove_prefix(1);
      continue;
    }
    if (left.starts_with("\r\n"))
      left.remove_prefix(1);
    if (left.starts_with('\n')) {
      left.remove_prefix(1);
      ++currentLine;
    } else if (!left.empty()) {
      fail("{}, line {}: something follows the closing quote of field {}", path, currentLine, fields.size());
    }
    return true;
  }
}

std::string CsvReader::parseQuoted() {
  int64_t opened = currentLine;
  std::string field;
  left.remove_prefix(1);
  while (true) {
    size_t end = left.find('"');
    if (end == std::string_view::npos)
      fail("{}, line {}: a quote is opened and never closed", path, opened);
    std::string_view part = left.substr(0, end);
    currentLine += std::count(part.begin(), part.end(), '\n');
    field += part;
    left.remove_prefix(end + 1);
    if (!left.starts_with('"'))
      return field;
    field += '"';
    left.remove_prefix(1);
  }
}

} // namespace weft::runtime

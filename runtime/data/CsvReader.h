//===- CsvReader.h - Tables as text -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_CSVREADER_H
#define WEFT_RUNTIME_DATA_CSVREADER_H

#include "runtime/io/File.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::runtime {

/// A file of comma-separated values, as RFC 4180 has it: fields may stand in
/// quotes, and then hold commas, line ends and doubled quotes. Lines end with LF
/// or CRLF; empty lines are passed over; a byte order mark is too. The first record
/// names the columns, and every other one has as many fields.
class CsvReader {
public:
  explicit CsvReader(const std::string &path);

  const std::vector<std::string> &columns() const { return names; }
  /// The place of a column; fails where there is none of the name, or two.
  size_t column(const std::string &name) const;

  /// Reads the next record into `fields`; false at the end.
  bool next(std::vector<std::string> &fields);
  /// The line (from 1) on which the record just read begins.
  int64_t line() const { return recordLine; }

private:
  bool parseRecord(std::vector<std::string> &fields);
  std::string parseQuoted();

  std::string path;
  FileBytes file;
  std::string_view left;
  std::vector<std::string> names;
  int64_t currentLine = 1, recordLine = 1;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_CSVREADER_H

//===- EventFile.h - TensorBoard's event files, for tests -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_SUPPORT_EVENTFILE_H
#define WEFT_TESTS_SUPPORT_EVENTFILE_H

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tests {

/// One `Summary.Value` and the step of its event.
struct LoggedValue {
  std::string tag, plugin, content;
  int64_t step = 0;
  int64_t type = 0; // TensorFlow's DataType: 1 float, 2 double, 7 string
  std::vector<int64_t> shape;
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

struct EventLog {
  std::string version;          // of the first event
  std::vector<int64_t> restarts; // steps at which a session started
  std::vector<LoggedValue> values;
  bool isCutShort = false; // the last record is not whole
};

/// Reads every record, holds both checksums against an implementation of its own,
/// and takes the messages apart. Throws std::runtime_error where one does not fit.
EventLog readEventFile(const std::filesystem::path &path);

/// CRC-32C bit by bit, and as records have it.
uint32_t slowCrc32c(std::string_view text);
uint32_t maskedCrc32c(std::string_view text);

struct DecodedPng {
  uint32_t width = 0, height = 0;
  std::vector<uint8_t> grey;
};

/// A PNG of 8-bit grey values in stored blocks; all checksums are checked.
DecodedPng decodePng(std::string_view file);

} // namespace weft::tests

#endif // WEFT_TESTS_SUPPORT_EVENTFILE_H

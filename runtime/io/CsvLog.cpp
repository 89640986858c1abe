//===- CsvLog.cpp - A line an epoch ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/CsvLog.h"
#include "runtime/support/Error.h"

#include <cerrno>
#include <cstring>

namespace weft::runtime {

CsvLog::CsvLog(const std::string &path) : path(path), file(std::fopen(path.c_str(), "we")) {
  if (!file)
    fail("cannot write {}: {}", path, std::strerror(errno));
}

void CsvLog::write(int64_t epoch, const NamedValues &logs) {
  std::string text;
  if (!headed) {
    text = "epoch";
    for (const auto &[name, value] : logs)
      text += "," + name;
    text += "\n";
    headed = true;
  }
  text += std::to_string(epoch);
  for (const auto &[name, value] : logs)
    text += fmt::format(",{}", value); // the shortest text that reads back as the same number
  text += "\n";
  if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() || std::fflush(file.get()) != 0)
    fail("cannot write {}: {}", path, std::strerror(errno));
}

} // namespace weft::runtime

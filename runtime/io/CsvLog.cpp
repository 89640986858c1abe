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

CsvLog::CsvLog(const std::string &path, std::string before) : path(path), all(std::move(before)) {
  if (path.empty())
    return;
  file.reset(std::fopen(path.c_str(), "we"));
  if (!file)
    fail("cannot write {}: {}", path, std::strerror(errno));
  put(all);
}

void CsvLog::put(const std::string &text) {
  if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() || std::fflush(file.get()) != 0)
    fail("cannot write {}: {}", path, std::strerror(errno));
}

void CsvLog::write(int64_t epoch, const NamedValues &logs) {
  std::string text;
  if (all.empty()) {
    text = "epoch";
    for (const auto &[name, value] : logs)
      text += "," + name;
    text += "\n";
  }
  text += std::to_string(epoch);
  for (const auto &[name, value] : logs)
    text += fmt::format(",{}", value); // the shortest text that reads back as the same number
  text += "\n";
  all += text;
  if (file)
    put(text);
}

} // namespace weft::runtime

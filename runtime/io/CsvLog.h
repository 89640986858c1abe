//===- CsvLog.h - A line an epoch -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_CSVLOG_H
#define WEFT_RUNTIME_IO_CSVLOG_H

#include "runtime/io/Console.h"

#include <cstdio>
#include <memory>
#include <string>

namespace weft::runtime {

/// What Keras's CSVLogger writes: a line an epoch, epochs from 0, columns sorted
/// by name. Every line is on its way to the disk before the next epoch begins.
class CsvLog {
public:
  /// `before`: what a run that goes on has logged already; the file holds that
  /// first, whatever it held until now. Without a path there is no file.
  explicit CsvLog(const std::string &path, std::string before = {});

  void write(int64_t epoch, const NamedValues &logs);

  /// All of the log; also what could not be written.
  const std::string &text() const { return all; }

private:
  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  void put(const std::string &text);

  std::string path, all;
  std::unique_ptr<std::FILE, Close> file;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_CSVLOG_H

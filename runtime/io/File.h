//===- File.h - Reading files, and replacing them -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_FILE_H
#define WEFT_RUNTIME_IO_FILE_H

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::runtime {

/// All bytes of a file: mapped where it is a regular file, else read.
class FileBytes {
public:
  explicit FileBytes(const std::string &path);
  ~FileBytes();
  FileBytes(const FileBytes &) = delete;
  FileBytes &operator=(const FileBytes &) = delete;

  std::span<const std::byte> bytes() const { return content; }

private:
  std::span<const std::byte> content;
  void *mapping = nullptr;
  std::vector<std::byte> copy;
};

/// All of a file as text; `-` is the standard input.
std::string readAll(const std::string &path);

/// A file that is replaced whole or not at all: bytes go to a temporary file
/// beside it, which is synced and renamed by `commit`. Without `commit` the
/// temporary file is removed. What is no regular file (a pipe, a device) is
/// written directly.
class AtomicFile {
public:
  explicit AtomicFile(const std::string &path);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  void write(const void *bytes, size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();

private:
  void flush();

  std::string path, temporary;
  std::vector<std::byte> buffer;
  int descriptor = -1;
};

/// Fails where `path` could not be written: before work is done that would be
/// lost then.
void checkWritable(const std::string &path);

/// Makes a write beyond a limit on file sizes an error instead of a signal.
void ignoreFileSizeSignal();

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_FILE_H

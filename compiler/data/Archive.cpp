//===- Archive.cpp - The files of an archive, one after the other ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/data/Archive.h"
#include "runtime/support/Error.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include <unistd.h>

namespace weft::data {
using runtime::fail;

namespace {
struct FreeArchive {
  void operator()(archive *reader) const { archive_read_free(reader); }
};

[[noreturn]] void damaged(const std::string &path, archive *reader) {
  const char *reason = archive_error_string(reader);
  fail("{} is cut short or damaged: {}", path, reason ? reason : "it cannot be read as an archive");
}
} // namespace

void readArchive(const std::string &path, const std::function<bool(const std::string &)> &wants,
                 const std::function<void(const std::string &, const std::string &)> &take) {
  if (::access(path.c_str(), R_OK) != 0)
    fail("cannot read {}: {}", path, std::strerror(errno));
  if (std::filesystem::is_directory(path))
    fail("cannot read {}: it is a directory", path);
  std::unique_ptr<archive, FreeArchive> reader(archive_read_new());
  if (!reader)
    throw std::bad_alloc();
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_all(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), 1 << 18) != ARCHIVE_OK)
    damaged(path, reader.get());
  std::string bytes;
  while (true) {
    archive_entry *entry;
    int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF)
      return;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
      damaged(path, reader.get());
    const char *name = archive_entry_pathname(entry);
    if (!name || archive_entry_filetype(entry) != AE_IFREG || !wants(name))
      continue;
    bytes.clear();
    char chunk[1 << 14];
    while (la_ssize_t got = archive_read_data(reader.get(), chunk, sizeof(chunk))) {
      if (got < 0)
        damaged(path, reader.get());
      bytes.append(chunk, static_cast<size_t>(got));
    }
    take(name, bytes);
  }
}

} // namespace weft::data

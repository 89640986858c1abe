//===- File.cpp - Reading files, and replacing them ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/File.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::runtime {

namespace {
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0)
      ::close(value);
  }
};
/// What is left to read of an open file.
template <typename Byte> void readRest(int file, const std::string &path, std::vector<Byte> &to) {
  Byte chunk[1 << 16];
  while (true) {
    ssize_t got = ::read(file, chunk, sizeof(chunk));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail("cannot read {}: {}", path, std::strerror(errno));
    if (got == 0)
      return;
    to.insert(to.end(), chunk, chunk + got);
  }
}
} // namespace

FileBytes::FileBytes(const std::string &path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status;
  if (file.value < 0 || ::fstat(file.value, &status) != 0)
    fail("cannot read {}: {}", path, std::strerror(errno));
  if (S_ISDIR(status.st_mode))
    fail("cannot read {}: it is a directory", path);
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
    fail("cannot read {}: it is a device", path);
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    size_t size = static_cast<size_t>(status.st_size);
    void *address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value, 0);
    if (address != MAP_FAILED) {
      mapping = address;
      content = {static_cast<const std::byte *>(address), size};
      return;
    }
  }
  readRest(file.value, path, copy);
  content = copy;
}

FileBytes::~FileBytes() {
  if (mapping)
    ::munmap(mapping, content.size());
}

std::string readAll(const std::string &path) {
  if (path == "-") {
    std::vector<char> text;
    readRest(STDIN_FILENO, "the standard input", text);
    return {text.begin(), text.end()};
  }
  FileBytes file(path);
  return {reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()};
}

static constexpr size_t bufferSize = 1 << 20;

/// Removes what programs that were killed while they wrote `path` have left
/// behind: PATH.<process>.tmp, of a process that is no more.
static void removeLeftovers(const std::string &path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path target = path, folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::string start = target.filename().string() + ".";
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    std::string name = entry->path().filename();
    if (!name.starts_with(start) || !name.ends_with(".tmp") || name.size() < start.size() + 4)
      continue;
    std::optional<int64_t> process =
        parseInteger(std::string_view(name).substr(start.size(), name.size() - start.size() - 4));
    if (process && *process > 0 && ::kill(static_cast<pid_t>(*process), 0) != 0 && errno == ESRCH)
      found.push_back(entry->path());
  }
  for (const fs::path &file : found)
    fs::remove(file, ignored);
}

AtomicFile::AtomicFile(const std::string &wanted) : path(wanted) {
  std::error_code ignored;
  std::filesystem::path target = std::filesystem::canonical(path, ignored);
  if (!target.empty())
    path = target; // a link stays a link
  auto kind = std::filesystem::status(path, ignored).type();
  if (kind == std::filesystem::file_type::directory)
    fail("cannot write {}: it is a directory", wanted);
  bool regular = kind == std::filesystem::file_type::regular || kind == std::filesystem::file_type::not_found;
  if (regular) {
    removeLeftovers(path);
    temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  }
  descriptor = ::open(regular ? temporary.c_str() : path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0)
    fail("cannot write {}: {}", wanted, std::strerror(errno));
  buffer.reserve(bufferSize);
}

AtomicFile::~AtomicFile() {
  if (descriptor < 0)
    return;
  ::close(descriptor);
  if (!temporary.empty())
    ::unlink(temporary.c_str());
}

void AtomicFile::flush() {
  const std::byte *from = buffer.data();
  size_t left = buffer.size();
  while (left) {
    ssize_t put = ::write(descriptor, from, left);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      fail("cannot write {}: {}; what was there before is untouched", path, std::strerror(errno));
    from += put;
    left -= static_cast<size_t>(put);
  }
  buffer.clear();
}

void AtomicFile::write(const void *bytes, size_t size) {
  const std::byte *from = static_cast<const std::byte *>(bytes);
  while (size) {
    size_t part = std::min(size, bufferSize - buffer.size());
    buffer.insert(buffer.end(), from, from + part);
    from += part;
    size -= part;
    if (buffer.size() == bufferSize)
      flush();
  }
}

void AtomicFile::commit() {
  flush();
  if (temporary.empty()) {
    ::close(descriptor);
    descriptor = -1;
    return;
  }
  if (::fsync(descriptor) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
    fail("cannot write {}: {}; what was there before is untouched", path, std::strerror(errno));
  ::close(descriptor);
  descriptor = -1;
  // The rename is durable once the directory is.
  std::string directory = std::filesystem::path(path).parent_path();
  Descriptor parent{::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (parent.value >= 0)
    ::fsync(parent.value);
}

void checkWritable(const std::string &path) { AtomicFile probe(path); }

void ignoreFileSizeSignal() { std::signal(SIGXFSZ, SIG_IGN); }

} // namespace weft::runtime

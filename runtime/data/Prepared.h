//===- Prepared.h - Data made ready by weft data -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_PREPARED_H
#define WEFT_RUNTIME_DATA_PREPARED_H

#include "runtime/io/File.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace weft::runtime {

/// A data set made ready by `weft data`: named sections behind a header, all
/// little-endian.
///
///     0   "WEFTDATA"
///     8   u32 version (1), u32 number of sections
///    16   u64 size of the file
///    24   u32 CRC-32C of bytes 0 to 23 and of all from 32 on, u32 zero
///    32   for each section: name (16 bytes, zeros behind), u64 offset, u64 size
///         then the sections, each at a multiple of 64 bytes
///
/// A text data set has for each of its splits, `train` and `test`:
///     <split>.ids      i32, the words of all rows one behind the other
///     <split>.offsets  i64, where each row begins, and where the last one ends
///     <split>.labels   i32, one a row
/// and `words`: the vocabulary, a word a line, from the most frequent on; the
/// word of line n (from 0) has id n + 4. Ids 1 and 2 are start and unknown.
class PreparedData {
public:
  explicit PreparedData(const std::string &path);

  std::span<const std::byte> section(const std::string &name) const;
  template <typename T> std::span<const T> array(const std::string &name) const {
    std::span<const std::byte> bytes = section(name);
    return {reinterpret_cast<const T *>(bytes.data()), bytes.size() / sizeof(T)};
  }

private:
  std::string path;
  FileBytes file;
  std::map<std::string, std::span<const std::byte>> sections;
};

/// A row of words, and how many of them there are in all rows.
struct RaggedRows {
  std::span<const int32_t> ids;
  std::span<const int64_t> offsets;
  std::span<const int32_t> labels;

  int64_t rows() const { return static_cast<int64_t>(labels.size()); }
};

/// A split of a prepared text data set, checked.
RaggedRows raggedSplit(const PreparedData &data, const std::string &path, const std::string &split);

/// Replaces `path` whole.
void writePrepared(const std::string &path, const std::map<std::string, std::span<const std::byte>> &sections);

/// Where the prepared data set `name` lies: in $WEFT_CACHE, else ~/.cache/weft.
std::string preparedPath(const std::string &name);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_PREPARED_H

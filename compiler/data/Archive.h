//===- Archive.h - The files of an archive, one after the other -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_DATA_ARCHIVE_H
#define WEFT_COMPILER_DATA_ARCHIVE_H

#include <functional>
#include <string>

namespace weft::data {

/// Streams an archive (tar, zip, …, compressed or not) from its first entry to
/// its last. For each regular file `wants` is asked by its path, and `take` gets
/// those it wants with their bytes. Throws runtime::UserError where the archive
/// cannot be read or is damaged.
void readArchive(const std::string &path, const std::function<bool(const std::string &name)> &wants,
                 const std::function<void(const std::string &name, const std::string &bytes)> &take);

} // namespace weft::data

#endif // WEFT_COMPILER_DATA_ARCHIVE_H

//===- Imdb.h - weft data imdb: from the archive to a prepared file -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_DATA_IMDB_H
#define WEFT_COMPILER_DATA_IMDB_H

#include <string>

namespace weft::data {

/// What came of preparing a data set. `error` is empty where it went well;
/// `text` says what was read and written, line by line.
struct Prepared {
  std::string error;
  std::string text;
};

/// Reads the archive of film reviews, aclImdb_v1.tar.gz (Maas et al. 2011), and
/// replaces the prepared file that a compiled model's `imdb` data reads
/// (runtime/data/Prepared.h).
///
/// The archive is `from`, or else is looked for as $WEFT_DATA (the file, or the
/// directory it is in) and in `../shared/data` of the working directory and of
/// all directories above it. It is never downloaded.
///
/// Words are encoded as Keras's `imdb.load_data` has them: ranked by how often
/// they stand in the training reviews; each row begins with 1, a word has its
/// rank (from 1) plus 3, words that no training review has are left out. The
/// reviews are taken in order, negative before positive, each class by the
/// files' names; of equally frequent words the one that is met first ranks
/// higher. Then rows are shuffled by a fixed seed. So the file does not depend
/// on the order of the archive.
Prepared prepareImdb(const std::string &from = {});

/// Prepares what `data` (as `--data` takes it) names, where it is something to
/// be prepared that has not been. Nothing to do is no error; then `text` is empty.
Prepared prepareIfNeeded(const std::string &data);

} // namespace weft::data

#endif // WEFT_COMPILER_DATA_IMDB_H

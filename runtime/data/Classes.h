//===- Classes.h - Names of classes as labels -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_CLASSES_H
#define WEFT_RUNTIME_DATA_CLASSES_H

#include "runtime/data/Source.h"

namespace weft::runtime {

/// The names in `classes = [neg, pos]`, in the order of their numbers; none where
/// the source does not say it.
std::vector<std::string> givenClasses(const SourceSpec &spec);

/// Fails where there are too few classes, or more than the output can tell apart.
/// `where` is what has them.
void checkClasses(const SourceSpec &spec, const Ports &ports, const std::vector<std::string> &classes,
                  const std::string &where);

/// Class numbers of `count` classes as the label's values: a number, or a row
/// with a one in it.
std::shared_ptr<const Column> classColumn(const Ports &ports, std::span<const int32_t> numbers, size_t count,
                                          const std::string &where);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_CLASSES_H

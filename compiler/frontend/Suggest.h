//===- Suggest.h - Near misses -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_SUGGEST_H
#define WEFT_COMPILER_FRONTEND_SUGGEST_H

#include <string>
#include <string_view>
#include <vector>

namespace weft::frontend {

/// The candidate a writer of `name` most likely meant; empty if none is near.
/// Case and underscores count for nothing, and Keras's spellings are known.
std::string nearest(std::string_view name, const std::vector<std::string> &candidates);

/// "did you mean `...`?", or nothing.
std::string didYouMean(std::string_view name, const std::vector<std::string> &candidates);

/// "a, b and c"
std::string listOf(const std::vector<std::string> &words, std::string_view last = "and");

/// What an argument that Keras spells `name` is called here; empty if it has no other name.
std::string_view kerasArgument(std::string_view name);

/// For an argument of older Keras versions: what to write today; empty if it is none.
std::string_view outdatedArgument(std::string_view name);

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_SUGGEST_H

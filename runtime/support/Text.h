//===- Text.h - Numbers and shapes as people read them -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_SUPPORT_TEXT_H
#define WEFT_RUNTIME_SUPPORT_TEXT_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::runtime {

/// 213301 as "213,301".
std::string withThousands(int64_t value);

/// 853204 as "833.21 KB", as Keras's summary writes sizes.
std::string withUnit(int64_t bytes);

/// {500, 32} as "500×32"; a shape without axes as "one number".
std::string shapeText(std::span<const int64_t> shape);

std::vector<std::string> splitText(std::string_view text, char separator);
std::string_view trim(std::string_view text);

/// The candidate that is spelt most like `name`; empty where none is near.
std::string nearestSpelling(std::string_view name, std::span<const std::string> candidates);

/// The whole of `text` as a number, or nothing.
std::optional<int64_t> parseInteger(std::string_view text);
std::optional<double> parseNumber(std::string_view text);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_SUPPORT_TEXT_H

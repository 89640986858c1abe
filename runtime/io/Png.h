//===- Png.h - Grey pictures -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_PNG_H
#define WEFT_RUNTIME_IO_PNG_H

#include <cstdint>
#include <span>
#include <string>

namespace weft::runtime {

/// A PNG file of 8-bit grey values, row by row. It is not compressed, so that
/// binaries need no library for it.
std::string pngOfGrey(std::span<const uint8_t> values, int64_t width, int64_t height);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_PNG_H

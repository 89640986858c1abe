//===- Crc32c.h - Checksums of file formats -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_SUPPORT_CRC32C_H
#define WEFT_RUNTIME_SUPPORT_CRC32C_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::runtime {

/// CRC-32C (Castagnoli), going on from `crc`.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);
/// The same where the processor has no instruction for it.
uint32_t crc32cFromTables(std::span<const std::byte> bytes, uint32_t crc = 0);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_SUPPORT_CRC32C_H

//===- Crc32c.cpp - Checksums of file formats ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/Crc32c.h"

#include <array>
#include <cstring>

namespace weft::runtime {

namespace {
/// Table k holds the CRC of a byte followed by k zero bytes: eight bytes a step.
constexpr auto crcTables = [] {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k)
    for (size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 255];
  return tables;
}();
} // namespace

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc) {
  const auto &t = crcTables;
  crc = ~crc;
  const std::byte *at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    word ^= crc;
    crc = t[7][word & 255] ^ t[6][word >> 8 & 255] ^ t[5][word >> 16 & 255] ^ t[4][word >> 24 & 255] ^
          t[3][word >> 32 & 255] ^ t[2][word >> 40 & 255] ^ t[1][word >> 48 & 255] ^ t[0][word >> 56];
  }
  for (; left; ++at, --left)
    crc = crc >> 8 ^ t[0][(crc ^ std::to_integer<uint32_t>(*at)) & 255];
  return ~crc;
}

} // namespace weft::runtime

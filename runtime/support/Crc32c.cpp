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

/// Folds the words of eight bytes at the beginning of what is left into `crc`.
using Words = uint32_t (*)(const std::byte *&at, size_t &left, uint32_t crc);

uint32_t wordsFromTables(const std::byte *&at, size_t &left, uint32_t crc) {
  const auto &t = crcTables;
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    word ^= crc;
    crc = t[7][word & 255] ^ t[6][word >> 8 & 255] ^ t[5][word >> 16 & 255] ^ t[4][word >> 24 & 255] ^
          t[3][word >> 32 & 255] ^ t[2][word >> 40 & 255] ^ t[1][word >> 48 & 255] ^ t[0][word >> 56];
  }
  return crc;
}

#if defined(__x86_64__)
/// SSE4.2 has an instruction for it: 48 MB of prepared reviews, page by page from the
/// system, in 13 ms in place of 35.
__attribute__((target("sse4.2"))) uint32_t wordsByInstruction(const std::byte *&at, size_t &left, uint32_t crc) {
  uint64_t sum = crc;
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    sum = __builtin_ia32_crc32di(sum, word);
  }
  return uint32_t(sum);
}
#endif

uint32_t run(Words words, std::span<const std::byte> bytes, uint32_t crc) {
  const std::byte *at = bytes.data();
  size_t left = bytes.size();
  crc = words(at, left, ~crc);
  for (; left; ++at, --left)
    crc = crc >> 8 ^ crcTables[0][(crc ^ std::to_integer<uint32_t>(*at)) & 255];
  return ~crc;
}
} // namespace

uint32_t crc32cFromTables(std::span<const std::byte> bytes, uint32_t crc) { return run(wordsFromTables, bytes, crc); }

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc) {
#if defined(__x86_64__)
  static const Words words = __builtin_cpu_supports("sse4.2") ? wordsByInstruction : wordsFromTables;
  return run(words, bytes, crc);
#else
  return crc32cFromTables(bytes, crc);
#endif
}

} // namespace weft::runtime

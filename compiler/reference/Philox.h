//===- Philox.h - The random numbers of masks -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// 2011), written down a second time, so that what kernels and runtime draw has
// something to be compared with.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_REFERENCE_PHILOX_H
#define WEFT_COMPILER_REFERENCE_PHILOX_H

#include <array>
#include <cstdint>

namespace weft::reference {

/// Four random words for a counter under a key.
inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  auto high = [](uint64_t product) { return uint32_t(product >> 32); };
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t(0xD2511F53) * counter[0];
    uint64_t second = uint64_t(0xCD9E8D57) * counter[2];
    counter = {high(second) ^ counter[1] ^ key[0], uint32_t(second), high(first) ^ counter[3] ^ key[1],
               uint32_t(first)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

} // namespace weft::reference

#endif // WEFT_COMPILER_REFERENCE_PHILOX_H

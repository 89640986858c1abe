//===- Random.h - Counter-based random numbers -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_SUPPORT_RANDOM_H
#define WEFT_RUNTIME_SUPPORT_RANDOM_H

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace weft::runtime {

/// Philox4x32 with ten rounds (Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3", 2011): four random words from a counter and a key, no state.
struct Philox {
  using Counter = std::array<uint32_t, 4>;
  using Key = std::array<uint32_t, 2>;

  static constexpr Counter draw(Counter counter, Key key) {
    for (int round = 0; round < 10; ++round) {
      uint64_t even = uint64_t{0xD2511F53} * counter[0];
      uint64_t odd = uint64_t{0xCD9E8D57} * counter[2];
      counter = {static_cast<uint32_t>(odd >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(odd),
                 static_cast<uint32_t>(even >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(even)};
      key[0] += 0x9E3779B9;
      key[1] += 0xBB67AE85;
    }
    return counter;
  }
};

/// FNV-1a; gives every purpose and every weight a stream of its own.
constexpr uint64_t hashName(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// The random numbers of one purpose. The seed is the key; the counter is
/// (block, sequence, hash of the name), so streams never overlap and none
/// depends on how much another one has drawn.
class RandomStream {
public:
  RandomStream(uint64_t seed, std::string_view name, uint32_t sequence = 0)
      : key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}, sequence(sequence),
        hash(hashName(name)) {}

  uint32_t word() {
    if (used == 4) {
      words = Philox::draw(
          {block++, sequence, static_cast<uint32_t>(hash), static_cast<uint32_t>(hash >> 32)}, key);
      used = 0;
    }
    return words[used++];
  }

  uint64_t wide() {
    uint64_t low = word();
    return low | uint64_t{word()} << 32;
  }

  /// In [0, 1).
  double uniform() { return static_cast<double>(wide() >> 11) * 0x1p-53; }

  /// In [0, bound), every value as likely as any other.
  uint64_t below(uint64_t bound) {
    uint64_t rest = (0 - bound) % bound; // 2^64 mod bound
    while (true) {
      uint64_t value = wide();
      if (value >= rest)
        return value % bound;
    }
  }

  /// From the standard normal distribution.
  double normal() {
    double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

private:
  Philox::Key key;
  uint32_t sequence;
  uint64_t hash;
  uint32_t block = 0;
  Philox::Counter words{};
  int used = 4;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_SUPPORT_RANDOM_H

//===- Png.cpp - Grey pictures ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Png.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace weft::runtime {

namespace {
/// The CRC of PNG's chunks, which is not the one of event files.
constexpr auto crcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    table[byte] = crc;
  }
  return table;
}();

uint32_t crcOf(std::string_view text) {
  uint32_t crc = ~0u;
  for (char c : text)
    crc = crc >> 8 ^ crcTable[(crc ^ static_cast<unsigned char>(c)) & 255];
  return ~crc;
}

uint32_t adlerOf(std::string_view text) {
  uint32_t a = 1, b = 0;
  for (char c : text) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

void appendBig(std::string &to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    to += static_cast<char>(value >> shift & 0xff);
}

void appendChunk(std::string &to, std::string_view type, std::string_view data) {
  appendBig(to, static_cast<uint32_t>(data.size()));
  std::string checked(type);
  checked += data;
  to += checked;
  appendBig(to, crcOf(checked));
}

/// A zlib stream of stored blocks.
std::string stored(std::string_view data) {
  std::string stream = "\x78\x01";
  std::string_view left = data;
  do {
    std::string_view block = left.substr(0, 65535);
    left.remove_prefix(block.size());
    uint32_t size = static_cast<uint32_t>(block.size());
    stream += left.empty() ? '\1' : '\0';
    for (uint32_t half : {size, ~size}) {
      stream += static_cast<char>(half & 0xff);
      stream += static_cast<char>(half >> 8 & 0xff);
    }
    stream += block;
  } while (!left.empty());
  appendBig(stream, adlerOf(data));
  return stream;
}
} // namespace

std::string pngOfGrey(std::span<const uint8_t> values, int64_t width, int64_t height) {
  std::string header;
  appendBig(header, static_cast<uint32_t>(width));
  appendBig(header, static_cast<uint32_t>(height));
  header += std::string("\x08\0\0\0\0", 5); // 8 bits, grey; the only methods there are; not interlaced
  std::string rows;
  rows.reserve(static_cast<size_t>((width + 1) * height));
  for (int64_t row = 0; row < height; ++row) {
    rows += '\0'; // no filter
    rows.append(reinterpret_cast<const char *>(values.data()) + row * width, static_cast<size_t>(width));
  }
  std::string file = "\x89PNG\r\n\x1a\n";
  appendChunk(file, "IHDR", header);
  appendChunk(file, "IDAT", stored(rows));
  appendChunk(file, "IEND", "");
  return file;
}

} // namespace weft::runtime

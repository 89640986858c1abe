//===- EventFile.cpp - TensorBoard's event files, for tests ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/support/EventFile.h"

#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

using namespace weft;

namespace {
void require(bool condition, const std::string &what) {
  if (!condition)
    throw std::runtime_error(what);
}

template <typename T> T littleAt(std::string_view text, size_t at) {
  require(at + sizeof(T) <= text.size(), "cut short");
  T value;
  std::memcpy(&value, text.data() + at, sizeof(T));
  return value;
}

uint32_t bigAt(std::string_view text, size_t at) {
  return __builtin_bswap32(littleAt<uint32_t>(text, at));
}

/// A message of Protocol Buffers, its fields by number, in order.
struct Message {
  std::map<uint32_t, std::vector<uint64_t>> numbers;
  std::map<uint32_t, std::vector<std::string>> texts;

  explicit Message(std::string_view text) {
    while (!text.empty()) {
      uint64_t key = takeVarint(text);
      uint32_t field = static_cast<uint32_t>(key >> 3);
      switch (key & 7) {
      case 0:
        numbers[field].push_back(takeVarint(text));
        break;
      case 1:
        numbers[field].push_back(littleAt<uint64_t>(text, 0));
        text.remove_prefix(8);
        break;
      case 2: {
        uint64_t size = takeVarint(text);
        require(size <= text.size(), "a field beyond its message");
        texts[field].emplace_back(text.substr(0, size));
        text.remove_prefix(size);
        break;
      }
      default:
        require(false, "an unknown wire type");
      }
    }
  }

  Message inner(uint32_t field) const { return Message(text(field)); }
  std::string text(uint32_t field) const {
    auto found = texts.find(field);
    return found == texts.end() ? "" : found->second.front();
  }
  int64_t number(uint32_t field) const {
    auto found = numbers.find(field);
    return found == numbers.end() ? 0 : static_cast<int64_t>(found->second.front());
  }

private:
  static uint64_t takeVarint(std::string_view &text) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      require(!text.empty(), "a number cut short");
      unsigned char byte = static_cast<unsigned char>(text.front());
      text.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        return value;
    }
    throw std::runtime_error("a number too long");
  }
};

void readTensor(const Message &tensor, tests::LoggedValue &value) {
  value.type = tensor.number(1);
  size_t size = 1;
  Message shape = tensor.inner(2);
  for (const std::string &extent : shape.texts[2]) {
    value.shape.push_back(Message(extent).number(1));
    size *= static_cast<size_t>(value.shape.back());
  }
  std::string content = tensor.text(4);
  if (auto found = tensor.texts.find(8); found != tensor.texts.end())
    value.texts = found->second;
  for (size_t i = 0; i < size && value.type != 7; ++i)
    value.numbers.push_back(value.type == 1 ? double{littleAt<float>(content, i * 4)}
                                            : littleAt<double>(content, i * 8));
  require(value.type == 7 ? value.texts.size() == size : content.size() == size * (value.type == 1 ? 4 : 8),
          value.tag + ": values do not fit the shape");
}

void readEvent(const Message &event, tests::EventLog &log) {
  require(event.numbers.count(1) == 1, "an event without a time");
  if (event.texts.count(3))
    log.version = event.text(3);
  if (event.texts.count(7)) {
    require(event.inner(7).number(1) == 1, "a session that does not start");
    log.restarts.push_back(event.number(2));
  }
  if (!event.texts.count(5))
    return;
  Message summary = event.inner(5);
  for (const std::string &text : summary.texts[1]) {
    Message message(text), plugin = message.inner(9).inner(1);
    tests::LoggedValue value;
    value.tag = message.text(1);
    value.plugin = plugin.text(1);
    value.content = plugin.text(2);
    value.step = event.number(2);
    readTensor(message.inner(8), value);
    log.values.push_back(std::move(value));
  }
}

uint32_t slowCrc(std::string_view text, uint32_t polynomial) {
  uint32_t crc = ~0u;
  for (char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
  }
  return ~crc;
}
} // namespace

uint32_t tests::slowCrc32c(std::string_view text) { return slowCrc(text, 0x82f63b78); }

uint32_t tests::maskedCrc32c(std::string_view text) {
  uint32_t crc = slowCrc32c(text);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
}

tests::EventLog tests::readEventFile(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), "cannot read " + path.string());
  std::ostringstream stream;
  stream << file.rdbuf();
  std::string whole = stream.str();
  std::string_view left = whole;
  EventLog log;
  while (!left.empty()) {
    uint64_t size = left.size() < 12 ? 0 : littleAt<uint64_t>(left, 0);
    if (left.size() < 12 || size > left.size() - 12 || left.size() - 12 - size < 4) {
      log.isCutShort = true;
      return log;
    }
    require(littleAt<uint32_t>(left, 8) == maskedCrc32c(left.substr(0, 8)), "a length with a wrong checksum");
    std::string_view data = left.substr(12, size);
    require(littleAt<uint32_t>(left, 12 + size) == maskedCrc32c(data), "an event with a wrong checksum");
    readEvent(Message(data), log);
    left.remove_prefix(16 + size);
  }
  return log;
}

tests::DecodedPng tests::decodePng(std::string_view file) {
  require(file.substr(0, 8) == "\x89PNG\r\n\x1a\n", "no PNG");
  file.remove_prefix(8);
  DecodedPng image;
  std::string stream;
  for (std::string_view type; type != "IEND";) {
    uint32_t size = bigAt(file, 0);
    type = file.substr(4, 4);
    std::string_view data = file.substr(8, size);
    require(bigAt(file, 8 + size) == slowCrc(file.substr(4, size + 4), 0xedb88320), "a chunk with a wrong checksum");
    if (type == "IHDR") {
      image.width = bigAt(data, 0);
      image.height = bigAt(data, 4);
      require(data.substr(8) == std::string_view("\x08\0\0\0\0", 5), "not 8-bit grey");
    } else if (type == "IDAT") {
      stream += data;
    }
    file.remove_prefix(12 + size);
  }
  require(file.empty(), "something behind the end");
  std::string rows;
  std::string_view left = stream;
  require((littleAt<uint8_t>(left, 0) * 256 + littleAt<uint8_t>(left, 1)) % 31 == 0 && (left[0] & 15) == 8, "no zlib");
  left.remove_prefix(2);
  for (bool isLast = false; !isLast;) {
    require(left[0] == 0 || left[0] == 1, "not a stored block");
    isLast = left[0] == 1;
    uint16_t size = littleAt<uint16_t>(left, 1);
    require((size ^ littleAt<uint16_t>(left, 3)) == 0xffff, "a stored block with a wrong length");
    rows += left.substr(5, size);
    left.remove_prefix(5u + size);
  }
  uint32_t a = 1, b = 0;
  for (char c : rows) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  require(left.size() == 4 && bigAt(left, 0) == (b << 16 | a), "a wrong Adler-32");
  require(rows.size() == size_t{image.width + 1} * image.height, "rows that do not fit the size");
  for (uint32_t row = 0; row < image.height; ++row) {
    std::string_view line = std::string_view(rows).substr(size_t{row} * (image.width + 1), image.width + 1);
    require(line[0] == 0, "a filter");
    image.grey.insert(image.grey.end(), line.begin() + 1, line.end());
  }
  return image;
}

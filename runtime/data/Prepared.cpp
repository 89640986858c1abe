//===- Prepared.cpp - Data made ready by weft data ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Prepared.h"
#include "runtime/support/Crc32c.h"
#include "runtime/support/Error.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace weft::runtime {

static constexpr std::string_view magic = "WEFTDATA";
static constexpr uint32_t version = 1;
static constexpr uint64_t alignment = 64;

namespace {
struct Header {
  char magic[8];
  uint32_t version, sections;
  uint64_t size;
  uint32_t crc, zero;
};
struct Section {
  char name[16];
  uint64_t offset, size;
};
static_assert(sizeof(Header) == 32 && sizeof(Section) == 32);
} // namespace

PreparedData::PreparedData(const std::string &path) : path(path), file(path) {
  std::span<const std::byte> bytes = file.bytes();
  Header header;
  if (bytes.size() < sizeof(header))
    fail("{} is no prepared data: it has only {} bytes", path, bytes.size());
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::string_view(header.magic, sizeof(header.magic)) != magic)
    fail("{} is no prepared data: it does not begin with {}", path, magic);
  if (header.version != version)
    fail("{} was prepared by another version of Weft ({}, this one reads {}): run `weft data` again", path,
         header.version, version);
  if (header.size != bytes.size())
    fail("{} is cut short or damaged ({} bytes instead of {}): run `weft data` again", path, bytes.size(),
         header.size);
  uint32_t crc = crc32c(bytes.first(offsetof(Header, crc)));
  bytes = bytes.subspan(sizeof(header));
  if (header.crc != crc32c(bytes, crc) || bytes.size() / sizeof(Section) < header.sections)
    fail("{} is damaged (its checksum does not fit): run `weft data` again", path);
  for (uint32_t i = 0; i < header.sections; ++i) {
    Section section;
    std::memcpy(&section, bytes.data() + i * sizeof(section), sizeof(section));
    if (section.offset % alignment || section.offset > header.size ||
        section.size > header.size - section.offset)
      fail("{} is damaged: run `weft data` again", path);
    sections[std::string(section.name, strnlen(section.name, sizeof(section.name)))] =
        file.bytes().subspan(section.offset, section.size);
  }
}

std::span<const std::byte> PreparedData::section(const std::string &name) const {
  auto found = sections.find(name);
  if (found == sections.end())
    fail("{} is damaged: it has no section '{}'; run `weft data` again", path, name);
  return found->second;
}

RaggedRows raggedSplit(const PreparedData &data, const std::string &path, const std::string &split) {
  RaggedRows rows{data.array<int32_t>(split + ".ids"), data.array<int64_t>(split + ".offsets"),
                  data.array<int32_t>(split + ".labels")};
  bool fits = rows.offsets.size() == rows.labels.size() + 1 && rows.offsets.front() == 0 &&
              rows.offsets.back() == static_cast<int64_t>(rows.ids.size());
  for (size_t i = 0; fits && i < rows.labels.size(); ++i)
    fits = rows.offsets[i] <= rows.offsets[i + 1];
  if (!fits)
    fail("{} is damaged: the rows of its {} split do not fit; run `weft data` again", path, split);
  return rows;
}

void writePrepared(const std::string &path,
                   const std::map<std::string, std::span<const std::byte>> &sections) {
  auto aligned = [](uint64_t offset) { return (offset + alignment - 1) / alignment * alignment; };
  std::vector<Section> table;
  uint64_t end = sizeof(Header) + sections.size() * sizeof(Section);
  for (const auto &[name, bytes] : sections) {
    Section section{};
    if (name.size() > sizeof(section.name))
      throw std::logic_error("section name too long: " + name);
    name.copy(section.name, sizeof(section.name));
    section.offset = aligned(end);
    section.size = bytes.size();
    end = section.offset + section.size;
    table.push_back(section);
  }
  static constexpr std::byte zeros[alignment] = {};
  auto visit = [&](auto &&put) {
    put(std::as_bytes(std::span(table)));
    uint64_t at = sizeof(Header) + table.size() * sizeof(Section);
    size_t next = 0;
    for (const auto &[name, bytes] : sections) {
      uint64_t offset = table[next++].offset;
      put(std::span(zeros, offset - at));
      put(bytes);
      at = offset + bytes.size();
    }
  };
  Header header{{}, version, static_cast<uint32_t>(table.size()), end, 0, 0};
  magic.copy(header.magic, sizeof(header.magic));
  header.crc = crc32c(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, crc)));
  visit([&](std::span<const std::byte> bytes) { header.crc = crc32c(bytes, header.crc); });
  AtomicFile file(path);
  file.write(&header, sizeof(header));
  visit([&](std::span<const std::byte> bytes) { file.write(bytes.data(), bytes.size()); });
  file.commit();
}

std::string preparedPath(const std::string &name) {
  std::string directory;
  if (const char *cache = std::getenv("WEFT_CACHE"); cache && *cache)
    directory = cache;
  else if (const char *home = std::getenv("HOME"); home && *home)
    directory = std::string(home) + "/.cache/weft";
  else
    fail("neither WEFT_CACHE nor HOME says where prepared data lies");
  return fmt::format("{}/{}.weftdata", directory, name);
}

} // namespace weft::runtime

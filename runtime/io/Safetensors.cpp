//===- Safetensors.cpp - Named tensors in a file ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Safetensors.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

namespace weft::runtime {

static constexpr uint64_t maximumHeader = 100'000'000;

Safetensors::Safetensors(const std::string &path) : file(path) {
  std::span<const std::byte> bytes = file.bytes();
  uint64_t length = 0;
  if (bytes.size() < sizeof(length))
    fail("{} is no safetensors file: it has only {} bytes", path, bytes.size());
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > maximumHeader)
    fail("{} is no safetensors file: it does not begin with the length of a header", path);
  if (length > bytes.size() - sizeof(length))
    fail("{} is cut short: its header should have {} bytes, the file has {}", path, length, bytes.size());
  std::string_view header(reinterpret_cast<const char *>(bytes.data()) + sizeof(length), length);
  if (header.empty() || header.front() != '{')
    fail("{} is no safetensors file: its header does not begin with '{{'", path);
  parseHeader(path, header, bytes.subspan(sizeof(length) + length));
}

static std::optional<Element> elementNamed(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Element::Bool); ++i)
    if (nameOf(static_cast<Element>(i)) == name)
      return static_cast<Element>(i);
  return std::nullopt;
}

static nlohmann::json parseJson(const std::string &path, std::string_view header) {
  std::set<std::string> keys;
  std::string twice;
  auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json &value) {
    if (event == nlohmann::json::parse_event_t::key && depth == 1 && !keys.insert(value).second)
      twice = value;
    return true;
  };
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(header, watch);
  } catch (const nlohmann::json::exception &) {
    fail("{} is damaged: its header is no JSON", path);
  }
  if (!twice.empty())
    fail("{} is damaged: it has '{}' twice", path, twice);
  return json;
}

/// The shape of a tensor; false where it is none or its size overflows.
static bool readShape(const nlohmann::json &json, Element element, std::vector<int64_t> &shape,
                      uint64_t &size) {
  if (!json.is_array())
    return false;
  size = static_cast<uint64_t>(bytesOf(element));
  for (const nlohmann::json &extent : json) {
    if (!extent.is_number_unsigned() || __builtin_mul_overflow(size, extent.get<uint64_t>(), &size) ||
        extent.get<uint64_t>() > INT64_MAX)
      return false;
    shape.push_back(extent.get<int64_t>());
  }
  return true;
}

void Safetensors::parseHeader(const std::string &path, std::string_view header,
                              std::span<const std::byte> data) {
  struct Range {
    uint64_t begin, end;
    std::string name;
  };
  std::vector<Range> ranges;
  nlohmann::json json = parseJson(path, header);
  for (const auto &[name, entry] : json.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object())
        fail("{} is damaged: its metadata is no object", path);
      for (const auto &[key, value] : entry.items()) {
        if (!value.is_string())
          fail("{} is damaged: metadata '{}' is no text", path, key);
        about[key] = value;
      }
      continue;
    }
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry.contains("data_offsets"))
      fail("{} is damaged: tensor '{}' has no dtype, shape and data_offsets", path, name);
    std::optional<Element> element = elementNamed(entry["dtype"].get<std::string>());
    if (!element)
      fail("{}: tensor '{}' has elements of type {}, which is not known here", path, name,
           entry["dtype"].get<std::string>());
    const nlohmann::json &offsets = entry["data_offsets"];
    TensorView tensor{*element, {}, {}};
    uint64_t size = 0;
    if (!readShape(entry["shape"], *element, tensor.shape, size) || !offsets.is_array() ||
        offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
      fail("{} is damaged: shape or offsets of tensor '{}' make no sense", path, name);
    uint64_t begin = offsets[0], end = offsets[1];
    if (begin > end || end - begin != size)
      fail("{} is damaged: tensor '{}' has {} bytes, its shape {} needs {}", path, name, end - begin,
           shapeText(tensor.shape), size);
    if (end > data.size())
      fail("{} is cut short: tensor '{}' ends at byte {} of the data, the file has {}", path, name, end,
           data.size());
    tensor.bytes = data.subspan(begin, size);
    ranges.push_back({begin, end, name});
    named.emplace(name, std::move(tensor));
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t at = 0;
  for (const Range &range : ranges) {
    if (range.begin != at)
      fail("{} is damaged: the data of tensor '{}' does not follow the one before it", path, range.name);
    at = range.end;
  }
  if (at != data.size())
    fail("{} is damaged: it has {} bytes behind its last tensor", path, data.size() - at);
}

void writeSafetensors(const std::string &path, std::vector<NamedFloats> tensors,
                      const std::map<std::string, std::string> &metadata) {
  std::sort(tensors.begin(), tensors.end(),
            [](const NamedFloats &a, const NamedFloats &b) { return a.name < b.name; });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty())
    header["__metadata__"] = metadata;
  int64_t offset = 0;
  for (const NamedFloats &tensor : tensors) {
    int64_t end = offset + sizeOf(tensor.shape) * static_cast<int64_t>(sizeof(float));
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  uint64_t length = text.size();
  AtomicFile file(path);
  file.write(&length, sizeof(length));
  file.write(text);
  for (const NamedFloats &tensor : tensors)
    file.write(tensor.values, static_cast<size_t>(sizeOf(tensor.shape)) * sizeof(float));
  file.commit();
}

} // namespace weft::runtime

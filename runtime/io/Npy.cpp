//===- Npy.cpp - NumPy's file format ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Npy.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <cstring>
#include <fmt/ranges.h>
#include <optional>

namespace weft::runtime {

namespace {
/// Reads the header, a Python dictionary such as
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
class HeaderParser {
public:
  HeaderParser(const std::string &path, std::string_view text) : path(path), text(text) {}

  std::optional<std::string> descr;
  std::optional<bool> fortranOrder;
  std::optional<std::vector<int64_t>> shape;

  void parse() {
    expect('{');
    while (!accept('}')) {
      std::string key = parseString();
      expect(':');
      if (key == "descr") {
        if (peek() == '[')
          fail("{} holds records, not plain numbers: save its columns as arrays of their own", path);
        descr = parseString();
      } else if (key == "fortran_order")
        fortranOrder = parseBool();
      else if (key == "shape")
        shape = parseShape();
      else
        damaged();
      if (!accept(',') && peek() != '}')
        damaged();
    }
    skipSpace();
    if (!text.empty() || !descr || !fortranOrder || !shape)
      damaged();
  }

private:
  [[noreturn]] void damaged() { fail("{} is damaged: its header is none of NumPy's", path); }

  void skipSpace() {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n'))
      text.remove_prefix(1);
  }
  char peek() {
    skipSpace();
    return text.empty() ? '\0' : text.front();
  }
  bool accept(char c) {
    if (peek() != c)
      return false;
    text.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c))
      damaged();
  }
  std::string parseString() {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      damaged();
    text.remove_prefix(1);
    size_t end = text.find(quote);
    if (end == std::string_view::npos)
      damaged();
    std::string value(text.substr(0, end));
    text.remove_prefix(end + 1);
    return value;
  }
  bool parseBool() {
    peek();
    for (auto [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (text.starts_with(word)) {
        text.remove_prefix(word.size());
        return value;
      }
    damaged();
  }
  std::vector<int64_t> parseShape() {
    std::vector<int64_t> extents;
    expect('(');
    while (!accept(')')) {
      peek();
      size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
      std::optional<int64_t> extent = parseInteger(text.substr(0, digits));
      if (!extent)
        damaged();
      extents.push_back(*extent);
      text.remove_prefix(digits);
      if (!text.empty() && text.front() == 'L') // Python 2 wrote long integers so
        text.remove_prefix(1);
      if (!accept(',') && peek() != ')')
        damaged();
    }
    return extents;
  }

  const std::string &path;
  std::string_view text;
};

struct Descr {
  std::string_view text;
  Element element;
};
constexpr Descr elements[] = {
    {"f8", Element::F64}, {"f4", Element::F32}, {"f2", Element::F16}, {"i8", Element::I64},
    {"i4", Element::I32}, {"i2", Element::I16}, {"i1", Element::I8},  {"u8", Element::U64},
    {"u4", Element::U32}, {"u2", Element::U16}, {"u1", Element::U8},  {"b1", Element::Bool},
};

Element elementOf(const std::string &path, const std::string &descr) {
  std::string_view kind = std::string_view(descr).substr(descr.empty() ? 0 : 1);
  for (const Descr &known : elements)
    if (known.text == kind) {
      if (descr[0] == '>' && bytesOf(known.element) > 1)
        fail("{} has its bytes in big-endian order: save it with .astype('<{}')", path, kind);
      return known.element;
    }
  fail("{} holds elements of type '{}': only plain numbers can be read", path, descr);
}
} // namespace

Npy::Npy(const std::string &path) : file(path) {
  static constexpr std::string_view magic("\x93NUMPY", 6);
  std::span<const std::byte> bytes = file.bytes();
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (!text.starts_with(magic) || text.size() < 10)
    fail("{} is no .npy file", path);
  int version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3)
    fail("{} is a .npy file of version {}, which is not known here", path, version);
  size_t lengthBytes = version == 1 ? 2 : 4;
  uint32_t length = 0;
  size_t start = 8 + lengthBytes;
  if (text.size() >= start)
    std::memcpy(&length, text.data() + 8, lengthBytes);
  if (text.size() < start || text.size() - start < length)
    fail("{} is cut short: it ends within its header", path);

  HeaderParser header(path, text.substr(start, length));
  header.parse();
  view.element = elementOf(path, *header.descr);
  view.shape = *header.shape;
  if (*header.fortranOrder && view.shape.size() > 1)
    fail("{} is in Fortran order: save it with numpy.ascontiguousarray", path);
  int64_t size = bytesOf(view.element);
  for (int64_t extent : view.shape)
    if (__builtin_mul_overflow(size, extent, &size))
      fail("{} is damaged: its shape makes no sense", path);
  uint64_t left = text.size() - start - length;
  if (left < static_cast<uint64_t>(size))
    fail("{} is cut short: its shape {} needs {} bytes, it has {}", path, shapeText(view.shape), size, left);
  if (left > static_cast<uint64_t>(size))
    fail("{} is damaged: it has {} bytes behind its array", path, left - static_cast<uint64_t>(size));
  view.bytes = bytes.subspan(start + length);
}

void writeNpy(const std::string &path, std::span<const int64_t> shape, std::span<const float> values) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}", fmt::join(shape, ", "),
                  shape.size() == 1 ? "," : "");
  size_t total = (10 + header.size() + 1 + 63) / 64 * 64;
  header.resize(total - 11, ' ');
  header += '\n';
  uint16_t length = static_cast<uint16_t>(header.size());
  AtomicFile file(path);
  file.write(std::string_view("\x93NUMPY\x01\x00", 8));
  file.write(&length, sizeof(length));
  file.write(header);
  file.write(values.data(), values.size_bytes());
  file.commit();
}

} // namespace weft::runtime

//===- Protobuf.h - Messages of Protocol Buffers -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_PROTOBUF_H
#define WEFT_RUNTIME_IO_PROTOBUF_H

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::runtime {

/// One message in the wire format of Protocol Buffers, put together field by
/// field; a message in it is one that was put together before.
class ProtoMessage {
public:
  ProtoMessage &integer(uint32_t field, int64_t value) {
    varint(uint64_t{field} << 3);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  ProtoMessage &number(uint32_t field, double value) {
    varint(uint64_t{field} << 3 | 1);
    uint64_t bits = std::bit_cast<uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8)
      text += static_cast<char>(bits >> shift & 0xff);
    return *this;
  }
  ProtoMessage &bytes(uint32_t field, std::string_view value) {
    varint(uint64_t{field} << 3 | 2);
    varint(value.size());
    text += value;
    return *this;
  }
  ProtoMessage &message(uint32_t field, const ProtoMessage &value) { return bytes(field, value.text); }

  const std::string &encoded() const { return text; }

private:
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      text += static_cast<char>(value | 0x80);
    text += static_cast<char>(value);
  }

  std::string text;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_PROTOBUF_H

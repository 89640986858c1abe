//===- Tensor.cpp - Arrays of any element type ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace weft::runtime {

static_assert(std::endian::native == std::endian::little, "files are read as they lie in memory");

namespace {
struct Half {
  uint16_t bits;
};
struct Brain {
  uint16_t bits;
};

double valueOf(Half half) {
  int exponent = half.bits >> 10 & 31;
  double fraction = half.bits & 1023;
  double value = exponent == 31  ? (fraction ? std::numeric_limits<double>::quiet_NaN()
                                             : std::numeric_limits<double>::infinity())
                 : exponent == 0 ? std::ldexp(fraction, -24)
                                 : std::ldexp(1024 + fraction, exponent - 25);
  return half.bits >> 15 ? -value : value;
}
double valueOf(Brain brain) { return std::bit_cast<float>(uint32_t{brain.bits} << 16); }
template <typename T> T valueOf(T value) { return value; }

/// Calls `body` with a value of the C++ type of `element`.
template <typename F> decltype(auto) dispatch(Element element, F &&body) {
  switch (element) {
  case Element::F64:
    return body(double{});
  case Element::F32:
    return body(float{});
  case Element::F16:
    return body(Half{});
  case Element::BF16:
    return body(Brain{});
  case Element::I64:
    return body(int64_t{});
  case Element::I32:
    return body(int32_t{});
  case Element::I16:
    return body(int16_t{});
  case Element::I8:
    return body(int8_t{});
  case Element::U64:
    return body(uint64_t{});
  case Element::U32:
    return body(uint32_t{});
  case Element::U16:
    return body(uint16_t{});
  case Element::U8:
  case Element::Bool:
    break;
  }
  return body(uint8_t{});
}

template <typename T> auto load(const TensorView &tensor, int64_t index) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return valueOf(value);
}
} // namespace

int64_t bytesOf(Element element) {
  return dispatch(element, [](auto type) { return static_cast<int64_t>(sizeof(type)); });
}

bool isFloat(Element element) {
  return element == Element::F64 || element == Element::F32 || element == Element::F16 ||
         element == Element::BF16;
}

std::string_view nameOf(Element element) {
  static constexpr std::string_view names[] = {"F64", "F32", "F16", "BF16", "I64", "I32", "I16",
                                               "I8",  "U64", "U32", "U16",  "U8",  "BOOL"};
  return names[static_cast<int>(element)];
}

int64_t sizeOf(std::span<const int64_t> shape) {
  int64_t size = 1;
  for (int64_t extent : shape)
    size *= extent;
  return size;
}

int64_t TensorView::size() const { return sizeOf(shape); }

void toFloat(const TensorView &tensor, int64_t first, std::span<float> to) {
  dispatch(tensor.element, [&](auto type) {
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<float>(load<decltype(type)>(tensor, first + static_cast<int64_t>(i)));
  });
}

int64_t toInteger(const TensorView &tensor, int64_t first, std::span<int32_t> to) {
  return dispatch(tensor.element, [&](auto type) -> int64_t {
    for (size_t i = 0; i < to.size(); ++i) {
      auto value = load<decltype(type)>(tensor, first + static_cast<int64_t>(i));
      bool fits;
      if constexpr (std::is_floating_point_v<decltype(value)>)
        fits = value >= -0x1p31 && value < 0x1p31 && std::trunc(value) == value;
      else if constexpr (std::is_unsigned_v<decltype(value)>)
        fits = value <= uint32_t{std::numeric_limits<int32_t>::max()};
      else
        fits = value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
      if (!fits)
        return static_cast<int64_t>(i);
      to[i] = static_cast<int32_t>(value);
    }
    return -1;
  });
}

double valueAt(const TensorView &tensor, int64_t index) {
  return dispatch(tensor.element,
                  [&](auto type) { return static_cast<double>(load<decltype(type)>(tensor, index)); });
}

} // namespace weft::runtime

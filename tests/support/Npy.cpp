//===- Npy.cpp - NumPy's array files, for tests -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/support/Npy.h"

#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

using namespace weft;
using namespace weft::tests;

std::string tests::readFile(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

template <typename Number> static std::vector<double> decode(const char *data, int64_t size) {
  std::vector<double> values(size);
  for (int64_t i = 0; i < size; ++i) {
    Number number;
    std::memcpy(&number, data + i * sizeof(Number), sizeof(Number));
    values[i] = double(number);
  }
  return values;
}

std::vector<double> tests::decodeNumbers(const char *data, int64_t size, char kind, int bytes) {
  if (kind == 'f' && bytes == 4)
    return decode<float>(data, size);
  if (kind == 'f' && bytes == 8)
    return decode<double>(data, size);
  if (kind == 'i' && bytes == 2)
    return decode<int16_t>(data, size);
  if (kind == 'u' && bytes == 2)
    return decode<uint16_t>(data, size);
  if (kind == 'i' && bytes == 4)
    return decode<int32_t>(data, size);
  if (kind == 'i' && bytes == 8)
    return decode<int64_t>(data, size);
  if ((kind == 'u' || kind == 'b') && bytes == 1)
    return decode<uint8_t>(data, size);
  throw std::runtime_error("numbers of the kind " + std::string(1, kind) + std::to_string(bytes));
}

reference::Tensor tests::readNpy(const std::filesystem::path &path) {
  // Magic, version, the length of the header (2 bytes in version 1, else 4), the
  // header, a Python dictionary, then the values.
  std::string file = readFile(path);
  if (file.size() < 12 || file.compare(0, 6, "\x93NUMPY") != 0)
    throw std::runtime_error(path.string() + " is not a .npy file");
  size_t wide = file[6] == 1 ? 2 : 4, length = 0;
  for (size_t i = 0; i < wide; ++i)
    length |= size_t(uint8_t(file[8 + i])) << (8 * i);
  size_t begin = 8 + wide + length;
  std::string header = file.substr(8 + wide, length);

  static const std::regex descr("'descr': *'[<|]([fiub])([0-9]+)'"), extents("'shape': *\\(([^)]*)\\)"),
      number("[0-9]+");
  std::smatch type, tuple;
  if (!std::regex_search(header, type, descr) || !std::regex_search(header, tuple, extents) ||
      header.find("'fortran_order': False") == std::string::npos)
    throw std::runtime_error(path.string() + ": a header that is not understood: " + header);
  std::string list = tuple[1];
  std::vector<int64_t> shape;
  for (std::sregex_iterator it(list.begin(), list.end(), number), end; it != end; ++it)
    shape.push_back(std::stoll(it->str()));

  int64_t size = reference::sizeOf(shape);
  int bytes = std::stoi(type[2]);
  if (file.size() != begin + size * bytes)
    throw std::runtime_error(path.string() + ": the size is not that of its shape");
  return reference::Tensor(shape, decodeNumbers(file.data() + begin, size, type[1].str()[0], bytes));
}

//===- Safetensors.cpp - safetensors files, for tests -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/support/Safetensors.h"
#include "tests/support/Npy.h"

#include "llvm/Support/JSON.h"

#include <cstring>
#include <stdexcept>

using namespace weft;
using namespace weft::tests;

static std::vector<int64_t> integers(const llvm::json::Array &array) {
  std::vector<int64_t> result;
  for (const llvm::json::Value &value : array)
    result.push_back(value.getAsInteger().value());
  return result;
}

reference::Weights tests::readSafetensors(const std::filesystem::path &path) {
  std::string file = readFile(path);
  uint64_t length = 0;
  if (file.size() >= 8)
    std::memcpy(&length, file.data(), 8);
  if (file.size() < 8 || length > file.size() - 8)
    throw std::runtime_error(path.string() + " is not a safetensors file");
  const char *data = file.data() + 8 + length;
  int64_t bytes = file.size() - 8 - length;

  llvm::Expected<llvm::json::Value> header = llvm::json::parse(llvm::StringRef(file).substr(8, length));
  if (!header)
    throw std::runtime_error(path.string() + ": " + llvm::toString(header.takeError()));
  reference::Weights weights;
  for (const auto &[name, value] : *header->getAsObject()) {
    if (name == "__metadata__")
      continue;
    const llvm::json::Object &entry = *value.getAsObject();
    llvm::StringRef type = entry.getString("dtype").value();
    std::vector<int64_t> shape = integers(*entry.getArray("shape"));
    std::vector<int64_t> offsets = integers(*entry.getArray("data_offsets"));
    int wide = type.ends_with("64") ? 8 : 4;
    int64_t size = reference::sizeOf(shape);
    if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] > bytes || offsets[1] - offsets[0] != size * wide)
      throw std::runtime_error(path.string() + ": the offsets of " + name.str() + " are wrong");
    weights[name.str()] = reference::Tensor(
        shape, decodeNumbers(data + offsets[0], size, type.starts_with("F") ? 'f' : 'i', wide));
  }
  return weights;
}

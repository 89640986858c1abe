//===- Safetensors.h - Named tensors in a file -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_SAFETENSORS_H
#define WEFT_RUNTIME_IO_SAFETENSORS_H

#include "runtime/io/File.h"
#include "runtime/io/Tensor.h"

#include <map>
#include <string>
#include <vector>

namespace weft::runtime {

/// A safetensors file: a u64 with the length of the header, a JSON header, the
/// bytes of the tensors one behind the other. Whatever does not follow the
/// format to the letter is refused.
class Safetensors {
public:
  explicit Safetensors(const std::string &path);

  const std::map<std::string, TensorView> &tensors() const { return named; }
  const std::map<std::string, std::string> &metadata() const { return about; }

private:
  void parseHeader(const std::string &path, std::string_view header, std::span<const std::byte> data);

  FileBytes file;
  std::map<std::string, TensorView> named;
  std::map<std::string, std::string> about;
};

/// One float tensor to write.
struct NamedFloats {
  std::string name;
  std::vector<int64_t> shape;
  const float *values;
};

/// Replaces `path` whole, tensors sorted by name, the header padded to 8 bytes.
void writeSafetensors(const std::string &path, std::vector<NamedFloats> tensors,
                      const std::map<std::string, std::string> &metadata);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_SAFETENSORS_H

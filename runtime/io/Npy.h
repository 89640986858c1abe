//===- Npy.h - NumPy's file format -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_NPY_H
#define WEFT_RUNTIME_IO_NPY_H

#include "runtime/io/File.h"
#include "runtime/io/Tensor.h"

#include <string>

namespace weft::runtime {

/// A NumPy array in a file: versions 1 to 3, C order, numbers.
class Npy {
public:
  explicit Npy(const std::string &path);

  const TensorView &tensor() const { return view; }

private:
  FileBytes file;
  TensorView view;
};

/// Replaces `path` whole with an array of floats.
void writeNpy(const std::string &path, std::span<const int64_t> shape, std::span<const float> values);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_NPY_H

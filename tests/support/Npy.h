//===- Npy.h - NumPy's array files, for tests -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_SUPPORT_NPY_H
#define WEFT_TESTS_SUPPORT_NPY_H

#include "compiler/reference/Tensor.h"

#include <filesystem>

namespace weft::tests {

/// Reads a row-major array of floats or integers; throws std::runtime_error.
reference::Tensor readNpy(const std::filesystem::path &path);

/// The whole of a file; throws std::runtime_error.
std::string readFile(const std::filesystem::path &path);

/// `size` little-endian numbers of NumPy's kind `i` (integer), `u` (unsigned) or
/// `f` (float) and `bytes` each, as doubles; throws std::runtime_error.
std::vector<double> decodeNumbers(const char *data, int64_t size, char kind, int bytes);

} // namespace weft::tests

#endif // WEFT_TESTS_SUPPORT_NPY_H

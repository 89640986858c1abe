//===- Safetensors.h - safetensors files, for tests -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_SUPPORT_SAFETENSORS_H
#define WEFT_TESTS_SUPPORT_SAFETENSORS_H

#include "compiler/reference/Interpreter.h"

#include <filesystem>

namespace weft::tests {

/// Reads every tensor by its name; throws std::runtime_error. (The runtime has its
/// own reader, which must not be what its tests compare it with.)
reference::Weights readSafetensors(const std::filesystem::path &path);

} // namespace weft::tests

#endif // WEFT_TESTS_SUPPORT_SAFETENSORS_H

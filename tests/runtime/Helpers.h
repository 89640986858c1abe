//===- Helpers.h - What the tests of the runtime share -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_RUNTIME_HELPERS_H
#define WEFT_TESTS_RUNTIME_HELPERS_H

#include "runtime/abi/Abi.h"
#include "runtime/support/Error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace weft::test {

/// A directory of a test's own; the working directory while it lives.
class Folder {
public:
  Folder();
  ~Folder();
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  const std::string &path() const { return name; }

private:
  std::string name;
  std::filesystem::path before;
};

std::string readText(const std::string &path);
void writeText(const std::string &path, const std::string &text);

/// A .npy file of any element type.
template <typename T>
void saveNpy(const std::string &path, const std::string &descr, const std::string &shape,
             const std::vector<T> &values) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }\n";
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 255);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  text.append(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
  writeText(path, text);
}

/// The message of the user's error that `body` ends with; empty where there is none.
template <typename F> std::string errorOf(F &&body) {
  try {
    body();
  } catch (const runtime::UserError &error) {
    return error.what();
  }
  return "";
}

struct Outcome {
  int code; // 128 + signal where it was killed
  std::string out, err;
};

/// Runs a program in the working directory. `limit` is the largest file it may
/// write; `environment` is added to this process's.
Outcome run(const std::vector<std::string> &command, const std::vector<std::string> &environment = {},
            int64_t limit = -1);

} // namespace weft::test

#endif // WEFT_TESTS_RUNTIME_HELPERS_H

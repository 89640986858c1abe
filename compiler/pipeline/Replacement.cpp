//===- Replacement.cpp - A file in the place of another one -----*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Replacement.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace weft::pipeline {
namespace fs = llvm::sys::fs;

Replacement::Replacement(const std::string &output) : output(output) {
  fs::createUniquePath(output + ".%%%%%%%%", temporary, /*MakeAbsolute=*/false);
  remover.setFile(temporary);
}

Outcome Replacement::open() {
  // A rename would put the file in the place of a device.
  fs::file_status status;
  if (!fs::status(output, status) && status.type() != fs::file_type::regular_file)
    return Outcome::userError("error: cannot write " + output + ": it is " +
                              (status.type() == fs::file_type::directory_file ? "a directory" : "no ordinary file"));
  int descriptor = -1;
  if (std::error_code error = fs::openFileForWrite(temporary, descriptor))
    return failed(error);
  fs::file_t file = fs::convertFDToNativeFile(descriptor);
  (void)fs::closeFile(file);
  return Outcome::done();
}

Outcome Replacement::commit() {
  if (std::error_code error = fs::rename(temporary, output))
    return failed(error);
  remover.releaseFile();
  return Outcome::done();
}

Outcome Replacement::failed(std::error_code error) const {
  return Outcome::userError("error: cannot write " + output + ": " + error.message());
}

Outcome replaceFile(const std::string &output, llvm::StringRef text) {
  Replacement file(output);
  if (Outcome outcome = file.open(); outcome.failed())
    return outcome;
  std::error_code error;
  llvm::raw_fd_ostream out(file.path(), error);
  if (!error) {
    out << text;
    out.close();
    error = out.error();
    out.clear_error();
  }
  return error ? file.failed(error) : file.commit();
}

} // namespace weft::pipeline

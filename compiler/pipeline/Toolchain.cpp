//===- Toolchain.cpp - Where the parts of an installation are -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Pipeline.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>

namespace weft::pipeline {
namespace path = llvm::sys::path;

/// The first of the places that exists; where none does, the first, which a
/// message then names.
static std::string firstOf(llvm::StringRef base, std::initializer_list<const char *> places) {
  std::string first;
  for (const char *place : places) {
    llvm::SmallString<256> candidate(base);
    path::append(candidate, place);
    path::remove_dots(candidate, /*remove_dot_dot=*/true);
    if (llvm::sys::fs::exists(candidate))
      return std::string(candidate);
    if (first.empty())
      first = std::string(candidate);
  }
  return first;
}

Toolchain Toolchain::find(const char *argv0) {
  static int here;
  Toolchain tools;
  tools.weft = llvm::sys::fs::getMainExecutable(argv0, &here);
  llvm::StringRef bin = path::parent_path(tools.weft);
  tools.kernelWorker = firstOf(bin, {"weft-kernel", "../libexec/weft/weft-kernel"});
  tools.runtimeArchive =
      firstOf(bin, {"../lib/weft/libweft_runtime.a", "../lib/libweft_runtime.a", "../runtime/libweft_runtime.a"});
  return tools;
}

std::string cacheDirectory() {
  auto variable = [](const char *name) -> std::string {
    const char *value = std::getenv(name);
    return value ? value : "";
  };
  if (std::string chosen = variable("WEFT_CACHE"); !chosen.empty())
    return chosen;
  std::string home = variable("HOME");
  return (home.empty() ? std::string("/tmp") : home) + "/.cache/weft";
}

} // namespace weft::pipeline

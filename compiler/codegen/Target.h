//===- Target.h - The kind of processor a model is compiled for -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_TARGET_H
#define WEFT_COMPILER_CODEGEN_TARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <string>
#include <vector>

namespace weft::codegen {

/// A kind of x86-64 processor, told by its features and never by a processor's
/// name: names are wrong in some virtual machines.
struct Target {
  std::string name;                  ///< the spelling that parses to this again
  std::vector<std::string> features; ///< as Halide spells them, implied ones included, in a fixed order
  int vectorFloats = 4;              ///< floats in a vector register
  int vectorRegisters = 16;

  bool has(llvm::StringRef feature) const;
};

/// `host`, `x86-64-v2`, `x86-64-v3`, `x86-64-v4`, or a list of features such as
/// `x86-64 avx2 fma f16c` (spaces or commas). On failure `error` says what is wrong.
llvm::FailureOr<Target> parseTarget(llvm::StringRef text, std::string *error = nullptr);

/// What this machine's cpuid and operating system allow.
Target hostTarget();

/// Whether code for `target` runs on this machine; otherwise `missing` names the
/// first feature it lacks.
bool runsOnThisMachine(const Target &target, std::string *missing = nullptr);

/// The same features as LLVM's back end spells them: `+avx,+avx2,...`.
std::string llvmFeatures(const Target &target);

/// The C symbol of kernel `name`: `weft_` and the name, with `_` for what C does
/// not allow and then a hash that keeps different names different.
std::string kernelSymbol(llvm::StringRef name);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_TARGET_H

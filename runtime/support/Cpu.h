//===- Cpu.h - What the processor can do -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_SUPPORT_CPU_H
#define WEFT_RUNTIME_SUPPORT_CPU_H

#include <string>
#include <string_view>
#include <vector>

namespace weft::runtime {

/// Those of the space-separated `features` ("avx2 fma f16c") that this
/// processor, or the system it runs under, does not offer. Names are LLVM's and
/// Halide's; a name that is not known counts as missing.
std::vector<std::string> missingFeatures(std::string_view features);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_SUPPORT_CPU_H

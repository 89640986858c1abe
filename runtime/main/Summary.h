//===- Summary.h - What a model consists of -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_MAIN_SUMMARY_H
#define WEFT_RUNTIME_MAIN_SUMMARY_H

#include "runtime/abi/Abi.h"

#include <string>

namespace weft::runtime {

/// The table of layers that Keras's `summary` prints, with totals.
std::string summaryText(const WeftModel &model);

/// What the binary is: versions, processor features, ports, memory.
std::string infoText(const WeftModel &model);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_MAIN_SUMMARY_H

//===- Commands.h - The commands of a compiled model -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_MAIN_COMMANDS_H
#define WEFT_RUNTIME_MAIN_COMMANDS_H

#include "runtime/abi/Abi.h"

namespace weft::runtime {

/// The command line of a compiled model. Returns the exit code: 0 done, 1 the
/// user's input was wrong, 2 an error of Weft's own.
int runMain(const WeftModel &model, int argc, const char *const *argv);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_MAIN_COMMANDS_H

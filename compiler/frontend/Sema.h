//===- Sema.h - From files to a checked program -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_SEMA_H
#define WEFT_COMPILER_FRONTEND_SEMA_H

#include "compiler/frontend/Definitions.h"
#include "compiler/frontend/Program.h"

#include <map>
#include <optional>
#include <string>

namespace weft::frontend {

/// Checks all definitions of the user and elaborates the model with its train
/// block. Nothing is returned if anything was reported.
std::optional<Program> analyze(SourceManager &sources, DiagnosticEngine &diagnostics,
                               const Definitions &definitions,
                               const std::map<std::string, std::string> &settings);

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_SEMA_H

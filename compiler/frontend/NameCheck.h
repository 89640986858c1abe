//===- NameCheck.h - What can be said about a definition before it is used -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_NAMECHECK_H
#define WEFT_COMPILER_FRONTEND_NAMECHECK_H

#include "compiler/frontend/Builtins.h"
#include "compiler/frontend/Definitions.h"

namespace weft::frontend {

/// Checks a definition by itself, used or not, with both branches of every `if`:
/// names are known, statements stand where they may, states are assigned.
void checkNames(const ast::Definition &definition, const Definitions &definitions,
                DiagnosticEngine &diagnostics);

/// Nothing has this name; `candidates` are names of the same place. As a layer
/// only layers are suggested.
void reportUnknownName(DiagnosticEngine &diagnostics, const Definitions &definitions,
                       std::vector<std::string> candidates, const std::string &name, SourceRange range,
                       bool asLayer);

/// A value that is none of the words which a parameter may be.
Diagnostic &reportNoChoice(DiagnosticEngine &diagnostics, const std::string &layer, const BuiltinParameter &parameter,
                           const std::string &got, SourceRange range);

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_NAMECHECK_H

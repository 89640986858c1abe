//===- Frontend.h - From the text of a model to the seq dialect -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_FRONTEND_H
#define WEFT_COMPILER_FRONTEND_FRONTEND_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::frontend {

struct Options {
  /// Values of the model's parameters, written as in a model file (--set NAME=VALUE).
  std::map<std::string, std::string> set;
  /// Where `import` looks besides the folder of the importing file.
  std::vector<std::string> importPaths;
};

/// A verified module of the seq dialect, or null and what is wrong with the
/// file, ready to be shown. `path` names the file in messages and is where its
/// imports are looked for; it is not read.
mlir::OwningOpRef<mlir::ModuleOp> compileToSeq(const std::string &path, const std::string &text,
                                               const Options &options, mlir::MLIRContext *context,
                                               std::string &diagnostics);

/// The parsed file as text (stage `ast`), or nothing and what is wrong with it.
std::optional<std::string> dumpAst(const std::string &path, const std::string &text,
                                   std::string &diagnostics);

/// What a diagnostic's code means; nothing for a code that does not exist.
std::optional<std::string> explain(std::string_view code);
std::vector<std::string> allDiagnosticCodes();

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_FRONTEND_H

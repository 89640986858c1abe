//===- Frontend.cpp - From the text of a model to the seq dialect -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Frontend.h"

#include "compiler/frontend/MlirGen.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"

using namespace weft::frontend;

mlir::OwningOpRef<mlir::ModuleOp>
weft::frontend::compileToSeq(const std::string &path, const std::string &text, const Options &options,
                             mlir::MLIRContext *context, std::string &diagnosticsText) {
  SourceManager sources;
  DiagnosticEngine diagnostics(sources);
  Definitions definitions(sources, diagnostics);
  definitions.addPrelude();
  definitions.addFile(path, text, options.importPaths);
  std::optional<Program> program = analyze(sources, diagnostics, definitions, options.set);
  diagnosticsText = diagnostics.render();
  if (!program)
    return {};
  return generateModule(*program, sources, context);
}

std::optional<std::string> weft::frontend::dumpAst(const std::string &path, const std::string &text,
                                                   std::string &diagnosticsText) {
  SourceManager sources;
  DiagnosticEngine diagnostics(sources);
  int file = sources.add(path, text);
  ast::File parsed = Parser(sources, file, diagnostics).parseFile();
  diagnosticsText = diagnostics.render();
  if (diagnostics.hasErrors())
    return std::nullopt;
  return ast::dump(parsed, sources);
}

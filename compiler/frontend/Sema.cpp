//===- Sema.cpp - From files to a checked program -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Sema.h"

#include "compiler/frontend/Elaborator.h"
#include "compiler/frontend/NameCheck.h"

#include <fmt/format.h>

using namespace weft::frontend;
using ast::DefinitionKind;

std::optional<Program> weft::frontend::analyze(SourceManager &sources, DiagnosticEngine &diagnostics,
                                               const Definitions &definitions,
                                               const std::map<std::string, std::string> &settings) {
  // A definition that could not be parsed is no missing one.
  bool isParsed = !diagnostics.hasErrors();
  for (const ast::Definition *definition : definitions.userDefinitions())
    checkNames(*definition, definitions, diagnostics);
  const ast::Definition *model = nullptr, *train = nullptr;
  for (const ast::Definition *definition : definitions.userDefinitions()) {
    // Other files bring definitions in; what they model and train is their own business.
    if (definition->range.file != definitions.mainFile())
      continue;
    bool isModel = definition->kind == DefinitionKind::Model;
    if (!isModel && definition->kind != DefinitionKind::Train)
      continue;
    const ast::Definition *&slot = isModel ? model : train;
    if (slot)
      diagnostics
          .error(isModel ? "W0402" : "W0405", definition->range,
                 isModel ? "a file has one model" : "a file has one `train` block")
          .note(slot->range, "the first one");
    else
      slot = definition;
  }
  SourceRange start{definitions.mainFile(), 0, 0};
  if (!model) {
    if (isParsed)
      diagnostics.error("W0401", start, "this file has no model").expected("`model name { ... }`");
    return std::nullopt;
  }
  if (!train && isParsed)
    diagnostics.error("W0405", model->range, fmt::format("nothing says how `{}` is trained", model->name))
        .expected("a block `train { loss = ..., optimizer = ... }` in this file, a setting a line");
  Program program = Elaborator(sources, diagnostics, definitions, settings).run(*model, train);
  if (diagnostics.hasErrors())
    return std::nullopt;
  return program;
}

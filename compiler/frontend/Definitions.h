//===- Definitions.h - The definitions of all files of a compilation -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_DEFINITIONS_H
#define WEFT_COMPILER_FRONTEND_DEFINITIONS_H

#include "compiler/frontend/Ast.h"
#include "compiler/frontend/Diagnostics.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace weft::frontend {

/// The prelude's files as they were when the compiler was built.
struct PreludeFile {
  const char *name;
  const char *text;
};
extern const PreludeFile preludeFiles[];
extern const unsigned preludeFileCount;

/// Owns the parsed files and finds definitions by name. The prelude's are seen
/// by everyone and may be replaced by the user's, for the user's own text: the
/// prelude itself goes on seeing its own.
class Definitions {
public:
  Definitions(SourceManager &sources, DiagnosticEngine &diagnostics)
      : sources(sources), diagnostics(diagnostics) {}

  void addPrelude();
  /// A model file with what it imports.
  void addFile(const std::string &name, std::string text, const std::vector<std::string> &importPaths);

  const ast::Definition *find(const std::string &name, bool fromPrelude) const;
  bool isPrelude(const ast::Definition *definition) const {
    return preludeDefinitions.count(definition) != 0;
  }
  bool isPreludeFile(int file) const { return file >= 0 && file < static_cast<int>(preludeFileCount); }
  /// The user's definitions in the order of their files.
  const std::vector<const ast::Definition *> &userDefinitions() const { return user; }
  /// Names of definitions of the given kinds, for suggestions.
  std::vector<std::string> names(const std::vector<ast::DefinitionKind> &kinds) const;
  /// The file that was given, not those it imports.
  int mainFile() const { return main; }

private:
  void addParsed(ast::File file, bool isPrelude);
  void addImports(const ast::File &file, const std::string &importer,
                  const std::vector<std::string> &importPaths);

  SourceManager &sources;
  DiagnosticEngine &diagnostics;
  std::vector<ast::File> files;
  std::map<std::string, const ast::Definition *> preludeNames, userNames;
  std::set<const ast::Definition *> preludeDefinitions;
  std::vector<const ast::Definition *> user;
  std::set<std::string> loaded; // canonical paths
  int main = -1;
};

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_DEFINITIONS_H

//===- Definitions.cpp - The definitions of all files of a compilation -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Definitions.h"

#include "compiler/frontend/Parser.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

using namespace weft::frontend;
namespace fs = std::filesystem;

void Definitions::addPrelude() {
  for (unsigned i = 0; i < preludeFileCount; ++i) {
    int file = sources.add(fmt::format("<prelude>/{}", preludeFiles[i].name), preludeFiles[i].text);
    addParsed(Parser(sources, file, diagnostics).parseFile(), /*isPrelude=*/true);
  }
}

static std::string canonical(const fs::path &path) {
  std::error_code error;
  fs::path result = fs::weakly_canonical(path, error);
  return (error ? path : result).string();
}

void Definitions::addFile(const std::string &name, std::string text,
                          const std::vector<std::string> &importPaths) {
  if (!loaded.insert(canonical(name)).second)
    return;
  int file = sources.add(name, std::move(text));
  if (main < 0)
    main = file;
  ast::File parsed = Parser(sources, file, diagnostics).parseFile();
  // Imported definitions come first, so that a clash is reported in the importing file.
  addImports(parsed, name, importPaths);
  addParsed(std::move(parsed), /*isPrelude=*/false);
}

void Definitions::addImports(const ast::File &file, const std::string &importer,
                             const std::vector<std::string> &importPaths) {
  for (const ast::Import &import : file.imports) {
    std::vector<fs::path> places = {fs::path(importer).parent_path() / import.path};
    if (fs::path(import.path).is_relative())
      for (const std::string &directory : importPaths)
        places.push_back(fs::path(directory) / import.path);
    bool found = false;
    for (const fs::path &place : places) {
      std::error_code error;
      if (!fs::is_regular_file(place, error))
        continue;
      std::ifstream stream(place, std::ios::binary);
      std::stringstream content;
      content << stream.rdbuf();
      if (!stream)
        continue;
      addFile(place.string(), content.str(), importPaths);
      found = true;
      break;
    }
    if (!found) {
      Diagnostic &diagnostic =
          diagnostics.error("W0001", import.range, fmt::format("cannot read the file `{}`", import.path));
      for (const fs::path &place : places)
        diagnostic.help("looked for " + place.string());
    }
  }
}

void Definitions::addParsed(ast::File file, bool isPrelude) {
  auto &names = isPrelude ? preludeNames : userNames;
  for (const auto &definition : file.definitions) {
    if (isPrelude)
      preludeDefinitions.insert(definition.get());
    else
      user.push_back(definition.get());
    // Nothing refers to a model, so that it may have the name of a layer.
    if (definition->kind == ast::DefinitionKind::Train || definition->kind == ast::DefinitionKind::Model)
      continue;
    auto [place, isNew] = names.try_emplace(definition->name, definition.get());
    if (!isNew)
      diagnostics
          .error("W0103", definition->nameRange, fmt::format("`{}` is defined twice", definition->name))
          .help("rename one of them")
          .note(place->second->nameRange, "the other definition");
  }
  files.push_back(std::move(file));
}

const ast::Definition *Definitions::find(const std::string &name, bool fromPrelude) const {
  if (!fromPrelude)
    if (auto found = userNames.find(name); found != userNames.end())
      return found->second;
  auto found = preludeNames.find(name);
  return found == preludeNames.end() ? nullptr : found->second;
}

std::vector<std::string> Definitions::names(const std::vector<ast::DefinitionKind> &kinds) const {
  std::vector<std::string> result;
  for (const auto *table : {&userNames, &preludeNames})
    for (const auto &[name, definition] : *table)
      if (std::find(kinds.begin(), kinds.end(), definition->kind) != kinds.end())
        result.push_back(name);
  return result;
}

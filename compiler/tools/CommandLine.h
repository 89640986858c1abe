//===- CommandLine.h - Words of the command line, and programs run -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_TOOLS_COMMANDLINE_H
#define WEFT_COMPILER_TOOLS_COMMANDLINE_H

#include "compiler/pipeline/Pipeline.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::tools {

/// Commands of the model's own program that weft builds and runs in one go.
inline const std::vector<std::pair<const char *, const char *>> runCommands = {
    {"train", "compile a model (kept in the cache) and train it"},
    {"evaluate", "measure trained weights on data"},
    {"predict", "apply trained weights to new inputs"},
    {"nearest", "list the words whose embeddings are nearest to a word's"},
    {"generate", "go on with a text, character by character"},
    {"gradients", "write the gradients of the mean loss over data"},
    {"summary", "list a model's layers and parameters"},
};

extern const char *const footer;
extern const char *const internalErrorAdvice;
std::string versionText();

/// `weft train MODEL ...`: weft's own flags taken out, the other words left for
/// the program.
struct RunWords {
  std::string command;
  pipeline::Options options;
  std::vector<std::string> rest;
  std::string data;  ///< what --data says, for preparing it
  std::string error; ///< not empty: what is wrong with the words
};

/// Nothing where the command is none of `runCommands`, or help is asked for.
std::optional<RunWords> parseRunWords(int argc, char **argv);

/// `NAME=VALUE` each.
pipeline::Outcome splitValues(const std::vector<std::string> &words,
                              std::vector<std::pair<std::string, std::string>> &values);

/// Becomes the program; comes back only where that fails.
pipeline::Outcome runProgram(const std::string &program, const RunWords &words);

struct DataOptions {
  std::string from;
};

pipeline::Outcome prepareImdb(const DataOptions &options);
/// Prepares what `data = ...` names where it is not prepared yet and weft can.
pipeline::Outcome prepareData(const std::string &data);

/// From here on a crash ends with a message and exit code 2.
void reportCrashes();

} // namespace weft::tools

#endif // WEFT_COMPILER_TOOLS_COMMANDLINE_H

//===- Pipeline.h - From a model file to any stage, or a binary -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the command `weft` does, as a library: the stages, their order and their
// options. Nothing of MLIR is seen here, so that a tool needs none of it.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_PIPELINE_PIPELINE_H
#define WEFT_COMPILER_PIPELINE_PIPELINE_H

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::pipeline {

/// How a command ended: its exit code, and what standard error should say.
struct [[nodiscard]] Outcome {
  enum Code { Done = 0, UserError = 1, InternalError = 2 };
  Code code = Done;
  std::string message;

  static Outcome done() { return {}; }
  static Outcome userError(std::string message) { return {UserError, std::move(message)}; }
  static Outcome internalError(std::string message) { return {InternalError, std::move(message)}; }
  bool failed() const { return code != Done; }
};

/// In the order a model goes through them. Up to Program each is one module,
/// which can be edited and fed back; those behind it are printed only.
enum class Stage { Ast, Seq, Expanded, Gradient, Kernels, Program, Stmt, Llvm, Asm };

std::string_view stageName(Stage stage);
std::optional<Stage> parseStage(std::string_view name);
/// All names, for a message.
std::string stageNames();

struct Options {
  std::string input;                                       ///< a .weft file, or a stage as .mlir
  std::vector<std::pair<std::string, std::string>> values; ///< the model's parameters: --set
  std::string target;       ///< empty: what a module was made for, else this machine
  std::string scheduleFile; ///< schedules that replace those of the kernels they name
  bool tunedSchedules = true; ///< without `scheduleFile`: take what `weft tune` left beside the model
  bool sharePadding = true; ///< compute what rows have in common once
  bool foldLookups = true;  ///< multiply rows of tables once for each id that occurs, where that pays
  bool symbols = false;     ///< keep the names of functions in programs, for profilers
  /// Slices that a batch is cut into, which are computed in parallel; 0: what a module was
  /// made for, else as many as this machine has processors (at least 2, at most 8), and
  /// 4 for a target that was named.
  unsigned slices = 0;
  unsigned jobs = 0;        ///< kernels compiled at a time; 0: one a core
};

/// Programs and archives that a build needs, found from where weft itself is: the
/// same places in a build tree and where it is installed.
struct Toolchain {
  std::string weft, kernelWorker, runtimeArchive;

  /// `argv0` is used where the system does not tell the program's own path.
  static Toolchain find(const char *argv0);
};

enum class Product { Executable, Object, SharedLibrary };

/// The text of a stage; with `kernel`, of that kernel alone (from Kernels on).
Outcome inspect(const Options &options, const Toolchain &tools, Stage stage, const std::string &kernel,
                std::string &text);

/// Writes the text of a stage as a page of HTML on its own: names of what a module
/// defines lead to the definitions, and a click on a value marks its uses.
Outcome writeHtml(const std::string &title, const std::string &text, const std::string &file);

/// Writes the product to `output` (to a temporary file first, then renamed);
/// an empty `output` stands for the model's name with the product's ending.
Outcome build(const Options &options, const Toolchain &tools, Product product, std::string &output);

/// A program built before from the same text, options and compiler, or built now:
/// `program` is its path in the cache, `data` what the model's train block names.
Outcome buildCached(const Options &options, const Toolchain &tools, std::string &program, std::string &data);

/// What a diagnostic's code means.
Outcome explain(const std::string &code, std::string &text);

/// Where `weft tune` leaves the schedules it found for a model: M.schedules.mlir beside M.weft.
std::string tunedScheduleFile(const std::string &input);

/// $WEFT_CACHE, else ~/.cache/weft.
std::string cacheDirectory();

} // namespace weft::pipeline

#endif // WEFT_COMPILER_PIPELINE_PIPELINE_H

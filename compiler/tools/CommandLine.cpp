//===- CommandLine.cpp - Words of the command line, and programs run -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/CommandLine.h"

#include "compiler/data/Imdb.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>

#include <unistd.h>

namespace weft::tools {
using pipeline::Outcome;

const char *const footer = R"(For a start:
  weft train models/reber.weft                   train a small model
  weft build models/reber.weft -o reber          keep it as a program: ./reber train
  weft inspect models/reber.weft --stage seq     see what the compiler made of it)";

const char *const internalErrorAdvice =
    "This is a mistake of Weft's, not yours. Please report it with the model, the command line and the\n"
    "text above; `weft inspect MODEL --stage STAGE` shows how far the model gets.\n";

std::string versionText() { return "weft " WEFT_VERSION " (LLVM " WEFT_LLVM_VERSION ", Halide " WEFT_HALIDE_VERSION ")"; }

Outcome splitValues(const std::vector<std::string> &words,
                    std::vector<std::pair<std::string, std::string>> &values) {
  for (const std::string &word : words) {
    size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return Outcome::userError("error: --set takes NAME=VALUE\n  got: " + word);
    values.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return Outcome::done();
}

static bool isModel(const std::string &word) { return word.ends_with(".weft") || word.ends_with(".mlir"); }

std::optional<RunWords> parseRunWords(int argc, char **argv) {
  if (argc < 2)
    return std::nullopt;
  auto known = [&](const auto &command) { return std::strcmp(command.first, argv[1]) == 0; };
  if (std::none_of(runCommands.begin(), runCommands.end(), known))
    return std::nullopt;

  RunWords words;
  words.command = argv[1];
  std::vector<std::string> given(argv + 2, argv + argc), values;
  bool help = false;
  for (size_t i = 0; i < given.size(); ++i) {
    std::string word = given[i], value;
    // `--flag VALUE` and `--flag=VALUE`.
    size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    std::string flag = word.substr(0, equals);
    bool own = flag == "--set" || flag == "--target" || flag == "--schedule" || flag == "--slices";
    if (own || flag == "--data") {
      if (equals != std::string::npos) {
        value = word.substr(equals + 1);
      } else if (i + 1 < given.size()) {
        value = given[own ? ++i : i + 1];
      } else if (own) {
        words.error = "error: " + flag + " needs a value";
        return words;
      }
    }
    if (word == "--no-share-padding")
      words.options.sharePadding = false;
    else if (word == "--no-fold-lookups")
      words.options.foldLookups = false;
    else if (flag == "--set")
      values.push_back(value);
    else if (flag == "--target")
      words.options.target = value;
    else if (flag == "--slices") {
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), words.options.slices);
      if (error != std::errc() || end != value.data() + value.size() || words.options.slices < 1 || words.options.slices > 1024) {
        words.error = "error: --slices takes a number from 1 to 1024\n  got: " + value;
        return words;
      }
    } else if (flag == "--schedule")
      words.options.scheduleFile = value;
    else if (words.options.input.empty() && isModel(word))
      words.options.input = word;
    else
      words.rest.push_back(word);
    if (flag == "--data")
      words.data = value;
    help |= word == "--help" || word == "-h";
  }
  if (words.options.input.empty()) {
    if (help || given.empty() || given.front().starts_with("-"))
      words.error = "usage: weft " + words.command +
                    " MODEL.weft [--set NAME=VALUE] [--target T] [--schedule FILE] [--slices N] [--no-share-padding] [--no-fold-lookups] ...\n"
                    "The other words go to the model's program: `weft " +
                    words.command + " MODEL.weft --help` lists them.";
    else
      words.error = "error: weft " + words.command + " takes a model (.weft) or a stage of one (.mlir)\n  got: " +
                    given.front();
    return words;
  }
  if (Outcome outcome = splitValues(values, words.options.values); outcome.failed())
    words.error = outcome.message;
  return words;
}

Outcome runProgram(const std::string &program, const RunWords &words) {
  std::vector<char *> arguments;
  auto add = [&](const std::string &word) { arguments.push_back(const_cast<char *>(word.c_str())); };
  add(program);
  add(words.command);
  for (const std::string &word : words.rest)
    add(word);
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  return Outcome::userError("error: cannot run " + program + ": " + std::strerror(errno));
}

Outcome prepareImdb(const DataOptions &options) {
  data::Prepared prepared = data::prepareImdb(options.from);
  std::cout << prepared.text;
  return prepared.error.empty() ? Outcome::done() : Outcome::userError("error: " + prepared.error);
}

Outcome prepareData(const std::string &named) {
  data::Prepared prepared = data::prepareIfNeeded(named);
  std::cerr << prepared.text;
  return prepared.error.empty() ? Outcome::done() : Outcome::userError("error: " + prepared.error);
}

[[noreturn]] static void crash(const char *what) {
  // Only what is safe in a signal's handler.
  auto say = [](const char *text) { (void)!write(STDERR_FILENO, text, std::strlen(text)); };
  say("weft: internal error: ");
  say(what);
  say("\n");
  say(internalErrorAdvice);
  _exit(Outcome::InternalError);
}

void reportCrashes() {
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, [](int number) { crash(number == SIGABRT ? "a check failed" : "a crash"); });
  std::set_terminate([] {
    try {
      if (std::exception_ptr error = std::current_exception())
        std::rethrow_exception(error);
    } catch (const std::exception &error) {
      crash(error.what());
    } catch (...) {
    }
    crash("an unknown exception");
  });
}

} // namespace weft::tools

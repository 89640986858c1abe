//===- weft.cpp - The command: flags, and nothing else -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/bench/Bench.h"
#include "compiler/bench/Tune.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/tools/CommandLine.h"
#include "compiler/verify/Verify.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>

using namespace weft;
using pipeline::Outcome;

static int finish(const Outcome &outcome) {
  if (!outcome.failed())
    return Outcome::Done;
  std::cerr << outcome.message << (outcome.message.ends_with('\n') ? "" : "\n");
  if (outcome.code == Outcome::InternalError)
    std::cerr << tools::internalErrorAdvice;
  return outcome.code;
}

/// The flags that every command with a model shares.
static void addModelFlags(CLI::App &command, pipeline::Options &options, std::vector<std::string> &values) {
  command.add_option("MODEL", options.input, "a model (.weft), or one of its stages printed by inspect (.mlir)")
      ->required();
  command.add_option("--set", values, "set a parameter of the model (may be given again)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command.add_option("--target", options.target,
                     "what to compile for: host, x86-64-v2, -v3, -v4, or features such as \"x86-64 avx2 fma\"");
  command.add_option("--schedule", options.scheduleFile,
                     "a file of halide.schedule operations that replace those of the kernels they name");
  command.add_flag("!--no-share-padding", options.sharePadding,
                   "compute the padding in front of every row for that row, and not once for all of them");
  command.add_flag("!--no-fold-lookups", options.foldLookups,
                   "multiply the rows of an embedding by weights at every place, and not once for each word that occurs");
  command.add_option("--slices", options.slices,
                     "parts of a batch that are computed in parallel; part of the program, whose last bits depend on it "
                     "(default: this machine's processors, from 2 to 8; 4 with --target)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--jobs,-j", options.jobs, "kernels compiled at a time (default: one a core)");
}

static int runModel(const tools::RunWords &words, const pipeline::Toolchain &toolchain) {
  std::string program, data;
  if (Outcome outcome = pipeline::buildCached(words.options, toolchain, program, data); outcome.failed())
    return finish(outcome);
  if (words.command == "train" || words.command == "evaluate") {
    if (!words.data.empty())
      data = words.data;
    if (Outcome outcome = tools::prepareData(data); outcome.failed())
      return finish(outcome);
  }
  return finish(tools::runProgram(program, words));
}

int main(int argc, char **argv) {
  tools::reportCrashes();
  pipeline::Toolchain toolchain = pipeline::Toolchain::find(argv[0]);

  // These hand the words they do not know to the model's own program.
  if (std::optional<tools::RunWords> words = tools::parseRunWords(argc, argv)) {
    if (words->error.empty())
      return runModel(*words, toolchain);
    return finish(Outcome::userError(words->error));
  }

  CLI::App app{"Compiles a model written in Weft to a native program that trains, evaluates and predicts with it.",
               "weft"};
  app.set_version_flag("--version", tools::versionText());
  app.require_subcommand(1);
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("error: ") + error.what() + "\n  help: weft --help, or weft COMMAND --help\n";
  });
  app.footer(tools::footer);

  pipeline::Options options;
  std::vector<std::string> values;
  std::string output, emit = "exe", stage, kernel, html, code;
  tools::DataOptions data;
  auto settle = [&]() -> Outcome { return tools::splitValues(values, options.values); };

  CLI::App *build = app.add_subcommand("build", "compile a model to a program of its own");
  addModelFlags(*build, options, values);
  build->add_option("-o,--output", output, "the file to write (default: the model's name)");
  build->add_flag("--symbols", options.symbols, "keep the names of kernels in the product, for a profiler");
  build->add_option("--emit", emit, "exe (a program), obj (an object file) or shared (a library)")
      ->check(CLI::IsMember({"exe", "obj", "shared"}));

  for (const auto &[name, text] : tools::runCommands)
    app.add_subcommand(name, text);

  CLI::App *inspect = app.add_subcommand("inspect", "print a model at one of its stages");
  addModelFlags(*inspect, options, values);
  inspect->add_option("--stage", stage, "one of: " + pipeline::stageNames())->required();
  inspect->add_option("--kernel", kernel, "only this kernel (stages kernels, program, stmt and asm)");
  inspect->add_option("--html", html, "write a page with links from uses to definitions to this file, in place of printing");

  bench::Options benchmark;
  CLI::App *bench = app.add_subcommand("bench", "measure each kernel of a model: its time and its share of this machine's peak");
  addModelFlags(*bench, options, values);
  bench->add_option("--kernel", benchmark.kernel, "only this kernel");
  bench->add_option("--rows", benchmark.rows, "rows of a slice (default: what the model's batch comes to)")
      ->check(CLI::Range(1, 1 << 20));
  bench->add_option("--seconds", benchmark.seconds, "how long to measure each kernel (default: 0.05)")
      ->check(CLI::Range(0.001, 3600.0));
  bench->add_flag("--json", benchmark.json, "numbers for another program in place of a table");

  bench::TuneOptions tuning;
  CLI::App *tune = app.add_subcommand("tune", "search faster schedules for a model's kernels on this machine");
  addModelFlags(*tune, options, values);
  tune->add_option("-o,--output", tuning.output, "the file to write (default: MODEL.schedules.mlir beside the model, "
                                                 "where weft build finds it)");
  tune->add_option("--kernel", tuning.kernel, "only this kernel");
  tune->add_option("--rows", tuning.rows, "rows of a slice (default: what the model's batch comes to)")
      ->check(CLI::Range(1, 1 << 20));
  tune->add_option("--seconds", tuning.seconds, "how long to search (default: 60)")->check(CLI::Range(0.1, 1e6));
  tune->add_option("--seed", tuning.seed, "what the search begins with (default: 1)");

  verify::VerifyOptions verification;
  CLI::App *verify = app.add_subcommand("verify", "compare every stage of a model, and its gradients, with the reference");
  addModelFlags(*verify, options, values);
  verify->add_option("--rows", verification.rows, "rows of the batch that is drawn (default: 5)")->check(CLI::Range(2, 4096));
  verify->add_option("--seed", verification.seed, "what the batch and the weights are drawn from (default: 1)");
  verify->add_option("--slopes", verification.slopes, "slopes measured of each weight; 0: all (default: 4)")
      ->check(CLI::Range(0, 1 << 30));

  CLI::App *dataCommand = app.add_subcommand("data", "check and prepare a data set");
  CLI::App *imdb = dataCommand->add_subcommand("imdb", "film reviews and their sentiment (Maas et al. 2011)");
  dataCommand->require_subcommand(1);
  imdb->add_option("--from", data.from, "the archive aclImdb_v1.tar.gz (default: looked for in $WEFT_DATA, "
                                        "then ../shared/data)");

  CLI::App *explain = app.add_subcommand("explain", "tell more about an error's code");
  explain->add_option("CODE", code, "such as W0104")->required();

  std::vector<CLI::App *> commands = app.get_subcommands([](CLI::App *) { return true; });
  auto isCommand = [&](CLI::App *command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && std::none_of(commands.begin(), commands.end(), isCommand)) {
    std::string names;
    for (CLI::App *command : commands)
      (names += names.empty() ? "" : ", ") += command->get_name();
    return finish(Outcome::userError("error: weft has no command '" + std::string(argv[1]) + "'\n  expected: " + names));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    // Help and version are no mistakes; everything else is the user's.
    return app.exit(error) == 0 ? Outcome::Done : Outcome::UserError;
  }

  if (Outcome outcome = settle(); outcome.failed())
    return finish(outcome);
  if (build->parsed()) {
    auto product = emit == "obj"      ? pipeline::Product::Object
                   : emit == "shared" ? pipeline::Product::SharedLibrary
                                      : pipeline::Product::Executable;
    return finish(pipeline::build(options, toolchain, product, output));
  }
  if (inspect->parsed()) {
    std::optional<pipeline::Stage> which = pipeline::parseStage(stage);
    if (!which)
      return finish(Outcome::userError("error: there is no stage '" + stage + "'\n  expected: " +
                                       pipeline::stageNames()));
    std::string text;
    Outcome outcome = pipeline::inspect(options, toolchain, *which, kernel, text);
    if (!html.empty() && !outcome.failed())
      return finish(pipeline::writeHtml(options.input + ": " + stage, text, html));
    std::fwrite(text.data(), 1, text.size(), stdout);
    return finish(outcome);
  }
  if (bench->parsed()) {
    std::string text;
    benchmark.model = options;
    Outcome outcome = bench::bench(benchmark, toolchain, text);
    std::cout << text;
    return finish(outcome);
  }
  if (tune->parsed()) {
    tuning.model = options;
    return finish(bench::tune(tuning, toolchain, [](const std::string &line) { std::cerr << line; }));
  }
  if (verify->parsed()) {
    verification.model = options;
    return finish(verify::verify(verification, toolchain, [](const std::string &line) { std::cout << line << std::flush; }));
  }
  if (imdb->parsed())
    return finish(tools::prepareImdb(data));
  std::string text;
  Outcome outcome = pipeline::explain(code, text);
  std::cout << text;
  return finish(outcome);
}

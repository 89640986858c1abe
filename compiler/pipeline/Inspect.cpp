//===- Inspect.cpp - A stage as text -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/KernelCompiler.h"
#include "compiler/pipeline/Compilation.h"
#include "dialects/halide/Halide.h"

#include "llvm/ADT/StringExtras.h"

namespace weft::pipeline {
using namespace mlir;

namespace {
struct StageName {
  Stage stage;
  std::string_view name;
};
constexpr StageName names[] = {
    {Stage::Ast, "ast"},         {Stage::Seq, "seq"},         {Stage::Expanded, "expanded"},
    {Stage::Gradient, "gradient"}, {Stage::Kernels, "kernels"}, {Stage::Program, "program"},
    {Stage::Stmt, "stmt"},       {Stage::Llvm, "llvm"},       {Stage::Asm, "asm"},
};
} // namespace

std::string_view stageName(Stage stage) {
  for (const StageName &entry : names)
    if (entry.stage == stage)
      return entry.name;
  return "";
}

std::optional<Stage> parseStage(std::string_view name) {
  for (const StageName &entry : names)
    if (entry.name == name)
      return entry.stage;
  return std::nullopt;
}

std::string stageNames() {
  std::string text;
  for (const StageName &entry : names)
    (text += text.empty() ? "" : ", ") += entry.name;
  return text;
}

/// The kernels to print: all, or the one that is asked for.
static Outcome selectKernels(Compilation &compilation, const std::string &name,
                             std::vector<halide::KernelOp> &kernels) {
  std::vector<std::string> there;
  for (halide::KernelOp kernel : compilation.getModule().getOps<halide::KernelOp>()) {
    there.push_back(kernel.getSymName().str());
    if (name.empty() || kernel.getSymName() == name)
      kernels.push_back(kernel);
  }
  if (!name.empty() && kernels.empty())
    return Outcome::userError("error: there is no kernel '" + name + "'\n  the model has: " + llvm::join(there, ", "));
  return Outcome::done();
}

static Outcome printModule(Compilation &compilation, const std::string &kernel, std::string &text) {
  if (kernel.empty()) {
    text = compilation.print();
    return Outcome::done();
  }
  std::vector<halide::KernelOp> kernels;
  if (Outcome outcome = selectKernels(compilation, kernel, kernels); outcome.failed())
    return outcome;
  llvm::raw_string_ostream out(text);
  for (halide::KernelOp op : kernels) {
    op->print(out);
    out << '\n';
    for (halide::ScheduleOp schedule : compilation.getModule().getOps<halide::ScheduleOp>())
      if (schedule.getKernel() == op.getSymName()) {
        schedule->print(out);
        out << '\n';
      }
  }
  return Outcome::done();
}

/// Halide's loops, or its assembly, of each kernel.
static Outcome printKernels(Compilation &compilation, const codegen::KernelCompileOptions &options, Stage stage,
                            const std::string &name, std::string &text) {
  std::vector<halide::KernelOp> kernels;
  if (Outcome outcome = selectKernels(compilation, name, kernels); outcome.failed())
    return outcome;
  for (halide::KernelOp kernel : kernels) {
    auto printed = compilation.guarded("kernel @" + kernel.getSymName().str() + " could not be compiled", [&] {
      return stage == Stage::Stmt ? codegen::kernelStmt(kernel, options) : codegen::kernelAssembly(kernel, options);
    });
    if (failed(printed))
      return compilation.lastFailure();
    text += (stage == Stage::Stmt ? "// kernel @" : "# kernel @") + kernel.getSymName().str() + "\n" + *printed;
    text += printed->empty() || printed->back() == '\n' ? "\n" : "\n\n";
  }
  return Outcome::done();
}

static Outcome printProgram(Compilation &compilation, Stage stage, std::string &text) {
  auto program = compilation.guarded("the program could not be lowered to LLVM IR", [&] {
    return codegen::lowerToLlvm(compilation.getModule(), compilation.getTarget());
  });
  if (failed(program))
    return compilation.lastFailure();
  if (stage == Stage::Llvm) {
    text += codegen::emitLlvmText(*program);
    return Outcome::done();
  }
  std::string error;
  auto assembly = codegen::emitAssembly(*program, compilation.getTarget(), &error);
  if (failed(assembly))
    return Outcome::internalError("error: " + error);
  text += "# program\n" + *assembly;
  return Outcome::done();
}

Outcome inspect(const Options &options, const Toolchain &tools, Stage stage, const std::string &kernel,
                std::string &text) {
  bool isModule = llvm::StringRef(options.input).ends_with(".mlir");
  bool hasKernels = stage >= Stage::Kernels && stage != Stage::Llvm;
  if (!kernel.empty() && !hasKernels)
    return Outcome::userError("error: stage " + std::string(stageName(stage)) +
                              " has no kernels\n  help: --kernel goes with kernels, program, stmt and asm");
  if (stage == Stage::Ast) {
    if (isModule)
      return Outcome::userError("error: " + options.input + " is a stage already; only a .weft file has an ast");
    return printSyntax(options, text);
  }

  Compilation compilation(options);
  if (Outcome outcome = compilation.load(); outcome.failed())
    return outcome;
  if (compilation.getStage() > stage)
    return Outcome::userError("error: " + options.input + " is at stage " +
                              std::string(stageName(compilation.getStage())) + ", which is behind " +
                              std::string(stageName(stage)));
  if (Outcome outcome = compilation.advance(std::min(stage, Stage::Program)); outcome.failed())
    return outcome;
  if (stage <= Stage::Program)
    return printModule(compilation, kernel, text);
  if (stage == Stage::Stmt || stage == Stage::Asm)
    if (Outcome outcome = printKernels(compilation, kernelCompileOptions(compilation, options, tools), stage, kernel,
                                       text);
        outcome.failed())
      return outcome;
  // One kernel is asked for: the program around it is left out.
  if (stage == Stage::Stmt || !kernel.empty())
    return Outcome::done();
  return printProgram(compilation, stage, text);
}

} // namespace weft::pipeline

//===- Compilation.cpp - One model on its way through the stages -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Compilation.h"

#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Program.h"
#include "compiler/frontend/Frontend.h"
#include "compiler/kernels/Passes.h"
#include "compiler/transforms/Passes.h"
#include "dialects/halide/Halide.h"
#include "dialects/seq/Seq.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Threading.h"

namespace weft::pipeline {
using namespace mlir;


Compilation::Compilation(const Options &options) : options(options), context(MLIRContext::Threading::DISABLED) {
  DialectRegistry registry;
  registry.insert<seq::SeqDialect, halide::HalideDialect, arith::ArithDialect, math::MathDialect,
                  func::FuncDialect, scf::SCFDialect, memref::MemRefDialect, LLVM::LLVMDialect>();
  codegen::registerCodegenDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

Outcome Compilation::failure(const std::string &what) {
  std::string text = diagnostics;
  if (text.empty() || !edited)
    text += (text.empty() || text.ends_with("\n") ? "" : "\n") + ("error: " + what);
  return edited ? Outcome::userError(text) : Outcome::internalError(text);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// The whole of a file. A device may have no end.
static llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> readInput(const std::string &path) {
  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(path, status) && (status.type() == llvm::sys::fs::file_type::character_file ||
                                               status.type() == llvm::sys::fs::file_type::block_file))
    return std::make_error_code(std::errc::not_supported);
  return llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
}

Outcome Compilation::load() {
  auto file = readInput(options.input);
  if (!file)
    return Outcome::userError("error: cannot read " + options.input + ": " + file.getError().message());
  std::string text = (*file)->getBuffer().str();
  // For quoting lines of the file in diagnostics of later stages.
  sources.AddNewSourceBuffer(std::move(*file), llvm::SMLoc());
  bool isModule = llvm::StringRef(options.input).ends_with(".mlir");
  if (Outcome outcome = isModule ? loadModule(std::move(text)) : loadSource(std::move(text)); outcome.failed())
    return outcome;
  stage = findStage(*module);
  return settleTarget();
}

Outcome Compilation::loadSource(std::string text) {
  frontend::Options settings;
  for (const auto &[name, value] : options.values)
    settings.set[name] = value;
  std::string said;
  module = frontend::compileToSeq(options.input, text, settings, &context, said);
  return module ? Outcome::done() : Outcome::userError(said);
}

Outcome Compilation::loadModule(std::string text) {
  edited = true;
  if (!options.values.empty())
    return Outcome::userError("error: --set has no effect on " + options.input +
                              "\n  help: parameters are gone from a stage; set them where it is printed, with "
                              "`weft inspect MODEL.weft --set ...`");
  (void)guarded("this is not a stage of a model", [&] {
    module = parseSourceString<ModuleOp>(text, ParserConfig(&context), options.input);
    return success(static_cast<bool>(module));
  });
  return module ? Outcome::done() : last;
}

/// A module says what its kernels were made for; another target may be asked for.
Outcome Compilation::settleTarget() {
  std::string name = options.target;
  if (name.empty())
    if (auto made = (*module)->getAttrOfType<StringAttr>(targetAttribute))
      name = made.str();
  std::string error;
  auto parsed = codegen::parseTarget(name.empty() ? "host" : llvm::StringRef(name), &error);
  if (failed(parsed))
    return Outcome::userError("error: " + error);
  target = std::move(*parsed);
  if (options.slices)
    (*module)->setAttr(codegen::slicesAttr, Builder(&context).getI64IntegerAttr(options.slices));
  return Outcome::done();
}

Stage findStage(ModuleOp module) {
  Stage stage = Stage::Expanded;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    Stage here = Stage::Seq;
    if (isa<halide::CallOp>(op))
      here = Stage::Program;
    else if (isa<halide::KernelOp>(op))
      here = Stage::Kernels;
    else if (isa<seq::StepOp>(op))
      here = Stage::Gradient;
    else if (!isa<seq::CellOp, seq::EmbeddingOp, seq::DenseOp, seq::RecurrentOp>(op))
      return;
    // A layer is only left where nothing later has been made of it.
    if (here == Stage::Seq ? stage == Stage::Expanded : here > stage)
      stage = here;
  });
  return stage;
}

//===----------------------------------------------------------------------===//
// Going on
//===----------------------------------------------------------------------===//

/// Fewer slices have more rows each, which the kernels do faster.
static int64_t defaultSlicesFor(const Options &options) {
  if (!options.target.empty() && options.target != "host")
    return codegen::defaultSlices;
  return std::clamp<int64_t>(llvm::hardware_concurrency().compute_thread_count(), 2, 8);
}

Outcome Compilation::advance(Stage to) {
  while (stage < to && stage < Stage::Program) {
    Stage next = Stage(int(stage) + 1);
    PassManager manager(&context);
    switch (next) {
    case Stage::Expanded:
      buildExpandedPipeline(manager);
      break;
    case Stage::Gradient:
      options.foldLookups ? buildGradientPipeline(manager) : buildUnfoldedGradientPipeline(manager);
      if (options.sharePadding)
        manager.addPass(createSeqSharePadding());
      break;
    case Stage::Kernels:
      kernels::buildKernelsPipeline(manager, target);
      break;
    case Stage::Program:
      codegen::buildProgramPipeline(manager);
      break;
    default:
      break;
    }
    if (failed(guarded("stage " + std::string(stageName(next)) + " could not be made of this model",
                       [&] { return manager.run(*module); })))
      return last;
    stage = next;
    if (stage == Stage::Kernels) {
      (*module)->setAttr(targetAttribute, StringAttr::get(&context, target.name));
      if (!(*module)->hasAttr(codegen::slicesAttr))
        (*module)->setAttr(codegen::slicesAttr, Builder(&context).getI64IntegerAttr(defaultSlicesFor(options)));
    }
    // Schedules are replaced as soon as there are any: what follows sees no others.
    if (stage == Stage::Kernels)
      if (auto [file, found] = scheduleFileOf(options); !file.empty())
        if (Outcome outcome = applySchedules(*module, target, file, found); outcome.failed())
          return outcome;
  }
  return Outcome::done();
}

Outcome printSyntax(const Options &options, std::string &text) {
  auto file = readInput(options.input);
  if (!file)
    return Outcome::userError("error: cannot read " + options.input + ": " + file.getError().message());
  std::string said;
  std::optional<std::string> ast = frontend::dumpAst(options.input, (*file)->getBuffer().str(), said);
  if (!ast)
    return Outcome::userError(said);
  text = *ast;
  return Outcome::done();
}

Outcome explain(const std::string &code, std::string &text) {
  if (std::optional<std::string> found = frontend::explain(code)) {
    text = *found;
    if (!text.ends_with('\n'))
      text += '\n';
    return Outcome::done();
  }
  return Outcome::userError("error: there is no code '" + code + "'\n  help: codes stand in error messages, such as W0104");
}

codegen::KernelCompileOptions kernelCompileOptions(const Compilation &compilation, const Options &options,
                                                   const Toolchain &tools) {
  codegen::KernelCompileOptions result;
  result.target = compilation.getTarget();
  result.worker = tools.kernelWorker;
  result.cacheDirectory = cacheDirectory() + "/kernels";
  result.jobs = options.jobs;
  return result;
}

std::string Compilation::print() {
  std::string text;
  llvm::raw_string_ostream out(text);
  module->print(out);
  out << '\n';
  return text;
}

std::string Compilation::modelName() {
  for (seq::TrainingOp training : module->getOps<seq::TrainingOp>())
    return training.getModel().str();
  for (seq::ModelOp model : module->getOps<seq::ModelOp>())
    return model.getSymName().str();
  return "model";
}

} // namespace weft::pipeline

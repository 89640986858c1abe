//===- KernelCompilerWorker.cpp - One kernel, one process -----------------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/HalideEmitter.h"
#include "compiler/codegen/KernelCompiler.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace mlir;
using namespace weft::codegen;

namespace {

struct WorkerOptions {
  std::string input, target = "host", kernel, report;
  EmitPaths paths;
};

/// Numbers a module's ops through their locations and writes diagnostics as
/// `number <tab> message`, for the process that knows where the ops came from.
class Reporter {
public:
  Reporter(MLIRContext &context, const std::string &path) : os(path, error) {
    handler.emplace(&context, [this](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
        return success();
      unsigned number = 0;
      if (auto location = dyn_cast<FileLineColLoc>(diagnostic.getLocation());
          location && location.getFilename() == numbered)
        number = location.getLine();
      std::string message = diagnostic.str();
      std::replace(message.begin(), message.end(), '\n', ' ');
      os << number << '\t' << message << '\n';
      os.flush();
      return success();
    });
  }

  static void number(ModuleOp module) {
    unsigned count = 0;
    module.walk<WalkOrder::PreOrder>(
        [&](Operation *op) { op->setLoc(FileLineColLoc::get(module.getContext(), numbered, count++, 1)); });
  }

private:
  static constexpr StringRef numbered = "<op>"; // no file's name
  std::error_code error;
  llvm::raw_fd_ostream os;
  std::optional<ScopedDiagnosticHandler> handler;
};

} // namespace

static bool parseArguments(int argc, char **argv, WorkerOptions &options) {
  for (int i = 1; i < argc; ++i) {
    StringRef word = argv[i];
    std::string *value = llvm::StringSwitch<std::string *>(word)
                             .Case("--target", &options.target)
                             .Case("--kernel", &options.kernel)
                             .Case("--report", &options.report)
                             .Case("--object", &options.paths.object)
                             .Case("--assembly", &options.paths.assembly)
                             .Case("--stmt", &options.paths.stmt)
                             .Default(nullptr);
    if (value) {
      if (++i == argc)
        return false;
      *value = argv[i];
    } else if (options.input.empty() && !word.starts_with("--")) {
      options.input = word.str();
    } else {
      return false;
    }
  }
  return !options.input.empty();
}

static LogicalResult compileFile(MLIRContext &context, const WorkerOptions &options) {
  std::string message;
  llvm::FailureOr<Target> target = parseTarget(options.target, &message);
  if (failed(target)) {
    llvm::errs() << message << '\n';
    return failure();
  }
  context.printOpOnDiagnostic(false);
  std::optional<Reporter> reporter;
  std::optional<SourceMgrDiagnosticHandler> printer;
  llvm::SourceMgr sources;
  if (!options.report.empty())
    reporter.emplace(context, options.report);
  else
    printer.emplace(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(options.input, sources, &context);
  if (!module)
    return failure();
  if (reporter)
    Reporter::number(*module);

  weft::halide::KernelOp chosen;
  for (auto kernel : module->getOps<weft::halide::KernelOp>()) {
    if (!options.kernel.empty() && kernel.getSymName() != options.kernel)
      continue;
    if (chosen)
      return kernel.emitError("a worker compiles one kernel: choose with --kernel");
    chosen = kernel;
  }
  if (!chosen)
    return module->emitError("no kernel to compile");
  return emitKernel(chosen, findSchedule(chosen), *target, options.paths);
}

int weft::codegen::kernelWorkerMain(int argc, char **argv) {
  WorkerOptions options;
  if (!parseArguments(argc, argv, options)) {
    llvm::errs() << "usage: IN.mlir [--target T] [--kernel NAME] [--object F] [--assembly F] [--stmt F] "
                    "[--report F]\n";
    return 2;
  }
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, math::MathDialect, halide::HalideDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  return succeeded(compileFile(context, options)) ? 0 : 1;
}

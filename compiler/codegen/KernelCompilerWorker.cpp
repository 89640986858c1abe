//===- KernelCompilerWorker.cpp - Each kernel in a process of its own -----===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/HalideEmitter.h"
#include "compiler/codegen/KernelCompiler.h"
#include "compiler/codegen/KernelCompilerPool.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace mlir;
using namespace weft::codegen;

namespace {

struct WorkerOptions {
  std::string list, target, product, results;
  unsigned jobs = 0, timeLimit = 0;
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
  for (int i = 1; i + 1 < argc; i += 2) {
    StringRef word = argv[i], value = argv[i + 1];
    std::string *text = llvm::StringSwitch<std::string *>(word)
                            .Case("--list", &options.list)
                            .Case("--target", &options.target)
                            .Case("--product", &options.product)
                            .Case("--results", &options.results)
                            .Default(nullptr);
    unsigned *number = llvm::StringSwitch<unsigned *>(word)
                           .Case("--jobs", &options.jobs)
                           .Case("--time-limit", &options.timeLimit)
                           .Default(nullptr);
    if (text)
      *text = value.str();
    else if (!number || value.getAsInteger(10, *number))
      return false;
  }
  return argc % 2 && !options.list.empty() && !options.results.empty() && options.jobs && options.timeLimit;
}

/// Compiles the one kernel of the file `input`; product and report stand beside it.
static LogicalResult compileFile(MLIRContext &context, StringRef input, const Target &target, StringRef product) {
  KernelFiles files(input, product);
  EmitPaths paths;
  (product == "o" ? paths.object : product == "s" ? paths.assembly : paths.stmt) = files.product;
  Reporter reporter(context, files.report);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, &context);
  if (!module)
    return failure();
  Reporter::number(*module);
  auto kernels = module->getOps<weft::halide::KernelOp>();
  if (!llvm::hasSingleElement(kernels))
    return module->emitError("expected one kernel");
  return emitKernel(*kernels.begin(), findSchedule(*kernels.begin()), target, paths);
}

int weft::codegen::kernelWorkerMain(int argc, char **argv) {
  WorkerOptions options;
  if (!parseArguments(argc, argv, options)) {
    llvm::errs() << "usage: --list FILE --target T --product o|s|stmt --jobs N --time-limit SECONDS --results FILE\n";
    return 2;
  }
  std::string message;
  llvm::FailureOr<Target> target = parseTarget(options.target, &message);
  auto list = llvm::MemoryBuffer::getFile(options.list);
  if (failed(target) || !list) {
    llvm::errs() << (list ? message : list.getError().message()) << '\n';
    return 1;
  }
  SmallVector<StringRef> inputs;
  (*list)->getBuffer().split(inputs, '\n', -1, /*KeepEmpty=*/false);
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, math::MathDialect, halide::HalideDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  std::vector<WorkerResult> ends = runWorkers(inputs.size(), options.jobs, options.timeLimit, [&](size_t number) {
    return succeeded(compileFile(context, inputs[number], *target, options.product)) ? 0 : 1;
  });
  std::error_code error;
  llvm::raw_fd_ostream results(options.results, error);
  for (const WorkerResult &result : ends)
    results << int(result.end) << ' ' << result.code << '\n';
  return 0;
}

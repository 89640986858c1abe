//===- KernelCompiler.cpp - All kernels of a module to objects ------------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/KernelCompiler.h"
#include "compiler/codegen/KernelCompilerPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <thread>

using namespace mlir;
using namespace weft::codegen;
using weft::halide::KernelOp;
using weft::halide::ScheduleOp;

namespace {

/// What a worker makes of a kernel.
enum class Product { Object, Assembly, Stmt };

/// One kernel on its way through cache and worker.
struct Job {
  KernelOp kernel;
  ScheduleOp schedule;               // may be null
  std::string path;                  // where the product is, or comes to be
  std::string input;                 // the worker's file
};

class Compilation {
public:
  Compilation(Product product, const KernelCompileOptions &options) : product(product), options(options) {}

  /// Compiles every kernel; `jobs[i].path` holds the products.
  LogicalResult run(Operation *reportAt, MutableArrayRef<Job> jobs) {
    if (failed(prepare(reportAt)))
      return failure();
    std::vector<Job *> missing;
    for (Job &job : jobs) {
      std::string text = print(job);
      job.path = cache + "/" + key(text) + "." + extension().str();
      if (options.reuse && llvm::sys::fs::exists(job.path))
        continue;
      // Two kernels of the same text and name cannot be in one module.
      if (failed(writeInput(job, text)))
        return failure();
      missing.push_back(&job);
    }
    LogicalResult compiled = compile(reportAt, missing);
    useTime();
    return compiled;
  }

private:
  void useTime() {
    if (!std::exchange(timeUsed, true) && options.meanwhile)
      options.meanwhile();
  }


  LogicalResult prepare(Operation *reportAt) {
    worker = options.worker;
    if (worker.empty()) {
      // The address of a function of this program finds the program.
      SmallString<256> path(llvm::sys::path::parent_path(
          llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&defaultCacheDirectory))));
      llvm::sys::path::append(path, "weft-kernel");
      worker = path.str().str();
    }
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> contents =
        llvm::MemoryBuffer::getFile(worker, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!contents)
      return reportAt->emitError("the kernel compiler '")
             << worker << "' cannot be read: " << contents.getError().message();
    version = llvm::xxh3_64bits((*contents)->getBuffer());
    cache = options.cacheDirectory.empty() ? defaultCacheDirectory() : options.cacheDirectory;
    if (std::error_code error = llvm::sys::fs::create_directories(cache))
      return reportAt->emitError("the cache directory '") << cache << "' cannot be made: " << error.message();
    return success();
  }

  static std::string defaultCacheDirectory() {
    SmallString<256> path;
    if (std::optional<std::string> set = llvm::sys::Process::GetEnv("WEFT_CACHE"); set && !set->empty()) {
      path = *set;
    } else if (std::optional<std::string> home = llvm::sys::Process::GetEnv("HOME"); home && !home->empty()) {
      path = *home;
      llvm::sys::path::append(path, ".cache", "weft");
    } else {
      llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, path);
      llvm::sys::path::append(path, "weft-cache");
    }
    llvm::sys::path::append(path, "kernels");
    return path.str().str();
  }

  /// Kernel and schedule, without locations: where a kernel stands in a file
  /// changes nothing of its code.
  static std::string print(const Job &job) {
    std::string text;
    llvm::raw_string_ostream os(text);
    OpPrintingFlags flags;
    flags.useLocalScope();
    // Custom printers assume what verifiers check, and this has been verified.
    flags.assumeVerified();
    job.kernel->print(os, flags);
    os << '\n';
    if (job.schedule) {
      ScheduleOp schedule = job.schedule;
      schedule->print(os, flags);
      os << '\n';
    }
    return text;
  }

  std::string key(StringRef text) const {
    llvm::SHA256 hash;
    hash.update(llvm::utohexstr(version));
    hash.update(StringRef("\0", 1));
    hash.update(llvm::join(options.target.features, " "));
    hash.update(StringRef("\0", 1));
    hash.update(text);
    return llvm::toHex(hash.final(), /*LowerCase=*/true).substr(0, 40);
  }

  StringRef extension() const {
    return product == Product::Object ? "o" : product == Product::Assembly ? "s" : "stmt";
  }

  /// Files of a worker stand beside the cache's under names nobody else uses.
  LogicalResult writeInput(Job &job, StringRef text) {
    SmallString<256> base;
    int file = -1;
    if (std::error_code error =
            llvm::sys::fs::createUniqueFile(cache + "/worker-%%%%%%%%%%.mlir", file, base))
      return job.kernel.emitError("cannot write into '") << cache << "': " << error.message();
    llvm::raw_fd_ostream os(file, /*shouldClose=*/true);
    os << text;
    os.close();
    if (os.has_error())
      return job.kernel.emitError("cannot write '") << base << "': " << os.error().message();
    job.input = base.str().str();
    return success();
  }

  LogicalResult compile(Operation *reportAt, ArrayRef<Job *> jobs) {
    if (jobs.empty())
      return success();
    SmallString<256> list;
    int file = -1;
    if (std::error_code error = llvm::sys::fs::createUniqueFile(cache + "/worker-%%%%%%%%%%.list", file, list))
      return reportAt->emitError("cannot write into '") << cache << "': " << error.message();
    {
      llvm::raw_fd_ostream os(file, /*shouldClose=*/true);
      for (Job *job : jobs)
        os << job->input << '\n';
    }
    std::string resultsPath = (list + ".results").str();
    std::string parallel = std::to_string(options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency()));
    std::string limit = std::to_string(options.timeLimitSeconds), message;
    SmallVector<StringRef> arguments{worker, "--list", list, "--target", options.target.name, "--product", extension(),
                                     "--jobs", parallel, "--time-limit", limit, "--results", resultsPath};
    // The worker says what it has to say in its files; its own output is dropped.
    llvm::sys::ProcessInfo process =
        llvm::sys::ExecuteNoWait(worker, arguments, std::nullopt, {StringRef(), StringRef(), StringRef()}, 0, &message);
    useTime();
    int code = process.Pid == llvm::sys::ProcessInfo::InvalidPid ? -1 : llvm::sys::Wait(process, std::nullopt, &message).ReturnCode;
    FailureOr<std::vector<WorkerResult>> results = readResults(resultsPath, jobs.size());
    LogicalResult outcome = success();
    if (failed(results))
      outcome = reportAt->emitError("the kernel compiler '")
                << worker << "' " << (message.empty() ? "ended with exit code " + std::to_string(code) : message);
    for (auto [number, job] : llvm::enumerate(jobs)) {
      if (succeeded(results) && failed(finish(*job, (*results)[number])))
        outcome = failure();
      KernelFiles files(job->input, extension());
      for (const std::string &path : {job->input, files.product, files.report})
        llvm::sys::fs::remove(path);
    }
    llvm::sys::fs::remove(list);
    llvm::sys::fs::remove(resultsPath);
    return outcome;
  }

  /// What became of each of `count` kernels, if the worker lived to say it.
  static FailureOr<std::vector<WorkerResult>> readResults(StringRef path, size_t count) {
    auto text = llvm::MemoryBuffer::getFile(path);
    if (!text)
      return failure();
    std::vector<WorkerResult> results;
    SmallVector<StringRef> lines;
    (*text)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
    for (StringRef line : lines) {
      auto [end, code] = line.split(' ');
      int endNumber = 0;
      WorkerResult result;
      if (end.getAsInteger(10, endNumber) || code.getAsInteger(10, result.code))
        return failure();
      result.end = WorkerResult::End(endNumber);
      results.push_back(result);
    }
    if (results.size() != count)
      return failure();
    return results;
  }

  LogicalResult finish(Job &job, const WorkerResult &result) {
    LogicalResult outcome = success();
    switch (result.end) {
    case WorkerResult::End::Exited:
      if (result.code != 0)
        outcome = repeatReport(job, result);
      break;
    case WorkerResult::End::Signalled:
      outcome = job.kernel.emitError("the compiler of kernel @")
                << job.kernel.getSymName() << " crashed (signal " << result.code
                << "): this is a defect of the compiler";
      break;
    case WorkerResult::End::TimedOut:
      outcome = job.kernel.emitError("compiling kernel @")
                << job.kernel.getSymName() << " took more than " << options.timeLimitSeconds
                << " s; unroll and vectorize less";
      break;
    case WorkerResult::End::NotStarted:
      outcome = job.kernel.emitError("no process to compile kernel @")
                << job.kernel.getSymName() << " can be started: " << strerror(result.code);
      break;
    }
    if (succeeded(outcome)) {
      // A rename is whole or not at all, whoever else writes the same product.
      std::string output = KernelFiles(job.input, extension()).product;
      if (std::error_code error = llvm::sys::fs::rename(output, job.path))
        outcome = job.kernel.emitError("cannot move '") << output << "' into the cache: " << error.message();
    }
    return outcome;
  }

  /// The worker numbers ops in walk order; its copy has the same ops in the
  /// same order behind a module of its own.
  LogicalResult repeatReport(Job &job, const WorkerResult &result) {
    std::vector<Operation *> ops = {job.kernel.getOperation()};
    auto collect = [&](Operation *op) { ops.push_back(op); };
    job.kernel->walk<WalkOrder::PreOrder>(collect);
    if (job.schedule)
      job.schedule->walk<WalkOrder::PreOrder>(collect);
    bool reported = false;
    if (auto report = llvm::MemoryBuffer::getFile(KernelFiles(job.input, extension()).report)) {
      SmallVector<StringRef> lines;
      (*report)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
      for (StringRef line : lines) {
        auto [number, message] = line.split('\t');
        size_t index = 0;
        if (number.getAsInteger(10, index) || index >= ops.size())
          index = 0;
        ops[index]->emitError(message);
        reported = true;
      }
    }
    if (!reported)
      job.kernel.emitError("the compiler of kernel @")
          << job.kernel.getSymName() << " failed with exit code " << result.code << " and no message";
    return failure();
  }

  Product product;
  bool timeUsed = false; ///< what there is to do meanwhile is done
  const KernelCompileOptions &options;
  std::string worker, cache;
  uint64_t version = 0;
};

} // namespace

static ScheduleOp scheduleOf(KernelOp kernel) {
  for (Operation &op : *kernel->getBlock())
    if (auto schedule = dyn_cast<ScheduleOp>(op); schedule && schedule.getKernel() == kernel.getSymName())
      return schedule;
  return {};
}

FailureOr<std::vector<CompiledKernel>> weft::codegen::compileKernels(ModuleOp module,
                                                                     const KernelCompileOptions &options) {
  std::vector<Job> jobs;
  llvm::DenseMap<StringRef, ScheduleOp> schedules;
  for (auto schedule : module.getOps<ScheduleOp>())
    if (!schedules.try_emplace(schedule.getKernel(), schedule).second)
      return schedule.emitError("@") << schedule.getKernel() << " already has a schedule";
  for (auto kernel : module.getOps<KernelOp>()) {
    Job job;
    job.kernel = kernel;
    job.schedule = schedules.lookup(kernel.getSymName());
    schedules.erase(kernel.getSymName());
    jobs.push_back(std::move(job));
  }
  for (auto schedule : module.getOps<ScheduleOp>())
    if (schedules.contains(schedule.getKernel()))
      return schedule.emitError("no kernel @") << schedule.getKernel() << " for this schedule";
  if (failed(Compilation(Product::Object, options).run(module, jobs)))
    return failure();
  std::vector<CompiledKernel> compiled;
  for (Job &job : jobs)
    compiled.push_back({job.kernel.getSymName().str(), kernelSymbol(job.kernel.getSymName()), job.path});
  return compiled;
}

static FailureOr<std::string> compileToText(Product product, KernelOp kernel,
                                            const KernelCompileOptions &options) {
  Job job;
  job.kernel = kernel;
  job.schedule = scheduleOf(kernel);
  if (failed(Compilation(product, options).run(kernel, job)))
    return failure();
  auto text = llvm::MemoryBuffer::getFile(job.path);
  if (!text)
    return kernel.emitError("cannot read '") << job.path << "': " << text.getError().message();
  return (*text)->getBuffer().str();
}

FailureOr<std::string> weft::codegen::kernelStmt(KernelOp kernel, const KernelCompileOptions &options) {
  return compileToText(Product::Stmt, kernel, options);
}

FailureOr<std::string> weft::codegen::kernelAssembly(KernelOp kernel, const KernelCompileOptions &options) {
  return compileToText(Product::Assembly, kernel, options);
}

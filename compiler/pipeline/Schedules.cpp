//===- Schedules.cpp - Schedules from a file in place of the default -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A schedule file is a module, as `inspect --stage kernels` prints one, of which
// only the halide.schedule operations count. A schedule that does not fit the
// model any more is an error and not ignored: it would be measured in vain.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Compilation.h"

#include "dialects/halide/Halide.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Parser/Parser.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

namespace weft::pipeline {
using namespace mlir;

/// The funcs that a schedule's directives name must be those of the kernel.
static std::string staleReason(halide::ScheduleOp schedule, halide::KernelOp kernel) {
  std::string reason;
  auto check = [&](Operation *directive) {
    for (llvm::StringRef role : {"func", "consumer"}) {
      auto name = directive->getAttrOfType<FlatSymbolRefAttr>(role);
      if (name && !SymbolTable::lookupSymbolIn(kernel, name.getAttr())) {
        reason = ("it names @" + name.getValue() + ", which the kernel does not define").str();
        return WalkResult::interrupt();
      }
    }
    auto func = directive->getAttrOfType<FlatSymbolRefAttr>("func");
    auto stage = directive->getAttrOfType<IntegerAttr>("stage");
    if (!func || !stage)
      return WalkResult::advance();
    int64_t updates = llvm::count_if(kernel.getBody().getOps<halide::UpdateOp>(), [&](halide::UpdateOp update) {
      return update.getFuncAttr() == func;
    });
    if (stage.getInt() <= updates)
      return WalkResult::advance();
    reason = ("it names update " + llvm::Twine(stage.getInt()) + " of @" + func.getValue() + ", which has " +
              llvm::Twine(updates))
                 .str();
    return WalkResult::interrupt();
  };
  schedule.getBody().walk([&](Operation *directive) { return check(directive); });
  return reason;
}

std::string tunedScheduleFile(const std::string &input) {
  llvm::SmallString<128> file(input);
  llvm::sys::path::replace_extension(file, ".schedules.mlir");
  return std::string(file);
}

std::pair<std::string, bool> scheduleFileOf(const Options &options) {
  if (!options.scheduleFile.empty())
    return {options.scheduleFile, false};
  // A stage that was printed has the schedules in it.
  std::string tuned = tunedScheduleFile(options.input);
  bool isModel = llvm::StringRef(options.input).ends_with(".weft");
  if (options.tunedSchedules && isModel && llvm::sys::fs::exists(tuned))
    return {tuned, true};
  return {};
}

std::string kernelDigest(halide::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream out(text);
  kernel->print(out);
  return llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(text)), /*LowerCase=*/true).substr(0, 16);
}

static std::string kernelNames(ModuleOp module) {
  std::vector<std::string> names;
  for (halide::KernelOp kernel : module.getOps<halide::KernelOp>())
    names.push_back("@" + kernel.getSymName().str());
  return names.empty() ? "none" : llvm::join(names, ", ");
}

Outcome applySchedules(ModuleOp module, const codegen::Target &target, const std::string &file, bool found) {
  if (auto readable = llvm::MemoryBuffer::getFile(file); !readable)
    return Outcome::userError("error: cannot read the schedules in " + file + ": " + readable.getError().message());
  std::string said;
  OwningOpRef<ModuleOp> given;
  {
    llvm::raw_string_ostream out(said);
    llvm::SourceMgr sources;
    SourceMgrDiagnosticHandler handler(sources, module.getContext(), out);
    given = parseSourceFile<ModuleOp>(file, sources, ParserConfig(module.getContext()));
  }
  if (!given)
    return Outcome::userError(said.empty() ? "error: cannot read the schedules in " + file : said);

  if (auto made = (*given)->getAttrOfType<StringAttr>(targetAttribute); made && made.getValue() != target.name) {
    if (found)
      return Outcome::done();
    return Outcome::userError("error: the schedules in " + file + " are for " + made.str() + ", the code is for " +
                              target.name + "\n  help: `weft tune` finds schedules on the machine they are for");
  }
  auto schedules = given->getOps<halide::ScheduleOp>();
  if (schedules.empty())
    return Outcome::userError("error: " + file + " has no halide.schedule");
  for (halide::ScheduleOp schedule : llvm::make_early_inc_range(schedules)) {
    auto kernel = dyn_cast_or_null<halide::KernelOp>(SymbolTable::lookupSymbolIn(module, schedule.getKernelAttr()));
    if (!kernel)
      return Outcome::userError("error: " + file + " has a schedule for kernel @" + schedule.getKernel().str() +
                                ", which this model does not have\n  the model has: " + kernelNames(module) +
                                (found ? "\n  help: run `weft tune` again, or delete the file" : ""));
    std::string reason = staleReason(schedule, kernel);
    if (auto digest = schedule->getAttrOfType<StringAttr>(kernelDigestAttribute);
        digest && digest.getValue() != kernelDigest(kernel))
      reason = "what it computes has changed since";
    if (!reason.empty())
      return Outcome::userError("error: the schedule for kernel @" + schedule.getKernel().str() + " in " + file +
                                " was made for another kernel: " + reason +
                                "\n  help: print the kernel as it is now with `weft inspect MODEL --stage kernels "
                                "--kernel " +
                                schedule.getKernel().str() + "`" +
                                (found ? ", or run `weft tune` again, or delete the file" : ""));
    for (halide::ScheduleOp old : llvm::make_early_inc_range(module.getOps<halide::ScheduleOp>()))
      if (old.getKernelAttr() == schedule.getKernelAttr())
        old.erase();
    schedule->moveAfter(kernel);
  }
  return Outcome::done();
}

} // namespace weft::pipeline

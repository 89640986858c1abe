//===- Bench.cpp - How fast a model's kernels are on this machine -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/bench/Bench.h"

#include "compiler/bench/KernelRun.h"
#include "compiler/bench/Machine.h"
#include "compiler/bench/Use.h"
#include "compiler/codegen/Program.h"
#include "compiler/pipeline/Compilation.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

#include <xmmintrin.h>

using namespace mlir;

namespace weft::bench {
using pipeline::Outcome;

namespace {

struct Measured {
  std::string name;
  KernelCost cost;
  double calls = 0; ///< in one batch of training
  double seconds = 0, floor = 0; ///< of a call; of a call if memory were all there is
  int64_t bytes = 0;
};

} // namespace

static Vectors vectorsOf(const codegen::Target &target) {
  if (target.vectorFloats >= 16)
    return Vectors::Avx512;
  if (target.vectorFloats < 8)
    return Vectors::Sse;
  return target.has("fma") ? Vectors::AvxFma : Vectors::Avx;
}

Setting settingOf(ModuleOp module, int64_t rows) {
  Setting setting;
  setting.batch = 32;
  for (seq::TrainingOp training : module.getOps<seq::TrainingOp>())
    if (auto batch = training.getSettings().getAs<IntegerAttr>("batch"))
      setting.batch = batch.getInt();
  int64_t tile = codegen::moduleNumber(module, codegen::rowTileAttr, codegen::defaultRowTile);
  setting.rowTile = tile;
  int64_t tiles = (setting.batch + tile - 1) / tile;
  setting.slices = std::min(tiles, codegen::moduleNumber(module, codegen::slicesAttr, codegen::defaultSlices));
  setting.sizes.rows = rows > 0 ? rows : std::min(setting.batch, (tiles + setting.slices - 1) / setting.slices * tile);
  int64_t parameters = 0;
  for (seq::WeightOp weight : module.getOps<seq::WeightOp>())
    parameters += (cast<RankedTensorType>(weight.getType()).getNumElements() + 15) / 16 * 16;
  setting.sizes.parameters = std::max<int64_t>(parameters, 16);
  return setting;
}

static std::string duration(double seconds) {
  return llvm::formatv(seconds < 1e-3 ? "{0:F2} us" : "{0:F2} ms", seconds * (seconds < 1e-3 ? 1e6 : 1e3)).str();
}

//===----------------------------------------------------------------------===//
// What is printed
//===----------------------------------------------------------------------===//

namespace {
struct Report {
  std::string model, target;
  Setting setting;
  double peak = 0, fast = 0, slow = 0; ///< FLOP/s; bytes a second in the second-level cache and in memory
  std::vector<Measured> kernels;

  double secondsOfBatch() const {
    double sum = 0;
    for (const Measured &kernel : kernels)
      sum += kernel.calls * kernel.seconds;
    return sum;
  }
  std::string table() const;
  std::string json() const;
};
} // namespace

std::string Report::table() const {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << model << " for " << target << "\n"
      << setting.sizes.rows << " rows a slice; a batch of " << setting.batch << " is " << setting.slices
      << " slices; one core, measured now: "
      << llvm::formatv("{0:F1} GFLOP/s, {1:F1} GB/s from a cache, {2:F1} GB/s from memory\n\n", peak / 1e9, fast / 1e9,
                       slow / 1e9);
  size_t width = 6;
  for (const Measured &kernel : kernels)
    width = std::max(width, kernel.name.size());
  auto cell = [&](llvm::StringRef value, unsigned columns) { out << llvm::right_justify(value, columns); };
  out << llvm::left_justify("kernel", unsigned(width));
  for (llvm::StringRef title : {"calls", "a call", "GFLOP/s", "of peak", "GB/s", "of these", "of a batch"})
    cell(title, 12);
  out << "\n";
  double total = secondsOfBatch();
  auto share = [](double part) { return llvm::formatv("{0:F1}%", part * 100).str(); };
  for (const Measured &kernel : kernels) {
    out << llvm::left_justify(kernel.name, unsigned(width));
    cell(kernel.calls ? std::to_string(int64_t(kernel.calls)) : "-", 12);
    cell(duration(kernel.seconds), 12);
    double rate = kernel.cost.operations / kernel.seconds;
    cell(rate > 0 ? llvm::formatv("{0:F1}", rate / 1e9).str() : "-", 12);
    cell(rate > 0 ? share(rate / peak) : "-", 12);
    cell(llvm::formatv("{0:F1}", double(kernel.bytes) / kernel.seconds / 1e9).str(), 12);
    cell(share(kernel.floor / kernel.seconds), 12);
    cell(kernel.calls ? share(kernel.calls * kernel.seconds / total) : "-", 12);
    out << "\n";
  }
  out << "\ncalls: in one batch of training, " << duration(total)
      << " of one core; -: only for predicting and evaluating\n"
         "GB/s: what the algorithm must move, each element once; of these: the share of what this machine moves\n"
         "from where that comes from (measured for the size of each kernel's buffers)\n";
  return text;
}

std::string Report::json() const {
  llvm::json::Array list;
  for (const Measured &kernel : kernels)
    list.push_back(llvm::json::Object{{"name", kernel.name},
                                      {"calls", kernel.calls},
                                      {"seconds", kernel.seconds},
                                      {"operations", kernel.cost.operations},
                                      {"bytes", kernel.bytes},
                                      {"share_of_peak", kernel.cost.operations / kernel.seconds / peak},
                                      {"share_of_bandwidth", kernel.floor / kernel.seconds}});
  llvm::json::Object root{{"model", model},
                          {"target", target},
                          {"rows", setting.sizes.rows},
                          {"batch", setting.batch},
                          {"slices", setting.slices},
                          {"peak_flops", peak},
                          {"cache_bytes_per_second", fast},
                          {"memory_bytes_per_second", slow},
                          {"seconds_of_batch", secondsOfBatch()},
                          {"kernels", std::move(list)}};
  return llvm::formatv("{0:2}\n", llvm::json::Value(std::move(root))).str();
}

//===----------------------------------------------------------------------===//
// The run
//===----------------------------------------------------------------------===//

Sizes sizesOf(halide::KernelOp kernel, const Setting &setting, const CallSite *site) {
  Sizes sizes = setting.sizes;
  // So many different words are there for each row in 32 film reviews of at most 500.
  constexpr int64_t idsOfRow = 48;
  bool isOfRows = false;
  int64_t entries = 0;
  SmallVector<Value> arguments;
  if (site) {
    halide::ApplyOp apply = site->apply;
    llvm::append_range(arguments, apply.getInputs());
    llvm::append_range(arguments, apply.getOutputs());
  }
  for (auto [number, value] : llvm::enumerate(arguments)) {
    if (int64_t most = entriesOfTable(*site, unsigned(number)))
      entries = most;
    else if (auto type = dyn_cast<RankedTensorType>(value.getType()))
      isOfRows |= type.getRank() > 0 && type.isDynamicDim(0);
  }
  if (entries && !isOfRows)
    sizes.rows = std::min(entries, idsOfRow * sizes.rows);
  // A stage that was edited may apply a kernel that is not there; who builds it is told.
  if (kernel && kernel.getAccumulates())
    sizes.rows = codegen::rowsOfStack(sizes.rows, setting.rowTile);
  return sizes;
}

llvm::StringMap<Use> usesOf(ModuleOp module, const Setting &setting) {
  llvm::StringMap<Use> uses;
  for (Operation &function : *module.getBody()) {
    auto step = dyn_cast<seq::StepOp>(function);
    bool trains = isa<seq::OptimizerOp>(function) || (step && !step.getGradients().empty());
    for (CallSite &site : callSites(&function)) {
      Use &use = uses[site.apply.getKernel()];
      if (!use.site.apply || (trains && use.calls == 0))
        use.site = site;
      bool once = site.prepared || !step;
      auto kernel = SymbolTable::lookupNearestSymbolFrom<halide::KernelOp>(site.apply, site.apply.getKernelAttr());
      // In calls like the one that is measured; an accumulating kernel is called less often than there are steps.
      double rows = double(kernel && kernel.getAccumulates() ? setting.sizes.rows : sizesOf(kernel, setting, &site).rows);
      double steps = double(site.steps) * rows / double(sizesOf(kernel, setting, &use.site).rows);
      use.calls += trains ? steps * double(once ? 1 : setting.slices) : 0;
    }
  }
  return uses;
}

Outcome bench(const Options &options, const pipeline::Toolchain &tools, std::string &text) {
  pipeline::Compilation compilation(options.model);
  if (Outcome outcome = compilation.load(); outcome.failed())
    return outcome;
  if (compilation.getStage() > pipeline::Stage::Kernels)
    return Outcome::userError("error: " + options.model.input + " is a program already: who calls which kernel how often "
                              "is gone from it\n  help: measure the model, or its stage kernels");
  const codegen::Target &target = compilation.getTarget();
  std::string missing;
  if (!codegen::runsOnThisMachine(target, &missing))
    return Outcome::userError("error: code for " + target.name + " does not run on this machine, which lacks " + missing +
                              "\n  help: leave --target out to measure what this machine can do");
  if (Outcome outcome = compilation.advance(pipeline::Stage::Kernels); outcome.failed())
    return outcome;
  ModuleOp module = compilation.getModule();

  codegen::KernelCompileOptions kernelOptions = kernelCompileOptions(compilation, options.model, tools);
  auto compiled = compilation.guarded("the kernels could not be compiled",
                                      [&] { return codegen::compileKernels(module, kernelOptions); });
  if (failed(compiled))
    return compilation.lastFailure();
  LoadedKernels loaded;
  std::string error;
  if (!loaded.load(*compiled, error))
    return Outcome::internalError("error: the kernels could not be loaded: " + error);

  Report report;
  report.model = compilation.modelName();
  report.target = target.name;
  report.setting = settingOf(module, options.rows);
  // As in a program: numbers that decayed to next to nothing are nothing.
  _mm_setcsr(_mm_getcsr() | 0x8040);
  Vectors vectors = vectorsOf(target);
  Memory memory(vectors);
  report.peak = measurePeak(vectors, 0.1);

  llvm::StringMap<Use> uses = usesOf(module, report.setting);
  for (const codegen::CompiledKernel &kernel : *compiled) {
    if (!options.kernel.empty() && kernel.name != options.kernel)
      continue;
    auto op = cast<halide::KernelOp>(SymbolTable::lookupSymbolIn(module, kernel.name));
    auto use = uses.find(kernel.name);
    bool isUsed = use != uses.end();
    Sizes sizes = sizesOf(op, report.setting, isUsed ? &use->second.site : nullptr);
    Measured measured{kernel.name, costOf(op, sizes)};
    void *entry = loaded.find(kernel.symbol, error);
    if (!entry)
      return Outcome::internalError("error: kernel @" + kernel.name + " could not be loaded: " + error);
    KernelRun run(entry, measured.cost, sizes, isUsed ? &use->second.site : nullptr);
    measured.calls = isUsed ? use->second.calls : 0;
    measured.seconds = run.leastSeconds(options.seconds);
    for (const KernelRun::Traffic *traffic : {&run.fixed(), &run.streamed()}) {
      measured.bytes += traffic->read + traffic->written;
      if (traffic->footprint)
        measured.floor += memory.secondsFor(traffic->read, traffic->written, traffic->footprint);
    }
    report.kernels.push_back(std::move(measured));
    // The clock may have been lower while the peak was looked for.
    report.peak = std::max(report.peak, measurePeak(vectors, 0.005));
  }
  if (report.kernels.empty())
    return Outcome::userError("error: there is no kernel '" + options.kernel +
                              "'\n  help: `weft bench` without --kernel lists all");
  report.fast = memory.readBandwidth(256 << 10);
  report.slow = memory.readBandwidth(256 << 20);
  text = options.json ? report.json() : report.table();
  return Outcome::done();
}

} // namespace weft::bench

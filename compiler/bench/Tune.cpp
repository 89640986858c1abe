//===- Tune.cpp - Schedules that fit a machine, found by trying -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/bench/Tune.h"

#include "compiler/bench/KernelRun.h"
#include "compiler/bench/Machine.h"
#include "compiler/bench/Use.h"
#include "compiler/codegen/Program.h"
#include "compiler/pipeline/Compilation.h"
#include "compiler/pipeline/Replacement.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <random>
#include <set>

#include <xmmintrin.h>

using namespace mlir;

namespace weft::bench {
using pipeline::Outcome;

namespace {

/// Sums in another order differ by this much of the largest value at most.
constexpr double mostDifference = 1e-4;
/// Faster by less than this is noise.
constexpr double leastGain = 0.98;

//===----------------------------------------------------------------------===//
// Changes to a schedule
//===----------------------------------------------------------------------===//

using Change = std::function<void()>;

/// All small changes that may be made to `schedule`. What they do to the meaning
/// is for the compiler and the comparison to find out.
class Changes {
public:
  Changes(halide::ScheduleOp schedule, int64_t rowTile) : rowTile(rowTile) { of(schedule.getBody().front()); }
  std::vector<Change> all;

private:
  void of(Block &directives) {
    for (Operation &op : directives) {
      if (auto split = dyn_cast<halide::SplitOp>(op))
        factors(split);
      if (auto reorder = dyn_cast<halide::ReorderOp>(op))
        orders(reorder);
      if (auto cut = dyn_cast<halide::CutOp>(op)) {
        of(cut.getBody().front());
        all.push_back([cut]() mutable { cut.erase(); });
      }
    }
  }

  template <typename OpTy> bool names(Block *directives, StringRef func, int64_t stage, StringRef var) {
    return llvm::any_of(directives->getOps<OpTy>(), [&](OpTy op) {
      return op.getFunc() == func && int64_t(op.getStage()) == stage && op.getVar() == var;
    });
  }

  /// Another tile; the funcs inside it are bounded by it.
  void factors(halide::SplitOp split) {
    if (names<halide::VectorizeOp>(split->getBlock(), split.getFunc(), split.getStage(), split.getInner()))
      return;
    for (int64_t factor : {1, 2, 3, 4, 5, 6, 8}) {
      // Rounding up writes into the padding behind the rows, of which there is a tile's.
      bool fits = split.getTail() != halide::Tail::RoundUp || rowTile % factor == 0;
      if (!fits || factor == int64_t(split.getFactor()))
        continue;
      all.push_back([split, factor]() mutable {
        int64_t before = split.getFactor();
        split.setFactor(factor);
        for (auto bound : split->getBlock()->getOps<halide::BoundExtentOp>())
          if (bound.getVar() == split.getVar() && int64_t(bound.getExtent()) == before)
            bound.setExtent(factor);
      });
    }
  }

  /// Two neighbouring loops exchanged, but for the innermost, which is vectors; and
  /// loops of a reduction unrolled by a factor.
  void orders(halide::ReorderOp reorder) {
    auto vars = llvm::to_vector(reorder.getVars().getAsValueRange<StringAttr>());
    for (size_t i = 1; i + 1 < vars.size(); ++i)
      all.push_back([reorder, i]() mutable {
        SmallVector<Attribute> list(reorder.getVars().begin(), reorder.getVars().end());
        std::swap(list[i], list[i + 1]);
        reorder.setVarsAttr(ArrayAttr::get(reorder.getContext(), list));
      });
    if (reorder.getStage() == 0)
      return;
    for (StringRef var : ArrayRef(vars).drop_front()) {
      halide::UnrollOp unrolled;
      for (auto op : reorder->getBlock()->getOps<halide::UnrollOp>())
        if (op.getFunc() == reorder.getFunc() && op.getStage() == reorder.getStage() && op.getVar() == var)
          unrolled = op;
      if (unrolled && !unrolled.getFactor())
        continue; // a loop of the tile
      if (unrolled) {
        all.push_back([unrolled]() mutable { unrolled.erase(); });
        continue;
      }
      for (int64_t factor : {2, 4})
        all.push_back([reorder, var, factor]() mutable {
          OpBuilder builder = OpBuilder::atBlockEnd(reorder->getBlock());
          halide::UnrollOp::create(builder, reorder.getLoc(), reorder.getFunc(), reorder.getStage(), var,
                                   builder.getI64IntegerAttr(factor));
        });
    }
  }

  int64_t rowTile;
};

std::string textOf(halide::ScheduleOp schedule) {
  std::string text;
  llvm::raw_string_ostream out(text);
  schedule->print(out);
  return text;
}

//===----------------------------------------------------------------------===//
// One kernel
//===----------------------------------------------------------------------===//

/// A kernel compiled by one schedule and loaded.
struct Built {
  LoadedKernels loaded;
  std::unique_ptr<KernelRun> run;
  double seconds = 0;
};

class KernelTuner {
public:
  KernelTuner(halide::KernelOp kernel, const Setting &setting, const CallSite *site,
              const codegen::KernelCompileOptions &compile, int64_t rowTile)
      : kernel(kernel), setting(setting), site(site), compile(compile), rowTile(rowTile),
        cost(costOf(kernel, sizesOf(kernel, setting, site))) {}

  /// Null where the schedule is not legal.
  std::unique_ptr<Built> build(halide::ScheduleOp schedule);
  /// Looks for a better schedule until `seconds` have passed.
  void search(halide::ScheduleOp start, double seconds, std::mt19937_64 &random);

  OwningOpRef<halide::ScheduleOp> best; ///< null where the default is the best
  double before = 0, after = 0;
  int tried = 0, illegal = 0;

private:
  halide::KernelOp kernel;
  const Setting &setting;
  const CallSite *site;
  const codegen::KernelCompileOptions &compile;
  int64_t rowTile;
  KernelCost cost;
};

std::unique_ptr<Built> KernelTuner::build(halide::ScheduleOp schedule) {
  OwningOpRef<ModuleOp> alone = ModuleOp::create(kernel.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(alone->getBody());
  builder.clone(*kernel);
  builder.clone(*schedule);
  // That a schedule is not legal is no news here.
  ScopedDiagnosticHandler quiet(kernel.getContext(), [](Diagnostic &) { return success(); });
  FailureOr<std::vector<codegen::CompiledKernel>> compiled = codegen::compileKernels(*alone, compile);
  if (failed(compiled))
    return nullptr;
  auto built = std::make_unique<Built>();
  std::string error;
  void *entry = built->loaded.load(*compiled, error) ? built->loaded.find(compiled->front().symbol, error) : nullptr;
  if (!entry)
    return nullptr;
  built->run = std::make_unique<KernelRun>(entry, cost, sizesOf(kernel, setting, site), site);
  return built;
}

void KernelTuner::search(halide::ScheduleOp start, double seconds, std::mt19937_64 &random) {
  using Clock = std::chrono::steady_clock;
  auto begin = Clock::now();
  auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  std::unique_ptr<Built> reference = build(start), fastest = build(start);
  if (!reference || !fastest)
    return;
  reference->run->run();
  constexpr double budget = 0.02;
  before = fastest->seconds = fastest->run->leastSeconds(2 * budget);
  std::set<std::string> seen{textOf(start)};
  halide::ScheduleOp current = start;
  int inVain = 0;
  while (passed() < seconds && inVain < 60) {
    OwningOpRef<halide::ScheduleOp> next(cast<halide::ScheduleOp>(current->clone()));
    // Mostly one change; now and then more, to get out of a corner.
    for (int changes = 1 + int(random() % 4 == 0) + int(random() % 8 == 0); changes > 0; --changes) {
      Changes possible(*next, rowTile);
      if (!possible.all.empty())
        possible.all[random() % possible.all.size()]();
    }
    if (!seen.insert(textOf(*next)).second) {
      ++inVain;
      continue;
    }
    ++tried;
    std::unique_ptr<Built> candidate = build(*next);
    if (candidate) {
      candidate->run->run();
      if (!(candidate->run->differenceFrom(*reference->run) <= mostDifference))
        candidate = nullptr;
    }
    if (!candidate) {
      ++illegal;
      continue;
    }
    inVain = 0;
    candidate->seconds = candidate->run->leastSeconds(budget);
    if (candidate->seconds > fastest->seconds * leastGain)
      continue;
    // Once more, in turn: the machine may have had a better moment.
    fastest->seconds = std::min(fastest->seconds, fastest->run->leastSeconds(2 * budget));
    candidate->seconds = std::min(candidate->seconds, candidate->run->leastSeconds(2 * budget));
    if (candidate->seconds > fastest->seconds * leastGain)
      continue;
    fastest = std::move(candidate);
    best = std::move(next);
    current = *best;
  }
  after = fastest->seconds;
}

} // namespace

//===----------------------------------------------------------------------===//
// All kernels of a model
//===----------------------------------------------------------------------===//

Outcome tune(const TuneOptions &options, const pipeline::Toolchain &tools,
             const std::function<void(const std::string &)> &say) {
  // The search begins with the default schedules, whatever was found before.
  pipeline::Options model = options.model;
  model.tunedSchedules = false;
  pipeline::Compilation compilation(model);
  if (Outcome outcome = compilation.load(); outcome.failed())
    return outcome;
  if (compilation.getStage() > pipeline::Stage::Kernels)
    return Outcome::userError("error: " + model.input + " is a program already\n  help: tune the model, or its stage kernels");
  const codegen::Target &target = compilation.getTarget();
  std::string missing;
  if (!codegen::runsOnThisMachine(target, &missing))
    return Outcome::userError("error: code for " + target.name + " does not run on this machine, which lacks " + missing +
                              "\n  help: schedules are found on the machine they are for");
  if (Outcome outcome = compilation.advance(pipeline::Stage::Kernels); outcome.failed())
    return outcome;
  std::string output = options.output.empty() ? pipeline::tunedScheduleFile(model.input) : options.output;

  ModuleOp module = compilation.getModule();
  codegen::KernelCompileOptions compile = kernelCompileOptions(compilation, model, tools);
  compile.timeLimitSeconds = 20;
  _mm_setcsr(_mm_getcsr() | 0x8040); // as in a program
  Setting setting = settingOf(module, options.rows);
  llvm::StringMap<Use> uses = usesOf(module, setting);

  // What each kernel's share of a batch is decides how long it is looked at.
  struct Job {
    halide::KernelOp kernel;
    halide::ScheduleOp schedule;
    double share = 0;
  };
  std::vector<Job> jobs;
  double total = 0;
  for (auto kernel : module.getOps<halide::KernelOp>()) {
    if (!options.kernel.empty() && kernel.getSymName() != options.kernel)
      continue;
    Job job{kernel, {}};
    for (auto schedule : module.getOps<halide::ScheduleOp>())
      if (schedule.getKernelAttr().getAttr() == kernel.getSymNameAttr())
        job.schedule = schedule;
    auto use = uses.find(kernel.getSymName());
    double calls = use == uses.end() ? 0 : use->second.calls;
    if (!job.schedule || (calls == 0 && options.kernel.empty()))
      continue;
    KernelTuner probe(kernel, setting, use == uses.end() ? nullptr : &use->second.site, compile, setting.rowTile);
    if (std::unique_ptr<Built> built = probe.build(job.schedule))
      job.share = std::max(calls, 1.0) * built->run->leastSeconds(0.005);
    total += job.share;
    jobs.push_back(job);
  }
  if (jobs.empty())
    return Outcome::userError(options.kernel.empty()
                                  ? "error: the model has no kernels that a batch of training runs"
                                  : "error: there is no kernel '" + options.kernel + "' with a schedule\n  help: `weft bench` lists the kernels");
  llvm::stable_sort(jobs, [](const Job &a, const Job &b) { return a.share > b.share; });

  std::mt19937_64 random(options.seed);
  OwningOpRef<ModuleOp> found = ModuleOp::create(module.getLoc());
  (*found)->setAttr(pipeline::targetAttribute, StringAttr::get(module.getContext(), target.name));
  OpBuilder builder = OpBuilder::atBlockEnd(found->getBody());
  double wasBatch = 0, isBatch = 0;
  for (Job &job : jobs) {
    if (job.share < 0.01 * total)
      continue;
    auto use = uses.find(job.kernel.getSymName());
    KernelTuner tuner(job.kernel, setting, use == uses.end() ? nullptr : &use->second.site, compile, setting.rowTile);
    tuner.search(job.schedule, options.seconds * job.share / total, random);
    double calls = use == uses.end() ? 1 : std::max(use->second.calls, 1.0);
    wasBatch += calls * tuner.before;
    isBatch += calls * tuner.after;
    say(llvm::formatv("@{0}: {1:F2} us, now {2:F2} us ({3} schedules tried, {4} not legal)\n", job.kernel.getSymName(),
                      tuner.before * 1e6, tuner.after * 1e6, tuner.tried, tuner.illegal)
            .str());
    if (!tuner.best)
      continue;
    Operation *schedule = builder.clone(**tuner.best);
    schedule->setAttr(pipeline::kernelDigestAttribute,
                      StringAttr::get(module.getContext(), pipeline::kernelDigest(job.kernel)));
  }
  if (found->getBody()->empty()) {
    say("nothing faster than the default schedules was found; no file was written\n");
    return Outcome::done();
  }
  std::string text = "// Schedules found by `weft tune`; `weft build` takes them for the same kernels and target.\n";
  llvm::raw_string_ostream out(text);
  (*found)->print(out);
  out << "\n";
  if (Outcome outcome = pipeline::replaceFile(output, text); outcome.failed())
    return outcome;
  say(llvm::formatv("kernels of a batch: {0:F1} ms of one core, now {1:F1} ms; wrote {2}\n", wasBatch * 1e3, isBatch * 1e3,
                    output)
          .str());
  return Outcome::done();
}

} // namespace weft::bench

//===- HalideEmitterSchedule.cpp - halide.schedule, directive by directive ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Halide takes loops by name and ends the process's patience on a wrong one;
// here every name is looked up first, so that a mistake in a hand-edited
// schedule is reported at the directive, with the names that would have done.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/HalideEmitterDetail.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::halide;
using namespace weft::codegen::detail;

namespace {

/// One definition of a func, ready for directives.
struct StageRef {
  EmittedFunc *func = nullptr;
  Loops *loops = nullptr;
  unsigned index = 0;
  const ::Halide::Stage *special = nullptr; ///< a specialization of it, inside its region

  ::Halide::Stage stage() const {
    if (special)
      return *special;
    return index == 0 ? ::Halide::Stage(func->func) : func->func.update(index - 1);
  }
};

class ScheduleApplier {
public:
  explicit ScheduleApplier(EmittedKernel &kernel) : kernel(kernel) {}

  LogicalResult apply(Operation *op) {
    try {
      return TypeSwitch<Operation *, LogicalResult>(op)
          .Case<SplitOp, FuseOp, ReorderOp, VectorizeOp, UnrollOp, AtomicOp, ComputeAtOp, ComputeRootOp,
                StoreInOp, BoundOp, BoundExtentOp, AlignBoundsOp>([&](auto directive) -> LogicalResult {
            FailureOr<StageRef> ref = findStage(op, directive.getFunc(), directive.getStage());
            return failed(ref) ? failure() : applyTo(directive, *ref);
          })
          .Case([&](SpecializeOp special) -> LogicalResult {
            FailureOr<StageRef> ref = findStage(op, special.getFunc(), special.getStage());
            return failed(ref) ? failure() : applyTo(special, *ref);
          })
          .Default([](Operation *other) { return other->emitError("not a directive of a schedule"); });
    } catch (const ::Halide::Error &error) {
      return op->emitError(describe(error));
    }
  }

private:
  FailureOr<StageRef> findStage(Operation *op, StringRef name, int64_t stage) {
    auto found = kernel.funcs.find(name.str());
    if (found == kernel.funcs.end()) {
      InFlightDiagnostic diagnostic = op->emitError("the kernel has no func @") << name << "; it has ";
      bool first = true;
      for (const auto &entry : kernel.funcs) {
        diagnostic << (first ? "@" : ", @") << entry.first;
        first = false;
      }
      return diagnostic;
    }
    EmittedFunc &func = found->second;
    if (stage < 0 || stage >= int64_t(func.stages.size()))
      return op->emitError("@") << name << " has " << func.stages.size() - 1 << " updates; update " << stage
                                << " is not one of them";
    if (inside) {
      if (&func != inside->func || unsigned(stage) != inside->index)
        return op->emitError("schedules another definition than the halide.specialize around it");
      return *inside;
    }
    return StageRef{&func, &func.stages[stage], unsigned(stage)};
  }

  Loop *findLoop(Operation *op, StringRef func, Loops &loops, StringRef name) {
    for (Loop &loop : loops)
      if (loop.name == name)
        return &loop;
    InFlightDiagnostic diagnostic = op->emitError("no loop \"")
                                    << name << "\" in this stage of @" << func << "; its loops are ";
    for (auto [i, loop] : llvm::enumerate(loops))
      diagnostic << (i ? ", \"" : "\"") << loop.name << '"';
    if (loops.empty())
      diagnostic << "none";
    return nullptr;
  }

  LogicalResult checkNew(Operation *op, const Loops &loops, StringRef name, StringRef replaced = {}) {
    if (name.empty() || !llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
      return op->emitError("\"") << name << "\" cannot name a loop: expected letters, digits and '_'";
    for (const Loop &loop : loops)
      if (loop.name == name && name != replaced)
        return op->emitError("the stage already has a loop \"") << name << '"';
    return success();
  }

  static void replace(Loops &loops, StringRef name, ArrayRef<Loop> with) {
    auto at = llvm::find_if(loops, [&](const Loop &loop) { return loop.name == name; });
    at = loops.erase(at);
    loops.insert(at, with.begin(), with.end());
  }

  static Loop sameKind(const Loop &like, StringRef name) {
    if (like.var.is_rvar)
      return {name.str(), ::Halide::RVar(name.str())};
    return {name.str(), ::Halide::Var(name.str())};
  }

  LogicalResult applyTo(SplitOp op, StageRef ref) {
    Loop *loop = findLoop(op, op.getFunc(), *ref.loops, op.getVar());
    if (!loop)
      return failure();
    if (op.getFactor() < 1 || op.getFactor() > INT32_MAX)
      return op->emitError("a split factor is at least 1; got ") << int64_t(op.getFactor());
    if (op.getOuter() == op.getInner())
      return op->emitError("the outer and the inner loop need different names");
    if (failed(checkNew(op, *ref.loops, op.getOuter(), op.getVar())) ||
        failed(checkNew(op, *ref.loops, op.getInner(), op.getVar())))
      return failure();
    if (op.getTail() == Tail::RoundUp && failed(checkRoundUp(op, *loop)))
      return failure();
    Loop outer = sameKind(*loop, op.getOuter()), inner = sameKind(*loop, op.getInner());
    inner.dimension = outer.dimension = loop->dimension;
    inner.extent = op.getFactor();
    inner.unit = loop->unit;
    outer.extent = (loop->extent + op.getFactor() - 1) / op.getFactor();
    outer.unit = loop->unit * op.getFactor();
    ref.stage().split(loop->var, outer.var, inner.var, int(op.getFactor()), tail(op.getTail()));
    replace(*ref.loops, op.getVar(), {inner, outer});
    return success();
  }

  /// Rounding an output up writes past its extent: into the padding of its
  /// rows, or past its last row, where every buffer has room for 16 elements'
  /// worth of rounding; never further.
  LogicalResult checkRoundUp(SplitOp op, const Loop &loop) {
    if (op.getFunc() != kernel.output || loop.dimension < 0 || loop.extent == 0)
      return success();
    int64_t factor = op.getFactor();
    int64_t reach = (loop.extent + factor - 1) / factor * factor * loop.unit;
    bool isCut = kernel.part && loop.dimension == kernel.part->dimension;
    if (isCut && !kernel.part->isLast && reach > kernel.part->extent)
      return op.emitError("rounding up to ") << reach << " passes the cut at " << kernel.part->extent;
    if (isCut)
      reach += kernel.part->from;
    for (MemRefType type : kernel.outputTypes) {
      SmallVector<int64_t> strides;
      int64_t offset = 0;
      if (failed(type.getStridesAndOffset(strides, offset)) ||
          llvm::is_contained(strides, ShapedType::kDynamic))
        continue;
      int64_t axis = type.getRank() - 1 - loop.dimension, stride = strides[axis];
      int64_t room = (type.getDimSize(axis) * stride + 15) / 16 * 16;
      for (int64_t other : strides)
        if (other > stride)
          room = std::min(room, other);
      if (reach * stride > room)
        return op.emitError("rounding up to ")
               << reach << " writes past the " << type.getDimSize(axis)
               << " that the buffer has along this dimension; pad the buffer or use "
                  "`tail guard_with_if`";
    }
    return success();
  }

  /// The region's loops begin where the definition's are, and go their own way.
  LogicalResult applyTo(SpecializeOp op, StageRef ref) {
    if (op.getFunc() != kernel.output)
      return op.emitError("only the kernel's output @") << kernel.output << " has extents to tell cases by";
    if (op.getMost() < 1 || op.getMost() > INT32_MAX)
      return op.emitError("up_to is at least 1; got ") << int64_t(op.getMost());
    auto var = llvm::find_if(ref.func->vars, [&](const ::Halide::Var &of) { return of.name() == op.getVar(); });
    if (var == ref.func->vars.end())
      return op.emitError("@") << op.getFunc() << " has no variable \"" << op.getVar() << '"';
    ::Halide::Expr extent = ref.func->func.output_buffers()[0].dim(int(var - ref.func->vars.begin())).extent();
    ::Halide::Stage special = ref.stage().specialize(extent <= int(op.getMost()));
    Loops loops = *ref.loops;
    StageRef nested = ref;
    nested.loops = &loops;
    nested.special = &special;
    inside = &nested;
    LogicalResult result = success();
    for (Operation &directive : op.getBody().front()) {
      if (isa<SpecializeOp, ComputeAtOp, ComputeRootOp, StoreInOp, BoundOp, BoundExtentOp, AlignBoundsOp>(directive))
        result = directive.emitError("holds for the whole func, not for a halide.specialize");
      else if (failed(apply(&directive)))
        result = failure();
    }
    inside = nullptr;
    return result;
  }

  LogicalResult applyTo(FuseOp op, StageRef ref) {
    Loop *inner = findLoop(op, op.getFunc(), *ref.loops, op.getInner());
    Loop *outer = inner ? findLoop(op, op.getFunc(), *ref.loops, op.getOuter()) : nullptr;
    if (!outer || failed(checkNew(op, *ref.loops, op.getFused())))
      return failure();
    if (inner == outer)
      return op->emitError("a loop cannot be fused with itself");
    Loop fused = sameKind(*inner, op.getFused());
    ref.stage().fuse(inner->var, outer->var, fused.var);
    replace(*ref.loops, op.getOuter(), {});
    replace(*ref.loops, op.getInner(), {fused});
    return success();
  }

  LogicalResult applyTo(ReorderOp op, StageRef ref) {
    std::vector<::Halide::VarOrRVar> order;
    llvm::StringSet<> seen;
    for (StringRef name : op.getVars().getAsValueRange<StringAttr>()) {
      Loop *loop = findLoop(op, op.getFunc(), *ref.loops, name);
      if (!loop)
        return failure();
      if (!seen.insert(name).second)
        return op->emitError("loop \"") << name << "\" is named twice";
      order.push_back(loop->var);
    }
    if (!order.empty())
      ref.stage().reorder(order);
    return success();
  }

  LogicalResult applyTo(VectorizeOp op, StageRef ref) {
    Loop *loop = findLoop(op, op.getFunc(), *ref.loops, op.getVar());
    if (!loop)
      return failure();
    ref.stage().vectorize(loop->var);
    return success();
  }

  LogicalResult applyTo(UnrollOp op, StageRef ref) {
    Loop *loop = findLoop(op, op.getFunc(), *ref.loops, op.getVar());
    if (!loop)
      return failure();
    if (!op.getFactor()) {
      ref.stage().unroll(loop->var);
      return success();
    }
    if (*op.getFactor() < 1 || *op.getFactor() > INT32_MAX)
      return op->emitError("an unroll factor is at least 1; got ") << int64_t(*op.getFactor());
    ref.stage().unroll(loop->var, int(*op.getFactor()));
    return success();
  }

  LogicalResult applyTo(AtomicOp op, StageRef ref) {
    ref.stage().atomic();
    return success();
  }

  LogicalResult applyTo(ComputeAtOp op, StageRef ref) {
    FailureOr<StageRef> consumer = findStage(op, op.getConsumer(), op.getConsumerStage());
    if (failed(consumer))
      return failure();
    if (consumer->func == ref.func)
      return op->emitError("a func cannot be computed at a loop of its own");
    Loop *loop = findLoop(op, op.getConsumer(), *consumer->loops, op.getVar());
    if (!loop)
      return failure();
    // Halide finds the definition that uses the func by itself, and refuses a
    // level that names it; `of update` tells which loops the name is one of.
    ref.func->func.compute_at(::Halide::LoopLevel(consumer->func->func, loop->var));
    return success();
  }

  LogicalResult applyTo(ComputeRootOp op, StageRef ref) {
    ref.func->func.compute_root();
    return success();
  }

  LogicalResult applyTo(StoreInOp op, StageRef ref) {
    if (op.getMemory() == Memory::Heap)
      return op->emitError("a kernel has no heap; keep @")
             << op.getFunc() << " in registers or on the stack, or make it an output of a kernel of its own";
    ref.func->func.store_in(op.getMemory() == Memory::Register ? ::Halide::MemoryType::Register
                                                               : ::Halide::MemoryType::Stack);
    return success();
  }

  /// The func's own variable: bounds speak of the definition, not of its loops.
  FailureOr<::Halide::Var> findVariable(Operation *op, StageRef ref, StringRef name) {
    for (const ::Halide::Var &var : ref.func->vars)
      if (var.name() == name)
        return var;
    InFlightDiagnostic diagnostic = op->emitError("no variable \"") << name << "\"; the func's are ";
    for (auto [i, var] : llvm::enumerate(ref.func->vars))
      diagnostic << (i ? ", \"" : "\"") << var.name() << '"';
    return diagnostic;
  }

  template <typename OpTy> LogicalResult checkPositive(OpTy op, int64_t value, StringRef what) {
    if (value >= 1 && value <= INT32_MAX)
      return success();
    return op->emitError(what) << " is at least 1; got " << value;
  }

  /// What an output's buffer says of a dimension is what a bound may say.
  template <typename OpTy>
  LogicalResult checkOutputExtent(OpTy op, StageRef ref, int64_t min, int64_t extent) {
    if (op.getFunc() != kernel.output)
      return success();
    for (auto [i, var] : llvm::enumerate(ref.func->vars)) {
      if (var.name() != op.getVar())
        continue;
      if (kernel.part && kernel.part->dimension == int(i))
        return op.emitError("the output @") << op.getFunc() << " is cut along \"" << op.getVar() << '"';
      ::Halide::Expr declared = ref.func->func.output_buffers()[0].parameter().extent_constraint(int(i));
      if (!declared.defined())
        return success();
      auto size = ::Halide::Internal::as_const_int(declared);
      if (size && (min != 0 || extent != *size))
        return op.emitError("the output @")
               << op.getFunc() << " has " << *size << " along \"" << op.getVar() << "\", from 0";
    }
    return success();
  }

  LogicalResult applyTo(BoundOp op, StageRef ref) {
    FailureOr<::Halide::Var> var = findVariable(op, ref, op.getVar());
    if (failed(var) || failed(checkPositive(op, op.getExtent(), "an extent")))
      return failure();
    if (failed(checkOutputExtent(op, ref, op.getMin(), op.getExtent())))
      return failure();
    ref.func->func.bound(*var, int(op.getMin()), int(op.getExtent()));
    return success();
  }

  LogicalResult applyTo(BoundExtentOp op, StageRef ref) {
    FailureOr<::Halide::Var> var = findVariable(op, ref, op.getVar());
    if (failed(var) || failed(checkPositive(op, op.getExtent(), "an extent")))
      return failure();
    if (failed(checkOutputExtent(op, ref, 0, op.getExtent())))
      return failure();
    ref.func->func.bound_extent(*var, int(op.getExtent()));
    return success();
  }

  LogicalResult applyTo(AlignBoundsOp op, StageRef ref) {
    FailureOr<::Halide::Var> var = findVariable(op, ref, op.getVar());
    if (failed(var) || failed(checkPositive(op, op.getModulus(), "a modulus")))
      return failure();
    ref.func->func.align_bounds(*var, int(op.getModulus()));
    return success();
  }

  static ::Halide::TailStrategy tail(Tail tail) {
    switch (tail) {
    case Tail::Auto:
      return ::Halide::TailStrategy::Auto;
    case Tail::RoundUp:
      return ::Halide::TailStrategy::RoundUp;
    case Tail::GuardWithIf:
      return ::Halide::TailStrategy::GuardWithIf;
    case Tail::Predicate:
      return ::Halide::TailStrategy::Predicate;
    case Tail::PredicateLoads:
      return ::Halide::TailStrategy::PredicateLoads;
    case Tail::PredicateStores:
      return ::Halide::TailStrategy::PredicateStores;
    case Tail::ShiftInwards:
      return ::Halide::TailStrategy::ShiftInwards;
    }
    llvm_unreachable("every tail is above");
  }

  EmittedKernel &kernel;
  const StageRef *inside = nullptr; ///< the specialization whose region is being applied
};

} // namespace

LogicalResult weft::codegen::detail::applyDirectives(Block &directives, EmittedKernel &kernel) {
  ScheduleApplier applier(kernel);
  LogicalResult result = success();
  for (Operation &op : directives)
    if (!isa<CutOp>(op) && failed(applier.apply(&op)))
      result = failure();
  return result;
}

FailureOr<Cut> weft::codegen::detail::findCut(KernelOp kernel, Block &directives) {
  CutOp found;
  for (auto cut : directives.getOps<CutOp>()) {
    if (found)
      return cut.emitError("the schedule has a halide.cut already");
    found = cut;
  }
  if (!found)
    return Cut();
  auto output = *kernel.getBody().front().getOps<OutputOp>().begin();
  if (found.getFunc() != output.getFunc())
    return found.emitError("only the kernel's output @") << output.getFunc() << " can be cut";
  FuncOp func;
  for (auto candidate : kernel.getBody().front().getOps<FuncOp>())
    if (candidate.getSymName() == output.getFunc())
      func = candidate;
  auto vars = llvm::to_vector(func.getVars().getAsValueRange<StringAttr>());
  int64_t place = llvm::find(vars, found.getVar()) - vars.begin();
  if (place == int64_t(vars.size()))
    return found.emitError("@") << found.getFunc() << " has no variable \"" << found.getVar() << '"';
  auto type = cast<MemRefType>(cast<TypeAttr>(output.getTypes()[0]).getValue());
  int64_t extent = type.getDimSize(type.getRank() - 1 - place);
  if (ShapedType::isDynamic(extent))
    return found.emitError("the extent of @")
           << found.getFunc() << " along \"" << found.getVar() << "\" is known only at run time";
  if (int64_t(found.getAt()) < 1 || int64_t(found.getAt()) >= extent)
    return found.emitError("a cut is inside of the ")
           << extent << " that @" << found.getFunc() << " has along \"" << found.getVar() << "\"; got "
           << int64_t(found.getAt());
  // The part behind begins when the one before has ended: neither may need the other.
  for (auto update : kernel.getBody().front().getOps<UpdateOp>()) {
    if (update.getFunc() != func.getSymName())
      continue;
    Value own = update.getBody().getArgument(place);
    auto yield = cast<YieldOp>(update.getBody().front().getTerminator());
    bool stays = yield.getCoordinates().empty() || yield.getCoordinates()[place] == own;
    for (auto at : update.getBody().front().getOps<AtOp>())
      stays &= at.getSource() != func.getSymName() || at.getCoordinates()[place] == own;
    if (!stays)
      return found.emitError("an update of @")
             << found.getFunc() << " reads or writes it elsewhere along \"" << found.getVar() << '"';
  }
  int64_t at = found.getAt();
  return Cut{found, OutputPart{int(place), 0, at, /*isLast=*/false},
             OutputPart{int(place), at, extent - at, /*isLast=*/true}};
}

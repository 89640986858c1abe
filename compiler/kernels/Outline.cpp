//===- Outline.cpp - Computations become applications of kernels -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/CountedTables.h"
#include "compiler/kernels/KernelBuilder.h"
#include "compiler/kernels/Passes.h"
#include "compiler/kernels/Schedules.h"
#include "compiler/transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <map>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {

/// Outlines the kernels of one function.
class Outliner {
public:
  Outliner(KernelBuilder &kernels, FunctionOpInterface function) : kernels(kernels), function(function) {}

  LogicalResult run() {
    Block &body = function.getFunctionBody().front();
    countActiveRows(body);
    if (failed(tables.find(body)))
      return failure();
    tables.open();
    isolateScanOperands(body);
    LogicalResult outlined = block(body);
    tables.close(body);
    return outlined;
  }

private:
  using Count = std::tuple<int64_t, int64_t, int64_t>; ///< add, divide, steps
  static Count countOf(seq::ActiveAttr active, Type sequence) {
    return {active.getAdd(), active.getDivide(), cast<RankedTensorType>(sequence).getDimSize(1)};
  }

  /// Finds or makes the counts of active rows that attributes speak of, in front of everything.
  void countActiveRows(Block &body) {
    for (auto op : body.getOps<seq::ActiveRowsOp>())
      counts.try_emplace({op.getAdd(), op.getDivide(), op.getType().getDimSize(0)}, op.getResult());
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    for (Operation &op : body)
      if (auto active = seq::ActiveAttr::of(&op)) {
        Count count = countOf(active, op.getResult(0).getType());
        auto type = RankedTensorType::get({std::get<2>(count)}, builder.getI32Type());
        if (Value &known = counts[count]; !known)
          known = seq::ActiveRowsOp::create(builder, op.getLoc(), type, seq::startsOf(function), active.getAdd(),
                                            active.getDivide());
      }
  }

  /// The buffers a scan begins in and reads from are its own: starts get a
  /// kernel each that writes them, sequences from outside are copied into place.
  void isolateScanOperands(Block &body) {
    for (auto scan : body.getOps<seq::ScanOp>()) {
      OpBuilder builder(scan);
      for (OpOperand &operand : scan->getOpOperands()) {
        Value value = operand.get();
        if (value == scan.getActive())
          continue;
        bool isStart = operand.getOperandNumber() >= scan.getInputs().size();
        Operation *producer = value.getDefiningOp();
        bool isComputed = producer && roleOf(producer) != Role::View && roleOf(producer) != Role::Scan;
        bool isSequence = isComputed || (producer && roleOf(producer) == Role::Scan);
        // Where rows are collected, the scan writes to its input.
        bool isWritten = !isStart && llvm::is_contained(scan.getCollect().value_or(ArrayRef<int64_t>()),
                                                        int64_t(operand.getOperandNumber()));
        if (isStart || isWritten ? !isComputed || !value.hasOneUse() : !isSequence)
          copies.push_back({&operand, scan, !isStart && !isWritten});
      }
    }
  }

  Value apply(OpBuilder &builder, Location loc, const BuiltKernel &kernel, TypeRange types) {
    return halide::ApplyOp::create(builder, loc, types, kernel.kernel, kernel.inputs).getResult(0);
  }

  Value copyOf(OpBuilder &builder, Value value, bool external) {
    Value copy = apply(builder, value.getLoc(), kernels.copy(value, external), value.getType());
    countRows(copy.getDefiningOp<halide::ApplyOp>(), value);
    return copy;
  }

  /// Tells `apply`, which makes `value`, how many rows there are if it is a table of ids that occur.
  void countRows(halide::ApplyOp apply, Value value) {
    Value ranks = tables.ranksOf(value);
    if (ranks)
      apply.getRowsMutable().assign(madeRanks.lookup(ranks));
  }

  LogicalResult block(Block &body);
  LogicalResult group(Group &group, OpBuilder &builder);
  void terminator(Block &body);

  /// Weights are packed in front of whatever stands in the function's own block.
  Value pack(Block &body, Operation *user, const Term &term, ArrayRef<Value> weights, int64_t columns) {
    Operation *inFunction = function.getFunctionBody().findAncestorOpInRegion(*user);
    OpBuilder builder(inFunction);
    RankedTensorType type;
    BuiltKernel kernel = kernels.pack(term, weights, columns, type);
    return apply(builder, user->getLoc(), kernel, type);
  }

  KernelBuilder &kernels;
  FunctionOpInterface function;
  struct OperandCopy {
    OpOperand *operand;
    Operation *scan;
    bool isShared;
  };
  SmallVector<OperandCopy> copies;
  DenseMap<Value, Value> sharedCopies;
  std::map<Count, Value> counts; ///< of active rows
  CountedTables tables;
  DenseMap<Value, Value> madeRanks; ///< what kernels have made in the place of ranks
};

LogicalResult Outliner::block(Block &body) {
  Phases phases = cutIntoPhases(body);
  SmallVector<Operation *> replaced;
  Operation *end = body.getTerminator();
  for (Phases::Node &node : phases.nodes) {
    if (node.scan) {
      node.scan->moveBefore(end);
      OpBuilder builder(node.scan);
      for (auto [operand, owner, isShared] : copies) {
        if (owner != node.scan)
          continue;
        // A sequence that several scans read has one copy, before the first.
        Value value = operand->get(), &shared = sharedCopies[value];
        if (isShared && shared)
          operand->set(shared);
        else
          operand->set(copyOf(builder, value, /*external=*/false));
        if (isShared)
          shared = operand->get();
      }
      if (failed(block(node.scan.getBody().front())))
        return failure();
      continue;
    }
    Group &group = node.group;
    replaced.append(group.ops.begin(), group.ops.end());
    // Counts that attributes speak of have no other use yet.
    for (auto &[count, value] : counts)
      if (group.contains(value.getDefiningOp()) && !llvm::is_contained(group.outputs, value))
        group.outputs.push_back(value);
    if (group.outputs.empty())
      continue;
    OpBuilder builder(end);
    auto packer = [&](const Term &term, ArrayRef<Value> weights, int64_t, int64_t columns) {
      return pack(body, end, term, weights, columns);
    };
    BuiltKernel kernel = kernels.group(group, packer);
    auto call = halide::ApplyOp::create(builder, group.ops.back()->getLoc(),
                                        ValueRange(group.outputs).getTypes(), kernel.kernel, kernel.inputs);
    if (kernel.takesSteps)
      call.getActiveMutable().assign(counts.at(countOf(group.active, group.domain)));
    countRows(call, group.outputs.front());
    for (auto [output, result] : llvm::zip(group.outputs, call.getResults())) {
      output.replaceUsesWithIf(result, [&](OpOperand &use) { return !group.contains(use.getOwner()); });
      if (output.getDefiningOp<seq::IdRanksOp>())
        madeRanks[output] = result;
      for (auto &[count, value] : counts)
        if (value == output)
          value = result;
    }
  }
  terminator(body);
  for (Operation *op : llvm::reverse(replaced))
    if (op->use_empty()) {
      tables.forget(op);
      op->erase();
    } else {
      return op->emitError("is still used after its kernel was made");
    }
  return success();
}

void Outliner::terminator(Block &body) {
  Operation *end = body.getTerminator();
  OpBuilder builder(end);
  auto isOwn = [&](Value value) {
    return value.getDefiningOp<halide::ApplyOp>() && value.getParentBlock() == &body;
  };
  if (auto next = dyn_cast<seq::NextOp>(end)) {
    DenseSet<Value> seen;
    for (auto [index, operand] : llvm::enumerate(end->getOpOperands())) {
      Value value = operand.get();
      bool isState = index < next.getStates().size();
      bool isIncoming = llvm::is_contained(cast<seq::ScanOp>(body.getParentOp()).getStateArguments(), value);
      // A state after the step has a buffer of its own; a kept value may be it, or the incoming state.
      bool fine = isState ? isOwn(value) && seen.insert(value).second : isOwn(value) || isIncoming;
      if (!fine)
        operand.set(copyOf(builder, value, false));
    }
    return;
  }
  // What a step returns beside gradients, and what a model returns, goes to the caller's own buffers.
  size_t gradients = 0;
  if (auto step = dyn_cast<seq::StepOp>(function.getOperation()))
    gradients = step.getGradients().size();
  size_t outward = end->getNumOperands() - gradients;
  DenseSet<Value> seen;
  bool byElement = isa<seq::OptimizerOp, seq::RegularizerOp>(function.getOperation());
  for (auto [index, operand] : llvm::enumerate(end->getOpOperands())) {
    Value value = operand.get();
    if (!byElement && index < outward)
      operand.set(copyOf(builder, value, true));
    else if (!isOwn(value) || !seen.insert(value).second || !value.hasOneUse())
      operand.set(copyOf(builder, value, false));
  }
}

class OutlineKernels : public PassWrapper<OutlineKernels, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(OutlineKernels)

  OutlineKernels() = default;
  OutlineKernels(const OutlineKernels &other) : PassWrapper(other), target(other.target) {}
  explicit OutlineKernels(const codegen::Target &target) : target(target) {}

  StringRef getArgument() const override { return "outline-kernels"; }
  StringRef getDescription() const override { return "make every computation a Halide kernel and its application"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<halide::HalideDialect, arith::ArithDialect, math::MathDialect>();
  }

  LogicalResult initialize(MLIRContext *context) override {
    if (target)
      return success();
    std::string error;
    llvm::FailureOr<codegen::Target> parsed = codegen::parseTarget(targetName, &error);
    if (llvm::failed(parsed))
      return emitError(UnknownLoc::get(context), error);
    target = *parsed;
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    module->setAttr("weft.row_tile", IntegerAttr::get(IntegerType::get(&getContext(), 64), rowTile));
    KernelBuilder kernels(module, *target);
    SmallVector<FunctionOpInterface> functions;
    for (Operation &op : *module.getBody())
      if (isa<seq::ModelOp, seq::StepOp, seq::OptimizerOp, seq::RegularizerOp>(op))
        functions.push_back(cast<FunctionOpInterface>(op));
    for (FunctionOpInterface function : functions)
      if (failed(Outliner(kernels, function).run()))
        return signalPassFailure();
    // Parts and constants that only kernels looked at.
    SmallVector<Operation *> views;
    module.walk([&](Operation *op) {
      if (isa<seq::ReadOp, seq::ConstantOp, seq::SplitOp>(op))
        views.push_back(op);
    });
    for (Operation *op : llvm::reverse(views))
      if (op->use_empty())
        op->erase();
  }

private:
  std::optional<codegen::Target> target;
  Option<std::string> targetName{*this, "target", llvm::cl::desc("what the schedules are for"),
                                 llvm::cl::init("host")};
};

} // namespace

std::unique_ptr<Pass> weft::kernels::createOutlineKernelsPass(const codegen::Target &target) {
  return std::make_unique<OutlineKernels>(target);
}

void weft::kernels::buildKernelsPipeline(OpPassManager &manager, const codegen::Target &target) {
  manager.addPass(createSeqLookUpInScan());
  manager.addPass(createSeqSumInScan());
  manager.addPass(createOutlineKernelsPass(target));
}

void weft::kernels::registerKernelPasses() { PassRegistration<OutlineKernels>(); }

//===- Cost.cpp - What a kernel has to do, counted from its algorithm -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From the output backwards: each definition is needed over a box of
// coordinates, and what it reads of other funcs says which box of those is
// needed. Index arithmetic is followed with intervals.
//
//===----------------------------------------------------------------------===//

#include "compiler/bench/Cost.h"

#include "compiler/codegen/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weft::bench {

SmallVector<int64_t> Sizes::extentsOf(MemRefType type) const {
  SmallVector<int64_t> extents(type.getShape());
  // A call for some of the steps has a block of them.
  if (halide::hasOpenSteps(type))
    extents[0] = codegen::stepsOfBlock;
  for (int64_t &extent : extents)
    if (ShapedType::isDynamic(extent))
      extent = type.getRank() == 1 ? parameters : rows;
  return extents;
}

namespace {

/// Values from `low` to `high`; nothing where `high` is below `low`.
struct Interval {
  int64_t low = 0, high = -1;

  int64_t extent() const { return std::max<int64_t>(0, high - low + 1); }
  bool isEmpty() const { return high < low; }
  void include(const Interval &other) {
    if (other.isEmpty())
      return;
    *this = isEmpty() ? other : Interval{std::min(low, other.low), std::max(high, other.high)};
  }
};
using Box = SmallVector<Interval>;

class Counter {
public:
  Counter(halide::KernelOp kernel, const Sizes &sizes) : kernel(kernel), sizes(sizes) {}

  KernelCost count() {
    for (Operation &op : kernel.getBody().front())
      if (auto input = dyn_cast<halide::InputOp>(op))
        buffers[input.getSymName()] = cast<MemRefType>(input.getType());
    for (Operation &op : llvm::reverse(kernel.getBody().front())) {
      TypeSwitch<Operation *>(&op)
          .Case([&](halide::OutputOp output) { need(output); })
          .Case([&](halide::UpdateOp update) { define(update); })
          .Case([&](halide::FuncOp func) { define(func); });
    }
    collectArguments();
    return std::move(cost);
  }

private:
  void need(halide::OutputOp output) {
    auto type = cast<MemRefType>(cast<TypeAttr>(output.getTypes()[0]).getValue());
    Box &box = boxes[output.getFunc()];
    // Coordinates count the fastest dimension first.
    for (int64_t extent : llvm::reverse(sizes.extentsOf(type)))
      box.push_back({0, extent - 1});
  }

  void define(halide::FuncOp func) {
    values.clear();
    for (auto [argument, interval] : llvm::zip(func.getBody().getArguments(), boxes[func.getSymName()]))
      values[argument] = interval;
    body(func.getBody(), func.getSymName());
  }

  void define(halide::UpdateOp update) {
    values.clear();
    Box box = boxes[update.getFunc()];
    auto arguments = update.getBody().getArguments();
    auto yield = cast<halide::YieldOp>(update.getBody().front().getTerminator());
    for (auto [index, interval] : llvm::enumerate(box)) {
      // A variable that is not among the coordinates written to is no loop.
      bool isLoop = yield.getCoordinates().empty() || yield.getCoordinates()[index] == arguments[index];
      values[arguments[index]] = isLoop ? interval : Interval{interval.low, interval.low};
    }
    for (auto [index, range] : llvm::enumerate(update.getRanges().getAsRange<halide::RangeAttr>())) {
      int64_t extent = range.getExtent();
      if (range.getBuffer()) {
        SmallVector<int64_t> extents = sizes.extentsOf(buffers.lookup(range.getBuffer().getValue()));
        extent = extents[extents.size() - 1 - size_t(range.getDimension())];
      }
      values[arguments[box.size() + index]] = {range.getMin(), range.getMin() + extent - 1};
    }
    body(update.getBody(), update.getFunc());
  }

  void body(Region &region, StringRef own) {
    int64_t points = 1;
    for (BlockArgument argument : region.getArguments())
      points *= values[argument].extent();
    int64_t operations = 0;
    for (Operation &op : region.front()) {
      if (auto at = dyn_cast<halide::AtOp>(op)) {
        if (at.getSource() != own)
          read(at, points);
        continue;
      }
      bool isFloat = op.getNumResults() == 1 && isa<FloatType>(op.getResult(0).getType());
      bool counts = isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::MaximumFOp, arith::MinimumFOp,
                        arith::MaxNumFOp, arith::MinNumFOp>(op) ||
                    (isFloat && isa_and_nonnull<math::MathDialect>(op.getDialect()));
      operations += counts;
    }
    cost.operations += double(points) * double(operations);
  }

  void read(halide::AtOp at, int64_t points) {
    if (buffers.contains(at.getSource())) {
      reads[at.getSource()] += points;
      return;
    }
    Box &box = boxes[at.getSource()];
    box.resize(at.getCoordinates().size());
    for (auto [interval, coordinate] : llvm::zip(box, at.getCoordinates()))
      interval.include(intervalOf(coordinate));
  }

  Interval intervalOf(Value value) {
    auto found = values.find(value);
    if (found != values.end())
      return found->second;
    Operation *op = value.getDefiningOp();
    Interval result;
    IntegerAttr constant;
    if (op && matchPattern(value, m_Constant(&constant)))
      result = {constant.getInt(), constant.getInt()};
    else if (op && op->getNumOperands() == 2)
      result = binary(op, intervalOf(op->getOperand(0)), intervalOf(op->getOperand(1)));
    else if (op && op->getNumOperands() == 1)
      result = intervalOf(op->getOperand(0));
    return values[value] = result;
  }

  static Interval binary(Operation *op, Interval a, Interval b) {
    if (a.isEmpty() || b.isEmpty())
      return {};
    return TypeSwitch<Operation *, Interval>(op)
        .Case([&](arith::AddIOp) { return Interval{a.low + b.low, a.high + b.high}; })
        .Case([&](arith::SubIOp) { return Interval{a.low - b.high, a.high - b.low}; })
        .Case([&](arith::MulIOp) {
          int64_t products[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
          return Interval{*std::min_element(products, products + 4), *std::max_element(products, products + 4)};
        })
        .Case<arith::DivUIOp, arith::DivSIOp>([&](auto) {
          return b.low > 0 ? Interval{a.low / b.high, a.high / b.low} : Interval{};
        })
        .Case<arith::RemUIOp, arith::RemSIOp>([&](auto) {
          return Interval{0, std::min(a.high, b.high - 1)};
        })
        .Case<arith::MinSIOp, arith::MinUIOp>([&](auto) {
          return Interval{std::min(a.low, b.low), std::min(a.high, b.high)};
        })
        .Case<arith::MaxSIOp, arith::MaxUIOp>([&](auto) {
          return Interval{std::max(a.low, b.low), std::max(a.high, b.high)};
        })
        .Default([](Operation *) { return Interval{}; });
  }

  void collectArguments() {
    auto bytesOf = [&](MemRefType type) {
      int64_t elements = 1;
      for (int64_t extent : sizes.extentsOf(type))
        elements *= extent;
      return elements * int64_t(type.getElementTypeBitWidth()) / 8;
    };
    for (Operation &op : kernel.getBody().front()) {
      if (auto input = dyn_cast<halide::InputOp>(op)) {
        auto type = cast<MemRefType>(input.getType());
        // A table of which a few rows are looked up moves no more than those.
        int64_t most = reads.lookup(input.getSymName()) * int64_t(type.getElementTypeBitWidth()) / 8;
        cost.arguments.push_back({type, false, std::min(bytesOf(type), most)});
      } else if (auto scalar = dyn_cast<halide::ScalarOp>(op)) {
        cost.arguments.push_back({scalar.getType(), false, 0});
      } else if (auto output = dyn_cast<halide::OutputOp>(op)) {
        for (Type type : output.getTypes().getAsValueRange<TypeAttr>())
          cost.arguments.push_back({type, true, bytesOf(cast<MemRefType>(type))});
      }
    }
  }

  halide::KernelOp kernel;
  const Sizes &sizes;
  KernelCost cost;
  llvm::StringMap<MemRefType> buffers;
  llvm::StringMap<Box> boxes;     ///< what is needed of each func
  llvm::StringMap<int64_t> reads; ///< elements read of each buffer, repetitions counted
  DenseMap<Value, Interval> values;
};

} // namespace

KernelCost costOf(halide::KernelOp kernel, const Sizes &sizes) { return Counter(kernel, sizes).count(); }

std::vector<CallSite> callSites(Operation *function) {
  std::vector<CallSite> sites;
  DenseSet<Operation *> prepared;
  function->walk<WalkOrder::PreOrder>([&](halide::ApplyOp apply) {
    CallSite site{apply};
    if (auto scan = dyn_cast<seq::ScanOp>(apply->getParentOp()))
      site.steps = int64_t(scan.getSteps());
    if (apply.getActive()) {
      int64_t steps = cast<RankedTensorType>(apply.getOutputs()[0].getType()).getDimSize(1);
      site.steps = (steps + codegen::stepsOfBlock - 1) / codegen::stepsOfBlock;
    }
    site.prepared = !apply.getRows() && llvm::all_of(apply.getInputs(), [&](Value input) {
      Operation *definition = input.getDefiningOp();
      return definition && (isa<seq::ReadOp>(definition) || prepared.contains(definition));
    }) && llvm::all_of(apply.getOutputs().getTypes(), [](Type type) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      return tensor && tensor.hasStaticShape();
    });
    if (site.prepared)
      prepared.insert(apply);
    sites.push_back(site);
  });
  return sites;
}

int64_t entriesOfTable(const CallSite &site, unsigned argument) {
  halide::ApplyOp apply = site.apply;
  SymbolTableCollection symbols;
  FailureOr<halide::KernelSignature> signature = halide::kernelSignature(apply, apply.getKernelAttr(), symbols);
  if (failed(signature))
    return 0;
  SmallVector<MemRefType> declared(signature->inputs);
  llvm::append_range(declared, signature->outputs);
  unsigned inputs = apply.getInputs().size();
  Value value = argument < inputs ? apply.getInputs()[argument] : apply.getOutputs()[argument - inputs];
  auto type = dyn_cast<RankedTensorType>(value.getType());
  bool isTable = type && type.getRank() == 2 && declared[argument] && declared[argument].isDynamicDim(0) && !type.isDynamicDim(0);
  return isTable ? type.getDimSize(0) : 0;
}

bool isStepOfSequence(const CallSite &site, unsigned argument) {
  auto apply = site.apply;
  auto scan = dyn_cast<seq::ScanOp>(apply->getParentOp());
  if (!scan)
    return false;
  auto next = scan.getNext();
  unsigned inputs = apply.getInputs().size();
  if (argument < inputs) {
    // What this or the last step has made is still at hand, and so is what an
    // earlier kernel of the step has read.
    Value value = apply.getInputs()[argument];
    return llvm::is_contained(scan.getStepArguments(), value) && llvm::all_of(value.getUsers(), [&](Operation *user) {
      return !apply->getBlock()->findAncestorOpInBlock(*user)->isBeforeInBlock(apply);
    });
  }
  Value value = apply.getOutputs()[argument - inputs];
  auto isKept = [&](Value of) { return llvm::is_contained(next.getKept(), of); };
  if (isKept(value))
    return true;
  // A state that is kept, before or after the step, lives in the stack of all of them.
  for (auto [before, after] : llvm::zip(scan.getStateArguments(), next.getStates()))
    if (value == after && isKept(before))
      return true;
  return false;
}

} // namespace weft::bench

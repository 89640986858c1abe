//===- PlanUpdate.cpp - Equations over a range of the flat vectors -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An optimizer or a regularizer: numbers and vectors to vectors. The range is
// worked off block by block. A kernel may not write over what it reads, so what
// is new goes to a block of scratch, which is copied back while it is in the
// first-level cache; so do values between two kernels.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Program.h"
#include "compiler/codegen/SlicePlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weft;
using namespace weft::codegen;

/// Elements of a block: Adam's four vectors and three of scratch, 4 KB each,
/// fit a first-level cache of 32 KB.
static constexpr int64_t blockElements = 1024;

namespace {

/// A member of WeftUpdateCall.
struct Slot {
  StringRef field;
  StringAttr name;
};

class UpdatePlanner {
public:
  /// `function` takes first numbers, then vectors: `arguments`. Its results are all
  /// vectors and go to the places `results` of these, or behind them.
  UpdatePlanner(FunctionOpInterface function, const WeightTable &weights, SmallVector<Slot> arguments,
                SmallVector<unsigned> results)
      : source(function), weights(weights), slots(std::move(arguments)), results(std::move(results)),
        builder(function.getOperation()) {}

  LogicalResult run(StringRef name);

private:
  LogicalResult verify();
  func::FuncOp declare(StringRef name);
  LogicalResult emit(func::FuncOp function);
  LogicalResult emitApply(halide::ApplyOp apply, Value count);
  Value scratch(Type type);
  Value window(Value vector, OpFoldResult offset, Value count);

  FunctionOpInterface source;
  const WeightTable &weights;
  SmallVector<Slot> slots; // of the function to make, behind the range
  SmallVector<unsigned> results;
  OpBuilder builder;
  Block *entry = nullptr;
  IRMapping buffers;
};

} // namespace

/// How many arguments of the function to make stand in front: begin and end of the range.
static constexpr unsigned rangeArguments = 2;

static bool isVector(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0);
}

LogicalResult UpdatePlanner::verify() {
  for (Operation &op : source.getFunctionBody().front().without_terminator())
    if (!isa<halide::ApplyOp>(op))
      return op.emitOpError("must be part of a kernel before buffers are planned");
  return success();
}

func::FuncOp UpdatePlanner::declare(StringRef name) {
  Type f32 = builder.getF32Type(), index = builder.getIndexType();
  Type number = MemRefType::get({}, f32), vector = MemRefType::get({weights.size()}, f32);
  SmallVector<Argument> list = {{index, "begin", {}, {}}, {index, "end", {}, {}}};
  for (auto [place, slot] : llvm::enumerate(slots)) {
    bool isNumber = place < source.getNumArguments() && !isVector(source.getArgumentTypes()[place]);
    list.push_back({isNumber ? number : vector, slot.field, slot.name, {}});
  }
  return createFunction(builder, source.getLoc(), name, list);
}

/// A buffer on the stack, made once for all blocks.
Value UpdatePlanner::scratch(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  SmallVector<int64_t> shape(tensor.getShape());
  if (isVector(type))
    shape = {blockElements};
  return memref::AllocaOp::create(builder, source.getLoc(), MemRefType::get(shape, tensor.getElementType()),
                                  builder.getI64IntegerAttr(64));
}

Value UpdatePlanner::window(Value vector, OpFoldResult offset, Value count) {
  auto known = getConstantIntValue(offset);
  auto element = cast<MemRefType>(vector.getType()).getElementType();
  auto type = known && *known == 0
                  ? MemRefType::get({ShapedType::kDynamic}, element)
                  : MemRefType::get({ShapedType::kDynamic}, element,
                                    StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, {1}));
  return memref::ReinterpretCastOp::create(builder, source.getLoc(), type, vector, offset,
                                           {OpFoldResult(count)}, {builder.getIndexAttr(1)});
}

LogicalResult UpdatePlanner::emitApply(halide::ApplyOp apply, Value count) {
  SymbolTableCollection symbols;
  FailureOr<halide::KernelSignature> signature = kernelSignature(apply, apply.getKernelAttr(), symbols);
  if (failed(signature))
    return failure();
  SmallVector<Value> operands;
  for (auto [input, declared] : llvm::zip(apply.getInputs(), signature->inputs)) {
    Value buffer = buffers.lookup(input);
    if (!declared)
      buffer = memref::LoadOp::create(builder, apply.getLoc(), buffer, ValueRange{});
    operands.push_back(buffer);
  }
  for (Value output : apply.getOutputs()) {
    Value buffer = scratch(output.getType());
    if (isVector(output.getType()))
      buffer = window(buffer, builder.getIndexAttr(0), count);
    buffers.map(output, buffer);
    operands.push_back(buffer);
  }
  halide::CallOp::create(builder, apply.getLoc(), apply.getKernelAttr(), operands);
  return success();
}

LogicalResult UpdatePlanner::emit(func::FuncOp function) {
  Location loc = source.getLoc();
  entry = &function.front();
  Block &body = source.getFunctionBody().front();
  builder.setInsertionPointToStart(entry);
  builder.setInsertionPoint(func::ReturnOp::create(builder, loc));
  for (BlockArgument argument : body.getArguments())
    if (!isVector(argument.getType()))
      buffers.map(argument, function.getArgument(argument.getArgNumber() + rangeArguments));

  // Numbers first: step sizes and the like do not depend on the block.
  auto isNumber = [](halide::ApplyOp apply) { return llvm::none_of(apply.getOutputs().getTypes(), isVector); };
  for (halide::ApplyOp apply : body.getOps<halide::ApplyOp>()) {
    if (!isNumber(apply))
      continue;
    if (llvm::any_of(apply.getInputs().getTypes(), isVector))
      return apply.emitOpError("makes one number of all elements of a weight; an update is element by element");
    if (failed(emitApply(apply, {})))
      return failure();
  }
  Value begin = function.getArgument(0), end = function.getArgument(1);
  Value block = arith::ConstantIndexOp::create(builder, loc, blockElements);
  auto loop = scf::ForOp::create(builder, loc, begin, end, block);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  Value at = loop.getInductionVar();
  Value left = arith::SubIOp::create(builder, loc, end, at);
  Value count = arith::MinUIOp::create(builder, loc, left, block);
  SmallVector<Value> windows; // by place; none for a number
  for (unsigned place = 0; place < slots.size(); ++place) {
    Value argument = function.getArgument(place + rangeArguments);
    bool isNumber = cast<MemRefType>(argument.getType()).getRank() == 0;
    windows.push_back(isNumber ? Value() : window(argument, OpFoldResult(at), count));
    if (!isNumber && place < body.getNumArguments())
      buffers.map(body.getArgument(place), windows.back());
  }
  for (halide::ApplyOp apply : body.getOps<halide::ApplyOp>())
    if (!isNumber(apply) && failed(emitApply(apply, count)))
      return failure();

  SmallVector<std::pair<Value, Value>> copies;
  for (auto [result, place] : llvm::zip_equal(body.getTerminator()->getOperands(), results)) {
    if (place < body.getNumArguments() && result == body.getArgument(place))
      continue;
    if (!isVector(result.getType()))
      return source.emitOpError("returns a ") << result.getType() << " where a vector is due";
    // An argument that becomes another one is saved before anything is written.
    Value buffer = buffers.lookup(result);
    if (isa<BlockArgument>(result)) {
      Value saved = window(scratch(result.getType()), builder.getIndexAttr(0), count);
      memref::CopyOp::create(builder, loc, buffer, saved);
      buffer = saved;
    }
    copies.push_back({buffer, windows[place]});
  }
  for (auto [buffer, target] : copies)
    memref::CopyOp::create(builder, loc, buffer, target);
  return success();
}

LogicalResult UpdatePlanner::run(StringRef name) {
  if (failed(verify()) || failed(emit(declare(name))))
    return failure();
  source.erase();
  return success();
}

LogicalResult weft::codegen::planUpdate(seq::OptimizerOp optimizer, const WeightTable &weights) {
  SmallVector<Slot> slots = {{"step", {}}, {"learning_rate", {}}, {"parameters", {}}, {"gradients", {}}};
  SmallVector<unsigned> results = {2}; // the weight, then the states
  for (unsigned place = slots.size(); place < optimizer.getArgumentTypes().size(); ++place) {
    results.push_back(place);
    slots.push_back({"states", optimizer.getArgAttrOfType<StringAttr>(place, "seq.name")});
  }
  return UpdatePlanner(optimizer, weights, std::move(slots), std::move(results)).run("update");
}

LogicalResult weft::codegen::planPenalty(seq::RegularizerOp regularizer, const WeightTable &weights) {
  if (regularizer.getArgumentTypes().size() != 2)
    return regularizer.emitOpError("has no gradient yet");
  SmallVector<Slot> slots = {{"parameters", {}}, {"gradients", {}}, {"penalties", {}}};
  std::string name = penaltyName(regularizer.getSymName());
  return UpdatePlanner(regularizer, weights, std::move(slots), /*results=*/{2, 1}).run(name);
}

//===- PlanUpdate.cpp - An optimizer over a range of the flat vectors -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The range is worked off block by block. A kernel may not write over what it
// reads, so new weights and states go to a block of scratch, which is copied
// back while it is in the first-level cache; so do values between two kernels.
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

class UpdatePlanner {
public:
  UpdatePlanner(seq::OptimizerOp optimizer, const WeightTable &weights)
      : optimizer(optimizer), weights(weights), builder(optimizer) {}

  LogicalResult run();

private:
  /// The first two arguments are numbers, then come the vectors: weight, gradient, states.
  static constexpr unsigned firstVector = 2, firstState = 4;

  LogicalResult verify();
  func::FuncOp declare();
  LogicalResult emit(func::FuncOp function);
  LogicalResult emitApply(halide::ApplyOp apply, Value count);
  Value scratch(Type type);
  Value window(Value vector, OpFoldResult offset, Value count);

  seq::OptimizerOp optimizer;
  const WeightTable &weights;
  OpBuilder builder;
  Block *entry = nullptr;
  IRMapping buffers;
};

} // namespace

static bool isVector(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0);
}

LogicalResult UpdatePlanner::verify() {
  ArrayRef<Type> arguments = optimizer.getArgumentTypes();
  if (arguments.size() < firstState || optimizer.getResultTypes().size() != arguments.size() - 3)
    return optimizer.emitOpError("must take step, learning rate, weight, gradient and states, and return the "
                                 "weight and the states");
  for (auto [index, type] : llvm::enumerate(arguments))
    if (isVector(type) != (index >= firstVector))
      return optimizer.emitOpError("argument ") << index << " cannot be a " << type;
  for (Operation &op : optimizer.getBody().front().without_terminator())
    if (!isa<halide::ApplyOp>(op))
      return op.emitOpError("must be part of a kernel before buffers are planned");
  return success();
}

func::FuncOp UpdatePlanner::declare() {
  Type f32 = builder.getF32Type(), index = builder.getIndexType();
  Type number = MemRefType::get({}, f32), vector = MemRefType::get({weights.size()}, f32);
  SmallVector<Argument> list = {{index, "begin", {}, {}},       {index, "end", {}, {}},
                                {number, "step", {}, {}},       {number, "learning_rate", {}, {}},
                                {vector, "parameters", {}, {}}, {vector, "gradients", {}, {}}};
  unsigned states = optimizer.getArgumentTypes().size() - firstState;
  for (unsigned state = 0; state < states; ++state)
    list.push_back({vector, "states", optimizer.getArgAttrOfType<StringAttr>(firstState + state, "seq.name"), {}});
  return createFunction(builder, optimizer.getLoc(), "update", list);
}

/// A buffer on the stack, made once for all blocks.
Value UpdatePlanner::scratch(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  SmallVector<int64_t> shape(tensor.getShape());
  if (isVector(type))
    shape = {blockElements};
  return memref::AllocaOp::create(builder, optimizer.getLoc(), MemRefType::get(shape, tensor.getElementType()),
                                  builder.getI64IntegerAttr(64));
}

Value UpdatePlanner::window(Value vector, OpFoldResult offset, Value count) {
  auto known = getConstantIntValue(offset);
  auto element = cast<MemRefType>(vector.getType()).getElementType();
  auto type = known && *known == 0
                  ? MemRefType::get({ShapedType::kDynamic}, element)
                  : MemRefType::get({ShapedType::kDynamic}, element,
                                    StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, {1}));
  return memref::ReinterpretCastOp::create(builder, optimizer.getLoc(), type, vector, offset,
                                           {OpFoldResult(count)}, {builder.getIndexAttr(1)});
}

LogicalResult UpdatePlanner::emitApply(halide::ApplyOp apply, Value count) {
  SymbolTableCollection symbols;
  FailureOr<KernelSignature> signature = kernelSignature(apply, apply.getKernelAttr(), symbols);
  if (failed(signature))
    return failure();
  if (signature->inputs.size() != apply.getInputs().size() ||
      signature->outputs.size() != apply.getOutputs().size())
    return apply.emitOpError("does not match the inputs and outputs of ") << apply.getKernelAttr();
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
  Location loc = optimizer.getLoc();
  entry = &function.front();
  Block &body = optimizer.getBody().front();
  builder.setInsertionPointToStart(entry);
  builder.setInsertionPoint(func::ReturnOp::create(builder, loc));
  buffers.map(body.getArgument(0), function.getArgument(2));
  buffers.map(body.getArgument(1), function.getArgument(3));

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
  for (unsigned index = firstVector; index < body.getNumArguments(); ++index)
    buffers.map(body.getArgument(index), window(function.getArgument(index + 2), OpFoldResult(at), count));
  for (halide::ApplyOp apply : body.getOps<halide::ApplyOp>())
    if (!isNumber(apply) && failed(emitApply(apply, count)))
      return failure();

  // The results: the weight, then the states.
  SmallVector<std::pair<Value, Value>> copies;
  for (auto [index, result] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Value target = body.getArgument(index == 0 ? firstVector : firstState + index - 1);
    if (result == target)
      continue;
    if (!isVector(result.getType()))
      return optimizer.emitOpError("returns a ") << result.getType() << " where a vector is due";
    // An argument that becomes another one is saved before anything is written.
    Value source = buffers.lookup(result);
    if (isa<BlockArgument>(result)) {
      Value saved = window(scratch(result.getType()), builder.getIndexAttr(0), count);
      memref::CopyOp::create(builder, loc, source, saved);
      source = saved;
    }
    copies.push_back({source, buffers.lookup(target)});
  }
  for (auto [source, target] : copies)
    memref::CopyOp::create(builder, loc, source, target);
  return success();
}

LogicalResult UpdatePlanner::run() {
  if (failed(verify()) || failed(emit(declare())))
    return failure();
  optimizer.erase();
  return success();
}

LogicalResult weft::codegen::planUpdate(seq::OptimizerOp optimizer, const WeightTable &weights) {
  return UpdatePlanner(optimizer, weights).run();
}

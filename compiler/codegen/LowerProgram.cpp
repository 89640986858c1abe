//===- LowerProgram.cpp - Calls of kernels as calls in C --------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass `lower-program`: what upstream conversions know nothing of. Calls of
// kernels go through halide_buffer_t on the stack, copies become memcpy, and
// every function gets an entry that takes the runtime's structures (Entries.cpp).
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Entries.h"
#include "compiler/codegen/HalideBuffer.h"
#include "compiler/codegen/SlicePlan.h"
#include "dialects/halide/Halide.h"
#include "dialects/seq/Seq.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace weft;
using namespace weft::codegen;

LLVM::LLVMStructType weft::codegen::halideDimensionType(MLIRContext *context) {
  Type i32 = IntegerType::get(context, 32);
  return LLVM::LLVMStructType::getLiteral(context, {i32, i32, i32, i32});
}

LLVM::LLVMStructType weft::codegen::halideBufferType(MLIRContext *context) {
  Type i8 = IntegerType::get(context, 8), i16 = IntegerType::get(context, 16);
  Type i32 = IntegerType::get(context, 32), i64 = IntegerType::get(context, 64);
  Type pointer = LLVM::LLVMPointerType::get(context);
  Type type = LLVM::LLVMStructType::getLiteral(context, {i8, i8, i16});
  return LLVM::LLVMStructType::getLiteral(context, {i64, pointer, pointer, i64, type, i32, pointer, pointer});
}

namespace {

/// Rewrites the calls of one function. Each memref that kernels are given has one
/// halide_buffer_t, made in the function's entry block with what never changes,
/// and completed where the memref is defined: outside of the loop, if it is.
class CallLowering {
public:
  CallLowering(func::FuncOp function, const LLVMTypeConverter &converter)
      : function(function), converter(converter), builder(function.getContext()),
        pointer(LLVM::LLVMPointerType::get(function.getContext())) {}

  void run();

private:
  void lowerCall(halide::CallOp call);
  void lowerCopy(memref::CopyOp copy);
  Value bufferOf(Value memref);
  void beginAt(Value memref, Value step);
  Value structOf(Value memref, Location loc);
  LLVM::LLVMFuncOp kernelFunction(halide::CallOp call, TypeRange arguments);

  Value number(Type type, int64_t value) {
    return LLVM::ConstantOp::create(builder, function.getLoc(), type, builder.getIntegerAttr(type, value));
  }
  Value member(Type aggregate, Value base, ArrayRef<LLVM::GEPArg> indices) {
    return LLVM::GEPOp::create(builder, function.getLoc(), pointer, aggregate, base, indices);
  }
  void store(Value value, Value address) { LLVM::StoreOp::create(builder, function.getLoc(), value, address); }

  func::FuncOp function;
  const LLVMTypeConverter &converter;
  OpBuilder builder;
  Type pointer;
  struct Buffer {
    Value header, dimensions;
  };
  DenseMap<Value, Buffer> buffers;
};

/// The memref as the structure that upstream conversions make of it.
Value CallLowering::structOf(Value memref, Location loc) {
  return UnrealizedConversionCastOp::create(builder, loc, converter.convertType(memref.getType()), memref)
      .getResult(0);
}

Value CallLowering::bufferOf(Value memref) {
  if (Value known = buffers.lookup(memref).header)
    return known;
  MLIRContext *context = function.getContext();
  Location loc = function.getLoc();
  auto type = cast<MemRefType>(memref.getType());
  int64_t rank = type.getRank();
  SmallVector<int64_t> strides;
  int64_t offset;
  LogicalResult strided = type.getStridesAndOffset(strides, offset);
  assert(succeeded(strided) && "a kernel's buffers are strided");
  (void)strided;
  Type i8 = builder.getI8Type(), i16 = builder.getI16Type(), i32 = builder.getI32Type(),
       i64 = builder.getI64Type();
  Type bufferType = halideBufferType(context), dimensionType = halideDimensionType(context);
  Type dimensionsType = LLVM::LLVMArrayType::get(dimensionType, rank);

  // What never changes, once.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.front());
  Value one = number(i64, 1), null = LLVM::ZeroOp::create(builder, loc, pointer);
  Value buffer = LLVM::AllocaOp::create(builder, loc, pointer, bufferType, one, 8);
  Value dimensions = rank ? LLVM::AllocaOp::create(builder, loc, pointer, dimensionsType, one, 8).getResult() : null;
  bool isFloat = isa<FloatType>(type.getElementType());
  store(number(i64, 0), member(bufferType, buffer, {0, BufferDevice}));
  store(null, member(bufferType, buffer, {0, BufferDeviceInterface}));
  store(number(i64, 0), member(bufferType, buffer, {0, BufferFlags}));
  store(number(i8, isFloat ? halideTypeFloat : halideTypeInt), member(bufferType, buffer, {0, BufferType, 0}));
  store(number(i8, type.getElementTypeBitWidth()), member(bufferType, buffer, {0, BufferType, 1}));
  store(number(i16, 1), member(bufferType, buffer, {0, BufferType, 2}));
  store(number(i32, rank), member(bufferType, buffer, {0, BufferDimensions}));
  store(dimensions, member(bufferType, buffer, {0, BufferDim}));
  store(null, member(bufferType, buffer, {0, BufferPadding}));
  auto field = [&](int64_t dimension, int32_t which) {
    // Halide counts dimensions from the fastest.
    return member(dimensionsType, dimensions, {0, int32_t(rank - 1 - dimension), which});
  };
  for (int64_t dimension = 0; dimension < rank; ++dimension) {
    store(number(i32, 0), field(dimension, DimensionMin));
    store(number(i32, 0), field(dimension, DimensionFlags));
    if (!type.isDynamicDim(dimension))
      store(number(i32, type.getDimSize(dimension)), field(dimension, DimensionExtent));
    if (!ShapedType::isDynamic(strides[dimension]))
      store(number(i32, strides[dimension]), field(dimension, DimensionStride));
  }

  // What the memref says, where it says it; arguments: behind the above.
  if (Operation *definition = memref.getDefiningOp())
    builder.setInsertionPointAfter(definition);
  MemRefDescriptor descriptor(structOf(memref, loc));
  store(descriptor.bufferPtr(builder, loc, converter, type), member(bufferType, buffer, {0, BufferHost}));
  for (int64_t dimension = 0; dimension < rank; ++dimension) {
    auto narrow = [&](Value value) -> Value { return LLVM::TruncOp::create(builder, loc, i32, value); };
    if (type.isDynamicDim(dimension))
      store(narrow(descriptor.size(builder, loc, dimension)), field(dimension, DimensionExtent));
    if (ShapedType::isDynamic(strides[dimension]))
      store(narrow(descriptor.stride(builder, loc, dimension)), field(dimension, DimensionStride));
  }
  buffers[memref] = {buffer, dimensions};
  return buffer;
}

/// The first step that the buffer has is that one of the whole.
void CallLowering::beginAt(Value memref, Value step) {
  int64_t rank = cast<MemRefType>(memref.getType()).getRank();
  Type dimensionsType = LLVM::LLVMArrayType::get(halideDimensionType(function.getContext()), rank);
  Value number = arith::IndexCastOp::create(builder, function.getLoc(), builder.getI32Type(), step);
  store(number, member(dimensionsType, buffers.at(memref).dimensions, {0, int32_t(rank - 1), DimensionMin}));
}

LLVM::LLVMFuncOp CallLowering::kernelFunction(halide::CallOp call, TypeRange arguments) {
  auto module = function->getParentOfType<ModuleOp>();
  std::string symbol = kernelSymbol(call.getKernel());
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(symbol))
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(builder.getI32Type(), llvm::to_vector(arguments));
  return LLVM::LLVMFuncOp::create(builder, module.getLoc(), symbol, type);
}

void CallLowering::lowerCall(halide::CallOp call) {
  SmallVector<Value> arguments;
  for (Value argument : call.getArguments())
    arguments.push_back(isa<MemRefType>(argument.getType()) ? bufferOf(argument) : argument);
  builder.setInsertionPoint(call);
  if (Value from = call.getFrom())
    for (Value argument : call.getArguments())
      if (auto type = dyn_cast<MemRefType>(argument.getType()); type && halide::hasOpenSteps(type))
        beginAt(argument, from);
  LLVM::LLVMFuncOp kernel = kernelFunction(call, ValueRange(arguments).getTypes());
  // Kernels are compiled without assertions and without a runtime: they cannot fail.
  LLVM::CallOp::create(builder, call.getLoc(), kernel, arguments);
  call.erase();
}

/// The planner copies whole blocks only.
void CallLowering::lowerCopy(memref::CopyOp copy) {
  auto type = cast<MemRefType>(copy.getSource().getType());
  Location loc = copy.getLoc();
  builder.setInsertionPoint(copy);
  MemRefDescriptor source(structOf(copy.getSource(), loc)), target(structOf(copy.getTarget(), loc));
  Value count = source.size(builder, loc, 0);
  Value bytes = LLVM::MulOp::create(builder, loc, count,
                                    number(builder.getI64Type(), type.getElementTypeBitWidth() / 8));
  Value from = source.bufferPtr(builder, loc, converter, type);
  Value to = target.bufferPtr(builder, loc, converter, cast<MemRefType>(copy.getTarget().getType()));
  LLVM::MemcpyOp::create(builder, loc, to, from, bytes, /*isVolatile=*/false);
  copy.erase();
}

void CallLowering::run() {
  auto isBlock = [](Type type) {
    auto memref = cast<MemRefType>(type);
    SmallVector<int64_t> strides;
    int64_t offset;
    return memref.getRank() == 1 && succeeded(memref.getStridesAndOffset(strides, offset)) && strides[0] == 1;
  };
  SmallVector<Operation *> found;
  function.walk([&](Operation *op) {
    if (auto copy = dyn_cast<memref::CopyOp>(op);
        copy && (!isBlock(copy.getSource().getType()) || !isBlock(copy.getTarget().getType())))
      return;
    if (isa<halide::CallOp, memref::CopyOp>(op))
      found.push_back(op);
  });
  for (Operation *op : found) {
    if (auto call = dyn_cast<halide::CallOp>(op))
      lowerCall(call);
    else
      lowerCopy(cast<memref::CopyOp>(op));
  }
}

class LowerProgramPass : public PassWrapper<LowerProgramPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerProgramPass)

  StringRef getArgument() const override { return "lower-program"; }
  StringRef getDescription() const override {
    return "calls of kernels as calls in C, and an entry for the runtime to every function";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect, arith::ArithDialect>();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    LLVMTypeConverter converter(&getContext());
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      CallLowering(function, converter).run();
    for (func::FuncOp function : functions)
      if (failed(createEntry(function, converter)))
        return signalPassFailure();
    for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
      if (isa<halide::HalideDialect, seq::SeqDialect>(op.getDialect()))
        op.erase();
  }
};

} // namespace

std::unique_ptr<Pass> weft::codegen::createLowerProgramPass() { return std::make_unique<LowerProgramPass>(); }

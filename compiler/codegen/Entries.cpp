//===- Entries.cpp - What the runtime calls ---------------------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Entries.h"

#include "compiler/codegen/Program.h"
#include "runtime/abi/Abi.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <cstddef>

using namespace mlir;
using namespace weft;
using namespace weft::codegen;

namespace {

/// A member of WeftCall or WeftUpdateCall.
struct Member {
  enum Kind { Number, Pointer, PointerArray };
  StringRef name;
  Kind kind;
  size_t offset;
};

#define MEMBER(Struct, kind, name)                                                                           \
  Member { #name, Member::kind, offsetof(Struct, name) }
const Member callMembers[] = {
    MEMBER(WeftCall, Pointer, parameters),  MEMBER(WeftCall, Pointer, shared),
    MEMBER(WeftCall, Pointer, arena),       MEMBER(WeftCall, PointerArray, inputs),
    MEMBER(WeftCall, PointerArray, labels), MEMBER(WeftCall, PointerArray, outputs),
    MEMBER(WeftCall, Pointer, loss),        MEMBER(WeftCall, Pointer, gradients),
    MEMBER(WeftCall, Pointer, scales),      MEMBER(WeftCall, Pointer, row_ids),
    MEMBER(WeftCall, Pointer, starts),      MEMBER(WeftCall, Number, rows),
    MEMBER(WeftCall, Number, seed),         MEMBER(WeftCall, Number, step)};
const Member updateMembers[] = {
    MEMBER(WeftUpdateCall, Pointer, parameters), MEMBER(WeftUpdateCall, Pointer, gradients),
    MEMBER(WeftUpdateCall, PointerArray, states), MEMBER(WeftUpdateCall, Pointer, penalties),
    MEMBER(WeftUpdateCall, Number, begin),
    MEMBER(WeftUpdateCall, Number, end),          MEMBER(WeftUpdateCall, Number, step),
    MEMBER(WeftUpdateCall, Number, learning_rate)};
#undef MEMBER

/// Flush-to-zero and denormals-are-zero of MXCSR.
constexpr int64_t flushDenormals = 0x8040;

class EntryBuilder {
public:
  EntryBuilder(func::FuncOp function, const LLVMTypeConverter &converter)
      : function(function), converter(converter), builder(function), loc(function.getLoc()),
        pointer(LLVM::LLVMPointerType::get(function.getContext())), i32(builder.getI32Type()),
        i64(builder.getI64Type()) {}

  LogicalResult run();

private:
  Value at(Value base, int64_t bytes) {
    return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
  }
  Value load(Type type, Value address) { return LLVM::LoadOp::create(builder, loc, type, address); }
  Value cast(Type type, Value value) {
    return UnrealizedConversionCastOp::create(builder, loc, type, value).getResult(0);
  }
  FailureOr<Value> argument(unsigned index, unsigned number, const Member &member, Value call, Value rows);
  void flush();
  void restore();

  func::FuncOp function;
  const LLVMTypeConverter &converter;
  OpBuilder builder;
  Location loc;
  Type pointer, i32, i64;
  Value saved;
};

/// Kernels work on adjoints that decay into denormals, on which arithmetic is many times slower.
void EntryBuilder::flush() {
  Value one = LLVM::ConstantOp::create(builder, loc, i64, 1);
  saved = LLVM::AllocaOp::create(builder, loc, pointer, i32, one, 4);
  Value flushing = LLVM::AllocaOp::create(builder, loc, pointer, i32, one, 4);
  LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.sse.stmxcsr"), ValueRange{saved});
  Value bits = LLVM::ConstantOp::create(builder, loc, i32, flushDenormals);
  Value mode = LLVM::OrOp::create(builder, loc, load(i32, saved), bits);
  LLVM::StoreOp::create(builder, loc, mode, flushing);
  LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.sse.ldmxcsr"), ValueRange{flushing});
}

void EntryBuilder::restore() {
  LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.sse.ldmxcsr"), ValueRange{saved});
}

FailureOr<Value> EntryBuilder::argument(unsigned index, unsigned number, const Member &member, Value call,
                                        Value rows) {
  Type type = function.getArgumentTypes()[index];
  Value address = at(call, member.offset);
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref) {
    if (member.kind != Member::Number)
      return function.emitOpError("argument ") << index << " is a " << type << ", but " << member.name
                                               << " of the call is a pointer";
    Value value = load(converter.convertType(type), address);
    return cast(type, value);
  }
  Value data = address; // of a number: the member itself
  if (member.kind != Member::Number)
    data = load(pointer, address);
  if (member.kind == Member::PointerArray)
    data = load(pointer, at(data, int64_t(number) * 8));
  auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(builder, loc, data);
  descriptor.setAlignedPtr(builder, loc, data);
  descriptor.setConstantOffset(builder, loc, 0);
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(memref.getStridesAndOffset(strides, offset)) || offset != 0 ||
      llvm::is_contained(strides, ShapedType::kDynamic))
    return function.emitOpError("argument ") << index << " must be a contiguous memref, not " << type;
  for (int64_t dimension = 0; dimension < memref.getRank(); ++dimension) {
    // The arena's own extent is asked for nowhere: only views of it are used.
    if (memref.isDynamicDim(dimension))
      descriptor.setSize(builder, loc, dimension, rows);
    else
      descriptor.setConstantSize(builder, loc, dimension, memref.getDimSize(dimension));
    descriptor.setConstantStride(builder, loc, dimension, strides[dimension]);
  }
  return cast(type, descriptor);
}

LogicalResult EntryBuilder::run() {
  StringRef name = function.getSymName();
  bool isUpdate = name == "update" || name.starts_with(penaltyName(""));
  if (!isUpdate && !name.ends_with(".prepare") && !name.ends_with(".slice"))
    return success();
  ArrayRef<Member> members = isUpdate ? ArrayRef(updateMembers) : ArrayRef(callMembers);
  auto entry = LLVM::LLVMFuncOp::create(
      builder, loc, entryName(name),
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), {pointer}));
  Block *block = entry.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  Value call = block->getArgument(0);
  flush();
  Value rows = LLVM::ConstantOp::create(builder, loc, i64, 0);
  if (!isUpdate)
    rows = load(i64, at(call, offsetof(WeftCall, rows)));
  llvm::StringMap<unsigned> counts;
  SmallVector<Value> arguments;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    auto field = function.getArgAttrOfType<StringAttr>(index, fieldAttr);
    const Member *member =
        field ? llvm::find_if(members, [&](const Member &member) { return member.name == field.getValue(); })
              : members.end();
    if (member == members.end()) {
      return function.emitOpError("argument ")
             << index << " must say in `" << fieldAttr << "` which member of "
             << (isUpdate ? "WeftUpdateCall" : "WeftCall") << " it is";
    }
    unsigned number = member->kind == Member::PointerArray ? counts[member->name]++ : 0;
    FailureOr<Value> value = argument(index, number, *member, call, rows);
    if (failed(value))
      return failure();
    arguments.push_back(*value);
  }
  func::CallOp::create(builder, loc, function, arguments);
  restore();
  LLVM::ReturnOp::create(builder, loc, ValueRange{});
  return success();
}

} // namespace

std::string weft::codegen::entryName(StringRef function) { return ("weft." + function).str(); }

LogicalResult weft::codegen::createEntry(func::FuncOp function, const LLVMTypeConverter &converter) {
  return EntryBuilder(function, converter).run();
}

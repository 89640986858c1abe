//===- HalideVerify.cpp - What a well-formed kernel is --------------------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What one definition needs by itself is verified at the definition; what it
// needs of others (that a func stands before it is read, that ranks and types
// agree) is verified by the kernel, which sees them in their order.
//
//===----------------------------------------------------------------------===//

#include "dialects/halide/Halide.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace weft::halide;

//===----------------------------------------------------------------------===//
// One definition
//===----------------------------------------------------------------------===//

static bool isScalarType(Type type) {
  return type.isF32() || type.isF64() || type.isIndex() || type.isInteger(1) || type.isInteger(8) ||
         type.isInteger(16) || type.isInteger(32) || type.isInteger(64);
}

static LogicalResult verifyName(Operation *op, StringRef name, llvm::StringSet<> &seen) {
  bool wellFormed = !name.empty() && (llvm::isAlpha(name.front()) || name.front() == '_') &&
                    llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (!wellFormed)
    return op->emitOpError("\"") << name << "\" cannot name a variable: expected letters, digits and '_'";
  if (!seen.insert(name).second)
    return op->emitOpError("has two variables \"") << name << '"';
  return success();
}

static LogicalResult verifyArguments(Operation *op, Region &body, size_t expected) {
  if (body.getNumArguments() != expected)
    return op->emitOpError("has ") << expected << " variables; its region takes " << body.getNumArguments();
  for (BlockArgument argument : body.getArguments())
    if (!argument.getType().isIndex())
      return op->emitOpError("takes coordinates of type index; got ") << argument.getType();
  if (body.front().empty() || !isa<YieldOp>(body.front().back()))
    return op->emitOpError("ends with halide.yield");
  return success();
}

LogicalResult InputOp::verify() {
  auto type = cast<MemRefType>(getType());
  if (!isScalarType(type.getElementType()) || type.getElementType().isIndex())
    return emitOpError("cannot hold ")
           << type.getElementType() << ": expected f32, f64 or integers of 1 to 64 bits";
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return emitOpError("needs a layout of strides; got ") << type;
  return success();
}

LogicalResult ScalarOp::verify() {
  if (!isScalarType(getType()))
    return emitOpError("cannot be ") << getType() << ": expected f32, f64, index or integers of 1 to 64 bits";
  return success();
}

LogicalResult FuncOp::verify() {
  llvm::StringSet<> seen;
  for (StringRef name : getVars().getAsValueRange<StringAttr>())
    if (failed(verifyName(*this, name, seen)))
      return failure();
  if (getTypes().empty())
    return emitOpError("has no value");
  for (Type type : getTypes().getAsValueRange<TypeAttr>())
    if (!isScalarType(type) || type.isIndex())
      return emitOpError("cannot have values of ")
             << type << ": expected f32, f64 or integers of 1 to 64 bits";
  if (failed(verifyArguments(*this, getBody(), getVars().size())))
    return failure();
  auto yield = cast<YieldOp>(getBody().front().getTerminator());
  if (!yield.getCoordinates().empty())
    return yield.emitOpError("of a func defines every coordinate; `at` is for updates");
  return success();
}

LogicalResult UpdateOp::verify() {
  llvm::StringSet<> seen;
  for (StringRef name : getVars().getAsValueRange<StringAttr>())
    if (failed(verifyName(*this, name, seen)))
      return failure();
  for (auto range : getRanges().getAsRange<RangeAttr>()) {
    if (failed(verifyName(*this, range.getName(), seen)))
      return failure();
    if (!range.getBuffer() && range.getExtent() < 1)
      return emitOpError("range \"") << range.getName() << "\" has extent " << range.getExtent()
                                     << "; expected at least 1";
  }
  return verifyArguments(*this, getBody(), getVars().size() + getRanges().size());
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {

class KernelVerifier {
public:
  LogicalResult verify(KernelOp kernel) {
    OutputOp output;
    for (Operation &op : kernel.getBody().front()) {
      if (output)
        return op.emitOpError("stands behind the kernel's output");
      LogicalResult verified =
          TypeSwitch<Operation *, LogicalResult>(&op)
              .Case([&](InputOp input) {
                auto type = cast<MemRefType>(input.getType());
                sources[input.getSymName()] = {size_t(type.getRank()), {type.getElementType()}, false};
                return success();
              })
              .Case([&](ScalarOp scalar) {
                sources[scalar.getSymName()] = {0, {scalar.getType()}, false};
                return success();
              })
              .Case([&](FuncOp func) { return verifyFunc(func); })
              .Case([&](UpdateOp update) { return verifyUpdate(update); })
              .Case([&](OutputOp out) {
                output = out;
                return verifyOutput(out);
              })
              .Default([](Operation *other) -> LogicalResult {
                return other->emitOpError(
                    "is no part of a kernel: expected inputs, scalars, funcs, updates and an output");
              });
      if (failed(verified))
        return failure();
    }
    if (!output)
      return kernel.emitOpError("has no halide.output");
    return verifyAccumulates(kernel, output);
  }

private:
  /// What is added to has to be an input like the output.
  static LogicalResult verifyAccumulates(KernelOp kernel, OutputOp output) {
    if (!kernel.getAccumulates())
      return success();
    auto input = dyn_cast_or_null<InputOp>(SymbolTable::lookupSymbolIn(kernel, kernel.getAccumulatesAttr().getAttr()));
    ArrayAttr types = output.getTypes();
    if (!input || types.size() != 1 || cast<TypeAttr>(types[0]).getValue() != input.getType())
      return kernel.emitOpError("accumulates @")
             << *kernel.getAccumulates() << ", which is no input of the type of its one output";
    return success();
  }

  struct Source {
    size_t rank = 0;
    SmallVector<Type> types;
    bool isFunc = false;
    bool isRead = false; // by another func: no update may follow
    FuncOp func = {};
  };

  /// The reads of a definition. `own` is the func it defines; a pure definition
  /// cannot read itself.
  LogicalResult verifyReads(Region &body, StringRef own, bool isUpdate) {
    for (Operation &op : body.front()) {
      auto at = dyn_cast<AtOp>(op);
      if (!at)
        continue;
      StringRef name = at.getSource();
      if (name == own && !isUpdate)
        return at.emitOpError("reads @")
               << name << " in its own pure definition; that is what updates are for";
      auto found = sources.find(name);
      if (found == sources.end())
        return at.emitOpError("reads @") << name << ", which is not defined before this";
      Source &source = found->second;
      if (at.getCoordinates().size() != source.rank)
        return at.emitOpError("@") << name << " has " << source.rank << " coordinates; got "
                                   << at.getCoordinates().size();
      if (uint64_t(at.getValue()) >= source.types.size())
        return at.emitOpError("@") << name << " has " << source.types.size() << " values; value "
                                   << int64_t(at.getValue()) << " is not one of them";
      if (at.getType() != source.types[at.getValue()])
        return at.emitOpError("@") << name << " is " << source.types[at.getValue()] << "; got "
                                   << at.getType();
      if (name != own)
        source.isRead = true;
    }
    return success();
  }

  static LogicalResult verifyYield(YieldOp yield, ArrayRef<Type> types) {
    if (!llvm::equal(yield.getValues().getTypes(), types)) {
      InFlightDiagnostic diagnostic = yield.emitOpError("gives (");
      llvm::interleaveComma(yield.getValues().getTypes(), diagnostic);
      diagnostic << "); the func has (";
      llvm::interleaveComma(types, diagnostic);
      return diagnostic << ")";
    }
    return success();
  }

  LogicalResult verifyFunc(FuncOp func) {
    SmallVector<Type> types(func.getTypes().getAsValueRange<TypeAttr>());
    if (failed(verifyReads(func.getBody(), func.getSymName(), /*isUpdate=*/false)) ||
        failed(verifyYield(cast<YieldOp>(func.getBody().front().getTerminator()), types)))
      return failure();
    sources[func.getSymName()] = {func.getVars().size(), types, true, false, func};
    return success();
  }

  LogicalResult verifyUpdate(UpdateOp update) {
    auto found = sources.find(update.getFunc());
    if (found == sources.end() || !found->second.isFunc)
      return update.emitOpError("updates @") << update.getFunc() << ", which is no func defined before this";
    if (found->second.isRead)
      return update.emitOpError("updates @") << update.getFunc() << " after another func has read it";
    if (update.getVars() != found->second.func.getVars()) {
      InFlightDiagnostic diagnostic = update.emitOpError("names the variables of @")
                                      << update.getFunc() << " as the func does: (";
      llvm::interleaveComma(found->second.func.getVars().getAsValueRange<StringAttr>(), diagnostic);
      return diagnostic << ")";
    }
    for (auto range : update.getRanges().getAsRange<RangeAttr>()) {
      if (!range.getBuffer())
        continue;
      auto buffer = sources.find(range.getBuffer().getValue());
      if (buffer == sources.end() || buffer->second.isFunc || buffer->second.rank == 0)
        return update.emitOpError("range \"")
               << range.getName() << "\" goes over @" << range.getBuffer().getValue()
               << ", which is no input with dimensions";
      if (range.getDimension() < 0 || size_t(range.getDimension()) >= buffer->second.rank)
        return update.emitOpError("range \"") << range.getName() << "\": @" << range.getBuffer().getValue()
                                              << " has no dimension " << range.getDimension();
    }
    if (failed(verifyReads(update.getBody(), update.getFunc(), /*isUpdate=*/true)))
      return failure();
    Source &source = sources[update.getFunc()];
    auto yield = cast<YieldOp>(update.getBody().front().getTerminator());
    size_t coordinates = yield.getCoordinates().size();
    if (coordinates != 0 && coordinates != source.rank)
      return yield.emitOpError("@") << update.getFunc() << " has " << source.rank << " coordinates; got "
                                    << coordinates;
    return verifyYield(yield, source.types);
  }

  LogicalResult verifyOutput(OutputOp output) {
    auto found = sources.find(output.getFunc());
    if (found == sources.end() || !found->second.isFunc)
      return output.emitOpError("writes @") << output.getFunc() << ", which is no func of the kernel";
    Source &source = found->second;
    if (output.getTypes().size() != source.types.size())
      return output.emitOpError("@") << output.getFunc() << " has " << source.types.size() << " values; got "
                                     << output.getTypes().size() << " buffers";
    MemRefType first;
    for (auto [attr, element] :
         llvm::zip_equal(output.getTypes().getAsValueRange<TypeAttr>(), source.types)) {
      auto type = dyn_cast<MemRefType>(attr);
      if (!type)
        return output.emitOpError("writes to memrefs; got ") << attr;
      SmallVector<int64_t> strides;
      int64_t offset = 0;
      if (failed(type.getStridesAndOffset(strides, offset)))
        return output.emitOpError("needs a layout of strides; got ") << type;
      if (size_t(type.getRank()) != source.rank)
        return output.emitOpError("@")
               << output.getFunc() << " has " << source.rank << " coordinates; got " << type;
      if (type.getElementType() != element)
        return output.emitOpError("@") << output.getFunc() << " is " << element << "; got " << type;
      if (!first)
        first = type;
      if (type.getShape() != first.getShape())
        return output.emitOpError("writes buffers of one shape; got ") << first << " and " << type;
    }
    return success();
  }

  llvm::StringMap<Source> sources;
};

} // namespace

LogicalResult KernelOp::verifyRegions() { return KernelVerifier().verify(*this); }

//===----------------------------------------------------------------------===//
// Use
//===----------------------------------------------------------------------===//

FailureOr<KernelSignature> weft::halide::kernelSignature(Operation *user, FlatSymbolRefAttr kernel,
                                                         SymbolTableCollection &symbols) {
  auto op = symbols.lookupNearestSymbolFrom<KernelOp>(user, kernel);
  if (!op)
    return user->emitOpError("uses ") << kernel << ", which is no kernel of this module";
  KernelSignature signature;
  for (Operation &member : op.getBody().front()) {
    if (auto input = dyn_cast<InputOp>(member)) {
      if (op.getAccumulates() == input.getSymName())
        signature.accumulates = signature.inputs.size();
      signature.inputs.push_back(cast<MemRefType>(input.getType()));
    }
    else if (isa<ScalarOp>(member))
      signature.inputs.push_back({});
    else if (auto output = dyn_cast<OutputOp>(member))
      for (Type type : output.getTypes().getAsValueRange<TypeAttr>())
        signature.outputs.push_back(cast<MemRefType>(type));
  }
  signature.takesSteps = !signature.outputs.empty() && hasOpenSteps(signature.outputs.front());
  return signature;
}

LogicalResult ApplyOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FailureOr<KernelSignature> signature = kernelSignature(*this, getKernelAttr(), symbols);
  if (failed(signature))
    return failure();
  if (signature->inputs.size() != getInputs().size() || signature->outputs.size() != getOutputs().size())
    return emitOpError("has ") << getInputs().size() << " operands and " << getOutputs().size() << " results, but "
                               << getKernelAttr() << " takes " << signature->inputs.size() << " and makes "
                               << signature->outputs.size();
  if (signature->takesSteps != bool(getActive()))
    return emitOpError() << (getActive() ? "is for active rows, but " : "is for all rows, but ") << getKernelAttr()
                         << (getActive() ? " does not leave its steps open" : " leaves its steps open");
  if (Value rows = getRows()) {
    auto counts = dyn_cast<RankedTensorType>(rows.getType());
    if (!counts || !counts.hasStaticShape() || counts.getRank() != 1 || counts.getDimSize(0) < 1 ||
        !counts.getElementType().isInteger(32))
      return emitOpError("expected the last of a vector of i32 to count its rows, got ") << rows.getType();
    auto isTable = [](Type type) {
      auto table = dyn_cast<RankedTensorType>(type);
      return table && table.getRank() == 2 && table.hasStaticShape();
    };
    auto hasRows = [](MemRefType type) { return type.getRank() == 2 && type.isDynamicDim(0); };
    if (getActive() || !llvm::all_of(getOutputs().getTypes(), isTable) || !llvm::all_of(signature->outputs, hasRows))
      return emitOpError() << "expected tables of counted rows from " << getKernelAttr();
  }
  return success();
}

/// A program may come from a person's editor: what a kernel is given must be what
/// it declares, or it would write somewhere else.
LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FailureOr<KernelSignature> signature = kernelSignature(*this, getKernelAttr(), symbols);
  if (failed(signature))
    return failure();
  SmallVector<MemRefType> declared = signature->inputs;
  llvm::append_range(declared, signature->outputs);
  if (declared.size() != getArguments().size())
    return emitOpError("gives ") << getArguments().size() << " arguments to " << getKernelAttr()
                                      << ", which takes " << declared.size();
  if (getFrom() && !signature->takesSteps)
    return emitOpError() << "begins `from` a step, but " << getKernelAttr() << " does not leave its steps open";
  for (auto [index, argument, type] : llvm::enumerate(getArguments(), declared)) {
    auto given = dyn_cast<MemRefType>(argument.getType());
    if (!type && !given)
      continue; // a number
    SmallVector<int64_t> strides, expected;
    int64_t offset;
    bool matches = type && given && given.getElementType() == type.getElementType() &&
                   given.getShape() == type.getShape() && succeeded(given.getStridesAndOffset(strides, offset)) &&
                   succeeded(type.getStridesAndOffset(expected, offset));
    for (size_t axis = 0; matches && axis < strides.size(); ++axis)
      matches = strides[axis] == expected[axis] || ShapedType::isDynamic(expected[axis]) ||
                type.getDimSize(axis) == 1;
    if (!matches)
      return emitOpError("gives ") << getKernelAttr() << " a " << argument.getType() << " as argument "
                                        << index << ", where it declares " << (type ? llvm::formatv("a '{0}'", type).str() : "a number");
  }
  return success();
}

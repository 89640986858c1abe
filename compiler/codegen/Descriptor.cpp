//===- Descriptor.cpp - The symbol weft_model -------------------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Descriptor.h"

#include "compiler/codegen/Entries.h"
#include "compiler/codegen/Program.h"
#include "runtime/abi/Abi.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/Support/JSON.h"

#include <cstddef>

using namespace mlir;
using namespace weft;
using namespace weft::codegen;

//===----------------------------------------------------------------------===//
// Attributes as JSON
//===----------------------------------------------------------------------===//

static llvm::json::Value toJson(Attribute attribute) {
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return flag.getValue();
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return number.getInt();
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.getValue();
  if (auto symbol = dyn_cast<SymbolRefAttr>(attribute))
    return symbol.getLeafReference().getValue();
  if (auto list = dyn_cast<ArrayAttr>(attribute)) {
    llvm::json::Array array;
    for (Attribute element : list)
      array.push_back(toJson(element));
    return array;
  }
  if (auto list = dyn_cast<DenseI64ArrayAttr>(attribute))
    return llvm::json::Array(list.asArrayRef());
  if (auto dictionary = dyn_cast<DictionaryAttr>(attribute)) {
    llvm::json::Object object;
    for (NamedAttribute named : dictionary)
      object[named.getName().getValue()] = toJson(named.getValue());
    return object;
  }
  return nullptr;
}

static std::string text(const llvm::json::Value &value) {
  std::string result;
  llvm::raw_string_ostream(result) << value;
  return result;
}

static std::string settingsOf(ModuleOp program) {
  llvm::json::Object settings;
  for (seq::TrainingOp training : program.getOps<seq::TrainingOp>()) {
    for (NamedAttribute named : training.getSettings())
      settings[named.getName().getValue()] = toJson(named.getValue());
    settings["loss"] = training.getLoss();
    settings["optimizer"] = training.getOptimizer();
    settings["learning_rate"] = training.getLearningRate().convertToDouble();
  }
  return text(std::move(settings));
}

//===----------------------------------------------------------------------===//
// The structures of Abi.h as constants
//===----------------------------------------------------------------------===//

namespace {

class DescriptorBuilder {
public:
  DescriptorBuilder(ModuleOp program, llvm::Module &module)
      : program(program), module(module), context(module.getContext()), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)), f64(llvm::Type::getDoubleTy(context)),
        pointer(llvm::PointerType::getUnqual(context)), shapeType(llvm::ArrayType::get(i64, WEFT_MAX_RANK)) {}

  LogicalResult run(const Target &target);

private:
  llvm::Constant *number(int64_t value) { return llvm::ConstantInt::getSigned(i32, value); }
  llvm::Constant *wide(int64_t value) { return llvm::ConstantInt::getSigned(i64, value); }
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(pointer); }
  llvm::Constant *global(llvm::Constant *value) {
    auto *variable = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                              llvm::GlobalValue::PrivateLinkage, value);
    variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return variable;
  }
  llvm::Constant *string(StringRef value) { return global(llvm::ConstantDataArray::getString(context, value)); }
  llvm::Constant *array(ArrayRef<llvm::Constant *> values) {
    if (values.empty())
      return null();
    return global(llvm::ConstantArray::get(llvm::ArrayType::get(values[0]->getType(), values.size()), values));
  }
  llvm::Constant *record(ArrayRef<llvm::Constant *> members, [[maybe_unused]] size_t bytes) {
    llvm::Constant *value = llvm::ConstantStruct::getAnon(members);
    assert(module.getDataLayout().getTypeAllocSize(value->getType()) == bytes && "does not match Abi.h");
    return value;
  }
  llvm::Constant *shape(ArrayRef<int64_t> extents);
  llvm::Constant *functionOrNull(StringRef name) {
    if (llvm::Function *function = module.getFunction(name))
      return function;
    return null();
  }

  FailureOr<llvm::Constant *> ports(StringRef function, StringRef field, int32_t &count);
  FailureOr<llvm::Constant *> weights(const WeightTable &table);
  llvm::Constant *function(StringRef prefix);

  ModuleOp program;
  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::Type *i32, *i64, *f64;
  llvm::PointerType *pointer;
  llvm::ArrayType *shapeType;
};

llvm::Constant *DescriptorBuilder::shape(ArrayRef<int64_t> extents) {
  SmallVector<llvm::Constant *> values;
  for (size_t axis = 0; axis < WEFT_MAX_RANK; ++axis)
    values.push_back(wide(axis < extents.size() ? extents[axis] : 0));
  return llvm::ConstantArray::get(shapeType, values);
}

FailureOr<llvm::Constant *> DescriptorBuilder::ports(StringRef name, StringRef field, int32_t &count) {
  SmallVector<llvm::Constant *> list;
  auto function = program.lookupSymbol<func::FuncOp>(name);
  for (unsigned index = 0; function && index < function.getNumArguments(); ++index) {
    auto own = function.getArgAttrOfType<StringAttr>(index, fieldAttr);
    if (!own || own.getValue() != field)
      continue;
    auto type = dyn_cast<MemRefType>(function.getArgumentTypes()[index]);
    if (!type || type.getRank() < 1 || type.getRank() > WEFT_MAX_RANK + 1 || !type.isDynamicDim(0))
      return function.emitOpError("argument ") << index << " cannot be one of `" << field << "`: it has no rows";
    auto named = function.getArgAttrOfType<StringAttr>(index, nameAttr);
    std::string fallback = (field.drop_back() + (list.empty() ? "" : "_" + Twine(list.size()))).str();
    auto vocabulary = function.getArgAttrOfType<IntegerAttr>(index, vocabularyAttr);
    SmallVector<llvm::Constant *> bounds(2, llvm::ConstantFP::get(f64, 0));
    if (auto own = function.getArgAttrOfType<ArrayAttr>(index, boundsAttr); own && own.size() == 2)
      for (auto [bound, number] : llvm::zip_equal(bounds, own.getAsRange<FloatAttr>()))
        bound = llvm::ConstantFP::get(f64, number.getValueAsDouble());
    list.push_back(record({string(named ? named.getValue() : fallback),
                           number(type.getElementType().isF32() ? WEFT_F32 : WEFT_I32), number(type.getRank() - 1),
                           shape(type.getShape().drop_front()), wide(vocabulary ? vocabulary.getInt() : 0),
                           llvm::ConstantArray::get(llvm::ArrayType::get(f64, 2), bounds)},
                          sizeof(WeftPort)));
  }
  count = list.size();
  return array(list);
}

FailureOr<llvm::Constant *> DescriptorBuilder::weights(const WeightTable &table) {
  SmallVector<llvm::Constant *> list;
  for (const WeightTable::Entry &entry : table.all()) {
    seq::WeightOp op = entry.op;
    auto type = cast<RankedTensorType>(op.getType());
    if (type.getRank() > WEFT_MAX_RANK)
      return op.emitOpError("has ") << type.getRank() << " dimensions; " << WEFT_MAX_RANK << " are possible";
    SmallVector<llvm::Constant *> inits;
    for (seq::InitAttr init : op.getInit().getAsRange<seq::InitAttr>())
      inits.push_back(record({number(int32_t(init.getKind())), number(0), llvm::ConstantFP::get(f64, init.first()),
                              llvm::ConstantFP::get(f64, init.second())},
                             sizeof(WeftInit)));
    llvm::Constant *penalty = null();
    if (std::optional<StringRef> regularizer = op.getRegularizer())
      penalty = functionOrNull(entryName(penaltyName(*regularizer)));
    list.push_back(record({string(op.getSymName()), number(type.getRank()), number(inits.size()),
                           shape(type.getShape()), wide(entry.offset), wide(entry.size), array(inits), penalty},
                          sizeof(WeftWeight)));
  }
  return array(list);
}

/// WeftFunction of @predict, @evaluate or @step; all zero where there is none.
llvm::Constant *DescriptorBuilder::function(StringRef prefix) {
  int64_t bytes = 0, paddedInput = -1;
  if (auto slice = program.lookupSymbol<func::FuncOp>((prefix + ".slice").str()))
    if (auto padded = slice->getAttrOfType<IntegerAttr>(paddedInputAttr))
      paddedInput = padded.getInt();
  if (auto prepare = program.lookupSymbol<func::FuncOp>((prefix + ".prepare").str()))
    for (unsigned index = 0; index < prepare.getNumArguments(); ++index)
      if (auto field = prepare.getArgAttrOfType<StringAttr>(index, fieldAttr); field && field.getValue() == "shared")
        bytes = cast<MemRefType>(prepare.getArgumentTypes()[index]).getNumElements() * 4;
  return record({wide(bytes), functionOrNull((prefix + ".arena").str()),
                 functionOrNull(entryName((prefix + ".prepare").str())),
                 functionOrNull(entryName((prefix + ".slice").str())), wide(paddedInput)},
                sizeof(WeftFunction));
}

LogicalResult DescriptorBuilder::run(const Target &target) {
  auto name = program->getAttrOfType<StringAttr>(modelAttr);
  if (!name || !program.lookupSymbol<func::FuncOp>("predict.slice"))
    return program.emitError("is no program: it has no model (`") << modelAttr << "` and @predict.slice)";
  WeightTable table(program);
  int32_t inputCount, labelCount, outputCount;
  FailureOr<llvm::Constant *> inputs = ports("predict.slice", "inputs", inputCount);
  FailureOr<llvm::Constant *> labels = ports("step.slice", "labels", labelCount);
  FailureOr<llvm::Constant *> outputs = ports("predict.slice", "outputs", outputCount);
  FailureOr<llvm::Constant *> weightList = weights(table);
  if (failed(inputs) || failed(labels) || failed(outputs) || failed(weightList))
    return failure();

  SmallVector<std::string> states;
  if (auto update = program.lookupSymbol<func::FuncOp>("update"))
    for (unsigned index = 0; index < update.getNumArguments(); ++index)
      if (auto field = update.getArgAttrOfType<StringAttr>(index, fieldAttr); field && field.getValue() == "states") {
        auto named = update.getArgAttrOfType<StringAttr>(index, nameAttr);
        states.push_back(named ? named.str() : ("state_" + Twine(states.size())).str());
      }
  Attribute layers = program->getAttr(layersAttr);
  llvm::Constant *model = record(
      {wide(WEFT_ABI_MAGIC), number(WEFT_ABI_VERSION), number(sizeof(WeftModel)), string(name.getValue()), *inputs,
       *labels, *outputs, number(inputCount), number(labelCount), number(outputCount), number(table.all().size()),
       *weightList, wide(table.size()), number(states.size()),
       number(moduleNumber(program, slicesAttr, defaultSlices)),
       number(moduleNumber(program, rowTileAttr, defaultRowTile)), number(0), function("predict"),
       function("evaluate"), function("step"), functionOrNull(entryName("update")), string(settingsOf(program)),
       string(layers ? text(toJson(layers)) : "[]"), string(llvm::join(target.features, " ")),
       string(llvm::join(states, " "))},
      sizeof(WeftModel));
  auto *variable = new llvm::GlobalVariable(module, model->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::ExternalLinkage, model, "weft_model");
  variable->setAlignment(llvm::Align(16));
  return success();
}

} // namespace

LogicalResult weft::codegen::emitDescriptor(ModuleOp program, const Target &target, llvm::Module &module) {
  return DescriptorBuilder(program, module).run(target);
}

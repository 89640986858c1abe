//===- KernelBody.cpp - A kernel under construction -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/KernelBody.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

std::string weft::kernels::variableOf(RankedTensorType type, int64_t axis) {
  int64_t fromLast = type.getRank() - 1 - axis;
  if (hasBatch(type) && type.getRank() > 1)
    return fromLast == 0 ? "u" : axis == 0 ? "r" : "t";
  return std::string(1, "uvwxyz"[fromLast]);
}

KernelBuilder::Body::Body(KernelBuilder &owner, Location loc, RankedTensorType domain, const Layout &layout)
    : domain(domain), layout(layout), kernel([&] {
        OpBuilder builder = OpBuilder::atBlockEnd(owner.module.getBody());
        auto op = halide::KernelOp::create(builder, loc, "kernel");
        op.getBody().emplaceBlock();
        return op;
      }()),
      inputs(kernel), builder(OpBuilder::atBlockEnd(&kernel.getBody().front())), owner(owner) {
  for (int64_t axis : layout.axes)
    vars.push_back(variableOf(domain, axis));
}

SmallVector<int64_t> KernelBuilder::Body::extents() const {
  SmallVector<int64_t> result;
  for (int64_t axis : layout.axes)
    result.push_back(domain.getDimSize(axis));
  return result;
}

Point KernelBuilder::Body::pointOf(ValueRange arguments) const {
  Point point(domain.getRank());
  for (auto [position, axis] : llvm::enumerate(layout.axes))
    point[axis] = arguments[position];
  return point;
}

Expressions KernelBuilder::Body::expressions(OpBuilder inside, ArrayRef<std::string> funcVars,
                                             ValueRange arguments, Expressions::Known known) {
  // The domain's variables by name; a func may have others beside them (gates, chunks).
  Point point(domain.getRank());
  for (int64_t axis = 0; axis < domain.getRank(); ++axis) {
    auto place = llvm::find(funcVars, variableOf(domain, axis));
    if (place != funcVars.end())
      point[axis] = arguments[place - funcVars.begin()];
  }
  return Expressions(inside, kernel.getLoc(), inputs, domain, point, std::move(known));
}

void KernelBuilder::Body::func(StringRef name, ArrayRef<std::string> funcVars, size_t values,
                               const Definition &definition, const Expressions::Known &known) {
  Location loc = kernel.getLoc();
  SmallVector<StringRef> names(funcVars.begin(), funcVars.end());
  SmallVector<Type> types(values, domain.getElementType());
  auto op = halide::FuncOp::create(builder, loc, builder.getStringAttr(name), builder.getStrArrayAttr(names),
                                   builder.getTypeArrayAttr(types));
  Block &block = op.getBody().emplaceBlock();
  block.addArguments(SmallVector<Type>(funcVars.size(), builder.getIndexType()),
                     SmallVector<Location>(funcVars.size(), loc));
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  Expressions e = expressions(inside, funcVars, block.getArguments(), known);
  SmallVector<Value> results = definition(e, block.getArguments());
  halide::YieldOp::create(inside, loc, results, ValueRange{});
}

void KernelBuilder::Body::update(StringRef name, ArrayRef<std::string> funcVars,
                                 ArrayRef<halide::RangeAttr> ranges, const Definition &definition) {
  Location loc = kernel.getLoc();
  SmallVector<StringRef> names(funcVars.begin(), funcVars.end());
  SmallVector<Attribute> attributes(ranges.begin(), ranges.end());
  auto op = halide::UpdateOp::create(builder, loc, name, builder.getStrArrayAttr(names),
                                     builder.getArrayAttr(attributes));
  Block &block = op.getBody().emplaceBlock();
  size_t count = funcVars.size() + ranges.size();
  block.addArguments(SmallVector<Type>(count, builder.getIndexType()), SmallVector<Location>(count, loc));
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  Expressions e = expressions(inside, funcVars, block.getArguments(), {});
  SmallVector<Value> results = definition(e, block.getArguments());
  halide::YieldOp::create(inside, loc, ValueRange(results).take_front(1), ValueRange(results).drop_front(1));
}

halide::RangeAttr KernelBuilder::Body::range(StringRef name, int64_t extent) {
  return halide::RangeAttr::get(builder.getContext(), name, 0, extent, {}, 0);
}

halide::RangeAttr KernelBuilder::Body::rows(Value value) {
  value = viewedValue(value);
  Layout of = layoutOf(value);
  int64_t dimension = llvm::find(of.axes, 0) - of.axes.begin();
  return halide::RangeAttr::get(builder.getContext(), "r", 0, 0, inputs[value], dimension);
}

void KernelBuilder::Body::output(size_t values) {
  SmallVector<Type> types(values, layout.type);
  halide::OutputOp::create(builder, kernel.getLoc(), FlatSymbolRefAttr::get(builder.getContext(), "out"),
                           builder.getTypeArrayAttr(types));
}

Value KernelBuilder::Body::at(Expressions &e, StringRef func, ValueRange coordinates, int64_t value) {
  return halide::AtOp::create(e.builder, e.loc, domain.getElementType(), func, coordinates, uint64_t(value));
}

BuiltKernel KernelBuilder::Body::finish(const std::string &name, halide::ScheduleOp schedule) {
  // Kernels are the same when their text is, names apart.
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream);
  schedule->print(stream);
  FlatSymbolRefAttr &symbol = owner.known[text];
  if (symbol) {
    schedule->erase();
    kernel->erase();
  } else {
    int number = owner.names[name]++;
    std::string unique = number ? name + "." + std::to_string(number) : name;
    kernel.setSymName(unique);
    schedule.setKernel(unique);
    symbol = FlatSymbolRefAttr::get(builder.getContext(), unique);
  }
  return {symbol, SmallVector<Value>(inputs.values())};
}

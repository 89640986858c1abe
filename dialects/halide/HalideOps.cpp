//===- HalideOps.cpp - Parsing, printing and verification -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/halide/Halide.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace weft::halide;

//===----------------------------------------------------------------------===//
// halide.func, halide.update
//===----------------------------------------------------------------------===//

/// `(%u, %r)`: index arguments whose names are the variables' names.
static ParseResult parseVariables(OpAsmParser &parser, OpAsmParser::Delimiter delimiter,
                                  SmallVectorImpl<OpAsmParser::Argument> &arguments, ArrayAttr &names) {
  SmallVector<Attribute> spelled;
  Type index = parser.getBuilder().getIndexType();
  if (parser.parseCommaSeparatedList(delimiter, [&]() -> ParseResult {
        OpAsmParser::Argument argument;
        if (parser.parseArgument(argument))
          return failure();
        argument.type = index;
        spelled.push_back(parser.getBuilder().getStringAttr(argument.ssaName.name.drop_front()));
        arguments.push_back(argument);
        return success();
      }))
    return failure();
  names = parser.getBuilder().getArrayAttr(spelled);
  return success();
}

static void printVariables(OpAsmPrinter &printer, ValueRange arguments) {
  printer << '(';
  llvm::interleaveComma(arguments, printer, [&](Value value) { printer.printOperand(value); });
  printer << ')';
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  ArrayAttr vars;
  SmallVector<Type> types;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes) ||
      parseVariables(parser, OpAsmParser::Delimiter::Paren, arguments, vars) ||
      parser.parseColonTypeList(types) || parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), arguments))
    return failure();
  result.addAttribute(getVarsAttrName(result.name), vars);
  result.addAttribute(getTypesAttrName(result.name), parser.getBuilder().getTypeArrayAttr(types));
  return success();
}

void FuncOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printVariables(printer, getBody().getArguments());
  printer << " : ";
  llvm::interleaveComma(getTypes().getAsValueRange<TypeAttr>(), printer);
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {getSymNameAttrName(), getVarsAttrName(), getTypesAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

ParseResult UpdateOp::parse(OpAsmParser &parser, OperationState &result) {
  FlatSymbolRefAttr func;
  SmallVector<OpAsmParser::Argument> arguments;
  ArrayAttr vars, reduction, ranges;
  if (parser.parseAttribute(func, getFuncAttrName(result.name), result.attributes) ||
      parseVariables(parser, OpAsmParser::Delimiter::Paren, arguments, vars) ||
      parser.parseKeyword("over") ||
      parseVariables(parser, OpAsmParser::Delimiter::Paren, arguments, reduction) ||
      parser.parseKeyword("in") || parser.parseAttribute(ranges, getRangesAttrName(result.name), result.attributes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), arguments))
    return failure();
  result.addAttribute(getVarsAttrName(result.name), vars);
  return success();
}

void UpdateOp::print(OpAsmPrinter &printer) {
  size_t pure = getVars().size();
  printer << ' ' << getFuncAttr();
  printVariables(printer, getBody().getArguments().take_front(pure));
  printer << " over ";
  printVariables(printer, getBody().getArguments().drop_front(pure));
  printer << " in " << getRanges();
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {getFuncAttrName(), getVarsAttrName(), getRangesAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

/// The arguments of a definition print as its variables are named.
void FuncOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  for (auto [argument, name] : llvm::zip(region.getArguments(), getVars().getAsValueRange<StringAttr>()))
    setName(argument, name);
}

void UpdateOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  for (auto [argument, name] : llvm::zip(region.getArguments(), getVars().getAsValueRange<StringAttr>()))
    setName(argument, name);
  for (auto [argument, range] :
       llvm::zip(region.getArguments().drop_front(getVars().size()), getRanges().getAsRange<RangeAttr>()))
    setName(argument, range.getName());
}

//===----------------------------------------------------------------------===//
// #halide.range
//===----------------------------------------------------------------------===//

Attribute RangeAttr::parse(AsmParser &parser, Type) {
  std::string name;
  int64_t min = 0, extent = 0, dimension = 0;
  FlatSymbolRefAttr buffer;
  if (parser.parseLess() || parser.parseString(&name) || parser.parseComma() || parser.parseInteger(min) ||
      parser.parseComma())
    return {};
  if (succeeded(parser.parseOptionalKeyword("extent"))) {
    if (parser.parseAttribute(buffer) || parser.parseInteger(dimension))
      return {};
  } else if (parser.parseInteger(extent)) {
    return {};
  }
  if (parser.parseGreater())
    return {};
  return RangeAttr::get(parser.getContext(), name, min, extent, buffer, dimension);
}

void RangeAttr::print(AsmPrinter &printer) const {
  printer << "<\"" << getName() << "\", " << getMin() << ", ";
  if (getBuffer())
    printer << "extent " << getBuffer() << ' ' << getDimension();
  else
    printer << getExtent();
  printer << '>';
}

#define GET_OP_CLASSES
#include "dialects/halide/HalideOps.cpp.inc"

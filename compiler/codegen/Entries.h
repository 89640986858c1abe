//===- Entries.h - What the runtime calls -----------------------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_ENTRIES_H
#define WEFT_COMPILER_CODEGEN_ENTRIES_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft::codegen {

/// Gives a function of a program an entry named after it (entryName) that takes
/// `const WeftCall *` or `const WeftUpdateCall *`, flushes denormals, and calls it with what
/// `weft.field` of each argument says. A function without such a field in a
/// pointer, `*.arena`, is called as it is and gets none.
mlir::LogicalResult createEntry(mlir::func::FuncOp function, const mlir::LLVMTypeConverter &converter);

std::string entryName(llvm::StringRef function);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_ENTRIES_H

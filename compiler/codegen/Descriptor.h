//===- Descriptor.h - The symbol weft_model ---------------------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_DESCRIPTOR_H
#define WEFT_COMPILER_CODEGEN_DESCRIPTOR_H

#include "compiler/codegen/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

namespace weft::codegen {

/// Adds `weft_model` (runtime/abi/Abi.h) to `module`, which holds the functions
/// of `program` and their entries.
mlir::LogicalResult emitDescriptor(mlir::ModuleOp program, const Target &target, llvm::Module &module);

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_DESCRIPTOR_H

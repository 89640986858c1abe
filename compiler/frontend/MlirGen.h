//===- MlirGen.h - A checked program as a module of the seq dialect -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_MLIRGEN_H
#define WEFT_COMPILER_FRONTEND_MLIRGEN_H

#include "compiler/frontend/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace weft::frontend {

/// Loads the seq dialect into the context. Null if the module does not verify,
/// which is an error of the compiler and not of its user.
mlir::OwningOpRef<mlir::ModuleOp> generateModule(const Program &program, const SourceManager &sources,
                                                 mlir::MLIRContext *context);

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_MLIRGEN_H

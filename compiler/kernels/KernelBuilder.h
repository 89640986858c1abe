//===- KernelBuilder.h - Kernels of the halide dialect from groups of seq operations -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_KERNELBUILDER_H
#define WEFT_COMPILER_KERNELS_KERNELBUILDER_H

#include "compiler/codegen/Target.h"
#include "compiler/kernels/Accumulators.h"
#include "dialects/halide/Halide.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace weft::kernels {

/// A kernel of the module and the values to call it with.
struct BuiltKernel {
  mlir::FlatSymbolRefAttr kernel;
  llvm::SmallVector<mlir::Value> inputs;
  bool takesSteps = false; ///< it can be called for some of the steps alone
};

/// Builds kernels at the end of a module; two that are alike are one.
class KernelBuilder {
public:
  /// Packs the weights of the gates of one term for tiles of `columns`; what it
  /// returns has the shape [tile, (window,) k, gate, column].
  using Packer = std::function<mlir::Value(const Term &, llvm::ArrayRef<mlir::Value> weights,
                                           int64_t gates, int64_t columns)>;

  KernelBuilder(mlir::ModuleOp module, const codegen::Target &target) : module(module), target(target) {}

  BuiltKernel group(const Group &group, const Packer &pack);
  /// `value` in a buffer of its own; outside the model's own layout if `external`.
  BuiltKernel copy(mlir::Value value, bool external);
  /// The kernel behind a Packer, and the type of its result.
  BuiltKernel pack(const Term &term, llvm::ArrayRef<mlir::Value> weights, int64_t columns,
                   mlir::RankedTensorType &type);

private:
  class Body;
  BuiltKernel pointwise(const Group &group, const Packer &pack);
  BuiltKernel contraction(mlir::Operation *op);
  bool accumulate(mlir::Operation *op, Body &body);
  BuiltKernel activeRows(seq::ActiveRowsOp op);
  BuiltKernel sumTo(seq::SumToOp op);
  BuiltKernel reduceRow(seq::ReduceOp op);
  BuiltKernel scatterAdd(seq::ScatterAddOp op);
  BuiltKernel idRanks(seq::IdRanksOp op);
  BuiltKernel idsOfRanks(seq::IdsOfRanksOp op);
  BuiltKernel longPool(mlir::Operation *op);
  BuiltKernel longMaxPoolAdjoint(seq::MaxPool1dAdjointOp op);

  mlir::ModuleOp module;
  const codegen::Target &target;
  llvm::StringMap<mlir::FlatSymbolRefAttr> known;
  llvm::StringMap<int> names;
};

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_KERNELBUILDER_H

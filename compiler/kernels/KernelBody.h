//===- KernelBody.h - A kernel under construction -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_KERNELBODY_H
#define WEFT_COMPILER_KERNELS_KERNELBODY_H

#include "compiler/kernels/KernelBuilder.h"
#include "compiler/kernels/Schedules.h"

namespace weft::kernels {

/// The name of the variable that runs along an axis of values of `type`: u
/// along the columns, r along the rows of the batch, t along the steps; for
/// values without a batch u, v, w, x from the last axis to the first.
std::string variableOf(mlir::RankedTensorType type, int64_t axis);

/// One kernel being built: its op, its inputs, its funcs.
class KernelBuilder::Body {
public:
  Body(KernelBuilder &owner, mlir::Location loc, mlir::RankedTensorType domain, const Layout &layout);

  using Definition = std::function<llvm::SmallVector<mlir::Value>(Expressions &, mlir::ValueRange arguments)>;

  /// Variables of the domain in the order of the layout, fastest first.
  llvm::SmallVector<std::string> vars;
  llvm::SmallVector<int64_t> extents() const;
  /// The point of the domain that arguments (in the order of `vars`) name.
  Point pointOf(mlir::ValueRange arguments) const;

  void func(llvm::StringRef name, llvm::ArrayRef<std::string> vars, size_t values, const Definition &definition,
            const Expressions::Known &known = {});
  /// `definition` gets the variables, then the reduction variables; it returns
  /// the value, and after it the coordinates if they are not the variables.
  void update(llvm::StringRef name, llvm::ArrayRef<std::string> vars, llvm::ArrayRef<halide::RangeAttr> ranges,
              const Definition &definition);
  halide::RangeAttr range(llvm::StringRef name, int64_t extent);
  /// The extent of the batch, as the buffer of `value` has it.
  halide::RangeAttr rows(mlir::Value value);
  /// Ends the algorithm with output `out` of `values` buffers.
  void output(size_t values);
  /// A value of another func of this kernel.
  mlir::Value at(Expressions &e, llvm::StringRef func, mlir::ValueRange coordinates, int64_t value = 0);

  BuiltKernel finish(const std::string &name, halide::ScheduleOp schedule);

  mlir::RankedTensorType domain;
  Layout layout;
  halide::KernelOp kernel;
  KernelInputs inputs;
  mlir::OpBuilder builder;

private:
  /// A position of each domain axis in `vars`, or -1 for a variable that is none.
  Expressions expressions(mlir::OpBuilder inside, llvm::ArrayRef<std::string> vars, mlir::ValueRange arguments,
                          Expressions::Known known);
  KernelBuilder &owner;
};

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_KERNELBODY_H

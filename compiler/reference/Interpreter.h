//===- Interpreter.h - What a seq function means, in fp64 -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The judge of every kernel, gradient and optimisation: each operation of seq is
// evaluated by the equation that SPEC.md gives for it, with plain loops. It reads
// the dialect alone, so that an error in a pass cannot hide here as well.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_REFERENCE_INTERPRETER_H
#define WEFT_COMPILER_REFERENCE_INTERPRETER_H

#include "compiler/reference/Masks.h"
#include "compiler/reference/Tensor.h"

#include "llvm/Support/Error.h"

#include <map>

namespace mlir {
class Operation;
} // namespace mlir

namespace weft::reference {

/// By the name of the `seq.weight`, `<layer>/<weight>`.
using Weights = std::map<std::string, Tensor>;

/// Evaluates a seq function (model, cell, loss, optimizer, step) of a verified
/// module on `arguments`; every `?` of its argument types must meet one extent.
/// Denormals are flushed to zero meanwhile: adjoints decay into them over
/// hundreds of steps (0.1^308 in fp64 too), and arithmetic on them crawls.
/// With `random` layers drop out as they do in training, else nothing is random
/// (a step that trains has what it draws from among its arguments).
llvm::Expected<std::vector<Tensor>> evaluate(mlir::Operation *function, llvm::ArrayRef<Tensor> arguments,
                                             const Weights &weights, const Randomness *random = nullptr);

/// The arguments of a step: inputs, labels and the scale of the loss, where it draws
/// masks what they are drawn from, and where rows may share padding that none does.
std::vector<Tensor> stepArguments(mlir::Operation *step, llvm::ArrayRef<Tensor> inputs, const Tensor &labels,
                                  const Tensor &scale, const Randomness &random);

} // namespace weft::reference

#endif // WEFT_COMPILER_REFERENCE_INTERPRETER_H

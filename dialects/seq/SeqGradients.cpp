//===- SeqGradients.cpp - One rule an op: the equations of SPEC.md -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/Seq.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace weft::seq;

#define RULE(Op) SmallVector<Value> Op::buildAdjoints(OpBuilder &, ValueRange) { return SmallVector<Value>(getOperation()->getNumOperands()); }
RULE(Conv1dOp) RULE(MaxPool1dOp) RULE(BroadcastRowsOp) RULE(NegateOp) RULE(ExpOp) RULE(LogOp) RULE(SqrtOp)
RULE(AbsOp) RULE(SignOp) RULE(TanhOp) RULE(SigmoidOp) RULE(SoftplusOp) RULE(AddOp) RULE(SubOp) RULE(MulOp)
RULE(DivOp) RULE(PowOp) RULE(MaximumOp) RULE(MinimumOp) RULE(GreaterOp) RULE(EqualOp) RULE(SelectOp)
RULE(MatmulOp) RULE(ContractOp) RULE(SumToOp) RULE(ReduceOp) RULE(SplitOp) RULE(ConcatOp) RULE(ReshapeOp)
RULE(ReverseOp) RULE(GatherOp)

//===- SeqVerify.h - What verifiers share -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_SEQ_SEQVERIFY_H
#define WEFT_DIALECTS_SEQ_SEQVERIFY_H

#include "dialects/seq/Seq.h"

namespace weft::seq {

/// `expected <what> of type <expected>, got <got>` where they differ.
mlir::LogicalResult expectType(mlir::Operation *op, const llvm::Twine &what, mlir::Type expected,
                               mlir::Type got);

/// `active`, where there is one, counts rows for each of `steps` steps.
mlir::LogicalResult expectActive(mlir::Operation *op, mlir::Value active, int64_t steps);
/// The same for the steps of `sequence`, which must be [batch, steps, ..].
mlir::LogicalResult expectActiveOver(mlir::Operation *op, mlir::Value active, mlir::RankedTensorType sequence);

/// A tensor of the element type of `type`, [leading.., trailing..].
mlir::RankedTensorType withAxes(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> leading,
                                llvm::ArrayRef<int64_t> trailing);

/// A table [entries, width] and ids make [ids.., width]: gather and embedding.
mlir::LogicalResult verifyGather(mlir::Operation *op, mlir::RankedTensorType table,
                                 mlir::RankedTensorType ids, mlir::RankedTensorType result);

/// A rate of dropout leaves something: 0 <= rate < 1.
mlir::LogicalResult verifyRate(mlir::Operation *op, const llvm::APFloat &rate);

/// The numbers of a layer and of a mask of it fit the 16 bits each that they have in a counter.
mlir::LogicalResult verifyMaskName(mlir::Operation *op, int64_t layer, int64_t mask);

} // namespace weft::seq

#endif // WEFT_DIALECTS_SEQ_SEQVERIFY_H

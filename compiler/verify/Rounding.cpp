//===- Rounding.cpp - How far fp32 may be from the reference ----*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/verify/Rounding.h"

#include "dialects/seq/Seq.h"

#include <cfloat>
#include <cmath>
#include <limits>

using namespace weft;

double verify::roundings(mlir::Region &region, int64_t rows) {
  double total = 0;
  for (mlir::Operation &op : region.getOps()) {
    auto columns = [&](mlir::Value value) {
      return double(llvm::cast<mlir::RankedTensorType>(value.getType()).getShape().back());
    };
    auto perBatch = [&](mlir::Value value) {
      auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
      double count = 1;
      for (int64_t extent : type.getShape().drop_back(type.getRank() > 1 ? 1 : 0))
        count *= mlir::ShapedType::isDynamic(extent) ? rows : extent;
      return count;
    };
    if (auto scan = llvm::dyn_cast<seq::ScanOp>(op))
      total += double(scan.getSteps()) * roundings(scan.getBody(), rows);
    else if (auto matmul = llvm::dyn_cast<seq::MatmulOp>(op))
      total += columns(matmul.getLhs());
    else if (llvm::isa<seq::Conv1dOp, seq::Conv1dInputAdjointOp>(op))
      total += columns(op.getOperand(0)) *
               llvm::cast<mlir::RankedTensorType>(op.getOperand(1).getType()).getDimSize(0);
    else if (llvm::isa<seq::ContractOp, seq::Conv1dKernelAdjointOp, seq::SumToOp, seq::ScatterAddOp>(op))
      total += perBatch(op.getOperand(0));
    else if (llvm::isa<seq::ReduceOp>(op))
      total += columns(op.getOperand(0));
    else if (llvm::isa<seq::AveragePool1dOp, seq::AveragePool1dAdjointOp>(op))
      total += double(op.getAttrOfType<mlir::IntegerAttr>("pool").getInt());
    else
      total += 4; // exp, tanh and log are good to two units in the last place.
  }
  return total;
}

double verify::allowedError(double roundings) { return 8 * std::sqrt(roundings) * FLT_EPSILON; }

verify::Difference verify::differenceOf(const reference::Tensor &got, const reference::Tensor &wanted) {
  Difference worst;
  if (got.values.size() != wanted.values.size())
    return {std::numeric_limits<double>::infinity()};
  double scale = 1e-3;
  for (double value : wanted.values)
    if (std::isfinite(value))
      scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < got.values.size(); ++i) {
    double off = std::abs(got.values[i] - wanted.values[i]) / scale;
    if (std::isnan(off)) { // also of two infinities
      bool same = got.values[i] == wanted.values[i] || (std::isnan(got.values[i]) && std::isnan(wanted.values[i]));
      off = same ? 0 : std::numeric_limits<double>::infinity();
    }
    if (off > worst.part)
      worst = {off, i, got.values[i], wanted.values[i]};
  }
  return worst;
}

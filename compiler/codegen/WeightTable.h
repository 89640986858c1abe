//===- WeightTable.h - Where each weight stands in the flat vector -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_WEIGHTTABLE_H
#define WEFT_COMPILER_CODEGEN_WEIGHTTABLE_H

#include "compiler/codegen/BufferLayout.h"
#include "dialects/seq/Seq.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace weft::codegen {

/// The weights of a module in the order of its `seq.weight` operations: each at
/// a multiple of 16 floats, followed by padding up to the next one.
class WeightTable {
public:
  struct Entry {
    seq::WeightOp op;
    int64_t offset = 0, size = 0;
    int64_t paddedEnd() const { return offset + alignUp(size); }
  };

  explicit WeightTable(mlir::ModuleOp module) {
    for (seq::WeightOp op : module.getOps<seq::WeightOp>()) {
      Entry entry{op, total, llvm::cast<mlir::RankedTensorType>(op.getType()).getNumElements()};
      total = entry.paddedEnd();
      index[op.getSymName()] = entries.size();
      entries.push_back(entry);
    }
  }

  llvm::ArrayRef<Entry> all() const { return entries; }
  /// Length of the flat vector.
  int64_t size() const { return total; }
  const Entry *find(llvm::StringRef name) const {
    auto found = index.find(name);
    return found == index.end() ? nullptr : &entries[found->second];
  }

private:
  llvm::SmallVector<Entry> entries;
  llvm::StringMap<size_t> index;
  int64_t total = 0;
};

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_WEIGHTTABLE_H

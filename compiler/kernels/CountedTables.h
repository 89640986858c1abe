//===- CountedTables.h - Tables with a row for each id that occurs -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_KERNELS_COUNTEDTABLES_H
#define WEFT_COMPILER_KERNELS_COUNTEDTABLES_H

#include "dialects/seq/Seq.h"

#include "llvm/ADT/MapVector.h"

namespace weft::kernels {

/// The tables [entries, width] of one function whose rows stand for the ids that
/// seq.ids_of_ranks lists. Behind the last of these there is nothing that anybody looks at,
/// or only zeros: kernels run for so many rows as there are ids, like over the
/// rows of a batch.
class CountedTables {
public:
  /// Finds them; an error where one is used as what it is not.
  mlir::LogicalResult find(mlir::Block &body);
  /// Gives them, for as long as kernels are made, a first axis like that of a batch.
  void open();
  /// Gives what has come in their place the types they had.
  void close(mlir::Block &body);

  /// The ranks that tell how many rows `table` has; null where it is no such table.
  mlir::Value ranksOf(mlir::Value table) const { return tables.lookup(table).ranks; }
  /// Of results of `op`, which is to be erased, there is nothing to be known any more.
  void forget(mlir::Operation *op);

private:
  mlir::LogicalResult findIn(mlir::Operation &op);
  mlir::LogicalResult findIn(seq::ScanOp scan);
  bool isPartOf(mlir::Operation &op, mlir::Value ranks) const;

  struct Table {
    mlir::Value ranks;
    int64_t entries = 0; ///< the most rows there can be
  };
  void add(mlir::Value table, mlir::Value ranks);

  llvm::MapVector<mlir::Value, Table> tables;
};

/// How many rows the table has that `op` looks ids up in or adds to.
int64_t entriesOf(mlir::Operation *op, mlir::Value table);

} // namespace weft::kernels

#endif // WEFT_COMPILER_KERNELS_COUNTEDTABLES_H

//===- SlicePlan.h - Which buffer every value of a slice has ----*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The analysis behind `plan-program`: every tensor of a model or of a training
// step gets a place before any code is made.
//
// - What depends on weights alone is prepared once a batch, in `shared`.
// - A kernel writes its result where it is wanted: in the caller's buffer, in
//   the gradient vector, in a slot of a stack of kept values, in the next state.
// - A state of a scan that is kept lives in a stack of one slot more than there
//   are steps: the state before step t in slot t, the state after it in slot
//   t + 1 (mirrored when the scan runs backwards). Any other state alternates
//   between two buffers; a kernel may read the old state while it writes the
//   new one, so a single buffer would not do.
// - A table with a row for each id that occurs has room for all ids there are; what
//   counts them says how many rows its kernels run for.
// - All else is placed in the slice's arena; buffers that are never needed at
//   the same time share memory.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_CODEGEN_SLICEPLAN_H
#define WEFT_COMPILER_CODEGEN_SLICEPLAN_H

#include "compiler/codegen/ArenaPlanner.h"
#include "compiler/codegen/BufferLayout.h"
#include "compiler/codegen/Program.h"
#include "compiler/codegen/WeightTable.h"
#include "dialects/halide/Halide.h"
#include "dialects/seq/Seq.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseSet.h"

namespace weft::codegen {

enum class Space {
  Parameters, ///< the flat vector of weights
  Gradients,  ///< the flat vector of gradients
  Shared,     ///< what is prepared once a batch
  Arena,      ///< a slice's own memory
  Port        ///< an argument of the function: an input, a label, an output
};

/// A piece of memory: one buffer, or the slots of a state or of a stack.
struct Storage {
  Space space = Space::Arena;
  unsigned port = 0;  ///< of Space::Port: which one
  int64_t offset = 0; ///< elements; of a size per row, to be multiplied by the capacity
  Extent size;
  mlir::Type element;
  LiveRange live = {0, INT64_MAX, -1};
  mlir::Operation *scope = nullptr; ///< the scan in one step of which it is made and used up
};

/// Which slot of its storage a value has.
enum class StepMode {
  None,     ///< always slot `slot`
  Position, ///< slot `slot` plus the place in the sequence of the step that runs
  Stacked,  ///< behind the rows of the steps before that are stacked
  Parity    ///< slot (`slot` plus the number of steps done) modulo 2
};

/// Where a value stands.
struct Place {
  unsigned storage = 0;
  BufferLayout layout;
  int64_t slot = 0;
  Extent stride; ///< from slot to slot
  StepMode mode = StepMode::None;
};

struct Copy {
  Place from, to;
};

struct ScanPlan {
  std::vector<Copy> starts; ///< before the first step
  std::vector<Copy> steps;  ///< at the end of each step
  /// Kernels that add sums over rows to a state are applied to the rows of several
  /// steps at once. These stand one behind the other in buffers of their own.
  std::vector<halide::ApplyOp> accumulating;
  llvm::DenseMap<mlir::Value, Place> stacks;                   ///< what they read, from its first row on
  llvm::SmallVector<std::pair<mlir::Value, Place>> stackCopies; ///< what has another place as well
  /// The same while the places of the values are not known yet.
  std::vector<std::pair<mlir::Value, Place>> pendingStarts, pendingSteps;
};

/// What a returned value or an argument is bound to.
struct Binding {
  Space space;
  unsigned port = 0;
  int64_t offset = 0;
};

class SlicePlan {
public:
  /// Plans `body`, whose arguments and returned values are bound as given. The
  /// arguments that are no tensors (numbers of the call) need no binding.
  static mlir::FailureOr<SlicePlan> build(mlir::Block &body, llvm::ArrayRef<Binding> arguments,
                                          llvm::ArrayRef<Binding> results, const WeightTable &weights,
                                          int64_t rowTile, mlir::SymbolTableCollection &symbols);

  bool isPrepared(mlir::Operation *op) const { return prepared.contains(op); }
  const Place &placeOf(mlir::Value value) const { return places.at(value); }
  const Storage &storageOf(const Place &place) const { return storages[place.storage]; }
  const ScanPlan &scanPlan(seq::ScanOp scan) const { return scans.at(scan); }
  llvm::ArrayRef<Copy> finalCopies() const { return copiesAtEnd; }

  int64_t sharedElements() const { return shared; }
  /// The arena takes fixed + perRow * capacity elements.
  int64_t fixedElements() const { return fixed; }
  int64_t perRowElements() const { return perRow; }
  /// What is needed at one moment (no plan takes less), and what would be taken
  /// if nothing shared memory: elements a row.
  int64_t livePerRow() const { return liveRow; }
  int64_t separatePerRow() const { return separateRow; }
  bool usesArenaOf(mlir::Type element) const;

private:
  SlicePlan(const WeightTable &weights, int64_t rowTile, mlir::SymbolTableCollection &symbols)
      : weights(&weights), rowTile(rowTile), symbols(&symbols) {}

  mlir::LogicalResult run(mlir::Block &body, llvm::ArrayRef<Binding> arguments,
                          llvm::ArrayRef<Binding> results);
  void findPrepared(mlir::Block &body);
  mlir::LogicalResult findLayouts(mlir::Block &body);
  void bindResults(mlir::Operation *terminator, llvm::ArrayRef<Binding> results);
  mlir::LogicalResult planStates(seq::ScanOp scan);
  mlir::LogicalResult planScan(seq::ScanOp scan);
  bool isInPlace(seq::ScanOp scan, mlir::Value argument, mlir::Value after);
  void planStacks(seq::ScanOp scan);
  mlir::LogicalResult planApply(halide::ApplyOp apply, mlir::Operation *scope);
  mlir::LogicalResult planRead(seq::ReadOp read);

  void number(mlir::Block &body);
  void findLiveRanges(mlir::Block &body);
  void touch(const Place &place, int64_t moment, mlir::Operation *scan, bool preparing);
  void place();

  unsigned addStorage(Space space, Extent size, mlir::Type element, mlir::Operation *scope = nullptr);
  Place bound(mlir::RankedTensorType type, const Binding &binding);
  bool mayHoldStart(mlir::Value start, seq::ScanOp scan, bool overwritten) const;

  const WeightTable *weights;
  int64_t rowTile; ///< how many rows a kernel may write at a time
  mlir::SymbolTableCollection *symbols;
  llvm::DenseMap<mlir::Value, BufferLayout> layouts;
  llvm::DenseMap<mlir::Value, Place> places;
  llvm::SmallVector<Storage> storages;
  llvm::DenseMap<mlir::Operation *, ScanPlan> scans;
  llvm::DenseSet<mlir::Operation *> prepared;
  std::vector<Copy> copiesAtEnd;
  /// An operation's moment, and the last moment of a scan.
  llvm::DenseMap<mlir::Operation *, int64_t> moments, lastMoments;
  int64_t shared = 0, fixed = 0, perRow = 0, liveRow = 0, separateRow = 0;
};

} // namespace weft::codegen

#endif // WEFT_COMPILER_CODEGEN_SLICEPLAN_H

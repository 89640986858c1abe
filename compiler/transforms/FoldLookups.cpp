//===- FoldLookups.cpp - Products of looked up rows, once an id --*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A recurrence over words multiplies the same row of the embedding by the same
// weights at every place where the word occurs. Products of the ids that do occur
// are made once and looked up; that the adjoints are then summed for each id before
// they are multiplied, follows by differentiation.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ScanUtils.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

#include <cmath>
#include <map>

namespace weft {
#define GEN_PASS_DEF_SEQFOLDLOOKUPS
#include "compiler/transforms/Passes.h.inc"
} // namespace weft

using namespace mlir;
using namespace weft;
using namespace weft::seq;

namespace {

struct SeqFoldLookupsPass : weft::impl::SeqFoldLookupsBase<SeqFoldLookupsPass> {
  void runOnOperation() override;
};

/// The lookups of one function.
class Folder {
public:
  Folder(Block &body, int64_t rows) : body(body), rows(rows) {}
  void run();

private:
  bool pays(GatherOp gather, BlockArgument step) const;
  void fold(ScanOp scan);
  Value productOf(OpBuilder &builder, GatherOp gather, Value weights);

  struct Ids {
    Value listed, places;
  };
  Block &body;
  int64_t rows; ///< of a batch that are looked up together
  std::map<void *, Ids> known;
  std::map<std::pair<void *, void *>, Value> rowsOfIds, products;
};

} // namespace

/// Whether the products of all ids that occur cost less than those of all places of `step`.
bool Folder::pays(GatherOp gather, BlockArgument step) const {
  // Each column of a product costs as much as so many of its terms to be looked up, and again
  // to be added to its table backward (Zen 3: a row of 400 columns from the third-level cache
  // and its way there take the time of 6 x 400 terms each of forward, adjoint and gradient).
  constexpr double termsOfLookup = 6;
  auto table = cast<RankedTensorType>(gather.getTable().getType());
  double entries = double(table.getDimSize(0)), width = double(table.getDimSize(1));
  double places = double(rows * cast<RankedTensorType>(gather.getIds().getType()).getDimSize(1));
  // There must be room for the products of all ids, though few are used.
  constexpr int64_t mostElements = 16 << 20;
  int64_t columns = 0;
  for (Operation *product : step.getUsers())
    columns += cast<RankedTensorType>(product->getResult(0).getType()).getShape().back();
  if (table.getDimSize(0) > mostElements / columns)
    return false;
  // As if all ids were equally frequent: words are not, and fewer occur.
  double occurring = entries * (1 - std::exp(-places / entries));
  return width * (1 - occurring / places) > termsOfLookup;
}

/// The products of `weights` with the rows of the ids that occur, at their places.
Value Folder::productOf(OpBuilder &builder, GatherOp gather, Value weights) {
  Location loc = gather.getLoc();
  Value table = gather.getTable(), ids = gather.getIds();
  auto tableType = cast<RankedTensorType>(table.getType()), idsType = cast<RankedTensorType>(ids.getType());
  int64_t entries = tableType.getDimSize(0);
  Ids &at = known[ids.getAsOpaquePointer()];
  if (!at.listed) {
    Type i32 = idsType.getElementType();
    Value ranks = IdRanksOp::create(builder, loc, RankedTensorType::get({entries + 1}, i32), ids);
    at.listed = IdsOfRanksOp::create(builder, loc, RankedTensorType::get({entries}, i32), ranks);
    at.places = RankOfOp::create(builder, loc, idsType, ranks, ids);
  }
  Value &listed = rowsOfIds[{table.getAsOpaquePointer(), ids.getAsOpaquePointer()}];
  if (!listed)
    listed = GatherOp::create(builder, loc, tableType, table, at.listed);
  Value &product = products[{listed.getAsOpaquePointer(), weights.getAsOpaquePointer()}];
  int64_t columns = cast<RankedTensorType>(weights.getType()).getDimSize(1);
  Type element = tableType.getElementType();
  if (!product)
    product = MatmulOp::create(builder, loc, RankedTensorType::get({entries, columns}, element), listed, weights);
  auto sequence = RankedTensorType::get({ShapedType::kDynamic, idsType.getDimSize(1), columns}, element);
  return GatherOp::create(builder, loc, sequence, product, at.places);
}

void Folder::fold(ScanOp scan) {
  auto isOutside = [&](Value value) { return !scan.getBody().isAncestor(value.getParentRegion()); };
  ScanEditor editor(scan);
  OpBuilder builder(scan);
  bool changed = false;
  for (unsigned index = 0, count = scan.getInputs().size(); index < count; ++index) {
    auto gather = scan.getInputs()[index].getDefiningOp<GatherOp>();
    BlockArgument step = scan.getBody().getArgument(index);
    auto isProduct = [&](Operation *user) {
      auto matmul = dyn_cast<MatmulOp>(user);
      return matmul && matmul.getLhs() == step && !matmul.getTransposeB() && isOutside(matmul.getRhs()) &&
             !hasBatch(matmul.getRhs().getType());
    };
    if (!gather || hasBatch(gather.getTable().getType()) || !hasBatch(gather.getIds().getType()) || step.use_empty() ||
        !llvm::all_of(step.getUsers(), isProduct) || !pays(gather, step))
      continue;
    for (Operation *user : llvm::make_early_inc_range(step.getUsers())) {
      Value product = productOf(builder, gather, cast<MatmulOp>(user).getRhs());
      user->getResult(0).replaceAllUsesWith(editor.addInput(product));
      user->erase();
    }
    replaceWhereOnlyLike(gather.getResult(), gather.getIds());
    editor.eraseInput(index);
    changed = true;
  }
  if (changed)
    editor.finish();
}

void Folder::run() {
  SmallVector<ScanOp> scans(body.getOps<ScanOp>());
  for (ScanOp scan : scans)
    fold(scan);
}

void SeqFoldLookupsPass::runOnOperation() {
  // A batch is computed in slices: as many as an ordinary machine has processors.
  constexpr int64_t usualBatch = 32, usualSlices = 4;
  int64_t batch = usualBatch;
  for (TrainingOp training : getOperation().getOps<TrainingOp>())
    if (auto setting = training.getSettings().getAs<IntegerAttr>("batch"))
      batch = setting.getInt();
  for (Operation &op : *getOperation().getBody())
    if (isa<ModelOp, StepOp>(op))
      Folder(cast<FunctionOpInterface>(op).getFunctionBody().front(), std::max<int64_t>(batch / usualSlices, 1)).run();
}

//===- Interpreter.cpp - What a seq function means, in fp64 -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One `visit` an operation, in the order of SeqOps.td (cells and scans: in
// Recurrence.cpp). Shapes are the verifiers'
// business; what only a run can tell (ids, given weights, arguments) is an error.
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/InterpreterDetail.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

using namespace mlir;
using namespace weft;
using namespace weft::reference;
using namespace weft::reference::detail;
using namespace weft::seq;

using llvm::Error;
using llvm::Expected;

namespace {

/// Denormals are zero while one of these lives, as in every generated program.
class FlushDenormals {
#if defined(__SSE2__)
  static constexpr unsigned flushToZero = 0x8000, denormalsAreZero = 0x0040;
  unsigned saved = _mm_getcsr();

public:
  FlushDenormals() { _mm_setcsr(saved | flushToZero | denormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(saved); }
#endif
};

} // namespace

//===----------------------------------------------------------------------===//
// Functions and blocks
//===----------------------------------------------------------------------===//

/// `argument 0 (words): expected [?, 500], got [8, 499]`; `?` until the rows are known.
static Error badArgument(FunctionOpInterface function, unsigned index, int64_t rows, const Tensor &argument) {
  auto name = function.getArgAttrOfType<StringAttr>(index, "seq.name");
  std::string expected;
  llvm::raw_string_ostream stream(expected);
  llvm::interleaveComma(cast<RankedTensorType>(function.getArgument(index).getType()).getShape(), stream,
                        [&](int64_t extent) {
                          int64_t known = ShapedType::isDynamic(extent) ? rows : extent;
                          ShapedType::isDynamic(known) ? stream << '?' : stream << known;
                        });
  return failure("@{0}, argument {1}{2}: expected [{3}], got {4}",
                 SymbolTable::getSymbolName(function).getValue(), index,
                 name ? (" (" + name.getValue() + ")").str() : "", expected, toString(argument.shape));
}

/// Arguments have the shapes of their types, and every `?` is the same extent.
static Error checkArguments(FunctionOpInterface function, ArrayRef<Tensor> arguments) {
  if (arguments.size() != function.getNumArguments())
    return failure("@{0}: expected {1} arguments, got {2}", SymbolTable::getSymbolName(function).getValue(),
                   function.getNumArguments(), arguments.size());
  int64_t rows = ShapedType::kDynamic;
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    auto type = cast<RankedTensorType>(function.getArgument(index).getType());
    if (type.getRank() != argument.rank() || sizeOf(argument.shape) != argument.size())
      return badArgument(function, index, rows, argument);
    int64_t before = rows;
    for (auto [expected, extent] : llvm::zip_equal(type.getShape(), argument.shape)) {
      if (ShapedType::isDynamic(expected) && ShapedType::isDynamic(rows))
        rows = extent;
      if (extent != (ShapedType::isDynamic(expected) ? rows : expected))
        return badArgument(function, index, before, argument);
    }
  }
  return Error::success();
}

Expected<Tensors> Interpreter::call(FunctionOpInterface function, ArrayRef<Tensor> arguments,
                                    CellMasks *inCell) {
  if (Error error = checkArguments(function, arguments))
    return error;
  return Interpreter(weights, random, inCell).run(function.getFunctionBody().front(), arguments);
}

Expected<Tensors> Interpreter::run(Block &block, ArrayRef<Tensor> arguments) {
  for (auto [argument, value] : llvm::zip_equal(block.getArguments(), arguments))
    values[argument] = value;
  for (Operation &op : block.without_terminator()) {
    Expected<Tensors> results = evaluate(&op);
    if (!results)
      return results.takeError();
    if (auto active = ActiveAttr::of(&op))
      for (Tensor &sequence : *results)
        undefineInactive(sequence, active, op.getParentOfType<FunctionOpInterface>());
    for (auto [result, value] : llvm::zip_equal(op.getResults(), *results)) {
      assert(ArrayRef(value.shape).size() == size_t(cast<RankedTensorType>(result.getType()).getRank()));
      values[result] = std::move(value);
    }
  }
  return evaluate(block.getTerminator());
}

static Expected<Tensors> asResults(Tensor result) {
  Tensors results;
  results.push_back(std::move(result));
  return results;
}
static Expected<Tensors> asResults(Expected<Tensor> result) {
  if (!result)
    return result.takeError();
  return asResults(std::move(*result));
}
static Expected<Tensors> asResults(Tensors results) { return results; }
static Expected<Tensors> asResults(Expected<Tensors> results) { return results; }

Expected<Tensors> Interpreter::evaluate(Operation *op) {
  return llvm::TypeSwitch<Operation *, Expected<Tensors>>(op)
      .Case<ReturnOp, EmbeddingOp, DenseOp, RecurrentOp, Conv1dOp, MaxPool1dOp, AveragePool1dOp, DropoutOp,
            ReadOp, ConstantOp, BroadcastRowsOp, RandomMaskOp, NonzeroOp, NegateOp, ExpOp, LogOp, SqrtOp, AbsOp, SignOp, TanhOp, SigmoidOp,
            SoftplusOp, AddOp, SubOp, MulOp, DivOp, PowOp, MaximumOp, MinimumOp, GreaterOp, EqualOp, SelectOp,
            MatmulOp, ActiveRowsOp, ContractOp, SumToOp, ReduceOp, SplitOp, ConcatOp, ReshapeOp, ReverseOp, OneHotOp,
            GatherOp, IdRanksOp, IdsOfRanksOp, RankOfOp, ScatterAddOp, Conv1dInputAdjointOp, Conv1dKernelAdjointOp, MaxPool1dAdjointOp,
            AveragePool1dAdjointOp, ScanOp, NextOp>(
          [&](auto op) { return asResults(visit(op)); })
      .Default([](Operation *op) -> Expected<Tensors> {
        return failure("the reference does not know the operation {0}", op->getName().getStringRef());
      });
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Error Interpreter::checkIds(Operation *op, const Tensor &ids, int64_t count) {
  for (double id : ids.values)
    if (!(id >= 0 && id < count && id == std::floor(id)))
      return failure("{0}: the id {1} is not one of 0 to {2}", op->getName().getStringRef(),
                     llvm::format("%g", id), count - 1);
  return Error::success();
}

Expected<Tensor> Interpreter::visit(EmbeddingOp op) {
  const Tensor &ids = get(op.getIds()), &table = get(op.getTable());
  if (Error error = checkIds(op, ids, table.shape[0]))
    return error;
  return gather(table, ids);
}

/// A bias is added to each row.
static Tensor withBias(Tensor result, const Tensor &bias) {
  for (int64_t r = 0; r < result.rows(); ++r)
    for (int64_t i = 0; i < result.width(); ++i)
      result.row(r)[i] += bias.values[i];
  return result;
}

Tensor Interpreter::visit(DenseOp op) {
  Tensor result = matmul(get(op.getInput()), get(op.getKernel()), /*transposeRhs=*/false);
  return op.getBias() ? withBias(std::move(result), get(op.getBias())) : result;
}

Tensor Interpreter::visit(Conv1dOp op) {
  const Tensor &kernel = get(op.getKernel());
  Window window{kernel.shape[0], int64_t(op.getStrides()), int64_t(op.getDilation()), op.getPadding()};
  Tensor result = conv1d(get(op.getInput()), kernel, window);
  return op.getBias() ? withBias(std::move(result), get(op.getBias())) : result;
}

template <typename Op> static Window poolWindow(Op op) {
  return {int64_t(op.getPool()), int64_t(op.getStrides()), /*dilation=*/1, op.getPadding()};
}

Tensor Interpreter::visit(MaxPool1dOp op) { return maxPool1d(get(op.getInput()), poolWindow(op)); }

Tensor Interpreter::visit(AveragePool1dOp op) { return averagePool1d(get(op.getInput()), poolWindow(op)); }

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Expected<Tensor> Interpreter::visit(ReadOp op) {
  auto found = weights.find(op.getWeight().str());
  if (found == weights.end())
    return failure("no value was given for the weight {0}", op.getWeight());
  ArrayRef<int64_t> shape = op.getType().getShape();
  if (ArrayRef(found->second.shape) != shape)
    return failure("weight {0}: expected {1}, got {2}", op.getWeight(), toString(shape),
                   toString(found->second.shape));
  return found->second;
}

Tensor Interpreter::visit(ConstantOp op) {
  auto elements = cast<DenseElementsAttr>(op.getValue());
  Tensor result = Tensor::zeros(elements.getType().getShape());
  if (isa<FloatType>(elements.getElementType()))
    llvm::transform(elements.getValues<APFloat>(), result.values.begin(),
                    [](const APFloat &value) { return value.convertToDouble(); });
  else
    llvm::transform(elements.getValues<APInt>(), result.values.begin(),
                    [](const APInt &value) { return double(value.getSExtValue()); });
  return result;
}

Tensor Interpreter::visit(BroadcastRowsOp op) {
  return broadcastTo(get(op.getInput()), shapeOf(op.getType(), get(op.getLike()).shape[0]));
}

//===----------------------------------------------------------------------===//
// Primitives
//===----------------------------------------------------------------------===//

Tensor Interpreter::visit(SelectOp op) {
  const Tensor &condition = get(op.getCondition()), &onTrue = get(op.getOnTrue()),
               &onFalse = get(op.getOnFalse());
  std::vector<int64_t> shape = broadcastShape(broadcastShape(condition.shape, onTrue.shape), onFalse.shape);
  Tensor result = broadcastTo(onFalse, shape), chosen = broadcastTo(onTrue, shape),
         conditions = broadcastTo(condition, shape);
  for (int64_t i = 0; i < result.size(); ++i)
    if (conditions.values[i] != 0)
      result.values[i] = chosen.values[i];
  return result;
}

Tensor Interpreter::visit(SumToOp op) {
  // A `?` of the result is the batch, and stands where the input has it.
  Tensor input = activeOnly(get(op.getInput()), op.getActive());
  return sumTo(input, shapeOf(op.getType(), input.rank() ? input.shape[0] : 1));
}

Tensor Interpreter::visit(ConcatOp op) {
  SmallVector<const Tensor *> parts;
  for (Value part : op.getParts())
    parts.push_back(&get(part));
  return concat(parts);
}

Tensor Interpreter::visit(ReshapeOp op) {
  const Tensor &input = get(op.getInput());
  return reshape(input, shapeOf(op.getType(), input.rank() ? input.shape[0] : 1));
}

Expected<Tensor> Interpreter::visit(OneHotOp op) {
  const Tensor &ids = get(op.getIds());
  std::vector<int64_t> shape = shapeOf(op.getType(), ids.rank() ? ids.shape[0] : 1);
  if (Error error = checkIds(op, ids, shape.back()))
    return error;
  return oneHot(ids, shape);
}

Tensor Interpreter::visit(NonzeroOp op) {
  const Tensor &ids = get(op.getIds());
  Tensor result = Tensor::zeros(shapeOf(op.getType(), ids.shape[0]));
  for (int64_t i = 0; i < ids.size(); ++i)
    result.values[i] = ids.values[i] != 0;
  return result;
}

Expected<Tensor> Interpreter::visit(GatherOp op) {
  const Tensor &ids = get(op.getIds()), &table = get(op.getTable());
  if (Error error = checkIds(op, ids, table.shape[0]))
    return error;
  return gather(table, ids);
}

Expected<Tensor> Interpreter::visit(IdRanksOp op) {
  const Tensor &ids = get(op.getIds());
  int64_t entries = op.getType().getDimSize(0) - 1;
  if (Error error = checkIds(op, ids, entries))
    return error;
  Tensor ranks = Tensor::zeros({entries + 1});
  for (double id : ids.values)
    ranks.values[size_t(id) + 1] = 1;
  std::partial_sum(ranks.values.begin(), ranks.values.end(), ranks.values.begin());
  return ranks;
}

Tensor Interpreter::visit(IdsOfRanksOp op) {
  const Tensor &ranks = get(op.getRanks());
  Tensor ids = Tensor::zeros({ranks.size() - 1});
  for (int64_t id = 0; id < ids.size(); ++id)
    if (ranks.values[id + 1] > ranks.values[id])
      ids.values[size_t(ranks.values[id])] = double(id);
  return ids;
}

Expected<Tensor> Interpreter::visit(RankOfOp op) {
  const Tensor &ranks = get(op.getRanks());
  Tensor result = get(op.getIds());
  if (Error error = checkIds(op, result, ranks.size() - 1))
    return error;
  for (double &id : result.values)
    id = ranks.values[size_t(id)];
  return result;
}

Expected<Tensor> Interpreter::visit(ScatterAddOp op) {
  const Tensor &ids = get(op.getIds());
  ArrayRef<int64_t> shape = op.getType().getShape();
  if (Error error = checkIds(op, ids, shape[0]))
    return error;
  return scatterAdd(activeOnly(get(op.getValues()), op.getActive()), ids, shape);
}

Tensor Interpreter::visit(Conv1dInputAdjointOp op) {
  const Tensor &kernel = get(op.getKernel());
  Window window{kernel.shape[0], int64_t(op.getStrides()), int64_t(op.getDilation()), op.getPadding()};
  return conv1dInputAdjoint(get(op.getAdjoint()), kernel, window, op.getType().getDimSize(1));
}

Tensor Interpreter::visit(Conv1dKernelAdjointOp op) {
  Window window{op.getType().getDimSize(0), int64_t(op.getStrides()), int64_t(op.getDilation()),
                op.getPadding()};
  return conv1dKernelAdjoint(get(op.getInput()), get(op.getAdjoint()), window,
                             op.getActive() ? &get(op.getActive()) : nullptr);
}

Tensor Interpreter::visit(MaxPool1dAdjointOp op) {
  return maxPool1dAdjoint(get(op.getInput()), get(op.getAdjoint()), poolWindow(op));
}

Tensor Interpreter::visit(AveragePool1dAdjointOp op) {
  return averagePool1dAdjoint(get(op.getAdjoint()), poolWindow(op), op.getType().getDimSize(1));
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

Expected<std::vector<Tensor>> reference::evaluate(Operation *function, ArrayRef<Tensor> arguments,
                                                  const Weights &weights, const Randomness *random) {
  auto definition = dyn_cast<FunctionOpInterface>(function);
  if (!definition || !isa<ModelOp, CellOp, LossOp, OptimizerOp, RegularizerOp, StepOp>(function))
    return failure("{0} is not a function of seq", function->getName().getStringRef());
  FlushDenormals flush;
  return Interpreter(weights, random).call(definition, arguments);
}

std::vector<Tensor> reference::stepArguments(Operation *step, ArrayRef<Tensor> inputs, const Tensor &labels,
                                             const Tensor &scale, const Randomness &random) {
  std::vector<Tensor> arguments(inputs.begin(), inputs.end());
  arguments.push_back(labels);
  auto function = cast<FunctionOpInterface>(step);
  while (arguments.size() + 1 < function.getNumArguments()) {
    auto field = function.getArgAttrOfType<StringAttr>(arguments.size(), "weft.field");
    llvm::StringRef name = field ? field.getValue() : "";
    arguments.push_back(name == "seed"     ? random.seedTensor()
                        : name == "step"   ? random.stepTensor()
                        : name == "starts" ? Tensor::zeros({labels.shape.front(), 1})
                                           : random.rowsTensor());
  }
  arguments.push_back(scale);
  return arguments;
}

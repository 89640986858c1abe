//===- Interpreter.cpp - What a seq function means, in fp64 -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One `visit` an operation, in the order of SeqOps.td. Shapes are the verifiers'
// business; what only a run can tell (ids, given weights, arguments) is an error.
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Interpreter.h"
#include "compiler/reference/Primitives.h"
#include "dialects/seq/Seq.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

using namespace mlir;
using namespace weft;
using namespace weft::reference;
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

template <typename... Parts> Error failure(const char *format, Parts &&...parts) {
  return llvm::make_error<llvm::StringError>(llvm::formatv(format, std::forward<Parts>(parts)...).str(),
                                             llvm::inconvertibleErrorCode());
}

using Tensors = std::vector<Tensor>;

/// One activation of a function: the values of its body, which a scan writes
/// anew at each step.
class Interpreter {
public:
  explicit Interpreter(const Weights &weights) : weights(weights) {}

  Expected<Tensors> call(FunctionOpInterface function, ArrayRef<Tensor> arguments);

private:
  /// Runs a block on `arguments`; the answer is what its terminator takes.
  Expected<Tensors> run(Block &block, ArrayRef<Tensor> arguments);
  Expected<Tensors> evaluate(Operation *op);

  // Definitions and layers.
  Tensors visit(ReturnOp op) { return getAll(op.getValues()); }
  Expected<Tensor> visit(EmbeddingOp op);
  Tensor visit(DenseOp op);
  Expected<Tensor> visit(RecurrentOp op);
  Tensor visit(Conv1dOp op);
  Tensor visit(MaxPool1dOp op);
  Tensor visit(AveragePool1dOp op);

  // Values.
  Expected<Tensor> visit(ReadOp op);
  Tensor visit(ConstantOp op);
  Tensor visit(BroadcastRowsOp op);

  // Element by element.
  Tensor visit(NegateOp op) {
    return map(op, [](double x) { return -x; });
  }
  Tensor visit(ExpOp op) {
    return map(op, [](double x) { return std::exp(x); });
  }
  Tensor visit(LogOp op) {
    return map(op, [](double x) { return std::log(x); });
  }
  Tensor visit(SqrtOp op) {
    return map(op, [](double x) { return std::sqrt(x); });
  }
  Tensor visit(AbsOp op) {
    return map(op, [](double x) { return std::fabs(x); });
  }
  Tensor visit(SignOp op) {
    return map(op, [](double x) { return double((x > 0) - (x < 0)); });
  }
  Tensor visit(TanhOp op) {
    return map(op, [](double x) { return std::tanh(x); });
  }
  Tensor visit(SigmoidOp op) {
    return map(op, [](double x) { return 1 / (1 + std::exp(-x)); });
  }
  Tensor visit(SoftplusOp op) {
    // log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), where nothing overflows.
    return map(op, [](double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); });
  }
  Tensor visit(AddOp op) {
    return map(op, [](double a, double b) { return a + b; });
  }
  Tensor visit(SubOp op) {
    return map(op, [](double a, double b) { return a - b; });
  }
  Tensor visit(MulOp op) {
    return map(op, [](double a, double b) { return a * b; });
  }
  Tensor visit(DivOp op) {
    return map(op, [](double a, double b) { return a / b; });
  }
  Tensor visit(PowOp op) {
    return map(op, [](double a, double b) { return std::pow(a, b); });
  }
  Tensor visit(MaximumOp op) {
    return map(op, [](double a, double b) { return a > b ? a : b; });
  }
  Tensor visit(MinimumOp op) {
    return map(op, [](double a, double b) { return a < b ? a : b; });
  }
  Tensor visit(GreaterOp op) {
    return map(op, [](double a, double b) { return double(a > b); });
  }
  Tensor visit(EqualOp op) {
    return map(op, [](double a, double b) { return double(a == b); });
  }
  Tensor visit(SelectOp op);

  // Across elements.
  Tensor visit(MatmulOp op) { return matmul(get(op.getLhs()), get(op.getRhs()), op.getTransposeB()); }
  Tensor visit(ContractOp op) { return contract(get(op.getLhs()), activeOnly(get(op.getRhs()), op.getActive())); }
  Tensor visit(ActiveRowsOp op);
  Tensor visit(SumToOp op);
  Tensor activeOnly(Tensor sequence, Value active);
  Tensor visit(ReduceOp op) { return reduce(get(op.getInput()), op.getKind()); }
  Tensors visit(SplitOp op) { return split(get(op.getInput()), op.getNumResults()); }
  Tensor visit(ConcatOp op);
  Tensor visit(ReshapeOp op);
  Tensor visit(ReverseOp op) { return reverse(get(op.getInput())); }
  Expected<Tensor> visit(OneHotOp op);
  Expected<Tensor> visit(GatherOp op);
  Expected<Tensor> visit(ScatterAddOp op);
  Tensor visit(Conv1dInputAdjointOp op);
  Tensor visit(Conv1dKernelAdjointOp op);
  Tensor visit(MaxPool1dAdjointOp op);
  Tensor visit(AveragePool1dAdjointOp op);

  // Recurrence.
  Expected<Tensors> visit(ScanOp op);
  Tensors visit(NextOp op) { return getAll(op.getOperands()); }

  const Tensor &get(Value value) const {
    auto found = values.find(value);
    assert(found != values.end() && "a value is used before it is computed");
    return found->second;
  }
  Tensors getAll(ValueRange range) const {
    Tensors result;
    for (Value value : range)
      result.push_back(get(value));
    return result;
  }

  /// The shape of a value of `type` in a batch of `rows`.
  static std::vector<int64_t> shapeOf(Type type, int64_t rows) {
    std::vector<int64_t> shape = cast<RankedTensorType>(type).getShape().vec();
    std::replace(shape.begin(), shape.end(), ShapedType::kDynamic, rows);
    return shape;
  }

  /// f of each element, or of each pair of them where shapes broadcast.
  template <typename Op, typename Function> Tensor map(Op op, Function f) {
    if constexpr (std::is_invocable_v<Function, double>) {
      Tensor result = get(op.getInput());
      for (double &value : result.values)
        value = f(value);
      return result;
    } else {
      const Tensor &lhs = get(op.getLhs()), &rhs = get(op.getRhs());
      std::vector<int64_t> shape = broadcastShape(lhs.shape, rhs.shape);
      Tensor result = lhs.shape == shape ? lhs : broadcastTo(lhs, shape);
      Tensor repeated = rhs.shape == shape ? Tensor() : broadcastTo(rhs, shape);
      const double *b = rhs.shape == shape ? rhs.values.data() : repeated.values.data();
      for (double &value : result.values)
        value = f(value, *b++);
      return result;
    }
  }

  /// Each id must name one of `count` places.
  static Error checkIds(Operation *op, const Tensor &ids, int64_t count);

  const Weights &weights;
  llvm::DenseMap<Value, Tensor> values;
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

Expected<Tensors> Interpreter::call(FunctionOpInterface function, ArrayRef<Tensor> arguments) {
  if (Error error = checkArguments(function, arguments))
    return error;
  return Interpreter(weights).run(function.getFunctionBody().front(), arguments);
}

Expected<Tensors> Interpreter::run(Block &block, ArrayRef<Tensor> arguments) {
  for (auto [argument, value] : llvm::zip_equal(block.getArguments(), arguments))
    values[argument] = value;
  for (Operation &op : block.without_terminator()) {
    Expected<Tensors> results = evaluate(&op);
    if (!results)
      return results.takeError();
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
      .Case<ReturnOp, EmbeddingOp, DenseOp, RecurrentOp, Conv1dOp, MaxPool1dOp, AveragePool1dOp, ReadOp,
            ConstantOp, BroadcastRowsOp, NegateOp, ExpOp, LogOp, SqrtOp, AbsOp, SignOp, TanhOp, SigmoidOp,
            SoftplusOp, AddOp, SubOp, MulOp, DivOp, PowOp, MaximumOp, MinimumOp, GreaterOp, EqualOp, SelectOp,
            MatmulOp, ActiveRowsOp, ContractOp, SumToOp, ReduceOp, SplitOp, ConcatOp, ReshapeOp, ReverseOp, OneHotOp,
            GatherOp, ScatterAddOp, Conv1dInputAdjointOp, Conv1dKernelAdjointOp, MaxPool1dAdjointOp,
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

Expected<Tensor> Interpreter::visit(RecurrentOp op) {
  auto cell = SymbolTable::lookupNearestSymbolFrom<CellOp>(op, op.getCellAttr());
  if (!cell)
    return failure("there is no cell @{0}", op.getCell());
  const Tensor &input = get(op.getInput());
  int64_t rows = input.shape[0], steps = input.shape[1];

  // The cell's arguments: a step of the input, the states, the weights.
  Tensors arguments(1);
  for (Value start : op.getStarts())
    arguments.push_back(broadcastTo(get(start), {rows, get(start).width()}));
  llvm::append_range(arguments, getAll(op.getWeights()));

  Tensor last, all;
  for (int64_t i = 0; i < steps; ++i) {
    arguments[0] = stepOf(input, op.getGoBackwards() ? steps - 1 - i : i);
    Expected<Tensors> results = call(cell, arguments);
    if (!results)
      return results.takeError();
    // The cell's results: its output, then the new states.
    last = std::move(results->front());
    std::move(results->begin() + 1, results->end(), arguments.begin() + 1);
    if (!op.getReturnSequences())
      continue;
    if (i == 0)
      all = Tensor::zeros(shapeOf(op.getType(), rows));
    setStep(all, i, last);
  }
  return op.getReturnSequences() ? all : last;
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

Expected<Tensor> Interpreter::visit(GatherOp op) {
  const Tensor &ids = get(op.getIds()), &table = get(op.getTable());
  if (Error error = checkIds(op, ids, table.shape[0]))
    return error;
  return gather(table, ids);
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
  return conv1dKernelAdjoint(get(op.getInput()), get(op.getAdjoint()), window);
}

Tensor Interpreter::visit(MaxPool1dAdjointOp op) {
  return maxPool1dAdjoint(get(op.getInput()), get(op.getAdjoint()), poolWindow(op));
}

Tensor Interpreter::visit(AveragePool1dAdjointOp op) {
  return averagePool1dAdjoint(get(op.getAdjoint()), poolWindow(op), op.getType().getDimSize(1));
}

//===----------------------------------------------------------------------===//
// Recurrence
//===----------------------------------------------------------------------===//

Tensor Interpreter::visit(ActiveRowsOp op) {
  const Tensor &starts = get(op.getStarts());
  Tensor result = Tensor::zeros({op.getType().getDimSize(0)});
  for (int64_t t = 0; t < result.size(); ++t) {
    for (double start : starts.values)
      result.values[t] += std::floor((start + double(int64_t(op.getAdd()))) / double(op.getDivide())) <= double(t);
    result.values[t] = std::max(result.values[t], 1.0);
  }
  return result;
}

/// `sequence` with 0 for the rows that are not active at a step.
Tensor Interpreter::activeOnly(Tensor sequence, Value active) {
  if (!active)
    return sequence;
  const Tensor &counts = get(active);
  for (int64_t t = 0; t < counts.size(); ++t) {
    Tensor step = stepOf(sequence, t);
    clearRows(step, int64_t(counts.values[t]), step.shape[0]);
    setStep(sequence, t, step);
  }
  return sequence;
}

Expected<Tensors> Interpreter::visit(ScanOp op) {
  int64_t steps = op.getSteps();
  bool reverse = op.getReverse();
  Tensors inputs = getAll(op.getInputs()), states = getAll(op.getStarts());
  Tensors kept(op.getKept().size());
  // How many rows are active at step t: none before the first step, all behind the last.
  auto activeAt = [&](int64_t t) -> int64_t {
    if (!op.getActive() || t >= steps)
      return states.empty() ? 0 : states.front().shape[0];
    return t < 0 ? 0 : int64_t(get(op.getActive()).values[t]);
  };
  // From step `from` to the next one, or into the scan or out of it.
  auto passBoundary = [&](int64_t early, int64_t late) {
    for (Tensor &state : states) {
      if (!op.getActive())
        continue;
      if (reverse)
        collectRows(state, activeAt(early), activeAt(late));
      else if (early >= 0)
        spreadRow(state, activeAt(early), activeAt(late));
    }
  };
  auto has = [](std::optional<ArrayRef<int64_t>> list, int64_t number) {
    return list && llvm::is_contained(*list, number);
  };
  for (int64_t i = 0; i < steps; ++i) {
    int64_t step = reverse ? steps - 1 - i : i;
    if (reverse)
      passBoundary(step, step + 1);
    else
      passBoundary(step - 1, step);
    Tensors arguments;
    for (auto [number, input] : llvm::enumerate(inputs)) {
      arguments.push_back(stepOf(input, step));
      if (has(op.getCollect(), number))
        collectRows(arguments.back(), activeAt(step), activeAt(steps));
    }
    std::move(states.begin(), states.end(), std::back_inserter(arguments));

    Expected<Tensors> next = run(op.getBody().front(), arguments);
    if (!next)
      return next.takeError();
    auto keptNow = next->begin() + states.size();
    std::move(next->begin(), keptNow, states.begin());
    for (size_t k = 0; k < kept.size(); ++k, ++keptNow) {
      if (i == 0)
        kept[k] = Tensor::zeros(shapeOf(op.getKept()[k].getType(), keptNow->shape[0]));
      if (has(op.getSpread(), k))
        spreadRow(*keptNow, activeAt(step), keptNow->shape[0]);
      if (has(op.getClear(), k))
        clearRows(*keptNow, activeAt(step), keptNow->shape[0]);
      setStep(kept[k], step, *keptNow);
    }
  }
  if (reverse && op.getActive())
    for (Tensor &state : states)
      clearRows(state, activeAt(0), state.shape[0]);
  if (!reverse)
    passBoundary(steps - 1, steps);
  std::move(kept.begin(), kept.end(), std::back_inserter(states));
  return states;
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

Expected<std::vector<Tensor>> reference::evaluate(Operation *function, ArrayRef<Tensor> arguments,
                                                  const Weights &weights) {
  auto definition = dyn_cast<FunctionOpInterface>(function);
  if (!definition || !isa<ModelOp, CellOp, LossOp, OptimizerOp, RegularizerOp, StepOp>(function))
    return failure("{0} is not a function of seq", function->getName().getStringRef());
  FlushDenormals flush;
  return Interpreter(weights).call(definition, arguments);
}

//===- InterpreterDetail.h - One activation of a seq function -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_REFERENCE_INTERPRETERDETAIL_H
#define WEFT_COMPILER_REFERENCE_INTERPRETERDETAIL_H

#include "compiler/reference/Interpreter.h"
#include "compiler/reference/Primitives.h"
#include "dialects/seq/Seq.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace weft::reference::detail {
using namespace mlir;
using namespace weft::seq;
using llvm::Error;
using llvm::Expected;

template <typename... Parts> Error failure(const char *format, Parts &&...parts) {
  return llvm::make_error<llvm::StringError>(llvm::formatv(format, std::forward<Parts>(parts)...).str(),
                                             llvm::inconvertibleErrorCode());
}

using Tensors = std::vector<Tensor>;

/// The masks of one recurrent layer in training: the same ones at every step.
class CellMasks {
public:
  CellMasks(RecurrentOp layer, const Randomness &random)
      : layer(layer), random(random), rates{layer.getDropout().convertToDouble(),
                                            layer.getRecurrentDropout().convertToDouble()} {}

  bool any() const { return rates[0] > 0 || rates[1] > 0; }
  /// With recurrent dropout each part of a split has masks of its own.
  bool apart() const { return rates[1] > 0; }
  /// What part `part` of a matmul reads of argument `argument` of the cell.
  Tensor apply(const Tensor &value, int64_t argument, int64_t part);

private:
  RecurrentOp layer;
  const Randomness &random;
  double rates[2];
  std::map<int64_t, Tensor> drawn;
};

/// One activation of a function: the values of its body, which a scan writes
/// anew at each step.
class Interpreter {
public:
  Interpreter(const Weights &weights, const Randomness *random, CellMasks *masks = nullptr)
      : weights(weights), random(random), masks(masks) {}

  /// Of a cell: with `inCell` on what its matmuls read.
  Expected<Tensors> call(FunctionOpInterface function, ArrayRef<Tensor> arguments, CellMasks *inCell = nullptr);

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
  Tensor visit(DropoutOp op);

  // Values.
  Expected<Tensor> visit(ReadOp op);
  Tensor visit(ConstantOp op);
  Tensor visit(BroadcastRowsOp op);
  Tensor visit(RandomMaskOp op);

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
  Expected<Tensor> visit(MatmulOp op) {
    return masks ? maskedMatmul(op) : matmul(get(op.getLhs()), get(op.getRhs()), op.getTransposeB());
  }
  Expected<Tensor> maskedMatmul(MatmulOp op);
  /// What part `part` of a matmul of a cell reads of `value`.
  Expected<Tensor> masked(Value value, int64_t part);
  Tensor visit(ContractOp op) {
    return contract(activeOnly(get(op.getLhs()), op.getActive()), activeOnly(get(op.getRhs()), op.getActive()));
  }
  Tensor visit(ActiveRowsOp op);
  Tensor visit(SumToOp op);
  Tensor activeOnly(Tensor sequence, Value active);
  /// Rows that `active` leaves undefined are no numbers.
  void undefineInactive(Tensor &sequence, ActiveAttr active, FunctionOpInterface function);
  Tensor visit(ReduceOp op) { return reduce(get(op.getInput()), op.getKind()); }
  Tensors visit(SplitOp op) { return split(get(op.getInput()), op.getNumResults()); }
  Tensor visit(ConcatOp op);
  Tensor visit(ReshapeOp op);
  Tensor visit(ReverseOp op) { return reverse(get(op.getInput())); }
  Expected<Tensor> visit(OneHotOp op);
  Tensor visit(NonzeroOp op);
  Expected<Tensor> visit(GatherOp op);
  Expected<Tensor> visit(IdRanksOp op);
  Tensor visit(IdsOfRanksOp op);
  Expected<Tensor> visit(RankOfOp op);
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
  const Randomness *random; ///< null where nothing is random
  CellMasks *masks;         ///< of the cell that runs
  llvm::DenseMap<Value, Tensor> values;
};

} // namespace weft::reference::detail

#endif // WEFT_COMPILER_REFERENCE_INTERPRETERDETAIL_H

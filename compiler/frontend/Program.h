//===- Program.h - A checked model: straight-line functions over typed values -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What Sema hands to MlirGen. Definitions are gone: each cell, layer,
// activation, loss and optimizer has been applied to its compile-time arguments
// and shapes, and what is left are primitives. One to one with the seq dialect,
// but without MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_FRONTEND_PROGRAM_H
#define WEFT_COMPILER_FRONTEND_PROGRAM_H

#include "compiler/frontend/Source.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::frontend {

/// The extent of the axis that counts the rows of a batch. It comes first, or not at all.
inline constexpr int64_t batchExtent = -1;
/// The most that an axis, or a number of units, may be.
inline constexpr int64_t largestExtent = 1000000000;

struct Type {
  std::vector<int64_t> shape;
  int64_t vocabulary = 0; // ids below this; 0 for numbers
  bool isIds = false;

  bool hasBatch() const { return !shape.empty() && shape.front() == batchExtent; }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  int64_t width() const { return shape.empty() ? 1 : shape.back(); }
  bool operator==(const Type &other) const { return shape == other.shape && isIds == other.isIds; }
};

/// "batch×500×32", "4×8", "a number"
std::string print(const Type &type);
/// Elements of a shape without a batch.
int64_t countElements(const std::vector<int64_t> &shape);
/// Shapes aligned at their last axes; none where they do not fit.
std::optional<Type> broadcast(const Type &lhs, const Type &rhs);

enum class Primitive {
  Constant, // number
  Read,     // weight
  // element by element, one operand
  Negate,
  Exp,
  Log,
  Sqrt,
  Abs,
  Sign,
  Tanh,
  Sigmoid,
  Softplus,
  // two operands
  Add,
  Sub,
  Mul,
  Div,
  Pow,
  Maximum,
  Minimum,
  Greater,
  Equal,
  Select,
  // across elements
  Matmul,
  ReduceSum,
  ReduceMean,
  ReduceMax,
  Split,
  Concat,
  Reshape,
  Reverse,
  OneHot,
  Nonzero,
  // layers
  Embedding,
  Dense,
  Dropout,
  Conv1d,
  MaxPool1d,
  AveragePool1d,
  Recurrent,
};

using ValueId = int;

struct Node {
  Primitive primitive;
  std::vector<ValueId> operands;
  std::vector<ValueId> results;
  SourceRange range;
  double number = 0; // Constant
  int index = -1;    // Read: the weight; Recurrent: the cell
  // Conv1d, MaxPool1d, AveragePool1d
  int64_t window = 0, strides = 1, dilation = 1;
  std::string padding = "valid";
  // Recurrent: operands are the input, `states` many starts, the weights, with
  // `hasPresent` which steps are there
  int64_t states = 0;
  bool returnSequences = false, goBackwards = false, hasPresent = false;
  // Dropout (operands: the value, perhaps ids), Recurrent
  double rate = 0, recurrentRate = 0;
  int64_t maskedLayer = 0;
};

struct Argument {
  ValueId value;
  std::string name;
  SourceRange range;
  std::optional<std::pair<double, double>> bounds = {}; // of a label
};

/// Values are numbered; `types` has one entry a value.
struct Function {
  std::string name;
  SourceRange range;
  std::vector<Type> types;
  std::vector<Argument> arguments;
  std::vector<Node> nodes;
  std::vector<Argument> results;
};

/// An initialiser by the name that `#seq.init` gives it.
struct Initializer {
  std::string kind;
  std::vector<double> arguments;
};

struct Weight {
  std::string name; // <layer>/<weight>
  std::vector<int64_t> shape;
  std::vector<Initializer> initializers;
  SourceRange range;
  int regularizer = -1; // of the program's
};

/// Arguments: the input, the states, the weights. Results: the output, the new states.
struct Cell {
  Function function;
  int64_t states = 0;
};

/// A line of the summary.
struct LayerRecord {
  std::string name;
  std::string type;
  std::vector<int64_t> shape;
  int64_t parameters = 0;
};

/// A value that the runtime reads.
using Setting = std::variant<bool, int64_t, double, std::string>;

struct CallbackSetting {
  std::string name;
  std::vector<std::pair<std::string, Setting>> arguments;
};

/// How large gradients may be: clipnorm, clipvalue, global_clipnorm, or none.
struct Clipping {
  std::string kind;
  double limit = 0;
};

struct Training {
  double learningRate = 0;
  int64_t epochs = 1, batch = 32, seed = 1;
  bool shuffle = true;
  std::string data;       // canonical; empty where the command line must say
  std::string validation; // empty: the data's test split where there is one
  std::vector<std::string> metrics;
  std::vector<CallbackSetting> callbacks;
  std::vector<double> classWeights; // one a class; empty: all count the same
  Clipping clipping;
};

struct Program {
  std::vector<Weight> weights;
  std::vector<Cell> cells;
  Function model, loss, optimizer;
  std::vector<Function> regularizers; // each: an element of a weight to what it costs
  std::vector<LayerRecord> layers;
  int64_t maskedLayers = 0; // those with dropout, numbered as they are applied
  Training training;
};

} // namespace weft::frontend

#endif // WEFT_COMPILER_FRONTEND_PROGRAM_H

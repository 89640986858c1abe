//===- RandomCells.cpp - Recurrent cells that nobody has thought of -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/support/RandomCells.h"

#include <random>
#include <vector>

namespace {

class Generator {
public:
  Generator(uint64_t seed, const weft::tests::RandomCellOptions &options)
      : engine(seed * 2 + 1), options(options) {}

  std::string model();

private:
  int64_t below(int64_t count) { return int64_t(engine() % uint64_t(count)); }
  bool chance(int64_t outOf) { return below(outOf) == 0; }
  const std::string &any(const std::vector<std::string> &words) { return words[below(words.size())]; }

  std::string activation() {
    static const std::vector<std::string> names{"tanh",     "sigmoid", "tanh",         "sigmoid",
                                                "softsign", "swish",   "hard_sigmoid", "elu"};
    return any(names);
  }
  /// A sum, product or so of known values, at most `depth` deep.
  std::string expression(int64_t depth);
  void equation(const std::string &name, const std::string &value) {
    equations += "  " + name + " = " + value + "\n";
  }

  std::string cell();

  std::mt19937_64 engine;
  weft::tests::RandomCellOptions options;
  std::vector<std::string> states, values;
  std::string weights, equations;
};

std::string Generator::expression(int64_t depth) {
  if (depth == 0 || chance(4))
    return any(values);
  std::string a = expression(depth - 1);
  if (chance(3))
    return activation() + "(" + a + ")";
  std::string b = expression(depth - 1);
  switch (below(5)) {
  case 0:
    return "(" + a + " - " + b + ")";
  case 1:
    return "(1 - " + a + ") * " + b;
  case 2:
    return a + " * " + b;
  case 3:
    return "(" + a + " / (1 + " + b + "^2))";
  default:
    return "(" + a + " + 0.5 * " + b + ")";
  }
}

std::string Generator::cell() {
  int64_t stateCount = 1 + below(3), gateCount = 1 + below(6);
  std::string width = gateCount == 1 ? "units" : std::to_string(gateCount) + "*units";
  for (int64_t state = 0; state < stateCount; ++state)
    states.push_back("s" + std::to_string(state));

  weights += "  weight kernel [input, " + width + "] = glorot_uniform\n";
  std::string sum = "x @ kernel";
  for (int64_t state = 0; state < stateCount; ++state)
    if (state == 0 || chance(3)) {
      std::string name = "recurrent_" + states[state];
      weights += "  weight " + name + " [units, " + width + "] = orthogonal\n";
      sum += " + " + states[state] + " @ " + name;
    }
  if (!chance(4)) {
    weights += "  weight bias [" + width + "] = zeros\n";
    sum += " + bias";
  }
  equation("z", sum);
  std::string parts;
  for (int64_t gate = 0; gate < gateCount; ++gate)
    parts += (gate ? ", p" : "p") + std::to_string(gate);
  equation(parts, gateCount == 1 ? "z" : "split(z)");
  for (int64_t gate = 0; gate < gateCount; ++gate) {
    std::string name = "g" + std::to_string(gate);
    equation(name, activation() + "(p" + std::to_string(gate) + ")");
    values.push_back(name);
  }
  values.insert(values.end(), states.begin(), states.end());
  if (chance(3)) {
    // A second phase: a matmul of what the first one made.
    weights += "  weight candidate_kernel [units, units] = glorot_uniform\n";
    equation("candidate", "tanh((" + any(values) + " * " + any(states) + ") @ candidate_kernel)");
    values.push_back("candidate");
  }
  if (chance(4)) {
    equation("norm", "mean(" + any(values) + "^2)");
    equation("scaled", any(values) + " / (1 + norm)");
    values.push_back("scaled");
  }
  if (chance(4)) {
    equation("attention", "softmax(" + any(values) + ")");
    values.push_back("attention");
  }
  for (const std::string &state : states) {
    // States stay bounded, so that no slope explodes over the steps.
    switch (below(3)) {
    case 0:
      equation(state + "'",
               "sigmoid(" + any(values) + ") * " + state + " + 0.5 * tanh(" + expression(2) + ")");
      break;
    case 1:
      equation("k_" + state, "sigmoid(" + expression(1) + ")");
      equation(state + "'",
               "k_" + state + " * " + state + " + (1 - k_" + state + ") * tanh(" + expression(2) + ")");
      break;
    default:
      equation(state + "'", "tanh(" + expression(3) + ")");
    }
    values.push_back(state + "'");
  }
  std::string output = chance(2) ? any(states) + "'" : "tanh(" + expression(2) + ")";

  std::string text = "cell random_cell(units) {\n" + weights + "  state ";
  for (size_t state = 0; state < states.size(); ++state)
    text += (state ? ", " : "") + states[state] + "[units]";
  return text + "\n\n" + equations + "  return " + output + "\n}\n";
}

std::string Generator::model() {
  int64_t units = options.units ? options.units : 2 + below(5);
  int64_t features = options.features ? options.features : 1 + below(4);
  std::string text = cell();
  std::string layer = "random_cell(" + std::to_string(units);
  std::string backwards = chance(4) ? ", go_backwards = true" : "";
  text += "\nmodel random_model {\n  input sequence: features[" + std::to_string(options.steps) + ", " +
          std::to_string(features) + "]\n  output y = sequence |> ";
  if (chance(3))
    text += layer + ", return_sequences = true) |> ";
  text += layer + backwards + ") |> dense(2)\n}\n";
  return text + "\ntrain {\n  loss = mean_squared_error\n  optimizer = sgd(learning_rate = 0.01)\n}\n";
}

} // namespace

std::string weft::tests::randomCellModel(uint64_t seed, const RandomCellOptions &options) {
  return Generator(seed, options).model();
}

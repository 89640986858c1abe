//===- ScanTest.cpp - Scans of every shape, planned and run -----*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random programs of several scans: forward and reverse, one step and more,
// states that are made by a kernel, handed on, swapped, left alone, shared or
// come from outside; kept values that are states before or after the step,
// steps of the input, or other values, once or twice; start values with other
// uses. What runs is compared with an evaluation of the module itself.
//
//===----------------------------------------------------------------------===//

#include "dialects/halide/Halide.h"
#include "dialects/seq/Seq.h"
#include "tests/compiler/codegen/TestProgram.h"

#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace weft;
using namespace weft::test;

namespace {

constexpr int units = 4;

//===----------------------------------------------------------------------===//
// Random programs
//===----------------------------------------------------------------------===//

class Generator {
public:
  Generator(unsigned seed, int steps) : engine(seed), steps(steps) {}
  std::string run();

private:
  using Names = std::vector<std::string>;
  unsigned below(unsigned count) { return std::uniform_int_distribution<unsigned>(0, count - 1)(engine); }
  const std::string &any(const Names &names) {
    // The newest are the likeliest, so that programs are deep.
    return names[below(2) ? below(names.size()) : names.size() - 1 - below(std::min<size_t>(names.size(), 3))];
  }
  std::string fresh() { return "%v" + std::to_string(counter++); }
  std::string sequenceType() const { return "tensor<?x" + std::to_string(steps) + "x4xf32>"; }
  void apply(Names &values, const char *indent);
  void scan();

  static constexpr const char *row = "tensor<?x4xf32>";
  std::mt19937 engine;
  int steps, counter = 0;
  Names rows, sequences;
  std::string text;
};

void Generator::apply(Names &values, const char *indent) {
  switch (below(5)) {
  case 0: {
    std::string name = fresh();
    text += indent + name + " = halide.apply @mix0() : () -> " + row + "\n";
    values.push_back(name);
    break;
  }
  case 1: {
    std::string name = fresh();
    text += indent + name + " = halide.apply @mix1(" + any(values) + ") : (" + row + ") -> " + row + "\n";
    values.push_back(name);
    break;
  }
  case 2:
  case 3: {
    std::string name = fresh();
    text += indent + name + " = halide.apply @mix2(" + any(values) + ", " + any(values) + ") : (" + row + ", " +
            row + ") -> " + row + "\n";
    values.push_back(name);
    break;
  }
  case 4: {
    std::string name = fresh();
    text += indent + name + ":2 = halide.apply @mix3(" + any(values) + ", " + any(values) + ", " + any(values) +
            ") : (" + row + ", " + row + ", " + row + ") -> (" + row + ", " + row + ")\n";
    values.push_back(name + "#0");
    values.push_back(name + "#1");
    break;
  }
  }
}

void Generator::scan() {
  Names inputs(below(3)), starts(below(4)), kept(below(4));
  auto join = [](const Names &names, const std::string &type) {
    std::string joined, types;
    for (const std::string &name : names) {
      joined += (joined.empty() ? "" : ", ") + name;
      types += (types.empty() ? "" : ", ") + type;
    }
    return std::pair(joined, types);
  };
  for (std::string &name : inputs)
    name = any(sequences);
  for (std::string &name : starts)
    name = any(rows);
  std::string result = fresh(), operandTypes = join(inputs, sequenceType()).second, resultTypes = join(starts, row).second;
  std::string startTypes = resultTypes, keptTypes = join(kept, sequenceType()).second;
  if (!startTypes.empty())
    operandTypes += (operandTypes.empty() ? "" : ", ") + startTypes;
  if (!keptTypes.empty())
    resultTypes += (resultTypes.empty() ? "" : ", ") + keptTypes;
  size_t results = starts.size() + kept.size();
  text += "    ";
  if (results)
    text += result + ":" + std::to_string(results) + " = ";
  text += "seq.scan over (" + join(inputs, "").first + ") from (" + join(starts, "").first + ") steps " +
          std::to_string(steps) + (below(2) ? " reverse" : "") + " : (" + operandTypes + ") -> (" + resultTypes +
          ") {\n    ^bb0(";
  Names inside, arguments;
  for (size_t i = 0; i < inputs.size() + starts.size(); ++i) {
    arguments.push_back(fresh());
    text += (i ? ", " : "") + arguments.back() + ": " + row;
  }
  text += "):\n";
  // A few values from outside, then what the step has.
  for (unsigned i = below(3); i > 0; --i)
    inside.push_back(any(rows));
  inside.insert(inside.end(), arguments.begin(), arguments.end());
  if (inside.empty())
    inside.push_back(any(rows));
  for (unsigned i = below(6); i > 0; --i)
    apply(inside, "      ");
  Names next(starts.size());
  for (std::string &name : next)
    name = any(inside);
  for (std::string &name : kept)
    name = any(inside);
  auto part = [&](const Names &names) {
    auto [joined, types] = join(names, row);
    return names.empty() ? "()" : "(" + joined + " : " + types + ")";
  };
  text += "      seq.next states" + part(next) + " keep" + part(kept) + "\n    }\n";
  for (size_t i = 0; i < results; ++i)
    (i < starts.size() ? rows : sequences).push_back(result + "#" + std::to_string(i));
}

std::string Generator::run() {
  std::string rowsMemref = "memref<?x4xf32, strided<[16, 1], offset: ?>>";
  std::string sequenceMemref = "memref<" + std::to_string(steps) + "x?x4xf32, strided<[?, 16, 1], offset: ?>>";
  std::string external = "memref<?x" + std::to_string(steps) + "x4xf32>";
  text = "module attributes {weft.row_tile = 8 : i64} {\n";
  text += "  seq.weight @\"unused/weight\" : tensor<5xf32> = [#seq.init<zeros>]\n";
  auto kernel = [&](const std::string &name, const Names &inputs, const Names &outputs) {
    text += declareKernel(name, inputs, outputs);
  };
  kernel("mix0", {}, {rowsMemref});
  kernel("mix1", {rowsMemref}, {rowsMemref});
  kernel("mix2", {rowsMemref, rowsMemref}, {rowsMemref});
  kernel("mix3", {rowsMemref, rowsMemref, rowsMemref}, {rowsMemref, rowsMemref});
  kernel("input", {external}, {sequenceMemref});
  kernel("rows_input", {"memref<?x4xf32>"}, {rowsMemref});
  kernel("output", {rowsMemref}, {"memref<?x4xf32>"});
  kernel("sequence_output", {sequenceMemref}, {external});

  std::string body;
  std::swap(body, text);
  text += "    %rows = halide.apply @rows_input(%a) : (" + std::string(row) + ") -> " + row + "\n";
  text += "    %xs = halide.apply @input(%x) : (" + sequenceType() + ") -> " + sequenceType() + "\n";
  rows = {"%rows"};
  sequences = {"%xs"};
  for (unsigned i = 3 + below(8); i > 0; --i)
    below(3) ? scan() : apply(rows, "    ");
  // Results: through a kernel, or as they are.
  Names returned, types;
  for (unsigned i = 1 + below(3); i > 0; --i) {
    std::string value = any(rows);
    if (below(3)) {
      std::string name = fresh();
      text += "    " + name + " = halide.apply @output(" + value + ") : (" + row + ") -> " + row + "\n";
      value = name;
    }
    returned.push_back(value);
    types.push_back(row);
  }
  for (unsigned i = below(3); i > 0; --i) {
    std::string value = any(sequences);
    if (below(3)) {
      std::string name = fresh();
      text += "    " + name + " = halide.apply @sequence_output(" + value + ") : (" + sequenceType() + ") -> " +
              sequenceType() + "\n";
      value = name;
    }
    returned.push_back(value);
    types.push_back(sequenceType());
  }
  std::string values, list;
  for (size_t i = 0; i < returned.size(); ++i) {
    values += (i ? ", " : "") + returned[i];
    list += (i ? ", " : "") + types[i];
  }
  return body + "  seq.model @random(%x: " + sequenceType() + ", %a: " + row + ") -> (" + list + ") {\n" + text +
         "    seq.return " + values + " : " + list + "\n  }\n}\n";
}

//===----------------------------------------------------------------------===//
// What they mean
//===----------------------------------------------------------------------===//

/// [row][step][unit]; one step where there are none.
struct Tensor {
  int64_t rows = 0, steps = 1;
  std::vector<float> data;
  Tensor() = default;
  Tensor(int64_t rows, int64_t steps) : rows(rows), steps(steps), data(rows * steps * units) {}
  float &at(int64_t row, int64_t step, int u) { return data[(row * steps + step) * units + u]; }
};

class Evaluator {
public:
  Evaluator(int64_t rows) : rows(rows) {}
  std::vector<Tensor> run(seq::ModelOp model, const Tensor &x, const Tensor &a) {
    mlir::Block &body = model.getBody().front();
    values[body.getArgument(0)] = x;
    values[body.getArgument(1)] = a;
    evaluate(body);
    std::vector<Tensor> results;
    for (mlir::Value value : body.getTerminator()->getOperands())
      results.push_back(values[value]);
    return results;
  }

private:
  void evaluate(mlir::Block &block) {
    for (mlir::Operation &op : block.without_terminator()) {
      if (auto apply = llvm::dyn_cast<halide::ApplyOp>(op))
        evaluate(apply);
      else
        evaluate(llvm::cast<seq::ScanOp>(op));
    }
  }
  void evaluate(halide::ApplyOp apply) {
    std::vector<Tensor> in;
    for (mlir::Value input : apply.getInputs())
      in.push_back(values[input]);
    llvm::StringRef kernel = apply.getKernel();
    if (!kernel.starts_with("mix")) {
      values[apply.getOutputs()[0]] = in[0];
      return;
    }
    Tensor out(rows, 1), other(rows, 1);
    for (int64_t r = 0; r < rows; ++r)
      for (int u = 0; u < units; ++u) {
        float &y = out.at(r, 0, u);
        if (kernel == "mix0")
          y = 0.25f * float(u + 1) - 0.125f * float(r);
        else if (kernel == "mix1")
          y = 0.5f * in[0].at(r, 0, u) + 1;
        else if (kernel == "mix2")
          y = 0.5f * in[0].at(r, 0, u) - 0.25f * in[1].at(r, 0, u);
        else {
          y = 0.5f * in[0].at(r, 0, u) + 0.25f * in[1].at(r, 0, u);
          other.at(r, 0, u) = 0.75f * in[2].at(r, 0, u) - 0.5f;
        }
      }
    values[apply.getOutputs()[0]] = out;
    if (apply.getOutputs().size() > 1)
      values[apply.getOutputs()[1]] = other;
  }
  void evaluate(seq::ScanOp scan) {
    int64_t steps = scan.getSteps();
    for (auto [start, state] : llvm::zip(scan.getStarts(), scan.getStateArguments())) {
      Tensor copy = values[start];
      values[state] = copy;
    }
    for (mlir::Value kept : scan.getKept())
      values[kept] = Tensor(rows, steps);
    for (int64_t done = 0; done < steps; ++done) {
      int64_t step = scan.getReverse() ? steps - 1 - done : done;
      for (auto [input, argument] : llvm::zip(scan.getInputs(), scan.getStepArguments())) {
        Tensor one(rows, 1), &all = values[input];
        for (int64_t r = 0; r < rows; ++r)
          for (int u = 0; u < units; ++u)
            one.at(r, 0, u) = all.at(r, step, u);
        values[argument] = one;
      }
      evaluate(scan.getBody().front());
      seq::NextOp next = scan.getNext();
      for (auto [value, kept] : llvm::zip(next.getKept(), scan.getKept())) {
        Tensor one = values[value];
        Tensor &all = values[kept];
        for (int64_t r = 0; r < rows; ++r)
          for (int u = 0; u < units; ++u)
            all.at(r, step, u) = one.at(r, 0, u);
      }
      std::vector<Tensor> states;
      for (mlir::Value value : next.getStates())
        states.push_back(values[value]);
      for (auto [state, argument] : llvm::zip(states, scan.getStateArguments()))
        values[argument] = state;
    }
    for (auto [last, argument] : llvm::zip(scan.getLast(), scan.getStateArguments())) {
      Tensor copy = values[argument];
      values[last] = copy;
    }
  }

  int64_t rows;
  llvm::DenseMap<mlir::Value, Tensor> values;
};

class Scans : public testing::TestWithParam<int> {};

TEST_P(Scans, randomProgramsComputeWhatTheySay) {
  std::mt19937 engine(GetParam());
  auto context = makeContext();
  for (int round = 0; round < 8; ++round) {
    int steps = 1 + engine() % 4;
    std::string text = Generator(engine(), steps).run();
    SCOPED_TRACE(text);
    auto module = parse(*context, text);
    ASSERT_TRUE(module);
    auto planned = mlir::OwningOpRef<mlir::ModuleOp>(module->clone());
    ASSERT_TRUE(plan(*planned));
    LoadedProgram program(*planned);
    ASSERT_TRUE(program);
    for (int64_t rows : {1, 7, 8, 9}) {
      Tensor x(rows, steps), a(rows, 1);
      std::uniform_real_distribution<float> uniform(-1, 1);
      for (std::vector<float> *data : {&x.data, &a.data})
        for (float &value : *data)
          value = uniform(engine);
      std::vector<Tensor> expected = Evaluator(rows).run(*module->getOps<seq::ModelOp>().begin(), x, a);
      std::vector<Tensor> actual = expected;
      weft::test::Run run;
      run.inputs = {x.data.data(), a.data.data()};
      for (Tensor &tensor : actual) {
        std::fill(tensor.data.begin(), tensor.data.end(), NAN);
        run.outputs.push_back(tensor.data.data());
      }
      std::vector<float> parameters(program->parameter_count);
      ASSERT_TRUE(run(*program.operator->(), program->predict, parameters.data(), rows)) << "wrote behind a buffer";
      for (size_t i = 0; i < expected.size(); ++i)
        for (size_t j = 0; j < expected[i].data.size(); ++j)
          ASSERT_NEAR(actual[i].data[j], expected[i].data[j], 1e-4) << "result " << i << ", element " << j
                                                                    << ", rows " << rows;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Scans, testing::Range(0, 8));

} // namespace

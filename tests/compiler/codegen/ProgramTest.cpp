//===- ProgramTest.cpp - A recurrent layer, planned, compiled and run -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/codegen/TestProgram.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <xmmintrin.h>

using namespace weft;
using namespace weft::test;

namespace {

constexpr int units = 4, words = 10;

std::string replaceAll(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// h0 = table[id]; h(t+1) = x(t) + h(t) * w / 2; the prediction is h(T); the
/// loss the mean square error. The bias has no effect, so its gradient is zero.
std::string moduleText(int steps) {
  std::string text = R"(
module attributes {weft.row_tile = 8 : i64, weft.slices = 4 : i64} {
  seq.weight @"cell/w" : tensor<4x4xf32> = [#seq.init<orthogonal, 1.0>]
  seq.weight @"cell/bias" : tensor<3xf32> = [#seq.init<zeros>, #seq.init<ones>, #seq.init<zeros>]
  seq.weight @"embedding/table" : tensor<10x4xf32> = [#seq.init<uniform, -0.05, 0.05>]
  seq.training @tiny loss @square optimizer @sgd rate 1.000000e-02
    {batch = 8 : i64, data = "npy:X,Y", epochs = 2 : i64, metrics = ["accuracy"], seed = 7 : i64, shuffle = true}

  KERNEL(pack; memref<4x4xf32>; memref<4x4xf32>)
  KERNEL(input; memref<?xTx4xf32>; SEQUENCE)
  KERNEL(lookup; memref<?x1xi32> + memref<10x4xf32>; ROWS)
  KERNEL(cell; ROWS + ROWS + memref<4x4xf32>; ROWS)
  KERNEL(output; ROWS; memref<?x4xf32>)
  KERNEL(loss; memref<?x4xf32> + memref<?x4xf32>; memref<?x1xf32>)
  KERNEL(loss_adjoint; memref<?x4xf32> + memref<?x4xf32> + memref<?x1xf32>; ROWS)
  KERNEL(cell_adjoint; ROWS + memref<4x4xf32>; ROWS)
  KERNEL(contract; SEQUENCE + SEQUENCE; memref<4x4xf32>)
  KERNEL(scatter; memref<?x1xi32> + ROWS; memref<10x4xf32>)
  KERNEL(nothing; ; memref<3xf32>)
  KERNEL(rate; memref<f32> + f32; memref<f32>)
  KERNEL(momentum; VECTOR + VECTOR; VECTOR)
  KERNEL(descend; VECTOR + VECTOR + memref<f32>; VECTOR)

  seq.model @tiny(%x: tensor<?xTx4xf32> {seq.name = "x"}, %id: tensor<?x1xi32> {seq.name = "id", seq.vocabulary = 10 : i64})
      -> (tensor<?x4xf32> {seq.name = "h"})
      attributes {layers = [{name = "cell", type = "Tiny", shape = [4], parameters = 19 : i64}]} {
    %table = seq.read @"embedding/table" : tensor<10x4xf32>
    %w = seq.read @"cell/w" : tensor<4x4xf32>
    %packed = halide.apply @pack(%w) : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %xs = halide.apply @input(%x) : (tensor<?xTx4xf32>) -> tensor<?xTx4xf32>
    %h0 = halide.apply @lookup(%id, %table) : (tensor<?x1xi32>, tensor<10x4xf32>) -> tensor<?x4xf32>
    %last = seq.scan over (%xs) from (%h0) steps T
        : (tensor<?xTx4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%xt: tensor<?x4xf32>, %h: tensor<?x4xf32>):
      %h1 = halide.apply @cell(%xt, %h, %packed) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
      seq.next states(%h1 : tensor<?x4xf32>) keep()
    }
    %p = halide.apply @output(%last) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    seq.return %p : tensor<?x4xf32>
  }

  seq.step @train(%x: tensor<?xTx4xf32> {seq.name = "x"}, %id: tensor<?x1xi32> {seq.name = "id", seq.vocabulary = 10 : i64},
                  %t: tensor<?x4xf32> {seq.name = "target", seq.bounds = [-1.0, 2.5]}, %scale: tensor<?x1xf32>)
      -> (tensor<?x4xf32>, tensor<?x1xf32>, tensor<4x4xf32>, tensor<3xf32>, tensor<10x4xf32>)
      attributes {gradients = [@"cell/w", @"cell/bias", @"embedding/table"]} {
    %table = seq.read @"embedding/table" : tensor<10x4xf32>
    %w = seq.read @"cell/w" : tensor<4x4xf32>
    %packed = halide.apply @pack(%w) : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %xs = halide.apply @input(%x) : (tensor<?xTx4xf32>) -> tensor<?xTx4xf32>
    %h0 = halide.apply @lookup(%id, %table) : (tensor<?x1xi32>, tensor<10x4xf32>) -> tensor<?x4xf32>
    %last, %hs = seq.scan over (%xs) from (%h0) steps T
        : (tensor<?xTx4xf32>, tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?xTx4xf32>) {
    ^bb0(%xt: tensor<?x4xf32>, %h: tensor<?x4xf32>):
      %h1 = halide.apply @cell(%xt, %h, %packed) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
      seq.next states(%h1 : tensor<?x4xf32>) keep(%h : tensor<?x4xf32>)
    }
    %p = halide.apply @output(%last) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %loss = halide.apply @loss(%p, %t) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x1xf32>
    %dlast = halide.apply @loss_adjoint(%p, %t, %scale) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %dh0, %dhs = seq.scan over () from (%dlast) steps T reverse
        : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?xTx4xf32>) {
    ^bb0(%dh: tensor<?x4xf32>):
      %dh1 = halide.apply @cell_adjoint(%dh, %packed) : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
      seq.next states(%dh1 : tensor<?x4xf32>) keep(%dh : tensor<?x4xf32>)
    }
    %dw = halide.apply @contract(%hs, %dhs) : (tensor<?xTx4xf32>, tensor<?xTx4xf32>) -> tensor<4x4xf32>
    %db = halide.apply @nothing() : () -> tensor<3xf32>
    %dtable = halide.apply @scatter(%id, %dh0) : (tensor<?x1xi32>, tensor<?x4xf32>) -> tensor<10x4xf32>
    seq.return %p, %loss, %dw, %db, %dtable : tensor<?x4xf32>, tensor<?x1xf32>, tensor<4x4xf32>, tensor<3xf32>, tensor<10x4xf32>
  }

  seq.optimizer @sgd(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>,
                          %m: tensor<?xf32> {seq.name = "m"}) -> (tensor<?xf32>, tensor<?xf32>) {
    %m1 = halide.apply @momentum(%m, %g) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %r = halide.apply @rate(%step, %rate) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %w1 = halide.apply @descend(%w, %m1, %r) : (tensor<?xf32>, tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
    seq.return %w1, %m1 : tensor<?xf32>, tensor<?xf32>
  }
})";
  text = replaceAll(text, "ROWS", "memref<?x4xf32, strided<[16, 1], offset: ?>>");
  text = replaceAll(text, "SEQUENCE", "memref<Tx?x4xf32, strided<[?, 16, 1], offset: ?>>");
  text = replaceAll(text, "VECTOR", "memref<?xf32, strided<[1], offset: ?>>");
  text = replaceAll(text, "memref<?xTx4xf32>", "memref<?x" + std::to_string(steps) + "x4xf32>");
  text = replaceAll(text, "<Tx", "<" + std::to_string(steps) + "x");
  text = replaceAll(text, "?xTx", "?x" + std::to_string(steps) + "x");
  text = replaceAll(text, "steps T", "steps " + std::to_string(steps));
  // KERNEL(name; inputs; output): what the program needs to know of a kernel.
  for (size_t at; (at = text.find("KERNEL(")) != std::string::npos;) {
    size_t end = text.find(")\n", at);
    llvm::StringRef spelled(text.data() + at + 7, end - at - 7);
    auto [name, rest] = spelled.split(';');
    auto [inputs, output] = rest.split(';');
    llvm::SmallVector<llvm::StringRef> list;
    inputs.trim().split(list, " + ", -1, false);
    std::vector<std::string> types(list.begin(), list.end());
    std::string kernel = declareKernel(name.str(), types, {output.trim().str()});
    text.replace(at, end + 2 - at, kernel);
  }
  return text;
}

class Numbers {
public:
  explicit Numbers(unsigned seed) : engine(seed) {}
  std::vector<float> floats(size_t count) {
    std::vector<float> values(count);
    for (float &value : values)
      value = std::uniform_real_distribution<float>(-1, 1)(engine);
    return values;
  }
  std::vector<int32_t> ids(size_t count) {
    std::vector<int32_t> values(count);
    for (int32_t &value : values)
      value = std::uniform_int_distribution<int32_t>(0, words - 1)(engine);
    return values;
  }

private:
  std::mt19937 engine;
};

/// The same in plain loops.
struct Expected {
  std::vector<double> prediction, loss, dw = std::vector<double>(units * units),
                                        dtable = std::vector<double>(words * units);

  Expected(int64_t rows, int steps, const std::vector<float> &x, const std::vector<int32_t> &ids,
           const std::vector<float> &target, const float *w, const float *table, double scale) {
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<std::vector<double>> h(steps + 1, std::vector<double>(units));
      for (int u = 0; u < units; ++u)
        h[0][u] = table[ids[row] * units + u];
      for (int step = 0; step < steps; ++step)
        for (int j = 0; j < units; ++j) {
          h[step + 1][j] = x[(row * steps + step) * units + j];
          for (int k = 0; k < units; ++k)
            h[step + 1][j] += h[step][k] * 0.5 * w[k * units + j];
        }
      std::vector<double> dh(units);
      double sum = 0;
      for (int u = 0; u < units; ++u) {
        double difference = h[steps][u] - target[row * units + u];
        prediction.push_back(h[steps][u]);
        sum += difference * difference / units;
        dh[u] = 2 * scale * difference / units;
      }
      loss.push_back(sum);
      for (int step = steps; step-- > 0;) {
        std::vector<double> before(units);
        for (int k = 0; k < units; ++k)
          for (int j = 0; j < units; ++j) {
            dw[k * units + j] += 0.5 * h[step][k] * dh[j];
            before[k] += 0.5 * dh[j] * w[k * units + j];
          }
        dh = before;
      }
      for (int u = 0; u < units; ++u)
        dtable[ids[row] * units + u] += dh[u];
    }
  }
};

void expectNear(const float *actual, const std::vector<double> &expected, const char *what) {
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], 1e-5 * (1 + std::abs(expected[i]))) << what << " " << i;
}

class ProgramTest : public testing::TestWithParam<int> {
protected:
  void SetUp() override {
    context = makeContext();
    module = parse(*context, moduleText(GetParam()));
    ASSERT_TRUE(module);
    ASSERT_TRUE(plan(*module));
  }
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_P(ProgramTest, computesWhatTheModelSays) {
  LoadedProgram program(*module);
  ASSERT_TRUE(program);
  int steps = GetParam();
  for (int64_t rows : {1, 2, 3, 7, 16, 33}) {
    Numbers numbers(rows);
    std::vector<float> parameters = numbers.floats(program->parameter_count);
    std::vector<float> x = numbers.floats(rows * steps * units), target = numbers.floats(rows * units);
    std::vector<int32_t> ids = numbers.ids(rows);
    std::vector<float> output(rows * units + 8, 123);
    float scale = 1.0f / rows;
    Expected expected(rows, steps, x, ids, target, &parameters[program->weights[0].offset],
                      &parameters[program->weights[2].offset], scale);
    for (const WeftFunction *function : {&program->predict, &program->step}) {
      weft::test::Run run;
      run.inputs = {x.data(), ids.data()};
      run.labels = {target.data()};
      run.outputs = {output.data()};
      run.scale = scale;
      ASSERT_TRUE(run(*program.operator->(), *function, parameters.data(), rows)) << "wrote behind a buffer";
      expectNear(output.data(), expected.prediction, "prediction");
      for (size_t i = rows * units; i < output.size(); ++i)
        ASSERT_EQ(output[i], 123) << "wrote behind the rows";
      if (function == &program->predict)
        continue;
      expectNear(run.loss.data(), expected.loss, "loss");
      expectNear(&run.gradients[program->weights[0].offset], expected.dw, "dw");
      expectNear(&run.gradients[program->weights[1].offset], std::vector<double>(16), "the bias's gradient");
      expectNear(&run.gradients[program->weights[2].offset], expected.dtable, "dtable");
      for (int64_t i = program->weights[2].offset + words * units; i < program->parameter_count; ++i)
        ASSERT_EQ(run.gradients[i], 0) << "padding";
    }
  }
}

TEST_P(ProgramTest, resumesFromItsText) {
  std::string text;
  llvm::raw_string_ostream(text) << *module;
  auto again = parse(*context, text);
  ASSERT_TRUE(again);
  auto first = codegen::lowerToLlvm(*module, codegen::hostTarget());
  auto second = codegen::lowerToLlvm(*again, codegen::hostTarget());
  ASSERT_TRUE(mlir::succeeded(first) && mlir::succeeded(second));
  EXPECT_EQ(codegen::emitLlvmText(*first), codegen::emitLlvmText(*second));
  EXPECT_TRUE(plan(*again)) << "a program goes through the stage as it is";
}

TEST_P(ProgramTest, isTheSameEveryTime) {
  codegen::Target target = codegen::hostTarget();
  ScratchDirectory scratch;
  std::string error, assembly[2], object[2];
  for (int time = 0; time < 2; ++time) {
    auto program = codegen::lowerToLlvm(*module, target);
    ASSERT_TRUE(mlir::succeeded(program));
    auto text = codegen::emitAssembly(*program, target, &error);
    ASSERT_TRUE(mlir::succeeded(text)) << error;
    assembly[time] = *text;
    std::string path = scratch.file("program.o");
    ASSERT_TRUE(mlir::succeeded(codegen::emitObject(*program, target, path, &error))) << error;
    auto buffer = llvm::MemoryBuffer::getFile(path);
    ASSERT_TRUE(bool(buffer));
    object[time] = (*buffer)->getBuffer().str();
  }
  EXPECT_EQ(assembly[0], assembly[1]);
  EXPECT_EQ(object[0], object[1]);
  EXPECT_THAT(assembly[0], testing::HasSubstr("weft_model:"));
  EXPECT_THAT(assembly[0], testing::HasSubstr("weft_cell@PLT"));
}

TEST_P(ProgramTest, saysWhereAnObjectCannotBeWritten) {
  auto program = codegen::lowerToLlvm(*module, codegen::hostTarget());
  ASSERT_TRUE(mlir::succeeded(program));
  std::string error;
  EXPECT_TRUE(mlir::failed(codegen::emitObject(*program, codegen::hostTarget(), "/no/such/folder/program.o", &error)));
  EXPECT_EQ(error, "/no/such/folder/program.o: No such file or directory");
}

INSTANTIATE_TEST_SUITE_P(Steps, ProgramTest, testing::Values(1, 2, 5),
                         [](const auto &info) { return "T" + std::to_string(info.param); });

/// One program for the tests that do not depend on the number of steps.
class BuiltProgram : public testing::Test {
protected:
  static void SetUpTestSuite() {
    auto context = makeContext();
    auto module = parse(*context, moduleText(3));
    ASSERT_TRUE(module && plan(*module));
    program = new LoadedProgram(*module);
    ASSERT_TRUE(*program);
  }
  static void TearDownTestSuite() { delete program; }
  static LoadedProgram *program;
};
LoadedProgram *BuiltProgram::program = nullptr;

TEST_F(BuiltProgram, describesItself) {
  const WeftModel &model = *program->operator->();
  EXPECT_EQ(model.magic, WEFT_ABI_MAGIC);
  EXPECT_EQ(model.version, unsigned(WEFT_ABI_VERSION));
  EXPECT_EQ(model.size, sizeof(WeftModel));
  EXPECT_STREQ(model.name, "tiny");
  ASSERT_EQ(model.input_count, 2);
  EXPECT_STREQ(model.inputs[0].name, "x");
  EXPECT_EQ(model.inputs[0].element, WEFT_F32);
  EXPECT_EQ(model.inputs[0].rank, 2);
  EXPECT_EQ(model.inputs[0].shape[0], 3);
  EXPECT_EQ(model.inputs[0].shape[1], 4);
  EXPECT_EQ(model.inputs[0].vocabulary, 0);
  EXPECT_STREQ(model.inputs[1].name, "id");
  EXPECT_EQ(model.inputs[1].element, WEFT_I32);
  EXPECT_EQ(model.inputs[1].vocabulary, 10);
  ASSERT_EQ(model.label_count, 1);
  EXPECT_STREQ(model.labels[0].name, "target");
  EXPECT_EQ(model.labels[0].bounds[0], -1);
  EXPECT_EQ(model.labels[0].bounds[1], 2.5);
  ASSERT_EQ(model.output_count, 1);
  EXPECT_STREQ(model.outputs[0].name, "h");
  EXPECT_EQ(model.outputs[0].shape[0], 4);
  ASSERT_EQ(model.weight_count, 3);
  EXPECT_STREQ(model.weights[1].name, "cell/bias");
  EXPECT_EQ(model.weights[1].rank, 1);
  EXPECT_EQ(model.weights[1].shape[0], 3);
  EXPECT_EQ(model.weights[1].offset, 16);
  EXPECT_EQ(model.weights[1].size, 3);
  ASSERT_EQ(model.weights[1].init_count, 3);
  EXPECT_EQ(model.weights[1].inits[1].kind, 1);
  EXPECT_EQ(model.weights[2].offset, 32);
  EXPECT_EQ(model.weights[2].inits[0].kind, 3);
  EXPECT_DOUBLE_EQ(model.weights[2].inits[0].a, -0.05);
  EXPECT_DOUBLE_EQ(model.weights[2].inits[0].b, 0.05);
  EXPECT_EQ(model.parameter_count, 80);
  EXPECT_EQ(model.optimizer_states, 1);
  EXPECT_EQ(model.slices, 4);
  EXPECT_EQ(model.row_tile, 8);
  EXPECT_STREQ(model.optimizer_state_names, "m");
  EXPECT_STREQ(model.settings,
               R"({"batch":8,"data":"npy:X,Y","epochs":2,"learning_rate":0.01,"loss":"square",)"
               R"("metrics":["accuracy"],"optimizer":"sgd","seed":7,"shuffle":true})");
  EXPECT_STREQ(model.layers, R"([{"name":"cell","parameters":19,"shape":[4],"type":"Tiny"}])");
}

TEST_F(BuiltProgram, updatesItsRangeOnly) {
  const WeftModel &model = *program->operator->();
  // Longer than a block: the vectors are whatever the runtime says.
  const int64_t size = 4096 + 48;
  Numbers numbers(1);
  for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, 16}, {16, 80}, {32, 32}, {0, size}, {1040, 4000}}) {
    std::vector<float> w = numbers.floats(size), g = numbers.floats(size), m = numbers.floats(size);
    std::vector<float> oldW = w, oldM = m;
    float *states[] = {m.data()};
    WeftUpdateCall call = {};
    call.parameters = w.data();
    call.gradients = g.data();
    call.states = states;
    call.begin = begin;
    call.end = end;
    call.step = 4;
    call.learning_rate = 0.5f;
    model.update(&call);
    for (int64_t i = 0; i < size; ++i) {
      bool inside = i >= begin && i < end;
      float newM = inside ? 0.9f * oldM[i] + g[i] : oldM[i];
      ASSERT_NEAR(m[i], newM, 1e-6) << i;
      ASSERT_NEAR(w[i], inside ? oldW[i] - 0.125f * newM : oldW[i], 1e-6) << i;
    }
  }
}

TEST_F(BuiltProgram, leavesTheFloatingPointModeAsItWas) {
  const WeftModel &model = *program->operator->();
  unsigned before = _mm_getcsr();
  std::vector<float> w(16), g(16), m(16);
  float *states[] = {m.data()};
  WeftUpdateCall call = {w.data(), g.data(), states, nullptr, 0, 16, 1, 0.5f};
  m[3] = 1e-39f; // a denormal: it is read as zero
  model.update(&call);
  EXPECT_EQ(m[3], 0.0f);
  EXPECT_EQ(_mm_getcsr() & ~0x3fu, before & ~0x3fu);
}

} // namespace

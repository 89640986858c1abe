//===- AgainstReferenceTest.cpp - Generated kernels against the reference -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A model is compiled as `weft build --emit shared` does it and run in this
// process; its predictions, losses and gradients are those of the fp64
// interpreter, within the rounding that the lengths of its sums explain.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Frontend.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/reference/GradientCheck.h"
#include "compiler/transforms/Passes.h"
#include "compiler/verify/CompiledModel.h"
#include "compiler/verify/Rounding.h"
#include "dialects/seq/Seq.h"
#include "tests/support/RandomCells.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

using namespace weft;

namespace {

void expectClose(const reference::Tensor &got, const reference::Tensor &wanted, double allowed,
                 const std::string &what) {
  ASSERT_EQ(got.values.size(), wanted.values.size()) << what;
  verify::Difference worst = verify::differenceOf(got, wanted);
  EXPECT_LE(worst.part, allowed) << what << " at " << worst.at << ": got " << worst.got << ", the reference says "
                                 << worst.wanted;
}

class Source {
public:
  Source(const std::string &text, const std::string &name) {
    std::string message;
    module = frontend::compileToSeq(name + ".weft", text, {}, &context, message);
    if (!module) {
      ADD_FAILURE() << message << "\n" << text;
      return;
    }
    derived = module->clone();
    mlir::PassManager passes(&context);
    buildGradientPipeline(passes);
    if (mlir::failed(passes.run(*derived)))
      ADD_FAILURE() << "no gradient for\n" << text;

    llvm::SmallString<128> directory;
    llvm::sys::fs::createUniqueDirectory("weft-kernels", directory);
    std::string path = (directory + "/model.weft").str();
    std::ofstream(path) << text;
    pipeline::Toolchain tools = pipeline::Toolchain::find(nullptr);
    tools.kernelWorker = WEFT_KERNEL_WORKER;
    tools.runtimeArchive = WEFT_RUNTIME_ARCHIVE;
    pipeline::Options options;
    options.input = path;
    options.jobs = 1;
    std::string output = (directory + "/model.so").str();
    pipeline::Outcome outcome = pipeline::build(options, tools, pipeline::Product::SharedLibrary, output);
    EXPECT_FALSE(outcome.failed()) << outcome.message << "\n" << text;
    if (!outcome.failed()) {
      auto loaded = verify::CompiledModel::load(output);
      if (loaded)
        compiled = std::move(*loaded);
      else
        ADD_FAILURE() << llvm::toString(loaded.takeError());
    }
    llvm::sys::fs::remove_directories(directory);
  }

  mlir::Operation *find(llvm::StringRef kind, mlir::ModuleOp in) {
    for (mlir::Operation &op : *in.getBody())
      if (op.getName().getStringRef() == kind)
        return &op;
    return nullptr;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module, derived;
  std::unique_ptr<verify::CompiledModel> compiled;
};

void expectAgreement(const std::string &text, const std::string &name, int64_t rows, int64_t slices) {
  Source source(text, name);
  if (testing::Test::HasFailure())
    return;
  auto point = reference::drawPoint(*source.module, rows, 17);
  ASSERT_TRUE(bool(point)) << llvm::toString(point.takeError());
  if (llvm::Error error = source.compiled->setWeights(point->weights))
    FAIL() << llvm::toString(std::move(error));

  mlir::Operation *model = source.find("seq.model", *source.module);
  mlir::Operation *expanded = source.find("seq.model", *source.derived);
  auto wanted = reference::evaluate(model, point->inputs, point->weights);
  ASSERT_TRUE(bool(wanted)) << llvm::toString(wanted.takeError());
  auto predictions = source.compiled->predict(point->inputs, slices);
  double allowed = verify::allowedError(verify::roundings(expanded->getRegion(0), rows));
  for (size_t i = 0; i < wanted->size(); ++i)
    expectClose(predictions[i], (*wanted)[i], allowed, "prediction");

  auto step = llvm::cast<seq::StepOp>(source.find("seq.step", *source.derived));
  std::vector<reference::Tensor> arguments = reference::stepArguments(
      step, point->inputs, point->labels, reference::Tensor::filled({rows, 1}, 1.0 / double(rows)), point->random);
  auto derived = reference::evaluate(step, arguments, point->weights);
  ASSERT_TRUE(bool(derived)) << llvm::toString(derived.takeError());
  verify::StepResult result = source.compiled->step(point->inputs, {point->labels}, slices, &point->random);
  allowed = verify::allowedError(verify::roundings(step.getBody(), rows));
  size_t outputs = wanted->size();
  for (size_t i = 0; i < outputs; ++i)
    expectClose(result.outputs[i], (*derived)[i], allowed, "the step's prediction");
  expectClose(reference::Tensor({rows}, result.loss), (*derived)[outputs], allowed, "loss");
  for (auto [i, weight] : llvm::enumerate(step.getGradients())) {
    std::string weightName = llvm::cast<mlir::FlatSymbolRefAttr>(weight).getValue().str();
    expectClose(result.gradients.at(weightName), (*derived)[outputs + 1 + i], allowed, "gradient of " + weightName);
  }
}

/// A step that computes the rows' padding once against one that does not know of it.
void expectSharedAgreement(const std::string &text, const std::string &name) {
  Source source(text, name);
  if (testing::Test::HasFailure())
    return;
  ASSERT_EQ(source.compiled->model().step.padded_input, 0);
  std::vector<int32_t> starts{0, 0, 2, 3, 3, 7, 10, 11};
  int64_t rows = starts.size();
  auto point = reference::drawPoint(*source.module, rows, 17);
  ASSERT_TRUE(bool(point)) << llvm::toString(point.takeError());
  if (llvm::Error error = source.compiled->setWeights(point->weights))
    FAIL() << llvm::toString(std::move(error));
  reference::Tensor &ids = point->inputs.front();
  int64_t steps = ids.shape[1];
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t t = 0; t < steps; ++t)
      if (double &id = ids.values[row * steps + t]; row == 0 || t < starts[row])
        id = 0;
      else if (t == starts[row])
        id = 1;

  auto step = llvm::cast<seq::StepOp>(source.find("seq.step", *source.derived));
  reference::Tensor scales = reference::Tensor::filled({rows, 1}, 1.0 / double(rows));
  scales.values[0] = 0;
  auto wanted = reference::evaluate(step, {ids, point->labels, scales}, point->weights);
  ASSERT_TRUE(bool(wanted)) << llvm::toString(wanted.takeError());
  verify::StepResult result = source.compiled->sharedStep({ids}, {point->labels}, starts);
  double allowed = verify::allowedError(verify::roundings(step.getBody(), rows));
  expectClose(result.outputs[0], (*wanted)[0], allowed, "the step's prediction");
  expectClose(reference::Tensor({rows}, result.loss), (*wanted)[1], allowed, "loss");
  for (auto [i, weight] : llvm::enumerate(step.getGradients())) {
    std::string weightName = llvm::cast<mlir::FlatSymbolRefAttr>(weight).getValue().str();
    expectClose(result.gradients.at(weightName), (*wanted)[2 + i], allowed, "gradient of " + weightName);
  }
}

std::string model(const std::string &input, const std::string &output, const std::string &loss) {
  return "model m {\n  input x: " + input + "\n  output y = x |> " + output + "\n}\ntrain {\n  loss = " + loss +
         "\n  optimizer = adam(learning_rate = 0.001)\n  epochs = 1\n  batch = 8\n}\n";
}

struct Case {
  std::string name, text;
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

std::vector<Case> cases() {
  std::string bce = "binary_crossentropy", mse = "mean_squared_error";
  return {
      {"lstm", model("tokens[9] of 20", "embedding(6) |> lstm(13) |> dense(1, activation = sigmoid)", bce)},
      {"lstm_wide", model("features[5, 33]", "lstm(40) |> dense(3)", mse)},
      {"lstm_stacked", model("features[6, 3]", "lstm(9, return_sequences = true) |> lstm(5) |> dense(2)", mse)},
      {"lstm_backwards", model("features[6, 3]", "lstm(9, go_backwards = true) |> dense(2)", mse)},
      {"lstm_backwards_sequences",
       model("features[6, 3]", "lstm(4, go_backwards = true, return_sequences = true) |> dense(2)", mse)},
      {"lstm_one_step", model("features[1, 3]", "lstm(4) |> dense(2)", mse)},
      // More rows of steps than are summed at once.
      // Columns that schedules cut, in sums over rows, steps and k.
      {"lstm_cut", model("features[5, 20]", "lstm(100) |> dense(1)", mse)},
      {"gru_cut", model("features[4, 43]", "gru(36, return_sequences = true) |> dense(20, activation = tanh) |> dense(1)", mse)},
      {"conv_cut", model("features[23, 20]", "conv1d(51, 3, padding = same) |> dense(100) |> global_max_pool1d |> dense(1)", mse)},
      {"lstm_long", model("features[40, 5]", "lstm(9, return_sequences = true) |> dense(1)", mse)},
      {"gru_long_dropouts", model("features[40, 5]", "gru(6, dropout = 0.2, recurrent_dropout = 0.2) |> dense(1)", mse)},
      {"gru", model("features[7, 5]", "gru(11) |> dense(1)", mse)},
      {"gru_reset_before", model("features[7, 5]", "gru(11, reset_after = false) |> dense(1)", mse)},
      {"simple_rnn", model("features[7, 5]", "simple_rnn(24) |> dense(2)", mse)},
      {"conv_valid_stride", model("features[20, 6]", "conv1d(10, 5, strides = 2, activation = tanh) |> flatten |> dense(1)", mse)},
      {"conv_same", model("features[11, 4]", "conv1d(12, 4, padding = same, activation = relu) |> gru(7) |> dense(1)", mse)},
      {"conv_same_stride", model("features[11, 4]", "conv1d(5, 3, padding = same, strides = 3) |> flatten |> dense(1)", mse)},
      {"conv_causal_dilated", model("features[16, 4]", "conv1d(8, 3, padding = causal, dilation = 2) |> flatten |> dense(4)", mse)},
      {"conv_stacked", model("features[12, 3]", "conv1d(8, 3, padding = same) |> conv1d(4, 2, padding = causal) |> flatten |> dense(1)", mse)},
      {"pool", model("features[12, 5]", "conv1d(4, 3, padding = same) |> max_pool1d(2) |> simple_rnn(3) |> dense(1)", mse)},
      {"pool_same_overlap", model("features[15, 4]", "conv1d(6, 2) |> max_pool1d(3, strides = 2, padding = same) |> lstm(3) |> dense(1)", mse)},
      {"pool_long", model("features[30, 5]", "max_pool1d(12, strides = 7) |> flatten |> dense(2)", mse)},
      {"pool_long_same", model("features[30, 20]", "conv1d(20, 2) |> max_pool1d(12, strides = 5, padding = same) |> flatten |> dense(2)", mse)},
      {"average_pool", model("features[12, 5]", "conv1d(4, 3, padding = same) |> average_pool1d(2) |> simple_rnn(3) |> dense(1)", mse)},
      {"average_pool_same_overlap",
       model("features[15, 4]", "conv1d(6, 2) |> average_pool1d(3, strides = 2, padding = same) |> lstm(3) |> dense(1)", mse)},
      {"average_pool_gaps", model("features[15, 4]", "conv1d(6, 2) |> average_pool1d(2, strides = 3, padding = same) |> flatten |> dense(1)", mse)},
      {"average_pool_long", model("features[40, 18]", "dense(18) |> average_pool1d(24, strides = 2, padding = same) |> flatten |> dense(2)", mse)},
      {"average_pool_of_input", model("features[15, 3]", "average_pool1d(11, strides = 1) |> flatten |> dense(1)", mse)},
      {"global_max_pool", model("features[7, 5]", "conv1d(4, 3) |> global_max_pool1d |> dense(1)", mse)},
      {"global_max_pool_long", model("features[500, 5]", "conv1d(20, 3, padding = same) |> global_max_pool1d |> dense(1)", mse)},
      {"global_average_pool", model("features[7, 5]", "conv1d(4, 3) |> global_average_pool1d |> dense(1)", mse)},
      {"global_average_pool_long",
       model("features[500, 5]", "conv1d(20, 3, padding = same) |> global_average_pool1d |> dense(1)", mse)},
      {"bidirectional", model("tokens[9] of 20", "embedding(6) |> bidirectional(lstm(13)) |> dense(1, activation = sigmoid)", bce)},
      {"bidirectional_sequences",
       model("features[6, 3]", "bidirectional(gru(7, return_sequences = true), merge = mul) |> simple_rnn(3) |> dense(2)", mse)},
      {"bidirectional_stacked",
       model("features[6, 3]", "bidirectional(lstm(5, return_sequences = true)) |> bidirectional(gru(4), merge = ave) |> dense(2)", mse)},
      {"bidirectional_backwards", model("features[6, 3]", "bidirectional(simple_rnn(5, go_backwards = true), merge = sum) |> dense(2)", mse)},
      {"dropout", model("features[19, 6]", "dropout(0.3) |> conv1d(5, 3) |> dropout(0.2) |> flatten |> dense(9) |> dropout(0.5) |> dense(1)", mse)},
      {"dropout_wide", model("features[40]", "dropout(0.2) |> dense(33) |> dropout(0.4) |> dense(2)", mse)},
      {"dropout_words", model("tokens[9] of 20", "embedding(6, dropout = 0.4) |> lstm(5) |> dense(1)", mse)},
      {"lstm_dropout", model("features[5, 7]", "lstm(20, dropout = 0.3) |> dense(1)", mse)},
      {"lstm_recurrent_dropout", model("features[5, 7]", "lstm(20, recurrent_dropout = 0.3) |> dense(1)", mse)},
      {"lstm_both_dropouts", model("tokens[6] of 20", "embedding(18) |> lstm(20, dropout = 0.3, recurrent_dropout = 0.2) |> dense(1)", mse)},
      {"gru_both_dropouts",
       model("features[5, 7]", "gru(9, dropout = 0.3, recurrent_dropout = 0.2, return_sequences = true) |> gru(4, reset_after = false, "
                               "dropout = 0.2, recurrent_dropout = 0.3, go_backwards = true) |> dense(1)", mse)},
      {"bidirectional_dropout", model("features[5, 7]", "bidirectional(lstm(6, dropout = 0.3, recurrent_dropout = 0.2)) |> dense(1)", mse)},
      {"layer_norm", model("features[5, 7]", "layer_norm |> lstm(6, return_sequences = true) |> layer_norm |> simple_rnn(3) |> dense(1)", mse)},
      {"layer_norm_alone", model("features[33]", "dense(21) |> layer_norm |> dense(2)", mse)},
      {"mask_zero", model("tokens[9] of 4", "embedding(6, mask_zero = true) |> gru(5, return_sequences = true) |> dense(4, activation = tanh) |> lstm(3) |> dense(1)", mse)},
      {"mask_zero_average", model("tokens[9] of 4", "embedding(6, mask_zero = true) |> dropout(0.2) |> global_average_pool1d |> dense(1)", mse)},
      {"mask_zero_dropout",
       model("tokens[9] of 4", "embedding(6, mask_zero = true) |> bidirectional(lstm(5, dropout = 0.2, recurrent_dropout = 0.2)) |> dense(1)", mse)},
      {"mask_zero_joined",
       "model m {\n input words: tokens[9] of 4\n x = words |> embedding(5, mask_zero = true)\n"
       "  y = concat(x, x |> reverse) |> bidirectional(gru(4, return_sequences = true), merge = mul)\n"
       "  output z = concat(y |> lstm(3), y |> global_average_pool1d) |> dense(1)\n}\n"
       "train {\n loss = mean_squared_error\n optimizer = sgd\n}\n"},
      {"folded", model("tokens[9] of 20", "embedding(19) |> lstm(13) |> dense(1, activation = sigmoid)", bce)},
      // Sums of more rows than are stacked, and steps that are computed before they are looked up.
      {"folded_long", model("tokens[40] of 9", "embedding(33) |> gru(10, go_backwards = true, return_sequences = true) |> dense(1)", mse)},
      {"folded_both_ways", model("tokens[9] of 20", "embedding(24) |> bidirectional(simple_rnn(17)) |> dense(1)", mse)},
      {"folded_masked", model("tokens[9] of 4", "embedding(24, mask_zero = true) |> gru(5) |> dense(1)", mse)},
      {"softmax", model("features[4, 6]", "simple_rnn(5) |> dense(3, activation = softmax)", "categorical_crossentropy")},
      {"sparse", model("features[4, 6]", "simple_rnn(5) |> dense(3, activation = softmax)", "sparse_categorical_crossentropy")},
      {"dense_on_sequences", model("features[5, 4]", "dense(7, activation = tanh) |> lstm(3, return_sequences = true) |> dense(2)", mse)},
      {"dense_alone", model("features[10]", "dense(17, activation = relu) |> dense(1, activation = sigmoid)", bce)},
      {"absolute_error", model("features[10]", "dense(5, activation = swish) |> dense(2)", "mean_absolute_error")},
      {"huber", model("features[10]", "dense(5, activation = elu) |> dense(2)", "huber")},
      {"reverse", model("features[5, 4]", "reverse |> lstm(3) |> dense(1)", mse)},
      {"residual",
       "layer residual(filters) = x + (x |> conv1d(filters, 3, padding = same))\n" +
           model("features[6, 4]", "residual(4) |> residual(4) |> flatten |> dense(1)", mse)},
  };
}

class Layers : public testing::TestWithParam<Case> {};

TEST_P(Layers, AgreeWithTheReference) {
  // Odd numbers of rows leave remainders of every tile.
  expectAgreement(GetParam().text, GetParam().name, 13, 2);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Layers, testing::ValuesIn(cases()),
                         [](const auto &info) { return info.param.name; });

class SharedPadding : public testing::TestWithParam<Case> {};

TEST_P(SharedPadding, AgreesWithTheReference) { expectSharedAgreement(GetParam().text, GetParam().name); }

std::vector<Case> sharedCases() {
  std::string bce = "binary_crossentropy", mse = "mean_squared_error", ids = "tokens[11] of 20";
  return {
      {"lstm", model(ids, "embedding(6) |> lstm(13) |> dense(1, activation = sigmoid)", bce)},
      {"lstm_long", model("tokens[60] of 20", "embedding(6) |> lstm(9) |> dense(1, activation = sigmoid)", bce)},
      {"lstm_cut", model(ids, "embedding(20) |> lstm(100) |> dense(1, activation = sigmoid)", bce)},
      {"gru", model(ids, "embedding(6) |> gru(5) |> dense(1, activation = sigmoid)", bce)},
      {"conv", model(ids, "embedding(6) |> conv1d(9, 3, padding = same, activation = relu) |> max_pool1d(2) |> "
                          "lstm(5) |> dense(1)", mse)},
      // More steps than one call of a kernel is for.
      {"conv_long", model("tokens[45] of 20", "embedding(6) |> conv1d(9, 3, padding = same, activation = relu) |> max_pool1d(2) |> "
                                              "lstm(5) |> dense(1)", mse)},
      {"conv_stacked", model("tokens[23] of 20", "embedding(6) |> conv1d(9, 3, strides = 2, padding = same, activation = relu) |> "
                                                 "conv1d(20, 2, padding = causal, dilation = 2) |> layer_norm |> lstm(5) |> dense(1)", mse)},
      {"pool_average", model("tokens[23] of 20", "embedding(6) |> average_pool1d(3, strides = 2, padding = same) |> conv1d(5, 3) |> "
                                                 "gru(4, return_sequences = true) |> flatten |> dense(1)", mse)},
      {"pool_long", model("tokens[33] of 20", "embedding(6) |> conv1d(5, 3, padding = same) |> max_pool1d(10, strides = 2) |> gru(4) |> dense(1)", mse)},
      {"conv_between", model("tokens[23] of 20", "embedding(6) |> gru(5, return_sequences = true) |> conv1d(9, 3, padding = same, activation = relu) |> "
                                                 "max_pool1d(2) |> lstm(5) |> dense(1)", mse)},
      {"stacked", model(ids, "embedding(6) |> lstm(5, return_sequences = true) |> simple_rnn(4) |> dense(2)", mse)},
      {"leaving", model(ids, "embedding(6) |> gru(5, return_sequences = true) |> global_average_pool1d |> dense(2)", mse)},
      {"bidirectional", model(ids, "embedding(6) |> bidirectional(lstm(5)) |> dense(1, activation = sigmoid)", bce)},
      {"folded", model(ids, "embedding(20) |> lstm(13) |> dense(1, activation = sigmoid)", bce)},
      {"folded_stacked", model(ids, "embedding(20) |> gru(5, return_sequences = true) |> simple_rnn(4) |> dense(2)", mse)},
      {"folded_long", model("tokens[60] of 20", "embedding(20) |> bidirectional(lstm(9)) |> dense(1, activation = sigmoid)", bce)},
  };
}
INSTANTIATE_TEST_SUITE_P(Kernels, SharedPadding, testing::ValuesIn(sharedCases()),
                         [](const auto &info) { return info.param.name; });

/// Models with cells of their own, over fewer steps.
class OwnCells : public testing::TestWithParam<std::string> {};

TEST_P(OwnCells, AgreeWithTheReference) {
  std::stringstream content;
  content << std::ifstream(WEFT_MODELS "/" + GetParam() + ".weft").rdbuf();
  std::string text = content.str();
  for (const char *length : {"[40, ", "length = 40"})
    text.replace(text.find(length) + std::string_view(length).find("40"), 2, "6");
  expectAgreement(text, GetParam(), 13, 2);
}
INSTANTIATE_TEST_SUITE_P(Models, OwnCells,
                         testing::Values("minimal_gated_unit", "peephole_lstm", "coupled_lstm", "normed_lstm"),
                         [](const auto &info) { return info.param; });

class RandomCells : public testing::TestWithParam<int> {};

TEST_P(RandomCells, AgreeWithTheReference) {
  expectAgreement(tests::randomCellModel(GetParam()), "random" + std::to_string(GetParam()), 5, 1);
}
INSTANTIATE_TEST_SUITE_P(Kernels, RandomCells, testing::Range(1, 51));

} // namespace

//===- MlirGenTest.cpp - What a model becomes in the seq dialect -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/frontend/FrontendTesting.h"

using namespace weft;
using namespace weft::frontend::testing;

TEST(MlirGen, LayersKeepTheirAttributes) {
  expectInOrder(
      compile(modelOf("tokens[20] of 50",
                      "embedding(8) |> conv1d(6, 3, strides = 2, padding = causal, activation = relu) "
                      "|> conv1d(6, kernel_size = 2, dilation_rate = 2, use_bias = false) "
                      "|> max_pool1d(2, strides = 1, padding = same) |> flatten |> dense(2)")),
      {"@\"embedding/embeddings\" : tensor<50x8xf32> = [#seq.init<uniform, -5.000000e-02 : f64, 5.000000e-02 "
       ": f64>]",
       "@\"conv1d/kernel\" : tensor<3x8x6xf32>",
       "@\"conv1d/bias\" : tensor<6xf32>",
       "@\"conv1d_1/kernel\" : tensor<2x6x6xf32>",
       "@\"dense/kernel\" : tensor<48x2xf32>",
       "seq.model @m(",
       "seq.vocabulary = 50 : i64",
       "type = \"Conv1D\"",
       "type = \"Flatten\"",
       "seq.embedding",
       "strides = 2 : i64",
       "tensor<?x10x6xf32>",
       "seq.maximum",
       "dilation = 2 : i64",
       "tensor<?x8x6xf32>",
       "seq.max_pool1d",
       "pool = 2 : i64, strides = 1 : i64",
       "seq.reshape",
       "tensor<?x48xf32>",
       "seq.dense"});
}

TEST(MlirGen, PoolingsAreWindows) {
  expectInOrder(
      compile(modelOf("features[20, 4]",
                      "average_pool1d(pool_size = 3, strides = 2, padding = same) |> average_pool1d(2) "
                      "|> global_max_pool1d |> dense(2)")),
      {"type = \"AveragePooling1D\"", "type = \"GlobalMaxPooling1D\"", "seq.average_pool1d",
       "padding = #seq.padding<same>, pool = 3 : i64, strides = 2 : i64", "tensor<?x10x4xf32>",
       "seq.average_pool1d", "pool = 2 : i64, strides = 2 : i64", "tensor<?x5x4xf32>", "seq.max_pool1d",
       "pool = 5 : i64, strides = 5 : i64", "tensor<?x1x4xf32>", "seq.reshape", "tensor<?x4xf32>"});
  expectInOrder(
      compile(modelOf("features[20, 4]", "global_average_pool1d |> dense(2)")),
      {"type = \"GlobalAveragePooling1D\"", "seq.average_pool1d", "pool = 20 : i64", "seq.reshape"});
}

TEST(MlirGen, EachLayerWithDropoutHasANumber) {
  expectInOrder(
      compile(modelOf("tokens[9] of 20",
                      "embedding(6, dropout = 0.1) |> dropout(0.25) |> dropout(0) |> bidirectional(gru(3, dropout = 0.5, "
                      "recurrent_dropout = 0.75)) |> dropout(0.5) |> dense(1)")),
      {"type = \"Dropout\"", "seq.dropout %", "keys %x {layer = 0 : i64, rate = 1.000000e-01 : f64}", "seq.dropout",
       "{layer = 1 : i64, rate = 2.500000e-01 : f64}", "seq.recurrent",
       "{dropout = 5.000000e-01 : f64, layer = 2 : i64, recurrent_dropout = 7.500000e-01 : f64}", "seq.recurrent",
       "layer = 3 : i64", "seq.dropout", "{layer = 4 : i64, rate = 5.000000e-01 : f64}"});
}

TEST(MlirGen, MaskedStepsAreHandedOn) {
  Compiled compiled = compile(modelOf(
      "tokens[9] of 20", "embedding(6, mask_zero = true) |> dense(5) |> layer_norm |> relu |> lstm(4, return_sequences = true) "
                         "|> bidirectional(gru(3, return_sequences = true)) |> simple_rnn(2) |> dense(1)"));
  expectInOrder(compiled, {"type = \"LayerNormalization\"", "seq.embedding", "seq.nonzero %x",
                           "seq.recurrent @lstm(", "present(", "seq.recurrent", "present(", "seq.recurrent", "present(",
                           "seq.recurrent", "present("});
}

TEST(MlirGen, BidirectionalSaysNothingAtMaskedSteps) {
  Compiled compiled = compile(modelOf("tokens[9] of 20", "embedding(6, mask_zero = true) |> bidirectional(gru(3, return_sequences = true), "
                                                         "merge = sum) |> simple_rnn(2) |> dense(1)"));
  expectInOrder(compiled, {"%1 = seq.nonzero", "seq.reverse", "%8 = seq.add", "seq.mul %8, %1", "seq.recurrent @simple_rnn("});
}

TEST(MlirGen, AStepCountsIfItDoesInOneOfTheJoined) {
  auto joined = [](const std::string &expression) {
    return compile("model m {\n input a: tokens[9] of 20\n input b: tokens[9] of 20\n input c: features[9, 3]\n"
                   "  x = a |> embedding(3, mask_zero = true)\n  y = b |> embedding(3, mask_zero = true)\n"
                   "  output z = " + expression + " |> lstm(4)\n}\ntrain {\n loss = mean_squared_error\n optimizer = sgd\n}\n");
  };
  expectInOrder(joined("concat(x, y) + concat(c, x)"), {"seq.nonzero %a", "seq.nonzero %b", "seq.concat", "seq.maximum"});
  for (const char *both : {"concat(x, y)", "(x * y)", "(x + (x |> reverse))"})
    expectInOrder(joined(both), {"seq.nonzero %a", "seq.maximum", "seq.recurrent", "present("});
  // A value that is the same for all steps has none to leave out.
  expectInOrder(joined("(2 * (x |> layer_norm))"), {"seq.recurrent", "present("});
  for (const char *all : {"concat(x, c)", "(c - x)", "(x + (y + c))"})
    EXPECT_FALSE(joined(all).has("present(")) << all;
}

TEST(MlirGen, BidirectionalIsALayerForEachDirection) {
  expectInOrder(
      compile(
          modelOf("features[6, 3]",
                  "bidirectional(lstm(5, return_sequences = true)) |> bidirectional(gru(4)) |> dense(2)")),
      {"@\"bidirectional/forward/kernel\" : tensor<3x20xf32>",
       "@\"bidirectional/forward/recurrent_kernel\"",
       "@\"bidirectional/forward/bias\"",
       "@\"bidirectional/backward/kernel\" : tensor<3x20xf32>",
       "@\"bidirectional_1/forward/kernel\" : tensor<10x12xf32>",
       "seq.cell @\"bidirectional/forward\"(",
       "seq.cell @\"bidirectional/backward\"(",
       "seq.model @m(",
       "{name = \"bidirectional\", parameters = 360 : i64, shape = [6, 10], type = \"Bidirectional\"}",
       "{name = \"bidirectional_1\"",
       "shape = [8], type = \"Bidirectional\"}",
       "seq.recurrent @\"bidirectional/forward\"",
       "{return_sequences}",
       "seq.recurrent @\"bidirectional/backward\"",
       "{go_backwards, return_sequences}",
       "seq.reverse",
       "seq.concat",
       "tensor<?x6x10xf32>",
       "seq.recurrent @\"bidirectional_1/forward\"",
       "seq.recurrent @\"bidirectional_1/backward\"",
       "{go_backwards}",
       "seq.concat",
       "tensor<?x8xf32>"});
}

TEST(MlirGen, BidirectionalMergesAsItIsTold) {
  auto merged = [](const std::string &arguments) {
    return compile(modelOf("features[6, 3]", "bidirectional(mine(4)" + arguments + ") |> dense(2)",
                           "cell mine(units) {\n  weight a [input, units]\n  state h[units]\n"
                           "  h' = tanh(x @ a + h)\n  return h'\n}\n"));
  };
  expectInOrder(merged(", merge_mode = sum"), {"seq.recurrent", "seq.recurrent", "seq.add", "seq.dense"});
  expectInOrder(merged(", mul"), {"seq.recurrent", "seq.recurrent", "seq.mul", "seq.dense"});
  expectInOrder(merged(", merge = ave"),
                {"seq.recurrent", "seq.recurrent", "seq.add", "dense<5.000000e-01>", "seq.mul", "seq.dense"});
  expectInOrder(merged(", merge = concat"),
                {"seq.recurrent", "seq.recurrent", "seq.concat", "tensor<?x8xf32>"});
}

/// The layer that is wrapped may go backwards itself, and be given by a name; so may the way of merging.
TEST(MlirGen, BidirectionalTakesAnyRecurrentLayer) {
  expectInOrder(
      compile(modelOf("features[6, 3]", "both(simple_rnn(4, go_backwards = true)) |> dense(2)",
                      "layer both(reader, how = sum) = x |> bidirectional(layer = reader, merge = how)\n")),
      {"@\"both/bidirectional/forward/kernel\"", "seq.recurrent @\"both/bidirectional/forward\"",
       "{go_backwards}", "seq.recurrent @\"both/bidirectional/backward\"", "seq.add"});
}

TEST(MlirGen, AModelMayHaveTheNameOfALayer) {
  expectInOrder(compile("model gru {\n  input x: features[6, 3]\n  output y = x |> gru(4) |> dense(1)\n}\n"
                        "train {\n  loss = mean_squared_error\n  optimizer = adam\n}\n"),
                {"@\"gru/kernel\"", "seq.cell @gru.0(", "seq.model @gru(", "seq.recurrent @gru.0(",
                 "seq.training @gru"});
}

TEST(MlirGen, TrainingSaysWhatTheBlockSays) {
  expectInOrder(
      compile(
          "model m {\n  input words: tokens[500] of 5000\n  output y = words |> embedding(2) |> lstm(2) |> "
          "dense(1)\n}\ntrain {\n  data = imdb\n  validation = 0.25\n  loss = binary_crossentropy\n  "
          "optimizer = sgd\n  metrics = [accuracy, mae]\n  epochs = 4\n  batch_size = 16\n  seed = 9\n  "
          "shuffle = false\n}\n"),
      {"seq.training @m loss @binary_crossentropy optimizer @sgd rate 1.000000e-02", "batch = 16 : i64",
       "data = \"imdb(top_words=5000,length=500)\"", "epochs = 4 : i64", "metrics = [\"accuracy\", \"mae\"]",
       "seed = 9 : i64", "shuffle = false", "validation = \"0.25\""});
}

TEST(MlirGen, DataIsCanonical) {
  auto data = [](const std::string &input, const std::string &text) {
    std::string model = modelOf(input, "flatten |> dense(1)");
    model.insert(model.find("train {") + 7, "\n  data = " + text);
    Compiled compiled = compile(model);
    EXPECT_TRUE(compiled.module) << compiled.said;
    size_t at = compiled.text.find("data = \"");
    return at == std::string::npos ? ""
                                   : compiled.text.substr(at + 8, compiled.text.find('"', at + 8) - at - 8);
  };
  EXPECT_EQ(data("features[30, 7]", "reber"), "reber(length=30,samples=2000,seed=1)");
  EXPECT_EQ(data("features[30, 7]", "reber(samples = 10, seed = 3)"), "reber(length=30,samples=10,seed=3)");
  EXPECT_EQ(data("features[9, 2]", "adding(length = 9)"), "adding(length=9,samples=5000,seed=1)");
  EXPECT_EQ(data("features[3]", "npy:../x.npy,y.npy"), "npy:../x.npy,y.npy");
  EXPECT_EQ(data("features[3]", "npy(\"x.npy\", \"y.npy\")"), "npy:x.npy,y.npy");
  EXPECT_EQ(data("features[3]", "\"csv:table.csv\""), "csv:table.csv");
  EXPECT_EQ(data("features[3]", "csv(\"t.csv\", x = [a, b, c], y = d, test_split = 0.2)"),
            "csv:t.csv(x=a+b+c,y=d,test_split=0.2)");
  EXPECT_EQ(data("features[3]", "\"csv:t.csv(x=a+b+c,y=d)\""), "csv:t.csv(x=a+b+c,y=d)");
  EXPECT_EQ(data("features[3]", "arrays:a b.safetensors  # a comment"), "arrays:a b.safetensors");
}

TEST(MlirGen, CellsTakeTheirWeightsInTheOrderOfDeclaration) {
  expectInOrder(compile(modelOf("features[7, 3]", "mine(4) |> dense(1)",
                                "cell mine(units) {\n  state h[units] = start, c[units] = 0.5\n"
                                "  weight a [input, units]\n  weight start [units] = zeros\n"
                                "  h' = tanh(x @ a + c)\n  c' = c * h'\n  return c'\n}\n")),
                // A start that is a weight is declared before it is used.
                {});
  Compiled compiled = compile(modelOf("features[7, 3]", "mine(4) |> dense(1)",
                                      "cell mine(units) {\n  weight start [units] = ones\n"
                                      "  weight a [input, units]\n  state h[units] = start, c[units] = 0.5\n"
                                      "  h' = tanh(x @ a + c)\n  c' = c * h'\n  return c'\n}\n"));
  expectInOrder(compiled, {"@\"mine/start\" : tensor<4xf32> = [#seq.init<ones>]",
                           "@\"mine/a\" : tensor<3x4xf32>", "seq.cell @mine(", "seq.name = \"x\"",
                           "seq.name = \"h\"", "seq.name = \"c\"", "seq.name = \"start\"", "seq.name = \"a\"",
                           "type = \"Mine\"", "dense<5.000000e-01> : tensor<4xf32>", "seq.recurrent @mine("});
}

TEST(MlirGen, EquationsMayStandInAnyOrder) {
  std::string start = "cell mine(units) {\n  weight a [input, 2*units]\n  state h[units]\n";
  Compiled compiled =
      compile(modelOf("features[7, 3]", "mine(4) |> dense(1)",
                      start + "  h' = f * h + g\n  f, g = split(z)\n  z = x @ a\n  return h'\n}\n"));
  expectInOrder(compiled, {"seq.matmul", "seq.split", "seq.mul", "seq.add", "seq.return"});
}

TEST(MlirGen, ValuesAreUsedMoreThanOnceAndJoined) {
  expectInOrder(compile("layer residual(filters) = x + (x |> conv1d(filters, 3, padding = same))\n"
                        "model m {\n  input a: features[6, 4]\n  input b: features[3]\n"
                        "  r = a |> residual(4) |> residual(4)\n"
                        "  s = r |> lstm(5)\n  t = r |> reverse |> gru(5)\n"
                        "  output y = concat(s * t, b, 2 * b) |> dense(2, activation = softmax)\n}\n"
                        "train {\n  loss = categorical_crossentropy\n  optimizer = adam\n}\n"),
                {"@\"residual/conv1d/kernel\"", "@\"residual_1/conv1d/kernel\"", "@\"lstm/kernel\"",
                 "@\"gru/kernel\"", "{name = \"residual\", parameters = 52", "type = \"Residual\"",
                 "seq.reverse", "seq.concat", "tensor<?x11xf32>"});
}

TEST(MlirGen, LayersOfYourOwnHaveWeights) {
  expectInOrder(compile(modelOf("features[6, 4]", "normed |> lstm(3) |> dense(1)",
                                "layer normed(epsilon = 1e-3) {\n  weight gamma [input] = ones\n"
                                "  weight beta [input] = zeros\n  centered = x - mean(x)\n"
                                "  return gamma * centered / sqrt(mean(centered^2) + epsilon) + beta\n}\n")),
                {"@\"normed/gamma\" : tensor<4xf32> = [#seq.init<ones>]", "@\"normed/beta\"",
                 "seq.reduce <mean>", "-> tensor<?x6x1xf32>"});
}

TEST(MlirGen, LayersInsideACellGiveItTheirWeights) {
  expectInOrder(
      compile(modelOf("features[6, 4]", "mine(3) |> dense(1)",
                      "layer scaled {\n  weight gain [input] = ones\n  return gain * x\n}\n"
                      "cell mine(units) {\n  state h[units]\n"
                      "  h' = tanh(x |> scaled |> dense(units)) + (h |> scaled)\n  return h'\n}\n")),
      {"@\"mine/scaled/gain\" : tensor<4xf32>", "@\"mine/dense/kernel\" : tensor<4x3xf32>",
       "@\"mine/scaled_1/gain\" : tensor<3xf32>", "seq.cell @mine(", "seq.name = \"scaled/gain\"",
       "seq.matmul", "seq.recurrent @mine("});
}

TEST(MlirGen, AModelMayShareItsNameWithALayer) {
  expectInOrder(compile("model lstm {\n  input x: features[6, 4]\n  output y = x |> lstm(3) |> dense(1)\n}\n"
                        "train {\n  loss = mean_squared_error\n  optimizer = sgd\n}\n"),
                {});
  Compiled compiled =
      compile("cell adam(units) {\n  state h[units]\n  h' = 0.5 * h\n  return h'\n}\n"
              "model dense {\n  input x: features[6, 4]\n  output y = x |> adam(3) |> dense(1)\n}\n"
              "train {\n  loss = mean_squared_error\n  optimizer = sgd\n}\n");
  ASSERT_TRUE(compiled.module) << compiled.said;
}

TEST(MlirGen, ComparisonsAreNumbers) {
  expectInOrder(
      compile(modelOf("features[3]", "step |> dense(1)",
                      "activation step(x) = (x > 0) + (x < 1) + (x >= 2) + (x <= 3) + (x == 4) + (x != 5)")),
      {"seq.greater", "seq.greater", "seq.greater", "seq.sub", "seq.greater", "seq.sub", "seq.equal",
       "seq.equal", "seq.sub"});
}

TEST(MlirGen, LocationsPointIntoTheFile) {
  Compiled compiled = compile(modelOf("features[6, 3]", "lstm(3) |> dense(1)"));
  ASSERT_TRUE(compiled.module);
  bool found = false;
  compiled.module->walk([&](seq::RecurrentOp op) {
    auto place = llvm::dyn_cast<mlir::FileLineColLoc>(op->getLoc());
    ASSERT_TRUE(place);
    EXPECT_EQ(place.getFilename().str(), "model.weft");
    EXPECT_EQ(place.getLine(), 4u);
    found = true;
  });
  EXPECT_TRUE(found);
}

TEST(MlirGen, ImportsBringDefinitionsIn) {
  namespace fs = std::filesystem;
  fs::path folder = fs::path(testing::TempDir()) / "weft_imports";
  fs::create_directories(folder / "cells");
  std::ofstream(folder / "cells" / "a.weft")
      << "import \"b.weft\"\n"
         "cell a(units) {\n  state h[units]\n  h' = f(h)\n  return h'\n}\n"
         "model ignored {\n}\n";
  std::ofstream(folder / "cells" / "b.weft") << "import \"a.weft\"\nactivation f(x) = tanh(x)\n";
  std::string text =
      modelOf("features[6, 3]", "a(3) |> dense(1)", "import \"cells/a.weft\"\nimport \"cells/b.weft\"\n");
  Compiled compiled = compile(text, {}, (folder / "m.weft").string());
  EXPECT_TRUE(compiled.module) << compiled.said;
  // By the import path, too.
  weft::frontend::Options options;
  options.importPaths = {folder.string()};
  std::string said;
  EXPECT_TRUE(weft::frontend::compileToSeq("/nowhere/m.weft", text, options, &context(), said)) << said;
}

TEST(Training, CallbacksTravelAsTheyAreWritten) {
  expectInOrder(
      compile("model m(wait = 3) {\n  input x: features[3]\n  output y = x |> dense(1)\n}\n"
              "train {\n  loss = mean_squared_error\n  optimizer = sgd\n  metrics = [mae]\n"
              "  callbacks = [early_stopping(monitor = val_mae, patience = wait, min_delta = 0.5),\n"
              "               reduce_lr_on_plateau(monitor = loss, min_lr = 1e-5),\n"
              "               checkpoint(keep = every), cosine, csv_log(\"log.csv\"),\n"
              "               tensorboard(log_dir = \"logs\", histogram_freq = 1, write_images = true)]\n}\n"),
      {"callbacks = [{min_delta = 5.000000e-01 : f64, monitor = \"val_mae\", name = \"early_stopping\", "
       "patience = 3 : i64}",
       "{min_learning_rate = 1.000000e-05 : f64, monitor = \"loss\", name = \"reduce_on_plateau\"}",
       "{keep = \"every\", name = \"checkpoint\"}", "{name = \"cosine\"}",
       "{name = \"csv_log\", path = \"log.csv\"}",
       "{histogram_freq = 1 : i64, log_dir = \"logs\", name = \"tensorboard\", write_images = true}"});
}

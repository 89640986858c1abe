//===- DocumentTest.cpp - Every example of LANGUAGE.md compiles -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Builtins.h"
#include "compiler/frontend/Definitions.h"
#include "tests/compiler/frontend/FrontendTesting.h"

using namespace weft;
using namespace weft::frontend;
using namespace weft::frontend::testing;

namespace {
struct Example {
  std::string kind, text;
  int line = 0;
};
} // namespace

/// The blocks between ``` lines, with the word behind the first.
static std::vector<Example> examples() {
  std::vector<Example> result;
  std::stringstream document(readText(WEFT_LANGUAGE));
  std::string line;
  bool inside = false;
  for (int number = 1; std::getline(document, line); ++number) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      if (inside)
        result.push_back({line.substr(3), "", number});
    } else if (inside) {
      result.back().text += line + "\n";
    }
  }
  return result;
}

/// An example may leave out the model or how it is trained.
static std::string complete(std::string text) {
  if (text.find("model ") == std::string::npos)
    text += "model m {\n  input x: features[6, 3]\n  output y = x |> lstm(4) |> dense(1)\n}\n";
  if (text.find("train {") == std::string::npos)
    text += "train {\n  loss = mean_squared_error\n  optimizer = adam\n}\n";
  return text;
}

TEST(Document, ExamplesCompile) {
  int count = 0;
  for (const Example &example : examples()) {
    if (example.kind != "weft")
      continue;
    ++count;
    Compiled compiled = compile(complete(example.text));
    EXPECT_TRUE(compiled.module) << "LANGUAGE.md:" << example.line << "\n" << compiled.said;
  }
  EXPECT_GE(count, 8);
}

/// Cells and layers that an example defines are used, too.
TEST(Document, CellsOfExamplesCompileAsLayers) {
  for (const Example &example : examples())
    for (const char *use : {"attentive(5)", "attentive(5, gated = false)"})
      if (example.text.find("cell attentive") != std::string::npos) {
        Compiled compiled =
            compile(modelOf("features[6, 3]", std::string(use) + " |> dense(1)", example.text));
        EXPECT_TRUE(compiled.module) << compiled.said;
      }
}

/// What an option is worth without an example: every layer, loss, optimizer and
/// regularizer and every argument of them, and what `train` takes.
TEST(Document, EveryOptionHasAnExample) {
  std::string all;
  for (const Example &example : examples())
    if (example.kind == "weft")
      all += example.text;
  std::vector<std::string> names = {
      "validation = test", "validation = none", "validation = 0.", "validation = csv", "imdb(", "reber(", "adding(",
      "npy:", "arrays:", "csv(", "text(", "chars(", "horizon", "test_split", "top_words", "top_characters", "length",
      "padding = pre", "padding = post", "padding = same", "padding = causal", "truncating = pre", "truncating = post",
      "classes", "accuracy", "precision", "recall", "auc", "mae", "mse", "class_weights", "early_stopping(", "checkpoint(",
      "reduce_on_plateau(", "step_decay(", "exponential_decay(", "cosine(", "warm_up(", "csv_log(", "tensorboard(",
      "monitor", "min_delta", "patience", "mode", "baseline", "restore_best_weights", "start_from_epoch", "keep = best",
      "keep = every", "cooldown", "min_learning_rate", "staircase", "histogram_freq", "write_graph", "write_images",
      "merge = concat", "merge = sum", "merge = mul", "merge = ave"};
  for (const BuiltinLayer &layer : builtinLayers()) {
    names.push_back(layer.name);
    for (const BuiltinParameter &parameter : layer.parameters)
      if (!parameter.isRequired)
        names.push_back(parameter.name + " = ");
  }
  for (const auto *parameters : {&recurrentParameters(), &optimizerParameters()})
    for (const BuiltinParameter &parameter : *parameters)
      names.push_back(parameter.name + " = ");
  SourceManager sources;
  DiagnosticEngine diagnostics(sources);
  Definitions definitions(sources, diagnostics);
  definitions.addPrelude();
  using Kind = ast::DefinitionKind;
  for (const std::string &name : definitions.names({Kind::Cell, Kind::Layer, Kind::Loss, Kind::Optimizer, Kind::Regularizer}))
    names.push_back(name);
  for (const std::string &name : names)
    EXPECT_NE(all.find(name), std::string::npos) << "LANGUAGE.md has no example with `" << name << "`";
}

TEST(Document, ErrorsAreAsShown) {
  std::vector<Example> all = examples();
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind.rfind("weft-error ", 0) != 0)
      continue;
    std::string code = all[i].kind.substr(11);
    Compiled compiled = compile(complete(all[i].text), {}, "m.weft");
    EXPECT_FALSE(compiled.module);
    EXPECT_NE(compiled.said.find("error[" + code + "]"), std::string::npos) << compiled.said;
    // The block that follows shows it, with `...` where it leaves something out.
    ASSERT_LT(i + 1, all.size());
    std::stringstream shown(all[i + 1].text);
    for (std::string line; std::getline(shown, line);) {
      line = line.substr(0, line.find(", ..."));
      EXPECT_NE(compiled.said.find(line), std::string::npos) << line << "\nin\n" << compiled.said;
    }
  }
}

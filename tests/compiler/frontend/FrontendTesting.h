//===- FrontendTesting.h - Compiling text in a test -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_COMPILER_FRONTEND_FRONTENDTESTING_H
#define WEFT_TESTS_COMPILER_FRONTEND_FRONTENDTESTING_H

#include "compiler/frontend/Frontend.h"
#include "dialects/seq/Seq.h"

#include "mlir/IR/MLIRContext.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace weft::frontend::testing {

inline std::string readText(const std::filesystem::path &path) {
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

/// A module, its text, and what was said about the model.
struct Compiled {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string text, said;

  bool has(const std::string &part) const { return text.find(part) != std::string::npos; }
  int64_t parameters() {
    int64_t count = 0;
    module->walk([&](seq::WeightOp weight) {
      count += llvm::cast<mlir::RankedTensorType>(weight.getType()).getNumElements();
    });
    return count;
  }
  int64_t parametersOfLayers() {
    int64_t count = 0;
    module->walk([&](seq::ModelOp model) {
      for (mlir::Attribute layer : model->getAttrOfType<mlir::ArrayAttr>("layers"))
        count += llvm::cast<mlir::DictionaryAttr>(layer).getAs<mlir::IntegerAttr>("parameters").getInt();
    });
    return count;
  }
};

inline mlir::MLIRContext &context() {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  return context;
}

inline Compiled compile(const std::string &text, const std::map<std::string, std::string> &set = {},
                        const std::string &path = "model.weft") {
  Compiled result;
  Options options;
  options.set = set;
  result.module = compileToSeq(path, text, options, &context(), result.said);
  if (result.module) {
    llvm::raw_string_ostream stream(result.text);
    result.module->print(stream);
  }
  return result;
}

/// A model of one pipeline from `input x`, after other definitions.
inline std::string modelOf(const std::string &input, const std::string &pipeline,
                           const std::string &before = "", const std::string &loss = "mean_squared_error",
                           const std::string &optimizer = "sgd") {
  return before + "\nmodel m {\n  input x: " + input + "\n  output y = x |> " + pipeline +
         "\n}\ntrain {\n  loss = " + loss + "\n  optimizer = " + optimizer + "\n}\n";
}

/// Each part occurs, one behind the other.
inline void expectInOrder(const Compiled &compiled, const std::vector<std::string> &parts) {
  ASSERT_TRUE(compiled.module) << compiled.said;
  size_t at = 0;
  for (const std::string &part : parts) {
    size_t found = compiled.text.find(part, at);
    ASSERT_NE(found, std::string::npos) << "missing: " << part << "\nin\n" << compiled.text;
    at = found + part.size();
  }
}

} // namespace weft::frontend::testing

#endif // WEFT_TESTS_COMPILER_FRONTEND_FRONTENDTESTING_H

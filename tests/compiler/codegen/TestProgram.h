//===- TestProgram.h - A module built, loaded and run -----------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_COMPILER_CODEGEN_TESTPROGRAM_H
#define WEFT_TESTS_COMPILER_CODEGEN_TESTPROGRAM_H

#include "compiler/codegen/Codegen.h"
#include "runtime/abi/Abi.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace weft::test {

/// A context with everything registered.
std::unique_ptr<mlir::MLIRContext> makeContext();
mlir::OwningOpRef<mlir::ModuleOp> parse(mlir::MLIRContext &context, const std::string &text);
/// A kernel with the buffers it declares (`f32` is a number). What it computes is
/// nothing: the stand-in of its name does.
std::string declareKernel(const std::string &name, const std::vector<std::string> &inputs,
                          const std::vector<std::string> &outputs);
/// Runs the pipeline of the stage `program`.
bool plan(mlir::ModuleOp module);

/// A directory that is removed with what is in it.
class ScratchDirectory {
public:
  ScratchDirectory();
  ~ScratchDirectory();
  std::string file(const std::string &name) const { return path + "/" + name; }

private:
  std::string path;
};

/// A planned program linked with the tests' kernels and loaded.
class LoadedProgram {
public:
  explicit LoadedProgram(mlir::ModuleOp planned);
  ~LoadedProgram();
  const WeftModel *operator->() const { return model; }
  explicit operator bool() const { return model; }

private:
  void *library = nullptr;
  const WeftModel *model = nullptr;
};

/// Memory at a multiple of 64 bytes with a guard behind it. It begins as
/// garbage, as the runtime's does.
class Arena {
public:
  explicit Arena(size_t bytes);
  ~Arena() { std::free(memory); }
  Arena(const Arena &) = delete;
  float *data() const { return static_cast<float *>(memory); }
  /// Whether nobody wrote behind the end.
  bool intact() const;

private:
  static constexpr size_t guardBytes = 256;
  void *memory;
  size_t bytes;
};

/// Runs `prepare` and `slice` of a function on `rows` rows.
struct Run {
  std::vector<const void *> inputs, labels;
  std::vector<float *> outputs;
  std::vector<float> gradients;
  std::vector<float> loss;
  float scale = 1;
  bool operator()(const WeftModel &model, const WeftFunction &function, const float *parameters, int64_t rows);
};

} // namespace weft::test

#endif // WEFT_TESTS_COMPILER_CODEGEN_TESTPROGRAM_H

//===- TestProgram.cpp - A module built, loaded and run ---------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/codegen/TestProgram.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <gtest/gtest.h>

using namespace weft;
using namespace weft::test;

std::unique_ptr<mlir::MLIRContext> weft::test::makeContext() {
  mlir::DialectRegistry registry;
  codegen::registerCodegenDialects(registry);
  auto context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

mlir::OwningOpRef<mlir::ModuleOp> weft::test::parse(mlir::MLIRContext &context, const std::string &text) {
  return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
}

std::string weft::test::declareKernel(const std::string &name, const std::vector<std::string> &inputs,
                                      const std::vector<std::string> &outputs) {
  std::string text = "  halide.kernel @" + name + " {\n";
  for (size_t i = 0; i < inputs.size(); ++i)
    text += (inputs[i] == "f32" ? "    halide.scalar @in" : "    halide.input @in") + std::to_string(i) + " : " +
            inputs[i] + "\n";
  std::string shape = outputs[0].substr(0, outputs[0].find(','));
  std::string variables, types, values, list;
  for (size_t rank = std::count(shape.begin(), shape.end(), 'x'), i = 0; i < rank; ++i)
    variables += (i ? ", %u" : "%u") + std::to_string(i);
  for (size_t i = 0; i < outputs.size(); ++i) {
    types += i ? ", f32" : "f32";
    values += i ? ", %zero" : "%zero";
    list += (i ? ", " : "") + outputs[i];
  }
  return text + "    halide.func @out(" + variables + ") : " + types + " {\n      %zero = arith.constant 0.0 : f32\n" +
         "      halide.yield " + values + " : " + types + "\n    }\n    halide.output @out : [" + list + "]\n  }\n";
}

bool weft::test::plan(mlir::ModuleOp module) {
  mlir::PassManager passes(module.getContext());
  codegen::buildProgramPipeline(passes);
  return mlir::succeeded(passes.run(module));
}

ScratchDirectory::ScratchDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "weft-test-XXXXXX").string();
  path = mkdtemp(pattern.data());
}

ScratchDirectory::~ScratchDirectory() { std::filesystem::remove_all(path); }

LoadedProgram::LoadedProgram(mlir::ModuleOp planned) {
  ScratchDirectory scratch;
  std::string error;
  codegen::Target target = codegen::hostTarget();
  auto program = codegen::lowerToLlvm(planned, target);
  if (mlir::failed(program)) {
    ADD_FAILURE() << "no LLVM IR";
    return;
  }
  if (mlir::failed(codegen::emitObject(*program, target, scratch.file("program.o"), &error))) {
    ADD_FAILURE() << error;
    return;
  }
  codegen::LinkOptions options;
  options.kind = codegen::OutputKind::Shared;
  options.objects = {scratch.file("program.o"), WEFT_STAND_INS};
  options.output = scratch.file("model.so");
  if (mlir::failed(codegen::link(options, &error))) {
    ADD_FAILURE() << error;
    return;
  }
  library = dlopen(options.output.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    ADD_FAILURE() << dlerror();
    return;
  }
  model = static_cast<const WeftModel *>(dlsym(library, "weft_model"));
  EXPECT_TRUE(model) << dlerror();
}

LoadedProgram::~LoadedProgram() {
  if (library)
    dlclose(library);
}

Arena::Arena(size_t bytes) : bytes(bytes) {
  memory = std::aligned_alloc(64, (bytes + guardBytes + 63) / 64 * 64);
  std::memset(memory, 0xff, bytes); // NaN
  std::memset(static_cast<char *>(memory) + bytes, 0x5a, guardBytes);
}

bool Arena::intact() const {
  const char *guard = static_cast<const char *>(memory) + bytes;
  for (size_t i = 0; i < guardBytes; ++i)
    if (guard[i] != 0x5a)
      return false;
  return true;
}

bool Run::operator()(const WeftModel &model, const WeftFunction &function, const float *parameters, int64_t rows) {
  Arena shared(function.shared_bytes), arena(function.arena_bytes(rows)), gradient(model.parameter_count * 4);
  loss.assign(rows, NAN);
  WeftCall call = {};
  call.parameters = parameters;
  call.shared = shared.data();
  call.arena = arena.data();
  call.inputs = inputs.data();
  call.labels = labels.data();
  call.outputs = outputs.data();
  call.loss = loss.data();
  call.gradients = gradient.data();
  call.rows = rows;
  std::vector<float> scales(rows, scale);
  std::vector<int32_t> starts(rows);
  call.scales = scales.data();
  call.starts = starts.data();
  function.prepare(&call);
  function.slice(&call);
  gradients.assign(gradient.data(), gradient.data() + model.parameter_count);
  return shared.intact() && arena.intact() && gradient.intact();
}

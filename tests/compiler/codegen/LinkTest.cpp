//===- LinkTest.cpp - Executables, objects, and no linker at all -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/codegen/TestProgram.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace weft;
using namespace weft::test;
namespace fs = std::filesystem;

namespace {

/// y = x, with one weight.
const char *const copyModel = R"(
module attributes {weft.row_tile = 8 : i64} {
  seq.weight @"unused/weight" : tensor<5xf32> = [#seq.init<zeros>]
  halide.kernel @rows_input {
    halide.input @a : memref<?x4xf32>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @a[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  seq.model @copy(%x: tensor<?x4xf32> {seq.name = "x"}) -> (tensor<?x4xf32> {seq.name = "y"}) {
    %y = halide.apply @rows_input(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    seq.return %y : tensor<?x4xf32>
  }
})";

class Link : public testing::Test {
protected:
  void SetUp() override {
    auto context = makeContext();
    auto module = parse(*context, copyModel);
    ASSERT_TRUE(module && plan(*module));
    codegen::Target target = codegen::hostTarget();
    auto program = codegen::lowerToLlvm(*module, target);
    ASSERT_TRUE(mlir::succeeded(program));
    std::string error;
    ASSERT_TRUE(mlir::succeeded(codegen::emitObject(*program, target, scratch.file("program.o"), &error))) << error;
    options.objects = {scratch.file("program.o"), WEFT_STAND_INS};
    options.archives = {WEFT_RUNTIME};
    options.output = scratch.file("out");
  }

  int runOutput(std::vector<llvm::StringRef> arguments, std::string &said) {
    arguments.insert(arguments.begin(), options.output);
    std::string log = scratch.file("log");
    std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log), llvm::StringRef(log)};
    int code = llvm::sys::ExecuteAndWait(options.output, arguments, std::nullopt, redirects, 60);
    if (auto buffer = llvm::MemoryBuffer::getFile(log))
      said = (*buffer)->getBuffer().str();
    return code;
  }

  void expectRuns() {
    std::string said;
    EXPECT_EQ(runOutput({"summary"}, said), 0) << said;
    EXPECT_LT(fs::file_size(options.output), 8u << 20);
    EXPECT_FALSE(fs::exists(options.output + ".linking"));
  }

  ScratchDirectory scratch;
  codegen::LinkOptions options;
  std::string error;
};

TEST_F(Link, executable) {
  ASSERT_TRUE(mlir::succeeded(codegen::link(options, &error))) << error;
  expectRuns();
}

TEST_F(Link, executableWithLldAlone) {
  auto lld = llvm::sys::findProgramByName("ld.lld");
  if (!lld)
    GTEST_SKIP() << "no ld.lld on this machine";
  fs::create_directory(scratch.file("bin"));
  fs::create_symlink(*lld, scratch.file("bin") + "/ld.lld");
  options.searchPath = {scratch.file("bin")};
  ASSERT_TRUE(mlir::succeeded(codegen::link(options, &error))) << error;
  expectRuns();
}

TEST_F(Link, sharedObjectHasOneSymbol) {
  options.kind = codegen::OutputKind::Shared;
  ASSERT_TRUE(mlir::succeeded(codegen::link(options, &error))) << error;
  auto nm = llvm::sys::findProgramByName("nm");
  if (!nm)
    GTEST_SKIP() << "no nm on this machine";
  std::string log = scratch.file("symbols");
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log), std::nullopt};
  ASSERT_EQ(llvm::sys::ExecuteAndWait(*nm, {*nm, "-D", "--defined-only", "-P", options.output}, std::nullopt, redirects), 0);
  std::ifstream symbols(log);
  std::vector<std::string> names;
  for (std::string line; std::getline(symbols, line);)
    names.push_back(line.substr(0, line.find(' ')));
  EXPECT_THAT(names, testing::ElementsAre("weft_model"));
}

TEST_F(Link, objectLinksAgain) {
  options.kind = codegen::OutputKind::Object;
  ASSERT_TRUE(mlir::succeeded(codegen::link(options, &error))) << error;
  options.kind = codegen::OutputKind::Executable;
  fs::rename(options.output, scratch.file("one.o"));
  options.objects = {scratch.file("one.o")};
  ASSERT_TRUE(mlir::succeeded(codegen::link(options, &error))) << error;
  expectRuns();
}

TEST_F(Link, noLinkerOnTheMachine) {
  fs::create_directory(scratch.file("empty"));
  options.searchPath = {scratch.file("empty")};
  std::ofstream(options.output) << "as it was";
  ASSERT_TRUE(mlir::failed(codegen::link(options, &error)));
  EXPECT_THAT(error, testing::HasSubstr("there is no linker on this machine; looked for c++, g++, clang++ and ld.lld"));
  std::string kept;
  std::getline(std::ifstream(options.output) >> std::ws, kept);
  EXPECT_EQ(kept, "as it was");
}

TEST_F(Link, saysWhatTheLinkerSaid) {
  options.objects = {scratch.file("program.o")}; // the kernels are missing
  ASSERT_TRUE(mlir::failed(codegen::link(options, &error)));
  EXPECT_THAT(error, testing::HasSubstr("weft_rows_input"));
  EXPECT_FALSE(fs::exists(options.output));
}

} // namespace

//===- HalideTestKernel.cpp - Compiles and calls a kernel from text -------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HalideTestKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <dlfcn.h>

using namespace weft;
using namespace weft::test;

template <typename T>
Buffer<T>::Buffer(std::vector<int64_t> shapeIn, std::vector<int64_t> stridesIn, T fill)
    : shape(std::move(shapeIn)), strides(std::move(stridesIn)) {
  if (strides.empty()) {
    strides.assign(shape.size(), 1);
    for (size_t axis = shape.size(); axis-- > 1;)
      strides[axis - 1] = strides[axis] * shape[axis];
  }
  size_t size = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    size = std::max(size, size_t(shape[axis] * strides[axis]));
  // What a rounded-up tail may write.
  data.assign(size + 1024, fill);
  header.type = {uint8_t(std::is_floating_point_v<T> ? 2 : 0), sizeof(T) * 8, 1};
  header.dimensions = int32_t(shape.size());
}

template <typename T> RawBuffer *Buffer<T>::raw() {
  dims.clear();
  for (size_t axis = shape.size(); axis-- > 0;)
    dims.push_back({0, int32_t(shape[axis]), int32_t(strides[axis]), 0});
  header.host = reinterpret_cast<uint8_t *>(data.data());
  header.dim = dims.data();
  return &header;
}

template <typename T> T &Buffer<T>::at(std::initializer_list<int64_t> index) {
  int64_t offset = 0;
  size_t axis = 0;
  for (int64_t i : index)
    offset += i * strides[axis++];
  return data[offset];
}

template class weft::test::Buffer<float>;
template class weft::test::Buffer<double>;
template class weft::test::Buffer<int32_t>;
template class weft::test::Buffer<int8_t>;
template class weft::test::Buffer<int64_t>;

mlir::MLIRContext &weft::test::kernelContext() {
  static mlir::MLIRContext *context = [] {
    mlir::DialectRegistry registry;
    registry.insert<mlir::arith::ArithDialect, mlir::math::MathDialect, halide::HalideDialect>();
    auto *made = new mlir::MLIRContext(registry, mlir::MLIRContext::Threading::DISABLED);
    made->printOpOnDiagnostic(false);
    return made;
  }();
  return *context;
}

codegen::KernelCompileOptions weft::test::testOptions(const std::string &target) {
  static const std::string directory = [] {
    llvm::SmallString<128> path;
    llvm::sys::fs::createUniqueDirectory("weft-kernel-test", path);
    return path.str().str();
  }();
  codegen::KernelCompileOptions options;
  options.target = *codegen::parseTarget(target);
  options.worker = WEFT_KERNEL_WORKER;
  options.cacheDirectory = directory;
  return options;
}

std::string weft::test::diagnosticsOf(const std::string &text,
                                      llvm::function_ref<void(mlir::ModuleOp)> then) {
  std::string messages;
  mlir::ScopedDiagnosticHandler handler(&kernelContext(), [&](mlir::Diagnostic &diagnostic) {
    if (auto location = llvm::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation()))
      messages += std::to_string(location.getLine()) + ": ";
    messages += diagnostic.str() + "\n";
    return mlir::success();
  });
  if (auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &kernelContext()))
    then(*module);
  return messages;
}

Kernel::Kernel(const std::string &text, const std::string &target) {
  std::string symbol;
  diagnostics = diagnosticsOf(text, [&](mlir::ModuleOp module) {
    auto compiled = codegen::compileKernels(module, testOptions(target));
    if (mlir::failed(compiled) || compiled->size() != 1)
      return;
    objectPath = compiled->front().objectPath;
    symbol = compiled->front().symbol;
  });
  if (symbol.empty())
    return;
  std::string shared = objectPath + ".so";
  std::string command = "c++ -shared -o '" + shared + "' '" + objectPath + "' -lm";
  if (std::system(command.c_str()) != 0)
    return;
  library = dlopen(shared.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library)
    function = dlsym(library, symbol.c_str());
}

Kernel::~Kernel() {
  if (library)
    dlclose(library);
}

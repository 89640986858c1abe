//===- HalideTestKernel.h - Compiles and calls a kernel from text -*- C++ -*-=//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_TESTS_COMPILER_CODEGEN_HALIDETESTKERNEL_H
#define WEFT_TESTS_COMPILER_CODEGEN_HALIDETESTKERNEL_H

#include "compiler/codegen/KernelCompiler.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace weft::test {

/// `halide_buffer_t` of HalideRuntime.h, laid out by hand: the test shall fail
/// where the layout that calls are generated for is not Halide's.
struct BufferDimension {
  int32_t min, extent, stride;
  uint32_t flags;
};
struct RawBuffer {
  uint64_t device;
  const void *deviceInterface;
  uint8_t *host;
  uint64_t flags;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } type;
  int32_t dimensions;
  BufferDimension *dim;
  void *padding;
};

/// Values with a shape, given as memrefs are: the slowest dimension first.
template <typename T> class Buffer {
public:
  Buffer(std::vector<int64_t> shape, std::vector<int64_t> strides = {}, T fill = T());

  /// For a kernel's call. The strides go along.
  RawBuffer *raw();
  T &at(std::initializer_list<int64_t> index);
  std::vector<T> data;

private:
  std::vector<int64_t> shape, strides;
  std::vector<BufferDimension> dims;
  RawBuffer header{};
};

/// Compiles a module of one kernel and loads it into this process.
class Kernel {
public:
  /// Diagnostics go to `diagnostics`; then `loaded()` is false.
  explicit Kernel(const std::string &text, const std::string &target = "host");
  ~Kernel();
  Kernel(const Kernel &) = delete;

  bool loaded() const { return function != nullptr; }
  template <typename... Args> int operator()(Args... args) const {
    return reinterpret_cast<int (*)(Args...)>(function)(args...);
  }

  std::string diagnostics;
  std::string objectPath;

private:
  void *library = nullptr;
  void *function = nullptr;
};

/// Options whose cache is the test's own.
codegen::KernelCompileOptions testOptions(const std::string &target = "host");

/// A context with the dialects of kernels.
mlir::MLIRContext &kernelContext();

/// Reads a module; diagnostics of reading and of `then` are collected.
std::string diagnosticsOf(const std::string &text, llvm::function_ref<void(mlir::ModuleOp)> then);

} // namespace weft::test

#endif // WEFT_TESTS_COMPILER_CODEGEN_HALIDETESTKERNEL_H

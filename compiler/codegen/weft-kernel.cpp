//===- weft-kernel.cpp - The worker process of the kernel compiler --------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/KernelCompiler.h"

int main(int argc, char **argv) { return weft::codegen::kernelWorkerMain(argc, argv); }

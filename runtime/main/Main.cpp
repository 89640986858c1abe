//===- Main.cpp - The program of a compiled model ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/main/Commands.h"

int main(int argc, char **argv) { return weft::runtime::runMain(weft_model, argc, argv); }

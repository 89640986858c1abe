//===- SpecTest.cpp - SPEC.md, the dialect and its tests agree -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/seq/Seq.h"
#include "tests/support/Golden.h"
#include "tests/support/Npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

using namespace weft;

namespace {

/// The operations that SPEC.md describes, and the constraints it numbers, as
/// `<operation> C<number>`. Operations element by element share theirs.
struct Spec {
  std::set<std::string> operations, constraints;

  Spec() {
    std::istringstream text(tests::readFile(tests::sourceFolder() / "dialects/seq/SPEC.md"));
    static const std::regex heading("### ([a-z0-9_]+)"), bold("\\*\\*([a-z0-9_]+)\\*\\*.*"),
        row("\\| ([a-z]+) \\|.*"), constraint("- (C[0-9]+) (?!to ).*");
    std::string section;
    bool elementwise = false;
    for (std::string line; std::getline(text, line);) {
      std::smatch match;
      if (line.rfind("## ", 0) == 0) {
        elementwise = line == "## Element by element";
        section = elementwise ? "elementwise" : "";
      } else if (std::regex_match(line, match, heading) || std::regex_match(line, match, bold)) {
        operations.insert(section = match[1]);
      } else if (elementwise && std::regex_match(line, match, row) && match[1] != "op") {
        operations.insert(match[1]);
      } else if (std::regex_match(line, match, constraint)) {
        constraints.insert(section + " " + match[1].str());
      }
    }
  }
};

TEST(Spec, DescribesEveryOperationAndNoOther) {
  mlir::MLIRContext context;
  context.loadDialect<seq::SeqDialect>();
  // What ends a region is described with the operation that has it.
  std::set<std::string> registered;
  for (mlir::RegisteredOperationName name : context.getRegisteredOperationsByDialect("seq"))
    if (name.stripDialect() != "next")
      registered.insert(name.stripDialect().str());
  EXPECT_EQ(Spec().operations, registered);
}

TEST(Spec, EveryConstraintHasAFailingCase) {
  std::set<std::string> tested;
  for (const char *file : {"definitions", "layers", "primitives", "scan"}) {
    std::istringstream text(tests::readFile(tests::sourceFolder() / "tests/dialects/seq" /
                                            ("verify-" + std::string(file) + ".mlir")));
    static const std::regex comment("// ([a-z0-9_]+ C[0-9]+).*");
    for (std::string line; std::getline(text, line);)
      if (std::smatch match; std::regex_match(line, match, comment))
        tested.insert(match[1]);
  }
  for (const std::string &constraint : Spec().constraints)
    EXPECT_TRUE(tested.count(constraint)) << constraint;
}

} // namespace

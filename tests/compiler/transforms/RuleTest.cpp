//===- RuleTest.cpp - Each gradient rule of SPEC.md -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One case a rule: a model that is little more than the operation, with a weight
// behind every operand that has an adjoint. The case's name is the operation's.
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/transforms/GradientFixture.h"

using namespace weft;
using namespace weft::tests;

namespace {

struct Rule {
  const char *name;
  /// Equations from %v, %u [?, 4], %p, %q [?, 4] of positive values, %s [?, 2, 4],
  /// the weights %w [4], %k [4, 6] and %one [], to %r.
  const char *equations;
  const char *type;
};
void PrintTo(const Rule &rule, std::ostream *stream) { *stream << rule.name; }

#define ROWS "tensor<?x4xf32>"
#define STEPS "tensor<?x2x4xf32>"

const Rule rules[] = {
    {"negate", "%r = seq.negate %v : " ROWS, ROWS},
    {"exp", "%r = seq.exp %v : " ROWS, ROWS},
    {"log", "%r = seq.log %p : " ROWS, ROWS},
    {"sqrt", "%r = seq.sqrt %p : " ROWS, ROWS},
    {"abs", "%r = seq.abs %v : " ROWS, ROWS},
    {"sign", "%t = seq.sign %v : " ROWS "\n %r = seq.mul %t, %u : " ROWS, ROWS},
    {"tanh", "%r = seq.tanh %v : " ROWS, ROWS},
    {"sigmoid", "%r = seq.sigmoid %v : " ROWS, ROWS},
    {"softplus", "%r = seq.softplus %v : " ROWS, ROWS},
    {"add", "%r = seq.add %v, %u : " ROWS, ROWS},
    {"sub", "%r = seq.sub %v, %u : " ROWS, ROWS},
    {"mul", "%r = seq.mul %v, %u : " ROWS, ROWS},
    {"div", "%r = seq.div %v, %p : " ROWS, ROWS},
    {"pow", "%r = seq.pow %p, %q : " ROWS, ROWS},
    {"maximum", "%r = seq.maximum %v, %u : " ROWS, ROWS},
    {"minimum", "%r = seq.minimum %v, %u : " ROWS, ROWS},
    {"greater", "%t = seq.greater %v, %u : " ROWS "\n %r = seq.mul %t, %v : " ROWS, ROWS},
    {"equal", "%t = seq.equal %v, %v : " ROWS "\n %r = seq.mul %t, %u : " ROWS, ROWS},
    {"select",
     "%t = seq.greater %v, %u : " ROWS "\n %r = seq.select %t, %u, %p : (" ROWS ", " ROWS ", " ROWS
     ") -> " ROWS,
     ROWS},
    {"add_of_broadcasts", "%r = seq.add %one, %v : (tensor<f32>, " ROWS ") -> " ROWS, ROWS},
    {"mul_of_broadcasts", "%r = seq.mul %v, %w : (" ROWS ", tensor<4xf32>) -> " ROWS, ROWS},
    {"div_of_broadcasts", "%r = seq.div %w, %p : (tensor<4xf32>, " ROWS ") -> " ROWS, ROWS},
    {"pow_of_broadcasts", "%r = seq.pow %p, %w : (" ROWS ", tensor<4xf32>) -> " ROWS, ROWS},
    {"maximum_of_broadcasts", "%r = seq.maximum %one, %v : (tensor<f32>, " ROWS ") -> " ROWS, ROWS},
    {"select_of_broadcasts",
     "%t = seq.greater %v, %one : (" ROWS ", tensor<f32>) -> " ROWS "\n %r = seq.select %t, %one, %w : (" ROWS
     ", tensor<f32>, tensor<4xf32>) -> " ROWS,
     ROWS},
    {"broadcast_rows", "%r = seq.broadcast_rows %w like %x : (tensor<4xf32>, " ROWS ") -> " ROWS, ROWS},
    {"matmul", "%r = seq.matmul %v, %k : (" ROWS ", tensor<4x6xf32>) -> tensor<?x6xf32>", "tensor<?x6xf32>"},
    {"matmul_transpose_b",
     "%t = seq.matmul %v, %k : (" ROWS ", tensor<4x6xf32>) -> tensor<?x6xf32>"
     "\n %r = seq.matmul %t, %k {transpose_b} : (tensor<?x6xf32>, tensor<4x6xf32>) -> " ROWS,
     ROWS},
    {"matmul_of_sequences", "%r = seq.matmul %s, %k : (" STEPS ", tensor<4x6xf32>) -> tensor<?x2x6xf32>",
     "tensor<?x2x6xf32>"},
    {"contract",
     "%t = seq.contract %v, %u : (" ROWS ", " ROWS ") -> tensor<4x4xf32>"
     "\n %r = seq.matmul %p, %t : (" ROWS ", tensor<4x4xf32>) -> " ROWS,
     ROWS},
    {"sum_to_row",
     "%t = seq.sum_to %v : (" ROWS ") -> tensor<4xf32>"
     "\n %r = seq.mul %u, %t : (" ROWS ", tensor<4xf32>) -> " ROWS,
     ROWS},
    {"sum_to_scalar",
     "%t = seq.sum_to %v : (" ROWS ") -> tensor<f32>"
     "\n %r = seq.mul %u, %t : (" ROWS ", tensor<f32>) -> " ROWS,
     ROWS},
    {"reduce_sum", "%r = seq.reduce <sum> %p : (" ROWS ") -> tensor<?x1xf32>", "tensor<?x1xf32>"},
    {"reduce_mean", "%r = seq.reduce <mean> %p : (" ROWS ") -> tensor<?x1xf32>", "tensor<?x1xf32>"},
    {"reduce_max", "%r = seq.reduce <max> %v : (" ROWS ") -> tensor<?x1xf32>", "tensor<?x1xf32>"},
    {"split",
     "%a, %b = seq.split %v : (" ROWS ") -> (tensor<?x2xf32>, tensor<?x2xf32>)"
     "\n %t = seq.exp %a : tensor<?x2xf32>\n %r = seq.mul %t, %b : tensor<?x2xf32>",
     "tensor<?x2xf32>"},
    {"split_with_an_unused_part", "%a, %r = seq.split %v : (" ROWS ") -> (tensor<?x2xf32>, tensor<?x2xf32>)",
     "tensor<?x2xf32>"},
    {"concat",
     "%t = seq.concat %v, %p : (" ROWS ", " ROWS ") -> tensor<?x8xf32>\n %r = seq.tanh %t : tensor<?x8xf32>",
     "tensor<?x8xf32>"},
    {"concat_of_unequal_parts",
     "%m = seq.matmul %v, %k : (" ROWS ", tensor<4x6xf32>) -> tensor<?x6xf32>"
     "\n %t = seq.concat %p, %m : (" ROWS ", tensor<?x6xf32>) -> tensor<?x10xf32>\n %r = seq.tanh %t : "
     "tensor<?x10xf32>",
     "tensor<?x10xf32>"},
    {"reshape", "%t = seq.reshape %s : (" STEPS ") -> tensor<?x8xf32>\n %r = seq.tanh %t : tensor<?x8xf32>",
     "tensor<?x8xf32>"},
    {"reverse", "%t = seq.reverse %s : " STEPS "\n %r = seq.mul %t, %s : " STEPS, STEPS},
};

class RuleTest : public GradientTest, public testing::WithParamInterface<Rule> {};

TEST_P(RuleTest, Gradient) {
  std::string text = std::string(R"(
seq.weight @w1 : tensor<4xf32> = [#seq.init<zeros>]
seq.weight @w2 : tensor<4xf32> = [#seq.init<zeros>]
seq.weight @k : tensor<4x6xf32> = [#seq.init<zeros>]
seq.weight @s : tensor<2x4xf32> = [#seq.init<zeros>]
seq.weight @one : tensor<1xf32> = [#seq.init<zeros>]
seq.model @m(%x: tensor<?x4xf32> {seq.name = "x"}) -> (RESULT {seq.name = "y"}) {
  %w = seq.read @w1 : tensor<4xf32>
  %w2 = seq.read @w2 : tensor<4xf32>
  %k = seq.read @k : tensor<4x6xf32>
  %sw = seq.read @s : tensor<2x4xf32>
  %w3 = seq.read @one : tensor<1xf32>
  %one = seq.sum_to %w3 : (tensor<1xf32>) -> tensor<f32>
  %v = seq.add %x, %w : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %u = seq.mul %x, %w2 : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %p = seq.exp %v : tensor<?x4xf32>
  %q = seq.exp %u : tensor<?x4xf32>
  %x1 = seq.reshape %x : (tensor<?x4xf32>) -> tensor<?x1x4xf32>
  %s = seq.mul %x1, %sw : (tensor<?x1x4xf32>, tensor<2x4xf32>) -> tensor<?x2x4xf32>
  )") + GetParam().equations +
                     R"(
  seq.return %r : RESULT
}
seq.loss @l(%p: RESULT, %y: RESULT) -> RESULT {
  %d = seq.sub %p, %y : RESULT
  %s = seq.mul %d, %d : RESULT
  seq.return %s : RESULT
}
seq.optimizer @o(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
  seq.return %w : tensor<?xf32>
}
seq.training @m loss @l optimizer @o rate 1.000000e-02 {}
)";
  for (size_t at; (at = text.find("RESULT")) != std::string::npos;)
    text.replace(at, 6, GetParam().type);
  SCOPED_TRACE(text);
  Module module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  ASSERT_TRUE(module);
  check(*module);
}

INSTANTIATE_TEST_SUITE_P(Operation, RuleTest, testing::ValuesIn(rules),
                         [](const testing::TestParamInfo<Rule> &info) {
                           return std::string(info.param.name);
                         });

} // namespace

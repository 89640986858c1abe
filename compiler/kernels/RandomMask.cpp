//===- RandomMask.cpp - Dropout masks, drawn where they are computed -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 in 32-bit integer arithmetic: a mask is a function of its
// counter, so that it needs no state, no order and no barrier.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/Expressions.h"
#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <array>
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
/// Arithmetic on words of 32 bits, which wraps around.
struct Words {
  OpBuilder &builder;
  Location loc;

  Value constant(uint32_t value) const {
    return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(int32_t(value)));
  }
  Value add(Value a, uint32_t b) const {
    return b == 0 ? a : arith::AddIOp::create(builder, loc, a, constant(b)).getResult();
  }
  Value exclusiveOr(Value a, Value b, Value c) const {
    Value ab = arith::XOrIOp::create(builder, loc, a, b);
    return arith::XOrIOp::create(builder, loc, ab, c);
  }
  /// The lower and the upper half of a * b.
  std::pair<Value, Value> multiply(uint32_t a, Value b) const {
    auto product = arith::MulUIExtendedOp::create(builder, loc, constant(a), b);
    return {product.getLow(), product.getHigh()};
  }
  std::array<Value, 4> philox(std::array<Value, 4> counter, std::array<Value, 2> key) const {
    for (uint32_t round = 0; round < 10; ++round) {
      Value key0 = add(key[0], round * 0x9E3779B9u), key1 = add(key[1], round * 0xBB67AE85u);
      auto [low0, high0] = multiply(0xD2511F53, counter[0]);
      auto [low2, high2] = multiply(0xCD9E8D57, counter[2]);
      counter = {exclusiveOr(high2, counter[1], key0), low2, exclusiveOr(high0, counter[3], key1), low0};
    }
    return counter;
  }
};
} // namespace

Value Expressions::randomMask(seq::RandomMaskOp op) {
  Words words{builder, loc};
  auto word = [&](Value from, int64_t which) { return load(from, {index(which)}); };
  auto toWord = [&](Value coordinate) {
    return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), coordinate).getResult();
  };

  // Sixteen columns are the four words of four blocks: a vector of columns is a vector of blocks.
  int64_t keyAxes = cast<RankedTensorType>(op.getKeys().getType()).getRank(), rank = domain.getRank();
  Value column = point.back(), four = index(4), sixteen = index(16);
  Value outer = index(0);
  for (int64_t axis = keyAxes; axis < rank - 1; ++axis)
    outer = add(arith::MulIOp::create(builder, loc, outer, index(domain.getDimSize(axis))), point[axis]);
  Value group = arith::MulIOp::create(builder, loc, arith::DivUIOp::create(builder, loc, column, sixteen), four);
  Value lane = arith::RemUIOp::create(builder, loc, column, four);
  Value blocks = index(paddedColumns(domain.getShape().back()) / 4);
  Value block = add(add(arith::MulIOp::create(builder, loc, outer, blocks), group), lane);
  Value which = arith::RemUIOp::create(builder, loc, arith::DivUIOp::create(builder, loc, column, four), four);

  Value key = load(op.getKeys(), ArrayRef<Value>(point).take_front(keyAxes));
  Value step = word(op.getStep(), 0), stepHigh = word(op.getStep(), 1);
  Value name = words.constant(uint32_t(op.getLayer()) << 16 | uint32_t(op.getMask()));
  Value counter = toWord(block), seed = word(op.getSeed(), 0), seedHigh = word(op.getSeed(), 1);
  std::array<Value, 4> drawn = words.philox({counter, key, step, name}, {seed, seedHigh});
  Value chosen = choose(which, drawn);

  double rate = op.getRate().convertToDouble();
  double bound = std::fmin(std::round(rate * 0x1p32), 0x1p32 - 1);
  Value drops = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, chosen,
                                      words.constant(uint32_t(bound)));
  Value zero = real(0), kept = real(1 / (1 - rate)), one = real(1);
  Value mask = arith::SelectOp::create(builder, loc, drops, zero, kept);
  // At the step of all ones nothing is drawn.
  Value both = arith::AndIOp::create(builder, loc, step, stepHigh);
  Value isOff = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, both, words.constant(~0u));
  return arith::SelectOp::create(builder, loc, isOff, one, mask);
}

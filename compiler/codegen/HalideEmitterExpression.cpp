//===- HalideEmitterExpression.cpp - arith and math as Halide expressions -===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/HalideEmitterDetail.h"
#include "compiler/codegen/VectorMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace weft::halide;
using namespace weft::codegen;
using namespace weft::codegen::detail;
using ::Halide::Expr;

//===----------------------------------------------------------------------===//
// Types and constants
//===----------------------------------------------------------------------===//

// Halide computes coordinates in 32 bits.
FailureOr<::Halide::Type> weft::codegen::detail::convertType(mlir::Type type) {
  if (type.isF32())
    return ::Halide::Float(32);
  if (type.isF64())
    return ::Halide::Float(64);
  if (type.isIndex())
    return ::Halide::Int(32);
  if (auto integer = dyn_cast<IntegerType>(type)) {
    switch (integer.getWidth()) {
    case 1:
      return ::Halide::Bool();
    case 8:
    case 16:
    case 32:
    case 64:
      return ::Halide::Int(integer.getWidth());
    }
  }
  return failure();
}

static Expr constant(TypedAttr value) {
  FailureOr<::Halide::Type> type = convertType(value.getType());
  if (failed(type))
    return Expr();
  if (auto number = dyn_cast<FloatAttr>(value))
    return ::Halide::Internal::FloatImm::make(*type, number.getValueAsDouble());
  if (auto number = dyn_cast<IntegerAttr>(value))
    return ::Halide::Internal::make_const(*type, type->is_bool() ? int64_t(number.getValue().getZExtValue())
                                                                 : number.getValue().getSExtValue());
  return Expr();
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static Expr asUnsigned(const Expr &e) {
  return ::Halide::reinterpret(e.type().with_code(::Halide::Type::UInt), e);
}
static Expr asSigned(const Expr &e) {
  return ::Halide::reinterpret(e.type().with_code(::Halide::Type::Int), e);
}

/// Halide's own Int(32) arithmetic may not overflow, which is what coordinates
/// want; `iN` wraps around, as in `arith`, by going through unsigned numbers.
template <typename Fn> static Expr wrapping(Operation *op, Fn fn, const Expr &a, const Expr &b) {
  if (op->getResult(0).getType().isIndex() || a.type().is_bool())
    return fn(a, b);
  return asSigned(fn(asUnsigned(a), asUnsigned(b)));
}

/// Unsigned operations on coordinates: these are not negative, and Halide
/// simplifies signed coordinates best.
template <typename Fn> static Expr unsignedOf(Fn fn, mlir::Type type, const Expr &a, const Expr &b) {
  if (type.isIndex() || a.type().is_bool())
    return fn(a, b);
  Expr result = fn(asUnsigned(a), asUnsigned(b));
  return result.type().is_bool() ? result : asSigned(result);
}

static Expr compareIntegers(arith::CmpIOp op, const Expr &a, const Expr &b) {
  using Predicate = arith::CmpIPredicate;
  auto type = op.getLhs().getType();
  switch (op.getPredicate()) {
  case Predicate::eq:
    return a == b;
  case Predicate::ne:
    return a != b;
  case Predicate::slt:
    return a < b;
  case Predicate::sle:
    return a <= b;
  case Predicate::sgt:
    return a > b;
  case Predicate::sge:
    return a >= b;
  case Predicate::ult:
    return unsignedOf([](Expr x, Expr y) { return x < y; }, type, a, b);
  case Predicate::ule:
    return unsignedOf([](Expr x, Expr y) { return x <= y; }, type, a, b);
  case Predicate::ugt:
    return unsignedOf([](Expr x, Expr y) { return x > y; }, type, a, b);
  case Predicate::uge:
    return unsignedOf([](Expr x, Expr y) { return x >= y; }, type, a, b);
  }
  llvm_unreachable("every predicate is above");
}

Expr ExpressionBuilder::buildInteger(Operation *op, ArrayRef<Expr> in) {
  auto add = [](Expr x, Expr y) { return x + y; };
  auto sub = [](Expr x, Expr y) { return x - y; };
  auto mul = [](Expr x, Expr y) { return x * y; };
  auto div = [](Expr x, Expr y) { return x / y; };
  auto rem = [](Expr x, Expr y) { return x % y; };
  auto least = [](Expr x, Expr y) { return ::Halide::min(x, y); };
  auto most = [](Expr x, Expr y) { return ::Halide::max(x, y); };
  auto isBool = [&] { return in[0].type().is_bool(); };
  return TypeSwitch<Operation *, Expr>(op)
      .Case([&](arith::AddIOp) { return isBool() ? in[0] != in[1] : wrapping(op, add, in[0], in[1]); })
      .Case([&](arith::SubIOp) { return isBool() ? in[0] != in[1] : wrapping(op, sub, in[0], in[1]); })
      .Case([&](arith::MulIOp) { return isBool() ? in[0] && in[1] : wrapping(op, mul, in[0], in[1]); })
      .Case([&](arith::DivSIOp) { return ::Halide::div_round_to_zero(in[0], in[1]); })
      .Case([&](arith::RemSIOp) { return ::Halide::mod_round_to_zero(in[0], in[1]); })
      .Case([&](arith::DivUIOp) { return unsignedOf(div, op->getResult(0).getType(), in[0], in[1]); })
      .Case([&](arith::RemUIOp) { return unsignedOf(rem, op->getResult(0).getType(), in[0], in[1]); })
      .Case([&](arith::FloorDivSIOp) {
        // Halide's division leaves a remainder that is not negative, which is
        // the floor for positive divisors; for others the quotient's sign turns.
        if (::Halide::Internal::is_positive_const(in[1]))
          return in[0] / in[1];
        Expr quotient = ::Halide::div_round_to_zero(in[0], in[1]);
        Expr inexact = quotient * in[1] != in[0];
        return quotient - ::Halide::select(inexact && ((in[0] < 0) != (in[1] < 0)), 1, 0);
      })
      .Case([&](arith::CeilDivSIOp) {
        Expr quotient = ::Halide::div_round_to_zero(in[0], in[1]);
        Expr inexact = quotient * in[1] != in[0];
        return quotient + ::Halide::select(inexact && ((in[0] < 0) == (in[1] < 0)), 1, 0);
      })
      .Case([&](arith::MinSIOp) { return ::Halide::min(in[0], in[1]); })
      .Case([&](arith::MaxSIOp) { return ::Halide::max(in[0], in[1]); })
      .Case([&](arith::MinUIOp) { return unsignedOf(least, op->getResult(0).getType(), in[0], in[1]); })
      .Case([&](arith::MaxUIOp) { return unsignedOf(most, op->getResult(0).getType(), in[0], in[1]); })
      .Case([&](arith::AndIOp) { return isBool() ? in[0] && in[1] : in[0] & in[1]; })
      .Case([&](arith::OrIOp) { return isBool() ? in[0] || in[1] : in[0] | in[1]; })
      .Case([&](arith::XOrIOp) { return isBool() ? in[0] != in[1] : in[0] ^ in[1]; })
      .Case([&](arith::ShLIOp) { return asSigned(asUnsigned(in[0]) << asUnsigned(in[1])); })
      .Case([&](arith::ShRSIOp) { return in[0] >> asUnsigned(in[1]); })
      .Case([&](arith::ShRUIOp) { return asSigned(asUnsigned(in[0]) >> asUnsigned(in[1])); })
      .Case([&](arith::CmpIOp compare) { return compareIntegers(compare, in[0], in[1]); })
      .Case([&](math::AbsIOp) { return ::Halide::cast(in[0].type(), ::Halide::abs(in[0])); })
      .Default(Expr());
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

/// Comparisons with a NaN: Halide's `<` is free to assume there is none, its
/// strict form is not; the unordered predicates are the ordered opposites' negation.
static Expr compareFloats(arith::CmpFOp op, const Expr &a, const Expr &b) {
  using Predicate = arith::CmpFPredicate;
  auto unordered = [&] { return isNaN(a) || isNaN(b); };
  switch (op.getPredicate()) {
  case Predicate::AlwaysFalse:
    return ::Halide::Internal::const_false();
  case Predicate::AlwaysTrue:
    return ::Halide::Internal::const_true();
  case Predicate::OEQ:
    return strictEqual(a, b);
  case Predicate::OGT:
    return strictLess(b, a);
  case Predicate::OGE:
    return strictLessEqual(b, a);
  case Predicate::OLT:
    return strictLess(a, b);
  case Predicate::OLE:
    return strictLessEqual(a, b);
  case Predicate::ONE:
    return strictLess(a, b) || strictLess(b, a);
  case Predicate::ORD:
    return !unordered();
  case Predicate::UEQ:
    return strictEqual(a, b) || unordered();
  case Predicate::UGT:
    return strictLess(b, a) || unordered();
  case Predicate::UGE:
    return strictLessEqual(b, a) || unordered();
  case Predicate::ULT:
    return strictLess(a, b) || unordered();
  case Predicate::ULE:
    return strictLessEqual(a, b) || unordered();
  case Predicate::UNE:
    return !strictEqual(a, b);
  case Predicate::UNO:
    return unordered();
  }
  llvm_unreachable("every predicate is above");
}

Expr ExpressionBuilder::buildFloat(Operation *op, ArrayRef<Expr> in) {
  return TypeSwitch<Operation *, Expr>(op)
      .Case([&](arith::AddFOp) { return in[0] + in[1]; })
      .Case([&](arith::SubFOp) { return in[0] - in[1]; })
      .Case([&](arith::MulFOp) { return in[0] * in[1]; })
      // Free, LLVM pulls a division into each product its result is in: an LSTM's
      // step then divides nine times where five would do, and waits for it.
      .Case([&](arith::DivFOp) {
        // Halide refuses to divide by a constant 0; IEEE 754 has it the same as this.
        if (std::optional<double> constant = ::Halide::Internal::as_const_float(in[1]); constant && *constant == 0)
          return in[0] * ::Halide::Internal::make_const(in[0].type(), std::copysign(HUGE_VAL, *constant));
        return strictDiv(in[0], in[1]);
      })
      .Case([&](arith::NegFOp) { return -in[0]; })
      .Case([&](arith::RemFOp) { return in[0] - ::Halide::trunc(in[0] / in[1]) * in[1]; })
      .Case<arith::MaximumFOp, arith::MaxNumFOp>([&](auto) { return ::Halide::max(in[0], in[1]); })
      .Case<arith::MinimumFOp, arith::MinNumFOp>([&](auto) { return ::Halide::min(in[0], in[1]); })
      .Case([&](arith::CmpFOp compare) { return compareFloats(compare, in[0], in[1]); })
      .Default(Expr());
}

/// A function of libm called once an element; `f` is added for floats.
static Expr callLibm(StringRef name, ArrayRef<Expr> in) {
  std::string symbol = name.str() + (in[0].type().bits() == 32 ? "f" : "");
  return ::Halide::Internal::Call::make(in[0].type(), symbol, std::vector<Expr>(in.begin(), in.end()),
                                        ::Halide::Internal::Call::PureExtern);
}

static std::optional<StringRef> libmName(Operation *op) {
  return TypeSwitch<Operation *, std::optional<StringRef>>(op)
      .Case([](math::SinOp) { return "sin"; })
      .Case([](math::CosOp) { return "cos"; })
      .Case([](math::TanOp) { return "tan"; })
      .Case([](math::AsinOp) { return "asin"; })
      .Case([](math::AcosOp) { return "acos"; })
      .Case([](math::AtanOp) { return "atan"; })
      .Case([](math::Atan2Op) { return "atan2"; })
      .Case([](math::SinhOp) { return "sinh"; })
      .Case([](math::CoshOp) { return "cosh"; })
      .Case([](math::AsinhOp) { return "asinh"; })
      .Case([](math::AcoshOp) { return "acosh"; })
      .Case([](math::AtanhOp) { return "atanh"; })
      .Case([](math::TanhOp) { return "tanh"; })
      .Case([](math::ExpOp) { return "exp"; })
      .Case([](math::Exp2Op) { return "exp2"; })
      .Case([](math::ExpM1Op) { return "expm1"; })
      .Case([](math::LogOp) { return "log"; })
      .Case([](math::Log2Op) { return "log2"; })
      .Case([](math::Log10Op) { return "log10"; })
      .Case([](math::Log1pOp) { return "log1p"; })
      .Case([](math::ErfOp) { return "erf"; })
      .Case([](math::ErfcOp) { return "erfc"; })
      .Case([](math::CbrtOp) { return "cbrt"; })
      .Case([](math::PowFOp) { return "pow"; })
      .Default(std::optional<StringRef>());
}

Expr ExpressionBuilder::buildMath(Operation *op, ArrayRef<Expr> in) {
  bool isF32 = in[0].type() == ::Halide::Float(32);
  Expr vectorised = TypeSwitch<Operation *, Expr>(op)
                        .Case([&](math::AbsFOp) { return ::Halide::abs(in[0]); })
                        .Case([&](math::SqrtOp) { return ::Halide::sqrt(in[0]); })
                        .Case([&](math::RsqrtOp) {
                          return ::Halide::Internal::make_one(in[0].type()) / ::Halide::sqrt(in[0]);
                        })
                        .Case([&](math::FloorOp) { return ::Halide::floor(in[0]); })
                        .Case([&](math::CeilOp) { return ::Halide::ceil(in[0]); })
                        .Case([&](math::TruncOp) { return ::Halide::trunc(in[0]); })
                        .Case([&](math::RoundEvenOp) { return ::Halide::round(in[0]); })
                        .Case([&](math::FmaOp) { return in[0] * in[1] + in[2]; })
                        .Case([&](math::TanhOp) { return isF32 ? vectorTanh(in[0]) : Expr(); })
                        .Case([&](math::ExpOp) { return isF32 ? vectorExp(in[0]) : Expr(); })
                        .Case([&](math::LogOp) { return isF32 ? vectorLog(in[0]) : Expr(); })
                        .Case([&](math::Log1pOp) { return isF32 ? vectorLog1p(in[0]) : Expr(); })
                        .Case([&](math::PowFOp) { return powerOfConstant(in[0], in[1]); })
                        .Default(Expr());
  if (vectorised.defined())
    return vectorised;
  if (std::optional<StringRef> name = libmName(op))
    return callLibm(*name, in);
  return Expr();
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

Expr ExpressionBuilder::buildCast(Operation *op, Expr in) {
  FailureOr<::Halide::Type> type = convertType(op->getResult(0).getType());
  if (failed(type))
    return Expr();
  if (isa<arith::SIToFPOp, arith::FPToSIOp, arith::ExtFOp, arith::TruncFOp, arith::TruncIOp,
          arith::IndexCastOp>(op))
    return ::Halide::cast(*type, in);
  if (isa<arith::ExtSIOp>(op))
    return in.type().is_bool() ? ::Halide::select(in, ::Halide::Internal::make_const(*type, -1),
                                                  ::Halide::Internal::make_zero(*type))
                               : ::Halide::cast(*type, in);
  if (isa<arith::ExtUIOp, arith::UIToFPOp>(op))
    return ::Halide::cast(*type, in.type().is_bool() ? in : asUnsigned(in));
  if (isa<arith::IndexCastUIOp>(op)) {
    // Coordinates are not negative: only a widening needs the unsigned reading.
    return in.type().bits() < type->bits() && !in.type().is_bool() ? ::Halide::cast(*type, asUnsigned(in))
                                                                   : ::Halide::cast(*type, in);
  }
  if (isa<arith::FPToUIOp>(op))
    return asSigned(::Halide::cast(type->with_code(::Halide::Type::UInt), in));
  if (isa<arith::BitcastOp>(op))
    return ::Halide::reinterpret(*type, in);
  return Expr();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

LogicalResult ExpressionBuilder::buildAt(AtOp op) {
  std::vector<Expr> coordinates;
  for (Value coordinate : op.getCoordinates())
    coordinates.push_back(lookup(coordinate));
  std::string name = op.getSource().str();
  auto checkRank = [&](size_t rank) -> LogicalResult {
    if (rank == coordinates.size())
      return success();
    return op.emitError("@") << name << " has " << rank << " coordinates; got " << coordinates.size();
  };
  if (auto input = kernel.inputs.find(name); input != kernel.inputs.end()) {
    if (failed(checkRank(input->second.dimensions())))
      return failure();
    bind(op.getResult(), input->second(coordinates));
    return success();
  }
  if (auto scalar = kernel.scalars.find(name); scalar != kernel.scalars.end()) {
    if (failed(checkRank(0)))
      return failure();
    Expr value =
        ::Halide::Internal::Variable::make(scalar->second.type(), scalar->second.name(), scalar->second);
    // A coordinate travels in 64 bits.
    bind(op.getResult(), op.getType().isIndex() ? ::Halide::cast<int32_t>(value) : value);
    return success();
  }
  auto func = kernel.funcs.find(name);
  if (func == kernel.funcs.end())
    return op.emitError("@") << name << " is not defined before it is read";
  if (failed(checkRank(func->second.vars.size())))
    return failure();
  int64_t count = func->second.func.outputs(), value = op.getValue();
  if (value < 0 || value >= count)
    return op.emitError("@") << name << " has " << count << " values; value " << value
                             << " is not one of them";
  ::Halide::FuncRef reference = func->second.func(coordinates);
  bind(op.getResult(), count == 1 ? Expr(reference) : reference[int(value)]);
  return success();
}

LogicalResult ExpressionBuilder::build(Operation *op) {
  if (auto at = dyn_cast<AtOp>(op))
    return buildAt(at);
  if (auto undefined = dyn_cast<UndefOp>(op)) {
    FailureOr<::Halide::Type> type = convertType(undefined.getType());
    if (failed(type))
      return op->emitError("no Halide type for ") << undefined.getType();
    bind(undefined.getResult(), ::Halide::undef(*type));
    return success();
  }

  SmallVector<Expr> in;
  for (Value operand : op->getOperands())
    in.push_back(lookup(operand));
  // The one operation with two results: the halves of a product.
  if (isa<arith::MulUIExtendedOp, arith::MulSIExtendedOp>(op)) {
    bool isSigned = isa<arith::MulSIExtendedOp>(op);
    int bits = in[0].type().bits();
    if (bits > 32)
      return op->emitError("products of more than 64 bits are not supported");
    Expr product = isSigned ? ::Halide::widening_mul(in[0], in[1])
                            : ::Halide::widening_mul(asUnsigned(in[0]), asUnsigned(in[1]));
    ::Halide::Type half = in[0].type();
    bind(op->getResult(0), ::Halide::cast(half, product));
    bind(op->getResult(1), ::Halide::cast(half, product >> bits));
    return success();
  }

  Expr result;
  if (auto number = dyn_cast<arith::ConstantOp>(op))
    result = constant(number.getValue());
  else if (isa<arith::SelectOp>(op))
    result = ::Halide::select(in[0], in[1], in[2]);
  else if (op->getNumResults() == 1 && !in.empty()) {
    result = buildFloat(op, in);
    if (!result.defined())
      result = buildInteger(op, in);
    if (!result.defined() && in.size() == 1)
      result = buildCast(op, in[0]);
    if (!result.defined() && in[0].type().is_float())
      result = buildMath(op, in);
  }
  if (!result.defined())
    return op->emitError("a kernel cannot compute this: expected scalar operations of `arith` and `math`");
  bind(op->getResult(0), result);
  return success();
}

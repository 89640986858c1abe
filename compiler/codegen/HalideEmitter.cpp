//===- HalideEmitter.cpp - From the halide dialect to object code ---------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/HalideEmitter.h"
#include "compiler/codegen/HalideEmitterDetail.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <set>

using namespace mlir;
using namespace weft::halide;
using namespace weft::codegen;
using namespace weft::codegen::detail;
using ::Halide::Expr;

/// Halide puts larger allocations on the heap, which a kernel does not have.
static constexpr int64_t stackLimitBytes = 16 * 1024;

std::string weft::codegen::detail::describe(const ::Halide::Error &error) {
  std::string text;
  SmallVector<StringRef> lines;
  StringRef(error.what()).split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    if (!text.empty())
      text += ' ';
    text += line.trim();
  }
  return "Halide: " + (text.empty() ? std::string("no message") : text);
}

//===----------------------------------------------------------------------===//
// The algorithm
//===----------------------------------------------------------------------===//

namespace {

class KernelBuilder {
public:
  KernelBuilder(KernelOp op, std::optional<OutputPart> part) : op(op) { kernel.part = std::move(part); }

  /// Builds every func in the order they stand.
  LogicalResult build() {
    for (Operation &inner : op.getBody().front()) {
      try {
        LogicalResult built =
            TypeSwitch<Operation *, LogicalResult>(&inner)
                .Case<InputOp, ScalarOp, FuncOp, UpdateOp, OutputOp>(
                    [&](auto part) { return buildPart(part); })
                .Default([](Operation *other) { return other->emitError("not a part of a kernel"); });
        if (failed(built))
          return failure();
      } catch (const ::Halide::Error &error) {
        return inner.emitError(describe(error));
      }
    }
    if (kernel.output.empty())
      return op.emitError("the kernel has no halide.output");
    return success();
  }

  EmittedKernel kernel;

private:
  /// Halide allows letters, digits and `_`; symbols of a kernel stay different.
  std::string uniqueName(StringRef symbol) {
    std::string name;
    for (char c : symbol)
      name += llvm::isAlnum(c) || c == '_' ? c : '_';
    if (name.empty() || !llvm::isAlpha(name.front()))
      name = "f" + name;
    std::string unique = name;
    for (int suffix = 1; !names.insert(unique).second; ++suffix)
      unique = name + "_" + std::to_string(suffix);
    return unique;
  }

  /// What is static of a memref is promised to Halide: the code does not read
  /// it from the buffer. The offset is in the buffer's address. Of a cut output
  /// the buffer is taken for no more than the part (see BeginAtPart).
  template <typename Param>
  LogicalResult constrain(Operation *at, MemRefType type, Param &&buffer, bool extents = true,
                          const OutputPart *part = nullptr) {
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    if (failed(type.getStridesAndOffset(strides, offset)))
      return at->emitError("the layout of ") << type << " has no strides";
    int64_t rank = type.getRank();
    for (int64_t dimension = 0; dimension < rank; ++dimension) {
      int64_t axis = rank - 1 - dimension;
      auto dim = buffer.dim(dimension);
      bool isCut = part && dimension == part->dimension;
      // Where steps are open, calls say where they begin.
      if (extents && !(axis == 0 && hasOpenSteps(type)))
        dim.set_min(isCut ? int(part->from) : 0);
      if (extents && !type.isDynamicDim(axis))
        dim.set_extent(int(isCut ? part->extent : type.getDimSize(axis)));
      dim.set_stride(ShapedType::isDynamic(strides[axis]) ? Expr() : Expr(int(strides[axis])));
    }
    return success();
  }

  LogicalResult buildPart(InputOp input) {
    auto type = cast<MemRefType>(input.getType());
    FailureOr<::Halide::Type> element = convertType(type.getElementType());
    if (failed(element))
      return input.emitError("no Halide type for ") << type.getElementType();
    ::Halide::ImageParam param(*element, int(type.getRank()), uniqueName(input.getSymName()));
    if (failed(constrain(input, type, param)))
      return failure();
    kernel.arguments.push_back(param);
    kernel.inputs.emplace(input.getSymName().str(), param);
    return success();
  }

  LogicalResult buildPart(ScalarOp scalar) {
    FailureOr<::Halide::Type> type = convertType(scalar.getType());
    if (failed(type))
      return scalar.emitError("no Halide type for ") << scalar.getType();
    if (scalar.getType().isIndex())
      type = ::Halide::Int(64);
    ::Halide::Parameter param(*type, /*is_buffer=*/false, 0, uniqueName(scalar.getSymName()));
    kernel.arguments.emplace_back(param.name(), ::Halide::Argument::InputScalar, *type, 0,
                                  ::Halide::ArgumentEstimates{});
    kernel.scalars.emplace(scalar.getSymName().str(), param);
    return success();
  }

  LogicalResult buildPart(FuncOp func) {
    EmittedFunc emitted;
    emitted.func = ::Halide::Func(uniqueName(func.getSymName()));
    ExpressionBuilder expressions(kernel);
    Block &body = func.getBody().front();
    Loops loops;
    for (auto [name, argument] :
         llvm::zip_equal(func.getVars().getAsValueRange<StringAttr>(), body.getArguments())) {
      ::Halide::Var var(name.str());
      emitted.vars.push_back(var);
      loops.push_back({name.str(), var});
      expressions.bind(argument, var);
    }
    for (Operation &inner : body.without_terminator())
      if (failed(expressions.build(&inner)))
        return failure();
    emitted.func(emitted.vars) = ::Halide::Tuple(values(cast<YieldOp>(body.getTerminator()), expressions));
    emitted.stages.push_back(std::move(loops));
    kernel.funcs.emplace(func.getSymName().str(), std::move(emitted));
    return success();
  }

  static std::vector<Expr> values(YieldOp yield, ExpressionBuilder &expressions) {
    std::vector<Expr> result;
    for (Value value : yield.getValues())
      result.push_back(expressions.lookup(value));
    return result;
  }

  FailureOr<Expr> extent(UpdateOp update, RangeAttr range) {
    if (!range.getBuffer())
      return Expr(int(range.getExtent()));
    auto buffer = kernel.inputs.find(range.getBuffer().getValue().str());
    if (buffer == kernel.inputs.end())
      return update.emitError("range \"")
             << range.getName() << "\": no input @" << range.getBuffer().getValue();
    if (range.getDimension() < 0 || range.getDimension() >= buffer->second.dimensions())
      return update.emitError("range \"") << range.getName() << "\": @" << range.getBuffer().getValue()
                                          << " has no dimension " << range.getDimension();
    return buffer->second.dim(int(range.getDimension())).extent();
  }

  LogicalResult buildPart(UpdateOp update) {
    auto found = kernel.funcs.find(update.getFunc().str());
    if (found == kernel.funcs.end())
      return update.emitError("no func @") << update.getFunc() << " is defined before this update";
    EmittedFunc &emitted = found->second;
    ExpressionBuilder expressions(kernel);
    Block &body = update.getBody().front();
    Loops loops;
    std::vector<::Halide::Internal::ReductionVariable> variables;
    for (auto range : update.getRanges().getAsRange<RangeAttr>()) {
      FailureOr<Expr> size = extent(update, range);
      if (failed(size))
        return failure();
      variables.push_back({range.getName().str(), int(range.getMin()), *size});
    }
    ::Halide::RDom domain;
    if (!variables.empty())
      domain = ::Halide::RDom(::Halide::Internal::ReductionDomain(variables));
    size_t pure = emitted.vars.size();
    for (size_t i = 0; i < variables.size(); ++i) {
      expressions.bind(body.getArgument(pure + i), domain[i]);
      loops.push_back({variables[i].var, domain[i]});
    }
    for (auto [var, argument] : llvm::zip(emitted.vars, body.getArguments()))
      expressions.bind(argument, var);

    for (Operation &inner : body.without_terminator()) {
      if (auto where = dyn_cast<WhereOp>(inner)) {
        if (variables.empty())
          return where.emitError("there is no reduction domain to leave points out of");
        domain.where(expressions.lookup(where.getCondition()));
      } else if (failed(expressions.build(&inner))) {
        return failure();
      }
    }

    auto yield = cast<YieldOp>(body.getTerminator());
    std::vector<Expr> coordinates(emitted.vars.begin(), emitted.vars.end());
    for (auto [i, coordinate] : llvm::enumerate(yield.getCoordinates()))
      coordinates[i] = expressions.lookup(coordinate);
    // A variable is a loop of this definition where it stands at its own place.
    for (auto [var, coordinate] : llvm::zip_equal(emitted.vars, coordinates)) {
      const auto *variable = coordinate.as<::Halide::Internal::Variable>();
      if (variable && variable->name == var.name() && !variable->reduction_domain.defined())
        loops.push_back({var.name(), var});
    }
    emitted.func(coordinates) = ::Halide::Tuple(values(yield, expressions));
    emitted.stages.push_back(std::move(loops));
    return success();
  }

  LogicalResult buildPart(OutputOp output) {
    auto found = kernel.funcs.find(output.getFunc().str());
    if (found == kernel.funcs.end())
      return output.emitError("no func @") << output.getFunc();
    const OutputPart *part = kernel.part ? &*kernel.part : nullptr;
    std::vector<::Halide::OutputImageParam> buffers = found->second.func.output_buffers();
    if (buffers.size() != output.getTypes().size())
      return output.emitError("@") << output.getFunc() << " has " << buffers.size() << " values; got "
                                   << output.getTypes().size() << " buffers";
    for (auto [i, attr] : llvm::enumerate(output.getTypes().getAsValueRange<TypeAttr>())) {
      ::Halide::OutputImageParam &buffer = buffers[i];
      auto type = dyn_cast<MemRefType>(attr);
      if (!type || type.getRank() != buffer.dimensions())
        return output.emitError("an output is a memref of rank ") << buffer.dimensions() << "; got " << attr;
      FailureOr<::Halide::Type> element = convertType(type.getElementType());
      if (failed(element) || *element != buffer.type())
        return output.emitError("the element type of ") << type << " is not the value's";
      // Halide takes the extents of all values from the first's buffer.
      if (failed(constrain(output, type, buffer, /*extents=*/i == 0, part)))
        return failure();
      kernel.outputTypes.push_back(type);
    }
    // What rounding up may write is a matter of the buffer (see the schedule).
    auto first = kernel.outputTypes.front();
    for (Loops &loops : found->second.stages)
      for (Loop &loop : loops)
        for (auto [i, var] : llvm::enumerate(found->second.vars))
          if (!loop.var.is_rvar && loop.name == var.name()) {
            int64_t axis = first.getRank() - 1 - int64_t(i);
            loop.dimension = int(i);
            loop.extent = first.isDynamicDim(axis) ? 0 : first.getDimSize(axis);
            if (part && loop.dimension == part->dimension)
              loop.extent = part->extent;
          }
    kernel.output = output.getFunc().str();
    return success();
  }

  KernelOp op;
  std::set<std::string> names;
};

//===----------------------------------------------------------------------===//
// What the lowered code may not do
//===----------------------------------------------------------------------===//

/// Finds memory that would come from the heap: of unknown size, or over the
/// stack's limit. `checkAsserts` looks for bounds that provably do not hold.
class LoweredChecker : public ::Halide::Internal::IRVisitor {
public:
  struct Problem {
    std::string name; // as Halide names the func or its value
    int64_t bytes;    // 0 where unknown
  };
  std::vector<Problem> allocations;
  std::vector<std::vector<std::string>> falseAsserts; // the runtime's error, then its words

private:
  using IRVisitor::visit;
  void visit(const ::Halide::Internal::Allocate *op) override {
    int64_t elements = op->constant_allocation_size();
    int64_t bytes = elements * op->type.bytes() * op->type.lanes();
    if (elements == 0 || bytes > stackLimitBytes)
      allocations.push_back({op->name, bytes});
    IRVisitor::visit(op);
  }
  void visit(const ::Halide::Internal::AssertStmt *op) override {
    const auto *call = op->message.as<::Halide::Internal::Call>();
    if (call && ::Halide::Internal::is_const_zero(op->condition)) {
      falseAsserts.push_back({call->name});
      for (const Expr &argument : call->args)
        if (const auto *word = argument.as<::Halide::Internal::StringImm>())
          falseAsserts.back().push_back(word->value);
    }
    IRVisitor::visit(op);
  }
};

} // namespace

static LogicalResult checkLowered(KernelOp op, const EmittedKernel &kernel, const ::Halide::Module &module) {
  LoweredChecker checker;
  for (const auto &function : module.functions())
    function.body.accept(&checker);
  for (const LoweredChecker::Problem &problem : checker.allocations) {
    // Halide names one value of a Tuple `func.0`, a second func of a name `func$1`.
    StringRef name = StringRef(problem.name).take_until([](char c) { return c == '.' || c == '$'; });
    Operation *culprit = op;
    op.walk([&](FuncOp func) {
      auto emitted = kernel.funcs.find(func.getSymName().str());
      if (emitted != kernel.funcs.end() && emitted->second.func.name() == name)
        culprit = func;
    });
    InFlightDiagnostic diagnostic = culprit->emitError("@") << name << " does not fit on the stack: ";
    if (problem.bytes)
      diagnostic << "it needs " << problem.bytes << " bytes of at most " << stackLimitBytes;
    else
      diagnostic << "its size depends on run-time extents";
    diagnostic << "; compute it at an inner loop, bound it, or make it an output of a kernel of its own";
    return diagnostic;
  }
  return success();
}

/// A `bound` is a promise that Halide checks when the kernel runs, and these do
/// not; one that provably fails is found here.
static LogicalResult checkBounds(Block &directives, const EmittedKernel &kernel,
                                 ::Halide::Pipeline &pipeline, const ::Halide::Target &withAsserts) {
  Operation *bound = nullptr;
  for (Operation &op : directives)
    if (isa<BoundOp, BoundExtentOp>(op))
      bound = &op;
  if (!bound)
    return success();
  LoweredChecker checker;
  ::Halide::Module module =
      pipeline.compile_to_module(kernel.arguments, "check", withAsserts, ::Halide::LinkageType::External);
  for (const auto &function : module.functions())
    function.body.accept(&checker);
  for (const std::vector<std::string> &words : checker.falseAsserts) {
    if (words[0] != "halide_error_explicit_bounds_too_small")
      continue;
    for (Operation &op : directives) {
      if (!isa<BoundOp, BoundExtentOp>(op))
        continue;
      StringRef func = op.getAttrOfType<FlatSymbolRefAttr>("func").getValue();
      StringRef var = op.getAttrOfType<StringAttr>("var").getValue();
      auto emitted = kernel.funcs.find(func.str());
      if (emitted != kernel.funcs.end() && llvm::is_contained(words, emitted->second.func.name()) &&
          llvm::is_contained(words, var))
        return op.emitError("the bound does not hold: more of @")
               << func << " is needed along \"" << var << '"';
    }
    return bound->emitError("a bound does not hold: (")
           << llvm::join(ArrayRef(words).drop_front(), ", ") << ')';
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

static ::Halide::Target halideTarget(const weft::codegen::Target &target, bool asserts) {
  ::Halide::Target result(::Halide::Target::Linux, ::Halide::Target::X86, 64);
  for (const std::string &name : target.features) {
    ::Halide::Target one("x86-64-linux-" + name);
    for (int feature = 0; feature < int(::Halide::Target::FeatureEnd); ++feature)
      if (one.has_feature(::Halide::Target::Feature(feature)))
        result.set_feature(::Halide::Target::Feature(feature));
  }
  result.set_feature(::Halide::Target::NoRuntime);
  result.set_feature(::Halide::Target::NoBoundsQuery);
  if (!asserts)
    result.set_feature(::Halide::Target::NoAsserts);
  return result;
}

ScheduleOp weft::codegen::findSchedule(KernelOp kernel) {
  ScheduleOp found;
  if (Operation *parent = kernel->getParentOp())
    for (Region &region : parent->getRegions())
      for (Block &block : region)
        for (auto schedule : block.getOps<ScheduleOp>())
          if (schedule.getKernel() == kernel.getSymName() && !found)
            found = schedule;
  return found;
}

/// Halide's code for the kernel, or for a part of its output.
static FailureOr<::Halide::Module> lower(KernelOp op, Operation *scheduler, Block *directives, const Target &target,
                                         std::optional<OutputPart> part) {
  KernelBuilder builder(op, std::move(part));
  if (failed(builder.build()))
    return failure();
  EmittedKernel &kernel = builder.kernel;
  if (directives && failed(applyDirectives(*directives, kernel)))
    return failure();
  try {
    ::Halide::Pipeline pipeline(kernel.funcs.at(kernel.output).func);
    if (directives && failed(checkBounds(*directives, kernel, pipeline, halideTarget(target, true))))
      return failure();
    ::Halide::Module module = pipeline.compile_to_module(kernel.arguments, kernelSymbol(op.getSymName()),
                                                         halideTarget(target, false), ::Halide::LinkageType::External);
    if (failed(checkLowered(op, kernel, module)))
      return failure();
    return module;
  } catch (const ::Halide::Error &error) {
    return scheduler->emitError(describe(error));
  }
}

/// To code for a part of an output its buffer begins where the part does.
class BeginAtPart : public ::Halide::Internal::IRMutator {
public:
  BeginAtPart(std::string output, ::Halide::Type type, const OutputPart &part)
      : output(std::move(output)), type(type), part(part) {}

private:
  using IRMutator::visit;
  ::Halide::Internal::Stmt visit(const ::Halide::Internal::LetStmt *op) override {
    using namespace ::Halide::Internal;
    if (op->name != output)
      return IRMutator::visit(op);
    Expr buffer = Variable::make(::Halide::type_of<halide_buffer_t *>(), output + ".buffer");
    Expr stride = Call::make(::Halide::Int(32), Call::buffer_get_stride, {buffer, part.dimension}, Call::Extern);
    Expr bytes = stride * int(part.from * type.bytes());
    Expr address = ::Halide::reinterpret<uint64_t>(op->value) + ::Halide::cast<uint64_t>(bytes);
    return LetStmt::make(output, ::Halide::reinterpret(op->value.type(), address), op->body);
  }

  std::string output;
  ::Halide::Type type;
  const OutputPart &part;
};

/// One function that computes both parts of an output; the two take the same arguments.
static ::Halide::Module inTurn(const ::Halide::Module &before, const ::Halide::Module &behind, const OutputPart &part) {
  using namespace ::Halide::Internal;
  LoweredFunc both = before.functions().front();
  const LoweredFunc &then = behind.functions().front();
  Stmt body = then.body;
  for (auto [own, other] : llvm::zip_equal(both.args, then.args)) {
    if (!own.is_output())
      continue;
    // Named after funcs, which have names of their own in each.
    body = BeginAtPart(other.name, other.type, part).mutate(body);
    body = LetStmt::make(other.name + ".buffer",
                         Variable::make(::Halide::type_of<halide_buffer_t *>(), own.name + ".buffer"), body);
  }
  both.body = ::Halide::Internal::Block::make(both.body, body);
  ::Halide::Module module(before.name(), before.target());
  module.append(both);
  return module;
}

LogicalResult weft::codegen::emitKernel(KernelOp op, ScheduleOp schedule, const Target &target,
                                        const EmitPaths &paths) {
  Operation *scheduler = schedule ? schedule.getOperation() : op.getOperation();
  Block *directives = schedule ? &schedule.getBody().front() : nullptr;
  FailureOr<Cut> cut = directives ? findCut(op, *directives) : Cut();
  if (failed(cut))
    return failure();
  FailureOr<::Halide::Module> module = lower(op, scheduler, directives, target, cut->before);
  if (failed(module))
    return failure();
  try {
    if (cut->op) {
      FailureOr<::Halide::Module> rest = lower(op, cut->op, &cut->op.getBody().front(), target, cut->behind);
      if (failed(rest))
        return failure();
      module = inTurn(*module, *rest, *cut->behind);
    }
    // Halide looks for `strict_float` of its own making alone; ours are made one by one.
    module->set_any_strict_float(true);
    std::map<::Halide::OutputFileType, std::string> files;
    if (!paths.object.empty())
      files[::Halide::OutputFileType::object] = paths.object;
    if (!paths.assembly.empty())
      files[::Halide::OutputFileType::assembly] = paths.assembly;
    if (!paths.stmt.empty())
      files[::Halide::OutputFileType::stmt] = paths.stmt;
    if (!files.empty())
      module->compile(files);
    return success();
  } catch (const ::Halide::Error &error) {
    return scheduler->emitError(describe(error));
  }
}

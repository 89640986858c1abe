//===- HalideOps.td - Operations of the halide dialect ----------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_HALIDE_HALIDEOPS_TD
#define WEFT_DIALECTS_HALIDE_HALIDEOPS_TD

include "dialects/halide/HalideDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Halide_Op<string mnemonic, list<Trait> traits = []> : Op<Halide_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// The algorithm
//===----------------------------------------------------------------------===//

def Halide_KernelOp : Halide_Op<"kernel", [Symbol, SymbolTable, IsolatedFromAbove, NoTerminator,
                                           SingleBlock, RegionKindInterface]> {
  let summary = "one kernel: what is computed, in the order it is defined";
  let description = [{
    Called with its inputs in the order they stand (buffers and scalars), then one
    buffer for each value of its output.

    With `accumulates` the kernel adds a sum over rows to its output, the buffer of
    which is that of the input named: to apply it to the rows of two steps at
    once is the same as to apply it to one after the other.

    ```mlir
    halide.kernel @affine {
      halide.input @x : memref<?x32xf32, strided<[32, 1]>>
      halide.input @w : memref<32x100xf32>
      halide.func @y(%u, %r) : f32 {
        %0 = arith.constant 0.0 : f32
        halide.yield %0 : f32
      }
      halide.update @y(%u, %r) over (%k) in [#halide.range<"k", 0, 32>] {
        %0 = halide.at @y[%u, %r] : f32
        %1 = halide.at @w[%u, %k] : f32
        %2 = halide.at @x[%k, %r] : f32
        %3 = arith.mulf %1, %2 : f32
        %4 = arith.addf %0, %3 : f32
        halide.yield %4 : f32
      }
      halide.output @y : memref<?x100xf32, strided<[112, 1]>>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<FlatSymbolRefAttr>:$accumulates);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name (`accumulates` $accumulates^)? attr-dict-with-keyword $body";
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name),
                            "build($_builder, $_state, name, ::mlir::FlatSymbolRefAttr());">];
  let extraClassDeclaration = [{
    static ::mlir::RegionKind getRegionKind(unsigned) { return ::mlir::RegionKind::Graph; }
  }];
  let hasRegionVerifier = 1;
}

def Halide_InputOp : Halide_Op<"input", [Symbol, HasParent<"KernelOp">]> {
  let summary = "a buffer the kernel reads";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyMemRef>:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def Halide_ScalarOp : Halide_Op<"scalar", [Symbol, HasParent<"KernelOp">]> {
  let summary = "a number given with the call; read with `halide.at @name[]`";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def Halide_FuncOp : Halide_Op<"func", [Symbol, HasParent<"KernelOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "a pure definition: one or more values at every coordinate";
  let description = [{
    `vars` names the variables, which schedules refer to; printed as the names of
    the region's arguments: `halide.func @z(%u, %r) : f32 { .. }`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$vars, TypeArrayAttr:$types);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Halide_RangeAttr : AttrDef<Halide_Dialect, "Range"> {
  let mnemonic = "range";
  let summary = "a reduction variable: its name, first value and extent";
  let description = [{
    `#halide.range<"k", 0, 32>`, or, of an extent known only at run time,
    `#halide.range<"r", 0, extent @x 1>`: the extent of dimension 1 of buffer @x
    (dimensions counted as coordinates are, fastest first).
  }];
  let parameters = (ins StringRefParameter<>:$name, "int64_t":$min, "int64_t":$extent,
                        OptionalParameter<"::mlir::FlatSymbolRefAttr">:$buffer,
                        DefaultValuedParameter<"int64_t", "0">:$dimension);
  let hasCustomAssemblyFormat = 1;
}

def Halide_UpdateOp : Halide_Op<"update", [HasParent<"KernelOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "a later definition of a func over a reduction domain";
  let description = [{
    The region takes the func's variables, by the names the func gave them, then
    the reduction variables, the first of `ranges` innermost. `halide.yield %v`
    defines the value at the func's variables; `halide.yield %v at (%i, %j)` at
    other coordinates.

    ```mlir
    halide.update @histogram(%n) over (%i) in [#halide.range<"i", 0, extent @ids 0>] {
      %one = arith.constant 1.0 : f32
      %id = halide.at @ids[%i] : i32
      %at = arith.index_cast %id : i32 to index
      %0 = halide.at @histogram[%at] : f32
      %1 = arith.addf %0, %one : f32
      halide.yield %1 at (%at) : f32
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$func, StrArrayAttr:$vars,
                       TypedArrayAttrBase<Halide_RangeAttr, "ranges">:$ranges);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Halide_OutputOp : Halide_Op<"output", [HasParent<"KernelOp">]> {
  let summary = "the func whose values the kernel writes, and the buffers it writes to";
  let description = [{
    A buffer of steps outside of rows, `memref<?x?x32xf32, strided<[?, 32, 1], offset: ?>>`, leaves its
    steps open: a call may be for some of them alone, and says where they begin.
  }];
  let arguments = (ins FlatSymbolRefAttr:$func, TypeArrayAttr:$types);
  let assemblyFormat = "$func `:` $types attr-dict";
}

def Halide_AtOp : Halide_Op<"at", [Pure]> {
  let summary = "the value of an input, scalar or func at a coordinate";
  let description = "`value` picks one of a func's values when it has several.";
  let arguments = (ins FlatSymbolRefAttr:$source, Variadic<Index>:$coordinates,
                       DefaultValuedAttr<I64Attr, "0">:$value);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$source `[` $coordinates `]` attr-dict `:` type($result)";
}

def Halide_UndefOp : Halide_Op<"undef", [Pure]> {
  let summary = "no value: the memory stays as it was (a definition to update in place)";
  let results = (outs AnyType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Halide_WhereOp : Halide_Op<"where", [HasParent<"UpdateOp">]> {
  let summary = "leaves out the points of the reduction domain where the condition is false";
  let arguments = (ins I1:$condition);
  let assemblyFormat = "$condition attr-dict";
}

def Halide_YieldOp : Halide_Op<"yield", [Pure, Terminator, ParentOneOf<["FuncOp", "UpdateOp"]>,
                                         AttrSizedOperandSegments]> {
  let summary = "ends a definition";
  let arguments = (ins Variadic<AnyType>:$values, Variadic<Index>:$coordinates);
  let assemblyFormat = "$values (`at` `(` $coordinates^ `)`)? attr-dict `:` type($values)";
}

//===----------------------------------------------------------------------===//
// The schedule
//===----------------------------------------------------------------------===//

def Halide_ScheduleOp : Halide_Op<"schedule", [NoTerminator, SingleBlock]> {
  let summary = "how a kernel is computed on a kind of machine";
  let description = [{
    ```mlir
    halide.schedule @affine {
      halide.split @y "u" into "uo", "ui" by 8 round_up
      halide.reorder @y ["ui", "r", "uo"]
      halide.vectorize @y "ui"
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$kernel attr-dict-with-keyword $body";
}

def Halide_TailEnum : I32EnumAttr<"Tail", "what happens past the end of a split dimension", [
  I32EnumAttrCase<"Auto", 0, "auto">, I32EnumAttrCase<"RoundUp", 1, "round_up">,
  I32EnumAttrCase<"GuardWithIf", 2, "guard_with_if">, I32EnumAttrCase<"Predicate", 3, "predicate">,
  I32EnumAttrCase<"PredicateLoads", 4, "predicate_loads">, I32EnumAttrCase<"PredicateStores", 5, "predicate_stores">,
  I32EnumAttrCase<"ShiftInwards", 6, "shift_inwards">,
]> { let cppNamespace = "::weft::halide"; let genSpecializedAttr = 0; }
def Halide_TailAttr : EnumAttr<Halide_Dialect, Halide_TailEnum, "tail"> { let assemblyFormat = "$value"; }

def Halide_MemoryEnum : I32EnumAttr<"Memory", "where a func's values are kept", [
  I32EnumAttrCase<"Register", 0, "register">, I32EnumAttrCase<"Stack", 1, "stack">,
  I32EnumAttrCase<"Heap", 2, "heap">,
]> { let cppNamespace = "::weft::halide"; let genSpecializedAttr = 0; }
def Halide_MemoryAttr : EnumAttr<Halide_Dialect, Halide_MemoryEnum, "memory"> { let assemblyFormat = "$value"; }

// `stage` is 0 for the pure definition, n for the n-th update.
class Halide_Directive<string mnemonic, dag more, string format>
    : Halide_Op<mnemonic, [ParentOneOf<["ScheduleOp", "SpecializeOp", "CutOp"]>]> {
  let arguments = !con((ins FlatSymbolRefAttr:$func, DefaultValuedAttr<I64Attr, "0">:$stage), more);
  let assemblyFormat = "$func (`update` $stage^)? " # format # " attr-dict";
}

def Halide_SplitOp : Halide_Directive<"split",
    (ins StrAttr:$var, StrAttr:$outer, StrAttr:$inner, I64Attr:$factor,
         DefaultValuedAttr<Halide_TailAttr, "::weft::halide::Tail::Auto">:$tail),
    "$var `into` $outer `,` $inner `by` $factor (`tail` $tail^)?"> { let summary = "Stage::split"; }
def Halide_FuseOp : Halide_Directive<"fuse", (ins StrAttr:$inner, StrAttr:$outer, StrAttr:$fused),
    "$inner `,` $outer `into` $fused"> { let summary = "Stage::fuse"; }
def Halide_ReorderOp : Halide_Directive<"reorder", (ins StrArrayAttr:$vars), "$vars"> {
  let summary = "Stage::reorder, innermost first"; }
def Halide_VectorizeOp : Halide_Directive<"vectorize", (ins StrAttr:$var), "$var"> { let summary = "Stage::vectorize"; }
def Halide_UnrollOp : Halide_Directive<"unroll", (ins StrAttr:$var, OptionalAttr<I64Attr>:$factor),
    "$var (`by` $factor^)?"> { let summary = "Stage::unroll"; }
def Halide_AtomicOp : Halide_Directive<"atomic", (ins), ""> { let summary = "Stage::atomic"; }
def Halide_ComputeAtOp : Halide_Directive<"compute_at", (ins FlatSymbolRefAttr:$consumer, StrAttr:$var,
         DefaultValuedAttr<I64Attr, "0">:$consumer_stage),
    "`in` $consumer $var (`of` `update` $consumer_stage^)?"> { let summary = "Func::compute_at"; }
def Halide_ComputeRootOp : Halide_Directive<"compute_root", (ins), ""> { let summary = "Func::compute_root"; }
def Halide_StoreInOp : Halide_Directive<"store_in", (ins Halide_MemoryAttr:$memory), "$memory"> {
  let summary = "Func::store_in"; }
def Halide_BoundOp : Halide_Directive<"bound", (ins StrAttr:$var, I64Attr:$min, I64Attr:$extent),
    "$var `,` $min `,` $extent"> { let summary = "Func::bound"; }
def Halide_BoundExtentOp : Halide_Directive<"bound_extent", (ins StrAttr:$var, I64Attr:$extent),
    "$var `,` $extent"> { let summary = "Func::bound_extent"; }
def Halide_AlignBoundsOp : Halide_Directive<"align_bounds", (ins StrAttr:$var, I64Attr:$modulus),
    "$var `,` $modulus"> { let summary = "Func::align_bounds"; }

def Halide_SpecializeOp
    : Halide_Op<"specialize", [ParentOneOf<["ScheduleOp", "CutOp"]>, NoTerminator, SingleBlock]> {
  let summary = "Stage::specialize: other loops where the output is small";
  let description = [{
    Where the kernel's output has at most `most` elements along `var`, the
    directives of the region hold for the definition in place of those behind
    this one: it comes first among the directives of its definition. What is
    computed at a loop of the definition needs a loop of that name in both.

    ```mlir
    halide.specialize @y for "r" up_to 1 {
      halide.split @y "u" into "uo", "ui" by 64 tail round_up
      halide.vectorize @y "ui"
    }
    halide.split @y "u" into "uo", "ui" by 16 tail round_up
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$func, DefaultValuedAttr<I64Attr, "0">:$stage, StrAttr:$var, I64Attr:$most);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$func (`update` $stage^)? `for` $var `up_to` $most attr-dict-with-keyword $body";
}

def Halide_CutOp : Halide_Op<"cut", [HasParent<"ScheduleOp">, NoTerminator, SingleBlock]> {
  let summary = "the end of the output by loops of its own";
  let description = [{
    From `at` on along `var`, which has a static extent, the kernel's output is computed by the
    directives of the region, after all that stands before; the directives around the
    region hold for what stands before. Each part computes what it needs of the other
    funcs by itself: a name in the region means the region's own.

    For extents that are no multiple of a good tile. Of 100 columns, in panels of 16, the
    seventh panel would be empty but for four; behind a cut it takes one vector, and more
    rows at once:

    ```mlir
    halide.cut @y for "u" at 96 {
      halide.split @y "u" into "uo", "ui" by 8 tail round_up
      halide.split @y "r" into "ro", "ri" by 8 tail round_up
      halide.vectorize @y "ui"
      halide.unroll @y "ri"
    }
    halide.split @y "u" into "uo", "ui" by 16 tail round_up
    halide.split @y "r" into "ro", "ri" by 4 tail round_up
    halide.vectorize @y "ui"
    halide.unroll @y "ri"
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$func, StrAttr:$var, I64Attr:$at);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$func `for` $var `at` $at attr-dict-with-keyword $body";
}

//===----------------------------------------------------------------------===//
// Use
//===----------------------------------------------------------------------===//

def Halide_ApplyOp : Halide_Op<"apply", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a kernel applied to tensors, before buffers are planned";
  let description = [{
    Operands: the kernel's inputs and scalars. Results: one for each of its outputs.
    With `active`, counts of rows for each step that never fall from one to the
    next, step t of the results is computed for the first active[t] rows alone; the
    kernel leaves its steps open. With `rows`, of which the last element is a count,
    the results are computed for so many rows of the most that their types allow.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$inputs, Optional<AnyType>:$active,
                       Optional<AnyType>:$rows);
  let results = (outs Variadic<AnyType>:$outputs);
  let assemblyFormat =
      "$kernel `(` $inputs `)` (`active` `(` $active^ `)`)? (`rows` `(` $rows^ `)`)? attr-dict `:` functional-type(operands, results)";
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$types, "::mlir::FlatSymbolRefAttr":$kernel,
                                 "::mlir::ValueRange":$inputs),
                            "build($_builder, $_state, types, kernel, inputs, ::mlir::Value(), ::mlir::Value());">];
}

def Halide_CallOp : Halide_Op<"call", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a kernel run on buffers";
  let description = [{
    Operands: the kernel's inputs and scalars, then a memref for each of its outputs.
    With `from`, of a kernel that leaves its steps open, the outputs are those steps of
    the whole from there on that the memrefs have.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$arguments, Optional<Index>:$from);
  let assemblyFormat = "$kernel `(` $arguments `)` (`from` $from^)? attr-dict `:` type($arguments)";
  let builders = [OpBuilder<(ins "::mlir::FlatSymbolRefAttr":$kernel, "::mlir::ValueRange":$arguments),
                            "build($_builder, $_state, kernel, arguments, ::mlir::Value());">];
}

#endif // WEFT_DIALECTS_HALIDE_HALIDEOPS_TD

//===- SeqAttrs.td - Attributes of the seq dialect --------------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_SEQ_SEQATTRS_TD
#define WEFT_DIALECTS_SEQ_SEQATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "dialects/seq/SeqDialect.td"

class Seq_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::weft::seq";
  let genSpecializedAttr = 0;
}

def Seq_PaddingEnum : Seq_Enum<"Padding", "how a window meets the ends of a sequence", [
  I32EnumAttrCase<"Valid", 0, "valid">,
  I32EnumAttrCase<"Same", 1, "same">,
  I32EnumAttrCase<"Causal", 2, "causal">,
]>;
def Seq_PaddingAttr : EnumAttr<Seq_Dialect, Seq_PaddingEnum, "padding"> {
  let assemblyFormat = "`<` $value `>`";
}

def Seq_ReductionEnum : Seq_Enum<"Reduction", "how many values become one", [
  I32EnumAttrCase<"Sum", 0, "sum">,
  I32EnumAttrCase<"Mean", 1, "mean">,
  I32EnumAttrCase<"Max", 2, "max">,
]>;
def Seq_ReductionAttr : EnumAttr<Seq_Dialect, Seq_ReductionEnum, "reduction"> {
  let assemblyFormat = "`<` $value `>`";
}

def Seq_InitKindEnum : Seq_Enum<"InitKind", "distributions of initial weights", [
  I32EnumAttrCase<"Zeros", 0, "zeros">,
  I32EnumAttrCase<"Ones", 1, "ones">,
  I32EnumAttrCase<"Constant", 2, "constant">,              // a
  I32EnumAttrCase<"Uniform", 3, "uniform">,                // a = minimum, b = maximum
  I32EnumAttrCase<"Normal", 4, "normal">,                  // a = mean, b = standard deviation
  I32EnumAttrCase<"TruncatedNormal", 5, "truncated_normal">,
  I32EnumAttrCase<"GlorotUniform", 6, "glorot_uniform">,
  I32EnumAttrCase<"GlorotNormal", 7, "glorot_normal">,
  I32EnumAttrCase<"HeUniform", 8, "he_uniform">,
  I32EnumAttrCase<"HeNormal", 9, "he_normal">,
  I32EnumAttrCase<"LecunUniform", 10, "lecun_uniform">,
  I32EnumAttrCase<"LecunNormal", 11, "lecun_normal">,
  I32EnumAttrCase<"Orthogonal", 12, "orthogonal">,         // a = gain
  I32EnumAttrCase<"Identity", 13, "identity">,             // a = gain
]>;

def Seq_InitAttr : AttrDef<Seq_Dialect, "Init"> {
  let mnemonic = "init";
  let summary = "how a weight, or one of the equal parts along its last axis, starts";
  let description = [{
    `#seq.init<glorot_uniform>`, `#seq.init<uniform, -0.05, 0.05>`. A weight takes a
    list of them: one for the whole, or one for each equal part of its last axis.
  }];
  let parameters = (ins EnumParameter<Seq_InitKindEnum>:$kind,
                        OptionalParameter<"::mlir::FloatAttr">:$a,
                        OptionalParameter<"::mlir::FloatAttr">:$b);
  let assemblyFormat = "`<` $kind (`,` $a^ (`,` $b^)?)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The first number; where it is left out, a gain of 1.
    double first() const { return getA() ? getA().getValueAsDouble() : 1.0; }
    double second() const { return getB() ? getB().getValueAsDouble() : 0.0; }
  }];
}

def Seq_ActiveAttr : AttrDef<Seq_Dialect, "Active"> {
  let mnemonic = "active";
  let summary = "for which rows alone an operation's sequences are computed";
  let description = [{
    As `seq.active = #seq.active<add = -2, divide = 1>` on an operation outside of
    scans: at step t its results are computed for as many rows as the counts of a
    `seq.active_rows` with these numbers say, and undefined for the others.
  }];
  let parameters = (ins "int64_t":$add, "int64_t":$divide);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The attribute of `op`, null where all rows are computed.
    static ActiveAttr of(::mlir::Operation *op) { return op->getAttrOfType<ActiveAttr>("seq.active"); }
  }];
}

#endif // WEFT_DIALECTS_SEQ_SEQATTRS_TD

//===- SeqScan.td - The time loop of the seq dialect ------------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included by SeqOps.td, which defines the types of operands.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_SEQ_SEQSCAN_TD
#define WEFT_DIALECTS_SEQ_SEQSCAN_TD

def Seq_ScanOp : Seq_Op<"scan", [Pure, AttrSizedOperandSegments, AttrSizedResultSegments,
    SingleBlockImplicitTerminator<"NextOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames", "getAsmResultNames"]>]> {
  let summary = "equations applied to each step of sequences, with states carried along";
  let description = [{
    `inputs` are sequences [?, steps, ..]; the block takes one step of each, then
    the states. `seq.next` gives the states after the step and the values to keep
    of it. Results: the states after the last step, and each kept value as a
    sequence. With `reverse` the steps run from the last to the first; kept
    values stand at the step they belong to. Weights and other values without
    steps are used in the region from outside.

    With `active` (of `seq.active_rows`) step t is computed for the first
    active[t] rows alone. Upwards, a row joins at its first step with the states
    of the first row. In `reverse` the states are adjoints: where a row leaves,
    its states are added to those of the first row. Kept values of other rows
    are undefined, but for those numbered in `spread`, which there are the first
    row's, and in `clear`, which are zero. Inputs numbered in `collect` are
    adjoints of all rows: what they hold of other rows is added to the first row.

    ```mlir
    %last, %all = seq.scan over (%x) from (%h0) steps 9 : (tensor<?x9x4xf32>, tensor<?x8xf32>)
        -> (tensor<?x8xf32>, tensor<?x9x8xf32>) {
    ^bb0(%xt: tensor<?x4xf32>, %h: tensor<?x8xf32>):
      ...
      seq.next states(%h1 : tensor<?x8xf32>) keep(%h1 : tensor<?x8xf32>)
    }
    ```
  }];
  let arguments = (ins Variadic<Seq_Tensor>:$inputs, Variadic<Seq_F32Tensor>:$starts,
                       Optional<Seq_IdTensor>:$active, I64Attr:$steps, UnitAttr:$reverse,
                       OptionalAttr<DenseI64ArrayAttr>:$spread, OptionalAttr<DenseI64ArrayAttr>:$clear,
                       OptionalAttr<DenseI64ArrayAttr>:$collect);
  let results = (outs Variadic<Seq_F32Tensor>:$last, Variadic<Seq_F32Tensor>:$kept);
  let regions = (region SizedRegion<1>:$body);
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$last, "::mlir::TypeRange":$kept,
                                 "::mlir::ValueRange":$inputs, "::mlir::ValueRange":$starts,
                                 "uint64_t":$steps, "bool":$reverse), [{
    build($_builder, $_state, last, kept, inputs, starts, ::mlir::Value(), steps, reverse,
          ::mlir::DenseI64ArrayAttr(), ::mlir::DenseI64ArrayAttr(), ::mlir::DenseI64ArrayAttr());
  }]>];
  let assemblyFormat = [{
    `over` `(` ($inputs^)? `)` `from` `(` ($starts^)? `)` `steps` $steps (`reverse` $reverse^)?
    (`active` `(` $active^ `:` type($active) `)`)? (`spread` $spread^)? (`clear` $clear^)?
    (`collect` $collect^)? attr-dict `:`
    custom<ScanTypes>(ref($inputs), ref($starts), type($inputs), type($starts), type($last), type($kept)) $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::ValueRange getStepArguments() { return getBody().getArguments().take_front(getInputs().size()); }
    ::mlir::ValueRange getStateArguments() { return getBody().getArguments().drop_front(getInputs().size()); }
    NextOp getNext();
  }];
}

def Seq_NextOp : Seq_Op<"next", [Pure, Terminator, AttrSizedOperandSegments, HasParent<"ScanOp">]> {
  let summary = "the states after a step and what to keep of it";
  let arguments = (ins Variadic<Seq_F32Tensor>:$states, Variadic<Seq_F32Tensor>:$kept);
  let assemblyFormat = "`states` `(` ($states^ `:` type($states))? `)` `keep` `(` ($kept^ `:` type($kept))? `)` attr-dict";
  let builders = [OpBuilder<(ins), "build($_builder, $_state, ::mlir::ValueRange{}, ::mlir::ValueRange{});">];
}

#endif // WEFT_DIALECTS_SEQ_SEQSCAN_TD

//===- Passes.td - From layers to a training step ---------------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In the examples types are left out.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_TRANSFORMS_PASSES_TD
#define WEFT_COMPILER_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def SeqExpand : Pass<"seq-expand", "::mlir::ModuleOp"> {
  let summary = "write every layer as primitives";
  let description = [{
    A recurrent layer becomes a scan with its cell's equations in the region; the
    cells disappear. An output that is a state is the scan's last state; any other
    is carried as a state of its own. With dropout the cell's matmuls read masked
    copies of the input and the states; the masks stand in front of the scan.

    ```mlir
    %x = seq.embedding %words, %table
    %y = seq.recurrent @rnn(%x) from(%start) weights(%kernel, %recurrent)
    %p = seq.dense %y, %weights, %bias
    // becomes
    %x = seq.gather %table, %words
    %h0 = seq.broadcast_rows %start like %x
    %y = seq.scan over(%x) from(%h0) {
    ^bb0(%xt, %h):
      %a = seq.matmul %xt, %kernel
      %b = seq.matmul %h, %recurrent
      %z = seq.add %a, %b
      %h1 = seq.tanh %z
      seq.next states(%h1) keep()
    }
    %m = seq.matmul %y, %weights
    %p = seq.add %m, %bias
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqSimplify : Pass<"seq-simplify", "::mlir::ModuleOp"> {
  let summary = "apply the algebra of the primitives";
  let description = [{
    Logarithms of sigmoids, exponentials and quotients are rewritten so that they
    neither overflow nor cancel; neutral operands, double negations and powers by
    small constants go; constants are folded; broadcasts that an elementwise
    operation makes anyway are left to it; equal and unused operations go, and so
    do unused inputs, states and results of scans.

    ```mlir
    %p = seq.sigmoid %z
    %q = seq.sub %one, %p
    %l = seq.log %q
    // becomes
    %s = seq.softplus %z
    %l = seq.negate %s
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqDistributeSplits : Pass<"seq-distribute-splits", "::mlir::ModuleOp"> {
  let summary = "compute the parts of a split value one by one";
  let description = [{
    The split of an elementwise value, a matmul, a convolution or a broadcast
    becomes the same operation on parts, down to splits of weights, which move out
    of scans. A value that is also needed whole, as by a reduction across its
    parts, keeps its split.

    ```mlir
    %m = seq.matmul %xt, %kernel
    %z = seq.add %m, %bias
    %i, %f = seq.split %z
    // becomes
    %k1, %k2 = seq.split %kernel        // in front of the scan
    %b1, %b2 = seq.split %bias
    ...
    %m1 = seq.matmul %xt, %k1
    %m2 = seq.matmul %xt, %k2
    %i = seq.add %m1, %b1
    %f = seq.add %m2, %b2
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqOrder : Pass<"seq-order", "::mlir::ModuleOp"> {
  let summary = "order operations by what they compute, not by how they were written";
  let description = [{
    In a function, what is computed from weights alone comes first; in a scan, the
    operations stand in levels, each above its operands. In both, those of a level
    are ordered by their operands. A cell whose equations were written in another
    order, with other names, gives the same operations in the same order.

    ```mlir
    %b = seq.tanh %h
    %a = seq.matmul %x, %kernel
    // becomes, in a scan whose arguments are %x, %h
    %a = seq.matmul %x, %kernel
    %b = seq.tanh %h
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqBuildStep : Pass<"seq-build-step", "::mlir::ModuleOp"> {
  let summary = "put the loss behind the model";
  let description = [{
    Makes the training step of the module's `seq.training`: the model and the loss
    inlined one behind the other, giving the predictions and the loss of each row
    (the mean over its values), as yet without gradients. There each dropout
    becomes a product with a mask, drawn from the seed, the step and the rows' numbers,
    which the step then takes as well; in the model, and in the step that evaluates,
    dropouts go. A module without a `seq.training` gets no step.

    ```mlir
    seq.step @train(%x, %y, %scale) attributes {gradients = []} {
      %p = ...                       // the model
      %l = ...                       // the loss
      %row = seq.reduce <mean> %l
      seq.return %p, %row
    }
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqFoldLookups : Pass<"seq-fold-lookups", "::mlir::ModuleOp"> {
  let summary = "multiply the rows of a table that occur once";
  let description = [{
    Where the steps of a scan only multiply a looked up row by weights, the products
    of the ids that occur are made in front of the scan and looked up in its place, if
    that costs less. Differentiated, adjoints are added up for each id before
    they are multiplied.

    ```mlir
    %x = seq.gather %table, %words
    %last = seq.scan over(%x) from(%h0) {
    ^bb0(%xt, %h):
      %a = seq.matmul %xt, %kernel
      ...
    // becomes
    %ranks = seq.id_ranks %words
    %listed = seq.ids_of_ranks %ranks
    %places = seq.rank_of %ranks, %words
    %rows = seq.gather %table, %listed
    %products = seq.matmul %rows, %kernel
    %x = seq.gather %products, %places
    %last = seq.scan over(%x) from(%h0) {
    ^bb0(%a, %h):
      ...
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqDifferentiate : Pass<"seq-differentiate", "::mlir::ModuleOp"> {
  let summary = "derive the gradients of a training step";
  let description = [{
    Adds to each `seq.step` the gradient of every weight of the module, in the
    order of the `seq.weight`s: of the sum over rows of the row's loss times its
    scale. Each operation states its own rule (DifferentiableOpInterface). The
    backward of a scan is a scan the other way whose region is the reverse of the
    forward region: its states are the adjoints of the states and, for each value
    captured from outside, the sum of what flows to it. A forward value that the
    backward needs is kept by the forward scan only where elementwise operations
    cannot compute it again from the step's inputs, the incoming states, captured
    values and what is kept already.

    ```mlir
    %last = seq.scan over(%x) from(%h0) {
    ^bb0(%xt, %h):
      %a = seq.matmul %xt, %kernel
      %b = seq.matmul %h, %recurrent
      %z = seq.add %a, %b
      %h1 = seq.tanh %z
      seq.next states(%h1) keep()
    }
    // becomes
    %last, %hs, %h1s = seq.scan ... { ... seq.next states(%h1) keep(%h, %h1) }
    %dh0, %dk, %dr = seq.scan over(%x, %hs, %h1s) from(%dlast, %zeros, %zeros) {reverse} {
    ^bb0(%xt, %h, %h1, %dh1, %dk, %dr):
      %s = seq.mul %h1, %h1
      %t = seq.sub %one, %s
      %dz = seq.mul %dh1, %t
      %r = seq.contract %h, %dz
      %dh = seq.matmul %dz, %recurrent {transpose_b}
      %k = seq.contract %xt, %dz
      %dk1 = seq.add %dk, %k
      %dr1 = seq.add %dr, %r
      seq.next states(%dh, %dk1, %dr1) keep()
    }
    ```

    A regularizer takes the gradient so far, too, and gives it with its own slope
    added.
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqSinkFromScan : Pass<"seq-sink-from-scan", "::mlir::ModuleOp"> {
  let summary = "sum over the steps behind the scan, not in it";
  let description = [{
    A state that only adds up products or sums of step values becomes one
    `seq.contract` or `seq.sum_to` over whole sequences behind the scan; what it
    adds up is kept. Operations of a region that do not depend on the step move in
    front of the scan.

    ```mlir
    %dk = seq.scan over(%x, %d) from(%zeros) {
    ^bb0(%xt, %dt, %sum):
      %k = seq.contract %xt, %dt
      %sum1 = seq.add %sum, %k
      seq.next states(%sum1) keep()
    }
    // becomes
    %dk = seq.contract %x, %d
    ```
  }];
  let options = [
    Option<"sinkMatmuls", "sink-matmuls", "bool", /*default=*/"false",
           "also compute matmuls whose results only leave the scan behind it, over all steps at once">,
  ];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqSharePadding : Pass<"seq-share-padding", "::mlir::ModuleOp"> {
  let summary = "compute what rows of a batch have in common once";
  let description = [{
    Sequences of ids are padded in front. Until a row's first id that is not 0,
    each value that is computed step by step from them is the same for all rows; the
    pass proves until which step, through lookups, equations, convolutions, pooling
    and recurrences. A scan over such a sequence is computed at each step only
    for the rows that have begun and for the first, which is nothing but
    padding (the runtime puts it in front); a row that begins takes over its states.
    Backwards, the adjoints of a row go to the first one where the row began. That
    is exact: sums over rows of adjoints with equal values are the same.

    What stands outside of scans is computed for the rows that are looked at: from the
    scans backwards, a window needs the steps that it covers, and an adjoint is 0 for the rows
    that had not begun in any window of it. Such operations say so in `seq.active`.

    A function in which that is of use gets an argument with the start of each row
    and says in `weft.padded_input` which input they are of.

    ```mlir
    %x = seq.gather %table, %words
    %last = seq.scan over(%x) from(%h0) steps 500 { ... }
    // becomes
    %active = seq.active_rows %starts {add = 0, divide = 1}
    %x = seq.gather %table, %words {seq.active = #seq.active<add = 0, divide = 1>}
    %last = seq.scan over(%x) from(%h0) steps 500 active(%active) { ... }
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqLookUpInScan : Pass<"seq-look-up-in-scan", "::mlir::ModuleOp"> {
  let summary = "look up rows of tables at the step that uses them";
  let description = [{
    A sequence of looked up rows that a scan uses element by element is not
    written down: the scan takes the ids, and its steps fetch from the table.

    ```mlir
    %x = seq.gather %table, %ids
    %last = seq.scan over(%x) from(%h0) {
    ^bb0(%xt, %h):
    // becomes
    %last = seq.scan over(%ids) from(%h0) {
    ^bb0(%id, %h):
      %xt = seq.gather %table, %id
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

def SeqSumInScan : Pass<"seq-sum-in-scan", "::mlir::ModuleOp"> {
  let summary = "sum what a scan keeps while it runs";
  let description = [{
    A contraction, a sum or a scatter over the rows and steps of what a scan keeps becomes a
    state of the scan, to which each step adds its part. What was kept for it alone is
    not kept any more: the program needs room for a few steps of it, which are
    still in the cache when they are summed.

    ```mlir
    %last, %dz = seq.scan over(%x) from(%h0) reverse { ... keep(%z) }
    %dw = seq.contract %x, %dz
    // becomes
    %last, %dw = seq.scan over(%x) from(%h0, %zero) reverse {
    ^bb0(%xt, %h, %sum):
      ...
      %part = seq.contract %xt, %z
      %next = seq.add %sum, %part
      seq.next states(%h1, %next) keep()
    }
    ```
  }];
  let dependentDialects = ["::weft::seq::SeqDialect"];
}

#endif // WEFT_COMPILER_TRANSFORMS_PASSES_TD

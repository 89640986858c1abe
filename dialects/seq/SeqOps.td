//===- SeqOps.td - Operations of the seq dialect ----------------*- tablegen -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Definitions (weights, cells, models, losses, optimizers, steps), layers, and
// the primitives that layers and their gradients are made of.
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_DIALECTS_SEQ_SEQOPS_TD
#define WEFT_DIALECTS_SEQ_SEQOPS_TD

include "dialects/seq/SeqAttrs.td"
include "dialects/seq/SeqInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

class Seq_Op<string mnemonic, list<Trait> traits = []> : Op<Seq_Dialect, mnemonic, traits>;

// The batch is the first axis or absent, and the only extent that may be `?`.
class Seq_TensorOf<list<Type> elements, string description>
    : Type<And<[RankedTensorOf<elements>.predicate, CPred<"::weft::seq::isBatchFirst($_self)">]>,
           description # " whose first axis alone may be ?", "::mlir::RankedTensorType">;
def Seq_F32Tensor : Seq_TensorOf<[F32], "tensor of f32">;
def Seq_IdTensor : Seq_TensorOf<[I32], "tensor of i32">;
def Seq_Tensor : Seq_TensorOf<[F32, I32], "tensor of f32 or i32">;

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

def Seq_WeightOp : Seq_Op<"weight", [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a trained tensor, its name and how it starts";
  let description = [{
    The symbol is the weight's name in files, `<layer>/<weight>`. `init` has one
    entry, or one for each equal part of the last axis.

    ```mlir
    seq.weight @"lstm/kernel" : tensor<32x400xf32> = [#seq.init<glorot_uniform>]
    seq.weight @"dense/kernel" : tensor<100x1xf32> = [#seq.init<glorot_uniform>] with @l2
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Seq_F32Tensor>:$type,
                       TypedArrayAttrBase<Seq_InitAttr, "initialisers">:$init,
                       OptionalAttr<FlatSymbolRefAttr>:$regularizer);
  let assemblyFormat = "$sym_name `:` $type `=` $init (`with` $regularizer^)? attr-dict";
  let hasVerifier = 1;
}

class Seq_FunctionOp<string mnemonic, list<Trait> traits = []>
    : Seq_Op<mnemonic, traits # [FunctionOpInterface, IsolatedFromAbove,
          DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  dag function = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                      OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let arguments = function;
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  code base = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
  let extraClassDeclaration = base;
}

def Seq_ModelOp : Seq_FunctionOp<"model"> {
  let summary = "what a model predicts from its inputs";
  let description = [{
    Arguments carry `seq.name` (the input's name) and, for ids, `seq.vocabulary`.
    Results carry `seq.name`.
  }];
}

def Seq_CellOp : Seq_FunctionOp<"cell"> {
  let summary = "the equations of one step of a recurrent layer";
  let description = [{
    Arguments: the input of the step, `states` many states, then the weights.
    Results: the output of the step, then the states after it.
  }];
  let arguments = !con(function, (ins I64Attr:$states));
}

def Seq_LossOp : Seq_FunctionOp<"loss"> {
  let summary = "what a prediction costs: (p, y) to values whose mean is the loss";
}

def Seq_OptimizerOp : Seq_FunctionOp<"optimizer"> {
  let summary = "one update of every weight, element by element";
  let description = [{
    Arguments: `step` (from 1) and `learning_rate`, both `tensor<f32>`, then weight,
    gradient and the states, all `tensor<?xf32>`; results: the weight and the states
    after the step. Applied to each element of each weight.
  }];
}

def Seq_RegularizerOp : Seq_FunctionOp<"regularizer"> {
  let summary = "what each element of a weight costs";
  let description = [{
    One argument and one result, both `tensor<?xf32>`: the sum of the result over all
    elements of a weight `with` it is added to the loss. Differentiated, it also
    takes the gradient so far and gives the gradient with its own added.

    ```mlir
    seq.regularizer @l2(%weight: tensor<?xf32>) -> (tensor<?xf32>) {
      %rate = seq.constant dense<0.01> : tensor<f32>
      %square = seq.mul %weight, %weight : tensor<?xf32>
      %penalty = seq.mul %rate, %square : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
      seq.return %penalty : tensor<?xf32>
    }
    ```
  }];
}

def Seq_StepOp : Seq_FunctionOp<"step", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one training step: forward, loss, backward";
  let description = [{
    Arguments: the model's inputs, the labels, and a scale for each row, the row's
    weight over the rows of the batch. Results: predictions, the loss of each row
    (times its scale, summed over rows, it is the loss of the batch),
    then the gradient of each weight named in `gradients`. With `inference` it is
    what a model is evaluated by: nothing is random, and there are no gradients.
    Of a model with dropout the step that trains also takes what its masks are
    drawn from: `seed`, `step` and `row_ids`, in front of the scalar.
  }];
  let arguments = !con(function, (ins ArrayAttr:$gradients, UnitAttr:$inference));
}

def Seq_ReturnOp : Seq_Op<"return", [Pure, Terminator,
    ParentOneOf<["ModelOp", "CellOp", "LossOp", "OptimizerOp", "RegularizerOp", "StepOp"]>]> {
  let summary = "ends a definition";
  let arguments = (ins Variadic<Seq_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let hasVerifier = 1;
}

def Seq_TrainingOp : Seq_Op<"training", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "how the model is trained";
  let description = [{
    `settings` holds what the `train` block says: epochs, batch, seed (i64), data,
    validation (strings), metrics (array of strings), shuffle (bool) and others.
  }];
  let arguments = (ins FlatSymbolRefAttr:$model, FlatSymbolRefAttr:$loss,
                       FlatSymbolRefAttr:$optimizer, F64Attr:$learning_rate,
                       DictionaryAttr:$settings);
  let assemblyFormat = [{
    $model `loss` $loss `optimizer` $optimizer `rate` $learning_rate $settings attr-dict
  }];
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

def Seq_EmbeddingOp : Seq_Op<"embedding", [Pure]> {
  let summary = "a vector for each id";
  let arguments = (ins Seq_IdTensor:$ids, Seq_F32Tensor:$table);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$ids `,` $table attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_DenseOp : Seq_Op<"dense", [Pure]> {
  let summary = "an affine map of the last axis";
  let arguments = (ins Seq_F32Tensor:$input, Seq_F32Tensor:$kernel, Optional<Seq_F32Tensor>:$bias);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input `,` $kernel (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_RecurrentOp : Seq_Op<"recurrent", [Pure, AttrSizedOperandSegments,
                                           DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a cell applied to each step of a sequence";
  let description = [{
    `starts` are the states before the first step, of shape [units], the same for
    every row. The result is the last output, or with `return_sequences` all of
    them. `go_backwards` reads the sequence from its end; its outputs stand in
    the order they were made. At a step where `present` is 0 states and output
    stay as they are. In training the input and the states are masked where the
    cell's matmuls read them, at the rates `dropout` and `recurrent_dropout`;
    `layer` tells the masks of layers apart.
  }];
  let arguments = (ins FlatSymbolRefAttr:$cell, Seq_F32Tensor:$input,
                       Variadic<Seq_F32Tensor>:$starts, Variadic<Seq_F32Tensor>:$weights,
                       Optional<Seq_F32Tensor>:$present,
                       UnitAttr:$return_sequences, UnitAttr:$go_backwards,
                       DefaultValuedAttr<F64Attr, "0.0">:$dropout,
                       DefaultValuedAttr<F64Attr, "0.0">:$recurrent_dropout,
                       DefaultValuedAttr<I64Attr, "0">:$layer);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = [{
    $cell `(` $input `)` `from` `(` $starts `)` `weights` `(` $weights `)` (`present` `(` $present^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def Seq_DropoutOp : Seq_Op<"dropout", [Pure]> {
  let summary = "in training, some elements are 0 and the others grow as much; else the input";
  let description = [{
    Each element of each row draws for itself; with `keys`, ids with the leading
    axes of the input, each id draws once for the whole vector beside it. `layer`
    and `mask` are the mask's name: two operations that have the same draw the same.

    ```mlir
    %y = seq.dropout %x {rate = 2.0e-01, layer = 1 : i64} : (tensor<?x100xf32>) -> tensor<?x100xf32>
    %e = seq.dropout %v keys %words {rate = 2.0e-01, layer = 2 : i64}
        : (tensor<?x500x32xf32>, tensor<?x500xi32>) -> tensor<?x500x32xf32>
    ```
  }];
  let arguments = (ins Seq_F32Tensor:$input, Optional<Seq_IdTensor>:$keys, F64Attr:$rate, I64Attr:$layer,
                       DefaultValuedAttr<I64Attr, "0">:$mask);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input (`keys` $keys^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_Conv1dOp : Seq_Op<"conv1d", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "convolution over the steps of a sequence (cross-correlation, as in Keras)";
  let description = "Without bias it is a primitive, with bias a layer. Kernel [width, in, out].";
  let arguments = (ins Seq_F32Tensor:$input, Seq_F32Tensor:$kernel, Optional<Seq_F32Tensor>:$bias,
                       DefaultValuedAttr<I64Attr, "1">:$strides,
                       DefaultValuedAttr<Seq_PaddingAttr, "::weft::seq::Padding::Valid">:$padding,
                       DefaultValuedAttr<I64Attr, "1">:$dilation);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input `,` $kernel (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_MaxPool1dOp : Seq_Op<"max_pool1d", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the largest value of each window of steps";
  let arguments = (ins Seq_F32Tensor:$input, I64Attr:$pool, I64Attr:$strides,
                       DefaultValuedAttr<Seq_PaddingAttr, "::weft::seq::Padding::Valid">:$padding);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_AveragePool1dOp
    : Seq_Op<"average_pool1d", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the mean of each window of steps";
  let description = [{
    Of the steps that the sequence has: padding is not counted.

    ```mlir
    %y = seq.average_pool1d %x {pool = 3 : i64, strides = 2 : i64, padding = #seq.padding<same>}
        : (tensor<?x6x4xf32>) -> tensor<?x3x4xf32>
    ```
  }];
  let arguments = (ins Seq_F32Tensor:$input, I64Attr:$pool, I64Attr:$strides,
                       DefaultValuedAttr<Seq_PaddingAttr, "::weft::seq::Padding::Valid">:$padding);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Primitives: values
//===----------------------------------------------------------------------===//

def Seq_ReadOp : Seq_Op<"read", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "the value of a weight";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def Seq_ConstantOp : Seq_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a constant, most often a scalar";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Seq_Tensor:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Seq_BroadcastRowsOp : Seq_Op<"broadcast_rows", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the same value for each row of a batch";
  let description = "`like` is any value with the batch; nothing but its batch is used.";
  let arguments = (ins Seq_F32Tensor:$input, Seq_Tensor:$like);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input `like` $like attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_RandomMaskOp : Seq_Op<"random_mask", [Pure]> {
  let summary = "0 with probability `rate`, else 1 / (1 - rate)";
  let description = [{
    A function of its operands and attributes (see SPEC.md): the same wherever
    and however often it is computed. `seed` and `step` are 64 bits each, the
    lower word first; a step of all ones draws nothing, and the mask is 1. The
    result has the axes of `keys`, then those of the elements of each key.

    ```mlir
    %m = seq.random_mask %rows seed %seed step %step {rate = 2.0e-01, layer = 1 : i64, mask = 0 : i64}
        : (tensor<?xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x100xf32>
    ```
  }];
  let arguments = (ins Seq_IdTensor:$keys, Seq_IdTensor:$seed, Seq_IdTensor:$step, F64Attr:$rate,
                       I64Attr:$layer, I64Attr:$mask);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$keys `seed` $seed `step` $step attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Primitives: element by element
//===----------------------------------------------------------------------===//

class Seq_UnaryOp<string mnemonic, string summaryText>
    : Seq_Op<mnemonic, [Pure, SameOperandsAndResultType, DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                        DeclareOpInterfaceMethods<ElementwiseOpInterface>]> {
  let summary = summaryText;
  let arguments = (ins Seq_F32Tensor:$input);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Seq_NegateOp : Seq_UnaryOp<"negate", "-x"> { let hasFolder = 1; }
def Seq_ExpOp : Seq_UnaryOp<"exp", "e^x">;
def Seq_LogOp : Seq_UnaryOp<"log", "the natural logarithm">;
def Seq_SqrtOp : Seq_UnaryOp<"sqrt", "the square root">;
def Seq_AbsOp : Seq_UnaryOp<"abs", "|x|; its derivative at 0 is 0">;
def Seq_SignOp : Seq_UnaryOp<"sign", "-1, 0 or 1">;
def Seq_TanhOp : Seq_UnaryOp<"tanh", "the hyperbolic tangent">;
def Seq_SigmoidOp : Seq_UnaryOp<"sigmoid", "1 / (1 + e^-x)">;
def Seq_SoftplusOp : Seq_UnaryOp<"softplus", "log(1 + e^x), without overflow">;

class Seq_BinaryOp<string mnemonic, string summaryText, list<Trait> traits = []>
    : Seq_Op<mnemonic, traits # [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                        DeclareOpInterfaceMethods<ElementwiseOpInterface>]> {
  let summary = summaryText;
  let description = [{
    Shapes are aligned at their last axes; an axis of 1, or one that is missing, is
    repeated. The result has the shape of the broadcast. One type is written where
    all three are the same.
  }];
  let arguments = (ins Seq_F32Tensor:$lhs, Seq_F32Tensor:$rhs);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat =
      "$lhs `,` $rhs attr-dict `:` custom<BroadcastTypes>(type($lhs), type($rhs), type($result))";
  let hasVerifier = 1;
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs), [{
    build($_builder, $_state, ::weft::seq::broadcastType(lhs.getType(), rhs.getType()), lhs, rhs);
  }]>];
}

def Seq_AddOp : Seq_BinaryOp<"add", "a + b">;
def Seq_SubOp : Seq_BinaryOp<"sub", "a - b">;
def Seq_MulOp : Seq_BinaryOp<"mul", "a * b">;
def Seq_DivOp : Seq_BinaryOp<"div", "a / b">;
def Seq_PowOp : Seq_BinaryOp<"pow", "a ^ b">;
def Seq_MaximumOp : Seq_BinaryOp<"maximum", "the larger; where they are equal the gradient goes to b">;
def Seq_MinimumOp : Seq_BinaryOp<"minimum", "the smaller; where they are equal the gradient goes to b">;
def Seq_GreaterOp : Seq_BinaryOp<"greater", "1 where a > b, else 0">;
def Seq_EqualOp : Seq_BinaryOp<"equal", "1 where a = b, else 0">;

def Seq_SelectOp : Seq_Op<"select", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                                     DeclareOpInterfaceMethods<ElementwiseOpInterface>]> {
  let summary = "a where the condition is not 0, else b";
  let arguments = (ins Seq_F32Tensor:$condition, Seq_F32Tensor:$onTrue, Seq_F32Tensor:$onFalse);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$condition `,` $onTrue `,` $onFalse attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Primitives: across elements
//===----------------------------------------------------------------------===//

def Seq_MatmulOp : Seq_Op<"matmul", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the last axis of a times a matrix that all rows share";
  let description = "`a` [.., k]; `b` [k, n], or with `transpose_b` [n, k]; the result [.., n].";
  let arguments = (ins Seq_F32Tensor:$lhs, Seq_F32Tensor:$rhs, UnitAttr:$transpose_b);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_ContractOp : Seq_Op<"contract", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the sum over all rows (and steps) of the outer products of a and b";
  let description = [{
    `a` [.., k], `b` [.., n], the same leading axes; the result [k, n]: a kernel's
    gradient. With `active` (of `seq.active_rows`) only over the first active[t] rows of step t.
  }];
  let arguments = (ins Seq_F32Tensor:$lhs, Seq_F32Tensor:$rhs, Optional<Seq_IdTensor>:$active);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs (`active` $active^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "::mlir::Value":$lhs, "::mlir::Value":$rhs),
                            "build($_builder, $_state, type, lhs, rhs, ::mlir::Value());">];
}

def Seq_SumToOp : Seq_Op<"sum_to", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the sum over the axes that a broadcast repeated";
  let description = [{
    The adjoint of broadcasting from the result's shape to the input's. With
    `active` only over the first active[t] rows of step t.
  }];
  let arguments = (ins Seq_F32Tensor:$input, Optional<Seq_IdTensor>:$active);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input (`active` $active^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "::mlir::Value":$input),
                            "build($_builder, $_state, type, input, ::mlir::Value());">];
}

def Seq_ReduceOp : Seq_Op<"reduce", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "sum, mean or largest of the last axis, which stays with extent 1";
  let arguments = (ins Seq_ReductionAttr:$kind, Seq_F32Tensor:$input);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_SplitOp : Seq_Op<"split", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "equal parts of the last axis";
  let arguments = (ins Seq_F32Tensor:$input);
  let results = (outs Variadic<Seq_F32Tensor>:$parts);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Seq_ConcatOp : Seq_Op<"concat", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "values side by side along the last axis";
  let arguments = (ins Variadic<Seq_F32Tensor>:$parts);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$parts attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Seq_ReshapeOp : Seq_Op<"reshape", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the same elements of each row in another shape (row-major)";
  let arguments = (ins Seq_F32Tensor:$input);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Seq_ReverseOp : Seq_Op<"reverse", [Pure, SameOperandsAndResultType,
                                       DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the steps of a sequence from the last to the first";
  let arguments = (ins Seq_Tensor:$input);
  let results = (outs Seq_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Seq_OneHotOp : Seq_Op<"one_hot", [Pure]> {
  let summary = "1 at the place an id names, 0 elsewhere";
  let arguments = (ins Seq_IdTensor:$ids);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$ids attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_NonzeroOp : Seq_Op<"nonzero", [Pure]> {
  let summary = "1 where an id is not 0, else 0";
  let arguments = (ins Seq_IdTensor:$ids);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$ids attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_GatherOp : Seq_Op<"gather", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the row of a table that each id names";
  let arguments = (ins Seq_F32Tensor:$table, Seq_IdTensor:$ids);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$table `,` $ids attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_IdRanksOp : Seq_Op<"id_ranks", [Pure]> {
  let summary = "for each id how many smaller ones occur, and behind the last how many do";
  let description = [{
    What is made of an id alone can be made once for all places where it occurs: of
    the ids that seq.ids_of_ranks lists, to be looked up at seq.rank_of.

    ```mlir
    %ranks = seq.id_ranks %words : (tensor<?x500xi32>) -> tensor<5001xi32>
    %listed = seq.ids_of_ranks %ranks : (tensor<5001xi32>) -> tensor<5000xi32>
    %places = seq.rank_of %ranks, %words : (tensor<5001xi32>, tensor<?x500xi32>) -> tensor<?x500xi32>
    ```
  }];
  let arguments = (ins Seq_IdTensor:$ids);
  let results = (outs Seq_IdTensor:$result);
  let assemblyFormat = "$ids attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_IdsOfRanksOp : Seq_Op<"ids_of_ranks", [Pure]> {
  let summary = "the ids that occur, ascending, and 0 behind the last of them";
  let arguments = (ins Seq_IdTensor:$ranks);
  let results = (outs Seq_IdTensor:$result);
  let assemblyFormat = "$ranks attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_RankOfOp : Seq_Op<"rank_of", [Pure]> {
  let summary = "where each id stands in the list of those that occur";
  let arguments = (ins Seq_IdTensor:$ranks, Seq_IdTensor:$ids);
  let results = (outs Seq_IdTensor:$result);
  let assemblyFormat = "$ranks `,` $ids attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_ScatterAddOp : Seq_Op<"scatter_add", [Pure]> {
  let summary = "each id's values added to its row of a table of zeros: the adjoint of gather";
  let description = "With `active` only those of the first active[t] rows of step t.";
  let arguments = (ins Seq_F32Tensor:$values, Seq_IdTensor:$ids, Optional<Seq_IdTensor>:$active);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$values `,` $ids (`active` $active^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "::mlir::Value":$values, "::mlir::Value":$ids),
                            "build($_builder, $_state, type, values, ids, ::mlir::Value());">];
}

def Seq_Conv1dInputAdjointOp : Seq_Op<"conv1d_input_adjoint", [Pure]> {
  let summary = "what flows to the input of a convolution";
  let arguments = (ins Seq_F32Tensor:$adjoint, Seq_F32Tensor:$kernel, I64Attr:$strides,
                       Seq_PaddingAttr:$padding, I64Attr:$dilation);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$adjoint `,` $kernel attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_Conv1dKernelAdjointOp : Seq_Op<"conv1d_kernel_adjoint", [Pure]> {
  let summary = "what flows to the kernel of a convolution, summed over rows and steps";
  let description = "With `active` only over the first active[t] rows of step t of `adjoint`.";
  let arguments = (ins Seq_F32Tensor:$input, Seq_F32Tensor:$adjoint, Optional<Seq_IdTensor>:$active,
                       I64Attr:$strides, Seq_PaddingAttr:$padding, I64Attr:$dilation);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input `,` $adjoint (`active` $active^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_MaxPool1dAdjointOp : Seq_Op<"max_pool1d_adjoint", [Pure]> {
  let summary = "each window's adjoint to the first of its largest values";
  let arguments = (ins Seq_F32Tensor:$input, Seq_F32Tensor:$output, Seq_F32Tensor:$adjoint,
                       I64Attr:$pool, I64Attr:$strides, Seq_PaddingAttr:$padding);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$input `,` $output `,` $adjoint attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Seq_AveragePool1dAdjointOp : Seq_Op<"average_pool1d_adjoint", [Pure]> {
  let summary = "each window's adjoint in equal shares to its steps";
  let description = "The result's type says how many steps there are.";
  let arguments = (ins Seq_F32Tensor:$adjoint, I64Attr:$pool, I64Attr:$strides, Seq_PaddingAttr:$padding);
  let results = (outs Seq_F32Tensor:$result);
  let assemblyFormat = "$adjoint attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Recurrence
//===----------------------------------------------------------------------===//

def Seq_ActiveRowsOp : Seq_Op<"active_rows", [Pure]> {
  let summary = "how many rows are on their way at each step";
  let description = [{
    Rows stand by start, ascending, and until its start a row is the same as the
    first one: for a sequence computed from windows of the padded input until
    step `(starts[r] + add) floordiv divide`. The result counts for each step the
    rows of which this is past, and the first row, always.

    ```mlir
    %active = seq.active_rows %starts {add = -1 : i64, divide = 2 : i64} : (tensor<?x1xi32>) -> tensor<250xi32>
    ```
  }];
  let arguments = (ins Seq_IdTensor:$starts, I64Attr:$add, I64Attr:$divide);
  let results = (outs Seq_IdTensor:$result);
  let assemblyFormat = "$starts attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

include "dialects/seq/SeqScan.td"

#endif // WEFT_DIALECTS_SEQ_SEQOPS_TD

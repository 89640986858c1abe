// Constraints of SPEC.md on weights, functions and training, one case each.
// RUN: weft-opt %s -verify-diagnostics -split-input-file

// weight C1
// expected-error @+1 {{expected a static shape of one axis or more, got 'tensor<?x4xf32>'}}
seq.weight @w : tensor<?x4xf32> = [#seq.init<zeros>]

// -----

// weight C1
// expected-error @+1 {{expected a static shape of one axis or more, got 'tensor<f32>'}}
seq.weight @w : tensor<f32> = [#seq.init<zeros>]

// -----

// weight C2
// expected-error @+1 {{expected one initialiser, or one for each equal part of the last axis, got 3 for 'tensor<4xf32>'}}
seq.weight @w : tensor<4xf32> = [#seq.init<zeros>, #seq.init<ones>, #seq.init<zeros>]

// -----

// weight C2
// expected-error @+1 {{expected one initialiser, or one for each equal part of the last axis, got 0 for 'tensor<4xf32>'}}
seq.weight @w : tensor<4xf32> = []

// -----

// weight C3
// expected-error @+1 {{uniform takes 2 numbers, got 1}}
seq.weight @w : tensor<4xf32> = [#seq.init<uniform, 1.0>]

// -----

// weight C3
// expected-error @+1 {{constant takes 1 number, got 0}}
seq.weight @w : tensor<4xf32> = [#seq.init<constant>]

// -----

// weight C3
// expected-error @+1 {{orthogonal takes at most 1 number, got 2}}
seq.weight @w : tensor<4xf32> = [#seq.init<orthogonal, 1.0, 2.0>]

// -----

// weight C3
// expected-error @+1 {{zeros takes 0 numbers, got 1}}
seq.weight @w : tensor<4xf32> = [#seq.init<zeros, 1.0>]

// -----

// A value of the dialect: the batch comes first.
// expected-error @+1 {{expected tensors of f32 or i32 whose first axis alone may be ?, got 'tensor<4x?xf32>'}}
seq.model @m(%x: tensor<4x?xf32>) -> tensor<4x?xf32> {
  seq.return %x : tensor<4x?xf32>
}

// -----

// A value of the dialect: f32 or i32.
// expected-error @+1 {{expected tensors of f32 or i32 whose first axis alone may be ?, got 'tensor<?xf64>'}}
seq.model @m(%x: tensor<?x4xf32>, %y: tensor<?xf64>) -> tensor<?x4xf32> {
  seq.return %x : tensor<?x4xf32>
}

// -----

// model C1
// expected-error @+1 {{expected at least one input and one output, got 1 and 0}}
seq.model @m(%x: tensor<?x4xf32>) {
  seq.return
}

// -----

// model C2
// expected-error @+1 {{expected inputs and outputs with a batch, got 'tensor<4xf32>'}}
seq.model @m(%x: tensor<4xf32>) -> tensor<4xf32> {
  seq.return %x : tensor<4xf32>
}

// -----

// model C3
// expected-error @+1 {{expected a string as seq.name of input 0, got 1}}
seq.model @m(%x: tensor<?x4xf32> {seq.name = 1 : i64}) -> tensor<?x4xf32> {
  seq.return %x : tensor<?x4xf32>
}

// -----

// model C3
// expected-error @+1 {{expected a positive integer as seq.vocabulary of input 0, got 0}}
seq.model @m(%x: tensor<?x4xi32> {seq.vocabulary = 0 : i64}) -> tensor<?x4xi32> {
  seq.return %x : tensor<?x4xi32>
}

// -----

// model C3
// expected-error @+1 {{expected ids under seq.vocabulary, got 'tensor<?x4xf32>'}}
seq.model @m(%x: tensor<?x4xf32> {seq.vocabulary = 9 : i64}) -> tensor<?x4xf32> {
  seq.return %x : tensor<?x4xf32>
}

// -----

// cell C1
// expected-error @+1 {{expected an input, 2 states, then weights, got 2 arguments}}
seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
    attributes {states = 2 : i64} {
  seq.return %h, %h : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// cell C2
// expected-error @+1 {{expected an output and 1 states as results, got 1}}
seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {states = 1 : i64} {
  seq.return %h : tensor<?x4xf32>
}

// -----

// cell C3
// expected-error @+1 {{expected an input and states of shape [batch, width], got 'tensor<?x2x4xf32>'}}
seq.cell @c(%x: tensor<?x2x4xf32>, %h: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// cell C3
// expected-error @+1 {{expected an output of shape [batch, width], got 'tensor<4xf32>'}}
seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x4xf32>, %w: tensor<4xf32>) -> (tensor<4xf32>, tensor<?x4xf32>)
    attributes {states = 1 : i64} {
  seq.return %w, %h : tensor<4xf32>, tensor<?x4xf32>
}

// -----

// cell C4
// expected-error @+1 {{expected weights without a batch, got 'tensor<?x4xf32>'}}
seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x4xf32>, %w: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// cell C5
// expected-error @+1 {{expected state 0 after the step of type 'tensor<?x4xf32>', got 'tensor<?x3xf32>'}}
seq.cell @c(%x: tensor<?x3xf32>, %h: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x3xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %x : tensor<?x4xf32>, tensor<?x3xf32>
}

// -----

// loss C1
// expected-error @+1 {{expected a prediction and a label to one value, got 1 arguments and 1 results}}
seq.loss @l(%p: tensor<?x1xf32>) -> tensor<?x1xf32> {
  seq.return %p : tensor<?x1xf32>
}

// -----

// loss C2
// expected-error @+1 {{expected values with a batch, got 'tensor<f32>'}}
seq.loss @l(%p: tensor<?x1xf32>, %y: tensor<?x1xf32>) -> tensor<f32> {
  %r = seq.sum_to %p : (tensor<?x1xf32>) -> tensor<f32>
  seq.return %r : tensor<f32>
}

// -----

// loss C3
// expected-error @+1 {{expected two numbers, the lesser first, as seq.bounds of the label, got [1.000000e+00, 0.000000e+00]}}
seq.loss @l(%p: tensor<?x1xf32>, %y: tensor<?x1xf32> {seq.bounds = [1.0, 0.0]}) -> tensor<?x1xf32> {
  seq.return %p : tensor<?x1xf32>
}

// -----

// loss C3
// expected-error @+1 {{as seq.bounds of the label, got [0, 1, 2.000000e+00]}}
seq.loss @l(%p: tensor<?x1xf32>, %y: tensor<?x1xf32> {seq.bounds = [0, 1, 2.0]}) -> tensor<?x1xf32> {
  seq.return %p : tensor<?x1xf32>
}

// -----

// loss C3
// expected-error @+1 {{expected numbers under seq.bounds, got 'tensor<?x1xi32>'}}
seq.loss @l(%p: tensor<?x1xf32>, %y: tensor<?x1xi32> {seq.bounds = [0.0, 1.0]}) -> tensor<?x1xf32> {
  seq.return %p : tensor<?x1xf32>
}

// -----

// optimizer C1
// expected-error @+1 {{expected step, rate, weight, gradient and states to weight and states, got 4 arguments and 2 results}}
seq.optimizer @o(%t: tensor<f32>, %r: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>)
    -> (tensor<?xf32>, tensor<?xf32>) {
  seq.return %w, %g : tensor<?xf32>, tensor<?xf32>
}

// -----

// optimizer C2
// expected-error @+1 {{expected argument 1 of type 'tensor<f32>', got 'tensor<?xf32>'}}
seq.optimizer @o(%t: tensor<f32>, %r: tensor<?xf32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
  seq.return %w : tensor<?xf32>
}

// -----

// optimizer C2
// expected-error @+1 {{expected result 0 of type 'tensor<?xf32>', got 'tensor<f32>'}}
seq.optimizer @o(%t: tensor<f32>, %r: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<f32> {
  seq.return %r : tensor<f32>
}

// -----

// step C1
seq.weight @w : tensor<4xf32> = [#seq.init<zeros>]
// expected-error @+1 {{expected inputs, labels and a scale to predictions, a loss and 1 gradients, got 3 arguments and 2 results}}
seq.step @s(%x: tensor<?x1xf32>, %y: tensor<?x1xf32>, %scale: tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>)
    attributes {gradients = [@w]} {
  seq.return %x, %y : tensor<?x1xf32>, tensor<?x1xf32>
}

// -----

// step C2
// expected-error @+1 {{expected the last argument of type 'tensor<?x1xf32>', got 'tensor<f32>'}}
seq.step @s(%x: tensor<?x1xf32>, %y: tensor<?x1xf32>, %z: tensor<f32>) -> (tensor<?x1xf32>, tensor<?x1xf32>)
    attributes {gradients = []} {
  seq.return %x, %y : tensor<?x1xf32>, tensor<?x1xf32>
}

// -----

// step C3
// expected-error @+1 {{expected the names of weights as gradients, got @w}}
seq.step @s(%x: tensor<?x1xf32>, %y: tensor<?x1xf32>, %scale: tensor<?x1xf32>)
    -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<f32>) attributes {gradients = [@w]} {
  %one = seq.constant dense<1.0> : tensor<f32>
  seq.return %x, %y, %one : tensor<?x1xf32>, tensor<?x1xf32>, tensor<f32>
}

// -----

// step C3
seq.weight @w : tensor<4xf32> = [#seq.init<zeros>]
// expected-error @+1 {{expected the gradient of w of type 'tensor<4xf32>', got 'tensor<f32>'}}
seq.step @s(%x: tensor<?x1xf32>, %y: tensor<?x1xf32>, %scale: tensor<?x1xf32>)
    -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<f32>) attributes {gradients = [@w]} {
  %one = seq.constant dense<1.0> : tensor<f32>
  seq.return %x, %y, %one : tensor<?x1xf32>, tensor<?x1xf32>, tensor<f32>
}

// -----

// return C1
seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x3xf32> {
  // expected-error @+1 {{expected ('tensor<?x3xf32>'), the results of "m", got ('tensor<?x4xf32>')}}
  seq.return %x : tensor<?x4xf32>
}

// -----

// training C1
seq.weight @m : tensor<4xf32> = [#seq.init<zeros>]
// expected-error @+1 {{expected the name of a model, got @m, a seq.weight}}
seq.training @m loss @l optimizer @o rate 0.01 {}

// -----

// training C1
seq.weight @l : tensor<4xf32> = [#seq.init<zeros>]
// expected-error @+1 {{expected the name of a loss, got @l, a seq.weight}}
seq.training @m loss @l optimizer @o rate 0.01 {}

// -----

// training C1
seq.weight @o : tensor<4xf32> = [#seq.init<zeros>]
// expected-error @+1 {{expected the name of an optimizer, got @o, a seq.weight}}
seq.training @m loss @l optimizer @o rate 0.01 {}

// -----

// weight C4
seq.weight @v : tensor<4xf32> = [#seq.init<zeros>]
// expected-error @+1 {{expected the name of a regularizer, got @v, a seq.weight}}
seq.weight @w : tensor<4xf32> = [#seq.init<zeros>] with @v

// -----

// regularizer C1
// expected-error @+1 {{expected a weight to what it costs, or weight and gradient to cost and gradient, got 2 arguments and 1 results}}
seq.regularizer @l2(%w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
  seq.return %w : tensor<?xf32>
}

// -----

// regularizer C2
// expected-error @+1 {{expected value 0 of type 'tensor<?xf32>', got 'tensor<?x4xf32>'}}
seq.regularizer @l2(%w: tensor<?x4xf32>) -> tensor<?x4xf32> {
  seq.return %w : tensor<?x4xf32>
}

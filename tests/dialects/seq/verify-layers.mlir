// Constraints of SPEC.md on layers and windows, one case each.
// RUN: weft-opt %s -verify-diagnostics -split-input-file

// embedding: ids are i32
func.func @f(%x: tensor<?x9xf32>, %t: tensor<50x4xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of i32 whose first axis alone may be ?, but got 'tensor<?x9xf32>'}}
  %r = seq.embedding %x, %t : (tensor<?x9xf32>, tensor<50x4xf32>) -> tensor<?x9x4xf32>
  return
}

// -----

// embedding C1
func.func @f(%x: tensor<?x9xi32>, %t: tensor<?x4xf32>) {
  // expected-error @+1 {{expected a table [entries, width], got 'tensor<?x4xf32>'}}
  %r = seq.embedding %x, %t : (tensor<?x9xi32>, tensor<?x4xf32>) -> tensor<?x9x4xf32>
  return
}

// -----

// embedding C2
func.func @f(%x: tensor<?x9xi32>, %t: tensor<50x4xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x9x4xf32>', got 'tensor<?x4xf32>'}}
  %r = seq.embedding %x, %t : (tensor<?x9xi32>, tensor<50x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// dense C1
func.func @f(%x: tensor<?x4xf32>, %k: tensor<4xf32>) {
  // expected-error @+1 {{expected a kernel [input, units], got 'tensor<4xf32>'}}
  %r = seq.dense %x, %k : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x1xf32>
  return
}

// -----

// dense C2
func.func @f(%x: tensor<?x4xf32>, %k: tensor<5x2xf32>) {
  // expected-error @+1 {{expected an input of width 5, got 'tensor<?x4xf32>'}}
  %r = seq.dense %x, %k : (tensor<?x4xf32>, tensor<5x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

// dense C3
func.func @f(%x: tensor<?x4xf32>, %k: tensor<4x2xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{expected a bias of type 'tensor<2xf32>', got 'tensor<4xf32>'}}
  %r = seq.dense %x, %k, %b : (tensor<?x4xf32>, tensor<4x2xf32>, tensor<4xf32>) -> tensor<?x2xf32>
  return
}

// -----

// dense C4
func.func @f(%x: tensor<?x9x4xf32>, %k: tensor<4x2xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x9x2xf32>', got 'tensor<?x2xf32>'}}
  %r = seq.dense %x, %k : (tensor<?x9x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

// recurrent C1
seq.model @m(%x: tensor<?x9x4xf32>) -> tensor<?x4xf32> {
  // expected-error @+1 {{expected the name of a cell, got @c}}
  %r = seq.recurrent @c(%x) from() weights() : (tensor<?x9x4xf32>) -> tensor<?x4xf32>
  seq.return %r : tensor<?x4xf32>
}

// -----

seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x2xf32>, %w: tensor<4x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x2xf32>, tensor<?x2xf32>
}
// recurrent C2
func.func @f(%x: tensor<?x4xf32>, %s: tensor<2xf32>, %w: tensor<4x2xf32>) {
  // expected-error @+1 {{expected a sequence [batch, steps, width], got 'tensor<?x4xf32>'}}
  %r = seq.recurrent @c(%x) from(%s) weights(%w) : (tensor<?x4xf32>, tensor<2xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x2xf32>, %w: tensor<4x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x2xf32>, tensor<?x2xf32>
}
// recurrent C2
func.func @f(%x: tensor<?x9x5xf32>, %s: tensor<2xf32>, %w: tensor<4x2xf32>) {
  // expected-error @+1 {{expected steps of type 'tensor<?x4xf32>', got 'tensor<?x5xf32>'}}
  %r = seq.recurrent @c(%x) from(%s) weights(%w) : (tensor<?x9x5xf32>, tensor<2xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x2xf32>, %w: tensor<4x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x2xf32>, tensor<?x2xf32>
}
// recurrent C3
func.func @f(%x: tensor<?x9x4xf32>, %s: tensor<2xf32>, %w: tensor<4x2xf32>) {
  // expected-error @+1 {{expected a start for each of 1 states, got 2}}
  %r = seq.recurrent @c(%x) from(%s, %s) weights(%w) : (tensor<?x9x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x2xf32>, %w: tensor<4x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x2xf32>, tensor<?x2xf32>
}
// recurrent C3
func.func @f(%x: tensor<?x9x4xf32>, %s: tensor<3xf32>, %w: tensor<4x2xf32>) {
  // expected-error @+1 {{expected start 0 of type 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %r = seq.recurrent @c(%x) from(%s) weights(%w) : (tensor<?x9x4xf32>, tensor<3xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x2xf32>, %w: tensor<4x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x2xf32>, tensor<?x2xf32>
}
// recurrent C4
func.func @f(%x: tensor<?x9x4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expected 1 weights, got 0}}
  %r = seq.recurrent @c(%x) from(%s) weights() : (tensor<?x9x4xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return
}

// -----

seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x2xf32>, %w: tensor<4x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x2xf32>, tensor<?x2xf32>
}
// recurrent C4
func.func @f(%x: tensor<?x9x4xf32>, %s: tensor<2xf32>, %w: tensor<2x4xf32>) {
  // expected-error @+1 {{expected weight 0 of type 'tensor<4x2xf32>', got 'tensor<2x4xf32>'}}
  %r = seq.recurrent @c(%x) from(%s) weights(%w) : (tensor<?x9x4xf32>, tensor<2xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  return
}

// -----

seq.cell @c(%x: tensor<?x4xf32>, %h: tensor<?x2xf32>, %w: tensor<4x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  seq.return %h, %h : tensor<?x2xf32>, tensor<?x2xf32>
}
// recurrent C5
func.func @f(%x: tensor<?x9x4xf32>, %s: tensor<2xf32>, %w: tensor<4x2xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x9x2xf32>', got 'tensor<?x2xf32>'}}
  %r = seq.recurrent @c(%x) from(%s) weights(%w) {return_sequences} : (tensor<?x9x4xf32>, tensor<2xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

// conv1d C1
func.func @f(%x: tensor<?x9x4xf32>, %k: tensor<4x2xf32>) {
  // expected-error @+1 {{expected a kernel [width, channels, filters], got 'tensor<4x2xf32>'}}
  %r = seq.conv1d %x, %k : (tensor<?x9x4xf32>, tensor<4x2xf32>) -> tensor<?x9x2xf32>
  return
}

// -----

// conv1d C2
func.func @f(%x: tensor<?x9xf32>, %k: tensor<3x4x2xf32>) {
  // expected-error @+1 {{expected a sequence [batch, steps, channels], got 'tensor<?x9xf32>'}}
  %r = seq.conv1d %x, %k : (tensor<?x9xf32>, tensor<3x4x2xf32>) -> tensor<?x7x2xf32>
  return
}

// -----

// conv1d C2
func.func @f(%x: tensor<?x9x4xf32>, %k: tensor<3x4x2xf32>) {
  // expected-error @+1 {{expected a width, strides and a dilation of 1 or more, got 3, 0 and 1}}
  %r = seq.conv1d %x, %k {strides = 0 : i64} : (tensor<?x9x4xf32>, tensor<3x4x2xf32>) -> tensor<?x7x2xf32>
  return
}

// -----

// conv1d C2
func.func @f(%x: tensor<?x9x5xf32>, %k: tensor<3x4x2xf32>) {
  // expected-error @+1 {{expected an input of 4 channels, got 'tensor<?x9x5xf32>'}}
  %r = seq.conv1d %x, %k : (tensor<?x9x5xf32>, tensor<3x4x2xf32>) -> tensor<?x7x2xf32>
  return
}

// -----

// conv1d C3
func.func @f(%x: tensor<?x4x4xf32>, %k: tensor<3x4x2xf32>) {
  // expected-error @+1 {{expected at least 5 steps for the window, got 4}}
  %r = seq.conv1d %x, %k {dilation = 2 : i64} : (tensor<?x4x4xf32>, tensor<3x4x2xf32>) -> tensor<?x1x2xf32>
  return
}

// -----

// conv1d C4
func.func @f(%x: tensor<?x9x4xf32>, %k: tensor<3x4x2xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x5x2xf32>', got 'tensor<?x9x2xf32>'}}
  %r = seq.conv1d %x, %k {padding = #seq.padding<same>, strides = 2 : i64}
      : (tensor<?x9x4xf32>, tensor<3x4x2xf32>) -> tensor<?x9x2xf32>
  return
}

// -----

// conv1d C5
func.func @f(%x: tensor<?x9x4xf32>, %k: tensor<3x4x2xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{expected a bias of type 'tensor<2xf32>', got 'tensor<4xf32>'}}
  %r = seq.conv1d %x, %k, %b : (tensor<?x9x4xf32>, tensor<3x4x2xf32>, tensor<4xf32>) -> tensor<?x7x2xf32>
  return
}

// -----

// conv1d_input_adjoint C4
func.func @f(%y: tensor<?x9x2xf32>, %k: tensor<3x4x2xf32>) {
  // expected-error @+1 {{expected an adjoint of type 'tensor<?x7x2xf32>', got 'tensor<?x9x2xf32>'}}
  %r = seq.conv1d_input_adjoint %y, %k {strides = 1 : i64, padding = #seq.padding<valid>, dilation = 1 : i64}
      : (tensor<?x9x2xf32>, tensor<3x4x2xf32>) -> tensor<?x9x4xf32>
  return
}

// -----

// conv1d_kernel_adjoint C2
func.func @f(%x: tensor<?x9x4xf32>, %y: tensor<?x7x2xf32>) {
  // expected-error @+1 {{expected an input of 5 channels, got 'tensor<?x9x4xf32>'}}
  %r = seq.conv1d_kernel_adjoint %x, %y {strides = 1 : i64, padding = #seq.padding<valid>, dilation = 1 : i64}
      : (tensor<?x9x4xf32>, tensor<?x7x2xf32>) -> tensor<3x5x2xf32>
  return
}

// -----

// conv1d_kernel_adjoint C5
func.func @f(%x: tensor<?x9x4xf32>, %y: tensor<?x7x2xf32>, %active: tensor<9xi32>) {
  // expected-error @+1 {{expected counts of active rows of type 'tensor<7xi32>', got 'tensor<9xi32>'}}
  %r = seq.conv1d_kernel_adjoint %x, %y active %active {strides = 1 : i64, padding = #seq.padding<valid>, dilation = 1 : i64}
      : (tensor<?x9x4xf32>, tensor<?x7x2xf32>, tensor<9xi32>) -> tensor<3x4x2xf32>
  return
}

// -----

// max_pool1d C1
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected valid or same padding, got causal}}
  %r = seq.max_pool1d %x {pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<causal>}
      : (tensor<?x9x4xf32>) -> tensor<?x4x4xf32>
  return
}

// -----

// max_pool1d C2
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected at least 10 steps for the window, got 9}}
  %r = seq.max_pool1d %x {pool = 10 : i64, strides = 2 : i64} : (tensor<?x9x4xf32>) -> tensor<?x1x4xf32>
  return
}

// -----

// max_pool1d C2: a shape without a last axis
func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{expected a sequence [batch, steps, channels], got 'tensor<f32>'}}
  %r = seq.max_pool1d %x {pool = 2 : i64, strides = 2 : i64} : (tensor<f32>) -> tensor<?x1x4xf32>
  return
}

// -----

// max_pool1d C3
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x4x4xf32>', got 'tensor<?x5x4xf32>'}}
  %r = seq.max_pool1d %x {pool = 2 : i64, strides = 2 : i64} : (tensor<?x9x4xf32>) -> tensor<?x5x4xf32>
  return
}

// -----

// average_pool1d C1
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected valid or same padding, got causal}}
  %r = seq.average_pool1d %x {pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<causal>}
      : (tensor<?x9x4xf32>) -> tensor<?x4x4xf32>
  return
}

// -----

// average_pool1d C2
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected a width, strides and a dilation of 1 or more, got 2, 0 and 1}}
  %r = seq.average_pool1d %x {pool = 2 : i64, strides = 0 : i64} : (tensor<?x9x4xf32>) -> tensor<?x4x4xf32>
  return
}

// -----

// average_pool1d C2
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected at least 10 steps for the window, got 9}}
  %r = seq.average_pool1d %x {pool = 10 : i64, strides = 2 : i64} : (tensor<?x9x4xf32>) -> tensor<?x1x4xf32>
  return
}

// -----

// average_pool1d C3
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x5x4xf32>', got 'tensor<?x4x4xf32>'}}
  %r = seq.average_pool1d %x {pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<same>}
      : (tensor<?x9x4xf32>) -> tensor<?x4x4xf32>
  return
}

// -----

// average_pool1d C3, of the adjoint
func.func @f(%a: tensor<?x4x4xf32>) {
  // expected-error @+1 {{expected an adjoint of type 'tensor<?x3x4xf32>', got 'tensor<?x4x4xf32>'}}
  %r = seq.average_pool1d_adjoint %a {pool = 2 : i64, strides = 3 : i64, padding = #seq.padding<valid>}
      : (tensor<?x4x4xf32>) -> tensor<?x9x4xf32>
  return
}

// -----

// max_pool1d_adjoint C4
func.func @f(%x: tensor<?x9x4xf32>, %y: tensor<?x5x4xf32>, %a: tensor<?x4x4xf32>) {
  // expected-error @+1 {{expected an output of type 'tensor<?x4x4xf32>', got 'tensor<?x5x4xf32>'}}
  %r = seq.max_pool1d_adjoint %x, %y, %a {pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<valid>}
      : (tensor<?x9x4xf32>, tensor<?x5x4xf32>, tensor<?x4x4xf32>) -> tensor<?x9x4xf32>
  return
}

// -----

// max_pool1d_adjoint C5
func.func @f(%x: tensor<?x9x4xf32>, %a: tensor<?x4x4xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x9x4xf32>', got 'tensor<?x8x4xf32>'}}
  %r = seq.max_pool1d_adjoint %x, %a, %a {pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<valid>}
      : (tensor<?x9x4xf32>, tensor<?x4x4xf32>, tensor<?x4x4xf32>) -> tensor<?x8x4xf32>
  return
}

// -----

// dropout C1
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected a rate from 0 to less than 1, got 1.0}}
  %r = seq.dropout %x {rate = 1.0, layer = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// dropout C1
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected numbers of layer and mask from 0 to 65535, got 65536 and 0}}
  %r = seq.dropout %x {rate = 0.5, layer = 65536 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// dropout C2
func.func @f(%x: tensor<4x4xf32>) {
  // expected-error @+1 {{expected rows of elements [batch, ..], got 'tensor<4x4xf32>'}}
  %r = seq.dropout %x {rate = 0.5, layer = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}

// -----

// dropout C3
func.func @f(%x: tensor<?x5x4xf32>, %k: tensor<?xi32>) {
  // expected-error @+1 {{expected keys with the leading axes of 'tensor<?x5x4xf32>', got 'tensor<?xi32>'}}
  %r = seq.dropout %x keys %k {rate = 0.5, layer = 0 : i64} : (tensor<?x5x4xf32>, tensor<?xi32>) -> tensor<?x5x4xf32>
  return
}

// -----

// dropout C4
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x4xf32>', got 'tensor<?x5xf32>'}}
  %r = seq.dropout %x {rate = 0.5, layer = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x5xf32>
  return
}

// -----

// recurrent C6
seq.cell @rnn(%x: tensor<?x3xf32>, %h: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) attributes {states = 1 : i64} {
  seq.return %x, %x : tensor<?x3xf32>, tensor<?x3xf32>
}
func.func @f(%x: tensor<?x5x3xf32>, %s: tensor<3xf32>, %p: tensor<?x5xf32>) {
  // expected-error @+1 {{expected a value that says which steps are present of type 'tensor<?x5x1xf32>', got 'tensor<?x5xf32>'}}
  %r = seq.recurrent @rnn(%x) from(%s) weights() present(%p) : (tensor<?x5x3xf32>, tensor<3xf32>, tensor<?x5xf32>) -> tensor<?x3xf32>
  return
}

// -----

// recurrent C7
seq.cell @rnn(%x: tensor<?x3xf32>, %h: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) attributes {states = 1 : i64} {
  seq.return %x, %x : tensor<?x3xf32>, tensor<?x3xf32>
}
func.func @f(%x: tensor<?x5x3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{expected a rate from 0 to less than 1, got -5}}
  %r = seq.recurrent @rnn(%x) from(%s) weights() {recurrent_dropout = -0.5} : (tensor<?x5x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return
}

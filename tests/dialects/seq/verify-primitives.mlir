// Constraints of SPEC.md on primitives, one case each.
// RUN: weft-opt %s -verify-diagnostics -split-input-file

// A value of the dialect: the batch comes first.
func.func @f(%x: tensor<4x?xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of f32 whose first axis alone may be ?, but got 'tensor<4x?xf32>'}}
  %r = seq.tanh %x : tensor<4x?xf32>
  return
}

// -----

// read C1
func.func @f() {
  // expected-error @+1 {{expected the name of a weight, got @w}}
  %r = seq.read @w : tensor<4xf32>
  return
}

// -----

// read C2
seq.weight @w : tensor<4x2xf32> = [#seq.init<zeros>]
func.func @f() {
  // expected-error @+1 {{expected a result of type 'tensor<4x2xf32>', got 'tensor<4xf32>'}}
  %r = seq.read @w : tensor<4xf32>
  return
}

// -----

// constant C1
func.func @f() {
  // expected-error @+1 {{expected a dense constant, got sparse<0, 1.000000e+00> : tensor<4xf32>}}
  %r = seq.constant sparse<0, 1.0> : tensor<4xf32>
  return
}

// -----

// broadcast_rows C1
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected an input without a batch, got 'tensor<?x4xf32>'}}
  %r = seq.broadcast_rows %x like %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// broadcast_rows C2
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected a value with a batch to be like, got 'tensor<4xf32>'}}
  %r = seq.broadcast_rows %x like %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// broadcast_rows C3
func.func @f(%x: tensor<4xf32>, %y: tensor<?x2xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x4xf32>', got 'tensor<?x2xf32>'}}
  %r = seq.broadcast_rows %x like %y : (tensor<4xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

// elementwise C1
func.func @f(%x: tensor<?x4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{expected shapes that broadcast, got 'tensor<?x4xf32>' and 'tensor<3xf32>'}}
  %r = seq.add %x, %y : (tensor<?x4xf32>, tensor<3xf32>) -> tensor<?x4xf32>
  return
}

// -----

// elementwise C1: a batch is not a static extent
func.func @f(%x: tensor<?x4xf32>, %y: tensor<3x4xf32>) {
  // expected-error @+1 {{expected shapes that broadcast, got 'tensor<?x4xf32>' and 'tensor<3x4xf32>'}}
  %r = seq.add %x, %y : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// elementwise C2
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x1xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x4xf32>', got 'tensor<?x1xf32>'}}
  %r = seq.mul %x, %y : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  return
}

// -----

// The types of a broadcast
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected two operands and a result, got '(tensor<?x4xf32>) -> tensor<?x4xf32>'}}
  %r = seq.mul %x, %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// elementwise C1, of three operands
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x3xf32>) {
  // expected-error @+1 {{expected shapes that broadcast, got 'tensor<?x4xf32>' and 'tensor<?x3xf32>'}}
  %r = seq.select %x, %x, %y : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x3xf32>) -> tensor<?x4xf32>
  return
}

// -----

// matmul C1
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x2xf32>) {
  // expected-error @+1 {{expected a matrix without a batch on the right, got 'tensor<?x2xf32>'}}
  %r = seq.matmul %x, %y : (tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

// matmul C2
func.func @f(%x: tensor<?x4xf32>, %y: tensor<4x2xf32>) {
  // expected-error @+1 {{expected a value of width 2 on the left, got 'tensor<?x4xf32>'}}
  %r = seq.matmul %x, %y {transpose_b} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x4xf32>
  return
}

// -----

// matmul C3
func.func @f(%x: tensor<?x4xf32>, %y: tensor<4x2xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x2xf32>', got 'tensor<?x4xf32>'}}
  %r = seq.matmul %x, %y : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x4xf32>
  return
}

// -----

// contract C1
func.func @f(%x: tensor<?x9x4xf32>, %y: tensor<?x8x2xf32>) {
  // expected-error @+1 {{expected the same leading axes on both sides, got 'tensor<?x9x4xf32>' and 'tensor<?x8x2xf32>'}}
  %r = seq.contract %x, %y : (tensor<?x9x4xf32>, tensor<?x8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

// contract C2
func.func @f(%x: tensor<?xf32>, %y: tensor<2xf32>) {
  // expected-error @+1 {{expected static last axes, got 'tensor<?xf32>' and 'tensor<2xf32>'}}
  %r = seq.contract %x, %y : (tensor<?xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return
}

// -----

// contract C3
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x2xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<4x2xf32>', got 'tensor<2x4xf32>'}}
  %r = seq.contract %x, %y : (tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<2x4xf32>
  return
}

// -----

// contract C4
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x2xf32>, %active: tensor<4xi32>) {
  // expected-error @+1 {{expected a sequence [batch, steps, ..] beside `active`, got 'tensor<?x4xf32>'}}
  %r = seq.contract %x, %y active %active : (tensor<?x4xf32>, tensor<?x2xf32>, tensor<4xi32>) -> tensor<4x2xf32>
  return
}

// -----

// sum_to C1
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected a result that broadcasts to 'tensor<?x4xf32>', got 'tensor<2xf32>'}}
  %r = seq.sum_to %x : (tensor<?x4xf32>) -> tensor<2xf32>
  return
}

// -----

// sum_to C2
func.func @f(%x: tensor<?x6x4xf32>, %active: tensor<5xi32>) {
  // expected-error @+1 {{expected counts of active rows of type 'tensor<6xi32>', got 'tensor<5xi32>'}}
  %r = seq.sum_to %x active %active : (tensor<?x6x4xf32>, tensor<5xi32>) -> tensor<4xf32>
  return
}

// -----

// reduce C1
func.func @f(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected an input with a static last axis, got 'tensor<?xf32>'}}
  %r = seq.reduce <sum> %x : (tensor<?xf32>) -> tensor<1xf32>
  return
}

// -----

// reduce C2
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x1xf32>', got 'tensor<?xf32>'}}
  %r = seq.reduce <sum> %x : (tensor<?x4xf32>) -> tensor<?xf32>
  return
}

// -----

// split C1
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected at least one part, got none}}
  seq.split %x : (tensor<?x4xf32>) -> ()
  return
}

// -----

// split C2
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected a last axis that divides into 3 equal parts, got 'tensor<?x4xf32>'}}
  %r:3 = seq.split %x : (tensor<?x4xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>)
  return
}

// -----

// split C3
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected parts of type 'tensor<?x2xf32>', got 'tensor<?x3xf32>'}}
  %r:2 = seq.split %x : (tensor<?x4xf32>) -> (tensor<?x3xf32>, tensor<?x1xf32>)
  return
}

// -----

// concat C1
func.func @f() {
  // expected-error @+1 {{expected at least one part, got none}}
  %r = seq.concat : () -> tensor<?x1xf32>
  return
}

// -----

// concat C2
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected parts that agree but for a static last axis, got 'tensor<?x4xf32>' and 'tensor<?x9x4xf32>'}}
  %r = seq.concat %x, %y : (tensor<?x4xf32>, tensor<?x9x4xf32>) -> tensor<?x8xf32>
  return
}

// -----

// concat C3
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x3xf32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x7xf32>', got 'tensor<?x8xf32>'}}
  %r = seq.concat %x, %y : (tensor<?x4xf32>, tensor<?x3xf32>) -> tensor<?x8xf32>
  return
}

// -----

// reshape C1
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected a batch on both sides or on neither, got 'tensor<?x4xf32>' and 'tensor<4xf32>'}}
  %r = seq.reshape %x : (tensor<?x4xf32>) -> tensor<4xf32>
  return
}

// -----

// reshape C2
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{expected 4 elements a row as in 'tensor<?x4xf32>', got 6 in 'tensor<?x2x3xf32>'}}
  %r = seq.reshape %x : (tensor<?x4xf32>) -> tensor<?x2x3xf32>
  return
}

// -----

// reshape C2
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected 8 elements as in 'tensor<2x4xf32>', got 6 in 'tensor<6xf32>'}}
  %r = seq.reshape %x : (tensor<2x4xf32>) -> tensor<6xf32>
  return
}

// -----

// reverse C1
func.func @f(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected a sequence [batch, steps, ..], got 'tensor<?xf32>'}}
  %r = seq.reverse %x : tensor<?xf32>
  return
}

// -----

// one_hot C1
func.func @f(%x: tensor<?xi32>) {
  // expected-error @+1 {{expected a result with a static last axis, got 'tensor<?xf32>'}}
  %r = seq.one_hot %x : (tensor<?xi32>) -> tensor<?xf32>
  return
}

// -----

// one_hot C2
func.func @f(%x: tensor<?x2xi32>) {
  // expected-error @+1 {{expected a result 'tensor<?x2xi32>' with an axis of places, got 'tensor<?x4xf32>'}}
  %r = seq.one_hot %x : (tensor<?x2xi32>) -> tensor<?x4xf32>
  return
}

// -----

// gather C1
func.func @f(%t: tensor<9xf32>, %i: tensor<?x2xi32>) {
  // expected-error @+1 {{expected a table [entries, width], got 'tensor<9xf32>'}}
  %r = seq.gather %t, %i : (tensor<9xf32>, tensor<?x2xi32>) -> tensor<?x2xf32>
  return
}

// -----

// gather C2
func.func @f(%t: tensor<9x4xf32>, %i: tensor<?x2xi32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x2x4xf32>', got 'tensor<?x2xf32>'}}
  %r = seq.gather %t, %i : (tensor<9x4xf32>, tensor<?x2xi32>) -> tensor<?x2xf32>
  return
}

// -----

// id_ranks C1
func.func @f(%i: tensor<?x2xi32>) {
  // expected-error @+1 {{expected a rank for each id and one behind the last, got 'tensor<9x1xi32>'}}
  %r = seq.id_ranks %i : (tensor<?x2xi32>) -> tensor<9x1xi32>
  return
}

// -----

// ids_of_ranks C1
func.func @f(%r: tensor<?xi32>) {
  // expected-error @+1 {{expected ranks as id_ranks gives them, got 'tensor<?xi32>'}}
  %i = seq.ids_of_ranks %r : (tensor<?xi32>) -> tensor<9xi32>
  return
}

// -----

// ids_of_ranks C2
func.func @f(%r: tensor<10xi32>) {
  // expected-error @+1 {{expected a result of type 'tensor<9xi32>', got 'tensor<10xi32>'}}
  %i = seq.ids_of_ranks %r : (tensor<10xi32>) -> tensor<10xi32>
  return
}

// -----

// rank_of C1
func.func @f(%r: tensor<1xi32>, %i: tensor<?x2xi32>) {
  // expected-error @+1 {{expected ranks as id_ranks gives them, got 'tensor<1xi32>'}}
  %p = seq.rank_of %r, %i : (tensor<1xi32>, tensor<?x2xi32>) -> tensor<?x2xi32>
  return
}

// -----

// rank_of C2
func.func @f(%r: tensor<10xi32>, %i: tensor<?x2xi32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x2xi32>', got 'tensor<?xi32>'}}
  %p = seq.rank_of %r, %i : (tensor<10xi32>, tensor<?x2xi32>) -> tensor<?xi32>
  return
}

// -----

// scatter_add C1
func.func @f(%v: tensor<?x2x4xf32>, %i: tensor<?x2xi32>) {
  // expected-error @+1 {{expected a table [entries, width], got 'tensor<?x4xf32>'}}
  %r = seq.scatter_add %v, %i : (tensor<?x2x4xf32>, tensor<?x2xi32>) -> tensor<?x4xf32>
  return
}

// -----

// scatter_add C2
func.func @f(%v: tensor<?x4xf32>, %i: tensor<?x2xi32>) {
  // expected-error @+1 {{expected values of type 'tensor<?x2x4xf32>', got 'tensor<?x4xf32>'}}
  %r = seq.scatter_add %v, %i : (tensor<?x4xf32>, tensor<?x2xi32>) -> tensor<9x4xf32>
  return
}

// -----

// scatter_add C3
func.func @f(%v: tensor<?x2x4xf32>, %i: tensor<?x2xi32>, %active: tensor<3xi32>) {
  // expected-error @+1 {{expected counts of active rows of type 'tensor<2xi32>', got 'tensor<3xi32>'}}
  %r = seq.scatter_add %v, %i active %active : (tensor<?x2x4xf32>, tensor<?x2xi32>, tensor<3xi32>) -> tensor<9x4xf32>
  return
}

// -----

// random_mask C1
func.func @f(%k: tensor<?xi32>, %s: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{expected a rate from 0 to less than 1, got 1.0}}
  %r = seq.random_mask %k seed %s step %n {rate = 1.0, layer = 0 : i64, mask = 0 : i64} : (tensor<?xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x4xf32>
  return
}

// -----

// random_mask C1
func.func @f(%k: tensor<?xi32>, %s: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{expected numbers of layer and mask from 0 to 65535, got 3 and -1}}
  %r = seq.random_mask %k seed %s step %n {rate = 0.5, layer = 3 : i64, mask = -1 : i64} : (tensor<?xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x4xf32>
  return
}

// -----

// random_mask C2
func.func @f(%k: tensor<?xi32>, %s: tensor<2xi32>, %n: tensor<1xi32>) {
  // expected-error @+1 {{expected a step of type 'tensor<2xi32>', got 'tensor<1xi32>'}}
  %r = seq.random_mask %k seed %s step %n {rate = 0.5, layer = 0 : i64, mask = 0 : i64} : (tensor<?xi32>, tensor<2xi32>, tensor<1xi32>) -> tensor<?x4xf32>
  return
}

// -----

// random_mask C3
func.func @f(%k: tensor<3xi32>, %s: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{expected keys for each row of a batch, got 'tensor<3xi32>'}}
  %r = seq.random_mask %k seed %s step %n {rate = 0.5, layer = 0 : i64, mask = 0 : i64} : (tensor<3xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x4xf32>
  return
}

// -----

// random_mask C4
func.func @f(%k: tensor<?x5xi32>, %s: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{expected a result with the axes of 'tensor<?x5xi32>' and elements behind, got 'tensor<?x5xf32>'}}
  %r = seq.random_mask %k seed %s step %n {rate = 0.5, layer = 0 : i64, mask = 0 : i64} : (tensor<?x5xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x5xf32>
  return
}

// -----

// nonzero C1
func.func @f(%x: tensor<?x5xi32>) {
  // expected-error @+1 {{expected a result of type 'tensor<?x5x1xf32>', got 'tensor<?x5xf32>'}}
  %r = seq.nonzero %x : (tensor<?x5xi32>) -> tensor<?x5xf32>
  return
}

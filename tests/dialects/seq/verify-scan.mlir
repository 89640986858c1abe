// Constraints of SPEC.md on scan, one case each.
// RUN: weft-opt %s -verify-diagnostics -split-input-file

// scan C1
func.func @f(%x: tensor<?x0x4xf32>) {
  // expected-error @+1 {{expected 1 step or more, got 0}}
  seq.scan over (%x) from () steps 0 : (tensor<?x0x4xf32>) -> () {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep()
  }
  return
}

// -----

// scan C2
func.func @f(%x: tensor<?x9x4xf32>, %h: tensor<?x2xf32>) {
  // expected-error @+1 {{expected a body of 1 steps and 1 states, got 1 arguments}}
  %l = seq.scan over (%x) from (%h) steps 9 : (tensor<?x9x4xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states(%h : tensor<?x2xf32>) keep()
  }
  return
}

// -----

// scan C3
func.func @f(%x: tensor<?x8x4xf32>) {
  // expected-error @+1 {{expected sequences of 9 steps, got 'tensor<?x8x4xf32>'}}
  seq.scan over (%x) from () steps 9 : (tensor<?x8x4xf32>) -> () {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep()
  }
  return
}

// -----

// scan C3
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected a step of type 'tensor<?x4xf32>', got 'tensor<?x9x4xf32>'}}
  seq.scan over (%x) from () steps 9 : (tensor<?x9x4xf32>) -> () {
  ^bb0(%xt: tensor<?x9x4xf32>):
    seq.next states() keep()
  }
  return
}

// -----

// scan C4
func.func @f(%h: tensor<?x2xf32>) {
  // expected-error @+1 {{expected 1 states after each step and after the last, got 0 and 1}}
  %l = seq.scan over () from (%h) steps 9 : (tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%s: tensor<?x2xf32>):
    seq.next states() keep()
  }
  return
}

// -----

// scan C4
func.func @f(%h: tensor<?x2xf32>) {
  // expected-error @+1 {{expected state 0 of type 'tensor<?x2xf32>', got 'tensor<?x3xf32>'}}
  %l = seq.scan over () from (%h) steps 9 : (tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%s: tensor<?x3xf32>):
    seq.next states(%h : tensor<?x2xf32>) keep()
  }
  return
}

// -----

// scan C4
func.func @f(%h: tensor<?x2xf32>, %k: tensor<?x3xf32>) {
  // expected-error @+1 {{expected state 0 after a step of type 'tensor<?x2xf32>', got 'tensor<?x3xf32>'}}
  %l = seq.scan over () from (%h) steps 9 : (tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%s: tensor<?x2xf32>):
    seq.next states(%k : tensor<?x3xf32>) keep()
  }
  return
}

// -----

// scan C4
func.func @f(%h: tensor<?x2xf32>) {
  // expected-error @+1 {{expected state 0 after the last step of type 'tensor<?x2xf32>', got 'tensor<?x3xf32>'}}
  %l = seq.scan over () from (%h) steps 9 : (tensor<?x2xf32>) -> tensor<?x3xf32> {
  ^bb0(%s: tensor<?x2xf32>):
    seq.next states(%s : tensor<?x2xf32>) keep()
  }
  return
}

// -----

// scan C5
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected 1 kept values, got 0}}
  %k = seq.scan over (%x) from () steps 9 : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32> {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep()
  }
  return
}

// -----

// scan C5
func.func @f(%x: tensor<?x9x4xf32>, %w: tensor<4xf32>) {
  // expected-error @+1 {{expected kept values with a batch, got 'tensor<4xf32>'}}
  %k = seq.scan over (%x) from () steps 9 : (tensor<?x9x4xf32>) -> tensor<9x4xf32> {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep(%w : tensor<4xf32>)
  }
  return
}

// -----

// scan C5
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected kept steps of type 'tensor<?x9x4xf32>', got 'tensor<?x4xf32>'}}
  %k = seq.scan over (%x) from () steps 9 : (tensor<?x9x4xf32>) -> tensor<?x4xf32> {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep(%xt : tensor<?x4xf32>)
  }
  return
}

// -----

// scan C6
func.func @f(%x: tensor<?x9x4xf32>, %active: tensor<8xi32>) {
  // expected-error @+1 {{expected counts of active rows of type 'tensor<9xi32>', got 'tensor<8xi32>'}}
  %k = seq.scan over (%x) from () steps 9 active(%active : tensor<8xi32>) : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32> {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep(%xt : tensor<?x4xf32>)
  }
  return
}

// -----

// scan C7
func.func @f(%x: tensor<?x9x4xf32>, %active: tensor<9xi32>) {
  // expected-error @+1 {{expected `spread` to number 1 values from 0, got 1}}
  %k = seq.scan over (%x) from () steps 9 active(%active : tensor<9xi32>) spread [1] : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32> {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep(%xt : tensor<?x4xf32>)
  }
  return
}

// -----

// scan C7
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected no `collect` without `active`}}
  %k = seq.scan over (%x) from () steps 9 collect [0] : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32> {
  ^bb0(%xt: tensor<?x4xf32>):
    seq.next states() keep(%xt : tensor<?x4xf32>)
  }
  return
}

// -----

// active_rows C1
func.func @f(%starts: tensor<?xi32>) {
  // expected-error @+1 {{expected starts of type 'tensor<?x1xi32>', got 'tensor<?xi32>'}}
  %a = seq.active_rows %starts {add = 0 : i64, divide = 1 : i64} : (tensor<?xi32>) -> tensor<9xi32>
  return
}

// -----

// active_rows C2
func.func @f(%starts: tensor<?x1xi32>) {
  // expected-error @+1 {{expected a count for each step, got 'tensor<9x1xi32>'}}
  %a = seq.active_rows %starts {add = 0 : i64, divide = 1 : i64} : (tensor<?x1xi32>) -> tensor<9x1xi32>
  return
}

// -----

// active_rows C3
func.func @f(%starts: tensor<?x1xi32>) {
  // expected-error @+1 {{expected to divide by 1 or more, got 0}}
  %a = seq.active_rows %starts {add = 0 : i64, divide = 0 : i64} : (tensor<?x1xi32>) -> tensor<9xi32>
  return
}

// -----

// The types of a scan
func.func @f(%x: tensor<?x9x4xf32>, %h: tensor<?x2xf32>) {
  // expected-error @+1 {{expected 2 operands and at least 1 results, got '(tensor<?x9x4xf32>) -> tensor<?x2xf32>'}}
  %l = seq.scan over (%x) from (%h) steps 9 : (tensor<?x9x4xf32>) -> tensor<?x2xf32> {
  }
  return
}

// -----

// Sequences of active rows alone.
func.func @f(%x: tensor<?x9x4xf32>) {
  // expected-error @+1 {{expected `seq.active` in the body of a function that takes `starts` alone}}
  %y = seq.tanh %x {seq.active = #seq.active<add = 0, divide = 1>} : tensor<?x9x4xf32>
  return
}

// -----

seq.model @m(%x: tensor<?x9x4xf32>, %starts: tensor<?x1xi32> {weft.field = "starts"}) -> tensor<?x1xf32> {
  %y = seq.tanh %x {seq.active = #seq.active<add = -2, divide = 1>} : tensor<?x9x4xf32>
  // expected-error @+1 {{expected sequences [batch, steps, ..] beside `seq.active`, got 'tensor<?x36xf32>'}}
  %z = seq.reshape %y {seq.active = #seq.active<add = -2, divide = 1>} : (tensor<?x9x4xf32>) -> tensor<?x36xf32>
  %r = seq.reduce <sum> %z : (tensor<?x36xf32>) -> tensor<?x1xf32>
  seq.return %r : tensor<?x1xf32>
}

// -----

seq.model @m(%x: tensor<?x9x4xf32>, %starts: tensor<?x1xi32> {weft.field = "starts"}) -> tensor<?x9x4xf32> {
  // expected-error @+1 {{expected `divide` of 1 or more, got 0}}
  %y = seq.tanh %x {seq.active = #seq.active<add = -2, divide = 0>} : tensor<?x9x4xf32>
  seq.return %y : tensor<?x9x4xf32>
}

// -----

seq.model @m(%x: tensor<?x9x4xf32>, %starts: tensor<?x1xi32> {weft.field = "starts"}) -> tensor<?x9x4xf32> {
  // expected-error @+1 {{expected `seq.active` to be as #seq.active<add = 0, divide = 1>, got 1 : i64}}
  %y = seq.tanh %x {seq.active = 1 : i64} : tensor<?x9x4xf32>
  seq.return %y : tensor<?x9x4xf32>
}

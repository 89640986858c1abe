// RUN: weft-opt --seq-share-padding --split-input-file %s | weft-opt --split-input-file | FileCheck %s

// What only looks at ids and weights is the same for all rows until a row's start.
// CHECK-LABEL: seq.model @m
// CHECK-SAME: %starts: tensor<?x1xi32> {seq.name = "starts", weft.field = "starts"}
// CHECK-SAME: weft.padded_input = 0 : i64
// A window of 3 with one step of padding in front, then every other step.
// CHECK-DAG: %[[A:.+]] = seq.active_rows %starts {add = -1 : i64, divide = 2 : i64} : (tensor<?x1xi32>) -> tensor<4xi32>
// Below the scan, for the rows that it asks for: each window needs some steps more.
// CHECK: seq.gather %{{.+}}, %x {seq.active = #seq.active<add = -3, divide = 1>}
// CHECK: seq.conv1d %{{.+}} {padding = #seq.padding<same>, seq.active = #seq.active<add = -2, divide = 1>}
// CHECK: seq.max_pool1d %{{.+}} {pool = 2 : i64, seq.active = #seq.active<add = -1, divide = 2>, strides = 2 : i64}
// CHECK: seq.scan over(%{{.+}}) from(%{{.+}}) steps 4 active(%[[A]] : tensor<4xi32>) :
// Its sequence leaves for a flatten, which wants all rows.
// CHECK: seq.scan over(%{{.+}}) from(%{{.+}}) steps 4 active(%[[A]] : tensor<4xi32>) spread [0] :
seq.weight @table : tensor<9x3xf32> = [#seq.init<uniform, -0.05, 0.05>]
seq.weight @kernel : tensor<3x3x3xf32> = [#seq.init<glorot_uniform>]
seq.model @m(%x: tensor<?x8xi32> {seq.name = "x", seq.vocabulary = 9 : i64}) -> (tensor<?x12xf32> {seq.name = "y"}) {
  %table = seq.read @table : tensor<9x3xf32>
  %kernel = seq.read @kernel : tensor<3x3x3xf32>
  %zero = seq.constant dense<0.0> : tensor<3xf32>
  %e = seq.gather %table, %x : (tensor<9x3xf32>, tensor<?x8xi32>) -> tensor<?x8x3xf32>
  %c = seq.conv1d %e, %kernel {padding = #seq.padding<same>} : (tensor<?x8x3xf32>, tensor<3x3x3xf32>) -> tensor<?x8x3xf32>
  %p = seq.max_pool1d %c {pool = 2 : i64, strides = 2 : i64} : (tensor<?x8x3xf32>) -> tensor<?x4x3xf32>
  %h0 = seq.broadcast_rows %zero like %x : (tensor<3xf32>, tensor<?x8xi32>) -> tensor<?x3xf32>
  %last, %h = seq.scan over(%p) from(%h0) steps 4 : (tensor<?x4x3xf32>, tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x4x3xf32>) {
  ^bb0(%xt: tensor<?x3xf32>, %s: tensor<?x3xf32>):
    %n = seq.add %xt, %s : tensor<?x3xf32>
    %t = seq.tanh %n : tensor<?x3xf32>
    seq.next states(%t : tensor<?x3xf32>) keep(%t : tensor<?x3xf32>)
  }
  %last_1, %h_1 = seq.scan over(%h) from(%h0) steps 4 : (tensor<?x4x3xf32>, tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x4x3xf32>) {
  ^bb0(%xt: tensor<?x3xf32>, %s: tensor<?x3xf32>):
    %n = seq.add %xt, %s : tensor<?x3xf32>
    %t = seq.tanh %n : tensor<?x3xf32>
    seq.next states(%t : tensor<?x3xf32>) keep(%t : tensor<?x3xf32>)
  }
  %f = seq.reshape %h_1 : (tensor<?x4x3xf32>) -> tensor<?x12xf32>
  seq.return %f : tensor<?x12xf32>
}

// -----

// From the end of the rows, and of numbers that differ from row to row, nothing is shared.
// CHECK-LABEL: seq.model @m
// CHECK-NOT: active
seq.weight @table : tensor<9x3xf32> = [#seq.init<uniform, -0.05, 0.05>]
seq.model @m(%x: tensor<?x8xi32> {seq.name = "x", seq.vocabulary = 9 : i64}, %z: tensor<?x8x3xf32> {seq.name = "z"})
    -> (tensor<?x3xf32> {seq.name = "y"}) {
  %table = seq.read @table : tensor<9x3xf32>
  %zero = seq.constant dense<0.0> : tensor<3xf32>
  %e = seq.gather %table, %x : (tensor<9x3xf32>, tensor<?x8xi32>) -> tensor<?x8x3xf32>
  %h0 = seq.broadcast_rows %zero like %x : (tensor<3xf32>, tensor<?x8xi32>) -> tensor<?x3xf32>
  %last = seq.scan over(%e) from(%h0) steps 8 reverse : (tensor<?x8x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32> {
  ^bb0(%xt: tensor<?x3xf32>, %s: tensor<?x3xf32>):
    %n = seq.add %xt, %s : tensor<?x3xf32>
    seq.next states(%n : tensor<?x3xf32>) keep()
  }
  %m = seq.mul %e, %z : tensor<?x8x3xf32>
  %last_1 = seq.scan over(%m) from(%last) steps 8 : (tensor<?x8x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32> {
  ^bb0(%xt: tensor<?x3xf32>, %s: tensor<?x3xf32>):
    %n = seq.add %xt, %s : tensor<?x3xf32>
    seq.next states(%n : tensor<?x3xf32>) keep()
  }
  seq.return %last_1 : tensor<?x3xf32>
}

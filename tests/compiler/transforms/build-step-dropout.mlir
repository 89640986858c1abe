// RUN: weft-opt --seq-build-step %s | FileCheck %s

// What predicts and what evaluates draw nothing; the step that trains is told what to draw from.
// CHECK-LABEL: seq.model @m
// CHECK-NOT: seq.dropout
// CHECK-NOT: seq.mul
// CHECK-LABEL: seq.loss @squared
// CHECK-LABEL: seq.step @train(%x: tensor<?x3xf32> {seq.name = "x"}, %w: tensor<?x2xi32> {seq.name = "w"}, %label:
// CHECK-SAME: %seed: tensor<2xi32> {seq.name = "seed", weft.field = "seed"}
// CHECK-SAME: %step: tensor<2xi32> {seq.name = "step", weft.field = "step"}
// CHECK-SAME: %row_ids: tensor<?xi32> {seq.name = "row_ids", weft.field = "row_ids"}, %scale:
// CHECK: %[[M:.+]] = seq.random_mask %row_ids seed %seed step %step {layer = 0 : i64, mask = 0 : i64, rate = 2.500000e-01 : f64}
// CHECK-SAME: -> tensor<?x3xf32>
// CHECK: seq.mul %x, %[[M]] : tensor<?x3xf32>
// CHECK: %[[K:.+]] = seq.random_mask %w seed %seed step %step {layer = 1 : i64, mask = 0 : i64, rate = 5.000000e-01 : f64}
// CHECK-SAME: -> tensor<?x2x1xf32>
// CHECK: seq.mul %{{.+}}, %[[K]] : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
// CHECK-LABEL: seq.step @evaluate
// CHECK-NOT: seed
// CHECK-NOT: random_mask
// CHECK: seq.training
seq.weight @t : tensor<9x4xf32> = [#seq.init<ones>]
seq.model @m(%x: tensor<?x3xf32> {seq.name = "x"}, %w: tensor<?x2xi32> {seq.name = "w"}) -> (tensor<?x11xf32> {seq.name = "y"}) {
  %d = seq.dropout %x {rate = 0.25, layer = 0 : i64} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %t = seq.read @t : tensor<9x4xf32>
  %g = seq.gather %t, %w : (tensor<9x4xf32>, tensor<?x2xi32>) -> tensor<?x2x4xf32>
  %e = seq.dropout %g keys %w {rate = 0.5, layer = 1 : i64} : (tensor<?x2x4xf32>, tensor<?x2xi32>) -> tensor<?x2x4xf32>
  %f = seq.reshape %e : (tensor<?x2x4xf32>) -> tensor<?x8xf32>
  %p = seq.concat %d, %f : (tensor<?x3xf32>, tensor<?x8xf32>) -> tensor<?x11xf32>
  seq.return %p : tensor<?x11xf32>
}
seq.loss @squared(%p: tensor<?x11xf32>, %y: tensor<?x11xf32>) -> tensor<?x11xf32> {
  %d = seq.sub %p, %y : tensor<?x11xf32>
  %s = seq.mul %d, %d : tensor<?x11xf32>
  seq.return %s : tensor<?x11xf32>
}
seq.optimizer @sgd(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
  seq.return %w : tensor<?xf32>
}
seq.training @m loss @squared optimizer @sgd rate 1.000000e-02 {}

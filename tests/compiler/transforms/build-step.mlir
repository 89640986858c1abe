// RUN: weft-opt --seq-build-step %s | FileCheck %s

// The mean over a row's values, whatever their shape; model and loss stay.
// CHECK: seq.model @m
// CHECK: seq.loss @squared
// CHECK-LABEL: seq.step @train(%x: tensor<?x3xf32> {seq.name = "x"}, %label: tensor<?x3x2xf32> {seq.bounds = [0.000000e+00, 1.000000e+00], seq.name = "label"},
// CHECK-SAME: %scale: tensor<?x1xf32> {seq.name = "scale"}) -> (tensor<?x3x2xf32>, tensor<?x1xf32>) attributes {gradients = []} {
// CHECK: %[[X:.+]] = seq.reshape %x
// CHECK: %[[P:.+]] = seq.mul %[[X]], %{{.+}}
// CHECK: %[[D:.+]] = seq.sub %[[P]], %label
// CHECK: %[[S:.+]] = seq.mul %[[D]], %[[D]]
// CHECK: %[[F:.+]] = seq.reshape %[[S]] : (tensor<?x3x2xf32>) -> tensor<?x6xf32>
// CHECK: %[[R:.+]] = seq.reduce <mean> %[[F]] : (tensor<?x6xf32>) -> tensor<?x1xf32>
// CHECK: seq.return %[[P]], %[[R]]
seq.weight @w : tensor<2xf32> = [#seq.init<ones>]
seq.model @m(%x: tensor<?x3xf32> {seq.name = "x"}) -> (tensor<?x3x2xf32> {seq.name = "y"}) {
  %w = seq.read @w : tensor<2xf32>
  %r = seq.reshape %x : (tensor<?x3xf32>) -> tensor<?x3x1xf32>
  %p = seq.mul %r, %w : (tensor<?x3x1xf32>, tensor<2xf32>) -> tensor<?x3x2xf32>
  seq.return %p : tensor<?x3x2xf32>
}
seq.loss @squared(%p: tensor<?x3x2xf32>, %y: tensor<?x3x2xf32> {seq.bounds = [0.0, 1.0]}) -> tensor<?x3x2xf32> {
  %d = seq.sub %p, %y : tensor<?x3x2xf32>
  %s = seq.mul %d, %d : tensor<?x3x2xf32>
  seq.return %s : tensor<?x3x2xf32>
}
seq.optimizer @sgd(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
  seq.return %w : tensor<?xf32>
}
seq.training @m loss @squared optimizer @sgd rate 1.000000e-02 {}

// RUN: weft-opt --seq-differentiate %s | FileCheck %s

// A state under a mask, as a matmul reads it: the backward, which contracts it, computes
// it again from the state, which is kept anyway, and the mask, and nobody keeps both.

seq.weight @recurrent : tensor<2x2xf32> = [#seq.init<orthogonal>]

// CHECK-LABEL: seq.step @train
// CHECK: %[[LAST:.+]], %[[KEPT:.+]]:2 = seq.scan over(%x) from(%{{.+}}) steps 4 :
// CHECK: ^bb0(%{{.+}}: tensor<?x2xf32>, %[[H:.+]]: tensor<?x2xf32>):
// CHECK: %[[H1:.+]] = seq.tanh
// CHECK: seq.next states(%[[H1]] : tensor<?x2xf32>) keep(%[[H]], %[[H1]] :
// CHECK: seq.scan over(%[[KEPT]]#0, %[[KEPT]]#1) from
// CHECK: ^bb0(%[[H:[^:]+]]: tensor<?x2xf32>, %[[H1:[^:]+]]: tensor<?x2xf32>,
// CHECK: %[[M:.+]] = seq.mul %[[H]], %mask
// CHECK: seq.contract %[[M]], %{{.+}}
seq.step @train(%x: tensor<?x4x2xf32> {seq.name = "x"}, %mask: tensor<?x2xf32> {seq.name = "mask"}, %y: tensor<?x2xf32> {seq.name = "y"}, %scale: tensor<?x1xf32> {seq.name = "scale"}) -> (tensor<?x2xf32>, tensor<?x1xf32>)
    attributes {gradients = []} {
  %recurrent = seq.read @recurrent : tensor<2x2xf32>
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %h0 = seq.broadcast_rows %zero like %x : (tensor<2xf32>, tensor<?x4x2xf32>) -> tensor<?x2xf32>
  %last = seq.scan over(%x) from(%h0) steps 4 : (tensor<?x4x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%xt: tensor<?x2xf32>, %h: tensor<?x2xf32>):
    %m = seq.mul %h, %mask : tensor<?x2xf32>
    %b = seq.matmul %m, %recurrent : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    %z = seq.add %xt, %b : tensor<?x2xf32>
    %h1 = seq.tanh %z : tensor<?x2xf32>
    seq.next states(%h1 : tensor<?x2xf32>) keep()
  }
  %d = seq.sub %last, %y : tensor<?x2xf32>
  %l = seq.reduce <sum> %d : (tensor<?x2xf32>) -> tensor<?x1xf32>
  seq.return %last, %l : tensor<?x2xf32>, tensor<?x1xf32>
}

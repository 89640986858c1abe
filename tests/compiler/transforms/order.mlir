// RUN: weft-opt --seq-order %s | FileCheck %s

seq.weight @first : tensor<2x2xf32> = [#seq.init<zeros>]
seq.weight @second : tensor<2xf32> = [#seq.init<zeros>]

// CHECK-LABEL: seq.model @m
// CHECK: seq.constant
// CHECK: %[[W:.+]] = seq.read @first
// CHECK: %[[V:.+]] = seq.read @second
// CHECK: %[[E:.+]] = seq.exp %[[V]]
// CHECK: seq.broadcast_rows
// CHECK: ^bb0(%[[X:[^:]+]]: tensor<?x2xf32>, %[[H:[^:]+]]: tensor<?x2xf32>):
// CHECK-NEXT: seq.matmul %[[X]], %[[W]]
// CHECK-NEXT: seq.tanh %[[H]]
// CHECK-NEXT: seq.add
// CHECK-NEXT: seq.mul
seq.model @m(%x: tensor<?x4x2xf32> {seq.name = "x"}) -> (tensor<?x2xf32> {seq.name = "y"}) {
  %second = seq.read @second : tensor<2xf32>
  %e = seq.exp %second : tensor<2xf32>
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %start = seq.broadcast_rows %zero like %x : (tensor<2xf32>, tensor<?x4x2xf32>) -> tensor<?x2xf32>
  %first = seq.read @first : tensor<2x2xf32>
  %last = seq.scan over(%x) from(%start) steps 4 : (tensor<?x4x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%xt: tensor<?x2xf32>, %h: tensor<?x2xf32>):
    %t = seq.tanh %h : tensor<?x2xf32>
    %m = seq.matmul %xt, %first : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    %s = seq.add %m, %t : tensor<?x2xf32>
    %r = seq.mul %s, %e : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    seq.next states(%r : tensor<?x2xf32>) keep()
  }
  seq.return %last : tensor<?x2xf32>
}

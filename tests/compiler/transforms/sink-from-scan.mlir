// RUN: weft-opt --seq-sink-from-scan %s | FileCheck %s
// RUN: weft-opt --seq-sink-from-scan=sink-matmuls %s | FileCheck %s --check-prefix=MATMULS

// Sums over steps become one operation on sequences: what is an input is used as it
// is, what is computed is kept once.
// CHECK-LABEL: seq.model @sums
// CHECK: %[[KEPT:.+]] = seq.scan over(%d) from() steps 4 :
// CHECK: ^bb0(%[[D:.+]]: tensor<?x2xf32>):
// CHECK-NEXT: %[[T:.+]] = seq.tanh %[[D]]
// CHECK-NEXT: %[[G:.+]] = seq.mul %[[T]],
// CHECK-NEXT: seq.next states() keep(%[[G]] : tensor<?x2xf32>)
// CHECK-DAG: %[[K:.+]] = seq.contract %x, %[[KEPT]] : (tensor<?x4x3xf32>, tensor<?x4x2xf32>) -> tensor<3x2xf32>
// CHECK-DAG: %[[B:.+]] = seq.sum_to %[[KEPT]] : (tensor<?x4x2xf32>) -> tensor<2xf32>
seq.model @sums(%x: tensor<?x4x3xf32> {seq.name = "x"}, %d: tensor<?x4x2xf32> {seq.name = "d"}) -> tensor<?x2xf32> {
  %zeroK = seq.constant dense<0.0> : tensor<3x2xf32>
  %zeroB = seq.constant dense<0.0> : tensor<2xf32>
  %two = seq.constant dense<2.0> : tensor<2xf32>
  %sums:2 = seq.scan over(%x, %d) from(%zeroK, %zeroB) steps 4
      : (tensor<?x4x3xf32>, tensor<?x4x2xf32>, tensor<3x2xf32>, tensor<2xf32>) -> (tensor<3x2xf32>, tensor<2xf32>) {
  ^bb0(%xt: tensor<?x3xf32>, %dt: tensor<?x2xf32>, %sumK: tensor<3x2xf32>, %sumB: tensor<2xf32>):
    %t = seq.tanh %dt : tensor<?x2xf32>
    // Does not depend on the step: moves in front.
    %c = seq.exp %two : tensor<2xf32>
    %g = seq.mul %t, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    %k = seq.contract %xt, %g : (tensor<?x3xf32>, tensor<?x2xf32>) -> tensor<3x2xf32>
    %k1 = seq.add %sumK, %k : tensor<3x2xf32>
    %b = seq.sum_to %g : (tensor<?x2xf32>) -> tensor<2xf32>
    %b1 = seq.add %b, %sumB : tensor<2xf32>
    seq.next states(%k1, %b1 : tensor<3x2xf32>, tensor<2xf32>) keep()
  }
  %r = seq.broadcast_rows %sums#1 like %x : (tensor<2xf32>, tensor<?x4x3xf32>) -> tensor<?x2xf32>
  %s = seq.sum_to %sums#0 : (tensor<3x2xf32>) -> tensor<2xf32>
  %y = seq.mul %r, %s : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  seq.return %y : tensor<?x2xf32>
}

// A sum that a step reads is a state like any other.
// CHECK-LABEL: seq.model @read
// CHECK: seq.scan
// CHECK: seq.contract
// CHECK: seq.matmul
// CHECK: seq.next
seq.model @read(%x: tensor<?x4x3xf32> {seq.name = "x"}) -> tensor<?x4x3xf32> {
  %zero = seq.constant dense<0.0> : tensor<3x3xf32>
  %sum, %kept = seq.scan over(%x) from(%zero) steps 4
      : (tensor<?x4x3xf32>, tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<?x4x3xf32>) {
  ^bb0(%xt: tensor<?x3xf32>, %s: tensor<3x3xf32>):
    %c = seq.contract %xt, %xt : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<3x3xf32>
    %s1 = seq.add %s, %c : tensor<3x3xf32>
    %y = seq.matmul %xt, %s1 : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
    seq.next states(%s1 : tensor<3x3xf32>) keep(%y : tensor<?x3xf32>)
  }
  seq.return %kept : tensor<?x4x3xf32>
}

// A matmul that only leaves the scan stays, but on request.
// CHECK-LABEL: seq.model @leaves
// CHECK: seq.scan
// CHECK: seq.matmul
// CHECK: seq.next states(%[[S:.+]] : tensor<?x3xf32>) keep(%{{.+}} : tensor<?x2xf32>)
// MATMULS-LABEL: seq.model @leaves
// MATMULS: %{{.+}}, %[[KEPT:.+]] = seq.scan
// MATMULS-NOT: seq.matmul
// MATMULS: seq.next states(%[[S:.+]] : tensor<?x3xf32>) keep(%[[S]] : tensor<?x3xf32>)
// MATMULS: %[[Y:.+]] = seq.matmul %[[KEPT]], %{{.+}} : (tensor<?x4x3xf32>, tensor<3x2xf32>) -> tensor<?x4x2xf32>
// MATMULS: seq.return %[[Y]]
seq.model @leaves(%x: tensor<?x4x3xf32> {seq.name = "x"}, %h: tensor<?x3xf32> {seq.name = "h"}) -> tensor<?x4x2xf32> {
  %k = seq.constant dense<0.5> : tensor<3x2xf32>
  %last, %kept = seq.scan over(%x) from(%h) steps 4
      : (tensor<?x4x3xf32>, tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x4x2xf32>) {
  ^bb0(%xt: tensor<?x3xf32>, %s: tensor<?x3xf32>):
    %s1 = seq.mul %s, %xt : tensor<?x3xf32>
    %y = seq.matmul %s1, %k : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    seq.next states(%s1 : tensor<?x3xf32>) keep(%y : tensor<?x2xf32>)
  }
  seq.return %kept : tensor<?x4x2xf32>
}

// RUN: weft-opt %s --outline-kernels=target=x86-64-v3 | FileCheck %s

// The sequence that a scan reads is a buffer of the program's own: what comes from
// the caller is copied, once for all scans that read it and in front of the first.
// What a scan has kept is such a buffer already.

// CHECK-LABEL: seq.model @m(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x7x5xf32>
// CHECK: %[[COPY:.*]] = halide.apply @copy(%[[X]])
// CHECK-NOT: (%[[X]])
// CHECK: , %[[KEPT:.*]] = seq.scan over(%[[COPY]])
// CHECK-NOT: {{copy.*}}(%[[X]])
// CHECK: seq.scan over(%[[COPY]])
// CHECK-NOT: halide.apply @copy
// CHECK: seq.scan over(%[[KEPT]])
// CHECK: seq.return
seq.model @m(%x: tensor<?x7x5xf32>) -> (tensor<?x5xf32>, tensor<?x5xf32>, tensor<?x5xf32>) {
  %zero = seq.constant dense<0.0> : tensor<5xf32>
  %s0 = seq.broadcast_rows %zero like %x : (tensor<5xf32>, tensor<?x7x5xf32>) -> tensor<?x5xf32>
  %0:2 = seq.scan over(%x) from(%s0) steps 7 : (tensor<?x7x5xf32>, tensor<?x5xf32>) -> (tensor<?x5xf32>, tensor<?x7x5xf32>) {
  ^bb0(%xt: tensor<?x5xf32>, %h: tensor<?x5xf32>):
    %a = seq.add %xt, %h : tensor<?x5xf32>
    %b = seq.tanh %a : tensor<?x5xf32>
    seq.next states(%b : tensor<?x5xf32>) keep(%b : tensor<?x5xf32>)
  }
  %s1 = seq.broadcast_rows %zero like %x : (tensor<5xf32>, tensor<?x7x5xf32>) -> tensor<?x5xf32>
  %1 = seq.scan over(%x) from(%s1) steps 7 : (tensor<?x7x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32> {
  ^bb0(%xt: tensor<?x5xf32>, %h: tensor<?x5xf32>):
    %a = seq.mul %xt, %h : tensor<?x5xf32>
    %b = seq.sigmoid %a : tensor<?x5xf32>
    seq.next states(%b : tensor<?x5xf32>) keep()
  }
  %s2 = seq.broadcast_rows %zero like %x : (tensor<5xf32>, tensor<?x7x5xf32>) -> tensor<?x5xf32>
  %2 = seq.scan over(%0#1) from(%s2) steps 7 : (tensor<?x7x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32> {
  ^bb0(%xt: tensor<?x5xf32>, %h: tensor<?x5xf32>):
    %a = seq.sub %xt, %h : tensor<?x5xf32>
    %b = seq.tanh %a : tensor<?x5xf32>
    seq.next states(%b : tensor<?x5xf32>) keep()
  }
  seq.return %0#0, %1, %2 : tensor<?x5xf32>, tensor<?x5xf32>, tensor<?x5xf32>
}

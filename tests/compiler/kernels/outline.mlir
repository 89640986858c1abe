// RUN: weft-opt %s --outline-kernels=target=x86-64-v3 | FileCheck %s

// A cell is cut at its matmul: what both gates read is one loop over k for the
// two of them, and the equations behind it are in the same kernel. Its weights
// are packed in front of the scan, once a batch.

seq.weight @"cell/kernel" : tensor<5x18xf32> = [#seq.init<zeros>]
seq.weight @"cell/bias" : tensor<18xf32> = [#seq.init<zeros>]

// CHECK: module attributes {weft.row_tile = 8 : i64}
// CHECK-LABEL: seq.model @m
// CHECK: %[[PACKED:.*]] = halide.apply @cell.pack(%kernel) : (tensor<5x18xf32>) -> tensor<1x5x2x16xf32>
// CHECK: seq.scan
// CHECK: %[[H:.*]] = halide.apply @cell.step({{.*}}) : {{.*}} -> tensor<?x9xf32>
// CHECK-NEXT: seq.next states(%[[H]] : tensor<?x9xf32>)
// CHECK-NOT: seq.matmul
seq.model @m(%x: tensor<?x7x5xf32>) -> tensor<?x9xf32> {
  %kernel = seq.read @"cell/kernel" : tensor<5x18xf32>
  %bias = seq.read @"cell/bias" : tensor<18xf32>
  %k:2 = seq.split %kernel : (tensor<5x18xf32>) -> (tensor<5x9xf32>, tensor<5x9xf32>)
  %b:2 = seq.split %bias : (tensor<18xf32>) -> (tensor<9xf32>, tensor<9xf32>)
  %zero = seq.constant dense<0.0> : tensor<9xf32>
  %start = seq.broadcast_rows %zero like %x : (tensor<9xf32>, tensor<?x7x5xf32>) -> tensor<?x9xf32>
  %last = seq.scan over(%x) from(%start) steps 7 : (tensor<?x7x5xf32>, tensor<?x9xf32>) -> tensor<?x9xf32> {
  ^bb0(%xt: tensor<?x5xf32>, %h: tensor<?x9xf32>):
    %0 = seq.matmul %xt, %k#0 : (tensor<?x5xf32>, tensor<5x9xf32>) -> tensor<?x9xf32>
    %1 = seq.matmul %xt, %k#1 : (tensor<?x5xf32>, tensor<5x9xf32>) -> tensor<?x9xf32>
    %2 = seq.add %0, %b#0 : (tensor<?x9xf32>, tensor<9xf32>) -> tensor<?x9xf32>
    %3 = seq.add %1, %b#1 : (tensor<?x9xf32>, tensor<9xf32>) -> tensor<?x9xf32>
    %4 = seq.sigmoid %2 : tensor<?x9xf32>
    %5 = seq.mul %4, %h : tensor<?x9xf32>
    %6 = seq.add %5, %3 : tensor<?x9xf32>
    seq.next states(%6 : tensor<?x9xf32>) keep()
  }
  seq.return %last : tensor<?x9xf32>
}

// The algorithm: one func for the sums of both gates, one for the outputs.
// CHECK-LABEL: halide.kernel @cell.step
// CHECK: halide.func @acc0(%u, %g, %r) : f32
// CHECK: halide.update @acc0(%u, %g, %r) over (%k0) in [#halide.range<"k0", 0, 5>]
// CHECK: halide.func @out(%u, %r) : f32
// CHECK: halide.output @out : [memref<?x9xf32, strided<[16, 1], offset: ?>>]

// The schedule: of 16 registers 8 hold sums, which hides the latency of an FMA.
// CHECK-LABEL: halide.schedule @cell.step
// CHECK-NEXT: halide.split @out "u" into "uo", "ut" by 16 tail round_up
// CHECK-NEXT: halide.split @out "ut" into "up", "ui" by 8 tail round_up
// CHECK-NEXT: halide.split @out "r" into "ro", "ri" by 2 tail round_up
// CHECK: halide.compute_at @acc0 in @out "ro"
// CHECK: halide.split @acc0 update 1 "u" into "up", "ul" by 8
// CHECK: halide.reorder @acc0 update 1 ["ul", "r", "up", "g", "k0"]

// RUN: weft-opt %s --outline-kernels=target=x86-64-v3 | FileCheck %s

// What a gate reads of the input is there before its masked state is. Its sum of products
// waits for the other, so that one kernel adds up both; alone it would go to memory and back.

seq.weight @"cell/kernel" : tensor<5x9xf32> = [#seq.init<zeros>]
seq.weight @"cell/recurrent_kernel" : tensor<9x9xf32> = [#seq.init<zeros>]

// CHECK-LABEL: seq.model @m
// CHECK: seq.scan
// CHECK-NEXT: ^bb0(%[[X:.+]]: tensor<?x5xf32>, %[[H:.+]]: tensor<?x9xf32>):
// CHECK-NEXT: %[[MASKED:.+]] = halide.apply @pointwise{{.*}}(%[[H]], %{{.+}})
// CHECK-NEXT: %[[NEXT:.+]] = halide.apply @cell.step({{.*}}%[[X]],{{.*}}%[[MASKED]])
// CHECK-NEXT: seq.next states(%[[NEXT]] : tensor<?x9xf32>)
// CHECK-LABEL: halide.kernel @cell.step
// CHECK: halide.update @acc0(%u, %g, %r) over (%k0) in [#halide.range<"k0", 0, 5>]
// CHECK: halide.update @acc0(%u, %g, %r) over (%k1) in [#halide.range<"k1", 0, 9>]
seq.model @m(%x: tensor<?x7x5xf32>, %mask: tensor<?x9xf32>) -> tensor<?x9xf32> {
  %kernel = seq.read @"cell/kernel" : tensor<5x9xf32>
  %recurrent = seq.read @"cell/recurrent_kernel" : tensor<9x9xf32>
  %zero = seq.constant dense<0.0> : tensor<9xf32>
  %start = seq.broadcast_rows %zero like %x : (tensor<9xf32>, tensor<?x7x5xf32>) -> tensor<?x9xf32>
  %last = seq.scan over(%x) from(%start) steps 7 : (tensor<?x7x5xf32>, tensor<?x9xf32>) -> tensor<?x9xf32> {
  ^bb0(%xt: tensor<?x5xf32>, %h: tensor<?x9xf32>):
    %0 = seq.matmul %xt, %kernel : (tensor<?x5xf32>, tensor<5x9xf32>) -> tensor<?x9xf32>
    %1 = seq.mul %h, %mask : tensor<?x9xf32>
    %2 = seq.matmul %1, %recurrent : (tensor<?x9xf32>, tensor<9x9xf32>) -> tensor<?x9xf32>
    %3 = seq.add %0, %2 : tensor<?x9xf32>
    %4 = seq.tanh %3 : tensor<?x9xf32>
    seq.next states(%4 : tensor<?x9xf32>) keep()
  }
  seq.return %last : tensor<?x9xf32>
}

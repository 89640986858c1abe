// RUN: weft-opt %s --outline-kernels=target=x86-64-v3 | FileCheck %s

// What is computed for active rows alone becomes kernels that leave their steps open, told
// of the counts; one count serves all that say the same. Operations that are for
// other rows are in another kernel.

seq.weight @table : tensor<9x16xf32> = [#seq.init<uniform, -0.05, 0.05>]

// CHECK-LABEL: seq.model @m
// CHECK: %[[WIDE:.+]] = halide.apply @active(%starts)
// CHECK: %[[LESS:.+]] = halide.apply @active.1(%starts)
// CHECK-NOT: @active
// CHECK: %[[E:.+]] = halide.apply @pointwise(%x, %table) active(%[[WIDE]]) : (tensor<?x8xi32>, tensor<9x16xf32>, tensor<8xi32>) -> tensor<?x8x16xf32>
// CHECK: %[[N:.+]] = halide.apply @pointwise.2(%[[E]]) active(%[[WIDE]]) : (tensor<?x8x16xf32>, tensor<8xi32>) -> tensor<?x8x16xf32>
// CHECK: halide.apply @pointwise.3(%[[N]]) active(%[[LESS]]) : (tensor<?x8x16xf32>, tensor<8xi32>) -> tensor<?x8x16xf32>
// CHECK: seq.scan
seq.model @m(%x: tensor<?x8xi32> {seq.name = "x", seq.vocabulary = 9 : i64},
             %starts: tensor<?x1xi32> {seq.name = "starts", weft.field = "starts"}) -> (tensor<?x16xf32> {seq.name = "y"}) {
  %table = seq.read @table : tensor<9x16xf32>
  %zero = seq.constant dense<0.0> : tensor<16xf32>
  %less = seq.active_rows %starts {add = 0 : i64, divide = 1 : i64} : (tensor<?x1xi32>) -> tensor<8xi32>
  %e = seq.gather %table, %x {seq.active = #seq.active<add = -1, divide = 1>} : (tensor<9x16xf32>, tensor<?x8xi32>) -> tensor<?x8x16xf32>
  %p = seq.max_pool1d %e {pool = 3 : i64, strides = 1 : i64, padding = #seq.padding<same>, seq.active = #seq.active<add = -1, divide = 1>}
      : (tensor<?x8x16xf32>) -> tensor<?x8x16xf32>
  %n = seq.negate %p {seq.active = #seq.active<add = -1, divide = 1>} : tensor<?x8x16xf32>
  %t = seq.tanh %n {seq.active = #seq.active<add = 0, divide = 1>} : tensor<?x8x16xf32>
  %h0 = seq.broadcast_rows %zero like %x : (tensor<16xf32>, tensor<?x8xi32>) -> tensor<?x16xf32>
  %last = seq.scan over(%t) from(%h0) steps 8 active(%less : tensor<8xi32>) : (tensor<?x8x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32> {
  ^bb0(%xt: tensor<?x16xf32>, %s: tensor<?x16xf32>):
    %a = seq.add %xt, %s : tensor<?x16xf32>
    seq.next states(%a : tensor<?x16xf32>) keep()
  }
  seq.return %last : tensor<?x16xf32>
}

// CHECK-LABEL: halide.kernel @pointwise {
// CHECK: halide.output @out : [memref<?x?x16xf32, strided<[?, 16, 1], offset: ?>>]

// RUN: weft-opt %s --plan-program --cse --canonicalize --split-input-file | FileCheck %s

// For active rows alone, a kernel is called for a block of steps and as many rows as the
// last of them has; the block begins where it stands in the whole. What it reads is whole.

#steps = strided<[?, 16, 1], offset: ?>
module attributes {weft.row_tile = 8 : i64} {
  halide.kernel @count {
    halide.input @starts : memref<?x1xi32>
    halide.func @y(%u) : i32 {
      %0 = arith.constant 1 : i32
      halide.yield %0 : i32
    }
    halide.output @y : [memref<20xi32>]
  }
  halide.kernel @input {
    halide.input @x : memref<?x20x4xf32>
    halide.func @y(%u, %r, %t) : f32 {
      %0 = halide.at @x[%u, %t, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<20x?x4xf32, #steps>]
  }
  halide.kernel @negate {
    halide.input @x : memref<20x?x4xf32, #steps>
    halide.func @y(%u, %r, %t) : f32 {
      %0 = halide.at @x[%u, %r, %t] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x?x4xf32, #steps>]
  }
  halide.kernel @output {
    halide.input @x : memref<20x?x4xf32, #steps>
    halide.func @y(%u, %r, %t) : f32 {
      %0 = halide.at @x[%u, %r, %t] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x20x4xf32>]
  }
  // CHECK-LABEL: func.func @predict.slice(
  // CHECK: halide.call @count(%{{.*}}, %[[COUNTS:.*]]) :
  // CHECK: halide.call @input(%{{.*}}, %[[X:.*]]) :
  // CHECK: scf.for %[[FROM:.*]] = %c0 to %c20 step %c8 {
  // CHECK: %[[LEFT:.*]] = arith.subi %c20, %[[FROM]]
  // CHECK: %[[STEPS:.*]] = arith.minui %[[LEFT]], %c8
  // CHECK: %[[END:.*]] = arith.addi %[[FROM]], %[[STEPS]]
  // CHECK: %[[LAST:.*]] = arith.subi %[[END]], %c1
  // CHECK: %[[COUNT:.*]] = memref.load %[[COUNTS]][%[[LAST]]] : memref<20xi32
  // CHECK: %[[ROWS:.*]] = arith.index_cast %[[COUNT]] : i32 to index
  // CHECK: %[[BLOCK:.*]] = memref.reinterpret_cast %{{.*}} sizes: [%[[STEPS]], %[[ROWS]], 4]
  // CHECK: halide.call @negate(%[[X]], %[[BLOCK]]) from %[[FROM]]
  // CHECK: halide.call @output(
  // CHECK-NOT: from
  seq.model @m(%x: tensor<?x20x4xf32> {seq.name = "x"}, %starts: tensor<?x1xi32> {seq.name = "starts", weft.field = "starts"})
      -> (tensor<?x20x4xf32> {seq.name = "y"}) {
    %active = halide.apply @count(%starts) : (tensor<?x1xi32>) -> tensor<20xi32>
    %in = halide.apply @input(%x) : (tensor<?x20x4xf32>) -> tensor<?x20x4xf32>
    %y = halide.apply @negate(%in) active(%active) : (tensor<?x20x4xf32>, tensor<20xi32>) -> tensor<?x20x4xf32>
    %out = halide.apply @output(%y) : (tensor<?x20x4xf32>) -> tensor<?x20x4xf32>
    seq.return %out : tensor<?x20x4xf32>
  }
}

// RUN: weft-opt %s --outline-kernels=target=x86-64-v3 | FileCheck %s

// Columns are worked off in whole vectors: the 31st and the 10th are followed by some
// that are thrown away. What they would read is no step of the sequence, and might be
// no memory of the program, so the step is bounded.

// CHECK-LABEL: halide.kernel @pointwise.1 {
// CHECK: halide.input @in0 : memref<31x?x1xf32
// CHECK: %[[LAST:.*]] = arith.constant 30 : index
// CHECK: %[[STEP:.*]] = arith.minsi %{{.*}}, %[[LAST]] : index
// CHECK: halide.at @in0[%{{.*}}, %r, %[[STEP]]] : f32
// CHECK: halide.vectorize @out
seq.model @steps(%x: tensor<?x31x1xf32>) -> tensor<?x31xf32> {
  %1 = seq.reverse %x : tensor<?x31x1xf32>
  %2 = seq.reshape %1 : (tensor<?x31x1xf32>) -> tensor<?x31xf32>
  %3 = seq.sigmoid %2 : tensor<?x31xf32>
  seq.return %3 : tensor<?x31xf32>
}

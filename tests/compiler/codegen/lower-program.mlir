// RUN: weft-opt %s --lower-program --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// What never changes of a buffer is stored in the entry block; the host pointer
// where the view is made: outside of the loop where the view is.

// CHECK: llvm.func @weft_copy(!llvm.ptr, f32, !llvm.ptr) -> i32
// CHECK-NOT: halide.
module {
  halide.kernel @copy {
    halide.input @x : memref<?x4xf32>
    halide.scalar @s : f32
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @x[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  // CHECK-LABEL: llvm.func @weft.predict.slice(%arg0: !llvm.ptr)
  // CHECK: llvm.call_intrinsic "llvm.x86.sse.stmxcsr"
  // CHECK: llvm.call_intrinsic "llvm.x86.sse.ldmxcsr"
  // CHECK: call @predict.slice
  // CHECK: llvm.call_intrinsic "llvm.x86.sse.ldmxcsr"
  // CHECK-NEXT: llvm.return

  // CHECK-LABEL: func.func @predict.slice
  // CHECK: llvm.alloca %{{.*}} x !llvm.struct<(i64, ptr, ptr, i64, struct<(i8, i8, i16)>, i32, ptr, ptr)>
  // CHECK: scf.for
  // CHECK-COUNT-1: llvm.call @weft_copy(%{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, f32, !llvm.ptr) -> i32
  // CHECK-NOT: llvm.store
  // CHECK: return
  func.func @predict.slice(%rows: index {weft.field = "rows"}, %x: memref<?x4xf32> {weft.field = "inputs"},
                           %y: memref<?x4xf32> {weft.field = "outputs"}) {
    %s = arith.constant 2.0 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %rows step %c1 {
      halide.call @copy(%x, %s, %y) : memref<?x4xf32>, f32, memref<?x4xf32>
    }
    return
  }
}

// -----

module {
  // expected-error @+1 {{argument 0 must say in `weft.field` which member of WeftCall it is}}
  func.func @predict.slice(%rows: index {weft.field = "lines"}) {
    return
  }
}

// -----

module {
  // expected-error @+1 {{argument 0 is a 'index', but inputs of the call is a pointer}}
  func.func @predict.slice(%rows: index {weft.field = "inputs"}) {
    return
  }
}

// -----

// An edited program is held to what its kernels declare.

module {
  halide.kernel @copy {
    halide.input @x : memref<?x4xf32>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @x[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  func.func @helper(%x: memref<?x4xf32>, %y: memref<?x4xf32, strided<[16, 1]>>) {
    // expected-error @+1 {{gives @copy a 'memref<?x4xf32, strided<[16, 1]>>' as argument 1, where it declares a 'memref<?x4xf32>'}}
    halide.call @copy(%x, %y) : memref<?x4xf32>, memref<?x4xf32, strided<[16, 1]>>
    return
  }
}

// -----

module {
  func.func @helper(%x: memref<?x4xf32>) {
    // expected-error @+1 {{uses @absent, which is no kernel of this module}}
    halide.call @absent(%x) : memref<?x4xf32>
    return
  }
}

// -----

// Where steps are open, the call says at which the buffer begins.
// CHECK-LABEL: func.func @predict.slice
// CHECK: scf.for %[[FROM:.*]] = %c0 to %c20 step %c8
// CHECK: %[[MIN:.*]] = arith.index_cast %[[FROM]] : index to i32
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %{{.*}}[0, 2, 0]
// CHECK: llvm.store %[[MIN]], %[[PLACE]]
// CHECK: llvm.call @weft_ones
module {
  halide.kernel @ones {
    halide.func @y(%u, %r, %t) : f32 {
      %0 = arith.constant 1.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x?x4xf32, strided<[?, 16, 1], offset: ?>>]
  }
  func.func @predict.slice(%rows: index {weft.field = "rows"}, %arena: memref<?xf32> {weft.field = "arena"}) {
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    %c20 = arith.constant 20 : index
    %stride = arith.muli %rows, %c8 : index
    scf.for %from = %c0 to %c20 step %c8 {
      %offset = arith.muli %from, %stride : index
      %y = memref.reinterpret_cast %arena to offset: [%offset], sizes: [%c8, %rows, 4], strides: [%stride, 16, 1]
          : memref<?xf32> to memref<?x?x4xf32, strided<[?, 16, 1], offset: ?>>
      halide.call @ones(%y) from %from : memref<?x?x4xf32, strided<[?, 16, 1], offset: ?>>
    }
    return
  }
}

// -----

module {
  halide.kernel @ones {
    halide.func @y(%u, %r, %t) : f32 {
      %0 = arith.constant 1.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<20x?x4xf32, strided<[?, 16, 1], offset: ?>>]
  }
  func.func @predict.slice(%rows: index {weft.field = "rows"}, %y: memref<?x?x4xf32, strided<[?, 16, 1], offset: ?>> {weft.field = "arena"}) {
    // expected-error @+1 {{begins `from` a step, but @ones does not leave its steps open}}
    halide.call @ones(%y) from %rows : memref<?x?x4xf32, strided<[?, 16, 1], offset: ?>>
    return
  }
}

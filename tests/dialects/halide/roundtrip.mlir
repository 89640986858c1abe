// What is printed is read again, and stays as it is.
// RUN: weft-opt %s | FileCheck %s
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt -mlir-print-op-generic %s | weft-opt | FileCheck %s

// CHECK-LABEL: halide.kernel @everything {
halide.kernel @everything {
  // CHECK: halide.input @x : memref<?x32xf32, strided<[32, 1], offset: ?>>
  halide.input @x : memref<?x32xf32, strided<[32, 1], offset: ?>>
  // CHECK: halide.input @ids : memref<?xi32>
  halide.input @ids : memref<?xi32>
  // CHECK: halide.scalar @scale : f32
  halide.scalar @scale : f32
  // CHECK: halide.func @z(%u, %r) : f32, f32 {
  halide.func @z(%u, %r) : f32, f32 {
    // CHECK: %[[S:.*]] = halide.at @scale[] : f32
    %s = halide.at @scale[] : f32
    // CHECK: %[[U:.*]] = halide.undef : f32
    %undef = halide.undef : f32
    // CHECK: halide.yield %[[S]], %[[U]] : f32, f32
    halide.yield %s, %undef : f32, f32
  }
  // CHECK: halide.update @z(%u, %r) over (%k, %n) in [#halide.range<"k", 0, 32>, #halide.range<"n", 2, extent @x 1>] {
  halide.update @z(%u, %r) over (%k, %n) in [#halide.range<"k", 0, 32>, #halide.range<"n", 2, extent @x 1>] {
    // CHECK: %[[C:.*]] = arith.cmpi slt, %k, %n : index
    %c = arith.cmpi slt, %k, %n : index
    // CHECK: halide.where %[[C]]
    halide.where %c
    %0 = halide.at @z[%u, %r] : f32
    // CHECK: halide.at @z[%u, %r] {value = 1 : i64} : f32
    %1 = halide.at @z[%u, %r] {value = 1} : f32
    %2 = halide.at @x[%k, %n] : f32
    %3 = arith.addf %0, %2 : f32
    %raw = halide.at @ids[%r] : i32
    %id = arith.index_cast %raw : i32 to index
    // CHECK: halide.yield %{{.*}}, %{{.*}} at(%u, %{{.*}}) : f32, f32
    halide.yield %3, %1 at (%u, %id) : f32, f32
  }
  // CHECK: halide.output @z : [memref<?x8xf32>, memref<?x8xf32, strided<[16, 1]>>]
  halide.output @z : [memref<?x8xf32>, memref<?x8xf32, strided<[16, 1]>>]
}

// CHECK-LABEL: halide.schedule @everything {
halide.schedule @everything {
  // CHECK-NEXT: halide.specialize @z update 1 for "u" up_to 16 {
  // CHECK-NEXT:   halide.vectorize @z update 1 "u"
  // CHECK-NEXT: }
  halide.specialize @z update 1 for "u" up_to 16 {
    halide.vectorize @z update 1 "u"
  }
  // CHECK-NEXT: halide.cut @z for "u" at 4 {
  // CHECK-NEXT:   halide.specialize @z for "r" up_to 1 {
  // CHECK-NEXT:   }
  // CHECK-NEXT:   halide.vectorize @z "u"
  // CHECK-NEXT: }
  halide.cut @z for "u" at 4 {
    halide.specialize @z for "r" up_to 1 {
    }
    halide.vectorize @z "u"
  }
  // CHECK-NEXT: halide.split @z "u" into "uo", "ui" by 8
  halide.split @z "u" into "uo", "ui" by 8
  // CHECK-NEXT: halide.split @z update 1 "u" into "uo", "ui" by 8 tail round_up
  halide.split @z update 1 "u" into "uo", "ui" by 8 tail round_up
  // CHECK-NEXT: halide.fuse @z "uo", "r" into "f"
  halide.fuse @z "uo", "r" into "f"
  // CHECK-NEXT: halide.reorder @z update 1 ["ui", "r", "k"]
  halide.reorder @z update 1 ["ui", "r", "k"]
  // CHECK-NEXT: halide.vectorize @z "ui"
  halide.vectorize @z "ui"
  // CHECK-NEXT: halide.unroll @z update 1 "k" by 4
  halide.unroll @z update 1 "k" by 4
  // CHECK-NEXT: halide.unroll @z "f"
  halide.unroll @z "f"
  // CHECK-NEXT: halide.atomic @z update 1
  halide.atomic @z update 1
  // CHECK-NEXT: halide.compute_at @w in @z "r" of update 1
  halide.compute_at @w in @z "r" of update 1
  // CHECK-NEXT: halide.compute_root @z
  halide.compute_root @z
  // CHECK-NEXT: halide.store_in @z register
  halide.store_in @z register
  // CHECK-NEXT: halide.bound @z "u", 0, 8
  halide.bound @z "u", 0, 8
  // CHECK-NEXT: halide.bound_extent @z "u", 8
  halide.bound_extent @z "u", 8
  // CHECK-NEXT: halide.align_bounds @z "u", 8
  halide.align_bounds @z "u", 8
}

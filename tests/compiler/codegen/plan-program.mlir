// RUN: weft-opt %s --plan-program --cse --split-input-file | FileCheck %s

// Weights alone: prepared once. The start is written where the state begins; a
// state that nobody keeps alternates between two buffers; the arena is 9 steps
// of 16 columns and those two.

#rows = strided<[16, 1], offset: ?>
module attributes {weft.row_tile = 8 : i64} {
  seq.weight @"cell/w" : tensor<4x4xf32> = [#seq.init<orthogonal, 1.0>]
  halide.kernel @pack {
    halide.input @w : memref<4x4xf32>
    halide.func @y(%u, %v) : f32 {
      %0 = halide.at @w[%u, %v] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<4x4xf32>]
  }
  halide.kernel @input {
    halide.input @x : memref<?x9x4xf32>
    halide.func @y(%u, %r, %t) : f32 {
      %0 = halide.at @x[%u, %t, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<9x?x4xf32, strided<[?, 16, 1], offset: ?>>]
  }
  halide.kernel @zero {
    halide.func @y(%u, %r) : f32 {
      %0 = arith.constant 0.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32, #rows>]
  }
  halide.kernel @cell {
    halide.input @x : memref<?x4xf32, #rows>
    halide.input @h : memref<?x4xf32, #rows>
    halide.input @w : memref<4x4xf32>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @x[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32, #rows>]
  }
  halide.kernel @output {
    halide.input @h : memref<?x4xf32, #rows>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @h[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  // CHECK: module attributes
  // CHECK-SAME: weft.model = "alternating"
  // CHECK-LABEL: func.func @predict.prepare(
  // CHECK-SAME: %[[P:[^ ,:]*]]: memref<16xf32> {weft.field = "parameters"}, %[[S:[^ ,:]*]]: memref<16xf32> {weft.field = "shared"})
  // CHECK: %[[W:[^ ,:]*]] = memref.reinterpret_cast %[[P]] to offset: [0], sizes: [4, 4]
  // CHECK: %[[PACKED:[^ ,:]*]] = memref.reinterpret_cast %[[S]] to offset: [0], sizes: [4, 4]
  // CHECK: halide.call @pack(%[[W]], %[[PACKED]])

  // CHECK-LABEL: func.func @predict.slice(
  // CHECK-SAME: %[[ROWS:[^ ,:]*]]: index {weft.field = "rows"}
  // CHECK-SAME: %[[A:[^ ,:]*]]: memref<?xf32> {weft.field = "arena"}
  // CHECK-SAME: %[[X:[^ ,:]*]]: memref<?x9x4xf32> {weft.field = "inputs", weft.name = "x"}
  // CHECK-SAME: %[[H:[^ ,:]*]]: memref<?x4xf32> {weft.field = "outputs", weft.name = "h"}
  // CHECK-SAME: weft.memory = {fixed = 0 : i64, per_row = 176 : i64, per_row_live = 176 : i64, per_row_separate = 176 : i64}
  // CHECK-NOT: halide.call @pack
  // CHECK: halide.call @input(%[[X]], %[[XS:[^ ,:]*]])
  // CHECK: %[[FIRST:[^ ,:]*]] = memref.reinterpret_cast %[[A]] to offset: [0], sizes: [%[[ROWS]], 4], strides: [16, 1]
  // CHECK: halide.call @zero(%[[FIRST]])
  // CHECK-NOT: memref.copy
  // CHECK: scf.for %[[I:[^ ,:]*]] = %c0 to %c9
  // CHECK: %[[EVEN:[^ ,:]*]] = arith.remui %[[I]], %c2
  // CHECK: arith.muli %[[EVEN]]
  // CHECK: %[[OLD:[^ ,:]*]] = memref.reinterpret_cast %[[A]]
  // CHECK: %[[ODD:[^ ,:]*]] = arith.remui
  // CHECK: arith.muli %[[ODD]]
  // CHECK: %[[NEW:[^ ,:]*]] = memref.reinterpret_cast %[[A]]
  // CHECK: halide.call @cell(%{{.*}}, %[[OLD]], %{{.*}}, %[[NEW]])
  // CHECK: }
  // CHECK: halide.call @output(%{{.*}}, %[[H]])

  // CHECK-LABEL: func.func @predict.arena
  // CHECK: arith.constant 704 : index
  seq.model @alternating(%x: tensor<?x9x4xf32> {seq.name = "x"}) -> (tensor<?x4xf32> {seq.name = "h"}) {
    %w = seq.read @"cell/w" : tensor<4x4xf32>
    %packed = halide.apply @pack(%w) : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %xs = halide.apply @input(%x) : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
    %h0 = halide.apply @zero() : () -> tensor<?x4xf32>
    %last = seq.scan over (%xs) from (%h0) steps 9 : (tensor<?x9x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%xt: tensor<?x4xf32>, %h: tensor<?x4xf32>):
      %h1 = halide.apply @cell(%xt, %h, %packed) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
      seq.next states(%h1 : tensor<?x4xf32>) keep()
    }
    %p = halide.apply @output(%last) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    seq.return %p : tensor<?x4xf32>
  }
}

// -----

// A kept state: a stack of one slot more than there are steps, and no copy. The
// second use of the same start needs one. Two stacks that are not needed at the
// same time share memory. What is returned as a gradient goes to its place, and
// the padding behind it is zero.

#rows = strided<[16, 1], offset: ?>
#steps = strided<[?, 16, 1], offset: ?>
module attributes {weft.row_tile = 8 : i64} {
  seq.weight @"a/bias" : tensor<4xf32> = [#seq.init<zeros>]
  halide.kernel @zero {
    halide.func @y(%u, %r) : f32 {
      %0 = arith.constant 0.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32, #rows>]
  }
  halide.kernel @next {
    halide.input @h : memref<?x4xf32, #rows>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @h[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32, #rows>]
  }
  halide.kernel @last {
    halide.input @h : memref<5x?x4xf32, #steps>
    halide.func @y(%u, %r) : f32 {
      %0 = arith.constant 4 : index
      %1 = halide.at @h[%u, %r, %0] : f32
      halide.yield %1 : f32
    }
    halide.output @y : [memref<?x4xf32, #rows>]
  }
  halide.kernel @loss {
    halide.input @h : memref<?x4xf32, #rows>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @h[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x1xf32>]
  }
  halide.kernel @output {
    halide.input @h : memref<?x4xf32, #rows>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @h[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  halide.kernel @bias {
    halide.input @h : memref<?x4xf32, #rows>
    halide.func @y(%u) : f32 {
      %0 = arith.constant 0.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<4xf32>]
  }
  seq.model @kept(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    seq.return %x : tensor<?x4xf32>
  }
  // CHECK-LABEL: func.func @predict.slice
  // CHECK: memref.copy %{{.*}}, %{{.*}} : memref<?xf32, strided<[1]>> to memref<?xf32, strided<[1]>>
  // CHECK-LABEL: func.func @step.slice
  // CHECK-SAME: %[[G:[^ ,:]*]]: memref<16xf32> {weft.field = "gradients"}
  // CHECK-SAME: weft.memory = {fixed = 0 : i64, per_row = [[#]] : i64
  // CHECK: halide.call @zero
  // CHECK: memref.copy
  // CHECK-NOT: memref.copy
  // CHECK: scf.for
  // CHECK: halide.call @next
  // CHECK: scf.for %[[I:[^ ,:]*]] =
  // CHECK-NEXT: arith.subi %c4, %[[I]]
  // CHECK: halide.call @bias(%{{.*}}, %[[DB:[^ ,:]*]]) : {{.*}}, memref<4xf32>
  // CHECK: scf.for %[[AT:[^ ,:]*]] = %c4{{.*}} to %c16
  // CHECK-NEXT: memref.store %{{.*}}, %[[G]][%[[AT]]]
  seq.step @train(%x: tensor<?x4xf32>, %t: tensor<?x4xf32>, %scale: tensor<?x1xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>, tensor<4xf32>)
      attributes {gradients = [@"a/bias"]} {
    %h0 = halide.apply @zero() : () -> tensor<?x4xf32>
    %h:4 = seq.scan over () from (%h0, %h0) steps 5 : (tensor<?x4xf32>, tensor<?x4xf32>)
        -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x5x4xf32>, tensor<?x5x4xf32>) {
    ^bb0(%a: tensor<?x4xf32>, %b: tensor<?x4xf32>):
      %a1 = halide.apply @next(%a) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      %b1 = halide.apply @next(%b) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      seq.next states(%a1, %b1 : tensor<?x4xf32>, tensor<?x4xf32>) keep(%a, %b1 : tensor<?x4xf32>, tensor<?x4xf32>)
    }
    %from = halide.apply @last(%h#2) : (tensor<?x5x4xf32>) -> tensor<?x4xf32>
    %back = seq.scan over (%h#3) from (%from) steps 5 reverse : (tensor<?x5x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%b: tensor<?x4xf32>, %d: tensor<?x4xf32>):
      %d1 = halide.apply @next(%b) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      seq.next states(%d1 : tensor<?x4xf32>) keep()
    }
    %p = halide.apply @output(%back) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %loss = halide.apply @loss(%back) : (tensor<?x4xf32>) -> tensor<?x1xf32>
    %db = halide.apply @bias(%back) : (tensor<?x4xf32>) -> tensor<4xf32>
    seq.return %p, %loss, %db : tensor<?x4xf32>, tensor<?x1xf32>, tensor<4xf32>
  }
}

// -----

// An optimizer: numbers first, then block by block through scratch.

module {
  seq.weight @"a/bias" : tensor<4xf32> = [#seq.init<zeros>]
  halide.kernel @rate {
    halide.input @step : memref<f32>
    halide.scalar @learning_rate : f32
    halide.func @y() : f32 {
      %0 = halide.at @step[] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<f32>]
  }
  halide.kernel @descend {
    halide.input @w : memref<?xf32>
    halide.input @g : memref<?xf32>
    halide.input @rate : memref<f32>
    halide.func @y(%i) : f32 {
      %0 = halide.at @w[%i] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?xf32>]
  }
  seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    seq.return %x : tensor<?x4xf32>
  }
  // CHECK-LABEL: func.func @update
  // CHECK-SAME: %[[BEGIN:[^ ,:]*]]: index {weft.field = "begin"}, %[[END:[^ ,:]*]]: index {weft.field = "end"}
  // CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<1024xf32>
  // CHECK: %[[RATE:[^ ,:]*]] = memref.load %{{.*}}[] : memref<f32>
  // CHECK: halide.call @rate(%{{.*}}, %[[RATE]], %[[NUMBER:[^ ,:]*]]) : memref<f32>, f32, memref<f32>
  // CHECK: scf.for %[[AT:[^ ,:]*]] = %[[BEGIN]] to %[[END]] step %c1024
  // CHECK: %[[LEFT:[^ ,:]*]] = arith.subi %[[END]], %[[AT]]
  // CHECK: arith.minui %[[LEFT]], %c1024
  // CHECK: halide.call @descend(%[[W:[^ ,:]*]], %{{.*}}, %[[NUMBER]], %[[NEW:[^ ,:]*]]) :
  // CHECK: memref.copy %[[NEW]], %[[W]]
  seq.optimizer @sgd(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
    %r = halide.apply @rate(%step, %rate) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %w1 = halide.apply @descend(%w, %g, %r) : (tensor<?xf32>, tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
    seq.return %w1 : tensor<?xf32>
  }
}

// -----

// A regularizer: what elements cost goes to a vector of its own, the gradient to where it was.

module {
  seq.weight @"a/bias" : tensor<4xf32> = [#seq.init<zeros>] with @l2
  halide.kernel @cost {
    halide.input @w : memref<?xf32>
    halide.input @g : memref<?xf32>
    halide.func @y(%i) : f32, f32 {
      %0 = halide.at @w[%i] : f32
      %1 = halide.at @g[%i] : f32
      halide.yield %0, %1 : f32, f32
    }
    halide.output @y : [memref<?xf32>, memref<?xf32>]
  }
  seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    seq.return %x : tensor<?x4xf32>
  }
  // CHECK-LABEL: func.func @penalty.l2(%arg0: index {weft.field = "begin"}, %arg1: index {weft.field = "end"},
  // CHECK-SAME: %arg2: memref<16xf32> {weft.field = "parameters"}, %arg3: memref<16xf32> {weft.field = "gradients"},
  // CHECK-SAME: %arg4: memref<16xf32> {weft.field = "penalties"})
  // CHECK: scf.for
  // CHECK-DAG: %[[G:.*]] = memref.reinterpret_cast %arg3
  // CHECK-DAG: %[[P:.*]] = memref.reinterpret_cast %arg4
  // CHECK: halide.call @cost(%{{.*}}, %{{.*}}, %[[COST:[^ ,:]*]], %[[SLOPE:[^ ,:]*]]) :
  // CHECK: memref.copy %[[COST]], %[[P]]
  // CHECK: memref.copy %[[SLOPE]], %[[G]]
  seq.regularizer @l2(%w: tensor<?xf32>, %g: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
    %c, %d = halide.apply @cost(%w, %g) : (tensor<?xf32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>)
    seq.return %c, %d : tensor<?xf32>, tensor<?xf32>
  }
}

// -----

// A sum over rows waits for the rows of several steps: these stand one behind the
// other, what a kernel makes is written there, what the scan was given is copied. The
// sum has one buffer, which the kernel adds to where enough rows are there, or no
// room for another step, and behind the last step.

#rows = strided<[16, 1], offset: ?>
module attributes {weft.row_tile = 8 : i64} {
  halide.kernel @input {
    halide.input @x : memref<?x9x4xf32>
    halide.func @y(%u, %r, %t) : f32 {
      %0 = halide.at @x[%u, %t, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<9x?x4xf32, strided<[?, 16, 1], offset: ?>>]
  }
  halide.kernel @zero {
    halide.func @y(%u) : f32 {
      %0 = arith.constant 0.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<4xf32>]
  }
  halide.kernel @square {
    halide.input @x : memref<?x4xf32, #rows>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @x[%u, %r] : f32
      %1 = arith.mulf %0, %0 : f32
      halide.yield %1 : f32
    }
    halide.output @y : [memref<?x4xf32, #rows>]
  }
  halide.kernel @sum accumulates @s {
    halide.input @a : memref<?x4xf32, #rows>
    halide.input @b : memref<?x4xf32, #rows>
    halide.input @s : memref<4xf32>
    halide.func @y(%u) : f32 {
      %0 = halide.undef : f32
      halide.yield %0 : f32
    }
    halide.update @y(%u) over (%r) in [#halide.range<"r", 0, extent @a 1>] {
      %0 = halide.at @y[%u] : f32
      %1 = halide.at @a[%u, %r] : f32
      %2 = halide.at @b[%u, %r] : f32
      %3 = arith.mulf %1, %2 : f32
      %4 = arith.addf %0, %3 : f32
      halide.yield %4 : f32
    }
    halide.output @y : [memref<4xf32>]
  }
  halide.kernel @spread {
    halide.input @s : memref<4xf32>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @s[%u] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  // CHECK: module attributes
  // CHECK-SAME: weft.model = "stacks"
  // CHECK-LABEL: func.func @predict.slice(%arg0: index
  // CHECK: %[[CAPACITY:.+]] = arith.addi %arg0, %c7
  // CHECK: %[[ROOM:.+]] = arith.muli %[[CAPACITY]], %c7
  // CHECK: scf.for %{{.+}} = %c0 to %c9 step %c1 iter_args(%[[STACKED:.+]] = %c0) -> (index)
  // CHECK: %[[AT:.+]] = arith.muli %[[STACKED]], %c16
  // CHECK: %[[BEHIND:.+]] = arith.addi %{{.+}}, %[[AT]]
  // CHECK: %[[Q:.+]] = memref.reinterpret_cast %arg3 to offset: [%[[BEHIND]]], sizes: [%arg0, 4], strides: [16, 1]
  // CHECK: halide.call @square(%{{.+}}, %[[Q]])
  // CHECK: %[[LAST:.+]] = arith.cmpi eq
  // CHECK: memref.copy
  // CHECK: %[[ROWS:.+]] = arith.addi %[[STACKED]], %arg0
  // CHECK: %[[ENOUGH:.+]] = arith.cmpi uge, %[[ROWS]], %c96
  // CHECK: %[[FULL:.+]] = arith.cmpi uge, %[[ROWS]], %[[ROOM]]
  // CHECK: scf.if
  // CHECK: %[[SUM:.+]] = memref.reinterpret_cast %arg3 to offset: [0], sizes: [4]
  // CHECK: halide.call @sum(%{{.+}}, %{{.+}}, %[[SUM]], %[[SUM]])
  // CHECK: %[[LEFT:.+]] = arith.select %{{.+}}, %c0, %[[ROWS]]
  // CHECK: scf.yield %[[LEFT]]
  seq.model @stacks(%x: tensor<?x9x4xf32>) -> tensor<?x4xf32> {
    %a = halide.apply @input(%x) : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
    %z = halide.apply @zero() : () -> tensor<4xf32>
    %last = seq.scan over(%a) from(%z) steps 9 : (tensor<?x9x4xf32>, tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%xt: tensor<?x4xf32>, %s: tensor<4xf32>):
      %q = halide.apply @square(%xt) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      %n = halide.apply @sum(%q, %xt, %s) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      seq.next states(%n : tensor<4xf32>) keep()
    }
    %y = halide.apply @spread(%last) : (tensor<4xf32>) -> tensor<?x4xf32>
    seq.return %y : tensor<?x4xf32>
  }
}

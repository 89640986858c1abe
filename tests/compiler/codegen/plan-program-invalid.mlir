// RUN: weft-opt %s --plan-program --split-input-file --verify-diagnostics

module {
  seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    // expected-error @+1 {{must be part of a kernel before buffers are planned}}
    %y = seq.tanh %x : tensor<?x4xf32>
    seq.return %y : tensor<?x4xf32>
  }
}

// -----

module {
  halide.kernel @copy {
    halide.input @x : memref<?x4xf32, strided<[16, 1], offset: ?>>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @x[%u, %r] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    // expected-error @+1 {{operand 0 is laid out as 'memref<?x4xf32, strided<[4, 1], offset: ?>>', but @copy reads 'memref<?x4xf32, strided<[16, 1], offset: ?>>'}}
    %y = halide.apply @copy(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    seq.return %y : tensor<?x4xf32>
  }
}

// -----

module attributes {weft.row_tile = 0 : i64} { // expected-error {{weft.row_tile must be at least 1}}
  seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    seq.return %x : tensor<?x4xf32>
  }
}

// -----

module {
  seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    seq.return %x : tensor<?x4xf32>
  }
  // expected-error @+1 {{is the second model of a module: a program has one}}
  seq.model @n(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    seq.return %x : tensor<?x4xf32>
  }
}

// -----

module {
  halide.kernel @sum accumulates @s {
    halide.input @s : memref<4xf32>
    halide.input @x : memref<?x4xf32>
    halide.func @y(%u) : f32 {
      %0 = halide.undef : f32
      halide.yield %0 : f32
    }
    halide.update @y(%u) over (%r) in [#halide.range<"r", 0, extent @x 1>] {
      %0 = halide.at @y[%u] : f32
      %1 = halide.at @x[%u, %r] : f32
      %2 = arith.addf %0, %1 : f32
      halide.yield %2 : f32
    }
    halide.output @y : [memref<4xf32>]
  }
  seq.weight @w : tensor<4xf32> = [#seq.init<zeros>]
  halide.kernel @spread {
    halide.input @s : memref<4xf32>
    halide.func @y(%u, %r) : f32 {
      %0 = halide.at @s[%u] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32>]
  }
  seq.model @m(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %w = seq.read @w : tensor<4xf32>
    // expected-error @+1 {{adds to operand 0 in place: that has to be a state of a scan that nothing else uses}}
    %s = halide.apply @sum(%w, %x) : (tensor<4xf32>, tensor<?x4xf32>) -> tensor<4xf32>
    %y = halide.apply @spread(%s) : (tensor<4xf32>) -> tensor<?x4xf32>
    seq.return %y : tensor<?x4xf32>
  }
}

// -----

module {
  halide.kernel @count {
    halide.input @starts : memref<?x1xi32>
    halide.func @y(%u) : i32 {
      %0 = arith.constant 1 : i32
      halide.yield %0 : i32
    }
    halide.output @y : [memref<9xi32>]
  }
  halide.kernel @copy {
    halide.input @x : memref<9x?x4xf32, strided<[?, 16, 1], offset: ?>>
    halide.func @y(%u, %r, %t) : f32 {
      %0 = halide.at @x[%u, %r, %t] : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<9x?x4xf32, strided<[?, 16, 1], offset: ?>>]
  }
  seq.model @m(%x: tensor<?x9x4xf32>, %starts: tensor<?x1xi32>) -> tensor<?x9x4xf32> {
    %active = halide.apply @count(%starts) : (tensor<?x1xi32>) -> tensor<9xi32>
    // expected-error @+1 {{is for active rows, but @copy does not leave its steps open}}
    %y = halide.apply @copy(%x) active(%active) : (tensor<?x9x4xf32>, tensor<9xi32>) -> tensor<?x9x4xf32>
    seq.return %y : tensor<?x9x4xf32>
  }
}

// -----

module {
  halide.kernel @ones {
    halide.func @y(%u, %r, %t) : f32 {
      %0 = arith.constant 1.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x?x4xf32, strided<[?, 16, 1], offset: ?>>]
  }
  seq.model @m(%x: tensor<?x9x4xf32>) -> tensor<?x9x4xf32> {
    // expected-error @+1 {{is for all rows, but @ones leaves its steps open}}
    %y = halide.apply @ones() : () -> tensor<?x9x4xf32>
    seq.return %y : tensor<?x9x4xf32>
  }
}

// -----

module {
  halide.kernel @ones {
    halide.func @y(%u, %r) : f32 {
      %0 = arith.constant 1.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<?x4xf32, strided<[16, 1], offset: ?>>]
  }
  seq.model @m(%x: tensor<?x9xi32>) -> tensor<?x9xi32> {
    // expected-error @+1 {{expected the last of a vector of i32 to count its rows, got 'tensor<?x9xi32>'}}
    %y = halide.apply @ones() rows(%x) : (tensor<?x9xi32>) -> tensor<9x4xf32>
    seq.return %x : tensor<?x9xi32>
  }
}

// -----

module {
  halide.kernel @ones {
    halide.func @y(%u, %v) : f32 {
      %0 = arith.constant 1.0 : f32
      halide.yield %0 : f32
    }
    halide.output @y : [memref<9x4xf32>]
  }
  halide.kernel @none {
    halide.func @y(%u) : i32 {
      %0 = arith.constant 0 : i32
      halide.yield %0 : i32
    }
    halide.output @y : [memref<10xi32>]
  }
  seq.model @m(%x: tensor<?x9xi32>) -> tensor<?x9xi32> {
    %count = halide.apply @none() : () -> tensor<10xi32>
    // expected-error @+1 {{expected tables of counted rows from @ones}}
    %y = halide.apply @ones() rows(%count) : (tensor<10xi32>) -> tensor<9x4xf32>
    seq.return %x : tensor<?x9xi32>
  }
}

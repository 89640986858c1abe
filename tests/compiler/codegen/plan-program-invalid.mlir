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

// What a kernel must not be.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{has no halide.output}}
halide.kernel @no_output {
  halide.input @x : memref<8xf32>
}

// -----

halide.kernel @element {
  // expected-error @below {{cannot hold 'index': expected f32, f64 or integers of 1 to 64 bits}}
  halide.input @x : memref<8xindex>
}

// -----

halide.kernel @layout {
  // expected-error @below {{needs a layout of strides}}
  halide.input @x : memref<8x8xf32, affine_map<(i, j) -> (i mod 2, j)>>
}

// -----

halide.kernel @unknown {
  halide.func @y(%i) : f32 {
    // expected-error @below {{reads @x, which is not defined before this}}
    %0 = halide.at @x[%i] : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @own {
  halide.func @y(%i) : f32 {
    // expected-error @below {{reads @y in its own pure definition; that is what updates are for}}
    %0 = halide.at @y[%i] : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @rank {
  halide.input @x : memref<8x8xf32>
  halide.func @y(%i) : f32 {
    // expected-error @below {{@x has 2 coordinates; got 1}}
    %0 = halide.at @x[%i] : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @value {
  halide.input @x : memref<8xf32>
  halide.func @y(%i) : f32 {
    // expected-error @below {{@x has 1 values; value 1 is not one of them}}
    %0 = halide.at @x[%i] {value = 1} : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @type {
  halide.input @x : memref<8xi32>
  halide.func @y(%i) : f32 {
    // expected-error @below {{@x is 'i32'; got 'f32'}}
    %0 = halide.at @x[%i] : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @yield {
  halide.input @x : memref<8xi32>
  halide.func @y(%i) : f32 {
    %0 = halide.at @x[%i] : i32
    // expected-error @below {{gives ('i32'); the func has ('f32')}}
    halide.yield %0 : i32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @placed {
  halide.input @x : memref<8xf32>
  halide.func @y(%i) : f32 {
    %0 = halide.at @x[%i] : f32
    // expected-error @below {{of a func defines every coordinate; `at` is for updates}}
    halide.yield %0 at (%i) : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @ranges {
  halide.func @y(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  // expected-error @below {{has two variables "i"}}
  halide.update @y(%i) over (%k) in [#halide.range<"i", 0, 4>] {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @extent {
  halide.func @y(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  // expected-error @below {{range "k" has extent 0; expected at least 1}}
  halide.update @y(%i) over (%k) in [#halide.range<"k", 0, 0>] {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @dimension {
  halide.input @x : memref<?xf32>
  halide.func @y(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  // expected-error @below {{range "k": @x has no dimension 1}}
  halide.update @y(%i) over (%k) in [#halide.range<"k", 0, extent @x 1>] {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @named {
  halide.func @y(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  // expected-error @below {{names the variables of @y as the func does: (i)}}
  halide.update @y(%j) over (%k) in [#halide.range<"k", 0, 4>] {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @late {
  halide.func @z(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.func @y(%i) : f32 {
    %0 = halide.at @z[%i] : f32
    halide.yield %0 : f32
  }
  // expected-error @below {{updates @z after another func has read it}}
  halide.update @z(%i) over (%k) in [#halide.range<"k", 0, 4>] {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @updated {
  // expected-error @below {{updates @z, which is no func defined before this}}
  halide.update @z(%i) over (%k) in [#halide.range<"k", 0, 4>] {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @z : [memref<8xf32>]
}

// -----

halide.kernel @scattered {
  halide.func @y(%i, %j) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.update @y(%i, %j) over (%k) in [#halide.range<"k", 0, 4>] {
    %0 = halide.undef : f32
    // expected-error @below {{@y has 2 coordinates; got 1}}
    halide.yield %0 at (%k) : f32
  }
  halide.output @y : [memref<8x8xf32>]
}

// -----

halide.kernel @buffers {
  halide.func @y(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  // expected-error @below {{@y has 1 values; got 2 buffers}}
  halide.output @y : [memref<8xf32>, memref<8xf32>]
}

// -----

halide.kernel @shapes {
  halide.func @y(%i) : f32, f32 {
    %0 = halide.undef : f32
    halide.yield %0, %0 : f32, f32
  }
  // expected-error @below {{writes buffers of one shape; got 'memref<8xf32>' and 'memref<9xf32>'}}
  halide.output @y : [memref<8xf32>, memref<9xf32>]
}

// -----

halide.kernel @behind {
  halide.func @y(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
  // expected-error @below {{stands behind the kernel's output}}
  halide.input @x : memref<8xf32>
}

// -----

// expected-error @below {{accumulates @x, which is no input of the type of its one output}}
halide.kernel @sum accumulates @x {
  halide.input @x : memref<?x8xf32, strided<[16, 1], offset: ?>>
  halide.func @y(%i) : f32 {
    %0 = halide.undef : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<8xf32>]
}

// -----

halide.kernel @copy {
  halide.input @x : memref<?x8xf32>
  halide.func @y(%u, %r) : f32 {
    %0 = halide.at @x[%u, %r] : f32
    halide.yield %0 : f32
  }
  halide.output @y : [memref<?x8xf32>]
}
func.func private @rows(%x: tensor<?x8xf32>) {
  // expected-error @below {{has 2 operands and 1 results, but @copy takes 1 and makes 1}}
  %0 = halide.apply @copy(%x, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func private @rows(%x: tensor<?x8xf32>) {
  // expected-error @below {{uses @absent, which is no kernel of this module}}
  %0 = halide.apply @absent(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

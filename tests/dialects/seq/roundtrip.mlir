// What is printed is read again, and stays as it is.
// RUN: weft-opt %s | FileCheck %s
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt -mlir-print-op-generic %s | weft-opt | FileCheck %s

// CHECK: seq.weight @"embedding/embeddings" : tensor<50x4xf32> = [#seq.init<uniform, -5.000000e-02 : f64, 5.000000e-02 : f64>]
seq.weight @"embedding/embeddings" : tensor<50x4xf32> = [#seq.init<uniform, -0.05, 0.05>]
// CHECK: seq.weight @"rnn/kernel" : tensor<8x8xf32> = [#seq.init<orthogonal>, #seq.init<identity, 5.000000e-01 : f64>]
seq.weight @"rnn/kernel" : tensor<8x8xf32> = [#seq.init<orthogonal>, #seq.init<identity, 0.5>]
seq.weight @"rnn/recurrent_kernel" : tensor<8x8xf32> = [#seq.init<orthogonal>]
seq.weight @"conv1d/kernel" : tensor<3x4x8xf32> = [#seq.init<glorot_uniform>]
seq.weight @"conv1d/bias" : tensor<8xf32> = [#seq.init<zeros>]
seq.weight @"dense/kernel" : tensor<8x1xf32> = [#seq.init<glorot_uniform>]

// CHECK: seq.cell @rnn(%x: tensor<?x8xf32> {seq.name = "x"}, %h: tensor<?x8xf32> {seq.name = "h"}, %[[K:.*]]: tensor<8x8xf32>, %[[R:.*]]: tensor<8x8xf32>)
// CHECK-SAME: -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {states = 1 : i64}
seq.cell @rnn(%x: tensor<?x8xf32> {seq.name = "x"}, %h: tensor<?x8xf32> {seq.name = "h"},
              %k: tensor<8x8xf32>, %r: tensor<8x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    attributes {states = 1 : i64} {
  // CHECK: %[[A:.*]] = seq.matmul %x, %[[K]] : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %a = seq.matmul %x, %k : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // CHECK: %[[B:.*]] = seq.matmul %h, %[[R]] {transpose_b}
  %b = seq.matmul %h, %r {transpose_b} : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // One type where all are the same.
  // CHECK: seq.add %[[A]], %[[B]] : tensor<?x8xf32>
  %s = seq.add %a, %b : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: seq.tanh %{{.*}} : tensor<?x8xf32>
  %t = seq.tanh %s : tensor<?x8xf32>
  // CHECK: seq.return %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?x8xf32>
  seq.return %t, %t : tensor<?x8xf32>, tensor<?x8xf32>
}

// CHECK: seq.model @model(%words: tensor<?x9xi32> {seq.name = "words", seq.vocabulary = 50 : i64}) -> (tensor<?x1xf32> {seq.name = "positive"})
seq.model @model(%words: tensor<?x9xi32> {seq.name = "words", seq.vocabulary = 50 : i64})
    -> (tensor<?x1xf32> {seq.name = "positive"}) {
  // CHECK: %embeddings = seq.read @"embedding/embeddings" : tensor<50x4xf32>
  %table = seq.read @"embedding/embeddings" : tensor<50x4xf32>
  // CHECK: seq.embedding %words, %embeddings : (tensor<?x9xi32>, tensor<50x4xf32>) -> tensor<?x9x4xf32>
  %e = seq.embedding %words, %table : (tensor<?x9xi32>, tensor<50x4xf32>) -> tensor<?x9x4xf32>
  %ck = seq.read @"conv1d/kernel" : tensor<3x4x8xf32>
  %cb = seq.read @"conv1d/bias" : tensor<8xf32>
  // CHECK: seq.conv1d %{{.*}}, %kernel, %bias {dilation = 2 : i64, padding = #seq.padding<same>, strides = 2 : i64}
  %c = seq.conv1d %e, %ck, %cb {padding = #seq.padding<same>, strides = 2 : i64, dilation = 2 : i64}
      : (tensor<?x9x4xf32>, tensor<3x4x8xf32>, tensor<8xf32>) -> tensor<?x5x8xf32>
  // CHECK: seq.max_pool1d %{{.*}} {pool = 2 : i64, strides = 2 : i64} : (tensor<?x5x8xf32>) -> tensor<?x2x8xf32>
  %p = seq.max_pool1d %c {pool = 2 : i64, strides = 2 : i64} : (tensor<?x5x8xf32>) -> tensor<?x2x8xf32>
  // CHECK: %[[ZERO:.*]] = seq.constant dense<0.000000e+00> : tensor<8xf32>
  %zero = seq.constant dense<0.0> : tensor<8xf32>
  %k = seq.read @"rnn/kernel" : tensor<8x8xf32>
  %r = seq.read @"rnn/recurrent_kernel" : tensor<8x8xf32>
  // CHECK: seq.recurrent @rnn(%{{.*}}) from(%[[ZERO]]) weights(%{{.*}}, %recurrent_kernel) {go_backwards}
  %h = seq.recurrent @rnn(%p) from(%zero) weights(%k, %r) {go_backwards}
      : (tensor<?x2x8xf32>, tensor<8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %dk = seq.read @"dense/kernel" : tensor<8x1xf32>
  // CHECK: seq.dense %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8x1xf32>) -> tensor<?x1xf32>
  %d = seq.dense %h, %dk : (tensor<?x8xf32>, tensor<8x1xf32>) -> tensor<?x1xf32>
  seq.return %d : tensor<?x1xf32>
}

// CHECK: seq.loss @loss(%arg0: tensor<?x3xf32>, %arg1: tensor<?x1xi32>) -> tensor<?x1xf32>
seq.loss @loss(%p: tensor<?x3xf32>, %y: tensor<?x1xi32>) -> tensor<?x1xf32> {
  // CHECK: seq.one_hot %arg1 : (tensor<?x1xi32>) -> tensor<?x3xf32>
  %o = seq.one_hot %y : (tensor<?x1xi32>) -> tensor<?x3xf32>
  // CHECK: seq.reduce <max> %arg0 : (tensor<?x3xf32>) -> tensor<?x1xf32>
  %m = seq.reduce <max> %p : (tensor<?x3xf32>) -> tensor<?x1xf32>
  // Three types where a broadcast changes one.
  // CHECK: seq.sub %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  %s = seq.sub %p, %m : (tensor<?x3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  %t = seq.mul %s, %o : tensor<?x3xf32>
  %l = seq.reduce <sum> %t : (tensor<?x3xf32>) -> tensor<?x1xf32>
  seq.return %l : tensor<?x1xf32>
}

// CHECK: seq.optimizer @sgd(%step: tensor<f32> {seq.name = "step"}
seq.optimizer @sgd(%step: tensor<f32> {seq.name = "step"}, %rate: tensor<f32>, %w: tensor<?xf32>,
                   %g: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK: seq.mul %{{.*}}, %{{.*}} : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  %d = seq.mul %rate, %g : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  %n = seq.sub %w, %d : tensor<?xf32>
  seq.return %n : tensor<?xf32>
}

// CHECK: seq.weight @"dense_1/kernel" : tensor<8x1xf32> = [#seq.init<glorot_uniform>] with @l2
seq.weight @"dense_1/kernel" : tensor<8x1xf32> = [#seq.init<glorot_uniform>] with @l2
// CHECK: seq.regularizer @l2(%weight: tensor<?xf32> {seq.name = "weight"}) -> tensor<?xf32>
seq.regularizer @l2(%weight: tensor<?xf32> {seq.name = "weight"}) -> tensor<?xf32> {
  %square = seq.mul %weight, %weight : tensor<?xf32>
  seq.return %square : tensor<?xf32>
}

// CHECK: seq.training @model loss @loss optimizer @sgd rate 1.000000e-02 {epochs = 3 : i64}
seq.training @model loss @loss optimizer @sgd rate 0.01 {epochs = 3 : i64}

// CHECK: seq.step @train({{.*}}) -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<8x1xf32>) attributes {gradients = [@"dense/kernel"]}
seq.step @train(%x: tensor<?x4x8xf32>, %y: tensor<?x1xf32>, %scale: tensor<?x1xf32>)
    -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<8x1xf32>) attributes {gradients = [@"dense/kernel"]} {
  %zero = seq.constant dense<0.0> : tensor<8xf32>
  // CHECK: %[[H0:.*]] = seq.broadcast_rows %{{.*}} like %arg0 : (tensor<8xf32>, tensor<?x4x8xf32>) -> tensor<?x8xf32>
  %h0 = seq.broadcast_rows %zero like %x : (tensor<8xf32>, tensor<?x4x8xf32>) -> tensor<?x8xf32>
  // CHECK: %last, %kept = seq.scan over(%{{.*}}) from(%[[H0]]) steps 4 : (tensor<?x4x8xf32>, tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x4x8xf32>) {
  // CHECK-NEXT: ^bb0(%x: tensor<?x8xf32>, %s: tensor<?x8xf32>):
  %last, %kept = seq.scan over (%x) from (%h0) steps 4 : (tensor<?x4x8xf32>, tensor<?x8xf32>)
      -> (tensor<?x8xf32>, tensor<?x4x8xf32>) {
  ^bb0(%xt: tensor<?x8xf32>, %h: tensor<?x8xf32>):
    %n = seq.add %xt, %h : tensor<?x8xf32>
    // CHECK: seq.next states(%{{.*}} : tensor<?x8xf32>) keep(%s : tensor<?x8xf32>)
    seq.next states(%n : tensor<?x8xf32>) keep(%h : tensor<?x8xf32>)
  }
  // A scan without states, and one without inputs that runs backwards and keeps nothing.
  // CHECK: seq.scan over(%kept) from() steps 4 : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  %squares = seq.scan over (%kept) from () steps 4 : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  ^bb0(%xt: tensor<?x8xf32>):
    %n = seq.mul %xt, %xt : tensor<?x8xf32>
    // CHECK: seq.next states() keep(%{{.*}} : tensor<?x8xf32>)
    seq.next states() keep(%n : tensor<?x8xf32>)
  }
  // CHECK: seq.scan over() from(%last) steps 2 reverse : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %powers = seq.scan over () from (%last) steps 2 reverse : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%h: tensor<?x8xf32>):
    %n = seq.mul %h, %h : tensor<?x8xf32>
    seq.next states(%n : tensor<?x8xf32>) keep()
  }
  %w = seq.read @"dense/kernel" : tensor<8x1xf32>
  %p = seq.matmul %powers, %w : (tensor<?x8xf32>, tensor<8x1xf32>) -> tensor<?x1xf32>
  %d = seq.sub %p, %y : tensor<?x1xf32>
  %l = seq.mul %d, %d : tensor<?x1xf32>
  // CHECK: seq.contract %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<8x1xf32>
  %ds = seq.mul %d, %scale : tensor<?x1xf32>
  %gs = seq.contract %powers, %ds : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<8x1xf32>
  seq.return %p, %l, %gs : tensor<?x1xf32>, tensor<?x1xf32>, tensor<8x1xf32>
}

// CHECK-LABEL: func.func @primitives
func.func @primitives(%x: tensor<?x6x4xf32>, %ids: tensor<?x6xi32>, %table: tensor<9x4xf32>, %k: tensor<3x4x2xf32>,
                      %y: tensor<?x4x2xf32>) {
  // CHECK: %{{.*}}:2 = seq.split %{{.*}} : (tensor<?x6x4xf32>) -> (tensor<?x6x2xf32>, tensor<?x6x2xf32>)
  %a, %b = seq.split %x : (tensor<?x6x4xf32>) -> (tensor<?x6x2xf32>, tensor<?x6x2xf32>)
  // CHECK: seq.concat %{{.*}}, %{{.*}} : (tensor<?x6x2xf32>, tensor<?x6x4xf32>) -> tensor<?x6x6xf32>
  %c = seq.concat %b, %x : (tensor<?x6x2xf32>, tensor<?x6x4xf32>) -> tensor<?x6x6xf32>
  // CHECK: seq.reshape %{{.*}} : (tensor<?x6x4xf32>) -> tensor<?x24xf32>
  %d = seq.reshape %x : (tensor<?x6x4xf32>) -> tensor<?x24xf32>
  // CHECK: seq.reverse %{{.*}} : tensor<?x6xi32>
  %e = seq.reverse %ids : tensor<?x6xi32>
  // CHECK: seq.select %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x6x2xf32>, tensor<?x6x2xf32>, tensor<?x6x2xf32>) -> tensor<?x6x2xf32>
  %f = seq.select %a, %a, %b : (tensor<?x6x2xf32>, tensor<?x6x2xf32>, tensor<?x6x2xf32>) -> tensor<?x6x2xf32>
  // CHECK: seq.sum_to %{{.*}} : (tensor<?x6x4xf32>) -> tensor<4xf32>
  %g = seq.sum_to %x : (tensor<?x6x4xf32>) -> tensor<4xf32>
  // CHECK: seq.gather %{{.*}}, %{{.*}} : (tensor<9x4xf32>, tensor<?x6xi32>) -> tensor<?x6x4xf32>
  %h = seq.gather %table, %ids : (tensor<9x4xf32>, tensor<?x6xi32>) -> tensor<?x6x4xf32>
  // CHECK: %[[RANKS:.+]] = seq.id_ranks %{{.*}} : (tensor<?x6xi32>) -> tensor<10xi32>
  %ranks = seq.id_ranks %ids : (tensor<?x6xi32>) -> tensor<10xi32>
  // CHECK: seq.ids_of_ranks %[[RANKS]] : (tensor<10xi32>) -> tensor<9xi32>
  %listed = seq.ids_of_ranks %ranks : (tensor<10xi32>) -> tensor<9xi32>
  // CHECK: seq.rank_of %[[RANKS]], %{{.*}} : (tensor<10xi32>, tensor<?x6xi32>) -> tensor<?x6xi32>
  %places = seq.rank_of %ranks, %ids : (tensor<10xi32>, tensor<?x6xi32>) -> tensor<?x6xi32>
  // CHECK: seq.scatter_add %{{.*}}, %{{.*}} : (tensor<?x6x4xf32>, tensor<?x6xi32>) -> tensor<9x4xf32>
  %i = seq.scatter_add %h, %ids : (tensor<?x6x4xf32>, tensor<?x6xi32>) -> tensor<9x4xf32>
  // CHECK: seq.conv1d_input_adjoint %{{.*}}, %{{.*}} {dilation = 1 : i64, padding = #seq.padding<valid>, strides = 1 : i64}
  %j = seq.conv1d_input_adjoint %y, %k {strides = 1 : i64, padding = #seq.padding<valid>, dilation = 1 : i64}
      : (tensor<?x4x2xf32>, tensor<3x4x2xf32>) -> tensor<?x6x4xf32>
  // CHECK: seq.conv1d_kernel_adjoint %{{.*}}, %{{.*}} {dilation = 1 : i64, padding = #seq.padding<valid>, strides = 1 : i64}
  %l = seq.conv1d_kernel_adjoint %x, %y {strides = 1 : i64, padding = #seq.padding<valid>, dilation = 1 : i64}
      : (tensor<?x6x4xf32>, tensor<?x4x2xf32>) -> tensor<3x4x2xf32>
  // CHECK: seq.max_pool1d_adjoint
  %m = seq.max_pool1d %x {pool = 3 : i64, strides = 3 : i64} : (tensor<?x6x4xf32>) -> tensor<?x2x4xf32>
  %n = seq.max_pool1d_adjoint %x, %m, %m {pool = 3 : i64, strides = 3 : i64, padding = #seq.padding<valid>}
      : (tensor<?x6x4xf32>, tensor<?x2x4xf32>, tensor<?x2x4xf32>) -> tensor<?x6x4xf32>
  // CHECK: seq.average_pool1d %{{.*}} {padding = #seq.padding<same>, pool = 4 : i64, strides = 3 : i64}
  %o = seq.average_pool1d %x {pool = 4 : i64, strides = 3 : i64, padding = #seq.padding<same>}
      : (tensor<?x6x4xf32>) -> tensor<?x2x4xf32>
  // CHECK: seq.average_pool1d_adjoint %{{.*}} {padding = #seq.padding<same>, pool = 4 : i64, strides = 3 : i64}
  %p = seq.average_pool1d_adjoint %o {pool = 4 : i64, strides = 3 : i64, padding = #seq.padding<same>}
      : (tensor<?x2x4xf32>) -> tensor<?x6x4xf32>
  return
}

// CHECK-LABEL: seq.model @random
seq.model @random(%w: tensor<?x5xi32>, %x: tensor<?x5x8xf32>, %i: tensor<?xi32>) -> tensor<?x8xf32> {
  %seed = seq.constant dense<[1, 2]> : tensor<2xi32>
  %zero = seq.constant dense<0.0> : tensor<8xf32>
  %k = seq.constant dense<0.5> : tensor<8x8xf32>
  // CHECK: seq.dropout %{{.*}} keys %{{.*}} {layer = 1 : i64, rate = 2.000000e-01 : f64} : (tensor<?x5x8xf32>, tensor<?x5xi32>) -> tensor<?x5x8xf32>
  %d = seq.dropout %x keys %w {rate = 0.2, layer = 1 : i64} : (tensor<?x5x8xf32>, tensor<?x5xi32>) -> tensor<?x5x8xf32>
  // CHECK: seq.nonzero %{{.*}} : (tensor<?x5xi32>) -> tensor<?x5x1xf32>
  %p = seq.nonzero %w : (tensor<?x5xi32>) -> tensor<?x5x1xf32>
  // CHECK: seq.recurrent @rnn(%{{.*}}) from(%{{.*}}) weights(%{{.*}}, %{{.*}}) present(%{{.*}}) {dropout = 2.000000e-01 : f64, layer = 2 : i64, recurrent_dropout = 3.000000e-01 : f64} :
  %h = seq.recurrent @rnn(%d) from(%zero) weights(%k, %k) present(%p) {dropout = 0.2, recurrent_dropout = 0.3, layer = 2 : i64}
      : (tensor<?x5x8xf32>, tensor<8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<?x5x1xf32>) -> tensor<?x8xf32>
  // CHECK: seq.random_mask %{{.*}} seed %{{.*}} step %{{.*}} {layer = 3 : i64, mask = 4 : i64, rate = 5.000000e-01 : f64} : (tensor<?xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x8xf32>
  %m = seq.random_mask %i seed %seed step %seed {rate = 0.5, layer = 3 : i64, mask = 4 : i64} : (tensor<?xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x8xf32>
  %y = seq.mul %h, %m : tensor<?x8xf32>
  seq.return %y : tensor<?x8xf32>
}

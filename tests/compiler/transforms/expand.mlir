// RUN: weft-opt --seq-expand %s | FileCheck %s

seq.cell @rnn(%x: tensor<?x3xf32>, %h: tensor<?x2xf32>, %k: tensor<3x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  %m = seq.matmul %x, %k : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %s = seq.add %m, %h : tensor<?x2xf32>
  %h1 = seq.tanh %s : tensor<?x2xf32>
  seq.return %h1, %h1 : tensor<?x2xf32>, tensor<?x2xf32>
}

// The output is not a state.
seq.cell @other(%x: tensor<?x3xf32>, %h: tensor<?x2xf32>, %k: tensor<3x2xf32>) -> (tensor<?x4xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  %m = seq.matmul %x, %k : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %o = seq.concat %m, %h : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x4xf32>
  seq.return %o, %m : tensor<?x4xf32>, tensor<?x2xf32>
}

// CHECK-NOT: seq.cell

// CHECK-LABEL: seq.model @last
// CHECK: %[[ZERO:.+]] = seq.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK: %[[START:.+]] = seq.broadcast_rows %[[ZERO]] like %x
// CHECK: %[[LAST:.+]] = seq.scan over(%x) from(%[[START]]) steps 5 :
// CHECK: ^bb0(%[[X:.+]]: tensor<?x3xf32>, %[[H:.+]]: tensor<?x2xf32>):
// CHECK: %[[M:.+]] = seq.matmul %[[X]], %{{.+}} :
// CHECK: %[[S:.+]] = seq.add %[[M]], %[[H]]
// CHECK: %[[H1:.+]] = seq.tanh %[[S]]
// CHECK: seq.next states(%[[H1]] : tensor<?x2xf32>) keep()
// CHECK: seq.return %[[LAST]]
seq.model @last(%x: tensor<?x5x3xf32> {seq.name = "x"}) -> (tensor<?x2xf32> {seq.name = "y"}) {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %k = seq.constant dense<0.5> : tensor<3x2xf32>
  %y = seq.recurrent @rnn(%x) from(%zero) weights(%k) : (tensor<?x5x3xf32>, tensor<2xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  seq.return %y : tensor<?x2xf32>
}

// CHECK-LABEL: seq.model @backwards
// CHECK: %{{.+}}, %[[KEPT:.+]] = seq.scan over(%x) from(%{{.+}}) steps 5 reverse
// CHECK: seq.next states(%[[H1:.+]] : tensor<?x2xf32>) keep(%[[H1]] : tensor<?x2xf32>)
// CHECK: %[[MADE:.+]] = seq.reverse %[[KEPT]]
// CHECK: seq.return %[[MADE]]
seq.model @backwards(%x: tensor<?x5x3xf32> {seq.name = "x"}) -> (tensor<?x5x2xf32> {seq.name = "y"}) {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %k = seq.constant dense<0.5> : tensor<3x2xf32>
  %y = seq.recurrent @rnn(%x) from(%zero) weights(%k) {return_sequences, go_backwards} : (tensor<?x5x3xf32>, tensor<2xf32>, tensor<3x2xf32>) -> tensor<?x5x2xf32>
  seq.return %y : tensor<?x5x2xf32>
}

// CHECK-LABEL: seq.model @carried
// CHECK: %[[LAST:.+]]:2 = seq.scan over(%x) from(%{{.+}}, %{{.+}}) steps 5
// CHECK: ^bb0(%{{.+}}: tensor<?x3xf32>, %[[H:.+]]: tensor<?x2xf32>, %{{.+}}: tensor<?x4xf32>):
// CHECK: %[[M:.+]] = seq.matmul
// CHECK: %[[O:.+]] = seq.concat %[[M]], %[[H]]
// CHECK: seq.next states(%[[M]], %[[O]]
// CHECK: seq.return %[[LAST]]#1
seq.model @carried(%x: tensor<?x5x3xf32> {seq.name = "x"}) -> (tensor<?x4xf32> {seq.name = "y"}) {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %k = seq.constant dense<0.5> : tensor<3x2xf32>
  %y = seq.recurrent @other(%x) from(%zero) weights(%k) : (tensor<?x5x3xf32>, tensor<2xf32>, tensor<3x2xf32>) -> tensor<?x4xf32>
  seq.return %y : tensor<?x4xf32>
}

// CHECK-LABEL: seq.model @layers
// CHECK: %[[X:.+]] = seq.gather %{{.+}}, %ids
// CHECK: %[[C:.+]] = seq.conv1d %[[X]], %[[K:.+]] {padding = #seq.padding<same>} :
// CHECK: %[[B:.+]] = seq.add %[[C]], %{{.+}} : (tensor<?x5x4xf32>, tensor<4xf32>) -> tensor<?x5x4xf32>
// CHECK: %[[M:.+]] = seq.matmul %[[B]], %{{.+}} : (tensor<?x5x4xf32>, tensor<4x2xf32>) -> tensor<?x5x2xf32>
// CHECK: %[[D:.+]] = seq.add %[[M]], %{{.+}} : (tensor<?x5x2xf32>, tensor<2xf32>) -> tensor<?x5x2xf32>
// CHECK: seq.return %[[D]]
seq.model @layers(%ids: tensor<?x5xi32> {seq.name = "ids", seq.vocabulary = 7 : i64}) -> (tensor<?x5x2xf32> {seq.name = "y"}) {
  %table = seq.constant dense<0.5> : tensor<7x3xf32>
  %kernel = seq.constant dense<0.5> : tensor<3x3x4xf32>
  %bias = seq.constant dense<0.5> : tensor<4xf32>
  %dense = seq.constant dense<0.5> : tensor<4x2xf32>
  %offset = seq.constant dense<0.5> : tensor<2xf32>
  %x = seq.embedding %ids, %table : (tensor<?x5xi32>, tensor<7x3xf32>) -> tensor<?x5x3xf32>
  %c = seq.conv1d %x, %kernel, %bias {padding = #seq.padding<same>} : (tensor<?x5x3xf32>, tensor<3x3x4xf32>, tensor<4xf32>) -> tensor<?x5x4xf32>
  %y = seq.dense %c, %dense, %offset : (tensor<?x5x4xf32>, tensor<4x2xf32>, tensor<2xf32>) -> tensor<?x5x2xf32>
  seq.return %y : tensor<?x5x2xf32>
}

// A step that is not there gives what the one before gave.
// CHECK-LABEL: seq.model @present
// CHECK: %[[P:.+]] = seq.nonzero %w
// CHECK: %[[LAST:.+]], %[[KEPT:.+]] = seq.scan over(%x, %[[P]]) from(%{{.+}}) steps 5
// CHECK: ^bb0(%{{.+}}: tensor<?x3xf32>, %[[THERE:.+]]: tensor<?x1xf32>, %[[H:.+]]: tensor<?x2xf32>):
// CHECK: %[[H1:.+]] = seq.tanh
// CHECK: %[[S:.+]] = seq.select %[[THERE]], %[[H1]], %[[H]]
// CHECK: seq.next states(%[[S]] : tensor<?x2xf32>) keep(%[[S]] : tensor<?x2xf32>)
// CHECK: seq.return %[[KEPT]]
seq.model @present(%w: tensor<?x5xi32> {seq.name = "w"}, %x: tensor<?x5x3xf32> {seq.name = "x"}) -> (tensor<?x5x2xf32> {seq.name = "y"}) {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %k = seq.constant dense<0.5> : tensor<3x2xf32>
  %p = seq.nonzero %w : (tensor<?x5xi32>) -> tensor<?x5x1xf32>
  %y = seq.recurrent @rnn(%x) from(%zero) weights(%k) present(%p) {return_sequences} : (tensor<?x5x3xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<?x5x1xf32>) -> tensor<?x5x2xf32>
  seq.return %y : tensor<?x5x2xf32>
}

seq.cell @gated(%x: tensor<?x3xf32>, %h: tensor<?x2xf32>, %k: tensor<3x4xf32>, %r: tensor<2x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    attributes {states = 1 : i64} {
  %m = seq.matmul %x, %k : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %a, %b = seq.split %m : (tensor<?x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
  %ra, %rb = seq.split %r : (tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
  %n = seq.matmul %h, %ra : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %f = seq.add %a, %n : tensor<?x2xf32>
  %g = seq.mul %f, %h : tensor<?x2xf32>
  %o = seq.matmul %g, %rb : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %h1 = seq.add %b, %o : tensor<?x2xf32>
  seq.return %h1, %h1 : tensor<?x2xf32>, tensor<?x2xf32>
}

// Without recurrent dropout: one mask of the input, for whatever reads it.
// CHECK-LABEL: seq.model @input_masked
// CHECK: %[[ONES:.+]] = seq.broadcast_rows %{{.+}} like %x : (tensor<3xf32>, tensor<?x5x3xf32>) -> tensor<?x3xf32>
// CHECK: %[[MASK:.+]] = seq.dropout %[[ONES]] {layer = 7 : i64, rate = 2.000000e-01 : f64}
// CHECK-NOT: seq.dropout
// CHECK: seq.scan over(%x)
// CHECK: ^bb0(%[[X:.+]]: tensor<?x3xf32>, %[[H:.+]]: tensor<?x2xf32>):
// CHECK: %[[MX:.+]] = seq.mul %[[X]], %[[MASK]]
// CHECK: seq.matmul %[[MX]], %{{.+}} : (tensor<?x3xf32>, tensor<3x4xf32>)
// CHECK: seq.matmul %[[H]],
seq.model @input_masked(%x: tensor<?x5x3xf32> {seq.name = "x"}) -> (tensor<?x2xf32> {seq.name = "y"}) {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %k = seq.constant dense<0.5> : tensor<3x4xf32>
  %r = seq.constant dense<0.5> : tensor<2x4xf32>
  %y = seq.recurrent @gated(%x) from(%zero) weights(%k, %r) {dropout = 0.2, layer = 7 : i64} : (tensor<?x5x3xf32>, tensor<2xf32>, tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  seq.return %y : tensor<?x2xf32>
}

// With it: one for each part of a split value or weight, also where elementwise
// operations stand between; what is no matmul reads the state as it is.
// CHECK-LABEL: seq.model @all_masked
// CHECK-DAG: %[[X0:.+]] = seq.dropout %{{.+}} {layer = 7 : i64, rate = 2.000000e-01 : f64}
// CHECK-DAG: %[[X1:.+]] = seq.dropout %{{.+}} {layer = 7 : i64, mask = 1 : i64, rate = 2.000000e-01 : f64}
// CHECK-DAG: %[[H0:.+]] = seq.dropout %{{.+}} {layer = 7 : i64, mask = 256 : i64, rate = 3.000000e-01 : f64}
// CHECK-DAG: %[[H1:.+]] = seq.dropout %{{.+}} {layer = 7 : i64, mask = 257 : i64, rate = 3.000000e-01 : f64}
// CHECK: seq.scan over(%x)
// CHECK: ^bb0(%[[X:.+]]: tensor<?x3xf32>, %[[H:.+]]: tensor<?x2xf32>):
// CHECK: %[[A:.+]] = seq.mul %[[X]], %[[X0]]
// CHECK: %[[K:.+]]:2 = seq.split %{{.+}} : (tensor<3x4xf32>)
// CHECK: %[[P0:.+]] = seq.matmul %[[A]], %[[K]]#0
// CHECK: %[[B:.+]] = seq.mul %[[X]], %[[X1]]
// CHECK: %[[P1:.+]] = seq.matmul %[[B]], %[[K]]#1
// CHECK: %[[C:.+]] = seq.concat %[[P0]], %[[P1]]
// CHECK: seq.split %[[C]]
// CHECK: %[[MH0:.+]] = seq.mul %[[H]], %[[H0]]
// CHECK: seq.matmul %[[MH0]],
// CHECK: %[[F:.+]] = seq.add
// CHECK: seq.mul %[[F]], %[[H]]
// CHECK: %[[MH1:.+]] = seq.mul %[[H]], %[[H1]]
// CHECK: %[[G:.+]] = seq.mul %[[F]], %[[MH1]]
// CHECK: seq.matmul %[[G]],
seq.model @all_masked(%x: tensor<?x5x3xf32> {seq.name = "x"}) -> (tensor<?x2xf32> {seq.name = "y"}) {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %k = seq.constant dense<0.5> : tensor<3x4xf32>
  %r = seq.constant dense<0.5> : tensor<2x4xf32>
  %y = seq.recurrent @gated(%x) from(%zero) weights(%k, %r) {dropout = 0.2, recurrent_dropout = 0.3, layer = 7 : i64} : (tensor<?x5x3xf32>, tensor<2xf32>, tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  seq.return %y : tensor<?x2xf32>
}

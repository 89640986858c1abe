// RUN: weft-opt --seq-differentiate %s | FileCheck %s

seq.weight @kernel : tensor<3x2xf32> = [#seq.init<glorot_uniform>]
seq.weight @recurrent : tensor<2x2xf32> = [#seq.init<orthogonal>]
seq.weight @unused : tensor<5xf32> = [#seq.init<zeros>]

// The example of the pass's description. Kept are the incoming state, for the
// recurrent kernel's gradient, and the tanh, which only a matmul could give again;
// the input itself is at hand, and nothing flows to it.
// CHECK-LABEL: seq.step @train
// CHECK-SAME: gradients = [@kernel, @recurrent, @unused]
// CHECK: %[[LAST:.+]], %[[KEPT:.+]]:2 = seq.scan over(%x) from(%{{.+}}) steps 4 :
// CHECK: ^bb0(%{{.+}}: tensor<?x3xf32>, %[[H:.+]]: tensor<?x2xf32>):
// CHECK: %[[H1:.+]] = seq.tanh
// CHECK: seq.next states(%[[H1]] : tensor<?x2xf32>) keep(%[[H]], %[[H1]] :
// CHECK: %[[BACK:.+]]:3 = seq.scan over(%x, %[[KEPT]]#0, %[[KEPT]]#1) from(%{{.+}}, %{{.+}}, %{{.+}}) steps 4 reverse :
// CHECK-SAME: -> (tensor<?x2xf32>, tensor<3x2xf32>, tensor<2x2xf32>) {
// CHECK: ^bb0(%[[XT:[^:]+]]: tensor<?x3xf32>, %[[H:[^:]+]]: tensor<?x2xf32>, %[[H1:[^:]+]]: tensor<?x2xf32>,
// CHECK-SAME: %[[DH1:[^:]+]]: tensor<?x2xf32>, %[[DK:[^:]+]]: tensor<3x2xf32>, %[[DR:[^:]+]]: tensor<2x2xf32>):
// CHECK: %[[S:.+]] = seq.mul %[[H1]], %[[H1]]
// CHECK: %[[T:.+]] = seq.sub %{{.+}}, %[[S]]
// CHECK: %[[DZ:.+]] = seq.mul %[[DH1]], %[[T]]
// CHECK-DAG: %[[R:.+]] = seq.contract %[[H]], %[[DZ]]
// CHECK-DAG: %[[DH:.+]] = seq.matmul %[[DZ]], %{{.+}} {transpose_b}
// CHECK-DAG: %[[K:.+]] = seq.contract %[[XT]], %[[DZ]]
// CHECK-DAG: %[[DK1:.+]] = seq.add %[[DK]], %[[K]]
// CHECK-DAG: %[[DR1:.+]] = seq.add %[[DR]], %[[R]]
// CHECK: seq.next states(%[[DH]], %[[DK1]], %[[DR1]] : {{.*}}) keep()
// CHECK: %[[ZERO:.+]] = seq.constant dense<0.000000e+00> : tensor<5xf32>
// CHECK: seq.return %[[LAST]], %{{.+}}, %[[BACK]]#1, %[[BACK]]#2, %[[ZERO]]
seq.step @train(%x: tensor<?x4x3xf32> {seq.name = "x"}, %y: tensor<?x2xf32> {seq.name = "y"}, %scale: tensor<?x1xf32> {seq.name = "scale"}) -> (tensor<?x2xf32>, tensor<?x1xf32>)
    attributes {gradients = []} {
  %kernel = seq.read @kernel : tensor<3x2xf32>
  %recurrent = seq.read @recurrent : tensor<2x2xf32>
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %h0 = seq.broadcast_rows %zero like %x : (tensor<2xf32>, tensor<?x4x3xf32>) -> tensor<?x2xf32>
  %last = seq.scan over(%x) from(%h0) steps 4 : (tensor<?x4x3xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%xt: tensor<?x3xf32>, %h: tensor<?x2xf32>):
    %a = seq.matmul %xt, %kernel : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    %b = seq.matmul %h, %recurrent : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    %z = seq.add %a, %b : tensor<?x2xf32>
    %h1 = seq.tanh %z : tensor<?x2xf32>
    seq.next states(%h1 : tensor<?x2xf32>) keep()
  }
  %d = seq.sub %last, %y : tensor<?x2xf32>
  %l = seq.reduce <sum> %d : (tensor<?x2xf32>) -> tensor<?x1xf32>
  seq.return %last, %l : tensor<?x2xf32>, tensor<?x1xf32>
}

// What an element costs, and its slope added to the gradient so far.
// CHECK-LABEL: seq.regularizer @l2(%weight: tensor<?xf32> {seq.name = "weight"}, %gradient: tensor<?xf32> {seq.name = "gradient"})
// CHECK: %[[SQUARE:.+]] = seq.mul %weight, %weight
// CHECK: %[[SLOPE:.+]] = seq.add
// CHECK: %[[TOTAL:.+]] = seq.add %gradient, %[[SLOPE]]
// CHECK: seq.return %[[SQUARE]], %[[TOTAL]]
seq.regularizer @l2(%weight: tensor<?xf32>) -> tensor<?xf32> {
  %square = seq.mul %weight, %weight : tensor<?xf32>
  seq.return %square : tensor<?xf32>
}

// RUN: weft-opt --seq-distribute-splits %s | FileCheck %s

// Down to the weights, whose parts are taken in front of the scan.
// CHECK-LABEL: seq.model @gates
// CHECK-DAG: %[[K:.+]]:2 = seq.split %{{.+}} : (tensor<3x4xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>)
// CHECK-DAG: %[[B:.+]]:2 = seq.split %{{.+}} : (tensor<4xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK: seq.scan
// CHECK: ^bb0(%[[X:.+]]: tensor<?x3xf32>, %[[H:.+]]: tensor<?x2xf32>):
// CHECK-NOT: x4xf32
// CHECK-NOT: seq.split
// CHECK-DAG: %[[M0:.+]] = seq.matmul %[[X]], %[[K]]#0
// CHECK-DAG: %[[M1:.+]] = seq.matmul %[[X]], %[[K]]#1
// CHECK-DAG: %[[Z0:.+]] = seq.add %[[M0]], %[[B]]#0
// CHECK-DAG: %[[Z1:.+]] = seq.add %[[M1]], %[[B]]#1
// CHECK-DAG: %[[S0:.+]] = seq.sigmoid %[[Z0]]
// CHECK-DAG: %[[S1:.+]] = seq.sigmoid %[[Z1]]
// CHECK: seq.mul %[[S0]], %[[H]]
// CHECK: seq.next
seq.model @gates(%x: tensor<?x5x3xf32> {seq.name = "x"}) -> tensor<?x2xf32> {
  %k = seq.constant dense<[[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]]> : tensor<3x4xf32>
  %b = seq.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %start = seq.broadcast_rows %zero like %x : (tensor<2xf32>, tensor<?x5x3xf32>) -> tensor<?x2xf32>
  %last = seq.scan over(%x) from(%start) steps 5 : (tensor<?x5x3xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%xt: tensor<?x3xf32>, %h: tensor<?x2xf32>):
    %m = seq.matmul %xt, %k : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
    %z = seq.add %m, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %s = seq.sigmoid %z : tensor<?x4xf32>
    %i, %f = seq.split %s : (tensor<?x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
    %h1 = seq.mul %i, %h : tensor<?x2xf32>
    %h2 = seq.add %h1, %f : tensor<?x2xf32>
    seq.next states(%h2 : tensor<?x2xf32>) keep()
  }
  seq.return %last : tensor<?x2xf32>
}

// A sum over all parts needs the whole: what only the parts need is distributed,
// the split stays below.
// CHECK-LABEL: seq.model @reduced
// CHECK: %[[M:.+]] = seq.matmul %x, %{{.+}} : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
// CHECK: %[[P:.+]]:2 = seq.split %[[M]]
// CHECK: %[[T:.+]] = seq.reduce <sum> %[[M]]
// CHECK-DAG: %[[A:.+]] = seq.div %[[P]]#0, %[[T]]
// CHECK-DAG: %[[B:.+]] = seq.div %[[P]]#1, %[[T]]
// CHECK: seq.mul %[[A]], %[[B]]
seq.model @reduced(%x: tensor<?x3xf32> {seq.name = "x"}) -> tensor<?x2xf32> {
  %k = seq.constant dense<1.0> : tensor<3x4xf32>
  %m = seq.matmul %x, %k : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %t = seq.reduce <sum> %m : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %n = seq.div %m, %t : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %a, %b = seq.split %n : (tensor<?x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
  %r = seq.mul %a, %b : tensor<?x2xf32>
  seq.return %r : tensor<?x2xf32>
}

// What stands side by side is its own parts.
// CHECK-LABEL: seq.model @joined
// CHECK-NOT: seq.concat
// CHECK-NOT: seq.split
// CHECK: seq.mul %x, %y
seq.model @joined(%x: tensor<?x2xf32> {seq.name = "x"}, %y: tensor<?x2xf32> {seq.name = "y"}) -> tensor<?x2xf32> {
  %j = seq.concat %x, %y : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x4xf32>
  %a, %b = seq.split %j : (tensor<?x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
  %r = seq.mul %a, %b : tensor<?x2xf32>
  seq.return %r : tensor<?x2xf32>
}

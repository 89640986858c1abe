// RUN: weft-opt --seq-look-up-in-scan %s | FileCheck %s

// What steps use element by element they look up themselves, by one sequence of ids for
// all tables. What goes into a product stays, and so does what something else reads.
// CHECK-LABEL: seq.model @m
// CHECK: %[[ROWS:.+]] = seq.gather %table, %ids
// CHECK-NOT: seq.gather
// CHECK: seq.broadcast_rows %{{.+}} like %ids
// CHECK: seq.scan over(%[[ROWS]], %ids) from(%{{.+}}) steps 4 : (tensor<?x4x2xf32>, tensor<?x4xi32>, tensor<?x2xf32>)
// CHECK: ^bb0(%[[X:.+]]: tensor<?x2xf32>, %[[ID:.+]]: tensor<?xi32>, %[[S:.+]]: tensor<?x2xf32>):
// CHECK-DAG: %[[A:.+]] = seq.gather %other, %[[ID]] : (tensor<9x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
// CHECK-DAG: %[[B:.+]] = seq.gather %table, %[[ID]] : (tensor<9x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
// CHECK: seq.matmul %[[X]], %w
// CHECK: seq.add %{{.+}}, %[[B]]
// CHECK: seq.mul %{{.+}}, %[[A]]
seq.weight @table : tensor<9x2xf32> = [#seq.init<uniform, -0.05, 0.05>]
seq.weight @other : tensor<9x2xf32> = [#seq.init<uniform, -0.05, 0.05>]
seq.weight @w : tensor<2x2xf32> = [#seq.init<uniform, -0.05, 0.05>]
seq.model @m(%ids: tensor<?x4xi32> {seq.name = "ids", seq.vocabulary = 9 : i64}) -> (tensor<?x2xf32> {seq.name = "y"}) {
  %table = seq.read @table : tensor<9x2xf32>
  %other = seq.read @other : tensor<9x2xf32>
  %w = seq.read @w : tensor<2x2xf32>
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %x = seq.gather %table, %ids : (tensor<9x2xf32>, tensor<?x4xi32>) -> tensor<?x4x2xf32>
  %a = seq.gather %table, %ids : (tensor<9x2xf32>, tensor<?x4xi32>) -> tensor<?x4x2xf32>
  %b = seq.gather %other, %ids : (tensor<9x2xf32>, tensor<?x4xi32>) -> tensor<?x4x2xf32>
  %start = seq.broadcast_rows %zero like %a : (tensor<2xf32>, tensor<?x4x2xf32>) -> tensor<?x2xf32>
  %last = seq.scan over(%x, %a, %b) from(%start) steps 4
      : (tensor<?x4x2xf32>, tensor<?x4x2xf32>, tensor<?x4x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%xt: tensor<?x2xf32>, %at: tensor<?x2xf32>, %bt: tensor<?x2xf32>, %s: tensor<?x2xf32>):
    %p = seq.matmul %xt, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    %q = seq.add %p, %at : tensor<?x2xf32>
    %r = seq.mul %q, %bt : tensor<?x2xf32>
    %t = seq.add %r, %s : tensor<?x2xf32>
    seq.next states(%t : tensor<?x2xf32>) keep()
  }
  seq.return %last : tensor<?x2xf32>
}

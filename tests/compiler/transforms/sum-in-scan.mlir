// RUN: weft-opt --seq-sum-in-scan %s | FileCheck %s

// What is summed of a scan's steps is summed by the scan; what it was kept for goes.
// CHECK-LABEL: seq.model @sums
// CHECK: %[[SUMS:.+]]:3, %[[KEPT:.+]] = seq.scan over(%d, %x) from(%{{.+}}, %{{.+}}, %{{.+}}) steps 4 reverse :
// CHECK: ^bb0(%[[D:.+]]: tensor<?x2xf32>, %[[X:.+]]: tensor<?x3xf32>, %[[S:.+]]: tensor<?x2xf32>, %[[SK:.+]]: tensor<3x2xf32>, %[[SB:.+]]: tensor<2xf32>):
// CHECK: %[[G:.+]] = seq.mul
// CHECK: %[[K:.+]] = seq.contract %[[X]], %[[G]] : (tensor<?x3xf32>, tensor<?x2xf32>) -> tensor<3x2xf32>
// CHECK: %[[K1:.+]] = seq.add %[[SK]], %[[K]]
// CHECK: %[[B:.+]] = seq.sum_to %[[G]] : (tensor<?x2xf32>) -> tensor<2xf32>
// CHECK: %[[B1:.+]] = seq.add %[[SB]], %[[B]]
// CHECK: seq.next states(%[[G]], %[[K1]], %[[B1]] : {{.+}}) keep(%[[D]] :
// CHECK: seq.mul %[[SUMS]]#1, %[[SUMS]]#2
seq.model @sums(%x: tensor<?x4x3xf32> {seq.name = "x"}, %d: tensor<?x4x2xf32> {seq.name = "d"}) -> tensor<?x4x2xf32> {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %start = seq.broadcast_rows %zero like %x : (tensor<2xf32>, tensor<?x4x3xf32>) -> tensor<?x2xf32>
  %last, %kept:2 = seq.scan over(%d) from(%start) steps 4 reverse
      : (tensor<?x4x2xf32>, tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x4x2xf32>, tensor<?x4x2xf32>) {
  ^bb0(%dt: tensor<?x2xf32>, %s: tensor<?x2xf32>):
    %g = seq.mul %dt, %s : tensor<?x2xf32>
    seq.next states(%g : tensor<?x2xf32>) keep(%g, %dt : tensor<?x2xf32>, tensor<?x2xf32>)
  }
  %k = seq.contract %x, %kept#0 : (tensor<?x4x3xf32>, tensor<?x4x2xf32>) -> tensor<3x2xf32>
  %b = seq.sum_to %kept#0 : (tensor<?x4x2xf32>) -> tensor<2xf32>
  %kb = seq.mul %k, %b : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %w = seq.matmul %x, %kb : (tensor<?x4x3xf32>, tensor<3x2xf32>) -> tensor<?x4x2xf32>
  %y = seq.mul %w, %kept#1 : tensor<?x4x2xf32>
  seq.return %y : tensor<?x4x2xf32>
}

// Over the active rows alone, where the scan is computed for the same; what is spread
// keeps its number; a sum over other rows stays outside.
// CHECK-LABEL: seq.model @active
// CHECK: %{{.+}}:2, %{{.+}}:2 = seq.scan over(%d) from(%{{.+}}, %{{.+}}) steps 4 active(%[[A:.+]] : tensor<4xi32>) spread [0]
// CHECK: seq.sum_to
// CHECK: seq.next states({{.+}}) keep(%{{.+}}, %{{.+}} :
// CHECK: seq.sum_to %{{.+}} : (tensor<?x4x2xf32>) -> tensor<2xf32>
seq.model @active(%d: tensor<?x4x2xf32> {seq.name = "d"}, %starts: tensor<?x1xi32> {seq.name = "starts"}) -> tensor<?x4x2xf32> {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %active = seq.active_rows %starts {add = 0 : i64, divide = 1 : i64} : (tensor<?x1xi32>) -> tensor<4xi32>
  %start = seq.broadcast_rows %zero like %d : (tensor<2xf32>, tensor<?x4x2xf32>) -> tensor<?x2xf32>
  %last, %kept:3 = seq.scan over(%d) from(%start) steps 4 active(%active : tensor<4xi32>) spread [1]
      : (tensor<?x4x2xf32>, tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x4x2xf32>, tensor<?x4x2xf32>, tensor<?x4x2xf32>) {
  ^bb0(%dt: tensor<?x2xf32>, %s: tensor<?x2xf32>):
    %g = seq.mul %dt, %s : tensor<?x2xf32>
    %t = seq.tanh %g : tensor<?x2xf32>
    %u = seq.exp %g : tensor<?x2xf32>
    seq.next states(%g : tensor<?x2xf32>) keep(%t, %g, %u : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>)
  }
  %some = seq.sum_to %kept#0 active %active : (tensor<?x4x2xf32>, tensor<4xi32>) -> tensor<2xf32>
  %all = seq.sum_to %kept#2 : (tensor<?x4x2xf32>) -> tensor<2xf32>
  %both = seq.mul %some, %all : tensor<2xf32>
  %y = seq.mul %kept#1, %both : (tensor<?x4x2xf32>, tensor<2xf32>) -> tensor<?x4x2xf32>
  seq.return %y : tensor<?x4x2xf32>
}

// What is scattered over a table, too, by the ids of each step.
// CHECK-LABEL: seq.model @scattered
// CHECK: seq.scan over(%d, %ids) from(%{{.+}}, %{{.+}}) steps 4 reverse :
// CHECK: ^bb0(%[[D:.+]]: tensor<?x2xf32>, %[[ID:.+]]: tensor<?xi32>, %[[S:.+]]: tensor<?x2xf32>, %[[T:.+]]: tensor<9x2xf32>):
// CHECK: %[[G:.+]] = seq.mul
// CHECK: %[[PART:.+]] = seq.scatter_add %[[G]], %[[ID]] : (tensor<?x2xf32>, tensor<?xi32>) -> tensor<9x2xf32>
// CHECK: %[[SUM:.+]] = seq.add %[[T]], %[[PART]]
// CHECK: seq.next states(%[[G]], %[[SUM]] : {{.+}}) keep()
seq.model @scattered(%d: tensor<?x4x2xf32> {seq.name = "d"}, %ids: tensor<?x4xi32> {seq.name = "ids"}) -> tensor<?x4x2xf32> {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %start = seq.broadcast_rows %zero like %d : (tensor<2xf32>, tensor<?x4x2xf32>) -> tensor<?x2xf32>
  %last, %kept = seq.scan over(%d) from(%start) steps 4 reverse
      : (tensor<?x4x2xf32>, tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x4x2xf32>) {
  ^bb0(%dt: tensor<?x2xf32>, %s: tensor<?x2xf32>):
    %g = seq.mul %dt, %s : tensor<?x2xf32>
    seq.next states(%g : tensor<?x2xf32>) keep(%g : tensor<?x2xf32>)
  }
  %table = seq.scatter_add %kept, %ids : (tensor<?x4x2xf32>, tensor<?x4xi32>) -> tensor<9x2xf32>
  %y = seq.gather %table, %ids : (tensor<9x2xf32>, tensor<?x4xi32>) -> tensor<?x4x2xf32>
  seq.return %y : tensor<?x4x2xf32>
}

// The sum of all of it is that of the table, where this has a row for each id that occurs.
// CHECK-LABEL: seq.model @summed_once
// CHECK: %[[LAST:.+]]:2 = seq.scan
// CHECK: seq.sum_to %[[LAST]]#1 : (tensor<9x2xf32>) -> tensor<2xf32>
seq.model @summed_once(%d: tensor<?x4x2xf32> {seq.name = "d"}, %ids: tensor<?x4xi32> {seq.name = "ids"}) -> tensor<?x4x2xf32> {
  %zero = seq.constant dense<0.0> : tensor<2xf32>
  %ranks = seq.id_ranks %ids : (tensor<?x4xi32>) -> tensor<10xi32>
  %places = seq.rank_of %ranks, %ids : (tensor<10xi32>, tensor<?x4xi32>) -> tensor<?x4xi32>
  %start = seq.broadcast_rows %zero like %d : (tensor<2xf32>, tensor<?x4x2xf32>) -> tensor<?x2xf32>
  %last, %kept = seq.scan over(%d) from(%start) steps 4 reverse
      : (tensor<?x4x2xf32>, tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x4x2xf32>) {
  ^bb0(%dt: tensor<?x2xf32>, %s: tensor<?x2xf32>):
    %g = seq.mul %dt, %s : tensor<?x2xf32>
    seq.next states(%g : tensor<?x2xf32>) keep(%g : tensor<?x2xf32>)
  }
  %b = seq.sum_to %kept : (tensor<?x4x2xf32>) -> tensor<2xf32>
  %table = seq.scatter_add %kept, %places : (tensor<?x4x2xf32>, tensor<?x4xi32>) -> tensor<9x2xf32>
  %y = seq.gather %table, %places : (tensor<9x2xf32>, tensor<?x4xi32>) -> tensor<?x4x2xf32>
  %z = seq.add %y, %b : (tensor<?x4x2xf32>, tensor<2xf32>) -> tensor<?x4x2xf32>
  seq.return %z : tensor<?x4x2xf32>
}

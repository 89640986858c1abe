// RUN: weft-opt %s --outline-kernels=target=x86-64-v3 --split-input-file --verify-diagnostics | FileCheck %s

// Tables with a row for each id that occurs: kernels take them like the rows of a batch,
// and are told how many there are. They are read where ids name their rows, and summed
// up to what has no such rows any more.

seq.weight @table : tensor<9x16xf32> = [#seq.init<uniform, -0.05, 0.05>]
seq.weight @kernel : tensor<16x20xf32> = [#seq.init<uniform, -0.05, 0.05>]

// CHECK-LABEL: seq.model @m
// CHECK: %[[RANKS:.+]] = halide.apply @ranks(%ids) : (tensor<?x8xi32>) -> tensor<10xi32>
// CHECK: %[[LISTED:.+]] = halide.apply @listed(%[[RANKS]]) : (tensor<10xi32>) -> tensor<9xi32>
// CHECK: %[[PLACES:.+]] = halide.apply @{{.+}}(%ids, %[[RANKS]]) : (tensor<?x8xi32>, tensor<10xi32>) -> tensor<?x8xi32>
// CHECK: %[[ROWS:.+]] = halide.apply @[[GATHER:.+]](%[[LISTED]], %table) rows(%[[RANKS]]) : (tensor<9xi32>, tensor<9x16xf32>, tensor<10xi32>) -> tensor<9x16xf32>
// CHECK: %[[PRODUCTS:.+]] = halide.apply @[[MATMUL:.+]](%{{.+}}, %[[ROWS]]) rows(%[[RANKS]]) : {{.+}} -> tensor<9x20xf32>
// CHECK: %[[START:.+]] = halide.apply @{{.+}}() rows(%[[RANKS]]) : (tensor<10xi32>) -> tensor<9x20xf32>
// CHECK: seq.scan over(%[[PLACES]]) from(%{{.+}}, %[[START]]) steps 8
// CHECK: ^bb0(%[[ID:.+]]: tensor<?xi32>, %[[S:.+]]: tensor<?x20xf32>, %[[SUM:.+]]: tensor<9x20xf32>):
// CHECK: %[[NEXT:.+]] = halide.apply @{{.+}}(%[[ID]], %[[PRODUCTS]], %[[S]]) : (tensor<?xi32>, tensor<9x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
// CHECK: halide.apply @[[SCATTER:.+]](%[[SUM]], %{{.+}}, %[[ID]]) rows(%[[RANKS]]) : (tensor<9x20xf32>, tensor<?x20xf32>, tensor<?xi32>, tensor<10xi32>) -> tensor<9x20xf32>
// CHECK-DAG: halide.apply @sum(%{{.+}}) : (tensor<9x20xf32>) -> tensor<20xf32>
// CHECK-DAG: halide.apply @contract(%{{.+}}, %[[ROWS]]) : (tensor<9x20xf32>, tensor<9x16xf32>) -> tensor<16x20xf32>
seq.model @m(%ids: tensor<?x8xi32> {seq.name = "ids", seq.vocabulary = 9 : i64}) -> (tensor<?x20xf32> {seq.name = "y"}) {
  %table = seq.read @table : tensor<9x16xf32>
  %kernel = seq.read @kernel : tensor<16x20xf32>
  %zero = seq.constant dense<0.0> : tensor<20xf32>
  %zeros = seq.constant dense<0.0> : tensor<9x20xf32>
  %ranks = seq.id_ranks %ids : (tensor<?x8xi32>) -> tensor<10xi32>
  %listed = seq.ids_of_ranks %ranks : (tensor<10xi32>) -> tensor<9xi32>
  %places = seq.rank_of %ranks, %ids : (tensor<10xi32>, tensor<?x8xi32>) -> tensor<?x8xi32>
  %rows = seq.gather %table, %listed : (tensor<9x16xf32>, tensor<9xi32>) -> tensor<9x16xf32>
  %products = seq.matmul %rows, %kernel : (tensor<9x16xf32>, tensor<16x20xf32>) -> tensor<9x20xf32>
  %h0 = seq.broadcast_rows %zero like %ids : (tensor<20xf32>, tensor<?x8xi32>) -> tensor<?x20xf32>
  %last:2 = seq.scan over(%places) from(%h0, %zeros) steps 8
      : (tensor<?x8xi32>, tensor<?x20xf32>, tensor<9x20xf32>) -> (tensor<?x20xf32>, tensor<9x20xf32>) {
  ^bb0(%id: tensor<?xi32>, %s: tensor<?x20xf32>, %sum: tensor<9x20xf32>):
    %p = seq.gather %products, %id : (tensor<9x20xf32>, tensor<?xi32>) -> tensor<?x20xf32>
    %t = seq.add %p, %s : tensor<?x20xf32>
    %part = seq.scatter_add %t, %id : (tensor<?x20xf32>, tensor<?xi32>) -> tensor<9x20xf32>
    %next = seq.add %sum, %part : tensor<9x20xf32>
    seq.next states(%t, %next : tensor<?x20xf32>, tensor<9x20xf32>) keep()
  }
  %dk = seq.contract %rows, %last#1 : (tensor<9x16xf32>, tensor<9x20xf32>) -> tensor<16x20xf32>
  %b = seq.sum_to %last#1 : (tensor<9x20xf32>) -> tensor<20xf32>
  %one = seq.constant dense<1.0> : tensor<16xf32>
  %w = seq.broadcast_rows %one like %ids : (tensor<16xf32>, tensor<?x8xi32>) -> tensor<?x16xf32>
  %v = seq.matmul %w, %dk : (tensor<?x16xf32>, tensor<16x20xf32>) -> tensor<?x20xf32>
  %vb = seq.add %v, %b : (tensor<?x20xf32>, tensor<20xf32>) -> tensor<?x20xf32>
  %y = seq.add %vb, %last#0 : tensor<?x20xf32>
  seq.return %y : tensor<?x20xf32>
}

// CHECK: halide.kernel @[[GATHER]] {
// CHECK: halide.output @out : [memref<?x16xf32, strided<[16, 1], offset: ?>>]
// CHECK: halide.kernel @[[SCATTER]] accumulates
// CHECK: halide.output @out : [memref<?x20xf32, strided<[32, 1], offset: ?>>]

// -----

seq.weight @table : tensor<9x16xf32> = [#seq.init<uniform, -0.05, 0.05>]
seq.model @m(%ids: tensor<?x8xi32> {seq.name = "ids", seq.vocabulary = 9 : i64}) -> (tensor<?x9x1xf32> {seq.name = "y"}) {
  %table = seq.read @table : tensor<9x16xf32>
  %ranks = seq.id_ranks %ids : (tensor<?x8xi32>) -> tensor<10xi32>
  %listed = seq.ids_of_ranks %ranks : (tensor<10xi32>) -> tensor<9xi32>
  %rows = seq.gather %table, %listed : (tensor<9x16xf32>, tensor<9xi32>) -> tensor<9x16xf32>
  // expected-error @+1 {{takes a row for each id that occurs in a way that there are no kernels for}}
  %most = seq.reduce <max> %rows : (tensor<9x16xf32>) -> tensor<9x1xf32>
  %y = seq.broadcast_rows %most like %ids : (tensor<9x1xf32>, tensor<?x8xi32>) -> tensor<?x9x1xf32>
  seq.return %y : tensor<?x9x1xf32>
}

// RUN: weft-opt --seq-simplify %s | FileCheck %s

// The loss of a sigmoid, as its author wrote it: no logarithm is left to overflow.
// CHECK-LABEL: seq.model @binary_crossentropy
// CHECK-NOT: seq.log
// CHECK-DAG: %[[MINUS:.+]] = seq.negate %z
// CHECK-DAG: %[[A:.+]] = seq.softplus %[[MINUS]]
// CHECK-DAG: %[[YA:.+]] = seq.mul %y, %[[A]]
// CHECK-DAG: %[[B:.+]] = seq.softplus %z
// CHECK-DAG: %[[YB:.+]] = seq.mul %{{.+}}, %[[B]]
// CHECK: %[[L:.+]] = seq.add %[[YB]], %[[YA]]
// CHECK: seq.return %[[L]]
seq.model @binary_crossentropy(%z: tensor<?x1xf32> {seq.name = "z"}, %y: tensor<?x1xf32> {seq.name = "y"}) -> tensor<?x1xf32> {
  %one = seq.constant dense<1.0> : tensor<f32>
  %p = seq.sigmoid %z : tensor<?x1xf32>
  %logp = seq.log %p : tensor<?x1xf32>
  %a = seq.mul %y, %logp : tensor<?x1xf32>
  %ny = seq.sub %one, %y : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %np = seq.sub %one, %p : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %lognp = seq.log %np : tensor<?x1xf32>
  %b = seq.mul %ny, %lognp : tensor<?x1xf32>
  %s = seq.add %a, %b : tensor<?x1xf32>
  %m = seq.reduce <mean> %s : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %l = seq.negate %m : tensor<?x1xf32>
  seq.return %l : tensor<?x1xf32>
}

// log(e^a / b) = a - log b
// CHECK-LABEL: seq.model @log_softmax
// CHECK: %[[M:.+]] = seq.reduce <max> %z
// CHECK: %[[S:.+]] = seq.sub %z, %[[M]]
// CHECK: %[[E:.+]] = seq.exp %[[S]]
// CHECK: %[[T:.+]] = seq.reduce <sum> %[[E]]
// CHECK: %[[G:.+]] = seq.log %[[T]]
// CHECK: %[[R:.+]] = seq.sub %[[S]], %[[G]]
// CHECK: seq.return %[[R]]
seq.model @log_softmax(%z: tensor<?x3xf32> {seq.name = "z"}) -> tensor<?x3xf32> {
  %m = seq.reduce <max> %z : (tensor<?x3xf32>) -> tensor<?x1xf32>
  %s = seq.sub %z, %m : (tensor<?x3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  %e = seq.exp %s : tensor<?x3xf32>
  %t = seq.reduce <sum> %e : (tensor<?x3xf32>) -> tensor<?x1xf32>
  %p = seq.div %e, %t : (tensor<?x3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  %l = seq.log %p : tensor<?x3xf32>
  seq.return %l : tensor<?x3xf32>
}

// x * 1 + 0, --x, x ^ 2, constants
// CHECK-LABEL: seq.model @neutral
// CHECK: %[[SIX:.+]] = seq.constant dense<6.000000e+00> : tensor<f32>
// CHECK: %[[X2:.+]] = seq.mul %x, %x
// CHECK: %[[R:.+]] = seq.add %[[X2]], %[[SIX]]
// CHECK: seq.return %[[R]]
seq.model @neutral(%x: tensor<?x3xf32> {seq.name = "x"}) -> tensor<?x3xf32> {
  %zero = seq.constant dense<0.0> : tensor<f32>
  %one = seq.constant dense<1.0> : tensor<f32>
  %two = seq.constant dense<2.0> : tensor<f32>
  %three = seq.constant dense<3.0> : tensor<f32>
  %a = seq.mul %x, %one : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %b = seq.add %zero, %a : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %c = seq.negate %b : tensor<?x3xf32>
  %d = seq.negate %c : tensor<?x3xf32>
  %e = seq.pow %d, %two : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %six = seq.mul %two, %three : tensor<f32>
  %unused = seq.exp %x : tensor<?x3xf32>
  %r = seq.add %six, %e : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  seq.return %r : tensor<?x3xf32>
}

// A product with ones that makes a broadcast is one: it stays.
// CHECK-LABEL: seq.model @broadcast
// CHECK: seq.mul %x, %{{.+}} : (tensor<?x1xf32>, tensor<3xf32>) -> tensor<?x3xf32>
seq.model @broadcast(%x: tensor<?x1xf32> {seq.name = "x"}) -> tensor<?x3xf32> {
  %ones = seq.constant dense<1.0> : tensor<3xf32>
  %r = seq.mul %x, %ones : (tensor<?x1xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  seq.return %r : tensor<?x3xf32>
}

// ... unless an elementwise operation makes it anyway.
// CHECK-LABEL: seq.model @left_to_operation
// CHECK-NEXT: %[[R:.+]] = seq.mul %{{x|y}}, %{{x|y}} :
// CHECK-NEXT: seq.return %[[R]]
seq.model @left_to_operation(%x: tensor<?x1xf32> {seq.name = "x"}, %y: tensor<?x3xf32> {seq.name = "y"}) -> tensor<?x3xf32> {
  %ones = seq.constant dense<1.0> : tensor<3xf32>
  %b = seq.mul %x, %ones : (tensor<?x1xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %r = seq.mul %b, %y : tensor<?x3xf32>
  seq.return %r : tensor<?x3xf32>
}

// A state that nothing reads, an input for it alone, and what is kept twice go; one
// that never changes is its start.
// CHECK-LABEL: seq.model @scan
// CHECK: %[[ONE:.+]] = seq.constant dense<1.000000e+00> : tensor<f32>
// CHECK: %{{.+}}, %[[KEPT:.+]] = seq.scan over(%x) from(%{{.+}}) steps 4 :
// CHECK: ^bb0(%[[X:.+]]: tensor<?x3xf32>, %[[S:.+]]: tensor<?x3xf32>):
// CHECK: %[[A:.+]] = seq.add %[[S]], %[[X]]
// CHECK: %[[B:.+]] = seq.add %[[A]], %[[ONE]]
// CHECK: seq.next states(%[[B]] : tensor<?x3xf32>) keep(%[[A]] : tensor<?x3xf32>)
// CHECK: seq.mul %[[KEPT]], %[[KEPT]]
seq.model @scan(%x: tensor<?x4x3xf32> {seq.name = "x"}, %y: tensor<?x4x3xf32> {seq.name = "y"}) -> tensor<?x4x3xf32> {
  %one = seq.constant dense<1.0> : tensor<3xf32>
  %start = seq.broadcast_rows %one like %x : (tensor<3xf32>, tensor<?x4x3xf32>) -> tensor<?x3xf32>
  %last:3, %kept:3 = seq.scan over(%x, %y) from(%start, %start, %start) steps 4
      : (tensor<?x4x3xf32>, tensor<?x4x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>)
      -> (tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x4x3xf32>, tensor<?x4x3xf32>, tensor<?x4x3xf32>) {
  ^bb0(%xt: tensor<?x3xf32>, %yt: tensor<?x3xf32>, %s: tensor<?x3xf32>, %unread: tensor<?x3xf32>, %same: tensor<?x3xf32>):
    %a = seq.add %s, %xt : tensor<?x3xf32>
    %b = seq.add %a, %same : tensor<?x3xf32>
    %c = seq.add %unread, %yt : tensor<?x3xf32>
    seq.next states(%b, %c, %same : tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>) keep(%a, %a, %c : tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>)
  }
  %r = seq.mul %kept#0, %kept#1 : tensor<?x4x3xf32>
  seq.return %r : tensor<?x4x3xf32>
}

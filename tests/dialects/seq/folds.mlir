// What folds, and what must not.
// RUN: weft-opt -canonicalize %s | FileCheck %s

// CHECK-LABEL: @hyperparameters
func.func @hyperparameters() -> (tensor<f32>, tensor<f32>) {
  // 1 - 0.75 and 2 * 3 ^ 2
  // CHECK-DAG: %[[A:.*]] = seq.constant dense<2.500000e-01> : tensor<f32>
  // CHECK-DAG: %[[B:.*]] = seq.constant dense<1.800000e+01> : tensor<f32>
  // CHECK: return %[[A]], %[[B]]
  %one = seq.constant dense<1.0> : tensor<f32>
  %most = seq.constant dense<0.75> : tensor<f32>
  %two = seq.constant dense<2.0> : tensor<f32>
  %three = seq.constant dense<3.0> : tensor<f32>
  %a = seq.sub %one, %most : tensor<f32>
  %s = seq.pow %three, %two : tensor<f32>
  %b = seq.mul %two, %s : tensor<f32>
  return %a, %b : tensor<f32>, tensor<f32>
}

// CHECK-LABEL: @neutral
func.func @neutral(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: return %arg0
  %zero = seq.constant dense<0.0> : tensor<f32>
  %one = seq.constant dense<1.0> : tensor<f32>
  %a = seq.add %zero, %x : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %b = seq.mul %a, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %c = seq.pow %b, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %d = seq.div %c, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %e = seq.sub %d, %zero : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %f = seq.negate %e : tensor<?x4xf32>
  %g = seq.negate %f : tensor<?x4xf32>
  return %g : tensor<?x4xf32>
}

// A neutral operand that repeats the other does work.
// CHECK-LABEL: @broadcast
func.func @broadcast(%x: tensor<?x1xf32>) -> tensor<?x4xf32> {
  // CHECK: seq.add
  %zero = seq.constant dense<0.0> : tensor<4xf32>
  %a = seq.add %zero, %x : (tensor<4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %a : tensor<?x4xf32>
}

// CHECK-LABEL: @moved
func.func @moved(%x: tensor<?x6x4xf32>, %y: tensor<?x6x4xf32>)
    -> (tensor<?x6x4xf32>, tensor<?x24xf32>, tensor<?x6x4xf32>, tensor<?x6x4xf32>, tensor<?x6x4xf32>) {
  // CHECK-NEXT: %[[FLAT:.*]] = seq.reshape %arg0 : (tensor<?x6x4xf32>) -> tensor<?x24xf32>
  // CHECK-NEXT: return %arg0, %[[FLAT]], %arg0, %arg1, %arg0
  %a, %b = seq.split %x : (tensor<?x6x4xf32>) -> (tensor<?x6x2xf32>, tensor<?x6x2xf32>)
  %c = seq.concat %a, %b : (tensor<?x6x2xf32>, tensor<?x6x2xf32>) -> tensor<?x6x4xf32>
  %d = seq.reshape %c : (tensor<?x6x4xf32>) -> tensor<?x3x8xf32>
  %e = seq.reshape %d : (tensor<?x3x8xf32>) -> tensor<?x24xf32>
  %f = seq.reverse %x : tensor<?x6x4xf32>
  %g = seq.reverse %f : tensor<?x6x4xf32>
  %h = seq.concat %x, %y : (tensor<?x6x4xf32>, tensor<?x6x4xf32>) -> tensor<?x6x8xf32>
  %i, %j = seq.split %h : (tensor<?x6x8xf32>) -> (tensor<?x6x4xf32>, tensor<?x6x4xf32>)
  %k = seq.sum_to %x : (tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  return %c, %e, %g, %j, %k
      : tensor<?x6x4xf32>, tensor<?x24xf32>, tensor<?x6x4xf32>, tensor<?x6x4xf32>, tensor<?x6x4xf32>
}

// Parts in another order are another value.
// CHECK-LABEL: @swapped
func.func @swapped(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: seq.concat
  %a, %b = seq.split %x : (tensor<?x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>)
  %c = seq.concat %b, %a : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

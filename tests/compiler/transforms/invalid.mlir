// RUN: weft-opt --weft-gradient --split-input-file --verify-diagnostics %s

seq.model @m(%x: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) { // expected-error {{a model is trained on one output, this one has 2}}
  seq.return %x, %x : tensor<?x3xf32>, tensor<?x3xf32>
}
seq.loss @l(%p: tensor<?x3xf32>, %y: tensor<?x3xf32>) -> tensor<?x3xf32> {
  seq.return %p : tensor<?x3xf32>
}
seq.optimizer @o(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
  seq.return %w : tensor<?xf32>
}
seq.training @m loss @l optimizer @o rate 1.000000e-02 {}

// -----

seq.model @m(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  seq.return %x : tensor<?x3xf32>
}
seq.loss @l(%p: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
  seq.return %p : tensor<?x4xf32>
}
seq.optimizer @o(%step: tensor<f32>, %rate: tensor<f32>, %w: tensor<?xf32>, %g: tensor<?xf32>) -> tensor<?xf32> {
  seq.return %w : tensor<?xf32>
}
seq.training @m loss @l optimizer @o rate 1.000000e-02 {} // expected-error {{the model predicts 'tensor<?x3xf32>', loss @l takes 'tensor<?x4xf32>'}}

// -----

seq.weight @w : tensor<3xf32> = [#seq.init<zeros>]
seq.step @train(%x: tensor<?x3xf32>, %y: tensor<?x3xf32>, %scale: tensor<?x1xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) // expected-error {{a step to differentiate returns predictions and a loss a row, 'tensor<?x1xf32>'}}
    attributes {gradients = []} {
  seq.return %x, %y : tensor<?x3xf32>, tensor<?x3xf32>
}

// -----

// The adjoint operations have no gradients of their own.
seq.weight @w : tensor<4x3xf32> = [#seq.init<zeros>]
seq.step @train(%x: tensor<?x5xi32> {seq.vocabulary = 4 : i64}, %y: tensor<?x1xf32>, %scale: tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>)
    attributes {gradients = []} {
  %w = seq.read @w : tensor<4x3xf32>
  %v = seq.gather %w, %x : (tensor<4x3xf32>, tensor<?x5xi32>) -> tensor<?x5x3xf32>
  %t = seq.scatter_add %v, %x : (tensor<?x5x3xf32>, tensor<?x5xi32>) -> tensor<4x3xf32> // expected-error {{the loss depends on a weight through this operation, which has no gradient rule}}
  %s = seq.sum_to %t : (tensor<4x3xf32>) -> tensor<1xf32>
  %l = seq.mul %y, %s : (tensor<?x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
  seq.return %l, %l : tensor<?x1xf32>, tensor<?x1xf32>
}

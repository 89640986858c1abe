// A GRU that resets before the product.
seq.weight @"gru/kernel" : tensor<5x60xf32> = [#seq.init<zeros>]
seq.weight @"gru/recurrent_kernel" : tensor<20x60xf32> = [#seq.init<zeros>]
seq.weight @"gru/bias" : tensor<60xf32> = [#seq.init<zeros>]
seq.weight @"dense/kernel" : tensor<20x1xf32> = [#seq.init<zeros>]
seq.weight @"dense/bias" : tensor<1xf32> = [#seq.init<zeros>]

seq.cell @gru(%x: tensor<?x5xf32>, %h: tensor<?x20xf32>, %kernel: tensor<5x60xf32>, %recurrent: tensor<20x60xf32>, %bias: tensor<60xf32>) -> (tensor<?x20xf32>, tensor<?x20xf32>) attributes {states = 1 : i64} {
  %one = seq.constant dense<1.0> : tensor<f32>
  %xk = seq.matmul %x, %kernel : (tensor<?x5xf32>, tensor<5x60xf32>) -> tensor<?x60xf32>
  %xz = seq.add %xk, %bias : (tensor<?x60xf32>, tensor<60xf32>) -> tensor<?x60xf32>
  %x0, %x1, %x2 = seq.split %xz : (tensor<?x60xf32>) -> (tensor<?x20xf32>, tensor<?x20xf32>, tensor<?x20xf32>)
  %u0, %u1, %u2 = seq.split %recurrent : (tensor<20x60xf32>) -> (tensor<20x20xf32>, tensor<20x20xf32>, tensor<20x20xf32>)
  %h0 = seq.matmul %h, %u0 : (tensor<?x20xf32>, tensor<20x20xf32>) -> tensor<?x20xf32>
  %h1 = seq.matmul %h, %u1 : (tensor<?x20xf32>, tensor<20x20xf32>) -> tensor<?x20xf32>
  %zs = seq.add %x0, %h0 : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %rs = seq.add %x1, %h1 : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %z = seq.sigmoid %zs : tensor<?x20xf32>
  %r = seq.sigmoid %rs : tensor<?x20xf32>
  %reset = seq.mul %r, %h : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %rh = seq.matmul %reset, %u2 : (tensor<?x20xf32>, tensor<20x20xf32>) -> tensor<?x20xf32>
  %cs = seq.add %x2, %rh : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %candidate = seq.tanh %cs : tensor<?x20xf32>
  %zh = seq.mul %z, %h : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %nz = seq.sub %one, %z : (tensor<f32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %nc = seq.mul %nz, %candidate : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %next = seq.add %zh, %nc : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  seq.return %next, %next : tensor<?x20xf32>, tensor<?x20xf32>
}

seq.model @model(%x: tensor<?x12x5xf32>) -> tensor<?x1xf32> {
  %gru_kernel = seq.read @"gru/kernel" : tensor<5x60xf32>
  %gru_recurrent_kernel = seq.read @"gru/recurrent_kernel" : tensor<20x60xf32>
  %gru_bias = seq.read @"gru/bias" : tensor<60xf32>
  %0 = seq.constant dense<0.0> : tensor<20xf32>
  %1 = seq.recurrent @gru(%x) from(%0) weights(%gru_kernel, %gru_recurrent_kernel, %gru_bias)
      : (tensor<?x12x5xf32>, tensor<20xf32>, tensor<5x60xf32>, tensor<20x60xf32>, tensor<60xf32>) -> tensor<?x20xf32>
  %dense_kernel = seq.read @"dense/kernel" : tensor<20x1xf32>
  %dense_bias = seq.read @"dense/bias" : tensor<1xf32>
  %2 = seq.dense %1, %dense_kernel, %dense_bias : (tensor<?x20xf32>, tensor<20x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
  seq.return %2 : tensor<?x1xf32>
}

seq.loss @loss(%p: tensor<?x1xf32>, %y: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %difference = seq.sub %p, %y : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %square = seq.mul %difference, %difference : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %loss = seq.reduce <mean> %square : (tensor<?x1xf32>) -> tensor<?x1xf32>
  seq.return %loss : tensor<?x1xf32>
}

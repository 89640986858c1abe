// Same padding: an even kernel, and overlapping pools.
seq.weight @"conv1d/kernel" : tensor<4x4x12xf32> = [#seq.init<zeros>]
seq.weight @"conv1d/bias" : tensor<12xf32> = [#seq.init<zeros>]
seq.weight @"gru/kernel" : tensor<12x21xf32> = [#seq.init<zeros>]
seq.weight @"gru/recurrent_kernel" : tensor<7x21xf32> = [#seq.init<zeros>]
seq.weight @"gru/bias" : tensor<2x21xf32> = [#seq.init<zeros>]
seq.weight @"dense/kernel" : tensor<7x1xf32> = [#seq.init<zeros>]
seq.weight @"dense/bias" : tensor<1xf32> = [#seq.init<zeros>]

seq.cell @gru(%x: tensor<?x12xf32>, %h: tensor<?x7xf32>, %kernel: tensor<12x21xf32>, %recurrent: tensor<7x21xf32>, %bias: tensor<2x21xf32>) -> (tensor<?x7xf32>, tensor<?x7xf32>) attributes {states = 1 : i64} {
  %one = seq.constant dense<1.0> : tensor<f32>
  %xk = seq.matmul %x, %kernel : (tensor<?x12xf32>, tensor<12x21xf32>) -> tensor<?x21xf32>
  %flat = seq.reshape %bias : (tensor<2x21xf32>) -> tensor<42xf32>
  %bx, %bh = seq.split %flat : (tensor<42xf32>) -> (tensor<21xf32>, tensor<21xf32>)
  %xz = seq.add %xk, %bx : (tensor<?x21xf32>, tensor<21xf32>) -> tensor<?x21xf32>
  %hk = seq.matmul %h, %recurrent : (tensor<?x7xf32>, tensor<7x21xf32>) -> tensor<?x21xf32>
  %hz = seq.add %hk, %bh : (tensor<?x21xf32>, tensor<21xf32>) -> tensor<?x21xf32>
  %x0, %x1, %x2 = seq.split %xz : (tensor<?x21xf32>) -> (tensor<?x7xf32>, tensor<?x7xf32>, tensor<?x7xf32>)
  %h0, %h1, %h2 = seq.split %hz : (tensor<?x21xf32>) -> (tensor<?x7xf32>, tensor<?x7xf32>, tensor<?x7xf32>)
  %zs = seq.add %x0, %h0 : (tensor<?x7xf32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  %rs = seq.add %x1, %h1 : (tensor<?x7xf32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  %z = seq.sigmoid %zs : tensor<?x7xf32>
  %r = seq.sigmoid %rs : tensor<?x7xf32>
  %rh = seq.mul %r, %h2 : (tensor<?x7xf32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  %cs = seq.add %x2, %rh : (tensor<?x7xf32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  %candidate = seq.tanh %cs : tensor<?x7xf32>
  %zh = seq.mul %z, %h : (tensor<?x7xf32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  %nz = seq.sub %one, %z : (tensor<f32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  %nc = seq.mul %nz, %candidate : (tensor<?x7xf32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  %next = seq.add %zh, %nc : (tensor<?x7xf32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  seq.return %next, %next : tensor<?x7xf32>, tensor<?x7xf32>
}

seq.model @model(%x: tensor<?x15x4xf32>) -> tensor<?x1xf32> {
  %conv1d_kernel = seq.read @"conv1d/kernel" : tensor<4x4x12xf32>
  %conv1d_bias = seq.read @"conv1d/bias" : tensor<12xf32>
  %0 = seq.conv1d %x, %conv1d_kernel, %conv1d_bias {padding = #seq.padding<same>} : (tensor<?x15x4xf32>, tensor<4x4x12xf32>, tensor<12xf32>) -> tensor<?x15x12xf32>
  %1 = seq.constant dense<0.0> : tensor<f32>
  %2 = seq.maximum %0, %1 : (tensor<?x15x12xf32>, tensor<f32>) -> tensor<?x15x12xf32>
  %3 = seq.max_pool1d %2 {pool = 3 : i64, strides = 2 : i64, padding = #seq.padding<same>} : (tensor<?x15x12xf32>) -> tensor<?x8x12xf32>
  %gru_kernel = seq.read @"gru/kernel" : tensor<12x21xf32>
  %gru_recurrent_kernel = seq.read @"gru/recurrent_kernel" : tensor<7x21xf32>
  %gru_bias = seq.read @"gru/bias" : tensor<2x21xf32>
  %4 = seq.constant dense<0.0> : tensor<7xf32>
  %5 = seq.recurrent @gru(%3) from(%4) weights(%gru_kernel, %gru_recurrent_kernel, %gru_bias)
      : (tensor<?x8x12xf32>, tensor<7xf32>, tensor<12x21xf32>, tensor<7x21xf32>, tensor<2x21xf32>) -> tensor<?x7xf32>
  %dense_kernel = seq.read @"dense/kernel" : tensor<7x1xf32>
  %dense_bias = seq.read @"dense/bias" : tensor<1xf32>
  %6 = seq.dense %5, %dense_kernel, %dense_bias : (tensor<?x7xf32>, tensor<7x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
  %7 = seq.sigmoid %6 : tensor<?x1xf32>
  seq.return %7 : tensor<?x1xf32>
}

seq.loss @loss(%p: tensor<?x1xf32>, %y: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %one = seq.constant dense<1.0> : tensor<f32>
  %logP = seq.log %p : tensor<?x1xf32>
  %positive = seq.mul %y, %logP : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %q = seq.sub %one, %p : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %logQ = seq.log %q : tensor<?x1xf32>
  %noY = seq.sub %one, %y : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %negative = seq.mul %noY, %logQ : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %sum = seq.add %positive, %negative : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %loss = seq.negate %sum : tensor<?x1xf32>
  seq.return %loss : tensor<?x1xf32>
}

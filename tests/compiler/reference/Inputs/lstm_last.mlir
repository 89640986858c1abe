// An LSTM and an affine output.
seq.weight @"lstm/kernel" : tensor<3x20xf32> = [#seq.init<zeros>]
seq.weight @"lstm/recurrent_kernel" : tensor<5x20xf32> = [#seq.init<zeros>]
seq.weight @"lstm/bias" : tensor<20xf32> = [#seq.init<zeros>]
seq.weight @"dense/kernel" : tensor<5x1xf32> = [#seq.init<zeros>]
seq.weight @"dense/bias" : tensor<1xf32> = [#seq.init<zeros>]

seq.cell @lstm(%x: tensor<?x3xf32>, %h: tensor<?x5xf32>, %c: tensor<?x5xf32>, %kernel: tensor<3x20xf32>, %recurrent: tensor<5x20xf32>, %bias: tensor<20xf32>) -> (tensor<?x5xf32>, tensor<?x5xf32>, tensor<?x5xf32>) attributes {states = 2 : i64} {
  %xk = seq.matmul %x, %kernel : (tensor<?x3xf32>, tensor<3x20xf32>) -> tensor<?x20xf32>
  %hk = seq.matmul %h, %recurrent : (tensor<?x5xf32>, tensor<5x20xf32>) -> tensor<?x20xf32>
  %s = seq.add %xk, %hk : (tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x20xf32>
  %z = seq.add %s, %bias : (tensor<?x20xf32>, tensor<20xf32>) -> tensor<?x20xf32>
  %zi, %zf, %zg, %zo = seq.split %z : (tensor<?x20xf32>) -> (tensor<?x5xf32>, tensor<?x5xf32>, tensor<?x5xf32>, tensor<?x5xf32>)
  %i = seq.sigmoid %zi : tensor<?x5xf32>
  %f = seq.sigmoid %zf : tensor<?x5xf32>
  %g = seq.tanh %zg : tensor<?x5xf32>
  %o = seq.sigmoid %zo : tensor<?x5xf32>
  %fc = seq.mul %f, %c : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  %ig = seq.mul %i, %g : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  %c1 = seq.add %fc, %ig : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  %tc = seq.tanh %c1 : tensor<?x5xf32>
  %h1 = seq.mul %o, %tc : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  seq.return %h1, %h1, %c1 : tensor<?x5xf32>, tensor<?x5xf32>, tensor<?x5xf32>
}

seq.model @model(%x: tensor<?x7x3xf32>) -> tensor<?x1xf32> {
  %lstm_kernel = seq.read @"lstm/kernel" : tensor<3x20xf32>
  %lstm_recurrent_kernel = seq.read @"lstm/recurrent_kernel" : tensor<5x20xf32>
  %lstm_bias = seq.read @"lstm/bias" : tensor<20xf32>
  %0 = seq.constant dense<0.0> : tensor<5xf32>
  %1 = seq.recurrent @lstm(%x) from(%0, %0) weights(%lstm_kernel, %lstm_recurrent_kernel, %lstm_bias)
      : (tensor<?x7x3xf32>, tensor<5xf32>, tensor<5xf32>, tensor<3x20xf32>, tensor<5x20xf32>, tensor<20xf32>) -> tensor<?x5xf32>
  %dense_kernel = seq.read @"dense/kernel" : tensor<5x1xf32>
  %dense_bias = seq.read @"dense/bias" : tensor<1xf32>
  %2 = seq.dense %1, %dense_kernel, %dense_bias : (tensor<?x5xf32>, tensor<5x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
  seq.return %2 : tensor<?x1xf32>
}

seq.loss @loss(%p: tensor<?x1xf32>, %y: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %difference = seq.sub %p, %y : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %square = seq.mul %difference, %difference : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %loss = seq.reduce <mean> %square : (tensor<?x1xf32>) -> tensor<?x1xf32>
  seq.return %loss : tensor<?x1xf32>
}

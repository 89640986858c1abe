// The plain recurrent layer, two outputs.
seq.weight @"simple_rnn/kernel" : tensor<4x24xf32> = [#seq.init<zeros>]
seq.weight @"simple_rnn/recurrent_kernel" : tensor<24x24xf32> = [#seq.init<zeros>]
seq.weight @"simple_rnn/bias" : tensor<24xf32> = [#seq.init<zeros>]
seq.weight @"dense/kernel" : tensor<24x2xf32> = [#seq.init<zeros>]
seq.weight @"dense/bias" : tensor<2xf32> = [#seq.init<zeros>]

seq.cell @simple_rnn(%x: tensor<?x4xf32>, %h: tensor<?x24xf32>, %kernel: tensor<4x24xf32>, %recurrent: tensor<24x24xf32>, %bias: tensor<24xf32>) -> (tensor<?x24xf32>, tensor<?x24xf32>) attributes {states = 1 : i64} {
  %xk = seq.matmul %x, %kernel : (tensor<?x4xf32>, tensor<4x24xf32>) -> tensor<?x24xf32>
  %hk = seq.matmul %h, %recurrent : (tensor<?x24xf32>, tensor<24x24xf32>) -> tensor<?x24xf32>
  %s = seq.add %xk, %hk : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
  %z = seq.add %s, %bias : (tensor<?x24xf32>, tensor<24xf32>) -> tensor<?x24xf32>
  %h1 = seq.tanh %z : tensor<?x24xf32>
  seq.return %h1, %h1 : tensor<?x24xf32>, tensor<?x24xf32>
}

seq.model @model(%x: tensor<?x6x4xf32>) -> tensor<?x2xf32> {
  %simple_rnn_kernel = seq.read @"simple_rnn/kernel" : tensor<4x24xf32>
  %simple_rnn_recurrent_kernel = seq.read @"simple_rnn/recurrent_kernel" : tensor<24x24xf32>
  %simple_rnn_bias = seq.read @"simple_rnn/bias" : tensor<24xf32>
  %0 = seq.constant dense<0.0> : tensor<24xf32>
  %1 = seq.recurrent @simple_rnn(%x) from(%0) weights(%simple_rnn_kernel, %simple_rnn_recurrent_kernel, %simple_rnn_bias)
      : (tensor<?x6x4xf32>, tensor<24xf32>, tensor<4x24xf32>, tensor<24x24xf32>, tensor<24xf32>) -> tensor<?x24xf32>
  %dense_kernel = seq.read @"dense/kernel" : tensor<24x2xf32>
  %dense_bias = seq.read @"dense/bias" : tensor<2xf32>
  %2 = seq.dense %1, %dense_kernel, %dense_bias : (tensor<?x24xf32>, tensor<24x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  seq.return %2 : tensor<?x2xf32>
}

seq.loss @loss(%p: tensor<?x2xf32>, %y: tensor<?x2xf32>) -> tensor<?x1xf32> {
  %difference = seq.sub %p, %y : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %square = seq.mul %difference, %difference : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %loss = seq.reduce <mean> %square : (tensor<?x2xf32>) -> tensor<?x1xf32>
  seq.return %loss : tensor<?x1xf32>
}

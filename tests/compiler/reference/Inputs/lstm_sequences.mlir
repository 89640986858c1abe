// One LSTM over all the outputs of another, softmax.
seq.weight @"lstm/kernel" : tensor<4x64xf32> = [#seq.init<zeros>]
seq.weight @"lstm/recurrent_kernel" : tensor<16x64xf32> = [#seq.init<zeros>]
seq.weight @"lstm/bias" : tensor<64xf32> = [#seq.init<zeros>]
seq.weight @"lstm_1/kernel" : tensor<16x32xf32> = [#seq.init<zeros>]
seq.weight @"lstm_1/recurrent_kernel" : tensor<8x32xf32> = [#seq.init<zeros>]
seq.weight @"lstm_1/bias" : tensor<32xf32> = [#seq.init<zeros>]
seq.weight @"dense/kernel" : tensor<8x3xf32> = [#seq.init<zeros>]
seq.weight @"dense/bias" : tensor<3xf32> = [#seq.init<zeros>]

seq.cell @lstm(%x: tensor<?x4xf32>, %h: tensor<?x16xf32>, %c: tensor<?x16xf32>, %kernel: tensor<4x64xf32>, %recurrent: tensor<16x64xf32>, %bias: tensor<64xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>) attributes {states = 2 : i64} {
  %xk = seq.matmul %x, %kernel : (tensor<?x4xf32>, tensor<4x64xf32>) -> tensor<?x64xf32>
  %hk = seq.matmul %h, %recurrent : (tensor<?x16xf32>, tensor<16x64xf32>) -> tensor<?x64xf32>
  %s = seq.add %xk, %hk : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = seq.add %s, %bias : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %zi, %zf, %zg, %zo = seq.split %z : (tensor<?x64xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>)
  %i = seq.sigmoid %zi : tensor<?x16xf32>
  %f = seq.sigmoid %zf : tensor<?x16xf32>
  %g = seq.tanh %zg : tensor<?x16xf32>
  %o = seq.sigmoid %zo : tensor<?x16xf32>
  %fc = seq.mul %f, %c : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
  %ig = seq.mul %i, %g : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
  %c1 = seq.add %fc, %ig : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
  %tc = seq.tanh %c1 : tensor<?x16xf32>
  %h1 = seq.mul %o, %tc : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
  seq.return %h1, %h1, %c1 : tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>
}

seq.cell @lstm_1(%x: tensor<?x16xf32>, %h: tensor<?x8xf32>, %c: tensor<?x8xf32>, %kernel: tensor<16x32xf32>, %recurrent: tensor<8x32xf32>, %bias: tensor<32xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) attributes {states = 2 : i64} {
  %xk = seq.matmul %x, %kernel : (tensor<?x16xf32>, tensor<16x32xf32>) -> tensor<?x32xf32>
  %hk = seq.matmul %h, %recurrent : (tensor<?x8xf32>, tensor<8x32xf32>) -> tensor<?x32xf32>
  %s = seq.add %xk, %hk : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
  %z = seq.add %s, %bias : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  %zi, %zf, %zg, %zo = seq.split %z : (tensor<?x32xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>)
  %i = seq.sigmoid %zi : tensor<?x8xf32>
  %f = seq.sigmoid %zf : tensor<?x8xf32>
  %g = seq.tanh %zg : tensor<?x8xf32>
  %o = seq.sigmoid %zo : tensor<?x8xf32>
  %fc = seq.mul %f, %c : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %ig = seq.mul %i, %g : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c1 = seq.add %fc, %ig : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %tc = seq.tanh %c1 : tensor<?x8xf32>
  %h1 = seq.mul %o, %tc : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  seq.return %h1, %h1, %c1 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}

seq.model @model(%x: tensor<?x9x4xf32>) -> tensor<?x3xf32> {
  %lstm_kernel = seq.read @"lstm/kernel" : tensor<4x64xf32>
  %lstm_recurrent_kernel = seq.read @"lstm/recurrent_kernel" : tensor<16x64xf32>
  %lstm_bias = seq.read @"lstm/bias" : tensor<64xf32>
  %0 = seq.constant dense<0.0> : tensor<16xf32>
  %1 = seq.recurrent @lstm(%x) from(%0, %0) weights(%lstm_kernel, %lstm_recurrent_kernel, %lstm_bias) {return_sequences}
      : (tensor<?x9x4xf32>, tensor<16xf32>, tensor<16xf32>, tensor<4x64xf32>, tensor<16x64xf32>, tensor<64xf32>) -> tensor<?x9x16xf32>
  %lstm_1_kernel = seq.read @"lstm_1/kernel" : tensor<16x32xf32>
  %lstm_1_recurrent_kernel = seq.read @"lstm_1/recurrent_kernel" : tensor<8x32xf32>
  %lstm_1_bias = seq.read @"lstm_1/bias" : tensor<32xf32>
  %2 = seq.constant dense<0.0> : tensor<8xf32>
  %3 = seq.recurrent @lstm_1(%1) from(%2, %2) weights(%lstm_1_kernel, %lstm_1_recurrent_kernel, %lstm_1_bias)
      : (tensor<?x9x16xf32>, tensor<8xf32>, tensor<8xf32>, tensor<16x32xf32>, tensor<8x32xf32>, tensor<32xf32>) -> tensor<?x8xf32>
  %dense_kernel = seq.read @"dense/kernel" : tensor<8x3xf32>
  %dense_bias = seq.read @"dense/bias" : tensor<3xf32>
  %4 = seq.dense %3, %dense_kernel, %dense_bias : (tensor<?x8xf32>, tensor<8x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %5 = seq.reduce <max> %4 : (tensor<?x3xf32>) -> tensor<?x1xf32>
  %6 = seq.sub %4, %5 : (tensor<?x3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  %7 = seq.exp %6 : tensor<?x3xf32>
  %8 = seq.reduce <sum> %7 : (tensor<?x3xf32>) -> tensor<?x1xf32>
  %9 = seq.div %7, %8 : (tensor<?x3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  seq.return %9 : tensor<?x3xf32>
}

seq.loss @loss(%p: tensor<?x3xf32>, %y: tensor<?x1xi32>) -> tensor<?x1xf32> {
  %label = seq.one_hot %y : (tensor<?x1xi32>) -> tensor<?x3xf32>
  %logP = seq.log %p : tensor<?x3xf32>
  %chosen = seq.mul %label, %logP : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %sum = seq.reduce <sum> %chosen : (tensor<?x3xf32>) -> tensor<?x1xf32>
  %loss = seq.negate %sum : tensor<?x1xf32>
  seq.return %loss : tensor<?x1xf32>
}

// Words through a convolution and pooling to an LSTM.
seq.weight @"embedding/embeddings" : tensor<5000x32xf32> = [#seq.init<zeros>]
seq.weight @"conv1d/kernel" : tensor<3x32x32xf32> = [#seq.init<zeros>]
seq.weight @"conv1d/bias" : tensor<32xf32> = [#seq.init<zeros>]
seq.weight @"lstm/kernel" : tensor<32x400xf32> = [#seq.init<zeros>]
seq.weight @"lstm/recurrent_kernel" : tensor<100x400xf32> = [#seq.init<zeros>]
seq.weight @"lstm/bias" : tensor<400xf32> = [#seq.init<zeros>]
seq.weight @"dense/kernel" : tensor<100x1xf32> = [#seq.init<zeros>]
seq.weight @"dense/bias" : tensor<1xf32> = [#seq.init<zeros>]

seq.cell @lstm(%x: tensor<?x32xf32>, %h: tensor<?x100xf32>, %c: tensor<?x100xf32>, %kernel: tensor<32x400xf32>, %recurrent: tensor<100x400xf32>, %bias: tensor<400xf32>) -> (tensor<?x100xf32>, tensor<?x100xf32>, tensor<?x100xf32>) attributes {states = 2 : i64} {
  %xk = seq.matmul %x, %kernel : (tensor<?x32xf32>, tensor<32x400xf32>) -> tensor<?x400xf32>
  %hk = seq.matmul %h, %recurrent : (tensor<?x100xf32>, tensor<100x400xf32>) -> tensor<?x400xf32>
  %s = seq.add %xk, %hk : (tensor<?x400xf32>, tensor<?x400xf32>) -> tensor<?x400xf32>
  %z = seq.add %s, %bias : (tensor<?x400xf32>, tensor<400xf32>) -> tensor<?x400xf32>
  %zi, %zf, %zg, %zo = seq.split %z : (tensor<?x400xf32>) -> (tensor<?x100xf32>, tensor<?x100xf32>, tensor<?x100xf32>, tensor<?x100xf32>)
  %i = seq.sigmoid %zi : tensor<?x100xf32>
  %f = seq.sigmoid %zf : tensor<?x100xf32>
  %g = seq.tanh %zg : tensor<?x100xf32>
  %o = seq.sigmoid %zo : tensor<?x100xf32>
  %fc = seq.mul %f, %c : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
  %ig = seq.mul %i, %g : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
  %c1 = seq.add %fc, %ig : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
  %tc = seq.tanh %c1 : tensor<?x100xf32>
  %h1 = seq.mul %o, %tc : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
  seq.return %h1, %h1, %c1 : tensor<?x100xf32>, tensor<?x100xf32>, tensor<?x100xf32>
}

seq.model @model(%x: tensor<?x500xi32>) -> tensor<?x1xf32> {
  %embedding_embeddings = seq.read @"embedding/embeddings" : tensor<5000x32xf32>
  %0 = seq.embedding %x, %embedding_embeddings : (tensor<?x500xi32>, tensor<5000x32xf32>) -> tensor<?x500x32xf32>
  %conv1d_kernel = seq.read @"conv1d/kernel" : tensor<3x32x32xf32>
  %conv1d_bias = seq.read @"conv1d/bias" : tensor<32xf32>
  %1 = seq.conv1d %0, %conv1d_kernel, %conv1d_bias {padding = #seq.padding<same>} : (tensor<?x500x32xf32>, tensor<3x32x32xf32>, tensor<32xf32>) -> tensor<?x500x32xf32>
  %2 = seq.constant dense<0.0> : tensor<f32>
  %3 = seq.maximum %1, %2 : (tensor<?x500x32xf32>, tensor<f32>) -> tensor<?x500x32xf32>
  %4 = seq.max_pool1d %3 {pool = 2 : i64, strides = 2 : i64, padding = #seq.padding<valid>} : (tensor<?x500x32xf32>) -> tensor<?x250x32xf32>
  %lstm_kernel = seq.read @"lstm/kernel" : tensor<32x400xf32>
  %lstm_recurrent_kernel = seq.read @"lstm/recurrent_kernel" : tensor<100x400xf32>
  %lstm_bias = seq.read @"lstm/bias" : tensor<400xf32>
  %5 = seq.constant dense<0.0> : tensor<100xf32>
  %6 = seq.recurrent @lstm(%4) from(%5, %5) weights(%lstm_kernel, %lstm_recurrent_kernel, %lstm_bias)
      : (tensor<?x250x32xf32>, tensor<100xf32>, tensor<100xf32>, tensor<32x400xf32>, tensor<100x400xf32>, tensor<400xf32>) -> tensor<?x100xf32>
  %dense_kernel = seq.read @"dense/kernel" : tensor<100x1xf32>
  %dense_bias = seq.read @"dense/bias" : tensor<1xf32>
  %7 = seq.dense %6, %dense_kernel, %dense_bias : (tensor<?x100xf32>, tensor<100x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
  %8 = seq.sigmoid %7 : tensor<?x1xf32>
  seq.return %8 : tensor<?x1xf32>
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

//===- Dnnl.cpp - The LSTM as a primitive of oneDNN -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lstm.h"

#include <cstring>
#include <dnnl.hpp>

namespace weft::benchmarks {
namespace {

using Memory = dnnl::memory;
using Tag = Memory::format_tag;

/// Forward for inference, in the layout of weights that it likes best, reordered
/// before the time is taken. Its gates are i, f, c, o as here.
class Dnnl : public Lstm {
public:
  explicit Dnnl(const LstmProblem &problem) : p(problem), engine(dnnl::engine::kind::cpu, 0), stream(engine) {
    auto plain = [](Memory::dims dims, Tag tag) { return Memory::desc(dims, Memory::data_type::f32, tag); };
    Memory::dims source{p.steps, p.rows, p.input}, state{1, 1, p.rows, p.units}, target{p.steps, p.rows, p.units};
    Memory::dims kernel{1, 1, p.input, 4, p.units}, recurrent{1, 1, p.units, 4, p.units}, bias{1, 1, 4, p.units};
    dnnl::lstm_forward::desc description(dnnl::prop_kind::forward_inference, dnnl::rnn_direction::unidirectional_left2right,
                                         plain(source, Tag::tnc), Memory::desc(), Memory::desc(), plain(kernel, Tag::any),
                                         plain(recurrent, Tag::any), plain(bias, Tag::ldgo), plain(target, Tag::tnc),
                                         plain(state, Tag::ldnc), plain(state, Tag::ldnc));
    dnnl::lstm_forward::primitive_desc chosen(description, engine);
    primitive = dnnl::lstm_forward(chosen);
    auto given = [&](const Floats &from, const Memory::desc &as, const Memory::desc &like) {
      Memory memory(as, engine, from.data()), made(like, engine);
      dnnl::reorder(memory, made).execute(stream, memory, made);
      return made;
    };
    x = Memory(plain(source, Tag::tnc), engine);
    out = Memory(plain(target, Tag::tnc), engine);
    arguments = {{DNNL_ARG_SRC_LAYER, x},
                 {DNNL_ARG_WEIGHTS_LAYER, given(p.kernel, plain(kernel, Tag::ldigo), chosen.weights_layer_desc())},
                 {DNNL_ARG_WEIGHTS_ITER, given(p.recurrentKernel, plain(recurrent, Tag::ldigo), chosen.weights_iter_desc())},
                 {DNNL_ARG_BIAS, given(p.bias, plain(bias, Tag::ldgo), chosen.bias_desc())},
                 {DNNL_ARG_DST_LAYER, out},
                 {DNNL_ARG_DST_ITER, Memory(plain(state, Tag::ldnc), engine)},
                 {DNNL_ARG_DST_ITER_C, Memory(plain(state, Tag::ldnc), engine)}};
    stream.wait();
  }

  void forward(LstmResult &result) override {
    auto *data = static_cast<float *>(x.get_data_handle());
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t t = 0; t < p.steps; ++t)
        std::memcpy(data + (t * p.rows + r) * p.input, &p.x[(r * p.steps + t) * p.input], size_t(p.input) * 4);
    primitive.execute(stream, arguments);
    stream.wait();
    std::memcpy(result.last.data(), static_cast<float *>(out.get_data_handle()) + (p.steps - 1) * p.rows * p.units,
                size_t(p.rows * p.units) * 4);
  }

private:
  const LstmProblem &p;
  dnnl::engine engine;
  dnnl::stream stream;
  dnnl::lstm_forward primitive;
  Memory x, out;
  std::unordered_map<int, Memory> arguments;
};

} // namespace

std::unique_ptr<Lstm> makeDnnl(const LstmProblem &problem) {
  return std::make_unique<Dnnl>(problem);
}

} // namespace weft::benchmarks

//===- Dnnl.cpp - LSTM and convolutions as primitives of oneDNN -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Work.h"

#include <cstring>
#include <dnnl.hpp>

namespace weft::benchmarks {
namespace {

using Memory = dnnl::memory;
using Tag = Memory::format_tag;

Memory::desc plain(Memory::dims dims, Tag tag) { return Memory::desc(dims, Memory::data_type::f32, tag); }

/// What both kinds of work need: an engine, and memory in the layouts it likes best.
class Dnnl : public Way {
protected:
  explicit Dnnl(const Problem &problem) : p(problem), engine(dnnl::engine::kind::cpu, 0), stream(engine) {}

  Memory made(const Memory::desc &like) const { return Memory(like, engine); }
  void reorder(Memory from, Memory to) { dnnl::reorder(from, to).execute(stream, from, to); }
  /// A weight, reordered before any time is taken.
  Memory given(const char *name, const Memory::desc &as, const Memory::desc &like) {
    Memory to = made(like);
    reorder(Memory(as, engine, p.weights.at(name).data()), to);
    stream.wait();
    return to;
  }
  static float *floats(const Memory &memory) { return static_cast<float *>(memory.get_data_handle()); }
  void clear(const Memory &memory) const { std::memset(memory.get_data_handle(), 0, memory.get_desc().get_size()); }

  const Problem &p;
  dnnl::engine engine;
  mutable dnnl::stream stream;
};

using Arguments = std::unordered_map<int, Memory>;

/// Its gates are i, f, c, o as here. Its backward cannot leave out the gradient of
/// the input, which nobody asks for here.
class DnnlLstm : public Dnnl {
public:
  explicit DnnlLstm(const Problem &problem)
      : Dnnl(problem), units(p.width), source(plain({p.steps, p.rows, p.input}, Tag::tnc)),
        state(plain({1, 1, p.rows, units}, Tag::ldnc)), target(plain({p.steps, p.rows, units}, Tag::tnc)),
        kernel(plain({1, 1, p.input, 4, units}, Tag::ldigo)), recurrent(plain({1, 1, units, 4, units}, Tag::ldigo)),
        bias(plain({1, 1, 4, units}, Tag::ldgo)), anyKernel(plain({1, 1, p.input, 4, units}, Tag::any)),
        anyRecurrent(plain({1, 1, units, 4, units}, Tag::any)), x(made(source)),
        zeros(made(state)) {
    // Where no states are given to start from, its gradient of the recurrent kernel is wrong.
    clear(zeros);
    dnnl::lstm_forward::primitive_desc chosen = prepare(dnnl::prop_kind::forward_inference, inference, inferenceArguments);
    chosen = prepare(dnnl::prop_kind::forward_training, training, trainingArguments);
    trainingArguments[DNNL_ARG_WORKSPACE] = made(chosen.workspace_desc());

    Memory::desc none;
    dnnl::lstm_backward::desc description(dnnl::prop_kind::backward, dnnl::rnn_direction::unidirectional_left2right, source,
                                          state, state, anyKernel, anyRecurrent, none, none, bias, target, state, state, source,
                                          state, state, anyKernel, anyRecurrent, none, none, bias, target, state, state);
    dnnl::lstm_backward::primitive_desc back(description, engine, chosen);
    backward = dnnl::lstm_backward(back);
    backwardArguments = trainingArguments;
    backwardArguments[DNNL_ARG_WEIGHTS_LAYER] = given("lstm/kernel", kernel, back.weights_layer_desc());
    backwardArguments[DNNL_ARG_WEIGHTS_ITER] = given("lstm/recurrent_kernel", recurrent, back.weights_iter_desc());
    for (auto [argument, like] : {std::pair(DNNL_ARG_DIFF_SRC_LAYER, source), {DNNL_ARG_DIFF_SRC_ITER, state},
                                  {DNNL_ARG_DIFF_SRC_ITER_C, state}, {DNNL_ARG_DIFF_DST_LAYER, target},
                                  {DNNL_ARG_DIFF_DST_ITER, state}, {DNNL_ARG_DIFF_DST_ITER_C, state},
                                  {DNNL_ARG_DIFF_WEIGHTS_LAYER, back.diff_weights_layer_desc()},
                                  {DNNL_ARG_DIFF_WEIGHTS_ITER, back.diff_weights_iter_desc()}, {DNNL_ARG_DIFF_BIAS, bias}}) {
      backwardArguments[argument] = made(like);
      clear(backwardArguments[argument]);
    }
  }

  void forward(Result &result) override { run(inference, inferenceArguments, result); }

  bool train(Result &result) override {
    run(training, trainingArguments, result);
    float *last = floats(backwardArguments[DNNL_ARG_DIFF_DST_LAYER]) + (p.steps - 1) * p.rows * units;
    for (int64_t i = 0; i < p.rows * units; ++i)
      last[i] = p.slope(result.output[i], p.target[i]);
    // It adds to what is there.
    for (int argument : {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS})
      clear(backwardArguments[argument]);
    backward.execute(stream, backwardArguments);
    for (auto [argument, name, like] : {std::tuple(DNNL_ARG_DIFF_WEIGHTS_LAYER, "lstm/kernel", kernel),
                                        {DNNL_ARG_DIFF_WEIGHTS_ITER, "lstm/recurrent_kernel", recurrent},
                                        {DNNL_ARG_DIFF_BIAS, "lstm/bias", bias}})
      reorder(backwardArguments[argument], Memory(like, engine, result.gradients[name].data()));
    stream.wait();
    return true;
  }

private:
  dnnl::lstm_forward::primitive_desc prepare(dnnl::prop_kind kind, dnnl::lstm_forward &primitive, Arguments &arguments) {
    dnnl::lstm_forward::desc description(kind, dnnl::rnn_direction::unidirectional_left2right, source, state, state, anyKernel,
                                         anyRecurrent, bias, target, state, state);
    dnnl::lstm_forward::primitive_desc chosen(description, engine);
    primitive = dnnl::lstm_forward(chosen);
    arguments = {{DNNL_ARG_SRC_LAYER, x},
                 {DNNL_ARG_WEIGHTS_LAYER, given("lstm/kernel", kernel, chosen.weights_layer_desc())},
                 {DNNL_ARG_WEIGHTS_ITER, given("lstm/recurrent_kernel", recurrent, chosen.weights_iter_desc())},
                 {DNNL_ARG_BIAS, given("lstm/bias", bias, chosen.bias_desc())},
                 {DNNL_ARG_SRC_ITER, zeros},
                 {DNNL_ARG_SRC_ITER_C, zeros},
                 {DNNL_ARG_DST_LAYER, made(target)},
                 {DNNL_ARG_DST_ITER, made(state)},
                 {DNNL_ARG_DST_ITER_C, made(state)}};
    return chosen;
  }

  void run(dnnl::lstm_forward &primitive, Arguments &arguments, Result &result) {
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t t = 0; t < p.steps; ++t)
        std::memcpy(floats(x) + (t * p.rows + r) * p.input, &p.x[(r * p.steps + t) * p.input], size_t(p.input) * 4);
    primitive.execute(stream, arguments);
    stream.wait();
    std::memcpy(result.output.data(), floats(arguments[DNNL_ARG_DST_LAYER]) + (p.steps - 1) * p.rows * units,
                size_t(p.rows * units) * 4);
  }

  int64_t units;
  Memory::desc source, state, target, kernel, recurrent, bias, anyKernel, anyRecurrent;
  Memory x, zeros;
  dnnl::lstm_forward inference, training;
  dnnl::lstm_backward backward;
  Arguments inferenceArguments, trainingArguments, backwardArguments;
};

/// Activations channels last, as the input is; weights as it likes them best.
class DnnlConv1d : public Dnnl {
  struct Layer {
    Memory::desc kernel; ///< in Keras's layout
    std::string name;
    Memory in, out, dOut, dIn, dKernel, dBias;
    dnnl::convolution_forward forward;
    dnnl::convolution_backward_weights backwardWeights;
    dnnl::convolution_backward_data backwardData;
    Memory weights, turned, bias;
  };

public:
  explicit DnnlConv1d(const Problem &problem) : Dnnl(problem) {
    Memory in(plain({p.rows, p.input, p.steps}, Tag::nwc), engine, p.x.data());
    prepare(first, "conv1d", in, true);
    prepare(second, "conv1d_1", first.out, false);
    Memory::desc like = first.out.get_desc();
    auto what = dnnl::algorithm::eltwise_relu_use_dst_for_bwd;
    dnnl::eltwise_forward::primitive_desc hint({dnnl::prop_kind::forward_training, what, like, 0}, engine);
    relu = dnnl::eltwise_backward(dnnl::eltwise_backward::primitive_desc({what, like, like, 0}, engine, hint));
  }

  void forward(Result &result) override {
    second.out.set_data_handle(result.output.data());
    for (Layer *layer : {&first, &second})
      layer->forward.execute(stream, {{DNNL_ARG_SRC, layer->in}, {DNNL_ARG_WEIGHTS, layer->weights},
                                      {DNNL_ARG_BIAS, layer->bias}, {DNNL_ARG_DST, layer->out}});
    stream.wait();
  }

  bool train(Result &result) override {
    forward(result);
    float *slope = floats(second.dOut);
    for (int64_t i = 0; i < p.target.size(); ++i)
      slope[i] = p.slope(result.output[i], p.target[i]);
    addWeights(second, result);
    second.backwardData.execute(stream, {{DNNL_ARG_DIFF_DST, second.dOut}, {DNNL_ARG_WEIGHTS, second.turned},
                                         {DNNL_ARG_DIFF_SRC, second.dIn}});
    relu.execute(stream, {{DNNL_ARG_DST, first.out}, {DNNL_ARG_DIFF_DST, second.dIn}, {DNNL_ARG_DIFF_SRC, first.dOut}});
    addWeights(first, result);
    stream.wait();
    return true;
  }

private:
  void prepare(Layer &layer, const std::string &name, const Memory &in, bool isCut) {
    int64_t filters = p.weights.at(name + "/bias").size(), channels = in.get_desc().dims()[1];
    int64_t taps = p.weights.at(name + "/kernel").size() / filters / channels;
    Memory::dims one{1}, front{(taps - 1) / 2}, behind{taps / 2};
    auto what = dnnl::algorithm::convolution_direct;
    layer.name = name, layer.in = in;
    layer.kernel = plain({filters, channels, taps}, Tag::wio);
    Memory::desc any = plain({filters, channels, taps}, Tag::any), bias = plain({filters}, Tag::x);
    Memory::desc source = in.get_desc(), target = plain({p.rows, filters, p.steps}, Tag::nwc);
    dnnl::primitive_attr attributes;
    if (isCut) {
      dnnl::post_ops behindIt;
      behindIt.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
      attributes.set_post_ops(behindIt);
    }
    dnnl::convolution_forward::primitive_desc chosen(
        {dnnl::prop_kind::forward_training, what, source, any, bias, target, one, front, behind}, attributes, engine);
    dnnl::convolution_backward_weights::primitive_desc weights({what, source, any, bias, target, one, front, behind}, engine, chosen);
    dnnl::convolution_backward_data::primitive_desc data({what, source, any, target, one, front, behind}, engine, chosen);
    layer.forward = dnnl::convolution_forward(chosen);
    layer.backwardWeights = dnnl::convolution_backward_weights(weights);
    layer.backwardData = dnnl::convolution_backward_data(data);
    layer.weights = given((name + "/kernel").c_str(), layer.kernel, chosen.weights_desc());
    layer.turned = given((name + "/kernel").c_str(), layer.kernel, data.weights_desc());
    layer.bias = Memory(bias, engine, p.weights.at(name + "/bias").data());
    layer.out = made(target), layer.dOut = made(target), layer.dIn = made(source);
    layer.dKernel = made(weights.diff_weights_desc()), layer.dBias = made(bias);
  }

  void addWeights(Layer &layer, Result &result) {
    layer.dBias.set_data_handle(result.gradients[layer.name + "/bias"].data());
    layer.backwardWeights.execute(stream, {{DNNL_ARG_SRC, layer.in}, {DNNL_ARG_DIFF_DST, layer.dOut},
                                           {DNNL_ARG_DIFF_WEIGHTS, layer.dKernel}, {DNNL_ARG_DIFF_BIAS, layer.dBias}});
    reorder(layer.dKernel, Memory(layer.kernel, engine, result.gradients[layer.name + "/kernel"].data()));
  }

  Layer first, second;
  dnnl::eltwise_backward relu;
};

} // namespace

std::unique_ptr<Way> makeDnnlLstm(const Problem &problem) { return std::make_unique<DnnlLstm>(problem); }
std::unique_ptr<Way> makeDnnlConv1d(const Problem &problem) { return std::make_unique<DnnlConv1d>(problem); }

} // namespace weft::benchmarks

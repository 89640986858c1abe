//===- CompiledModel.cpp - A compiled model, run in this process -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/verify/CompiledModel.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

using namespace weft;
using namespace weft::verify;

namespace {

/// Memory as the ABI wants it, full of NaNs so that what is read before it is
/// written shows.
class Buffer {
public:
  explicit Buffer(int64_t bytes) : size((bytes + 2 * WEFT_ALIGNMENT) / WEFT_ALIGNMENT * WEFT_ALIGNMENT) {
    data = std::aligned_alloc(WEFT_ALIGNMENT, size);
    std::memset(data, 0xff, size);
  }
  Buffer(const Buffer &) = delete;
  ~Buffer() { std::free(data); }
  void *get() const { return data; }

private:
  size_t size;
  void *data;
};

/// A port's rows as the binary takes them.
std::vector<uint32_t> encode(const WeftPort &port, const reference::Tensor &tensor) {
  std::vector<uint32_t> words(tensor.values.size());
  for (size_t i = 0; i < words.size(); ++i) {
    float real = float(tensor.values[i]);
    int32_t id = int32_t(tensor.values[i]);
    std::memcpy(&words[i], port.element == WEFT_F32 ? (const void *)&real : (const void *)&id, 4);
  }
  return words;
}

int64_t elementsOf(const WeftPort &port) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < port.rank; ++axis)
    count *= port.shape[axis];
  return count;
}

} // namespace

static llvm::Error failure(const std::string &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Expected<std::unique_ptr<CompiledModel>> CompiledModel::load(const std::string &path) {
  std::unique_ptr<CompiledModel> result(new CompiledModel);
  result->library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!result->library)
    return failure(dlerror());
  result->descriptor = static_cast<const WeftModel *>(dlsym(result->library, "weft_model"));
  if (!result->descriptor || result->descriptor->magic != WEFT_ABI_MAGIC)
    return failure(path + " holds no weft_model of this ABI");
  result->parameters.resize(result->descriptor->parameter_count + 64);
  return result;
}

CompiledModel::~CompiledModel() {
  if (library)
    dlclose(library);
}

llvm::Error CompiledModel::setWeights(const reference::Weights &weights) {
  for (int32_t i = 0; i < descriptor->weight_count; ++i) {
    const WeftWeight &weight = descriptor->weights[i];
    auto found = weights.find(weight.name);
    if (found == weights.end() || found->second.size() != weight.size)
      return failure(std::string("the program has a weight ") + weight.name + " that the model has not, or not of its size");
    std::copy(found->second.values.begin(), found->second.values.end(), parameters.begin() + weight.offset);
  }
  return llvm::Error::success();
}

StepResult CompiledModel::run(const WeftFunction &function, const std::vector<reference::Tensor> &inputs,
                              const std::vector<reference::Tensor> &labels, int64_t slices,
                              const reference::Randomness *random, const std::vector<int32_t> &startsOfRows) {
  const WeftModel &m = *descriptor;
  int64_t rows = inputs.front().shape.front();
  std::vector<std::vector<uint32_t>> in, wanted;
  auto withRoom = [&](std::vector<uint32_t> words, const WeftPort &port) {
    words.resize(words.size() + m.row_tile * elementsOf(port) + WEFT_ALIGNMENT);
    return words;
  };
  for (size_t i = 0; i < inputs.size(); ++i)
    in.push_back(withRoom(encode(m.inputs[i], inputs[i]), m.inputs[i]));
  for (size_t i = 0; i < labels.size(); ++i)
    wanted.push_back(withRoom(encode(m.labels[i], labels[i]), m.labels[i]));
  std::vector<std::vector<float>> out;
  for (int32_t i = 0; i < m.output_count; ++i)
    out.emplace_back(rows * elementsOf(m.outputs[i]));
  std::vector<float> loss(rows), sum(m.parameter_count);

  Buffer shared(function.shared_bytes);
  // The flat vector must be aligned as the ABI says.
  Buffer flat((m.parameter_count + 64) * 4);
  std::memcpy(flat.get(), parameters.data(), parameters.size() * 4);
  WeftCall call{};
  call.parameters = static_cast<const float *>(flat.get());
  call.shared = shared.get();
  std::vector<float> scales(rows + WEFT_ALIGNMENT, 1.0f / float(rows));
  std::vector<int32_t> rowIds(rows + 16), starts(startsOfRows);
  if (!starts.empty())
    scales[0] = 0;
  starts.resize(rows);
  std::iota(rowIds.begin(), rowIds.end(), 0);
  call.seed = random ? random->seed : 0;
  call.step = random ? random->step : WEFT_DRAW_NOTHING;
  if (function.prepare)
    function.prepare(&call);
  for (int64_t slice = 0; slice < slices; ++slice) {
    int64_t first = rows * slice / slices, end = rows * (slice + 1) / slices;
    if (first == end)
      continue;
    Buffer arena(function.arena_bytes(end - first)), gradients((m.parameter_count + 16) * 4);
    std::vector<const void *> inputRows, labelRows;
    std::vector<float *> outputRows;
    for (size_t i = 0; i < in.size(); ++i)
      inputRows.push_back(in[i].data() + first * elementsOf(m.inputs[i]));
    for (size_t i = 0; i < wanted.size(); ++i)
      labelRows.push_back(wanted[i].data() + first * elementsOf(m.labels[i]));
    for (size_t i = 0; i < out.size(); ++i)
      outputRows.push_back(out[i].data() + first * elementsOf(m.outputs[i]));
    call.arena = arena.get();
    call.inputs = inputRows.data();
    call.labels = labelRows.data();
    call.outputs = outputRows.data();
    call.loss = loss.data() + first;
    call.gradients = static_cast<float *>(gradients.get());
    call.rows = end - first;
    call.scales = scales.data() + first;
    call.row_ids = rowIds.data() + first;
    call.starts = starts.data();
    function.slice(&call);
    if (!labels.empty())
      for (int64_t i = 0; i < m.parameter_count; ++i)
        sum[i] += call.gradients[i];
  }

  StepResult result;
  for (int32_t i = 0; i < m.output_count; ++i) {
    std::vector<int64_t> shape{rows};
    shape.insert(shape.end(), m.outputs[i].shape, m.outputs[i].shape + m.outputs[i].rank);
    result.outputs.emplace_back(shape, std::vector<double>(out[i].begin(), out[i].end()));
  }
  result.loss.assign(loss.begin(), loss.end());
  for (int32_t i = 0; i < m.weight_count; ++i) {
    const WeftWeight &weight = m.weights[i];
    std::vector<int64_t> shape(weight.shape, weight.shape + weight.rank);
    result.gradients[weight.name] = reference::Tensor(
        shape, std::vector<double>(sum.begin() + weight.offset, sum.begin() + weight.offset + weight.size));
  }
  return result;
}

std::vector<reference::Tensor> CompiledModel::predict(const std::vector<reference::Tensor> &inputs,
                                                      int64_t slices) {
  return run(descriptor->predict, inputs, {}, slices).outputs;
}

StepResult CompiledModel::step(const std::vector<reference::Tensor> &inputs,
                               const std::vector<reference::Tensor> &labels, int64_t slices,
                               const reference::Randomness *random) {
  return run(descriptor->step, inputs, labels, slices, random);
}

StepResult CompiledModel::sharedStep(const std::vector<reference::Tensor> &inputs,
                                     const std::vector<reference::Tensor> &labels,
                                     const std::vector<int32_t> &starts, const reference::Randomness *random) {
  return run(descriptor->step, inputs, labels, 1, random, starts);
}

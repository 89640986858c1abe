//===- Generated.cpp - The LSTM that Weft compiled, through its ABI -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lstm.h"

#include "runtime/abi/Abi.h"

#include <cstdio>
#include <cstring>

#include <dlfcn.h>
#include <sys/mman.h>

namespace weft::benchmarks {
namespace {

class Generated : public Lstm {
public:
  Generated(const LstmProblem &problem, const WeftModel &model)
      : p(problem), model(model), parameters(model.parameter_count), gradients(model.parameter_count), output(p.rows * p.units),
        loss(p.rows), scales(p.rows) {
    for (const WeftWeight *weight = model.weights; weight != model.weights + model.weight_count; ++weight) {
      const Floats &from = part(weight->name, p.kernel, p.recurrentKernel, p.bias);
      std::memcpy(&parameters[weight->offset], from.data(), size_t(weight->size) * 4);
    }
    for (int64_t row = 0; row < p.rows; ++row)
      scales[row] = 1.0f / float(p.rows);
    for (int64_t row = 0; row < p.rows; ++row)
      rowIds.push_back(int32_t(row));
    starts.assign(size_t(p.rows), 0); // no row shares anything
  }

  void forward(LstmResult &result) override {
    run(model.predict, false);
    std::memcpy(result.last.data(), output.data(), size_t(output.size()) * 4);
  }

  bool train(LstmResult &result) override {
    run(model.step, true);
    std::memcpy(result.last.data(), output.data(), size_t(output.size()) * 4);
    for (const WeftWeight *weight = model.weights; weight != model.weights + model.weight_count; ++weight)
      std::memcpy(part(weight->name, result.kernel, result.recurrentKernel, result.bias).data(), &gradients[weight->offset],
                  size_t(weight->size) * 4);
    return true;
  }

private:
  static const Floats &part(const char *name, const Floats &kernel, const Floats &recurrentKernel, const Floats &bias) {
    return std::strstr(name, "recurrent_kernel") ? recurrentKernel : std::strstr(name, "kernel") ? kernel : bias;
  }

  void run(const WeftFunction &function, bool labelled) {
    if (shared.size() * 4 < function.shared_bytes)
      shared = Floats(function.shared_bytes / 4 + 16);
    int64_t floats = function.arena_bytes(p.rows) / 4;
    if (arena.size() < floats) {
      arena = Floats(floats + (1 << 20));
      auto begin = (reinterpret_cast<uintptr_t>(arena.data()) + (2 << 20) - 1) & ~uintptr_t((2 << 20) - 1);
      aligned = reinterpret_cast<float *>(begin);
      (void)madvise(aligned, size_t(floats) * 4, MADV_HUGEPAGE);
    }
    const void *inputs[] = {p.x.data()}, *labels[] = {p.target.data()};
    float *outputs[] = {output.data()};
    WeftCall call{};
    call.parameters = parameters.data();
    call.shared = shared.data();
    call.arena = aligned;
    call.inputs = inputs;
    call.labels = labelled ? labels : nullptr;
    call.outputs = outputs;
    call.loss = labelled ? loss.data() : nullptr;
    call.gradients = labelled ? gradients.data() : nullptr;
    call.rows = p.rows;
    call.scales = scales.data();
    call.row_ids = rowIds.data();
    call.starts = starts.data();
    if (function.prepare)
      function.prepare(&call);
    function.slice(&call);
  }

  const LstmProblem &p;
  const WeftModel &model;
  Floats parameters, gradients, output, loss, scales, shared, arena;
  float *aligned = nullptr;
  std::vector<int32_t> rowIds, starts;
};

} // namespace

std::unique_ptr<Lstm> makeGenerated(const LstmProblem &problem, const std::string &library) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto *model = handle ? static_cast<const WeftModel *>(dlsym(handle, "weft_model")) : nullptr;
  if (!model || model->magic != WEFT_ABI_MAGIC || model->version != WEFT_ABI_VERSION) {
    std::fprintf(stderr, "error: %s is no model for this benchmark: %s\n", library.c_str(), handle ? "another ABI" : dlerror());
    std::exit(1);
  }
  return std::make_unique<Generated>(problem, *model);
}

} // namespace weft::benchmarks

//===- Generated.cpp - What Weft compiled, through its ABI -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Work.h"

#include "runtime/abi/Abi.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <dlfcn.h>
#include <sys/mman.h>

namespace weft::benchmarks {
namespace {

class Generated : public Way {
public:
  explicit Generated(const Problem &problem)
      : p(problem), model(p.model), parameters(model.parameter_count), gradients(model.parameter_count), loss(p.rows), scales(p.rows),
        starts(size_t(p.rows), 0) { // no row shares anything
    for (const WeftWeight *weight = model.weights; weight != model.weights + model.weight_count; ++weight)
      std::memcpy(&parameters[weight->offset], p.weights.at(weight->name).data(), size_t(weight->size) * 4);
    for (int64_t row = 0; row < p.rows; ++row) {
      scales[row] = 1.0f / float(p.rows);
      rowIds.push_back(int32_t(row));
    }
  }

  void forward(Result &result) override { run(model.predict, result, false); }

  bool train(Result &result) override {
    run(model.step, result, true);
    for (const WeftWeight *weight = model.weights; weight != model.weights + model.weight_count; ++weight)
      std::memcpy(result.gradients[weight->name].data(), &gradients[weight->offset], size_t(weight->size) * 4);
    return true;
  }

private:
  void run(const WeftFunction &function, Result &result, bool labelled) {
    if (shared.size() * 4 < function.shared_bytes)
      shared = Floats(function.shared_bytes / 4 + 16);
    int64_t floats = function.arena_bytes(p.rows) / 4;
    if (room < floats) {
      room = floats;
      arena = Floats(floats + (1 << 20));
      auto begin = (reinterpret_cast<uintptr_t>(arena.data()) + (2 << 20) - 1) & ~uintptr_t((2 << 20) - 1);
      aligned = reinterpret_cast<float *>(begin);
      (void)madvise(aligned, size_t(floats) * 4, MADV_HUGEPAGE);
    }
    const void *inputs[] = {p.x.data()}, *labels[] = {p.target.data()};
    float *outputs[] = {result.output.data()};
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

  const Problem &p;
  const WeftModel &model;
  Floats parameters, gradients, loss, scales, shared, arena;
  float *aligned = nullptr; ///< the part of the arena that begins at a large page
  int64_t room = 0;         ///< floats from there on
  std::vector<int32_t> rowIds, starts;
};

} // namespace

const WeftModel &loadModel(const std::string &library) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto *model = handle ? static_cast<const WeftModel *>(dlsym(handle, "weft_model")) : nullptr;
  if (!model || model->magic != WEFT_ABI_MAGIC || model->version != WEFT_ABI_VERSION) {
    std::fprintf(stderr, "error: %s is no model for this benchmark: %s\n", library.c_str(), handle ? "another ABI" : dlerror());
    std::exit(1);
  }
  return *model;
}

std::unique_ptr<Way> makeGenerated(const Problem &problem) { return std::make_unique<Generated>(problem); }

} // namespace weft::benchmarks

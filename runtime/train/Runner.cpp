//===- Runner.cpp - Batches through a compiled model ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Runner.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace weft::runtime {

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

AlignedBuffer::AlignedBuffer(int64_t bytes) : size(roundUp(std::max<int64_t>(bytes, 1), WEFT_ALIGNMENT)) {
  memory.reset(std::aligned_alloc(WEFT_ALIGNMENT, static_cast<size_t>(size)));
  if (!memory)
    throw std::bad_alloc();
  std::memset(memory.get(), 0, static_cast<size_t>(size));
}

std::vector<SliceRange> cutBatch(int64_t rows, int64_t slices, int64_t tile) {
  tile = std::max<int64_t>(1, tile);
  int64_t tiles = (rows + tile - 1) / tile;
  slices = std::clamp<int64_t>(slices, 1, tiles);
  std::vector<SliceRange> ranges;
  int64_t first = 0;
  for (int64_t slice = 0; slice < slices; ++slice) {
    // The later slices take what does not divide: the last one's tile may be short.
    int64_t end = std::min(rows, tiles * (slice + 1) / slices * tile);
    ranges.push_back({first, end - first});
    first = end;
  }
  return ranges;
}

static const WeftFunction &functionFor(const WeftModel &model, Runner::Mode mode) {
  switch (mode) {
  case Runner::Mode::Predict:
    return model.predict;
  case Runner::Mode::Evaluate:
    return model.evaluate;
  case Runner::Mode::Train:
    return model.step;
  }
  return model.predict;
}

Runner::Runner(const WeftModel &model, Mode mode, ThreadPool &pool)
    : model(model), function(functionFor(model, mode)), labelled(mode != Mode::Predict),
      training(mode == Mode::Train),
      poison(std::getenv("WEFT_POISON") != nullptr), pool(pool), shared(function.shared_bytes),
      arenas(static_cast<size_t>(pool.size())) {}

void Runner::reserve(Slice &slice, int64_t rows) {
  if (rows <= slice.capacity)
    return;
  // First the offsets, then one allocation for all: each part is aligned, with
  // a cache line behind the last one.
  int64_t end = 0;
  auto place = [&](int64_t bytes) {
    int64_t at = end;
    end += roundUp(bytes, WEFT_ALIGNMENT);
    return at;
  };
  std::vector<int64_t> inputs, labels, outputs;
  for (int32_t i = 0; i < model.input_count; ++i)
    inputs.push_back(place(rows * valuesOf(model.inputs[i]) * 4));
  for (int32_t i = 0; labelled && i < model.label_count; ++i)
    labels.push_back(place(rows * valuesOf(model.labels[i]) * 4));
  for (int32_t i = 0; i < model.output_count; ++i)
    outputs.push_back(place(rows * valuesOf(model.outputs[i]) * 4));
  int64_t loss = place(rows * 4);
  slice.memory = AlignedBuffer(end + WEFT_ALIGNMENT);
  char *base = static_cast<char *>(slice.memory.data());
  slice.inputs.clear(), slice.labels.clear(), slice.outputs.clear();
  for (int64_t offset : inputs)
    slice.inputs.push_back(base + offset);
  for (int64_t offset : labels)
    slice.labels.push_back(base + offset);
  for (int64_t offset : outputs)
    slice.outputs.push_back(reinterpret_cast<float *>(base + offset));
  slice.loss = reinterpret_cast<float *>(base + loss);
  if (training && !slice.gradients) {
    slice.gradientMemory = AlignedBuffer(model.parameter_count * 4);
    slice.gradients = slice.gradientMemory.floats();
  }
  slice.capacity = rows;
}

void Runner::gather(const Slice &slice, const DataSet &set, std::span<const int64_t> order) const {
  auto copy = [&](const std::vector<std::shared_ptr<const Column>> &columns, const WeftPort *ports,
                  const std::vector<void *> &to) {
    for (size_t i = 0; i < to.size(); ++i) {
      char *out = static_cast<char *>(to[i]);
      int64_t bytes = valuesOf(ports[i]) * 4;
      for (int64_t row = 0; row < slice.rows; ++row)
        columns[i]->read(set.first + order[static_cast<size_t>(slice.first + row)], out + row * bytes);
    }
  };
  copy(set.inputs, model.inputs, slice.inputs);
  copy(set.labels, model.labels, slice.labels);
}

void Runner::run(const DataSet &set, std::span<const int64_t> order, const Request &request, const Done &done) {
  int64_t rows = static_cast<int64_t>(order.size());
  std::vector<SliceRange> ranges = cutBatch(rows, model.slices, model.row_tile);
  used = ranges.size();
  if (all.size() < used)
    all.resize(used);

  WeftCall batch{};
  batch.parameters = request.parameters;
  batch.shared = shared.data();
  batch.rows = rows;
  batch.seed = request.seed;
  batch.step = request.step;
  batch.scale = request.scale;
  if (poison)
    std::memset(shared.data(), 0xff, static_cast<size_t>(shared.bytes()));
  if (function.prepare)
    function.prepare(&batch);

  pool.run(static_cast<int64_t>(used), [&](int64_t index, int worker) {
    Slice &slice = all[static_cast<size_t>(index)];
    slice.first = ranges[static_cast<size_t>(index)].first;
    slice.rows = ranges[static_cast<size_t>(index)].rows;
    reserve(slice, slice.rows);
    AlignedBuffer &arena = arenas[static_cast<size_t>(worker)];
    if (int64_t bytes = function.arena_bytes(slice.rows); bytes > arena.bytes())
      arena = AlignedBuffer(bytes);
    if (poison)
      std::memset(arena.data(), 0xff, static_cast<size_t>(arena.bytes()));
    gather(slice, set, order);
    WeftCall call = batch;
    call.arena = arena.data();
    call.inputs = slice.inputs.data();
    call.labels = labelled ? slice.labels.data() : nullptr;
    call.outputs = slice.outputs.data();
    call.loss = labelled ? slice.loss : nullptr;
    call.gradients = slice.gradients;
    call.rows = slice.rows;
    call.first_row = slice.first;
    function.slice(&call);
    done(slice, static_cast<size_t>(index));
  });
}

int64_t Runner::comfortableRows(const WeftModel &model, Mode mode, int64_t wanted) {
  constexpr int64_t limit = int64_t{256} << 20;
  const WeftFunction &function = functionFor(model, mode);
  auto needs = [&](int64_t rows) {
    int64_t total = 0;
    for (SliceRange slice : cutBatch(rows, model.slices, model.row_tile))
      total += function.arena_bytes(slice.rows);
    return total;
  };
  while (wanted > 1 && needs(wanted) > limit)
    wanted /= 2;
  return wanted;
}

} // namespace weft::runtime

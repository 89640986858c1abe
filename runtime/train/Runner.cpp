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
#include <numeric>

#include <sys/mman.h>

namespace weft::runtime {

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// A slice's arena holds tens of megabytes that are gone through once forward and
/// once backward: with pages of 4 KB, a third of a contraction over steps was
/// spent on looking pages up.
static constexpr int64_t hugePage = int64_t{2} << 20;

/// Kernels work in whole vectors: behind the last column of the last row they may
/// read, and throw away, up to this.
static constexpr int64_t slack = WEFT_ALIGNMENT;

AlignedBuffer::AlignedBuffer(int64_t bytes) : size(roundUp(std::max<int64_t>(bytes, 1), WEFT_ALIGNMENT)) {
  if (size < 2 * hugePage) {
    memory.reset(std::aligned_alloc(WEFT_ALIGNMENT, static_cast<size_t>(size + slack)));
    if (!memory)
      throw std::bad_alloc();
    std::memset(memory.get(), 0, static_cast<size_t>(size + slack));
    return;
  }
  // Pages of its own are zero, and those that nobody touches cost nothing.
  size = roundUp(size + slack, hugePage);
  Free free;
  free.length = size + hugePage;
  free.mapped = mmap(nullptr, static_cast<size_t>(free.length), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (free.mapped == MAP_FAILED)
    throw std::bad_alloc();
  auto begin = roundUp(static_cast<int64_t>(reinterpret_cast<intptr_t>(free.mapped)), hugePage);
  memory = std::unique_ptr<void, Free>(reinterpret_cast<void *>(static_cast<intptr_t>(begin)), free);
  (void)madvise(memory.get(), static_cast<size_t>(size), MADV_HUGEPAGE); // a wish: fine without
}

void AlignedBuffer::Free::operator()(void *pointer) const {
  if (mapped)
    munmap(mapped, static_cast<size_t>(length));
  else
    std::free(pointer);
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

std::vector<std::vector<int32_t>> dealRows(std::span<const int32_t> starts, int64_t length, int64_t slices) {
  int64_t rows = static_cast<int64_t>(starts.size());
  slices = std::clamp<int64_t>(slices, 1, rows);
  if (std::accumulate(starts.begin(), starts.end(), int64_t{0}) <= slices * length)
    return {};
  std::vector<int32_t> order(starts.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return starts[static_cast<size_t>(a)] < starts[static_cast<size_t>(b)];
  });
  // To and fro, so that none has the earlier row of every round.
  std::vector<std::vector<int32_t>> dealt(static_cast<size_t>(slices));
  for (int64_t i = 0; i < rows; ++i) {
    int64_t place = i % slices;
    int64_t slice = i / slices % 2 ? slices - 1 - place : place;
    dealt[static_cast<size_t>(slice)].push_back(order[static_cast<size_t>(i)]);
  }
  return dealt;
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
  if (rows > slice.capacity) {
    // First the offsets, then one allocation for all: each part is aligned, and has
    // room for the rows behind the last one that a tile of rows reads.
    int64_t end = 0;
    auto place = [&](int64_t values) {
      int64_t at = end;
      end += roundUp((rows + std::max(1, model.row_tile)) * values * 4, WEFT_ALIGNMENT);
      return at;
    };
    std::vector<int64_t> inputs, labels, outputs;
    for (int32_t i = 0; i < model.input_count; ++i)
      inputs.push_back(place(valuesOf(model.inputs[i])));
    for (int32_t i = 0; labelled && i < model.label_count; ++i)
      labels.push_back(place(valuesOf(model.labels[i])));
    for (int32_t i = 0; i < model.output_count; ++i)
      outputs.push_back(place(valuesOf(model.outputs[i])));
    int64_t loss = place(1);
    slice.memory = AlignedBuffer(end);
    char *base = static_cast<char *>(slice.memory.data());
    slice.allInputs.clear(), slice.allLabels.clear(), slice.allOutputs.clear();
    for (int64_t offset : inputs)
      slice.allInputs.push_back(base + offset);
    for (int64_t offset : labels)
      slice.allLabels.push_back(base + offset);
    for (int64_t offset : outputs)
      slice.allOutputs.push_back(reinterpret_cast<float *>(base + offset));
    slice.allLoss = reinterpret_cast<float *>(base + loss);
    slice.capacity = rows;
  }
  if (training && !slice.gradients) {
    slice.gradientMemory = AlignedBuffer(model.parameter_count * 4);
    slice.gradients = slice.gradientMemory.floats();
  }
  slice.ids = slice.allIds.data() + slice.front;
  slice.labels.clear(), slice.outputs.clear();
  for (size_t i = 0; i < slice.allLabels.size(); ++i)
    slice.labels.push_back(static_cast<char *>(slice.allLabels[i]) + slice.front * valuesOf(model.labels[i]) * 4);
  for (size_t i = 0; i < slice.allOutputs.size(); ++i)
    slice.outputs.push_back(slice.allOutputs[i] + slice.front * valuesOf(model.outputs[i]));
  slice.loss = slice.allLoss + slice.front;
}

void Runner::gather(Slice &slice, const DataSet &set, std::span<const int64_t> order) const {
  auto copy = [&](const std::vector<std::shared_ptr<const Column>> &columns, const WeftPort *ports,
                  const std::vector<void *> &to, bool isInput) {
    for (size_t i = 0; i < to.size(); ++i) {
      char *out = static_cast<char *>(to[i]);
      int64_t bytes = valuesOf(ports[i]) * 4;
      for (int64_t row = 0; row < slice.rows; ++row)
        columns[i]->read(set.first + order[static_cast<size_t>(slice.ids[row])], out + (row + slice.front) * bytes);
      // In front stand zeros; its label must be one that may be.
      if (slice.front && isInput)
        std::memset(out, 0, static_cast<size_t>(bytes));
      else if (slice.front)
        std::memcpy(out, out + bytes, static_cast<size_t>(bytes));
    }
  };
  copy(set.inputs, model.inputs, slice.allInputs, true);
  copy(set.labels, model.labels, slice.allLabels, false);
}

void Runner::assign(const DataSet &set, std::span<const int64_t> order) {
  std::vector<std::vector<int32_t>> dealt;
  if (function.padded_input >= 0) {
    const Column &column = *set.inputs[static_cast<size_t>(function.padded_input)];
    int64_t length = model.inputs[function.padded_input].shape[0];
    ids.resize(static_cast<size_t>(length));
    starts.clear();
    for (int64_t row : order) {
      column.read(set.first + row, ids.data());
      auto first = std::find_if(ids.begin(), ids.end(), [](int32_t id) { return id != 0; });
      starts.push_back(static_cast<int32_t>(first - ids.begin()));
    }
    dealt = dealRows(starts, length, model.slices);
  }
  int64_t front = dealt.empty() ? 0 : 1;
  if (dealt.empty())
    for (SliceRange range : cutBatch(static_cast<int64_t>(order.size()), model.slices, model.row_tile)) {
      dealt.emplace_back(static_cast<size_t>(range.rows));
      std::iota(dealt.back().begin(), dealt.back().end(), static_cast<int32_t>(range.first));
    }
  used = dealt.size();
  if (all.size() < used)
    all.resize(used);
  for (size_t i = 0; i < used; ++i) {
    Slice &slice = all[i];
    slice.front = front;
    slice.rows = static_cast<int64_t>(dealt[i].size());
    // The row in front has a number that no row has; behind the last one is room for what a tile of rows may read.
    slice.allIds.reserve(dealt[i].size() + WEFT_ALIGNMENT);
    slice.allIds.assign(static_cast<size_t>(front), static_cast<int32_t>(order.size()));
    slice.allIds.insert(slice.allIds.end(), dealt[i].begin(), dealt[i].end());
    slice.starts.assign(static_cast<size_t>(front), 0);
    for (int32_t row : dealt[i])
      slice.starts.push_back(front ? starts[static_cast<size_t>(row)] : 0);
  }
}

void Runner::run(const DataSet &set, std::span<const int64_t> order, const Request &request, const Done &done) {
  assign(set, order);
  WeftCall batch{};
  batch.parameters = request.parameters;
  batch.shared = shared.data();
  batch.rows = static_cast<int64_t>(order.size());
  batch.seed = request.seed;
  batch.step = request.step;
  if (poison)
    std::memset(shared.data(), 0xff, static_cast<size_t>(shared.bytes()));
  if (function.prepare)
    function.prepare(&batch);

  pool.run(static_cast<int64_t>(used), [&](int64_t index, int worker) {
    Slice &slice = all[static_cast<size_t>(index)];
    int64_t rows = slice.front + slice.rows;
    reserve(slice, rows);
    AlignedBuffer &arena = arenas[static_cast<size_t>(worker)];
    if (int64_t bytes = function.arena_bytes(rows); bytes > arena.bytes()) {
      arena = {}; // first, so that there are never two
      arena = AlignedBuffer(bytes);
    }
    if (poison)
      std::memset(arena.data(), 0xff, static_cast<size_t>(arena.bytes()));
    gather(slice, set, order);
    slice.scales.reserve(static_cast<size_t>(rows) + WEFT_ALIGNMENT); // as the ids
    slice.scales.assign(static_cast<size_t>(slice.front), 0.0f);
    slice.scales.resize(static_cast<size_t>(rows), request.scale);
    slice.weights.clear();
    if (request.classWeights && !request.classWeights->empty()) {
      const char *labels = static_cast<const char *>(slice.labels[0]);
      for (int64_t row = 0; row < slice.rows; ++row) {
        float weight = request.classWeights->of(labels + row * valuesOf(model.labels[0]) * 4);
        slice.weights.push_back(weight);
        slice.scales[static_cast<size_t>(slice.front + row)] *= weight;
      }
    }
    WeftCall call = batch;
    call.arena = arena.data();
    call.inputs = slice.allInputs.data();
    call.labels = labelled ? slice.allLabels.data() : nullptr;
    call.outputs = slice.allOutputs.data();
    call.loss = labelled ? slice.allLoss : nullptr;
    call.gradients = slice.gradients;
    call.scales = slice.scales.data();
    call.row_ids = slice.allIds.data();
    call.starts = slice.starts.data();
    call.rows = rows;
    function.slice(&call);
    done(slice, static_cast<size_t>(index));
  });
}

int64_t Runner::comfortableRows(const WeftModel &model, Mode mode, int64_t wanted) {
  constexpr int64_t limit = int64_t{256} << 20;
  const WeftFunction &function = functionFor(model, mode);
  auto needs = [&](int64_t rows) {
    int64_t total = 0;
    // What does not grow is needed for one row as well.
    for (SliceRange slice : cutBatch(rows, model.slices, model.row_tile))
      total += function.arena_bytes(slice.rows) - function.arena_bytes(0);
    return total;
  };
  while (wanted > 1 && needs(wanted) > limit)
    wanted /= 2;
  return wanted;
}

} // namespace weft::runtime

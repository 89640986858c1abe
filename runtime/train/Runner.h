//===- Runner.h - Batches through a compiled model -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_RUNNER_H
#define WEFT_RUNTIME_TRAIN_RUNNER_H

#include "runtime/abi/Abi.h"
#include "runtime/data/DataSet.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/train/ClassWeights.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace weft::runtime {

/// Zeroed memory, aligned as the ABI asks.
class AlignedBuffer {
public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t bytes);

  void *data() const { return memory.get(); }
  float *floats() const { return static_cast<float *>(memory.get()); }
  int64_t bytes() const { return size; }

private:
  struct Free {
    Free() : mapped(nullptr), length(0) {}
    void *mapped; ///< what the memory is part of, where it is the system's own pages
    int64_t length;
    void operator()(void *pointer) const;
  };
  std::unique_ptr<void, Free> memory;
  int64_t size = 0;
};

struct SliceRange {
  int64_t first, rows;
};

/// Cuts a batch of `rows` into at most `slices` slices as equal as multiples of
/// `tile` allow. A function of these numbers alone: what a batch computes must
/// not depend on the number of threads.
std::vector<SliceRange> cutBatch(int64_t rows, int64_t slices, int64_t tile);

/// Deals the rows of a batch, which share their first `starts[row]` positions
/// with a row of padding, to at most `slices` slices: as many rows and about as
/// many positions of their own to each, in each ascending by start. Empty where a
/// row in front of every slice would cost more positions than are saved.
std::vector<std::vector<int32_t>> dealRows(std::span<const int32_t> starts, int64_t length, int64_t slices);

/// Runs one of a model's functions on batches: gathers the rows of each slice,
/// and runs all slices without a barrier between them.
class Runner {
public:
  enum class Mode { Predict, Evaluate, Train };

  Runner(const WeftModel &model, Mode mode, ThreadPool &pool);

  struct Slice {
    int64_t rows = 0;
    const int32_t *ids = nullptr; // of each row: its place in the batch
    std::vector<void *> labels;
    std::vector<float *> outputs;
    const float *loss = nullptr;
    float *gradients = nullptr;
    std::vector<float> weights; // what each row's loss counts; empty: all the same

  private:
    friend Runner;
    /// What the model works on: a row of padding in front of the others, or
    /// (`front` 0) the others alone.
    int64_t front = 0, capacity = 0;
    std::vector<int32_t> allIds, starts;
    std::vector<float> scales;
    std::vector<void *> allInputs, allLabels;
    std::vector<float *> allOutputs;
    float *allLoss = nullptr;
    AlignedBuffer memory, gradientMemory;
  };

  struct Request {
    const float *parameters;
    uint64_t seed = 0;
    uint64_t step = 0;
    float scale = 1;                            // of every row's loss
    const ClassWeights *classWeights = nullptr; // ... times that of its class
  };

  /// Runs the rows `order` (each counted from the first of `set`) as one batch.
  /// `done` is called for each slice, on the worker that ran it.
  using Done = std::function<void(const Slice &slice, size_t index)>;
  void run(const DataSet &set, std::span<const int64_t> order, const Request &request, const Done &done);

  /// The slices of the last batch, in order.
  std::span<Slice> slices() { return std::span(all).first(used); }

  /// How many rows a batch may have so that arenas stay within reasonable
  /// memory; does not depend on the number of threads.
  static int64_t comfortableRows(const WeftModel &model, Mode mode, int64_t wanted);

private:
  void reserve(Slice &slice, int64_t rows);
  void gather(Slice &slice, const DataSet &set, std::span<const int64_t> order) const;
  /// Which rows of the batch each slice takes, in `allIds` behind the front.
  void assign(const DataSet &set, std::span<const int64_t> order);

  const WeftModel &model;
  const WeftFunction &function;
  bool labelled, training;
  bool poison; // fill scratch memory with NaN before each use, to find reads of what nobody wrote
  ThreadPool &pool;
  AlignedBuffer shared;
  std::vector<AlignedBuffer> arenas; // one a worker
  std::vector<Slice> all;
  size_t used = 0;
  std::vector<int32_t> ids, starts; // of the batch, of its padded input
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_RUNNER_H

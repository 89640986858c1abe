//===- ThreadPool.h - A parallel loop -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_SUPPORT_THREADPOOL_H
#define WEFT_RUNTIME_SUPPORT_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace weft::runtime {

/// Processors this process may run on.
int availableThreads();

/// Makes arithmetic of the calling thread treat denormals as zero: adjoints
/// decay into them over hundreds of steps, and they are many times slower.
void flushDenormals();

/// Worker threads for one parallel loop at a time. The caller works too, as
/// worker 0. All threads, the one that made the pool included, flush denormals.
class ThreadPool {
public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int size() const { return static_cast<int>(workers.size()) + 1; }

  using Work = std::function<void(int64_t task, int worker)>;
  /// Calls `work` for each task in [0, count), each once, in no given order, and
  /// returns when all are done. The first exception of a task is thrown again.
  void run(int64_t count, const Work &work);

private:
  void serve(int worker);
  void drain(int worker);

  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake, finished;
  std::atomic<uint64_t> generation{0};
  std::atomic<int64_t> next{0};
  std::atomic<int> busy{0};
  int64_t count = 0;
  const Work *work = nullptr;
  std::exception_ptr error;
  bool stopping = false;
  int spins;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_SUPPORT_THREADPOOL_H

//===- ThreadPool.cpp - A parallel loop ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/ThreadPool.h"
#include "runtime/support/Error.h"

#include <sched.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weft::runtime {

int availableThreads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

void flushDenormals() {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040); // flush to zero, denormals are zero
#elif defined(__aarch64__)
  uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("msr fpcr, %0" : : "r"(control | uint64_t{1} << 24));
#endif
}

static void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// A thread that waits spins for some tens of microseconds before it sleeps: a
// batch of a small model is not much longer than waking up takes.
static constexpr int spinsBeforeSleep = 2000;

ThreadPool::ThreadPool(int threads) : spins(threads <= availableThreads() ? spinsBeforeSleep : 0) {
  flushDenormals();
  for (int worker = 1; worker < threads; ++worker) {
    try {
      workers.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error &) {
      break; // the system gives no more threads: results do not depend on how many there are
    }
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
    generation.fetch_add(1, std::memory_order_release);
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::drain(int worker) {
  while (true) {
    int64_t task = next.fetch_add(1, std::memory_order_relaxed);
    if (task >= count)
      return;
    try {
      (*work)(task, worker);
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!error)
        error = std::current_exception();
    }
  }
}

void ThreadPool::serve(int worker) {
  flushDenormals();
  uint64_t seen = 0;
  while (true) {
    for (int spin = 0; spin < spins && generation.load(std::memory_order_acquire) == seen; ++spin)
      relax();
    if (generation.load(std::memory_order_acquire) == seen) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen; });
    }
    ++seen; // every worker takes part in every generation
    if (stopping)
      return;
    drain(worker);
    if (busy.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      std::lock_guard lock(mutex);
      finished.notify_one();
    }
  }
}

void ThreadPool::run(int64_t tasks, const Work &body) {
  if (workers.empty() || tasks <= 1) {
    for (int64_t task = 0; task < tasks; ++task)
      body(task, 0);
    return;
  }
  count = tasks;
  work = &body;
  error = nullptr;
  next.store(0, std::memory_order_relaxed);
  busy.store(static_cast<int>(workers.size()), std::memory_order_relaxed);
  {
    std::lock_guard lock(mutex);
    generation.fetch_add(1, std::memory_order_release);
  }
  wake.notify_all();
  drain(0);
  for (int spin = 0; spin < spins && busy.load(std::memory_order_acquire); ++spin)
    relax();
  if (busy.load(std::memory_order_acquire)) {
    std::unique_lock lock(mutex);
    finished.wait(lock, [&] { return busy.load(std::memory_order_acquire) == 0; });
  }
  if (error)
    std::rethrow_exception(error);
}

} // namespace weft::runtime

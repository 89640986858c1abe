//===- KernelCompilerPool.cpp - Copies of a process, a few at a time ------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// To start a program that links LLVM and Halide takes 50 ms of a processor, as much
// as to compile a small kernel; a copy of one that runs already does without (47 kernels
// of imdb_lstm: 7.8 s of processor time for a cold build, 6.8 with copies).
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/KernelCompilerPool.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace weft::codegen;
using Clock = std::chrono::steady_clock;

namespace {
struct Running {
  pid_t process;
  size_t number;
  Clock::time_point deadline;
  bool killed = false;
};
} // namespace

/// 0, and the copy in `process`; or an errno.
static int start(size_t number, llvm::function_ref<int(size_t)> work, pid_t &process) {
  process = fork();
  if (process < 0)
    return errno;
  // What is to happen when a program ends belongs to the original.
  if (process == 0)
    _exit(work(number));
  return 0;
}

std::vector<WorkerResult> weft::codegen::runWorkers(size_t count, unsigned parallel, unsigned timeLimitSeconds,
                                                    llvm::function_ref<int(size_t)> work) {
  std::vector<WorkerResult> results(count);
  std::vector<Running> running;
  size_t next = 0;
  while (next < count || !running.empty()) {
    while (next < count && running.size() < parallel) {
      pid_t process = 0;
      if (int error = start(next, work, process))
        results[next] = {WorkerResult::End::NotStarted, error};
      else
        running.push_back({process, next, Clock::now() + std::chrono::seconds(timeLimitSeconds)});
      ++next;
    }
    bool ended = false;
    for (size_t i = 0; i < running.size();) {
      Running &worker = running[i];
      int status = 0;
      pid_t waited = waitpid(worker.process, &status, WNOHANG);
      if (waited == 0) {
        if (!worker.killed && Clock::now() >= worker.deadline) {
          kill(worker.process, SIGKILL);
          worker.killed = true;
        }
        ++i;
        continue;
      }
      WorkerResult &result = results[worker.number];
      if (waited < 0)
        result = {WorkerResult::End::NotStarted, errno};
      else if (worker.killed)
        result = {WorkerResult::End::TimedOut, 0};
      else if (WIFSIGNALED(status))
        result = {WorkerResult::End::Signalled, WTERMSIG(status)};
      else
        result = {WorkerResult::End::Exited, WEXITSTATUS(status)};
      running.erase(running.begin() + i);
      ended = true;
    }
    if (!ended && !running.empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return results;
}

//===- KernelCompilerPool.cpp - Worker processes, a few at a time ---------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM's ExecuteAndWait measures time with SIGALRM and so runs one program at a
// time; this waits for several in one thread.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/KernelCompilerPool.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>

extern char **environ;

using namespace weft::codegen;
using Clock = std::chrono::steady_clock;

namespace {
struct Running {
  pid_t process;
  size_t command;
  Clock::time_point deadline;
  bool killed = false;
};
} // namespace

/// A worker says what it has to say in its report; its own output is dropped.
static int start(const WorkerCommand &command, pid_t &process) {
  std::vector<char *> arguments;
  for (const std::string &word : command.arguments)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  int error = posix_spawn(&process, arguments[0], &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

std::vector<WorkerResult> weft::codegen::runWorkers(const std::vector<WorkerCommand> &commands,
                                                    unsigned parallel, unsigned timeLimitSeconds) {
  std::vector<WorkerResult> results(commands.size());
  std::vector<Running> running;
  size_t next = 0;
  while (next < commands.size() || !running.empty()) {
    while (next < commands.size() && running.size() < parallel) {
      pid_t process = 0;
      if (int error = start(commands[next], process))
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
      WorkerResult &result = results[worker.command];
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

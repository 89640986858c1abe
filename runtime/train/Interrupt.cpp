//===- Interrupt.cpp - Stopping in good order ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/train/Interrupt.h"

#include <csignal>

namespace weft::runtime {

static volatile std::sig_atomic_t stopRequested = 0;
static struct sigaction previousInterrupt, previousTerminate;

static void noteSignal(int signal) { stopRequested = signal; }

InterruptGuard::InterruptGuard() {
  stopRequested = 0;
  struct sigaction action {};
  action.sa_handler = noteSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &previousInterrupt);
  sigaction(SIGTERM, &action, &previousTerminate);
  // Started in the background with interrupts ignored (nohup): stay so.
  if (previousInterrupt.sa_handler == SIG_IGN)
    sigaction(SIGINT, &previousInterrupt, nullptr);
}

InterruptGuard::~InterruptGuard() {
  sigaction(SIGINT, &previousInterrupt, nullptr);
  sigaction(SIGTERM, &previousTerminate, nullptr);
}

bool InterruptGuard::requested() { return stopRequested != 0; }

} // namespace weft::runtime

//===- Interrupt.h - Stopping in good order -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_INTERRUPT_H
#define WEFT_RUNTIME_TRAIN_INTERRUPT_H

namespace weft::runtime {

/// While one lives, the first Ctrl-C (or SIGTERM) is only noted, so that a batch
/// can be finished and saved; the second one ends the program as usual.
class InterruptGuard {
public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard &) = delete;
  InterruptGuard &operator=(const InterruptGuard &) = delete;

  static bool requested();
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_INTERRUPT_H

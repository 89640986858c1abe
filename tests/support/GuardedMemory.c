//===- GuardedMemory.c - Memory with nothing behind it ----------*- C -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Preloaded into a compiled model, this makes what kernels work in end at a page
// that nobody may touch: what reads or writes behind it is killed there and then,
// and not once in many runs. `benchmarks/peers/agree --guard` uses it.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>

enum { page = 4096, most = 4096 };

static void *made[most];
static int count = 0;

/// The runtime's own memory (AlignedBuffer); all else goes through malloc.
void *aligned_alloc(size_t alignment, size_t size) {
  size_t length = (size + page - 1) / page * page;
  char *base = mmap(NULL, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || mprotect(base + length, page, PROT_NONE))
    return NULL;
  int index = __atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
  char *at = base + (length - size) / alignment * alignment;
  if (index < most)
    made[index] = at;
  return at;
}

extern void __libc_free(void *);

/// What was made here stays: the process is a short one.
void free(void *pointer) {
  for (int i = 0; i < count && i < most; ++i)
    if (pointer && made[i] == pointer)
      return;
  __libc_free(pointer);
}

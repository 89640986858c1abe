//===- Cpu.cpp - What the processor can do ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/Cpu.h"
#include "runtime/support/Text.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace weft::runtime {

#if defined(__x86_64__)
namespace {
enum Register { Eax, Ebx, Ecx, Edx };
/// The registers that the system saves: without it a feature cannot be used.
enum State : uint64_t { None = 0, Avx = 0x6, Avx512 = 0xe6, Amx = 0x60000 };

struct Feature {
  std::string_view name;
  uint32_t leaf, subleaf;
  Register where;
  int bit;
  State state;
};

// A feature with several rows needs all of them. `sse41`, `avx2` and those with
// `avx512` mean what Halide compiles for under these names.
constexpr Feature known[] = {
    {"sse2", 1, 0, Edx, 26, None},
    {"sse3", 1, 0, Ecx, 0, None},
    {"ssse3", 1, 0, Ecx, 9, None},
    {"sse4.1", 1, 0, Ecx, 19, None},
    {"sse4.2", 1, 0, Ecx, 20, None},
    {"sse41", 1, 0, Ecx, 0, None},
    {"sse41", 1, 0, Ecx, 9, None},
    {"sse41", 1, 0, Ecx, 13, None}, // cmpxchg16b
    {"sse41", 1, 0, Ecx, 19, None},
    {"sse41", 1, 0, Ecx, 20, None},
    {"sse41", 1, 0, Ecx, 23, None}, // popcnt
    {"popcnt", 1, 0, Ecx, 23, None},
    {"avx", 1, 0, Ecx, 28, Avx},
    {"fma", 1, 0, Ecx, 12, Avx},
    {"f16c", 1, 0, Ecx, 29, Avx},
    {"avx2", 7, 0, Ebx, 5, Avx},
    {"avx2", 7, 0, Ebx, 3, None},            // bmi
    {"avx2", 7, 0, Ebx, 8, None},            // bmi2
    {"avx2", 1, 0, Ecx, 22, None},           // movbe
    {"avx2", 0x80000001, 0, Ecx, 5, None},   // lzcnt
    {"bmi", 7, 0, Ebx, 3, None},
    {"bmi2", 7, 0, Ebx, 8, None},
    {"lzcnt", 0x80000001, 0, Ecx, 5, None},
    {"movbe", 1, 0, Ecx, 22, None},
    {"avx512", 7, 0, Ebx, 16, Avx512},
    {"avx512", 7, 0, Ebx, 28, Avx512},
    {"avx512_skylake", 7, 0, Ebx, 16, Avx512},
    {"avx512_skylake", 7, 0, Ebx, 17, Avx512},
    {"avx512_skylake", 7, 0, Ebx, 28, Avx512},
    {"avx512_skylake", 7, 0, Ebx, 30, Avx512},
    {"avx512_skylake", 7, 0, Ebx, 31, Avx512},
    {"avx512f", 7, 0, Ebx, 16, Avx512},
    {"avx512dq", 7, 0, Ebx, 17, Avx512},
    {"avx512cd", 7, 0, Ebx, 28, Avx512},
    {"avx512bw", 7, 0, Ebx, 30, Avx512},
    {"avx512vl", 7, 0, Ebx, 31, Avx512},
    {"avx512vnni", 7, 0, Ecx, 11, Avx512},
    {"avx512bf16", 7, 1, Eax, 5, Avx512},
    {"avxvnni", 7, 1, Eax, 4, Avx},
    {"amx-tile", 7, 0, Edx, 24, Amx},
    {"amx-int8", 7, 0, Edx, 25, Amx},
    {"amx-bf16", 7, 0, Edx, 22, Amx},
};

bool isOffered(const Feature &feature) {
  uint32_t registers[4];
  if (!__get_cpuid_count(feature.leaf, feature.subleaf, &registers[Eax], &registers[Ebx], &registers[Ecx],
                         &registers[Edx]))
    return false;
  if (!(registers[feature.where] >> feature.bit & 1))
    return false;
  if (feature.state == None)
    return true;
  __get_cpuid_count(1, 0, &registers[Eax], &registers[Ebx], &registers[Ecx], &registers[Edx]);
  if (!(registers[Ecx] >> 27 & 1)) // xgetbv itself
    return false;
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & feature.state) == feature.state;
}
} // namespace
#endif

std::vector<std::string> missingFeatures(std::string_view features) {
  std::vector<std::string> missing;
  for (const std::string &name : splitText(features, ' ')) {
    if (name.empty())
      continue;
    bool offered = false;
#if defined(__x86_64__)
    int rows = 0, there = 0;
    for (const Feature &feature : known)
      if (feature.name == name) {
        ++rows;
        there += isOffered(feature);
      }
    offered = rows > 0 && there == rows;
#elif defined(__aarch64__)
    offered = name == "neon" || name == "fp-armv8";
#endif
    if (!offered)
      missing.push_back(name);
  }
  return missing;
}

} // namespace weft::runtime

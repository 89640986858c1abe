//===- Target.cpp - The kind of processor a model is compiled for ---------===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <cpuid.h>

using namespace llvm;
using namespace weft::codegen;

namespace {
/// One feature as a user spells it, what it brings along, and what LLVM calls it.
struct FeatureInfo {
  StringRef name;
  StringRef implies; // names, separated by spaces
  StringRef llvm;
};
} // namespace

// Halide compiles `avx2` for a machine with everything of x86-64-v3 (as Haswell
// had it) and `avx512_skylake` for x86-64-v4; LLVM's side says the same.
static constexpr FeatureInfo featureTable[] = {
    {"sse41", "", "+cx16,+sahf,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2"},
    {"avx", "sse41", "+avx"},
    {"f16c", "avx", "+f16c"},
    {"fma", "avx", "+fma"},
    {"avx2", "avx", "+avx2,+bmi,+bmi2,+lzcnt,+movbe"},
    {"avx512", "avx2 fma f16c", "+avx512f,+avx512cd"},
    {"avx512_skylake", "avx512", "+avx512vl,+avx512bw,+avx512dq"},
};

static const FeatureInfo *findFeature(StringRef name) {
  const auto *found = find_if(featureTable, [&](const FeatureInfo &info) { return info.name == name; });
  return found == std::end(featureTable) ? nullptr : found;
}

static void addFeature(StringRef name, SmallVectorImpl<StringRef> &present) {
  if (is_contained(present, name))
    return;
  present.push_back(name);
  SmallVector<StringRef> implied;
  findFeature(name)->implies.split(implied, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef other : implied)
    addFeature(other, present);
}

static Target makeTarget(std::string name, ArrayRef<StringRef> wanted) {
  SmallVector<StringRef> present;
  for (StringRef feature : wanted)
    addFeature(feature, present);
  Target target;
  target.name = std::move(name);
  for (const FeatureInfo &info : featureTable)
    if (is_contained(present, info.name))
      target.features.push_back(info.name.str());
  if (target.has("avx512")) {
    target.vectorFloats = 16;
    target.vectorRegisters = 32;
  } else if (target.has("avx")) {
    target.vectorFloats = 8;
  }
  return target;
}

bool Target::has(StringRef feature) const { return is_contained(features, feature); }

//===----------------------------------------------------------------------===//
// This machine
//===----------------------------------------------------------------------===//

/// `bmi` and its like have no name in `__builtin_cpu_supports` of every compiler.
static bool hasHaswellIntegers() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 22))) // movbe
    return false;
  if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & (1u << 5))) // lzcnt
    return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 3)) && (b & (1u << 8)); // bmi, bmi2
}

static bool hasF16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & (1u << 29));
}

// `__builtin_cpu_supports` also asks whether the operating system saves the
// wide registers.
static bool machineHas(StringRef feature) {
  __builtin_cpu_init();
  if (feature == "sse41")
    return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("sse4.2") &&
           __builtin_cpu_supports("popcnt");
  if (feature == "avx")
    return __builtin_cpu_supports("avx");
  if (feature == "f16c")
    return __builtin_cpu_supports("avx") && hasF16c();
  if (feature == "fma")
    return __builtin_cpu_supports("fma");
  if (feature == "avx2")
    return __builtin_cpu_supports("avx2") && hasHaswellIntegers();
  if (feature == "avx512")
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd");
  if (feature == "avx512_skylake")
    return __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq");
  return false;
}

/// Adds a feature only together with everything it implies.
static bool machineHasAll(StringRef feature) {
  SmallVector<StringRef> closure;
  addFeature(feature, closure);
  return all_of(closure, machineHas);
}

static std::string spell(const Target &target) {
  return target.features.empty() ? "x86-64" : "x86-64 " + join(target.features, " ");
}

Target weft::codegen::hostTarget() {
  SmallVector<StringRef> features;
  for (const FeatureInfo &info : featureTable)
    if (machineHasAll(info.name))
      features.push_back(info.name);
  Target target = makeTarget("", features);
  target.name = spell(target);
  return target;
}

bool weft::codegen::runsOnThisMachine(const Target &target, std::string *missing) {
  for (const std::string &feature : target.features) {
    if (machineHas(feature))
      continue;
    if (missing)
      *missing = feature;
    return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Spelling
//===----------------------------------------------------------------------===//

FailureOr<Target> weft::codegen::parseTarget(StringRef text, std::string *error) {
  text = text.trim();
  if (text == "host")
    return hostTarget();
  if (text == "x86-64-v2")
    return makeTarget("x86-64-v2", {"sse41"});
  if (text == "x86-64-v3")
    return makeTarget("x86-64-v3", {"avx2", "fma", "f16c"});
  if (text == "x86-64-v4")
    return makeTarget("x86-64-v4", {"avx512_skylake"});

  std::string spaced = text.str();
  std::replace(spaced.begin(), spaced.end(), ',', ' ');
  SmallVector<StringRef> words, features;
  StringRef(spaced).split(words, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef word : words) {
    if (word == "x86-64" && word.data() == words.front().data())
      continue;
    if (!findFeature(word)) {
      if (error) {
        raw_string_ostream os(*error);
        os << "unknown target feature '" << word
           << "'; expected host, x86-64-v2, x86-64-v3, x86-64-v4 or a list of: ";
        interleaveComma(featureTable, os, [&](const FeatureInfo &info) { os << info.name; });
      }
      return failure();
    }
    features.push_back(word);
  }
  if (words.empty()) {
    if (error)
      *error = "the target is empty";
    return failure();
  }
  Target target = makeTarget("", features);
  target.name = spell(target);
  return target;
}

std::string weft::codegen::llvmFeatures(const Target &target) {
  std::string spelled;
  for (const std::string &feature : target.features) {
    if (!spelled.empty())
      spelled += ',';
    spelled += findFeature(feature)->llvm;
  }
  return spelled;
}

std::string weft::codegen::kernelSymbol(StringRef name) {
  std::string symbol = "weft_";
  bool changed = false;
  for (char c : name) {
    bool allowed = isAlnum(c) || c == '_';
    symbol += allowed ? c : '_';
    changed |= !allowed;
  }
  if (changed) {
    raw_string_ostream os(symbol);
    os << '_' << format_hex_no_prefix(xxh3_64bits(name) & 0xffffffff, 8);
  }
  return symbol;
}

//===- KernelRun.cpp - Compiled kernels loaded, with arguments to run them on -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/bench/KernelRun.h"
#include "compiler/bench/Machine.h"

#include "compiler/kernels/Schedules.h"

#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"

#include <HalideRuntime.h>

#include <algorithm>
#include <cstdlib>

#include <sys/mman.h>

using namespace mlir;

namespace weft::bench {

//===----------------------------------------------------------------------===//
// Objects in this process
//===----------------------------------------------------------------------===//

LoadedKernels::LoadedKernels() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
}
LoadedKernels::~LoadedKernels() = default;

bool LoadedKernels::load(const std::vector<codegen::CompiledKernel> &kernels, std::string &error) {
  auto take = [&](llvm::Error failed) {
    error = llvm::toString(std::move(failed));
    return false;
  };
  auto made = llvm::orc::LLJITBuilder().create();
  if (!made)
    return take(made.takeError());
  jit = std::move(*made);
  // What a kernel may call of libc, such as memset.
  auto process =
      llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return take(process.takeError());
  jit->getMainJITDylib().addGenerator(std::move(*process));
  for (const codegen::CompiledKernel &kernel : kernels) {
    auto object = llvm::MemoryBuffer::getFile(kernel.objectPath);
    if (!object) {
      error = "cannot read " + kernel.objectPath + ": " + object.getError().message();
      return false;
    }
    if (llvm::Error failed = jit->addObjectFile(std::move(*object)))
      return take(std::move(failed));
  }
  return true;
}

void *LoadedKernels::find(const std::string &symbol, std::string &error) {
  auto address = jit->lookup(symbol);
  if (address)
    return address->toPtr<void *>();
  error = llvm::toString(address.takeError());
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// More places than this say nothing new: they are beyond every cache.
constexpr int64_t mostBytesOfPlaces = 16 << 20;
constexpr int64_t hugePage = 2 << 20;
/// Kernels with more than this are not called here.
constexpr size_t mostFloats = 8, mostWords = 48;

struct KernelRun::Buffer {
  halide_buffer_t header{};
  std::vector<halide_dimension_t> dimensions;
  std::unique_ptr<void, decltype(&std::free)> memory{nullptr, &std::free};
  uint8_t *first = nullptr;
  int64_t bytesOfPlace = 0, places = 1;
  bool isOutput = false;
};

KernelRun::KernelRun(void *entry, const KernelCost &cost, const Sizes &sizes, const CallSite *site) : entry(entry) {
  for (auto [number, argument] : llvm::enumerate(cost.arguments)) {
    if (isa<MemRefType>(argument.type)) {
      bool streams = site && isStepOfSequence(*site, unsigned(number));
      addBuffer(argument, sizes, streams ? site->steps : 1, site ? entriesOfTable(*site, unsigned(number)) : 0);
      continue;
    }
    if (argument.type.isF32())
      floats.push_back(0.5f);
    else
      words.push_back(1);
  }
  floats.resize(mostFloats, 0);
  words.resize(mostWords, 0);
}

KernelRun::~KernelRun() = default;

void KernelRun::addBuffer(const ArgumentCost &argument, const Sizes &sizes, int64_t places, int64_t entries) {
  auto type = cast<MemRefType>(argument.type);
  auto buffer = std::make_unique<Buffer>();
  SmallVector<int64_t> extents = sizes.extentsOf(type), strides;
  int64_t offset = 0, elementBytes = std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  (void)type.getStridesAndOffset(strides, offset);
  // Room for rounding rows up to a tile, as in a slice: a stride that is no
  // power of two, too, which would make all steps meet in a few sets of a cache.
  int64_t capacity = std::max(sizes.rows, entries) + kernels::rowTile - 1, natural = 1, elements = 1;
  for (size_t dimension = extents.size(); dimension-- > 0;) {
    if (ShapedType::isDynamic(strides[dimension]))
      strides[dimension] = natural;
    bool open = type.isDynamicDim(dimension) && type.getRank() > 1;
    natural = strides[dimension] * (open ? capacity : extents[dimension]);
    elements = std::max(elements, natural);
  }
  buffer->bytesOfPlace = (elements * elementBytes + 63) / 64 * 64;
  buffer->places = std::clamp<int64_t>(places, 1, std::max<int64_t>(1, mostBytesOfPlaces / buffer->bytesOfPlace));
  // Nor do all buffers begin at the same place of a page, here as in the arena.
  int64_t skew = int64_t(buffers.size() % 12) * 320, slack = skew + 4096;
  int64_t bytes = buffer->bytesOfPlace * buffer->places + slack;
  // Large pages where the buffer is large, as the runtime wants them for its arenas.
  int64_t page = bytes >= 2 * hugePage ? hugePage : 64;
  bytes = (bytes + page - 1) / page * page;
  buffer->memory.reset(std::aligned_alloc(size_t(page), size_t(bytes)));
  if (page == hugePage)
    (void)madvise(buffer->memory.get(), size_t(bytes), MADV_HUGEPAGE);
  if (type.getElementType().isF32()) {
    float *data = static_cast<float *>(buffer->memory.get());
    for (int64_t i = 0; i < bytes / 4; ++i)
      data[i] = 0.01f + 0.0001f * float(i * 7919 % 251);
  } else if (type.getElementType().isInteger(32)) {
    // Ids of any table that a model is likely to have, spread out; of one dimension are
    // counts of active rows, which here begin one after another.
    int32_t *data = static_cast<int32_t *>(buffer->memory.get());
    bool counts = type.getRank() == 1 && !type.isDynamicDim(0);
    for (int64_t i = 0; i < bytes / 4; ++i)
      data[i] = counts ? int32_t(1 + std::max<int64_t>(0, i - skew / 4) * sizes.rows / extents[0]) : int32_t(i * 7919 % 4999);
  } else {
    std::fill_n(static_cast<char *>(buffer->memory.get()), size_t(bytes), char(0));
  }

  for (size_t dimension = extents.size(); dimension-- > 0;)
    buffer->dimensions.push_back({0, int32_t(extents[dimension]), int32_t(strides[dimension]), 0});
  halide_buffer_t &header = buffer->header;
  buffer->first = static_cast<uint8_t *>(buffer->memory.get()) + skew;
  header.host = buffer->first;
  header.type.code = isa<FloatType>(type.getElementType()) ? halide_type_float : halide_type_int;
  header.type.bits = uint8_t(type.getElementTypeBitWidth());
  header.type.lanes = 1;
  header.dimensions = int32_t(buffer->dimensions.size());
  header.dim = buffer->dimensions.data();

  buffer->isOutput = argument.isOutput;
  Traffic &traffic = buffer->places > 1 ? streamedTraffic : fixedTraffic;
  (argument.isOutput ? traffic.written : traffic.read) += argument.bytes;
  traffic.footprint += argument.bytes * buffer->places;
  placesOfSequence = std::max(placesOfSequence, buffer->places);
  words.push_back(reinterpret_cast<uint64_t>(&header));
  buffers.push_back(std::move(buffer));
}

/// The System V convention passes floats and words in separate registers, in
/// order within each kind, words beyond six on the stack: one type of function
/// with all of either kind stands for every signature, and what a kernel does not
/// take it does not see.
template <size_t... F, size_t... W>
static int callWith(void *entry, const float *floats, const uint64_t *words, std::index_sequence<F...>,
                    std::index_sequence<W...>) {
  using Entry = int (*)(decltype(float(F))..., decltype(uint64_t(W))...);
  return reinterpret_cast<Entry>(entry)(floats[F]..., words[W]...);
}

void KernelRun::run() {
  callWith(entry, floats.data(), words.data(), std::make_index_sequence<mostFloats>(),
           std::make_index_sequence<mostWords>());
  if (placesOfSequence == 1)
    return;
  place = place + 1 == placesOfSequence ? 0 : place + 1;
  for (auto &buffer : buffers)
    if (buffer->places > 1)
      buffer->header.host = buffer->first + place % buffer->places * buffer->bytesOfPlace;
}

double KernelRun::leastSeconds(double budget) {
  for (int i = 0; i < 3; ++i)
    run();
  int64_t calls = 1;
  double begin = now();
  std::vector<double> tries;
  while (now() - begin < budget || tries.size() < 3) {
    double before = now();
    for (int64_t i = 0; i < calls; ++i)
      run();
    double passed = now() - before;
    if (passed < 0.0005) {
      calls = passed <= 0 ? calls * 8 : std::max(calls + 1, int64_t(double(calls) * std::min(8.0, 0.0006 / passed)));
      continue;
    }
    tries.push_back(passed / double(calls));
  }
  return quietSeconds(tries);
}

double KernelRun::differenceFrom(const KernelRun &other) const {
  double worst = 0, largest = 0;
  for (auto [mine, its] : llvm::zip_equal(buffers, other.buffers)) {
    if (!mine->isOutput || mine->header.type.code != halide_type_float)
      continue;
    // Element by element of what belongs to the result, the padding left out.
    std::vector<int32_t> at(mine->dimensions.size(), 0);
    for (bool more = true; more;) {
      int64_t offset = 0;
      for (size_t i = 0; i < at.size(); ++i)
        offset += int64_t(at[i]) * mine->dimensions[i].stride;
      float a = reinterpret_cast<const float *>(mine->first)[offset];
      float b = reinterpret_cast<const float *>(its->first)[offset];
      double difference = std::abs(double(a) - double(b));
      // What is no number in one of them differs as much as can be.
      if (std::isnan(a) != std::isnan(b))
        difference = std::numeric_limits<double>::infinity();
      if (!std::isnan(a)) {
        worst = std::max(worst, difference);
        largest = std::max(largest, std::abs(double(b)));
      }
      more = false;
      for (size_t i = 0; i < at.size() && !more; ++i) {
        more = ++at[i] < mine->dimensions[i].extent;
        if (!more)
          at[i] = 0;
      }
    }
  }
  return largest > 0 ? worst / largest : worst;
}

} // namespace weft::bench

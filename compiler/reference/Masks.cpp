//===- Masks.cpp - Dropout masks as SPEC.md draws them -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Masks.h"

#include "compiler/reference/Philox.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace weft::reference;

Randomness Randomness::ofBatch(uint64_t seed, uint64_t step, int64_t rows) {
  Randomness result{seed, step, std::vector<int64_t>(rows)};
  std::iota(result.rows.begin(), result.rows.end(), 0);
  return result;
}

Tensor Randomness::rowsTensor() const {
  return Tensor({int64_t(rows.size())}, std::vector<double>(rows.begin(), rows.end()));
}

Tensor Randomness::words(uint64_t value) {
  return Tensor({2}, {double(int32_t(value)), double(int32_t(value >> 32))});
}

uint64_t weft::reference::joinWords(const Tensor &words) {
  auto word = [&](int which) { return uint64_t(uint32_t(int32_t(words.values[which]))); };
  return word(0) | word(1) << 32;
}

Tensor weft::reference::randomMask(const Tensor &keys, llvm::ArrayRef<int64_t> shape, uint64_t seed,
                                   uint64_t step, MaskName name) {
  Tensor mask = Tensor::zeros(shape);
  if (step == UINT64_MAX) {
    std::fill(mask.values.begin(), mask.values.end(), 1.0);
    return mask;
  }
  double bound = std::fmin(std::round(name.rate * 0x1p32), 0x1p32 - 1);
  int64_t width = shape.back(), perKey = mask.size() / std::max<int64_t>(keys.size(), 1);
  // Sixteen elements side by side are the four words of four blocks.
  int64_t blocks = (width + 15) / 16 * 4;
  for (int64_t element = 0; element < mask.size(); ++element) {
    int64_t inKey = element % perKey, column = inKey % width;
    int64_t block = inKey / width * blocks + column / 16 * 4 + column % 4;
    uint32_t key = uint32_t(int32_t(keys.values[element / perKey]));
    std::array<uint32_t, 4> drawn =
        philox({uint32_t(block), key, uint32_t(step), uint32_t(name.layer << 16 | name.mask)},
               {uint32_t(seed), uint32_t(seed >> 32)});
    mask.values[element] = drawn[column / 4 % 4] < bound ? 0 : 1 / (1 - name.rate);
  }
  return mask;
}

//===- Initialize.h - How weights start -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_INITIALIZE_H
#define WEFT_RUNTIME_TRAIN_INITIALIZE_H

#include "runtime/abi/Abi.h"

#include <cstdint>

namespace weft::runtime {

/// The distributions, as `#seq.init` numbers them.
enum class InitKind : int32_t {
  Zeros,
  Ones,
  Constant,        // a
  Uniform,         // from a to b; -0.05 to 0.05 where both are zero
  Normal,          // mean a, standard deviation b; 0.05 where b is zero
  TruncatedNormal, // likewise, drawn again beyond two standard deviations
  GlorotUniform,
  GlorotNormal,
  HeUniform,
  HeNormal,
  LecunUniform,
  LecunNormal,
  Orthogonal, // times a; 1 where it is zero
  Identity,   // likewise
};

/// Fills one weight as Keras would, from random numbers that depend on the seed
/// and the weight's name alone.
void initialize(const WeftWeight &weight, uint64_t seed, float *values);

/// Fills all weights of the flat vector `parameters`; padding becomes zero.
void initializeAll(const WeftModel &model, uint64_t seed, float *parameters);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_INITIALIZE_H

//===- StandIns.cpp - Kernels of the tests' programs, written by hand -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// They stand in for kernels compiled by Halide, through Halide's own header: what
// a program passes is what that header says. As Halide's kernels may, they write
// garbage to every padding column and to the rows up to the row tile, so that a
// program which reads those, or puts something else there, computes nonsense.
//
//===----------------------------------------------------------------------===//

#include "HalideRuntime.h"

#include <cmath>
#include <cstdlib>

namespace {

constexpr int rowTile = 8;

void check(bool condition) {
  if (!condition)
    std::abort();
}

float &at(const halide_buffer_t *buffer, int i = 0, int j = 0, int k = 0) {
  check(buffer->type == halide_type_of<float>());
  int64_t offset = 0;
  if (buffer->dimensions > 0)
    offset += int64_t(i) * buffer->dim[0].stride;
  if (buffer->dimensions > 1)
    offset += int64_t(j) * buffer->dim[1].stride;
  if (buffer->dimensions > 2)
    offset += int64_t(k) * buffer->dim[2].stride;
  return reinterpret_cast<float *>(buffer->host)[offset];
}

int extent(const halide_buffer_t *buffer, int dimension) {
  check(buffer->device == 0 && buffer->device_interface == nullptr && buffer->flags == 0);
  check(dimension < buffer->dimensions && buffer->dim[dimension].min == 0 && buffer->dim[dimension].flags == 0);
  return buffer->dim[dimension].extent;
}

/// Rows in a padded buffer [columns, rows(, steps)].
bool isPadded(const halide_buffer_t *buffer) { return buffer->dimensions >= 2 && buffer->dim[1].stride % 16 == 0; }

void spoil(const halide_buffer_t *buffer) {
  if (!isPadded(buffer))
    return;
  check(reinterpret_cast<uintptr_t>(buffer->host) % 64 == 0);
  int rows = (extent(buffer, 1) + rowTile - 1) / rowTile * rowTile;
  int steps = buffer->dimensions > 2 ? extent(buffer, 2) : 1;
  for (int step = 0; step < steps; ++step)
    for (int row = 0; row < rows; ++row)
      for (int column = 0; column < buffer->dim[1].stride; ++column)
        at(buffer, column, row, step) = NAN;
}

template <typename Function>
void fill(const halide_buffer_t *buffer, Function function) {
  // Only then: a kernel reads its inputs while it writes.
  spoil(buffer);
  int columns = buffer->dimensions > 0 ? extent(buffer, 0) : 1;
  int rows = buffer->dimensions > 1 ? extent(buffer, 1) : 1;
  int planes = buffer->dimensions > 2 ? extent(buffer, 2) : 1;
  for (int plane = 0; plane < planes; ++plane)
    for (int row = 0; row < rows; ++row)
      for (int column = 0; column < columns; ++column)
        at(buffer, column, row, plane) = function(column, row, plane);
}

} // namespace

using Buffer = halide_buffer_t *;

extern "C" {

//===----------------------------------------------------------------------===//
// ProgramTest: a small recurrent layer
//===----------------------------------------------------------------------===//

int weft_pack(Buffer w, Buffer out) {
  fill(out, [&](int j, int i, int) { return 0.5f * at(w, j, i); });
  return 0;
}

int weft_input(Buffer x, Buffer out) {
  fill(out, [&](int u, int row, int step) { return at(x, u, step, row); });
  return 0;
}

int weft_lookup(Buffer ids, Buffer table, Buffer out) {
  check(ids->type == halide_type_of<int32_t>());
  auto id = [&](int row) { return reinterpret_cast<const int32_t *>(ids->host)[row * ids->dim[1].stride]; };
  fill(out, [&](int u, int row, int) { return at(table, u, id(row)); });
  return 0;
}

int weft_cell(Buffer x, Buffer h, Buffer w, Buffer out) {
  fill(out, [&](int j, int row, int) {
    float sum = at(x, j, row);
    for (int k = 0; k < extent(w, 1); ++k)
      sum += at(h, k, row) * at(w, j, k);
    return sum;
  });
  return 0;
}

int weft_output(Buffer h, Buffer out) {
  fill(out, [&](int u, int row, int) { return at(h, u, row); });
  return 0;
}

int weft_loss(Buffer p, Buffer t, Buffer out) {
  fill(out, [&](int, int row, int) {
    float sum = 0;
    for (int u = 0; u < extent(p, 0); ++u)
      sum += (at(p, u, row) - at(t, u, row)) * (at(p, u, row) - at(t, u, row));
    return sum / extent(p, 0);
  });
  return 0;
}

int weft_loss_adjoint(Buffer p, Buffer t, Buffer scales, Buffer out) {
  fill(out, [&](int u, int row, int) { return 2 * at(scales, 0, row) * (at(p, u, row) - at(t, u, row)) / extent(p, 0); });
  return 0;
}

int weft_cell_adjoint(Buffer dh, Buffer w, Buffer out) {
  fill(out, [&](int k, int row, int) {
    float sum = 0;
    for (int j = 0; j < extent(w, 0); ++j)
      sum += at(dh, j, row) * at(w, j, k);
    return sum;
  });
  return 0;
}

int weft_contract(Buffer h, Buffer dh, Buffer out) {
  fill(out, [&](int j, int k, int) {
    float sum = 0;
    for (int step = 0; step < extent(h, 2); ++step)
      for (int row = 0; row < extent(h, 1); ++row)
        sum += at(h, k, row, step) * at(dh, j, row, step);
    return 0.5f * sum;
  });
  return 0;
}

int weft_scatter(Buffer ids, Buffer dh, Buffer out) {
  fill(out, [&](int u, int word, int) {
    float sum = 0;
    for (int row = 0; row < extent(dh, 1); ++row)
      if (reinterpret_cast<const int32_t *>(ids->host)[row * ids->dim[1].stride] == word)
        sum += at(dh, u, row);
    return sum;
  });
  return 0;
}

int weft_nothing(Buffer out) {
  fill(out, [&](int, int, int) { return 0.0f; });
  return 0;
}

int weft_rate(Buffer step, float learningRate, Buffer out) {
  check(step->dimensions == 0);
  at(out) = learningRate / at(step);
  return 0;
}

int weft_momentum(Buffer m, Buffer g, Buffer out) {
  fill(out, [&](int i, int, int) { return 0.9f * at(m, i) + at(g, i); });
  return 0;
}

int weft_descend(Buffer w, Buffer m, Buffer rate, Buffer out) {
  fill(out, [&](int i, int, int) { return at(w, i) - at(rate) * at(m, i); });
  return 0;
}

//===----------------------------------------------------------------------===//
// ScanTest: kernels of any number of operands
//===----------------------------------------------------------------------===//

int weft_mix0(Buffer out) {
  fill(out, [&](int u, int row, int) { return 0.25f * float(u + 1) - 0.125f * float(row); });
  return 0;
}

int weft_mix1(Buffer a, Buffer out) {
  fill(out, [&](int u, int row, int) { return 0.5f * at(a, u, row) + 1; });
  return 0;
}

int weft_mix2(Buffer a, Buffer b, Buffer out) {
  fill(out, [&](int u, int row, int) { return 0.5f * at(a, u, row) - 0.25f * at(b, u, row); });
  return 0;
}

/// Two results at once.
int weft_mix3(Buffer a, Buffer b, Buffer c, Buffer out, Buffer other) {
  fill(out, [&](int u, int row, int) { return 0.5f * at(a, u, row) + 0.25f * at(b, u, row); });
  fill(other, [&](int u, int row, int) { return 0.75f * at(c, u, row) - 0.5f; });
  return 0;
}

int weft_rows_input(Buffer a, Buffer out) {
  fill(out, [&](int u, int row, int) { return at(a, u, row); });
  return 0;
}

int weft_sequence_output(Buffer x, Buffer out) {
  fill(out, [&](int u, int step, int row) { return at(x, u, row, step); });
  return 0;
}

} // extern "C"

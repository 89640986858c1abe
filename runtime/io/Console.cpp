//===- Console.cpp - Progress as Keras users know it ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Console.h"
#include "runtime/support/Error.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <unistd.h>

namespace weft::runtime {

void sayText(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void printText(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    fail("cannot write to standard output: {}", std::strerror(errno));
}

std::string logText(const NamedValues &logs) {
  std::string text;
  for (const auto &[name, value] : logs) {
    // Small values would read 0.0000, as in Keras they are written out.
    bool small = value != 0 && std::abs(value) < 1e-3;
    text += fmt::format("{}{}: {}", text.empty() ? "" : " - ", name,
                        small ? fmt::format("{:.4e}", value) : fmt::format("{:.4f}", value));
  }
  return text;
}

static std::string_view variable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

Progress::Style Progress::styleFor(bool quiet) {
  if (quiet)
    return Style::Silent;
  return isatty(STDERR_FILENO) && variable("TERM") != "dumb" ? Style::Bar : Style::Lines;
}

Progress Progress::forTerminal(bool quiet) { return {styleFor(quiet), variable("NO_COLOR").empty()}; }

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// "103s 263ms/step", "1s 12us/step".
static std::string pace(double seconds, int64_t steps, std::string_view between) {
  double step = steps ? seconds / double(steps) : 0;
  std::string perStep = step >= 1      ? fmt::format("{:.0f}s/step", step)
                        : step >= 1e-3 ? fmt::format("{:.0f}ms/step", step * 1e3)
                                       : fmt::format("{:.0f}us/step", step * 1e6);
  return fmt::format("{:.0f}s{}{}", seconds, between, perStep);
}

std::string Progress::barText(int64_t done) const {
  constexpr int64_t width = 20;
  int64_t filled = batches ? done * width / batches : width;
  std::string bar;
  for (int64_t i = 0; i < width; ++i) {
    if (colour && (i == 0 || i == filled))
      bar += i < filled ? "\x1b[32m" : "\x1b[37m";
    bar += "━";
    if (!colour && i >= filled)
      bar.replace(bar.size() - 3, 3, " ");
  }
  return colour ? bar + "\x1b[0m" : bar;
}

void Progress::beginEpoch(int64_t number, int64_t of, int64_t count) {
  epoch = number, epochs = of, batches = count;
  start = last = Clock::now();
  if (style == Style::Bar)
    say("Epoch {}/{}\n", epoch, epochs);
}

bool Progress::isDue() const {
  return style == Style::Bar && Clock::now() - last >= std::chrono::milliseconds(100);
}

void Progress::showBatch(int64_t done, const NamedValues &logs) {
  if (!isDue())
    return;
  last = Clock::now();
  drawn = true;
  double left = seconds() / double(done) * double(batches - done);
  double perStep = seconds() / double(done);
  std::string eta = left >= 60 ? fmt::format("{}:{:02}", int(left) / 60, int(left) % 60) : fmt::format("{:.0f}s", left);
  say("\r\x1b[K{}/{} {} {} {} - {}", done, batches, barText(done), eta,
             perStep >= 1e-3 ? fmt::format("{:.0f}ms/step", perStep * 1e3)
                             : fmt::format("{:.0f}us/step", perStep * 1e6),
             logText(logs));
}

void Progress::endEpoch(int64_t done, const NamedValues &logs) {
  if (style == Style::Lines)
    say("Epoch {}/{} - {}/{} - {} - {}\n", epoch, epochs, done, batches,
               pace(seconds(), done, " - "), logText(logs));
  else if (style == Style::Bar)
    say("\r\x1b[K{}/{} {} {} - {}\n", done, batches, barText(done), pace(seconds(), done, " "),
               logText(logs));
  drawn = false;
}

void Progress::abandon() {
  if (drawn)
    say("\n");
  drawn = false;
}

} // namespace weft::runtime

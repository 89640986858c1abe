//===- Console.h - Progress as Keras users know it -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_CONSOLE_H
#define WEFT_RUNTIME_IO_CONSOLE_H

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::runtime {

using NamedValues = std::vector<std::pair<std::string, double>>;

/// Messages on stderr. A stderr that cannot be written to is no reason to stop.
void sayText(std::string_view text);
template <typename... Args> void say(fmt::format_string<Args...> format, Args &&...args) {
  sayText(fmt::format(format, std::forward<Args>(args)...));
}

/// Results on stdout: an error of the user's where they cannot be written.
void printText(std::string_view text);
template <typename... Args> void print(fmt::format_string<Args...> format, Args &&...args) {
  printText(fmt::format(format, std::forward<Args>(args)...));
}

/// "accuracy: 0.8553 - loss: 0.3365".
std::string logText(const NamedValues &logs);

/// Progress of a training run on stderr, as Keras shows it: a bar on a
/// terminal, one line an epoch otherwise. NO_COLOR is honoured.
class Progress {
public:
  enum class Style { Silent, Lines, Bar };
  static Style styleFor(bool quiet);

  Progress(Style style, bool colour) : style(style), colour(colour) {}
  static Progress forTerminal(bool quiet);

  void beginEpoch(int64_t epoch, int64_t epochs, int64_t batches);
  void showBatch(int64_t done, const NamedValues &logs);
  void endEpoch(int64_t done, const NamedValues &logs);
  /// Ends a bar that is half drawn, so that a message gets a line of its own.
  void abandon();

  /// Whether a call of `showBatch` would draw now: making logs costs time too.
  bool isDue() const;

private:
  std::string barText(int64_t done) const;
  double seconds() const;

  Style style;
  bool colour;
  bool drawn = false;
  int64_t epoch = 0, epochs = 0, batches = 0;
  using Clock = std::chrono::steady_clock;
  Clock::time_point start, last;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_CONSOLE_H

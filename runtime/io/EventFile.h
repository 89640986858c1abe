//===- EventFile.h - TensorBoard's event files -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_IO_EVENTFILE_H
#define WEFT_RUNTIME_IO_EVENTFILE_H

#include "runtime/io/Protobuf.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft::runtime {

/// A tensor as a `TensorProto`.
ProtoMessage floatTensor(float value);
ProtoMessage doubleTensor(std::span<const int64_t> shape, std::span<const double> values);
ProtoMessage stringTensor(std::span<const int64_t> shape, std::span<const std::string> values);

/// Fails where no log could be written to `folder`; leaves nothing behind.
void checkLogFolder(const std::string &folder);

/// One event file in a folder that is made where there is none:
/// `events.out.tfevents.<unix seconds>.<host>.<pid>.<n>.v2`, a record an event.
/// A record is on its way to the disk when `write…` returns; a reader takes a
/// file whose last record is cut short, so a killed run leaves a log.
class EventFile {
public:
  explicit EventFile(const std::string &folder);
  ~EventFile();
  EventFile(const EventFile &) = delete;
  EventFile &operator=(const EventFile &) = delete;

  /// One value under a tag, for the plugin that shows it.
  void writeValue(std::string_view tag, std::string_view plugin, const ProtoMessage &tensor, int64_t step,
                  std::string_view pluginContent = {});

  /// Says that a run goes on at `step`: what was logged from there on is void.
  void writeRestart(int64_t step);

private:
  void writeEvent(ProtoMessage event);

  std::string path;
  int descriptor = -1;
};

} // namespace weft::runtime

#endif // WEFT_RUNTIME_IO_EVENTFILE_H

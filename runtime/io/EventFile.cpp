//===- EventFile.cpp - TensorBoard's event files ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/EventFile.h"
#include "runtime/support/Crc32c.h"
#include "runtime/support/Error.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace weft::runtime {

namespace {
// Field numbers of TensorFlow's messages.
namespace event {
constexpr uint32_t wallTime = 1, step = 2, fileVersion = 3, summary = 5, sessionLog = 7;
}
namespace session {
constexpr uint32_t status = 1;
constexpr int64_t start = 1;
} // namespace session
constexpr uint32_t summaryValue = 1;
namespace value {
constexpr uint32_t tag = 1, tensor = 8, metadata = 9;
}
namespace metadata {
constexpr uint32_t pluginData = 1, dataClass = 4;
}
namespace plugin {
constexpr uint32_t name = 1, content = 2;
}
namespace tensor {
constexpr uint32_t type = 1, shape = 2, content = 4, strings = 8;
constexpr int64_t floats = 1, doubles = 2, texts = 7;
} // namespace tensor
constexpr uint32_t shapeExtent = 2, extentSize = 1;

ProtoMessage tensorOf(int64_t type, std::span<const int64_t> shape) {
  ProtoMessage extents;
  for (int64_t extent : shape)
    extents.message(shapeExtent, ProtoMessage().integer(extentSize, extent));
  ProtoMessage message;
  message.integer(tensor::type, type).message(tensor::shape, extents);
  return message;
}

std::string_view bytesOfValues(const void *values, size_t size) { return {static_cast<const char *>(values), size}; }

/// What kind of data a plugin shows: 1 scalars, 2 tensors, 3 sequences of blobs.
int64_t dataClassOf(std::string_view plugin) {
  return plugin == "scalars" ? 1 : plugin == "histograms" ? 2 : 3;
}

/// CRC-32C, masked: a CRC over data that holds CRCs would be weak.
uint32_t maskedCrc(std::string_view text) {
  uint32_t crc = crc32c(std::as_bytes(std::span(text)));
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

void appendLittle(std::string &to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    to += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string recordOf(std::string_view data) {
  std::string record;
  appendLittle(record, data.size(), 8);
  appendLittle(record, maskedCrc(record), 4);
  record += data;
  appendLittle(record, maskedCrc(data), 4);
  return record;
}

std::string hostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || !name[0])
    return "localhost";
  return name.data();
}

double secondsNow() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}
} // namespace

ProtoMessage floatTensor(float value) {
  return tensorOf(tensor::floats, {}).bytes(tensor::content, bytesOfValues(&value, sizeof(value)));
}

ProtoMessage doubleTensor(std::span<const int64_t> shape, std::span<const double> values) {
  return tensorOf(tensor::doubles, shape).bytes(tensor::content, bytesOfValues(values.data(), values.size_bytes()));
}

ProtoMessage stringTensor(std::span<const int64_t> shape, std::span<const std::string> values) {
  ProtoMessage message = tensorOf(tensor::texts, shape);
  for (const std::string &value : values)
    message.bytes(tensor::strings, value);
  return message;
}

/// Whether the folder had to be made.
static bool makeFolder(const std::string &folder) {
  std::error_code problem;
  bool isNew = std::filesystem::create_directories(folder, problem);
  if (problem)
    fail("cannot write the log for TensorBoard: {}: {}", folder, problem.message());
  return isNew;
}

void checkLogFolder(const std::string &folder) {
  bool isNew = makeFolder(folder);
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail("cannot write the log for TensorBoard: {}: {}", folder, std::strerror(errno));
  if (isNew)
    ::rmdir(folder.c_str());
}

EventFile::EventFile(const std::string &folder) {
  makeFolder(folder);
  for (int count = 0; descriptor < 0; ++count) {
    path = fmt::format("{}/events.out.tfevents.{}.{}.{}.{}.v2", folder, static_cast<int64_t>(secondsNow()),
                       hostName(), ::getpid(), count);
    descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno != EEXIST)
      fail("cannot write the log for TensorBoard: {}: {}", path, std::strerror(errno));
  }
  try {
    writeEvent(ProtoMessage().bytes(event::fileVersion, "brain.Event:2"));
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

EventFile::~EventFile() { ::close(descriptor); }

void EventFile::writeValue(std::string_view tag, std::string_view plugin, const ProtoMessage &tensor, int64_t step,
                           std::string_view pluginContent) {
  ProtoMessage data, about, one;
  data.bytes(plugin::name, plugin);
  if (!pluginContent.empty())
    data.bytes(plugin::content, pluginContent);
  about.message(metadata::pluginData, data).integer(metadata::dataClass, dataClassOf(plugin));
  one.bytes(value::tag, tag).message(value::metadata, about).message(value::tensor, tensor);
  writeEvent(ProtoMessage()
                 .integer(event::step, step)
                 .message(event::summary, ProtoMessage().message(summaryValue, one)));
}

void EventFile::writeRestart(int64_t step) {
  writeEvent(ProtoMessage()
                 .integer(event::step, step)
                 .message(event::sessionLog, ProtoMessage().integer(session::status, session::start)));
}

void EventFile::writeEvent(ProtoMessage event) {
  std::string record = recordOf(event.number(event::wallTime, secondsNow()).encoded());
  std::string_view left = record;
  while (!left.empty()) {
    ssize_t put = ::write(descriptor, left.data(), left.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      fail("cannot write the log for TensorBoard: {}: {}", path, std::strerror(errno));
    left.remove_prefix(static_cast<size_t>(put));
  }
}

} // namespace weft::runtime

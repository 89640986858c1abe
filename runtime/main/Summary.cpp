//===- Summary.cpp - What a model consists of ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/main/Summary.h"
#include "runtime/data/DataSet.h"
#include "runtime/support/Text.h"
#include "runtime/train/Runner.h"
#include "runtime/train/Settings.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <array>

namespace weft::runtime {

namespace {
using Row = std::array<std::string, 3>;
using Widths = std::array<size_t, 3>;

std::string repeated(std::string_view text, size_t count) {
  std::string all;
  while (count--)
    all += text;
  return all;
}

/// "├──┼──┤" with the pieces left, fill, cross and right.
std::string rule(const Widths &widths, std::array<std::string_view, 4> pieces) {
  std::string text(pieces[0]);
  for (size_t i = 0; i < widths.size(); ++i) {
    text += repeated(pieces[1], widths[i] + 2);
    text += i + 1 < widths.size() ? pieces[2] : pieces[3];
  }
  return text + "\n";
}

/// Displayed width of UTF-8: one column a code point.
size_t columnsOf(std::string_view text) {
  size_t count = 0;
  for (char c : text)
    count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string line(const Widths &widths, const Row &row, std::string_view bar) {
  std::string text(bar);
  for (size_t i = 0; i < row.size(); ++i) {
    std::string gap(widths[i] - columnsOf(row[i]), ' ');
    text += i == 2 ? " " + gap + row[i] + " " : " " + row[i] + gap + " ";
    text += bar;
  }
  return text + "\n";
}

std::string total(std::string_view what, int64_t count) {
  return fmt::format(" {} params: {} ({})\n", what, withThousands(count), withUnit(count * 4));
}

int64_t weightsOf(const WeftModel &model) {
  int64_t count = 0;
  for (int32_t i = 0; i < model.weight_count; ++i)
    count += model.weights[i].size;
  return count;
}

std::string portText(const WeftPort &port) {
  std::string text = fmt::format("{}: {} [{}]", port.name, port.element == WEFT_I32 ? "i32" : "f32",
                                 fmt::join(shapeOf(port), ", "));
  return port.vocabulary > 0 ? text + fmt::format(" of {}", port.vocabulary) : text;
}
} // namespace

std::string summaryText(const WeftModel &model) {
  std::vector<Row> rows;
  nlohmann::json layers = nlohmann::json::parse(model.layers ? model.layers : "[]");
  for (const nlohmann::json &layer : layers) {
    std::string shape = "(None";
    for (const nlohmann::json &extent : layer.at("shape"))
      shape += ", " + extent.dump();
    rows.push_back({fmt::format("{} ({})", layer.at("name").get<std::string>(), layer.at("type").get<std::string>()),
                    shape + ")", withThousands(layer.at("parameters").get<int64_t>())});
  }
  Row head = {"Layer (type)", "Output Shape", "Param #"};
  Widths widths = {31, 22, 13}; // Keras's own, wider where names are
  for (const Row &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columnsOf(row[i]));
  std::string text = fmt::format("Model: \"{}\"\n", model.name);
  text += rule(widths, {"┏", "━", "┳", "┓"}) + line(widths, head, "┃") + rule(widths, {"┡", "━", "╇", "┩"});
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i)
      text += rule(widths, {"├", "─", "┼", "┤"});
    text += line(widths, rows[i], "│");
  }
  text += rule(widths, {"└", "─", "┴", "┘"});
  int64_t count = weightsOf(model);
  text += total("Total", count) + total("Trainable", count) + total("Non-trainable", 0);
  if (model.optimizer_states)
    text += total("Optimizer", count * model.optimizer_states);
  return text;
}

std::string infoText(const WeftModel &model) {
  Settings settings = Settings::of(model);
  std::string text;
  auto add = [&](std::string_view what, const std::string &value) {
    text += fmt::format("{:<20}{}\n", std::string(what) + ":", value.empty() ? "none" : value);
  };
  add("model", model.name);
  add("abi version", std::to_string(model.version));
  add("cpu features", model.features ? model.features : "");
  for (int32_t i = 0; i < model.input_count; ++i)
    add("input", portText(model.inputs[i]));
  for (int32_t i = 0; i < model.output_count; ++i)
    add("output", portText(model.outputs[i]));
  for (int32_t i = 0; i < model.label_count; ++i)
    add("label", portText(model.labels[i]));
  add("parameters", withThousands(weightsOf(model)));
  add("slices", fmt::format("{} of multiples of {} rows", model.slices, model.row_tile));
  add("optimizer", fmt::format("{} ({} state vectors: {})", settings.optimizer, model.optimizer_states,
                               model.optimizer_state_names ? model.optimizer_state_names : ""));
  add("loss", settings.loss);
  add("data", settings.data);
  add("batch", std::to_string(settings.batch));
  std::vector<std::string> training, predicting;
  for (SliceRange slice : cutBatch(settings.batch, model.slices, model.row_tile)) {
    if (model.step.slice)
      training.push_back(withThousands(model.step.arena_bytes(slice.rows)));
    predicting.push_back(withThousands(model.predict.arena_bytes(slice.rows)));
  }
  add("training arenas",
      training.empty() ? "" : fmt::format("{} bytes for each slice of a batch", fmt::join(training, " + ")));
  add("predicting arenas", fmt::format("{} bytes", fmt::join(predicting, " + ")));
  add("shared", fmt::format("{} bytes training, {} predicting", withThousands(model.step.shared_bytes),
                            withThousands(model.predict.shared_bytes)));
  return text;
}

} // namespace weft::runtime

//===- TensorBoard.h - A training run for TensorBoard -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_TRAIN_TENSORBOARD_H
#define WEFT_RUNTIME_TRAIN_TENSORBOARD_H

#include "runtime/io/EventFile.h"
#include "runtime/train/Observer.h"
#include "runtime/train/Settings.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::runtime {

/// What Keras's callback of this name takes; `folder` is its `log_dir`.
struct TensorBoardOptions {
  std::string folder;
  int64_t histogramFrequency = 0; // every how many epochs; 0: never
  bool writeGraph = true;
  bool writeImages = false; // with the histograms

  /// What `tensorboard(...)` in the train block says, where it is there.
  static std::optional<TensorBoardOptions> of(const Settings &settings);
};

/// Writes what Keras's TensorBoard callback writes, under the same tags:
/// `<folder>/train` and, where a run validates, `<folder>/validation`.
class TensorBoard : public TrainObserver {
public:
  explicit TensorBoard(TensorBoardOptions options) : options(std::move(options)) {}

  /// Fails where the folder cannot be written: that is to be known before time goes
  /// into training.
  void begin(const WeftModel &model, int64_t epoch) override;
  void endEpoch(const EpochEnd &end) override;

private:
  void writeWeights(const EpochEnd &end);
  std::string validationFolder() const { return options.folder + "/validation"; }

  TensorBoardOptions options;
  const WeftModel *model = nullptr;
  std::optional<EventFile> train;
  std::optional<EventFile> validation; // from the first validation on
};

/// A weight's values in 30 bins as `[30, 3]`: left edge, right edge, count.
std::vector<double> histogramOf(std::span<const float> values);

struct GreyImage {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> values;
};

/// A weight as Keras shows it, extents of one left out: a vector stands upright, a
/// matrix lies (it is turned where it is higher than wide), a convolution's kernel is
/// an image a filter. Values from 0 to 1, others clipped. At most three; none where
/// the weight is a single number or has more axes.
std::vector<GreyImage> imagesOf(std::span<const int64_t> shape, std::span<const float> values);

/// The model as Keras writes it as JSON, as far as the graph shows it: layers in
/// their order, each with name, type and output.
std::string kerasJson(const WeftModel &model);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_TRAIN_TENSORBOARD_H

//===- Golden.cpp - Keras's own numbers, for tests -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/support/Golden.h"
#include "tests/support/Npy.h"
#include "tests/support/Safetensors.h"

#include <cstdlib>

using namespace weft;
using namespace weft::tests;

std::filesystem::path tests::sourceFolder() { return WEFT_SOURCE_DIR; }

std::filesystem::path tests::sharedFolder() {
  if (const char *named = std::getenv("WEFT_SHARED"))
    return named;
  return sourceFolder().parent_path() / "shared";
}

static reference::Tensor readLabels(const std::filesystem::path &path) {
  reference::Tensor labels = readNpy(path);
  if (labels.rank() == 1)
    labels.shape.push_back(1);
  return labels;
}

Golden tests::loadGolden(const std::string &name) {
  std::filesystem::path folder = sharedFolder() / "golden" / name;
  Golden golden;
  golden.name = name;
  golden.x = readNpy(folder / "x.npy");
  golden.y = readLabels(folder / "y.npy");
  golden.predictions = readNpy(folder / "predictions.npy");
  golden.loss = readNpy(folder / "loss.npy").values.at(0);
  golden.weights = readSafetensors(folder / "weights.safetensors");
  golden.gradients = readSafetensors(folder / "gradients.safetensors");
  golden.afterAdam = readSafetensors(folder / "after_adam.safetensors");
  return golden;
}

Trajectory tests::loadTrajectory(const std::string &name) {
  std::filesystem::path folder = sharedFolder() / "trajectory";
  Trajectory trajectory;
  trajectory.x = readNpy(folder / "x.npy");
  trajectory.y = readLabels(folder / "y.npy");
  trajectory.losses = readNpy(folder / name / "losses.npy").values;
  trajectory.weights = readSafetensors(folder / name / "weights.safetensors");
  trajectory.after = readSafetensors(folder / name / "after.safetensors");
  return trajectory;
}

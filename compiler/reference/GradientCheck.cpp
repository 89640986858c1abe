//===- GradientCheck.cpp - Derived gradients against finite differences -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/GradientCheck.h"

#include "dialects/seq/Seq.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace weft;
using namespace weft::reference;
using namespace weft::seq;

using llvm::Error;
using llvm::Expected;

static Error invalid(const llvm::Twine &message) {
  return llvm::make_error<llvm::StringError>(message, llvm::inconvertibleErrorCode());
}

namespace {
/// The model and the loss that a module trains.
struct Trained {
  ModelOp model;
  LossOp loss;
};

/// Uniform numbers that every standard library draws alike.
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}
  double uniform(double low, double high) { return low + (high - low) * double(engine() >> 11) * 0x1p-53; }
  int64_t below(int64_t count) { return int64_t(engine() % uint64_t(count)); }

private:
  std::mt19937_64 engine;
};

/// The loss as a function of one element of one weight.
class Slope {
public:
  Slope(Trained trained, const GradientPoint &point)
      : trained(trained), point(point), weights(point.weights) {}

  /// The sum over rows of a row's loss, and the rows' absolute values added up.
  struct Loss {
    double sum, magnitude;
  };
  Expected<Loss> loss();

  struct Measured {
    double slope, uncertainty;
  };
  Expected<Measured> measure(const std::string &weight, int64_t index);

private:
  /// By the differences at one and two steps to either side, which leaves an
  /// error of h^4 f'''''(w) / 30.
  Expected<double> difference(double &element, double step);

  Trained trained;
  const GradientPoint &point;
  Weights weights;
};
} // namespace

static Expected<Trained> findTrained(ModuleOp module) {
  auto trainings = module.getOps<TrainingOp>();
  if (trainings.empty())
    return invalid("the module has no seq.training: no loss to take gradients of");
  TrainingOp training = *trainings.begin();
  auto model = module.lookupSymbol<ModelOp>(training.getModel());
  auto loss = module.lookupSymbol<LossOp>(training.getLoss());
  if (!model || !loss)
    return invalid("the module has no model @" + training.getModel() + " or no loss @" + training.getLoss());
  if (model.getResultTypes().size() != 1)
    return invalid("a model is trained on one output, this one has " +
                   llvm::Twine(model.getResultTypes().size()));
  return Trained{model, loss};
}

//===----------------------------------------------------------------------===//
// A point
//===----------------------------------------------------------------------===//

static std::vector<int64_t> shapeOf(Type type, int64_t rows) {
  std::vector<int64_t> shape(cast<RankedTensorType>(type).getShape());
  for (int64_t &extent : shape)
    if (ShapedType::isDynamic(extent))
      extent = rows;
  return shape;
}

Expected<GradientPoint> weft::reference::drawPoint(ModuleOp module, int64_t rows, uint64_t seed) {
  Expected<Trained> trained = findTrained(module);
  if (!trained)
    return trained.takeError();
  Random random(seed);
  GradientPoint point;
  point.random = Randomness::ofBatch(seed, /*step=*/3, rows);
  auto draw = [&](Type type, auto &&value) {
    Tensor tensor = Tensor::zeros(shapeOf(type, rows));
    for (double &element : tensor.values)
      element = value();
    return tensor;
  };
  ModelOp model = trained->model;
  for (auto [index, type] : llvm::enumerate(model.getArgumentTypes())) {
    auto vocabulary = model.getArgAttrOfType<IntegerAttr>(index, "seq.vocabulary");
    if (vocabulary)
      point.inputs.push_back(draw(type, [&] { return double(random.below(vocabulary.getInt())); }));
    else
      point.inputs.push_back(draw(type, [&] { return random.uniform(-1, 1); }));
  }
  Type label = trained->loss.getArgumentTypes()[1];
  int64_t classes = cast<RankedTensorType>(model.getResultTypes()[0]).getShape().back();
  if (cast<RankedTensorType>(label).getElementType().isInteger()) {
    point.labels = draw(label, [&] { return double(random.below(classes)); });
  } else {
    double least = 0, most = 1;
    if (auto bounds = trained->loss.getArgAttrOfType<ArrayAttr>(1, "seq.bounds")) {
      least = cast<FloatAttr>(bounds[0]).getValueAsDouble();
      most = cast<FloatAttr>(bounds[1]).getValueAsDouble();
    }
    point.labels = draw(label, [&] { return least + (most - least) * random.uniform(0.05, 0.95); });
  }
  for (WeightOp weight : module.getOps<WeightOp>()) {
    // As many terms as a matmul with it adds up: their sum stays near one.
    auto type = cast<RankedTensorType>(weight.getType());
    double terms = 1;
    for (int64_t extent : type.getShape().drop_back())
      terms *= double(extent);
    double bound = std::sqrt(2 / std::fmin(terms, 64));
    point.weights[weight.getSymName().str()] = draw(type, [&] { return random.uniform(-bound, bound); });
  }
  return point;
}

//===----------------------------------------------------------------------===//
// A slope
//===----------------------------------------------------------------------===//

Expected<Slope::Loss> Slope::loss() {
  Expected<std::vector<Tensor>> predictions = evaluate(trained.model, point.inputs, weights, &point.random);
  if (!predictions)
    return predictions.takeError();
  Expected<std::vector<Tensor>> values =
      evaluate(trained.loss, {predictions->front(), point.labels}, weights);
  if (!values)
    return values.takeError();
  const Tensor &tensor = values->front();
  double perRow = double(tensor.size()) / double(tensor.shape.front());
  Loss loss{0, 0};
  for (double value : tensor.values) {
    loss.sum += value / perRow;
    loss.magnitude += std::fabs(value) / perRow;
  }
  return loss;
}

Expected<double> Slope::difference(double &element, double step) {
  const double centre = element;
  double sums[4];
  const double offsets[4] = {-2, -1, 1, 2};
  for (int place = 0; place < 4; ++place) {
    element = centre + offsets[place] * step;
    Expected<Loss> value = loss();
    element = centre;
    if (!value)
      return value.takeError();
    sums[place] = value->sum;
  }
  return (8 * (sums[2] - sums[1]) - (sums[3] - sums[0])) / (12 * step);
}

Expected<Slope::Measured> Slope::measure(const std::string &weight, int64_t index) {
  double &element = weights[weight].values[index];
  Expected<Loss> here = loss();
  if (!here)
    return here.takeError();
  // The difference is off by about h^4 f'''''/30 + 1.5 e f/h, e = 2^-53 times what
  // the evaluation itself loses; that is smallest near h = e^(1/5) = 6e-4. A step
  // that spans a kink shows in that half the step gives another slope: then a
  // smaller one is tried, at the price of more rounding.
  const double lost = 64 * 0x1p-53;
  Measured best{0, std::numeric_limits<double>::infinity()};
  for (double step = 6e-4 * std::fmax(1, std::fabs(element)); step > 1e-7; step /= 16) {
    Expected<double> whole = difference(element, step);
    if (!whole)
      return whole.takeError();
    Expected<double> half = difference(element, step / 2);
    if (!half)
      return half.takeError();
    double rounding = lost * here->magnitude / step;
    double uncertainty = std::fabs(*whole - *half) + rounding;
    if (uncertainty < best.uncertainty)
      best = {*half, uncertainty};
    // Good to a tenth of what is asked, or as good as rounding lets it be.
    if (std::fabs(*whole - *half) <= std::fmax(rounding, 1e-7 * std::fabs(*half)))
      break;
  }
  return best;
}

//===----------------------------------------------------------------------===//
// The check
//===----------------------------------------------------------------------===//

/// The largest difference, as a part of the largest value.
static double differenceOf(const std::vector<double> &a, const std::vector<double> &b) {
  double difference = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity(), largest = 0;
  for (size_t index = 0; index < std::min(a.size(), b.size()); ++index) {
    difference = std::fmax(difference, std::fabs(a[index] - b[index]));
    largest = std::fmax(largest, std::fabs(b[index]));
  }
  return largest == 0 ? difference : difference / largest;
}

Expected<GradientReport> weft::reference::checkGradients(ModuleOp original, ModuleOp derived,
                                                         const GradientPoint &point,
                                                         const GradientCheckOptions &options) {
  Expected<Trained> trained = findTrained(original);
  if (!trained)
    return trained.takeError();
  auto steps = derived.getOps<StepOp>();
  if (steps.empty())
    return invalid("the module has no seq.step");
  StepOp step = *steps.begin();

  std::vector<Tensor> arguments = stepArguments(
      step, point.inputs, point.labels, Tensor::filled({point.labels.shape.front(), 1}, 1), point.random);
  Expected<std::vector<Tensor>> results = evaluate(step, arguments, point.weights);
  if (!results)
    return results.takeError();
  Expected<std::vector<Tensor>> predictions = evaluate(trained->model, point.inputs, point.weights, &point.random);
  if (!predictions)
    return predictions.takeError();
  Slope slope(*trained, point);
  Expected<Slope::Loss> loss = slope.loss();
  if (!loss)
    return loss.takeError();

  GradientReport report;
  report.predictionDifference = differenceOf((*results)[0].values, predictions->front().values);
  double sum = 0;
  for (double row : (*results)[1].values)
    sum += row;
  report.lossDifference = std::fabs(sum - loss->sum) / std::fmax(loss->magnitude, 1e-300);

  for (auto [position, name] : llvm::enumerate(step.getGradients())) {
    WeightCheck check;
    check.name = cast<FlatSymbolRefAttr>(name).getValue().str();
    const Tensor &gradient = (*results)[2 + position];
    auto weight = point.weights.find(check.name);
    if (weight == point.weights.end() || weight->second.shape != gradient.shape)
      return invalid("no weight of the gradient's shape is called " + check.name);
    int64_t count = gradient.size();
    if (options.slopesPerWeight > 0)
      count = std::min(count, options.slopesPerWeight);
    for (int64_t place = 0; place < count; ++place) {
      // The middle of each of `count` parts.
      int64_t index = (2 * place + 1) * gradient.size() / (2 * count);
      Expected<Slope::Measured> measured = slope.measure(check.name, index);
      if (!measured)
        return measured.takeError();
      if (measured->uncertainty > 1e-3 * std::fmax(std::fabs(measured->slope), 1e-3)) {
        ++check.skipped;
        continue;
      }
      ++check.checked;
      double allowed = options.tolerance * std::fabs(measured->slope) + measured->uncertainty;
      double worst = std::fabs(gradient.values[index] - measured->slope) / allowed;
      // What is not a number is worse than anything.
      if (!(worst <= check.worst)) {
        check.worst = worst;
        check.worstIndex = index;
        check.derived = gradient.values[index];
        check.measured = measured->slope;
      }
    }
    report.weights.push_back(check);
  }
  return report;
}

bool GradientReport::passed(const GradientCheckOptions &options) const {
  // Constants are folded to 32 bits, which is far below what kernels round.
  if (!(predictionDifference <= 1e-6) || !(lossDifference <= 1e-6))
    return false;
  for (const WeightCheck &weight : weights)
    if (!(weight.worst <= 1) || weight.checked == 0)
      return false;
  return true;
}

std::string GradientReport::describe() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << llvm::formatv("predictions differ by {0:E2}, losses by {1:E2}\n", predictionDifference,
                          lossDifference);
  for (const WeightCheck &weight : weights) {
    stream << llvm::formatv("{0}: {1} slopes, worst {2:F3} of what is allowed", weight.name, weight.checked,
                            weight.worst);
    if (weight.worstIndex >= 0)
      stream << llvm::formatv(" (element {0}: derived {1:E9}, measured {2:E9})", weight.worstIndex,
                              weight.derived, weight.measured);
    if (weight.skipped)
      stream << llvm::formatv(", {0} at a kink", weight.skipped);
    stream << "\n";
  }
  return text;
}

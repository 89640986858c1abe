//===- Classes.cpp - Names of classes as labels ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Classes.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace weft::runtime {

std::vector<std::string> givenClasses(const SourceSpec &spec) {
  std::vector<std::string> names;
  auto chosen = spec.arguments.find("classes");
  if (chosen == spec.arguments.end())
    return names;
  for (const std::string &name : splitOutsideQuotes(chosen->second, '+')) {
    names.push_back(unquoted(trim(name)));
    if (std::count(names.begin(), names.end(), names.back()) > 1)
      fail("data '{}': classes has '{}' twice", spec.text, names.back());
  }
  return names;
}

void checkClasses(const SourceSpec &spec, const Ports &ports, const std::vector<std::string> &classes,
                  const std::string &where) {
  if (classes.size() < 2)
    fail("data '{}': {} has {}; two or more are wanted", spec.text, where,
         classes.empty() ? "no classes" : fmt::format("one class ({})", classes[0]));
  const WeftPort &output = ports.outputs[0];
  int64_t wanted = output.rank ? output.shape[output.rank - 1] : 1;
  if (std::ssize(classes) <= std::max<int64_t>(wanted, 2))
    return;
  std::ptrdiff_t shown = std::min<std::ptrdiff_t>(std::ssize(classes), 8);
  fail("data '{}' has {} classes ({}{}), the output has {}", spec.text, classes.size(),
       fmt::join(classes.begin(), classes.begin() + shown, ", "), shown < std::ssize(classes) ? ", ..." : "",
       wanted == 1 ? "one number, for two classes" : std::to_string(wanted));
}

std::shared_ptr<const Column> classColumn(const Ports &ports, std::span<const int32_t> numbers, size_t count,
                                          const std::string &where) {
  int64_t width = valuesOf(ports.labels[0]), rows = std::ssize(numbers);
  if (ports.labels[0].element == WEFT_I32 || width == 1)
    return bindLabel(ports, 0, {Element::I32, {rows}, std::as_bytes(numbers)}, where);
  if (width != static_cast<int64_t>(count))
    fail("{} has {} classes, the output has {}", where, count, width);
  std::vector<float> ones(numbers.size() * count);
  for (size_t row = 0; row < numbers.size(); ++row)
    ones[row * count + static_cast<size_t>(numbers[row])] = 1;
  return bindLabel(ports, 0, {Element::F32, {rows, width}, std::as_bytes(std::span(ones))}, where);
}

} // namespace weft::runtime

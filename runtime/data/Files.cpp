//===- Files.cpp - Data from .npy and safetensors files ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Source.h"
#include "runtime/io/Npy.h"
#include "runtime/io/Safetensors.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace weft::runtime {

namespace {
struct NamedFile {
  std::string name, path;
};

/// "words=X.npy" or "X.npy", the latter for the next port that has none yet.
NamedFile splitName(const std::string &text, const std::vector<std::string> &names) {
  size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0) {
    std::string name = text.substr(0, equals);
    if (std::find(names.begin(), names.end(), name) != names.end())
      return {name, std::string(trim(std::string_view(text).substr(equals + 1)))};
    if (name.find_first_of("./") == std::string::npos)
      fail("'{}': there is no input '{}'; there is {}", text, name, fmt::join(names, ", "));
  }
  return {"", text};
}

/// A file for each name, given by name or in order.
std::vector<std::string> assignFiles(const std::vector<std::string> &files,
                                     const std::vector<std::string> &names, std::string_view what) {
  std::vector<std::string> paths(names.size());
  std::vector<std::string> unnamed;
  for (const std::string &text : files) {
    NamedFile file = splitName(std::string(trim(text)), names);
    if (file.name.empty()) {
      unnamed.push_back(file.path);
      continue;
    }
    size_t index = static_cast<size_t>(std::find(names.begin(), names.end(), file.name) - names.begin());
    if (!paths[index].empty())
      fail("{} has '{}' twice", what, file.name);
    paths[index] = file.path;
  }
  size_t next = 0;
  for (std::string &path : paths)
    if (path.empty() && next < unnamed.size())
      path = unnamed[next++];
  if (files.size() != names.size() || next != unnamed.size())
    fail("{} should name {} file{} ({}), it names {}", what, names.size(), names.size() == 1 ? "" : "s",
         fmt::join(names, ", "), files.size());
  return paths;
}

std::vector<std::string> namesOf(std::span<const WeftPort> ports) {
  std::vector<std::string> names;
  for (const WeftPort &port : ports)
    names.push_back(port.name);
  return names;
}

/// Labels go by "y", or "y0", "y1", … where there are several.
std::vector<std::string> labelNames(const Ports &ports) {
  if (ports.labels.size() == 1)
    return {"y"};
  std::vector<std::string> names;
  for (size_t i = 0; i < ports.labels.size(); ++i)
    names.push_back(fmt::format("y{}", i));
  return names;
}

/// Puts a data set together from tensors in the order of the ports.
class Assembler {
public:
  explicit Assembler(const Ports &ports) : ports(ports) {}

  void addInput(const TensorView &tensor, const std::string &where) {
    set.inputs.push_back(bindInput(ports.inputs[set.inputs.size()], tensor, where));
    count(tensor.shape[0], where);
  }
  void addInput(const GivenInput &given) {
    set.inputs.push_back(given.column);
    count(given.rows, given.where);
  }
  void addLabel(const TensorView &tensor, const std::string &where) {
    set.labels.push_back(bindLabel(ports, set.labels.size(), tensor, where));
    count(tensor.shape[0], where);
  }

  DataSet set;

private:
  void count(int64_t rows, const std::string &where) {
    checkNotEmpty(rows, where);
    if (first.empty()) {
      first = where;
      set.rows = rows;
    }
    checkRows(rows, set.rows, where, first);
  }

  const Ports &ports;
  std::string first;
};
} // namespace

Data openNpy(const SourceSpec &spec, const Ports &ports) {
  std::vector<std::string> names = namesOf(ports.inputs);
  for (const std::string &name : labelNames(ports))
    names.push_back(name);
  std::vector<std::string> paths =
      assignFiles(splitText(spec.rest, ','), names, fmt::format("data '{}'", spec.text));
  Assembler assembler(ports);
  for (size_t i = 0; i < paths.size(); ++i) {
    Npy file(paths[i]);
    if (i < ports.inputs.size())
      assembler.addInput(file.tensor(), paths[i]);
    else
      assembler.addLabel(file.tensor(), paths[i]);
  }
  return {assembler.set, std::nullopt};
}

DataSet openInputs(const std::vector<std::string> &files, const Ports &ports, const std::optional<GivenInput> &given) {
  std::vector<std::string> names = namesOf(ports.inputs);
  if (given)
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(given->port));
  if (names.empty() && !files.empty())
    fail("--text is all that the model takes: leave --input out");
  std::vector<std::string> paths = assignFiles(files, names, "--input");
  Assembler assembler(ports);
  for (size_t i = 0, next = 0; i < ports.inputs.size(); ++i) {
    if (given && given->port == i) {
      assembler.addInput(*given);
      continue;
    }
    Npy file(paths[next]);
    assembler.addInput(file.tensor(), paths[next++]);
  }
  return assembler.set;
}

/// The tensor of the first of `names` that the file has.
static std::pair<std::string, const TensorView *> findTensor(const Safetensors &file, const std::string &path,
                                                             std::initializer_list<std::string> names) {
  for (const std::string &name : names) {
    auto found = file.tensors().find(name);
    if (found != file.tensors().end())
      return {fmt::format("{}: tensor '{}'", path, name), &found->second};
  }
  std::vector<std::string> there;
  for (const auto &[name, tensor] : file.tensors())
    there.push_back(name);
  fail("{} has no tensor '{}'; it has {}", path, *names.begin(),
       there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
}

Data openArrays(const SourceSpec &spec, const Ports &ports) {
  Safetensors file(spec.rest);
  Assembler assembler(ports);
  for (const WeftPort &port : ports.inputs) {
    auto [where, tensor] = ports.inputs.size() == 1 ? findTensor(file, spec.rest, {"x", port.name})
                                                    : findTensor(file, spec.rest, {port.name});
    assembler.addInput(*tensor, where);
  }
  std::vector<std::string> names = labelNames(ports);
  for (size_t i = 0; i < ports.labels.size(); ++i) {
    auto [where, tensor] = findTensor(file, spec.rest, {names[i], ports.labels[i].name});
    assembler.addLabel(*tensor, where);
  }
  return {assembler.set, std::nullopt};
}

} // namespace weft::runtime

//===- Csv.cpp - Data from tables as text ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Classes.h"
#include "runtime/data/CsvReader.h"
#include "runtime/data/Encoding.h"
#include "runtime/data/Words.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace weft::runtime {

namespace {
/// Consecutive rows of a table as one row of an input.
class WindowColumn : public Column {
public:
  WindowColumn(std::vector<float> values, int64_t steps, int64_t width)
      : values(std::move(values)), steps(steps), width(width) {}

  void read(int64_t row, void *to) const override {
    std::memcpy(to, values.data() + row * width, static_cast<size_t>(steps * width) * sizeof(float));
  }

private:
  std::vector<float> values;
  int64_t steps, width;
};

/// The columns of one input or label.
struct PortColumns {
  enum class Kind { Row, Window, Text, Class };
  const WeftPort *port = nullptr;
  std::string name; // as messages have it: "x" or "y"
  std::vector<std::string> columns;
  std::vector<size_t> places;
  Kind kind = Kind::Row;
  std::vector<double> values;
};

class CsvData {
public:
  CsvData(const SourceSpec &spec, const Ports &ports) : spec(spec), ports(ports), reader(spec.rest) {}

  Data open() {
    chooseColumns();
    for (PortColumns &input : inputs)
      chooseKind(input);
    readRows();
    return bind();
  }

private:
  std::string usage() const {
    return fmt::format("say csv:{}(x=COLUMN+COLUMN,y=COLUMN)", spec.rest);
  }

  /// What the source says of a port, under either of its names.
  std::vector<std::string> given(std::initializer_list<std::string> names) {
    for (const std::string &name : names) {
      auto found = spec.arguments.find(name);
      if (found == spec.arguments.end())
        continue;
      std::vector<std::string> columns;
      for (const std::string &column : splitOutsideQuotes(found->second, '+'))
        columns.push_back(unquoted(trim(column)));
      return columns;
    }
    return {};
  }

  void chooseColumns() {
    std::vector<std::string_view> known = {"x", "y", "test_split", "horizon", "length", "top_words", "padding",
                                           "truncating", "classes"};
    for (size_t i = 0; i < ports.inputs.size(); ++i) {
      const WeftPort &port = ports.inputs[i];
      known.push_back(port.name);
      inputs.push_back({&port, port.name, ports.inputs.size() == 1 ? given({"x", port.name}) : given({port.name}),
                        {}, PortColumns::Kind::Row, {}});
    }
    std::vector<std::string> labelNames;
    for (size_t i = 0; i < ports.labels.size(); ++i)
      labelNames.push_back(ports.labels.size() == 1 ? "y" : fmt::format("y{}", i));
    for (size_t i = 0; i < ports.labels.size(); ++i) {
      known.push_back(labelNames[i]);
      labels.push_back({&ports.labels[i], labelNames[i], given({labelNames[i]}), {}, PortColumns::Kind::Row, {}});
    }
    for (const auto &[name, value] : spec.arguments)
      if (std::find(known.begin(), known.end(), name) == known.end())
        fail("data '{}': 'csv' has no argument '{}'; it has {}", spec.text, name, fmt::join(known, ", "));
    chooseDefaults();
    for (std::vector<PortColumns> *side : {&inputs, &labels})
      for (PortColumns &port : *side)
        for (const std::string &column : port.columns)
          port.places.push_back(reader.column(column));
  }

  /// Labels are the column called y or label, else the last ones; the only input
  /// takes all the others.
  void chooseDefaults() {
    const std::vector<std::string> &all = reader.columns();
    for (PortColumns &label : labels) {
      if (!label.columns.empty())
        continue;
      if (labels.size() > 1)
        fail("data '{}' does not say which columns are label '{}': {}", spec.text, label.name, usage());
      size_t width = static_cast<size_t>(valuesOf(*label.port));
      auto named = std::find_if(all.begin(), all.end(), [](const std::string &name) { return name == "y" || name == "label"; });
      if (width == 1 && named != all.end())
        label.columns = {*named};
      else if (width < all.size())
        label.columns.assign(all.end() - static_cast<std::ptrdiff_t>(width), all.end());
      else
        fail("data '{}' has {} column{}, label '{}' alone takes {}: {}", spec.text, all.size(),
             all.size() == 1 ? "" : "s", label.name, width, usage());
    }
    for (PortColumns &input : inputs) {
      if (!input.columns.empty())
        continue;
      if (inputs.size() > 1)
        fail("data '{}' does not say which columns are input '{}': {}", spec.text, input.name, usage());
      for (const std::string &name : all) {
        bool isLabel = std::any_of(labels.begin(), labels.end(), [&](const PortColumns &label) {
          return std::find(label.columns.begin(), label.columns.end(), name) != label.columns.end();
        });
        if (!isLabel)
          input.columns.push_back(name);
      }
    }
  }

  void chooseKind(PortColumns &input) {
    const WeftPort &port = *input.port;
    int64_t count = std::ssize(input.columns);
    if (count == valuesOf(port))
      return;
    if (port.element == WEFT_I32 && port.rank == 1 && count == 1) {
      input.kind = PortColumns::Kind::Text;
      text = &input;
      if (std::count_if(inputs.begin(), inputs.end(), [](auto &one) { return one.kind == PortColumns::Kind::Text; }) > 1)
        fail("data '{}': one input may be text, not two", spec.text);
      learnt = learntTexts(ports, spec, TextUnit::Word);
      if (learnt && learnt->input != port.name)
        fail("data '{}': the weights were trained on texts for the input '{}', not for '{}'", spec.text, learnt->input,
             port.name);
      options = TextOptions::of(spec, port, learnt ? &learnt->options : nullptr);
      return;
    }
    if (port.element == WEFT_F32 && port.rank == 2 && count == port.shape[1]) {
      input.kind = PortColumns::Kind::Window;
      if (window > 0 && window != port.shape[0])
        fail("data '{}': inputs of windows must be equally long, there are {} and {} rows", spec.text, window,
             port.shape[0]);
      window = port.shape[0];
      return;
    }
    fail("data '{}' has {} column{} ({}{}) for input '{}', which takes {} a row: {}", spec.text, count,
         count == 1 ? "" : "s", fmt::join(input.columns.begin(), input.columns.begin() + std::min<int64_t>(count, 5), ", "),
         count > 5 ? ", ..." : "", input.name, shapeText(shapeOf(port)), usage());
  }

  double numberAt(const std::vector<std::string> &fields, const PortColumns &port, size_t index) const {
    const std::string &column = port.columns[index];
    std::string_view field = trim(fields[port.places[index]]);
    if (field.empty())
      fail("{}, line {}: column '{}' is empty, where a number should be", spec.rest, reader.line(), column);
    std::optional<double> value = parseNumber(field.starts_with('+') ? field.substr(1) : field);
    if (!value)
      fail("{}, line {}: column '{}' is '{}', which is no number", spec.rest, reader.line(), column,
           invalidUtf8(field) == std::string_view::npos ? field.substr(0, 40) : "...");
    if (!std::isfinite(static_cast<float>(*value)))
      fail("{}, line {}: column '{}' is {}", spec.rest, reader.line(), column,
           std::isnan(*value) ? "not a number (NaN)" : "infinite");
    return *value;
  }

  /// A label whose first value is no number is the name of a class, and so are all
  /// others; likewise where the classes are said.
  void chooseClasses(const std::vector<std::string> &fields) {
    classes = givenClasses(spec);
    bool isSaid = !classes.empty();
    if (!isSaid)
      classes = learntClasses(ports);
    isFound = classes.empty();
    if (labels.size() == 1 && labels[0].columns.size() == 1) {
      std::string_view field = trim(fields[labels[0].places[0]]);
      if (isSaid || (!field.empty() && !parseNumber(field.substr(field[0] == '+'))))
        labels[0].kind = PortColumns::Kind::Class;
    }
    if (isSaid && (labels.empty() || labels[0].kind != PortColumns::Kind::Class))
      fail("data '{}': classes are for one label in one column of names", spec.text);
  }

  int32_t classAt(const std::vector<std::string> &fields, const PortColumns &label) {
    std::string name(trim(fields[label.places[0]]));
    const std::string &column = label.columns[0];
    if (name.empty())
      fail("{}, line {}: column '{}' is empty, where a class should be", spec.rest, reader.line(), column);
    if (invalidUtf8(name) != std::string::npos)
      fail("{}, line {}: column '{}' is no UTF-8 text", spec.rest, reader.line(), column);
    auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end() && !isFound)
      fail("{}, line {}: column '{}' is the class '{}', which is not known; there are {}", spec.rest, reader.line(),
           column, name, fmt::join(classes, ", "));
    if (found == classes.end()) {
      classes.push_back(name);
      if (std::ssize(classes) > std::max<int64_t>(2, ports.outputs[0].rank ? ports.outputs[0].shape[ports.outputs[0].rank - 1] : 1))
        checkClasses(spec, ports, classes, fmt::format("line {} of column '{}'", reader.line(), column));
      found = classes.end() - 1;
    }
    return static_cast<int32_t>(found - classes.begin());
  }

  /// Classes that were found by their first row are numbered by name.
  void sortClasses() {
    std::vector<std::string> sorted = classes;
    if (isFound)
      std::sort(sorted.begin(), sorted.end());
    for (int32_t &number : numbers)
      number = static_cast<int32_t>(
          std::find(sorted.begin(), sorted.end(), classes[static_cast<size_t>(number)]) - sorted.begin());
    classes = sorted;
    checkClasses(spec, ports, classes, fmt::format("column '{}'", labels[0].columns[0]));
  }

  void readRows() {
    std::vector<std::string> fields;
    while (reader.next(fields)) {
      if (records == 0)
        chooseClasses(fields);
      for (std::vector<PortColumns> *side : {&inputs, &labels})
        for (PortColumns &port : *side)
          if (port.kind == PortColumns::Kind::Text)
            texts.add(fields[port.places[0]],
                      fmt::format("{}, line {}: column '{}'", spec.rest, reader.line(), port.columns[0]));
          else if (port.kind == PortColumns::Kind::Class)
            numbers.push_back(classAt(fields, port));
          else
            for (size_t i = 0; i < port.places.size(); ++i)
              port.values.push_back(numberAt(fields, port, i));
      ++records;
    }
    if (records == 0)
      fail("{} has no rows behind the names of its columns", spec.rest);
    if (!numbers.empty())
      sortClasses();
    else
      classes.clear();
  }

  /// How many rows after a window's last its label stands: by default the next one
  /// where it is to be forecast from itself, else the last one.
  int64_t horizon() const {
    bool isForecast = false;
    for (const PortColumns &label : labels)
      for (const PortColumns &input : inputs)
        for (const std::string &column : label.columns)
          isForecast |= input.kind == PortColumns::Kind::Window &&
                        std::find(input.columns.begin(), input.columns.end(), column) != input.columns.end();
    return spec.integer("horizon", isForecast, 0);
  }

  /// `rows` records from `first` on, as a tensor.
  static TensorView tensorOf(const PortColumns &port, int64_t first, int64_t rows, std::vector<int64_t> shape) {
    size_t width = port.columns.size();
    shape.insert(shape.begin(), rows);
    return {Element::F64, std::move(shape),
            std::as_bytes(std::span(port.values).subspan(static_cast<size_t>(first) * width, static_cast<size_t>(rows) * width))};
  }

  Data bind() {
    bool hasWindow = window > 0;
    if (!hasWindow && spec.arguments.count("horizon"))
      fail("data '{}': horizon is for windows: an input features[T, F] with F columns", spec.text);
    if (hasWindow && text)
      fail("data '{}': windows over rows and a text do not go together", spec.text);
    int64_t last = hasWindow ? window - 1 : 0, ahead = hasWindow ? horizon() : 0;
    int64_t rows = records - last - ahead;
    if (rows < 1)
      fail("{} has {} rows, a window of {}{} needs {}", spec.rest, records, window,
           ahead ? fmt::format(" and a label {} later", ahead) : "", last + ahead + 1);
    int64_t kept = spec.keptRows(rows);

    Data data;
    data.train.rows = rows;
    for (const PortColumns &input : inputs)
      data.train.inputs.push_back(bindColumns(input, last, rows, kept));
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i].kind == PortColumns::Kind::Class) {
        auto from = std::span<const int32_t>(numbers).subspan(static_cast<size_t>(last + ahead), static_cast<size_t>(rows));
        data.train.labels.push_back(classColumn(ports, from, classes.size(), spec.rest));
        continue;
      }
      const WeftPort &port = *labels[i].port;
      std::vector<int64_t> shape(port.shape, port.shape + port.rank);
      if (std::ssize(labels[i].columns) != valuesOf(port))
        shape = {std::ssize(labels[i].columns)}; // what does not fit is told by bindLabel
      data.train.labels.push_back(bindLabel(ports, i, tensorOf(labels[i], last + ahead, rows, std::move(shape)), spec.rest));
    }
    if (text || !classes.empty())
      data.encoding = std::make_shared<Encoding>(Encoding{vocabulary, options, text ? text->port->name : "", classes});
    if (kept < rows) {
      data.test = data.train.part(kept, rows - kept);
      data.train = data.train.part(0, kept);
    }
    return data;
  }

  std::shared_ptr<const Column> bindColumns(const PortColumns &input, int64_t last, int64_t rows, int64_t kept) {
    if (input.kind == PortColumns::Kind::Window)
      return std::make_shared<WindowColumn>(std::vector<float>(input.values.begin(), input.values.end()),
                                            input.port->shape[0], input.port->shape[1]);
    if (input.kind == PortColumns::Kind::Row)
      return bindInput(*input.port,
                       tensorOf(input, last, rows, {input.port->shape, input.port->shape + input.port->rank}),
                       spec.rest);
    std::vector<int64_t> order(static_cast<size_t>(rows));
    std::iota(order.begin(), order.end(), int64_t{0});
    vocabulary = learnt ? learnt->vocabulary : texts.vocabulary(std::span(order).first(static_cast<size_t>(kept)));
    return texts.encode(*vocabulary, options, order);
  }

  const SourceSpec &spec;
  const Ports &ports;
  CsvReader reader;
  std::vector<PortColumns> inputs, labels;
  const PortColumns *text = nullptr;
  Texts texts;
  TextOptions options;
  const Encoding *learnt = nullptr;
  std::shared_ptr<const Vocabulary> vocabulary;
  std::vector<std::string> classes;
  bool isFound = false;         // whether the rows say which classes there are
  std::vector<int32_t> numbers; // of each row's class
  int64_t window = 0;
  int64_t records = 0;
};
} // namespace

Data openCsv(const SourceSpec &spec, const Ports &ports) { return CsvData(spec, ports).open(); }

} // namespace weft::runtime

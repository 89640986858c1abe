//===- Source.h - Where data comes from -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_DATA_SOURCE_H
#define WEFT_RUNTIME_DATA_SOURCE_H

#include "runtime/data/DataSet.h"

#include <map>
#include <string>

namespace weft::runtime {

/// How `--data` and `data =` name a source: `imdb`, `imdb(top_words=5000)`,
/// `npy:X.npy,Y.npy`, `csv:FILE(x=a+b,y=c)`.
struct SourceSpec {
  std::string text; // as given
  std::string kind;
  std::string rest;                             // behind the colon, without arguments
  std::map<std::string, std::string> arguments; // in the parentheses

  static SourceSpec parse(const std::string &text);

  /// An argument as a whole number, at least `least`.
  int64_t integer(const std::string &name, int64_t fallback, int64_t least) const;
  /// An argument between 0 and 1; 0 where it is not given.
  double fraction(const std::string &name) const;
  /// How many of `rows` rows are to train on: all but those of `test_split`.
  int64_t keptRows(int64_t rows) const;
  /// Fails where an argument is none of `known`.
  void allowOnly(std::initializer_list<std::string_view> known) const;
};

/// Opens what `text` names and checks that it fits the model.
Data openData(const std::string &text, const Ports &ports);

/// The validation set that `choice` (`test`, `none`, a fraction, a source, or
/// empty for the default) asks for; a fraction is taken off the end of `train`.
std::optional<DataSet> chooseValidation(const std::string &choice, Data &data, const Ports &ports);

/// An input that is there already.
struct GivenInput {
  size_t port;
  std::shared_ptr<const Column> column;
  int64_t rows;
  std::string where;
};

/// The inputs alone, from `[NAME=]FILE.npy` for each of them that is not given.
DataSet openInputs(const std::vector<std::string> &files, const Ports &ports,
                   const std::optional<GivenInput> &given = std::nullopt);

/// Splits where the separator stands outside of "...".
std::vector<std::string> splitOutsideQuotes(std::string_view text, char separator);
/// Without the quotes around it, where there are.
std::string unquoted(std::string_view text);

// The kinds of sources.
Data openNpy(const SourceSpec &spec, const Ports &ports);
Data openArrays(const SourceSpec &spec, const Ports &ports);
Data openCsv(const SourceSpec &spec, const Ports &ports);
Data openText(const SourceSpec &spec, const Ports &ports);
Data openCharacters(const SourceSpec &spec, const Ports &ports);
Data openImdb(const SourceSpec &spec, const Ports &ports);
Data openReber(const SourceSpec &spec, const Ports &ports);
Data openAdding(const SourceSpec &spec, const Ports &ports);

} // namespace weft::runtime

#endif // WEFT_RUNTIME_DATA_SOURCE_H

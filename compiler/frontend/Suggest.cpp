//===- Suggest.cpp - Near misses -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Suggest.h"

#include <algorithm>
#include <cctype>
#include <map>

using namespace weft::frontend;

static std::string plain(std::string_view name) {
  std::string out;
  for (char c : name)
    if (c != '_')
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
static size_t editDistance(const std::string &a, const std::string &b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

/// Names of other frameworks (without case and underscores) that no edit distance finds.
static const std::multimap<std::string, std::string> &synonyms() {
  static const std::multimap<std::string, std::string> table = {
      {"maxpooling1d", "max_pool1d"},
      {"maxpool", "max_pool1d"},
      {"averagepooling1d", "average_pool1d"},
      {"globalmaxpooling1d", "global_max_pool1d"},
      {"globalaveragepooling1d", "global_average_pool1d"},
      {"convolution1d", "conv1d"},
      {"rnn", "simple_rnn"},
      {"fullyconnected", "dense"},
      {"linear", "dense"},
      {"emb", "embedding"},
      {"bce", "binary_crossentropy"},
      {"cce", "categorical_crossentropy"},
      {"mse", "mean_squared_error"},
      {"mae", "mean_absolute_error"},
      {"meansquarederror", "mse"},
      {"acc", "accuracy"},
      {"meanabsoluteerror", "mae"},
      {"randomuniform", "uniform"},
      {"randomnormal", "normal"},
      {"xavieruniform", "glorot_uniform"},
      {"kaiminguniform", "he_uniform"},
      {"zero", "zeros"},
      {"one", "ones"},
      {"pow", "^"},
      {"ln", "log"},
      {"batchsize", "batch"},
      {"modelcheckpoint", "checkpoint"},
      {"reducelronplateau", "reduce_on_plateau"},
      {"csvlogger", "csv_log"},
      {"acc", "accuracy"},
      {"valacc", "val_accuracy"},
      {"numepochs", "epochs"},
  };
  return table;
}

std::string weft::frontend::nearest(std::string_view name, const std::vector<std::string> &candidates) {
  std::string wanted = plain(name);
  auto [first, last] = synonyms().equal_range(wanted);
  for (auto it = first; it != last; ++it)
    if (std::find(candidates.begin(), candidates.end(), it->second) != candidates.end())
      return it->second;
  std::string best;
  size_t bestDistance = std::max<size_t>(wanted.size() / 3, 1) + 1;
  // A long name is hardly a slip of the pen, and comparing it is quadratic.
  if (wanted.size() > 64)
    return best;
  for (const std::string &candidate : candidates) {
    std::string other = plain(candidate);
    size_t distance = editDistance(wanted, other);
    bool isStart = wanted.size() >= 3 && other.compare(0, wanted.size(), wanted) == 0;
    if (isStart)
      distance = std::min<size_t>(distance, 1);
    if (distance < bestDistance && distance < other.size()) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string weft::frontend::didYouMean(std::string_view name, const std::vector<std::string> &candidates) {
  std::string found = nearest(name, candidates);
  return found.empty() ? found : "did you mean `" + found + "`?";
}

std::string weft::frontend::listOf(const std::vector<std::string> &words, std::string_view last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      out += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    out += words[i];
  }
  return out;
}

std::string_view weft::frontend::kerasArgument(std::string_view name) {
  static const std::map<std::string_view, std::string_view> table = {
      {"kernel_size", "kernel"},         {"dilation_rate", "dilation"}, {"pool_size", "pool"},
      {"batch_size", "batch"},       {"validation_split", "validation"},
      {"validation_data", "validation"}, {"minval", "minimum"},         {"maxval", "maximum"},
      {"class_weight", "class_weights"}, {"merge_mode", "merge"},           {"min_lr", "min_learning_rate"}, {"filepath", "path"},
      {"filename", "path"},
  };
  auto found = table.find(name);
  return found == table.end() ? std::string_view() : found->second;
}

std::string_view weft::frontend::outdatedArgument(std::string_view name) {
  static const std::map<std::string_view, std::string_view> table = {
      {"dropout_W", "`dropout` in its place"},
      {"dropout_U", "`recurrent_dropout` in its place"},
      {"nb_epoch", "`epochs` in its place"},
      {"inner_activation", "`recurrent_activation` in its place"},
      {"inner_init", "`recurrent_initializer` in its place"},
      {"init", "`kernel_initializer` in its place"},
      {"forget_bias_init", "`unit_forget_bias` in its place"},
      {"W_regularizer", "`kernel_regularizer` in its place"},
      {"U_regularizer", "`recurrent_regularizer` in its place"},
      {"b_regularizer", "`bias_regularizer` in its place"},
      {"forget_gate_bias_init", "`unit_forget_bias` in its place"},
      {"samples_per_epoch", "no such argument: an epoch reads all rows of the data; `--steps` ends a run earlier"},
      {"nb_val_samples", "no such argument: a validation reads all of its rows"},
      {"nb_worker", "no such argument: `--threads` says how many processors compute"},
      {"nb_row", "`kernel` in its place"},
      {"filter_size", "`kernel` in its place"},
      {"batch_input_shape", "no such argument: the shape is a property of the input"},
      {"return_sequence", "`return_sequences` in its place"},
      {"decay", "a schedule in `callbacks`, such as `exponential_decay(steps = 1000, rate = 0.9)`"},
      {"class_mode", "no such argument: the loss says what labels are"},
      {"nb_filter", "`filters` in its place"},
      {"filter_length", "`kernel` in its place"},
      {"subsample_length", "`strides` in its place"},
      {"border_mode", "`padding` in its place"},
      {"pool_length", "`pool` in its place"},
      {"stride", "`strides` in its place"},
      {"output_dim", "`units` in its place"},
      {"output_size", "`units` in its place"},
      {"lr", "`learning_rate` in its place"},
      {"bias", "`use_bias` in its place"},
      {"input_dim", "no such argument: the number of ids or features is a property of the input"},
      {"input_length", "no such argument: the length is a property of the input"},
      {"input_shape", "no such argument: the shape is a property of the input"},
      {"consume_less", "no such argument: there is one implementation"},
      {"show_accuracy", "`metrics = [accuracy]` in its place"},
  };
  auto found = table.find(name);
  return found == table.end() ? std::string_view() : found->second;
}

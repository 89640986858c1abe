//===- Imdb.cpp - weft data imdb: from the archive to a prepared file ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/data/Imdb.h"
#include "compiler/data/Archive.h"
#include "runtime/data/Prepared.h"
#include "runtime/data/Source.h"
#include "runtime/data/Words.h"
#include "runtime/support/Error.h"
#include "runtime/support/Random.h"
#include "runtime/support/Text.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <vector>

namespace weft::data {
namespace fs = std::filesystem;
using runtime::fail;

namespace {
constexpr std::string_view archiveName = "aclImdb_v1.tar.gz";
constexpr std::string_view getIt =
    "it is offered at https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz";

constexpr int32_t startId = 1;
constexpr int32_t firstWordId = 4;
constexpr uint64_t shuffleSeed = 2011; // the year of the data set; any fixed number does

struct Review {
  std::string name; // within its class
  int32_t label;
  std::vector<uint32_t> words; // their numbers
};

struct Reviews {
  std::vector<Review> train, test;
  std::unordered_map<std::string, uint32_t> numbers;
  std::vector<const std::string *> words; // of each number

  uint32_t numberOf(const std::string &word) {
    auto [place, isNew] = numbers.try_emplace(word, static_cast<uint32_t>(words.size()));
    if (isNew)
      words.push_back(&place->first);
    return place->second;
  }
};

/// Where a file of the archive belongs: `…/train/pos/0_9.txt`.
struct Place {
  bool train;
  int32_t label;
  std::string name;
};

std::optional<Place> placeOf(const std::string &path) {
  std::vector<std::string> parts = runtime::splitText(path, '/');
  if (parts.size() < 3 || !parts.back().ends_with(".txt"))
    return std::nullopt;
  const std::string &split = parts[parts.size() - 3], &kind = parts[parts.size() - 2];
  if ((split != "train" && split != "test") || (kind != "pos" && kind != "neg"))
    return std::nullopt;
  return Place{split == "train", kind == "pos", parts.back()};
}

Reviews readReviews(const std::string &archive) {
  Reviews reviews;
  readArchive(
      archive, [](const std::string &path) { return placeOf(path).has_value(); },
      [&](const std::string &path, const std::string &text) {
        Place place = *placeOf(path);
        Review review{place.name, place.label, {}};
        for (const std::string &word : runtime::splitWords(text))
          review.words.push_back(reviews.numberOf(word));
        (place.train ? reviews.train : reviews.test).push_back(std::move(review));
      });
  for (const auto &[split, name] : {std::pair(&reviews.train, "train"), std::pair(&reviews.test, "test")})
    for (int32_t label : {0, 1})
      if (std::none_of(split->begin(), split->end(), [=](const Review &review) { return review.label == label; }))
        fail("{} is not the archive of film reviews: it has no file {}/{}/*.txt", archive, name,
             label ? "pos" : "neg");
  return reviews;
}

/// Negative reviews first, each class by its files' names.
void sortReviews(std::vector<Review> &reviews) {
  std::sort(reviews.begin(), reviews.end(), [](const Review &a, const Review &b) {
    return a.label != b.label ? a.label < b.label : a.name < b.name;
  });
}

/// Ranks of words by their number, from 0 on; -1 for those that no training
/// review has. `vocabulary` gets the words by rank. The reviews are sorted.
std::vector<int32_t> rankWords(const Reviews &reviews, std::vector<const std::string *> &vocabulary) {
  std::vector<int64_t> counts(reviews.words.size());
  std::vector<uint32_t> order; // as they are first met
  for (const Review &review : reviews.train)
    for (uint32_t word : review.words)
      if (counts[word]++ == 0)
        order.push_back(word);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
  std::vector<int32_t> ranks(counts.size(), -1);
  for (size_t rank = 0; rank < order.size(); ++rank) {
    ranks[order[rank]] = static_cast<int32_t>(rank);
    vocabulary.push_back(reviews.words[order[rank]]);
  }
  return ranks;
}

void shuffle(std::vector<Review> &reviews, std::string_view split) {
  runtime::RandomStream random(shuffleSeed, split);
  for (size_t left = reviews.size(); left > 1; --left)
    std::swap(reviews[left - 1], reviews[random.below(left)]);
}

struct Encoded {
  std::vector<int32_t> ids;
  std::vector<int64_t> offsets = {0};
  std::vector<int32_t> labels;

  Encoded(const std::vector<Review> &reviews, const std::vector<int32_t> &ranks) {
    for (const Review &review : reviews) {
      ids.push_back(startId);
      for (uint32_t word : review.words)
        if (ranks[word] >= 0)
          ids.push_back(ranks[word] + firstWordId);
      offsets.push_back(static_cast<int64_t>(ids.size()));
      labels.push_back(review.label);
    }
  }

  std::string describe(const char *split) const {
    size_t rows = labels.size();
    size_t positive = static_cast<size_t>(std::count(labels.begin(), labels.end(), 1));
    int64_t longest = 0;
    for (size_t i = 0; i < rows; ++i)
      longest = std::max(longest, offsets[i + 1] - offsets[i]);
    return fmt::format("{:<6}{} reviews: {} negative, {} positive; {} words, {:.0f} a review, at most {}\n", split,
                       runtime::withThousands(static_cast<int64_t>(rows)),
                       runtime::withThousands(static_cast<int64_t>(rows - positive)),
                       runtime::withThousands(static_cast<int64_t>(positive)),
                       runtime::withThousands(static_cast<int64_t>(ids.size())), double(ids.size()) / double(rows),
                       runtime::withThousands(longest));
  }
};

/// Runs `body`, and turns what it throws into the result's error.
template <typename F> Prepared guarded(F body) {
  try {
    return {"", body()};
  } catch (const std::exception &error) {
    return {error.what(), ""};
  }
}

std::string findArchive(const std::string &from) {
  if (!from.empty())
    return fs::is_directory(from) ? (fs::path(from) / archiveName).string() : from;
  std::vector<fs::path> places;
  if (const char *data = std::getenv("WEFT_DATA"); data && *data)
    places.push_back(fs::is_directory(data) ? fs::path(data) / archiveName : fs::path(data));
  std::error_code ignored;
  for (fs::path at = fs::current_path(ignored);; at = at.parent_path()) {
    places.push_back(at.parent_path() / "shared" / "data" / archiveName);
    if (at == at.parent_path())
      break;
  }
  for (const fs::path &place : places)
    if (fs::exists(place, ignored))
      return place;
  fail("the archive {} was not found: looked for --from, $WEFT_DATA{} and ../shared/data; {}", archiveName,
       std::getenv("WEFT_DATA") ? fmt::format(" ({})", std::getenv("WEFT_DATA")) : " (not set)", getIt);
}
} // namespace

static std::string prepare(const std::string &from) {
  std::string archive = findArchive(from);
  std::string path = runtime::preparedPath("imdb");
  fs::create_directories(fs::path(path).parent_path());
  runtime::checkWritable(path);

  Reviews reviews = readReviews(archive);
  sortReviews(reviews.train);
  sortReviews(reviews.test);
  std::vector<const std::string *> vocabulary;
  std::vector<int32_t> ranks = rankWords(reviews, vocabulary);
  shuffle(reviews.train, "train");
  shuffle(reviews.test, "test");
  Encoded train(reviews.train, ranks), test(reviews.test, ranks);
  std::string words;
  for (const std::string *word : vocabulary)
    words += *word + '\n';
  auto bytes = [](const auto &values) { return std::as_bytes(std::span(values)); };
  runtime::writePrepared(path, {{"train.ids", bytes(train.ids)},
                                {"train.offsets", bytes(train.offsets)},
                                {"train.labels", bytes(train.labels)},
                                {"test.ids", bytes(test.ids)},
                                {"test.offsets", bytes(test.offsets)},
                                {"test.labels", bytes(test.labels)},
                                {"words", bytes(words)}});
  return fmt::format("read  {}\n{}{}words {} different ones in the training reviews\nwrote {} ({})\n", archive,
                     train.describe("train"), test.describe("test"),
                     runtime::withThousands(static_cast<int64_t>(vocabulary.size())), path,
                     runtime::withUnit(static_cast<int64_t>(fs::file_size(path))));
}

Prepared prepareImdb(const std::string &from) {
  return guarded([&] { return prepare(from); });
}

Prepared prepareIfNeeded(const std::string &data) {
  return guarded([&]() -> std::string {
    if (runtime::SourceSpec::parse(data).kind != "imdb" || fs::exists(runtime::preparedPath("imdb")))
      return "";
    return prepare("");
  });
}

} // namespace weft::data

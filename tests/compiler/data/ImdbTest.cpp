//===- ImdbTest.cpp - The archive of film reviews ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/data/Imdb.h"
#include "runtime/data/Prepared.h"
#include "runtime/data/Source.h"
#include "runtime/io/Npy.h"
#include "tests/runtime/Helpers.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstdlib>
#include <map>
#include <set>

using namespace weft;
using namespace weft::runtime;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {
using Entries = std::vector<std::pair<std::string, std::string>>;

void saveArchive(const std::string &path, const Entries &entries) {
  archive *writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_ustar(writer);
  ASSERT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
  for (const auto &[name, text] : entries) {
    archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, name.ends_with("/") ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_write_header(writer, entry);
    archive_write_data(writer, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
}

const Entries reviews = {
    {"aclImdb/", ""},
    {"aclImdb/README", "read me"},
    {"aclImdb/train/unsup/0_0.txt", "unlabelled unlabelled"},
    {"aclImdb/train/labeledBow.feat", "9 0:9"},
    {"aclImdb/test/pos/0_9.txt", "Good good unseen FILM"},
    {"aclImdb/test/neg/0_1.txt", "bad"},
    {"aclImdb/train/pos/0_9.txt", "A good, good film!"},
    {"aclImdb/train/neg/1_2.txt", "It's <br />bad"},
    {"aclImdb/train/neg/0_1.txt", "A bad film; a bad one."},
};

/// Every row's ids with its label, in no order.
std::multiset<std::pair<int32_t, std::vector<int32_t>>> rowsOf(const PreparedData &data, const std::string &split) {
  RaggedRows rows = raggedSplit(data, "imdb", split);
  std::multiset<std::pair<int32_t, std::vector<int32_t>>> found;
  for (size_t i = 0; i < rows.labels.size(); ++i)
    found.emplace(rows.labels[i], std::vector<int32_t>(rows.ids.begin() + rows.offsets[i], rows.ids.begin() + rows.offsets[i + 1]));
  return found;
}

class Imdb : public testing::Test {
protected:
  Imdb() {
    ::setenv("WEFT_CACHE", (folder.path() + "/cache").c_str(), 1);
    ::setenv("WEFT_DATA", folder.path().c_str(), 1);
  }
  test::Folder folder;
};
} // namespace

TEST_F(Imdb, encodesAsKeras) {
  saveArchive("aclImdb_v1.tar.gz", reviews);
  data::Prepared prepared = data::prepareImdb();
  ASSERT_EQ(prepared.error, "");
  EXPECT_THAT(prepared.text, AllOf(HasSubstr("train 3 reviews: 2 negative, 1 positive"),
                                   HasSubstr("test  2 reviews: 1 negative, 1 positive"), HasSubstr("words 7 different")));
  PreparedData file(preparedPath("imdb"));
  std::span<const std::byte> words = file.section("words");
  // a 3, bad 3, film 2, good 2, one, it's, br: the equally frequent as they are met, negative reviews first.
  EXPECT_EQ(std::string(reinterpret_cast<const char *>(words.data()), words.size()), "a\nbad\nfilm\ngood\none\nit's\nbr\n");
  using Row = std::pair<int32_t, std::vector<int32_t>>;
  EXPECT_THAT(rowsOf(file, "train"), testing::UnorderedElementsAre(Row{0, {1, 4, 5, 6, 4, 5, 8}}, Row{0, {1, 9, 10, 5}},
                                                                   Row{1, {1, 4, 7, 7, 6}}));
  EXPECT_THAT(rowsOf(file, "test"), testing::UnorderedElementsAre(Row{0, {1, 5}}, Row{1, {1, 7, 7, 6}}));
}

TEST_F(Imdb, orderOfTheArchiveDoesNotMatter) {
  saveArchive("a.tar.gz", reviews);
  ASSERT_EQ(data::prepareImdb("a.tar.gz").error, "");
  std::string before = test::readText(preparedPath("imdb"));
  saveArchive("b.tar.gz", Entries(reviews.rbegin(), reviews.rend()));
  ASSERT_EQ(data::prepareImdb("b.tar.gz").error, "");
  EXPECT_EQ(test::readText(preparedPath("imdb")), before);
}

TEST_F(Imdb, preparesWhatIsNeededOnce) {
  saveArchive("aclImdb_v1.tar.gz", reviews);
  EXPECT_EQ(data::prepareIfNeeded("reber(length=40)").text, "");
  EXPECT_EQ(data::prepareIfNeeded("npy:x.npy,y.npy").text, "");
  EXPECT_FALSE(std::filesystem::exists(preparedPath("imdb")));
  EXPECT_THAT(data::prepareIfNeeded("imdb(top_words=5000,length=500)").text, HasSubstr("wrote"));
  EXPECT_EQ(data::prepareIfNeeded("imdb").text, "");
}

TEST_F(Imdb, findsTheArchiveAbove) {
  ::unsetenv("WEFT_DATA");
  std::filesystem::create_directories("shared/data");
  std::filesystem::create_directories("project/models");
  saveArchive("shared/data/aclImdb_v1.tar.gz", reviews);
  for (const char *from : {"project", "models"}) {
    std::filesystem::current_path(from);
    EXPECT_EQ(data::prepareImdb().error, "");
  }
}

TEST_F(Imdb, missingArchive) {
  std::filesystem::create_directory("empty");
  EXPECT_THAT(data::prepareImdb("none.tar.gz").error, HasSubstr("cannot read none.tar.gz: No such file"));
  EXPECT_THAT(data::prepareImdb("empty").error, HasSubstr("cannot read empty/aclImdb_v1.tar.gz"));
  EXPECT_THAT(data::prepareImdb().error,
              AllOf(HasSubstr("aclImdb_v1.tar.gz was not found: looked for --from, $WEFT_DATA"), HasSubstr("https://")));
}

TEST_F(Imdb, damagedArchiveKeepsWhatWasPrepared) {
  Entries large = reviews;
  std::string noise;
  for (unsigned i = 0, state = 1; i < 200000; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>('a' + (state >> 24) % 26);
  }
  large.insert(large.begin() + 5, {"aclImdb/train/pos/9_9.txt", noise});
  saveArchive("good.tar.gz", large);
  ASSERT_EQ(data::prepareImdb("good.tar.gz").error, "");
  std::string before = test::readText(preparedPath("imdb")), archive = test::readText("good.tar.gz");
  test::writeText("cut.tar.gz", archive.substr(0, archive.size() / 2));
  EXPECT_THAT(data::prepareImdb("cut.tar.gz").error, HasSubstr("cut.tar.gz is cut short or damaged"));
  archive[archive.size() / 2] = static_cast<char>(archive[archive.size() / 2] ^ 0x55);
  archive[archive.size() / 2 + 1] = static_cast<char>(archive[archive.size() / 2 + 1] ^ 0x55);
  test::writeText("bad.tar.gz", archive);
  EXPECT_THAT(data::prepareImdb("bad.tar.gz").error, HasSubstr("bad.tar.gz"));
  test::writeText("text.tar.gz", "not an archive at all");
  EXPECT_THAT(data::prepareImdb("text.tar.gz").error, HasSubstr("text.tar.gz is cut short or damaged"));
  saveArchive("other.tar.gz", {{"photos/a.txt", "a"}});
  EXPECT_THAT(data::prepareImdb("other.tar.gz").error,
              HasSubstr("other.tar.gz is not the archive of film reviews: it has no file train/neg/*.txt"));
  EXPECT_EQ(test::readText(preparedPath("imdb")), before);
}

/// The whole archive, where it is at hand, against reviews that were encoded
/// with Keras's own tools.
TEST_F(Imdb, sameRowsAsTheTrajectories) {
  std::filesystem::path shared = std::getenv("WEFT_SHARED") ? std::getenv("WEFT_SHARED") : WEFT_SOURCE "/../shared";
  std::filesystem::path archive = shared / "data/aclImdb_v1.tar.gz", encoded = shared / "trajectory";
  if (!std::filesystem::exists(archive) || !std::filesystem::exists(encoded / "x.npy"))
    GTEST_SKIP() << "needs " << archive << " and " << encoded;
  ASSERT_EQ(data::prepareImdb(archive).error, "");
  WeftPort words{"words", WEFT_I32, 1, {500}, 5000}, label{"y", WEFT_F32, 1, {1}, 0};
  WeftModel model{};
  model.inputs = &words;
  model.labels = model.outputs = &label;
  model.input_count = model.label_count = model.output_count = 1;
  Data data = openData("imdb", Ports(model));
  ASSERT_EQ(data.train.rows, 25000);
  ASSERT_EQ(data.test->rows, 25000);
  std::multimap<std::vector<int32_t>, float> rows;
  int64_t positive = 0, inFront = 0;
  for (int64_t row = 0; row < data.train.rows; ++row) {
    std::vector<int32_t> ids(500);
    float truth;
    data.train.inputs[0]->read(row, ids.data());
    data.train.labels[0]->read(row, &truth);
    positive += truth == 1;
    inFront += row < 5000 && truth == 1;
    rows.emplace(std::move(ids), truth);
  }
  EXPECT_EQ(positive, 12500);
  EXPECT_NEAR(inFront, 2500, 150) << "rows are shuffled: any part is a fair sample";
  Npy x(encoded / "x.npy"), y(encoded / "y.npy");
  int64_t count = x.tensor().shape[0];
  for (int64_t row = 0; row < count; ++row) {
    std::vector<int32_t> ids(500);
    ASSERT_EQ(toInteger(x.tensor(), row * 500, ids), -1);
    auto [first, last] = rows.equal_range(ids);
    ASSERT_TRUE(std::any_of(first, last, [&](const auto &entry) { return double{entry.second} == valueAt(y.tensor(), row); }))
        << "row " << row;
  }
}

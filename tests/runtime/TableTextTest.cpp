//===- TableTextTest.cpp - Data from csv files and folders of texts ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/CsvReader.h"
#include "runtime/data/Encoding.h"
#include "runtime/data/Words.h"
#include "tests/runtime/FakeModel.h"

#include <algorithm>
#include <map>

using namespace weft;
using namespace weft::runtime;
using test::FakeModel;
using test::featuresModel;
using test::Folder;
using test::inputOf;
using test::labelOf;
using test::oneLabel;
using test::oneOutput;
using test::rowOf;
using test::stepsModel;
using test::wordsModel;
using test::writeText;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

namespace {
Data open(const std::string &data, const FakeModel &model) { return model.open(data); }
std::string openError(const std::string &data, const FakeModel &model) { return model.openError(data); }
std::string csvError(const std::string &text, const FakeModel &model, const std::string &data = "csv:t.csv") {
  writeText("t.csv", text);
  return openError(data, model);
}
} // namespace

//===----------------------------------------------------------------------===//
// The format
//===----------------------------------------------------------------------===//

TEST(CsvReader, rfc4180) {
  Folder folder;
  writeText("t.csv", "\xef\xbb\xbf" "name,\"a, \"\"b\"\"\"\r\n\"two\nlines\",\"x\"\"y\"\r\n\n,\r\nlast,\"\"");
  CsvReader reader("t.csv");
  EXPECT_THAT(reader.columns(), ElementsAre("name", "a, \"b\""));
  std::vector<std::string> fields;
  ASSERT_TRUE(reader.next(fields));
  EXPECT_THAT(fields, ElementsAre("two\nlines", "x\"y"));
  EXPECT_EQ(reader.line(), 2);
  ASSERT_TRUE(reader.next(fields));
  EXPECT_THAT(fields, ElementsAre("", ""));
  EXPECT_EQ(reader.line(), 5);
  ASSERT_TRUE(reader.next(fields));
  EXPECT_THAT(fields, ElementsAre("last", ""));
  EXPECT_FALSE(reader.next(fields));
}

TEST(CsvReader, mistakes) {
  Folder folder;
  EXPECT_THAT(csvError("", featuresModel(1)), HasSubstr("t.csv is empty: its first line should name the columns"));
  EXPECT_THAT(csvError("1,2\n3,4\n", featuresModel(1)), HasSubstr("line 1: the first line should name the columns, it has numbers (1, 2)"));
  EXPECT_THAT(csvError("a,y\n", featuresModel(1)), HasSubstr("t.csv has no rows"));
  EXPECT_THAT(csvError("a,y\n1,2\n1\n", featuresModel(1)), HasSubstr("t.csv, line 3: 1 field, but the first line names 2 columns"));
  EXPECT_THAT(csvError("a,y\n1,2,3\n", featuresModel(1)), HasSubstr("t.csv, line 2: 3 fields, but the first line names 2"));
  EXPECT_THAT(csvError("a,y\n1,\"2\n", featuresModel(1)), HasSubstr("line 2: a quote is opened and never closed"));
  EXPECT_THAT(csvError("a,y\n\"1\"2,3\n", featuresModel(1)), HasSubstr("line 2: something follows the closing quote of field 1"));
  EXPECT_THAT(csvError("a,y\n1\"2,3\n", featuresModel(1)), HasSubstr("line 2: a quote in the middle of field 1"));
  EXPECT_THAT(csvError("a\xff,y\n1,3\n", featuresModel(1)), HasSubstr("line 1: the name of a column is no UTF-8 text"));
  EXPECT_THAT(openError("csv:none.csv", featuresModel(1)), HasSubstr("cannot read none.csv: No such file"));
  EXPECT_THAT(openError("csv", featuresModel(1)), HasSubstr("should be csv:FILE(x="));
}

//===----------------------------------------------------------------------===//
// Columns of numbers
//===----------------------------------------------------------------------===//

TEST(Csv, columnsByName) {
  Folder folder;
  writeText("t.csv", "a,b,c\n1,2,3\n4,+5e-1, 6 \n");
  Data data = open("csv:t.csv( x = c+a, y = b )", featuresModel(2));
  EXPECT_EQ(data.train.rows, 2);
  EXPECT_FALSE(data.test);
  EXPECT_THAT(inputOf<float>(data.train, 0, 2), ElementsAre(3, 1));
  EXPECT_THAT(inputOf<float>(data.train, 1, 2), ElementsAre(6, 4));
  EXPECT_EQ(labelOf(data.train, 1), 0.5f);
  // Without names: the last column is the label, or the one that is called so.
  EXPECT_THAT(inputOf<float>(open("csv:t.csv", featuresModel(2)).train, 0, 2), ElementsAre(1, 2));
  writeText("t.csv", "a,label,c\n1,2,3\n");
  EXPECT_THAT(inputOf<float>(open("csv:t.csv", featuresModel(2)).train, 0, 2), ElementsAre(1, 3));
  writeText("odd (1).csv", "\"a+b\",\"c,d\",y\n1,2,3\n");
  EXPECT_THAT(inputOf<float>(open("csv:odd (1).csv", featuresModel(2)).train, 0, 2), ElementsAre(1, 2));
  EXPECT_THAT(inputOf<float>(open("csv:odd (1).csv(x=\"c,d\"+\"a+b\")", featuresModel(2)).train, 0, 2), ElementsAre(2, 1));
}

TEST(Csv, severalInputsAndIds) {
  Folder folder;
  writeText("t.csv", "w0,w1,f,y\n3,4,0.5,1\n");
  FakeModel model{{{"words", WEFT_I32, 1, {2}, 5, {}}, {"extra", WEFT_F32, 1, {1}, 0, {}}}, {oneLabel}, {oneOutput}, ""};
  Data data = open("csv:t.csv(words=w0+w1,extra=f)", model);
  EXPECT_THAT(rowOf<int32_t>(*data.train.inputs[0], 0, 2), ElementsAre(3, 4));
  EXPECT_THAT(rowOf<float>(*data.train.inputs[1], 0, 1), ElementsAre(0.5f));
  EXPECT_THAT(openError("csv:t.csv", model), HasSubstr("does not say which columns are input 'words'"));
  EXPECT_THAT(openError("csv:t.csv(words=w0+f,extra=w1)", model), HasSubstr("which is no word id"));
}

TEST(Csv, testSplitIsTheLastRows) {
  Folder folder;
  writeText("t.csv", "a,y\n0,0\n1,1\n2,2\n3,3\n");
  Data data = open("csv:t.csv(test_split=0.25)", featuresModel(1));
  EXPECT_EQ(data.train.rows, 3);
  ASSERT_TRUE(data.test);
  EXPECT_EQ(labelOf(*data.test, 0), 3);
  EXPECT_THAT(openError("csv:t.csv(test_split=0.01)", featuresModel(1)), HasSubstr("test_split leaves nothing to test on"));
}

TEST(Csv, windowsOverRows) {
  Folder folder;
  writeText("t.csv", "a,b,y\n0,0,10\n1,1,11\n2,4,12\n3,9,13\n");
  Data same = open("csv:t.csv(x=a+b,y=y)", stepsModel(2, 2));
  EXPECT_EQ(same.train.rows, 3);
  EXPECT_THAT(inputOf<float>(same.train, 1, 4), ElementsAre(1, 1, 2, 4));
  EXPECT_EQ(labelOf(same.train, 1), 12); // of the window's last row
  Data forecast = open("csv:t.csv(x=a,y=a)", stepsModel(2, 1));
  EXPECT_EQ(forecast.train.rows, 2);
  EXPECT_THAT(inputOf<float>(forecast.train, 1, 2), ElementsAre(1, 2));
  EXPECT_EQ(labelOf(forecast.train, 1), 3); // the row behind the window
  EXPECT_EQ(labelOf(open("csv:t.csv(x=a,y=b,horizon=2)", stepsModel(2, 1)).train, 0), 9);
  EXPECT_THAT(openError("csv:t.csv(x=a,y=a)", stepsModel(4, 1)), HasSubstr("t.csv has 4 rows, a window of 4 and a label 1 later needs 5"));
  EXPECT_THAT(openError("csv:t.csv(horizon=1)", featuresModel(2)), HasSubstr("horizon is for windows"));
}

TEST(Csv, mistakes) {
  Folder folder;
  EXPECT_THAT(csvError("a,y\n1,2\nred,2\n", featuresModel(1)), HasSubstr("t.csv, line 3: column 'a' is 'red', which is no number"));
  EXPECT_THAT(csvError("a,y\n1,\n", featuresModel(1)), HasSubstr("t.csv, line 2: column 'y' is empty"));
  EXPECT_THAT(csvError("a,y\n1,2\n\n\"nan\",2\n", featuresModel(1)), HasSubstr("t.csv, line 4: column 'a' is not a number (NaN)"));
  EXPECT_THAT(csvError("a,y\n1,2\n1e99,2\n", featuresModel(1)), HasSubstr("line 3: column 'a' is infinite"));
  EXPECT_THAT(csvError("a,y\n1,2\n", featuresModel(1), "csv:t.csv(x=b)"), HasSubstr("t.csv has no column 'b'; it has a, y"));
  EXPECT_THAT(csvError("a,a,y\n1,2,3\n", featuresModel(1), "csv:t.csv(x=a)"), HasSubstr("t.csv has two columns 'a'"));
  EXPECT_THAT(csvError("a,b,y\n1,2,3\n", featuresModel(3)), HasSubstr("has 2 columns (a, b) for input 'x', which takes 3 a row"));
  EXPECT_THAT(csvError("a,y\n1,2\n", featuresModel(1), "csv:t.csv(z=a)"), HasSubstr("'csv' has no argument 'z'"));
  EXPECT_THAT(csvError("a,b,c\n1,2,3\n", featuresModel(1), "csv:t.csv(x=a,y=b+c)"), HasSubstr("the data has 2 labels a row"));
  EXPECT_THAT(csvError("a\n1\n", featuresModel(1)), HasSubstr("has 1 column, label 'y' alone takes 1: say csv:t.csv(x=COLUMN+COLUMN,y=COLUMN)"));
  FakeModel binary = featuresModel(1);
  binary.loss = "binary_crossentropy";
  binary.labels = {test::yesOrNo};
  EXPECT_THAT(csvError("a,y\n1,2\n", binary), HasSubstr("labels for binary_crossentropy go from 0 to 1"));
}

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

TEST(Csv, textColumn) {
  Folder folder;
  writeText("t.csv", "review,y\n\"A fine, fine film\",1\nA film,0\nfine unseen,1\n");
  // fine is the most frequent, then a and film by first appearance; the test part adds none.
  Data data = open("csv:t.csv(x=review,test_split=0.34)", wordsModel(6, 20));
  EXPECT_THAT(inputOf<int32_t>(data.train, 0, 6), ElementsAre(0, 1, 4, 5, 5, 6));
  EXPECT_THAT(inputOf<int32_t>(*data.test, 0, 6), ElementsAre(0, 0, 0, 0, 1, 5));
  EXPECT_THAT(data.encoding->vocabulary->words, ElementsAre("a", "fine", "film"));
  EXPECT_THAT(csvError("review,y\nok,1\n\xe9t\xe9,0\n", wordsModel(6, 20)),
              HasSubstr("t.csv, line 3: column 'review' is no UTF-8 text (byte 0 from 0 is 0xe9): convert it"));
}

static void writeReviews() {
  for (const char *name : {"d/neg", "d/pos"})
    fs::create_directories(name);
  writeText("d/neg/1.txt", "bad bad film");
  writeText("d/neg/2.txt", "bad actors, bad plot");
  writeText("d/pos/1.txt", "good film");
  writeText("d/pos/2.txt", "a very good plot");
}

/// Label of each row, keyed by its words.
static std::map<std::vector<int32_t>, float> rowsOf(const DataSet &set, size_t width) {
  std::map<std::vector<int32_t>, float> rows;
  for (int64_t row = 0; row < set.rows; ++row)
    rows[inputOf<int32_t>(set, row, width)] = labelOf(set, row);
  return rows;
}

TEST(Text, aFolderAClass) {
  Folder folder;
  writeReviews();
  Data data = open("text:d", wordsModel(5, 20));
  EXPECT_THAT(data.encoding->vocabulary->words, ElementsAre("bad", "film", "plot", "good", "actors", "a", "very"));
  using Row = std::vector<int32_t>;
  EXPECT_THAT(rowsOf(data.train, 5),
              ElementsAre(std::pair(Row{0, 0, 1, 7, 5}, 1), std::pair(Row{0, 1, 4, 4, 5}, 0),
                          std::pair(Row{1, 4, 8, 4, 6}, 0), std::pair(Row{1, 9, 10, 7, 6}, 1)));
  EXPECT_FALSE(data.test);
}

TEST(Text, vocabularyAndLength) {
  Folder folder;
  fs::create_directories("d/a");
  fs::create_directories("d/b");
  writeText("d/a/1", "x x x y y z");
  writeText("d/b/1", "y");
  auto longest = [](const std::string &arguments) {
    Data data = open("text:d(" + arguments + ")", wordsModel(5, 20));
    std::vector<int32_t> first = inputOf<int32_t>(data.train, 0, 5), second = inputOf<int32_t>(data.train, 1, 5);
    return labelOf(data.train, 0) == 0 ? std::pair(first, second) : std::pair(second, first);
  };
  using Row = std::vector<int32_t>;
  EXPECT_EQ(longest(""), std::pair(Row({4, 4, 5, 5, 6}), Row({0, 0, 0, 1, 5}))); // x, y: three each
  EXPECT_EQ(longest("truncating=post"), std::pair(Row({1, 4, 4, 4, 5}), Row({0, 0, 0, 1, 5})));
  EXPECT_EQ(longest("padding=\"post\""), std::pair(Row({4, 4, 5, 5, 6}), Row({1, 5, 0, 0, 0})));
  EXPECT_EQ(longest("top_words=6"), std::pair(Row({4, 4, 5, 5, 2}), Row({0, 0, 0, 1, 5})));
  EXPECT_EQ(longest("length=3"), std::pair(Row({0, 0, 5, 5, 6}), Row({0, 0, 0, 1, 5})));
  EXPECT_THAT(openError("text:d(length=6)", wordsModel(5, 20)), HasSubstr("has 6 words a row, input 'words' takes 5"));
  EXPECT_THAT(openError("text:d(top_words=21)", wordsModel(5, 20)), HasSubstr("word ids up to 20, input 'words' has a vocabulary of 20"));
  EXPECT_THAT(openError("text:d(padding=left)", wordsModel(5, 20)), HasSubstr("padding should be pre (in front) or post (behind), it is 'left'"));
}

TEST(Text, trainAndTestParts) {
  Folder folder;
  writeReviews();
  fs::create_directory("all");
  fs::rename("d", "all/train");
  for (const char *name : {"all/test/neg", "all/test/pos"})
    fs::create_directories(name);
  writeText("all/test/neg/1.txt", "bad new words");
  writeText("all/test/pos/1.txt", "good");
  Data data = open("text:all", wordsModel(3, 20));
  EXPECT_EQ(data.train.rows, 4);
  ASSERT_TRUE(data.test);
  using Row = std::vector<int32_t>;
  EXPECT_THAT(rowsOf(*data.test, 3), ElementsAre(std::pair(Row{0, 1, 4}, 0), std::pair(Row{0, 1, 7}, 1)));
  EXPECT_THAT(openError("text:all(test_split=0.5)", wordsModel(3, 20)), HasSubstr("has a test part of its own"));
  // What validates is encoded with the words of what trains.
  FakeModel model = wordsModel(3, 20);
  Ports ports = model.ports();
  std::optional<DataSet> validation = chooseValidation("text:all/test", data, ports);
  EXPECT_EQ(rowsOf(*validation, 3), rowsOf(*data.test, 3));
  fs::create_directories("all/test/odd");
  EXPECT_THAT(openError("text:all", wordsModel(3, 20)), HasSubstr("class 'odd' is in all/test but not in all/train"));
  EXPECT_EQ(openError("text:all(classes=\"neg\" + pos)", wordsModel(3, 20)), "");
  EXPECT_THAT(openError("text:all(classes=neg+fine)", wordsModel(3, 20)), HasSubstr("all/train has no class 'fine'; it has neg, pos"));
}

TEST(Text, splitKeepsWordsOfTheTrainingPart) {
  Folder folder;
  writeReviews();
  Data data = open("text:d(test_split=0.25)", wordsModel(5, 20));
  EXPECT_EQ(data.train.rows, 3);
  EXPECT_EQ(data.test->rows, 1);
  std::vector<int32_t> row = inputOf<int32_t>(*data.test, 0, 5);
  EXPECT_LE(*std::max_element(row.begin(), row.end()), static_cast<int32_t>(data.encoding->vocabulary->words.size()) + 3);
}

TEST(Text, labelsOfManyClasses) {
  Folder folder;
  writeReviews();
  fs::create_directories("d/so");
  writeText("d/so/1", "so so");
  Data numbers = open("text:d", test::classesModel(3, 20, 3, false));
  std::vector<int32_t> classes;
  for (int64_t row = 0; row < 5; ++row)
    classes.push_back(rowOf<int32_t>(*numbers.train.labels[0], row, 1)[0]);
  std::sort(classes.begin(), classes.end());
  EXPECT_THAT(classes, ElementsAre(0, 0, 1, 1, 2));
  Data ones = open("text:d", test::classesModel(3, 20, 3, true));
  std::vector<float> sum(3);
  for (int64_t row = 0; row < 5; ++row)
    for (size_t i = 0; i < 3; ++i)
      sum[i] += rowOf<float>(*ones.train.labels[0], row, 3)[i];
  EXPECT_THAT(sum, ElementsAre(2, 2, 1));
  EXPECT_THAT(openError("text:d", test::classesModel(3, 20, 2, false)), HasSubstr("has 3 classes (neg, pos, so), the output has 2"));
  EXPECT_THAT(openError("text:d", wordsModel(3, 20)), HasSubstr("the output has one number, for two classes"));
}

TEST(Text, mistakes) {
  Folder folder;
  writeReviews();
  EXPECT_THAT(openError("text:none", wordsModel(3, 20)), HasSubstr("none is no folder"));
  EXPECT_THAT(openError("text:d/neg", wordsModel(3, 20)), HasSubstr("d/neg has no folders; a folder a class is wanted"));
  EXPECT_THAT(openError("text:d", featuresModel(3)), HasSubstr("model with one input of word ids"));
  EXPECT_THAT(openError("text:d", wordsModel(3, 2)), HasSubstr("input 'words' has a vocabulary of 2: for texts it takes 4 or more"));
  EXPECT_THAT(openError("text:d(words=3)", wordsModel(3, 20)), HasSubstr("no argument 'words'"));
  writeText("d/pos/3.txt", "caf\xe9");
  EXPECT_THAT(openError("text:d", wordsModel(3, 20)), HasSubstr("d/pos/3.txt is no UTF-8 text (byte 3 from 0 is 0xe9)"));
  fs::remove_all("d/pos");
  fs::create_directory("d/pos");
  EXPECT_THAT(openError("text:d", wordsModel(3, 20)), HasSubstr("d/pos has no files"));
}

TEST(Words, invalidUtf8) {
  EXPECT_EQ(invalidUtf8("plain, é, 漢, 😀"), std::string::npos);
  for (const char *wrong : {"a\x80", "a\xc3", "a\xc0\x80", "a\xe0\x80\x80", "a\xed\xa0\x80", "a\xf0\x80\x80\x80",
                            "a\xf4\x90\x80\x80", "a\xf5\x80\x80\x80", "a\xff"})
    EXPECT_EQ(invalidUtf8(wrong), 1u) << wrong;
}

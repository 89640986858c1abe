//===- DataTest.cpp - Sources of data, and what is wrong with data ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Encoding.h"
#include "runtime/data/Prepared.h"
#include "runtime/data/Words.h"
#include "runtime/io/Safetensors.h"
#include "tests/runtime/FakeModel.h"

#include <cmath>
#include <set>

using namespace weft;
using namespace weft::runtime;
using test::errorOf;
using test::Folder;
using test::saveNpy;
using test::stepsModel;
using test::wordsModel;
using test::FakeModel;
using test::inputOf;
using test::labelOf;
using test::labelsOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
std::string openError(const std::string &data, const FakeModel &model) { return model.openError(data); }
} // namespace

TEST(Source, parse) {
  SourceSpec spec = SourceSpec::parse(" imdb( top_words = 5000 , length=500 ) ");
  EXPECT_EQ(spec.kind, "imdb");
  EXPECT_EQ(spec.integer("top_words", 0, 1), 5000);
  EXPECT_EQ(spec.integer("length", 0, 1), 500);
  EXPECT_EQ(spec.integer("seed", 7, 0), 7);
  spec = SourceSpec::parse("npy:a(1).npy,b=2.npy");
  EXPECT_EQ(spec.kind, "npy");
  EXPECT_EQ(spec.rest, "a(1).npy,b=2.npy");
  EXPECT_TRUE(SourceSpec::parse("reber()").arguments.empty());
  EXPECT_THAT(errorOf([] { SourceSpec::parse("imdb(length=5"); }), HasSubstr("closing parenthesis"));
  EXPECT_THAT(errorOf([] { SourceSpec::parse("imdb(5)"); }), HasSubstr("'5' should be name=value"));
  EXPECT_THAT(errorOf([] { SourceSpec::parse("imdb(a=1,a=2)"); }), HasSubstr("'a' twice"));
}

TEST(Source, mistakes) {
  EXPECT_THAT(openError("mnist", stepsModel(5, 2)), HasSubstr("data 'mnist' is not known; there are imdb"));
  EXPECT_THAT(openError("npy", stepsModel(5, 2)), HasSubstr("should be npy:X.npy,Y.npy"));
  EXPECT_THAT(openError("adding:file", stepsModel(5, 2)), HasSubstr("should be adding(length=50"));
  EXPECT_THAT(openError("adding(size=3)", stepsModel(5, 2)), HasSubstr("no argument 'size'; it has length, samples, seed"));
  EXPECT_THAT(openError("adding(samples=0)", stepsModel(5, 2)), HasSubstr("samples should be a whole number, at least 1"));
  EXPECT_THAT(openError("adding(samples=many)", stepsModel(5, 2)), HasSubstr("samples should be a whole number"));
  EXPECT_THAT(openError("adding(length=7)", stepsModel(5, 2)),
              HasSubstr("input 'x' takes 5×2 a row, adding(length=7) has 7×2 a row"));
}

TEST(Npy, dataFitsTheModel) {
  Folder folder;
  saveNpy<int16_t>("x.npy", "<i2", "3, 4", {0, 1, 2, 3, 0, 0, 1, 9, 5, 5, 5, 5});
  saveNpy<double>("y.npy", "<f8", "3,", {0, 1, 0.5});
  FakeModel model = wordsModel(4, 10);
  Data data = openData("npy:x.npy,y.npy", model.ports());
  EXPECT_EQ(data.train.rows, 3);
  EXPECT_FALSE(data.test);
  EXPECT_THAT(inputOf<int32_t>(data.train, 1, 4), ElementsAre(0, 0, 1, 9));
  EXPECT_THAT(labelsOf<float>(data.train, 2, 1), ElementsAre(0.5f));
  EXPECT_THAT(inputOf<int32_t>(openData("npy:words=x.npy,y=y.npy", model.ports()).train, 1, 4),
              ElementsAre(0, 0, 1, 9));
  EXPECT_THAT(openError("npy:x.npy", model), HasSubstr("should name 2 files (words, y), it names 1"));
  EXPECT_THAT(openError("npy:x.npy,y.npy,z.npy", model), HasSubstr("it names 3"));
  EXPECT_THAT(openError("npy:text=x.npy,y.npy", model), HasSubstr("there is no input 'text'; there is words, y"));
}

TEST(Npy, mistakesOfWordIds) {
  Folder folder;
  saveNpy<double>("y.npy", "<f8", "2,", {0, 1});
  saveNpy<int32_t>("x.npy", "<i4", "2, 3", {0, 1, 2, 3, 4, 10});
  EXPECT_THAT(openError("npy:x.npy,y.npy", wordsModel(3, 10)),
              HasSubstr("x.npy: row 1, position 2 (both from 0) is word id 10, but input 'words' has a vocabulary of 10: "
                        "ids go from 0 to 9"));
  saveNpy<int32_t>("x.npy", "<i4", "2, 3", {0, -1, 2, 3, 4, 5});
  EXPECT_THAT(openError("npy:x.npy,y.npy", wordsModel(3, 10)), HasSubstr("row 0, position 1 (both from 0) is word id -1"));
  saveNpy<float>("x.npy", "<f4", "2, 3", {0, 1, 2, 3, 4.5, 5});
  EXPECT_THAT(openError("npy:x.npy,y.npy", wordsModel(3, 10)), HasSubstr("row 1, position 1 (both from 0) is 4.5, which is no word id"));
}

TEST(Npy, mistakesOfShape) {
  Folder folder;
  saveNpy<float>("x.npy", "<f4", "2, 3", {0, 1, 2, 3, 4, 5});
  saveNpy<float>("y.npy", "<f4", "2,", {0, 1});
  saveNpy<float>("y3.npy", "<f4", "3,", {0, 1, 0});
  saveNpy<float>("one.npy", "<f4", "", {1});
  saveNpy<float>("none.npy", "<f4", "0, 3", {});
  EXPECT_THAT(openError("npy:x.npy,y.npy", wordsModel(4, 10)), HasSubstr("input 'words' takes 4 a row, x.npy has 3 a row"));
  EXPECT_THAT(openError("npy:x.npy,y3.npy", wordsModel(3, 10)), HasSubstr("y3.npy has 3 rows, x.npy has 2"));
  EXPECT_THAT(openError("npy:one.npy,y.npy", wordsModel(3, 10)), HasSubstr("one.npy is a single number"));
  EXPECT_THAT(openError("npy:none.npy,y.npy", wordsModel(3, 10)), HasSubstr("none.npy is empty: it has no rows"));

  FakeModel sequences = wordsModel(3, 10);
  sequences.labels = {{"y", WEFT_F32, 2, {500, 1}, 0, {}}};
  sequences.outputs = {{"positive", WEFT_F32, 2, {500, 1}, 0, {}}};
  EXPECT_THAT(openError("npy:x.npy,y.npy", sequences), HasSubstr("output is 500×1, the data has one label a row"));

  // Only what may be shares of classes can be meant as numbers of them.
  FakeModel shares = test::classesModel(3, 10, 4, true);
  shares.labels[0].bounds[1] = 1;
  EXPECT_THAT(openError("npy:x.npy,y.npy", shares),
              HasSubstr("output is 4, the data has one label a row (categorical_crossentropy compares each value of the output with one of "
                        "the label; where the labels are numbers of classes, sparse_categorical_crossentropy takes them)"));
  shares.labels[0].bounds[1] = 0;
  EXPECT_THAT(openError("npy:x.npy,y.npy", shares),
              HasSubstr("output is 4, the data has one label a row (the loss compares each value of the output with one of the label) ["));
}

TEST(Npy, mistakesOfValues) {
  Folder folder;
  saveNpy<float>("x.npy", "<f4", "2, 1, 2", {0, 1, NAN, 3});
  saveNpy<float>("y.npy", "<f4", "2, 1", {0, 1});
  EXPECT_THAT(openError("npy:x.npy,y.npy", stepsModel(1, 2)), HasSubstr("x.npy: row 1, position 0 (both from 0) is not a number (NaN)"));
  saveNpy<float>("x.npy", "<f4", "2, 1, 2", {0, 1, 2, INFINITY});
  EXPECT_THAT(openError("npy:x.npy,y.npy", stepsModel(1, 2)), HasSubstr("is infinite"));
  saveNpy<float>("x.npy", "<f4", "2, 1, 2", {0, 1, 2, 3});
  saveNpy<float>("y.npy", "<f4", "2,", {0, 2});
  EXPECT_EQ(openError("npy:x.npy,y.npy", stepsModel(1, 2)), "");
  FakeModel binary = stepsModel(1, 2);
  binary.loss = "of_its_own";
  binary.labels[0].bounds[0] = -1;
  binary.labels[0].bounds[1] = 1.5;
  EXPECT_THAT(openError("npy:x.npy,y.npy", binary), HasSubstr("y.npy: row 1 (from 0) is 2, but labels for of_its_own go from -1 to 1.5"));
  FakeModel classes = stepsModel(1, 2);
  classes.labels = {{"y", WEFT_I32, 1, {1}, 0, {}}};
  classes.outputs = {{"class", WEFT_F32, 1, {2}, 0, {}}};
  EXPECT_THAT(openError("npy:x.npy,y.npy", classes), HasSubstr("is class 2, but the output has 2: classes go from 0 to 1"));
}

TEST(Arrays, tensorsByName) {
  Folder folder;
  const float x[] = {1, 2, 3, 4}, y[] = {0, 1};
  writeSafetensors("d.safetensors", {{"x", {2, 1, 2}, x}, {"y", {2, 1}, y}}, {});
  FakeModel model = stepsModel(1, 2);
  Data data = openData("arrays:d.safetensors", model.ports());
  EXPECT_THAT(inputOf<float>(data.train, 1, 2), ElementsAre(3, 4));
  EXPECT_THAT(labelsOf<float>(data.train, 1, 1), ElementsAre(1));
  writeSafetensors("d.safetensors", {{"x", {2, 1, 2}, x}, {"z", {2, 1}, y}}, {});
  EXPECT_THAT(openError("arrays:d.safetensors", model), HasSubstr("d.safetensors has no tensor 'y'; it has x, z"));
}

TEST(Arrays, severalInputsByName) {
  Folder folder;
  const float ids[] = {1, 2, 3, 4}, sizes[] = {0.5, 0.25}, y[] = {0, 1};
  writeSafetensors("d.safetensors", {{"words", {2, 2}, ids}, {"sizes", {2}, sizes}, {"y", {2, 1}, y}}, {});
  FakeModel model = wordsModel(2, 5);
  model.inputs.push_back({"sizes", WEFT_F32, 1, {1}, 0, {}});
  Data data = model.open("arrays:d.safetensors");
  EXPECT_THAT(inputOf<int32_t>(data.train, 1, 2), ElementsAre(3, 4));
  EXPECT_THAT(test::rowOf<float>(*data.train.inputs[1], 1, 1), ElementsAre(0.25f));
  model.inputs[1].name = "weights";
  EXPECT_THAT(openError("arrays:d.safetensors", model), HasSubstr("d.safetensors has no tensor 'weights'; it has sizes, words, y"));
  writeSafetensors("d.safetensors", {{"words", {2, 2}, ids}, {"weights", {1}, sizes}, {"y", {2, 1}, y}}, {});
  EXPECT_THAT(openError("arrays:d.safetensors", model), HasSubstr("tensor 'weights' has 1 rows, d.safetensors: tensor 'words' has 2"));
}

//===----------------------------------------------------------------------===//
// Generated tasks
//===----------------------------------------------------------------------===//

static std::string reberText(const DataSet &set, int64_t row, int64_t steps) {
  std::vector<float> values = inputOf<float>(set, row, static_cast<size_t>(steps * 7));
  std::string text;
  for (int64_t step = 0; step < steps; ++step) {
    int symbols = 0;
    for (int64_t k = 0; k < 7; ++k)
      if (values[static_cast<size_t>(step * 7 + k)] == 1) {
        text += "BEPSTVX"[k];
        ++symbols;
      }
    EXPECT_EQ(symbols, text.empty() ? 0 : 1) << "padded in front, one symbol a step";
  }
  return text;
}

/// The embedded Reber grammar, written down once more.
static bool follows(const std::string &text) {
  if (text.size() < 9 || text.substr(0, 1) != "B" || text[2] != 'B' || text.back() != 'E')
    return false;
  if ((text[1] != 'T' && text[1] != 'P') || text[text.size() - 2] != text[1])
    return false;
  char state = 'a';
  for (char symbol : text.substr(3, text.size() - 5)) {
    switch (state) {
    case 'a': state = symbol == 'T' ? 'b' : symbol == 'P' ? 'c' : '!'; break;
    case 'b': state = symbol == 'S' ? 'b' : symbol == 'X' ? 'd' : '!'; break;
    case 'c': state = symbol == 'T' ? 'c' : symbol == 'V' ? 'e' : '!'; break;
    case 'd': state = symbol == 'X' ? 'c' : symbol == 'S' ? 'f' : '!'; break;
    case 'e': state = symbol == 'P' ? 'd' : symbol == 'V' ? 'f' : '!'; break;
    case 'f': state = symbol == 'E' ? 'z' : '!'; break;
    default: state = '!';
    }
    if (state == '!')
      return false;
  }
  return state == 'z';
}

TEST(Reber, labelsTellValidStrings) {
  FakeModel model = stepsModel(40, 7);
  Data data = openData("reber", model.ports());
  EXPECT_EQ(data.train.rows, 2000);
  ASSERT_TRUE(data.test);
  EXPECT_EQ(data.test->rows, 500);
  for (const DataSet *set : {&data.train, &*data.test}) {
    int64_t valid = 0;
    std::set<size_t> lengths;
    for (int64_t row = 0; row < set->rows; ++row) {
      std::string text = reberText(*set, row, 40);
      lengths.insert(text.size());
      bool label = labelOf(*set, row) == 1;
      valid += label;
      ASSERT_EQ(label, follows(text)) << text;
    }
    EXPECT_EQ(valid, set->rows / 2);
    EXPECT_GT(lengths.size(), 10u);
  }
  std::string first = reberText(data.train, 0, 40);
  EXPECT_NE(reberText(*data.test, 0, 40) + reberText(*data.test, 2, 40), first + reberText(data.train, 2, 40));
  EXPECT_EQ(reberText(openData("reber(seed=1)", model.ports()).train, 0, 40), first);
  EXPECT_NE(reberText(openData("reber(seed=2)", model.ports()).train, 0, 40) +
                reberText(openData("reber(seed=2)", model.ports()).train, 2, 40),
            first + reberText(data.train, 2, 40));
}

TEST(Adding, labelIsTheSumOfTheMarked) {
  FakeModel model = stepsModel(30, 2);
  Data data = openData("adding(samples=200)", model.ports());
  EXPECT_EQ(data.train.rows, 200);
  ASSERT_TRUE(data.test);
  for (int64_t row = 0; row < 200; ++row) {
    std::vector<float> values = inputOf<float>(data.train, row, 60);
    float sum = 0;
    int marks = 0;
    for (size_t step = 0; step < 30; ++step) {
      ASSERT_TRUE(values[2 * step] >= 0 && values[2 * step] <= 1);
      sum += values[2 * step] * values[2 * step + 1];
      marks += values[2 * step + 1] == 1;
    }
    ASSERT_EQ(marks, 2);
    ASSERT_FLOAT_EQ(sum, labelOf(data.train, row));
  }
}

//===----------------------------------------------------------------------===//
// Film reviews
//===----------------------------------------------------------------------===//

static void saveImdb() {
  ::setenv("WEFT_CACHE", ".", 1);
  std::vector<int32_t> ids = {1, 5, 9, 1, 4, 5, 6, 7, 1}, labels = {0, 1, 1};
  std::vector<int64_t> offsets = {0, 3, 8, 9};
  std::string words = "the\nfilm\n";
  auto bytes = [](const auto &values) { return std::as_bytes(std::span(values)); };
  writePrepared("imdb.weftdata", {{"train.ids", bytes(ids)},
                                  {"train.offsets", bytes(offsets)},
                                  {"train.labels", bytes(labels)},
                                  {"test.ids", bytes(ids)},
                                  {"test.offsets", bytes(offsets)},
                                  {"test.labels", bytes(labels)},
                                  {"words", bytes(words)}});
}

TEST(Imdb, paddedAndCutAsKeras) {
  Folder folder;
  saveImdb();
  FakeModel model = wordsModel(4, 7);
  Data data = openData("imdb", model.ports());
  EXPECT_EQ(data.train.rows, 3);
  ASSERT_TRUE(data.test);
  EXPECT_THAT(inputOf<int32_t>(data.train, 0, 4), ElementsAre(0, 1, 5, 2)); // 9 is too rare
  EXPECT_THAT(inputOf<int32_t>(data.train, 1, 4), ElementsAre(4, 5, 6, 2)); // the last four
  EXPECT_THAT(inputOf<int32_t>(data.train, 2, 4), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(labelsOf<float>(data.train, 1, 1), ElementsAre(1));
  EXPECT_THAT(inputOf<int32_t>(openData("imdb(top_words=5)", model.ports()).train, 0, 4), ElementsAre(0, 1, 2, 2));
  EXPECT_THAT(inputOf<int32_t>(openData("imdb(padding=post)", model.ports()).train, 0, 4), ElementsAre(1, 5, 2, 0));
  EXPECT_THAT(inputOf<int32_t>(openData("imdb(truncating=post)", model.ports()).train, 1, 4), ElementsAre(1, 4, 5, 6));
  Data split = openData("imdb(test_split=0.34)", model.ports());
  EXPECT_EQ(split.train.rows, 2);
  EXPECT_EQ(split.test->rows, 1);
}

TEST(Imdb, otherVocabulariesGiveTheirIds) {
  Folder folder;
  saveImdb();
  FakeModel model = wordsModel(4, 7);
  Data data = model.open("imdb");
  EXPECT_THAT(data.encoding->vocabulary->words, ElementsAre("the", "film"));
  EXPECT_THAT(data.encoding->classes, ElementsAre("neg", "pos"));
  test::writeText("t.csv", "words,y\nfilm film,1\na,0\n");
  Ports ports = model.ports();
  ports.encoding = model.open("csv:t.csv").encoding;
  // film is 5 in one, 4 in the other; what the other does not know is left out.
  EXPECT_THAT(inputOf<int32_t>(openData("imdb", ports).train, 0, 4), ElementsAre(0, 0, 1, 4));
}

TEST(Imdb, mistakes) {
  Folder folder;
  ::setenv("WEFT_CACHE", folder.path().c_str(), 1);
  EXPECT_THAT(openError("imdb", wordsModel(4, 7)), HasSubstr("run `weft data imdb` first"));
  saveImdb();
  EXPECT_THAT(openError("imdb(length=5)", wordsModel(4, 7)), HasSubstr("has 5 words a row, input 'words' takes 4"));
  EXPECT_THAT(openError("imdb(top_words=8)", wordsModel(4, 7)), HasSubstr("word ids up to 7, input 'words' has a vocabulary of 7"));
  EXPECT_THAT(openError("imdb", stepsModel(4, 7)), HasSubstr("model with one input of word ids"));
  EXPECT_THAT(openError("imdb(test_split=2)", wordsModel(4, 7)), HasSubstr("test_split should lie between 0 and 1"));
  test::writeText("imdb.weftdata", test::readText("imdb.weftdata").substr(0, 300));
  EXPECT_THAT(openError("imdb", wordsModel(4, 7)), HasSubstr("run `weft data` again"));
}

TEST(Words, asKerasSplitsThem) {
  EXPECT_THAT(splitWords("It's <br />GREAT!!  (don't)\tyou\nthink--so?"),
              ElementsAre("it's", "br", "great", "don't", "you", "think", "so"));
  EXPECT_THAT(splitWords("Écran ÀÉ\xc2\xa0Ωmega Жук\xc2\x85" "end"), ElementsAre("écran", "àé", "ωmega", "жук", "end"));
  EXPECT_THAT(splitWords("a\xff\xfe" "B \xc3"), ElementsAre("a\xff\xfe" "b", "\xc3"));
  EXPECT_THAT(splitWords(" ...! "), testing::IsEmpty());
  EXPECT_EQ(lowerCase("ĀŸẞ Ａ × ÷"), "āÿß ａ × ÷");
}

//===----------------------------------------------------------------------===//
// Validation
//===----------------------------------------------------------------------===//

TEST(Validation, choices) {
  FakeModel model = stepsModel(30, 2);
  Ports ports = model.ports();
  auto choose = [&](const std::string &choice) {
    Data data = openData("adding(samples=10)", ports);
    std::optional<DataSet> validation = chooseValidation(choice, data, ports);
    return std::tuple(data.train.rows, validation ? validation->rows : -1, validation ? validation->first : -1);
  };
  EXPECT_EQ(choose(""), std::tuple(10, 2, 0)); // the test split
  EXPECT_EQ(choose("test"), std::tuple(10, 2, 0));
  EXPECT_EQ(choose("none"), std::tuple(10, -1, -1));
  EXPECT_EQ(choose("0.3"), std::tuple(7, 3, 7)); // the last rows
  EXPECT_EQ(choose("adding(samples=40)"), std::tuple(10, 10, 0));
  EXPECT_THAT(errorOf([&] { choose("1.5"); }), HasSubstr("1.5 should lie between 0 and 1"));
  EXPECT_THAT(errorOf([&] { choose("0.95"); }), HasSubstr("leaves nothing to train on"));
  EXPECT_THAT(errorOf([&] { choose("some"); }), HasSubstr("data 'some' is not known"));
  Folder folder;
  saveNpy<float>("x.npy", "<f4", "1, 30, 2", std::vector<float>(60));
  saveNpy<float>("y.npy", "<f4", "1,", {1});
  Data data = openData("npy:x.npy,y.npy", ports);
  EXPECT_THAT(errorOf([&] { chooseValidation("test", data, ports); }), HasSubstr("has no test split"));
}

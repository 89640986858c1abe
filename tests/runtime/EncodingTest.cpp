//===- EncodingTest.cpp - What is learnt of texts, classes and characters ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Encoding.h"
#include "runtime/io/Safetensors.h"
#include "runtime/main/Texts.h"
#include "runtime/support/Text.h"
#include "tests/runtime/FakeModel.h"

using namespace weft;
using namespace weft::runtime;
using test::errorOf;
using test::FakeModel;
using test::featuresModel;
using test::Folder;
using test::inputOf;
using test::labelOf;
using test::labelsOf;
using test::wordsModel;
using test::writeText;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

namespace {
/// A model that predicts the character behind each one, or behind the last.
FakeModel charactersModel(int64_t length, int64_t vocabulary, bool isSequence) {
  return {{{"text", WEFT_I32, 1, {length}, vocabulary, {}}},
          {{"y", WEFT_I32, 2, {isSequence ? length : 1, 1}, 0, {}}},
          {{"next", WEFT_F32, 2, {isSequence ? length : 1, vocabulary}, 0, {}}},
          "sparse_categorical_crossentropy"};
}

/// What `with` makes of data when it has learnt `from`'s.
Data openWith(const Data &from, const std::string &data, const FakeModel &with) {
  Ports ports = with.ports();
  ports.encoding = from.encoding;
  return openData(data, ports);
}
} // namespace

//===----------------------------------------------------------------------===//
// With the weights
//===----------------------------------------------------------------------===//

TEST(Encoding, comesBackFromMetadata) {
  Folder folder;
  writeText("t.csv", "review,y\n\"Été: a fine, fine film\",good\nA film,\"not \"\"good\"\"\"\n");
  Data data = wordsModel(6, 20).open("csv:t.csv(x=review,padding=post,top_words=6,length=5)");
  Metadata metadata = toMetadata(data.encoding.get());
  EXPECT_EQ(metadata["vocabulary"], "a\nfine\nfilm\nété\n");
  EXPECT_EQ(metadata["text"], R"({"input":"words","unit":"word","length":5,"top_words":6,"padding":"post",)"
                              R"("truncating":"pre","start":1,"unknown":2,"first":4})");
  EXPECT_EQ(metadata["classes"], R"(["good","not \"good\""])");
  const float weight[] = {1};
  writeSafetensors("w.safetensors", {{"w", {1}, weight}}, metadata);
  std::shared_ptr<const Encoding> back = readEncoding("w.safetensors");
  ASSERT_TRUE(back);
  EXPECT_EQ(toMetadata(back.get()), metadata);
  EXPECT_EQ(back->vocabulary->words, data.encoding->vocabulary->words);
  EXPECT_EQ(back->options.unknown, unknownWord);
  EXPECT_FALSE(encodingOf({{"model", "m"}}, "w"));
  EXPECT_THAT(toMetadata(nullptr), IsEmpty());
}

TEST(Encoding, charactersComeBack) {
  Folder folder;
  writeText("t.txt", "a\nb\na é\t\"");
  Data data = charactersModel(3, 20, true).open("chars:t.txt");
  Metadata metadata = toMetadata(data.encoding.get());
  EXPECT_EQ(metadata["vocabulary"], "a\nb é\t\"");
  std::shared_ptr<const Encoding> back = encodingOf(metadata, "w");
  EXPECT_EQ(back->vocabulary->words, data.encoding->vocabulary->words);
  EXPECT_EQ(back->vocabulary->unit, TextUnit::Character);
  EXPECT_EQ(toMetadata(back.get()), metadata);
}

TEST(Encoding, damagedMetadata) {
  auto problem = [](const std::string &text) {
    return errorOf([&] { encodingOf({{"text", text}, {"vocabulary", "a\n"}}, "w.safetensors"); });
  };
  std::string good = R"({"input":"x","unit":"word","length":5,"top_words":6,"padding":"pre","truncating":"pre","start":1,"unknown":2,"first":4})";
  EXPECT_EQ(problem(good), "");
  auto with = [&](const std::string &from, const std::string &to) {
    std::string text = good;
    return problem(text.replace(text.find(from), from.size(), to));
  };
  EXPECT_THAT(problem("[]"), HasSubstr("w.safetensors is damaged"));
  EXPECT_THAT(problem("{"), HasSubstr("w.safetensors is damaged"));
  EXPECT_THAT(with("5", "-5"), HasSubstr("w.safetensors is damaged"));
  EXPECT_THAT(with("5", "\"5\""), HasSubstr("w.safetensors is damaged"));
  EXPECT_THAT(with("4}", "5}"), HasSubstr("another version of Weft"));
  EXPECT_THAT(with("word", "syllable"), HasSubstr("another version of Weft"));
  EXPECT_THAT(errorOf([] { encodingOf({{"classes", "{}"}}, "w.safetensors"); }), HasSubstr("w.safetensors is damaged"));
}

TEST(Encoding, otherDataIsReadWithWhatWasLearnt) {
  Folder folder;
  writeText("t.csv", "review,y\na fine film,1\na film,0\n");
  writeText("other.csv", "review,y\nfilm film fine unseen,1\n");
  FakeModel model = wordsModel(6, 20);
  Data data = model.open("csv:t.csv(x=review,padding=post)");
  Data other = openWith(data, "csv:other.csv(x=review)", model);
  EXPECT_THAT(inputOf<int32_t>(other.train, 0, 6), ElementsAre(1, 5, 5, 6, 0, 0));
  EXPECT_THAT(inputOf<int32_t>(openWith(data, "csv:other.csv(x=review,padding=pre)", model).train, 0, 6),
              ElementsAre(0, 0, 1, 5, 5, 6));
  // An input that is shorter than the one of training keeps what fits.
  EXPECT_THAT(inputOf<int32_t>(openWith(data, "csv:other.csv(x=review)", wordsModel(2, 20)).train, 0, 2), ElementsAre(5, 6));
  writeText("t.txt", "abc");
  EXPECT_THAT(errorOf([&] { openWith(data, "chars:t.txt", charactersModel(2, 20, true)); }),
              HasSubstr("data 'chars:t.txt' is text of characters, but the weights were trained on words"));
}

//===----------------------------------------------------------------------===//
// Names of classes
//===----------------------------------------------------------------------===//

TEST(Classes, ofAColumn) {
  Folder folder;
  writeText("t.csv", "a,kind\n1,red\n2, green \n3,red\n4,blue\n");
  FakeModel model = test::classesModel(1, 20, 3, false);
  Data data = model.open("csv:t.csv(x=a,y=kind)");
  EXPECT_THAT(data.encoding->classes, ElementsAre("blue", "green", "red"));
  EXPECT_FALSE(data.encoding->vocabulary);
  std::vector<int32_t> numbers;
  for (int64_t row = 0; row < 4; ++row)
    numbers.push_back(labelsOf<int32_t>(data.train, row, 1)[0]);
  EXPECT_THAT(numbers, ElementsAre(2, 1, 2, 0));
  EXPECT_THAT(labelsOf<int32_t>(model.open("csv:t.csv(x=a,y=kind,classes=red+green+blue)").train, 1, 1), ElementsAre(1));
  EXPECT_THAT(labelsOf<float>(test::classesModel(1, 20, 3, true).open("csv:t.csv(x=a,y=kind)").train, 0, 3),
              ElementsAre(0, 0, 1));
  // Numbers are names where they are said to be.
  writeText("n.csv", "a,kind\n1,10\n2,20\n");
  EXPECT_EQ(labelOf(wordsModel(1, 20).open("csv:n.csv(x=a,y=kind,classes=20+10)").train, 0), 1);
  // What is read later has the numbers of before.
  writeText("other.csv", "a,kind\n1,green\n");
  EXPECT_THAT(labelsOf<int32_t>(openWith(data, "csv:other.csv(x=a,y=kind)", model).train, 0, 1), ElementsAre(1));
  writeText("other.csv", "a,kind\n1,green\n1,pink\n");
  EXPECT_THAT(errorOf([&] { openWith(data, "csv:other.csv(x=a,y=kind)", model); }),
              HasSubstr("other.csv, line 3: column 'kind' is the class 'pink', which is not known; there are blue, green, red"));
}

TEST(Classes, mistakes) {
  Folder folder;
  writeText("t.csv", "a,kind\n1,red\n2,green\n3,blue\n4,pink\n");
  FakeModel three = test::classesModel(1, 20, 3, false);
  EXPECT_THAT(three.openError("csv:t.csv(x=a,y=kind)"), HasSubstr("has 4 classes (red, green, blue, pink), the output has 3"));
  EXPECT_THAT(featuresModel(1).openError("csv:t.csv(x=a,y=kind)"), HasSubstr("the output has one number, for two classes"));
  EXPECT_THAT(three.openError("csv:t.csv(x=a,y=kind,classes=red+green)"),
              HasSubstr("t.csv, line 4: column 'kind' is the class 'blue', which is not known; there are red, green"));
  EXPECT_THAT(three.openError("csv:t.csv(x=a,y=kind,classes=red+red)"), HasSubstr("classes has 'red' twice"));
  writeText("t.csv", "a,kind\n1,red\n2,\n");
  EXPECT_THAT(three.openError("csv:t.csv(x=a,y=kind)"), HasSubstr("line 3: column 'kind' is empty, where a class should be"));
  writeText("t.csv", "a,kind\n1,red\n2,\xe9\n");
  EXPECT_THAT(three.openError("csv:t.csv(x=a,y=kind)"), HasSubstr("line 3: column 'kind' is no UTF-8 text"));
  writeText("t.csv", "a,kind\n1,red\n2,red\n");
  EXPECT_THAT(three.openError("csv:t.csv(x=a,y=kind)"), HasSubstr("column 'kind' has one class (red)"));
  writeText("t.csv", "a,kind\n1,0\n2,red\n");
  EXPECT_THAT(three.openError("csv:t.csv(x=a,y=kind)"), HasSubstr("line 3: column 'kind' is 'red', which is no number"));
}

TEST(Classes, ofFolders) {
  Folder folder;
  for (const char *name : {"d/neg", "d/pos", "e/pos", "f/odd"}) {
    fs::create_directories(name);
    writeText(std::string(name) + "/1.txt", "film");
  }
  FakeModel model = wordsModel(3, 20);
  Data data = model.open("text:d");
  EXPECT_THAT(data.encoding->classes, ElementsAre("neg", "pos"));
  Data other = openWith(data, "text:e", model); // has only one of the classes
  EXPECT_EQ(other.train.rows, 1);
  EXPECT_EQ(labelOf(other.train, 0), 1);
  EXPECT_THAT(errorOf([&] { openWith(data, "text:f", model); }),
              HasSubstr("f has the class 'odd', which the weights were not trained on; they know neg, pos"));
}

//===----------------------------------------------------------------------===//
// Characters
//===----------------------------------------------------------------------===//

TEST(Characters, eachPredictsTheNext) {
  Folder folder;
  writeText("t.txt", "aab\xc3\xa9" "ab"); // a is the most frequent, then b, é
  Data data = charactersModel(2, 5, true).open("chars:t.txt");
  EXPECT_THAT(data.encoding->vocabulary->words, ElementsAre("a", "b", "\xc3\xa9"));
  ASSERT_EQ(data.train.rows, 2);
  EXPECT_THAT(inputOf<int32_t>(data.train, 0, 2), ElementsAre(2, 2));
  EXPECT_THAT(labelsOf<int32_t>(data.train, 0, 2), ElementsAre(2, 3));
  EXPECT_THAT(inputOf<int32_t>(data.train, 1, 2), ElementsAre(3, 4));
  EXPECT_THAT(labelsOf<int32_t>(data.train, 1, 2), ElementsAre(4, 2));
  EXPECT_EQ(charactersModel(2, 5, true).open("chars:t.txt(stride=1)").train.rows, 4);
  EXPECT_EQ(charactersModel(5, 5, true).open("chars:t.txt").train.rows, 1);
}

TEST(Characters, theLastPredictsTheNext) {
  Folder folder;
  writeText("t.txt", "aabab");
  Data data = charactersModel(3, 4, false).open("chars:t.txt");
  ASSERT_EQ(data.train.rows, 4);
  EXPECT_THAT(inputOf<int32_t>(data.train, 0, 3), ElementsAre(0, 0, 2));
  EXPECT_THAT(inputOf<int32_t>(data.train, 3, 3), ElementsAre(2, 3, 2));
  EXPECT_THAT(labelsOf<int32_t>(data.train, 3, 1), ElementsAre(3));
}

TEST(Characters, rareAndUnseenOnes) {
  Folder folder;
  writeText("t.txt", "aaabbc");
  writeText("other.txt", "axb");
  Data data = charactersModel(2, 4, false).open("chars:t.txt(top_characters=4)");
  EXPECT_THAT(labelsOf<int32_t>(data.train, 4, 1), ElementsAre(unknownCharacter));
  Data other = openWith(data, "chars:other.txt", charactersModel(2, 4, false));
  EXPECT_THAT(inputOf<int32_t>(other.train, 1, 2), ElementsAre(2, unknownCharacter));
}

TEST(Characters, testSplitIsTheEnd) {
  Folder folder;
  writeText("t.txt", "abababababababababab");
  Data data = charactersModel(3, 4, true).open("chars:t.txt(test_split=0.5)");
  EXPECT_EQ(data.train.rows, 3);
  ASSERT_TRUE(data.test);
  EXPECT_EQ(data.test->rows, 3);
  EXPECT_THAT(inputOf<int32_t>(*data.test, 0, 3), ElementsAre(2, 3, 2));
}

TEST(Characters, mistakes) {
  Folder folder;
  writeText("t.txt", "abcdef");
  EXPECT_THAT(charactersModel(2, 7, true).openError("chars:t.txt"),
              HasSubstr("t.txt has 6 different characters: with the ids for nothing and for unknown ones that makes 8, but "
                        "input 'text' has a vocabulary of 7. Build the model with 8 or more, or say chars:t.txt(top_characters=7)"));
  FakeModel narrow = charactersModel(2, 9, true);
  narrow.outputs[0].shape[1] = 6;
  EXPECT_THAT(narrow.openError("chars:t.txt"), HasSubstr("but output 'next' has a width of 6"));
  EXPECT_THAT(charactersModel(6, 9, true).openError("chars:t.txt"), HasSubstr("t.txt has 6 characters, a row needs 7"));
  EXPECT_THAT(charactersModel(4, 9, true).openError("chars:t.txt(test_split=0.2)"),
              HasSubstr("t.txt has 6 characters (5 to train on, 1 to test on), a row needs 5"));
  EXPECT_THAT(charactersModel(2, 9, true).openError("chars:t.txt(length=3)"), HasSubstr("has 3 characters a row, input 'text' takes 2"));
  EXPECT_THAT(charactersModel(2, 9, true).openError("chars:t.txt(stride=0)"), HasSubstr("stride should be a whole number, at least 1"));
  EXPECT_THAT(wordsModel(2, 9).openError("chars:t.txt"), HasSubstr("is for a model with one input, tokens[length] of vocabulary"));
  writeText("t.txt", "");
  EXPECT_THAT(charactersModel(2, 9, true).openError("chars:t.txt"), HasSubstr("t.txt has 0 characters"));
  writeText("t.txt", "caf\xe9");
  EXPECT_THAT(charactersModel(2, 9, true).openError("chars:t.txt"), HasSubstr("t.txt is no UTF-8 text (byte 3 from 0 is 0xe9)"));
  EXPECT_THAT(charactersModel(2, 9, true).openError("chars:none.txt"), HasSubstr("cannot read none.txt"));
}

//===----------------------------------------------------------------------===//
// What people read
//===----------------------------------------------------------------------===//

TEST(Text, nearestSpelling) {
  const std::vector<std::string> words = {"film", "wonderful", "wander", "a", "été"};
  EXPECT_EQ(nearestSpelling("wonderfull", words), "wonderful");
  EXPECT_EQ(nearestSpelling("wodnerful", words), "wonderful");
  EXPECT_EQ(nearestSpelling("flim", words), "film");
  EXPECT_EQ(nearestSpelling("zzzzzz", words), "");
  EXPECT_EQ(nearestSpelling("b", words), "");
  EXPECT_EQ(nearestSpelling(std::string(100000, 'a'), words), "");
}

TEST(Text, predictions) {
  auto text = [](const FakeModel &fake, const Encoding *encoding, std::vector<float> values) {
    WeftModel model{};
    model.outputs = fake.outputs.data();
    model.labels = fake.labels.data();
    model.output_count = model.label_count = 1;
    return predictionText(model, encoding, values);
  };
  Encoding two{nullptr, {}, "", {"neg", "pos"}}, three{nullptr, {}, "", {"a", "b", "c"}};
  EXPECT_EQ(text(wordsModel(3, 9), &two, {0.9375f}), "0.9375 pos");
  EXPECT_EQ(text(wordsModel(3, 9), &two, {0.25f}), "0.2500 neg");
  EXPECT_EQ(text(wordsModel(3, 9), nullptr, {0.25f}), "0.25");
  EXPECT_EQ(text(test::classesModel(3, 9, 3, false), &three, {0.125f, 0.75f, 0.125f}), "0.7500 b");
  EXPECT_EQ(text(test::classesModel(3, 9, 3, true), &three, {0.75f, 0.125f, 0.125f}), "0.7500 a");
  EXPECT_EQ(text(test::classesModel(3, 9, 3, false), nullptr, {0.125f, 0.125f, 0.75f}), "0.7500 class 2");
  EXPECT_EQ(text(test::classesModel(3, 9, 3, true), nullptr, {1, 2, -3.5f}), "1 2 -3.5");
  FakeModel characters = charactersModel(2, 4, true);
  Encoding letters{std::make_shared<Vocabulary>(Vocabulary{TextUnit::Character, {"\n", "z"}}), {}, "text", {}};
  EXPECT_EQ(text(characters, &letters, {0, 0, 0, 1, 0, 0, 1, 0}), "1.0000 'z'  1.0000 '\\n'");
}

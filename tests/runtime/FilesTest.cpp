//===- FilesTest.cpp - Files in and out, whole and damaged ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Prepared.h"
#include "runtime/io/CsvLog.h"
#include "runtime/io/Npy.h"
#include "runtime/io/Safetensors.h"
#include "runtime/support/Crc32c.h"
#include "tests/runtime/Helpers.h"

#include <cmath>
#include <cstring>
#include <fstream>

#include <sys/stat.h>

using namespace weft;
using namespace weft::runtime;
using test::errorOf;
using test::Folder;
using test::readText;
using test::saveNpy;
using test::writeText;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

static std::vector<float> floatsOf(const TensorView &tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.size()));
  toFloat(tensor, 0, values);
  return values;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

TEST(AtomicFile, replacesWholeOrNotAtAll) {
  Folder folder;
  writeText("a", "before");
  {
    AtomicFile file("a");
    file.write("half");
  }
  EXPECT_EQ(readText("a"), "before");
  AtomicFile file("a");
  file.write("after");
  file.commit();
  EXPECT_EQ(readText("a"), "after");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator("."), {}), 1) << "a temporary file stays behind";
}

TEST(AtomicFile, linksStayLinks) {
  Folder folder;
  writeText("target", "before");
  std::filesystem::create_symlink("target", "link");
  AtomicFile file("link");
  file.write("after");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_symlink("link"));
  EXPECT_EQ(readText("target"), "after");
}

TEST(AtomicFile, devicesAreWrittenDirectly) {
  AtomicFile file("/dev/null");
  file.write("gone");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(AtomicFile, clearErrors) {
  Folder folder;
  std::filesystem::create_directory("d");
  EXPECT_THAT(errorOf([] { AtomicFile("d"); }), HasSubstr("cannot write d: it is a directory"));
  EXPECT_THAT(errorOf([] { AtomicFile("none/a"); }), HasSubstr("cannot write none/a: No such file"));
  EXPECT_THAT(errorOf([] { FileBytes("none"); }), HasSubstr("cannot read none: No such file"));
  EXPECT_THAT(errorOf([] { FileBytes("d"); }), HasSubstr("cannot read d: it is a directory"));
}

//===----------------------------------------------------------------------===//
// Safetensors
//===----------------------------------------------------------------------===//

static const float someValues[] = {1, -2.5, 3e-8f, 4, 5, 6};

static void saveSome(const std::string &path) {
  writeSafetensors(path, {{"b/kernel", {2, 2}, someValues}, {"a", {}, someValues + 4}, {"b/bias", {1}, someValues + 5}},
                   {{"model", "m"}});
}

TEST(Safetensors, readsWhatItWrites) {
  Folder folder;
  saveSome("w.safetensors");
  Safetensors file("w.safetensors");
  EXPECT_EQ(file.metadata().at("model"), "m");
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_THAT(floatsOf(file.tensors().at("b/kernel")), ElementsAre(1, -2.5, 3e-8f, 4));
  EXPECT_THAT(file.tensors().at("b/kernel").shape, ElementsAre(2, 2));
  EXPECT_THAT(file.tensors().at("a").shape, IsEmpty());
  EXPECT_THAT(floatsOf(file.tensors().at("a")), ElementsAre(5));

  std::string text = readText("w.safetensors");
  uint64_t header;
  std::memcpy(&header, text.data(), 8);
  EXPECT_EQ(header % 8, 0u) << "the data is aligned";
  size_t a = text.find("\"a\""), bias = text.find("\"b/bias\""), kernel = text.find("\"b/kernel\"");
  EXPECT_TRUE(a < bias && bias < kernel) << "sorted by name";
}

TEST(Safetensors, everyTruncationIsRefused) {
  Folder folder;
  saveSome("w.safetensors");
  std::string text = readText("w.safetensors");
  for (size_t size = 0; size < text.size(); ++size) {
    writeText("cut.safetensors", text.substr(0, size));
    EXPECT_THAT(errorOf([] { Safetensors("cut.safetensors"); }), HasSubstr("cut.safetensors")) << size;
  }
}

static std::string withHeader(const std::string &header, size_t dataBytes) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + header + std::string(dataBytes, '\0');
}

TEST(Safetensors, refusesWhatIsNotTheFormat) {
  Folder folder;
  struct Case {
    const char *header;
    size_t bytes;
    const char *says;
  };
  const Case cases[] = {
      {R"([])", 0, "does not begin with '{'"},
      {R"({"a":)", 0, "no JSON"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4, "'a' twice"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "its shape 2 needs 8"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "does not follow"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8, "4 bytes behind its last tensor"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 3, "cut short"},
      {R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", 4, "type F99"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "make no sense"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0, "make no sense"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", 4, "no dtype, shape and data_offsets"},
      {R"({"__metadata__":{"a":1}})", 0, "metadata 'a' is no text"},
  };
  for (const Case &bad : cases) {
    writeText("bad.safetensors", withHeader(bad.header, bad.bytes));
    EXPECT_THAT(errorOf([] { Safetensors("bad.safetensors"); }), HasSubstr(bad.says)) << bad.header;
  }
  writeText("bad.safetensors", std::string(8, '\xff') + "{}");
  EXPECT_THAT(errorOf([] { Safetensors("bad.safetensors"); }), HasSubstr("no safetensors file"));
}

//===----------------------------------------------------------------------===//
// NumPy's format
//===----------------------------------------------------------------------===//

TEST(Npy, readsWhatItWrites) {
  Folder folder;
  for (std::vector<int64_t> shape : {std::vector<int64_t>{6}, {2, 3}, {1, 2, 3}}) {
    writeNpy("p.npy", shape, someValues);
    Npy file("p.npy");
    EXPECT_EQ(file.tensor().shape, shape);
    EXPECT_THAT(floatsOf(file.tensor()), testing::ElementsAreArray(someValues));
    EXPECT_EQ((readText("p.npy").size() - 24) % 64, 0u);
  }
}

TEST(Npy, elementTypes) {
  Folder folder;
  auto values = [](const std::string &path) { return floatsOf(Npy(path).tensor()); };
  saveNpy<double>("a.npy", "<f8", "3,", {1, -2, 0.5});
  EXPECT_THAT(values("a.npy"), ElementsAre(1, -2, 0.5));
  saveNpy<int64_t>("a.npy", "<i8", "2, 1", {7, -8});
  EXPECT_THAT(values("a.npy"), ElementsAre(7, -8));
  saveNpy<int32_t>("a.npy", "<i4", "2,", {7, -8});
  EXPECT_THAT(values("a.npy"), ElementsAre(7, -8));
  saveNpy<int16_t>("a.npy", "<i2", "2,", {7, -8});
  EXPECT_THAT(values("a.npy"), ElementsAre(7, -8));
  saveNpy<uint8_t>("a.npy", "|u1", "2,", {7, 255});
  EXPECT_THAT(values("a.npy"), ElementsAre(7, 255));
  saveNpy<uint8_t>("a.npy", "|b1", "2,", {1, 0});
  EXPECT_THAT(values("a.npy"), ElementsAre(1, 0));
  saveNpy<uint16_t>("a.npy", "<f2", "5,", {0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00});
  EXPECT_THAT(values("a.npy"), ElementsAre(1, -2, 0x1p-24f, 65504, -INFINITY));
}

TEST(Npy, integersAreChecked) {
  Folder folder;
  int32_t out[3];
  saveNpy<double>("a.npy", "<f8", "3,", {1, -2, 0.5});
  EXPECT_EQ(toInteger(Npy("a.npy").tensor(), 0, out), 2);
  EXPECT_THAT(std::span(out, 2), ElementsAre(1, -2));
  saveNpy<int64_t>("a.npy", "<i8", "3,", {1, int64_t{1} << 40, 2});
  EXPECT_EQ(toInteger(Npy("a.npy").tensor(), 0, out), 1);
  saveNpy<double>("a.npy", "<f8", "3,", {1, 2, NAN});
  EXPECT_EQ(toInteger(Npy("a.npy").tensor(), 0, out), 2);
}

TEST(Npy, clearErrors) {
  Folder folder;
  auto error = [](const std::string &path) { return errorOf([&] { Npy file(path); }); };
  saveNpy<double>("a.npy", "<f8", "3,", {1, 2, 3});
  std::string text = readText("a.npy");
  for (size_t size = 0; size < text.size(); ++size) {
    writeText("cut.npy", text.substr(0, size));
    EXPECT_THAT(error("cut.npy"), HasSubstr("cut.npy")) << size;
  }
  writeText("long.npy", text + "x");
  EXPECT_THAT(error("long.npy"), HasSubstr("1 bytes behind its array"));
  saveNpy<double>("a.npy", ">f8", "1,", {1});
  EXPECT_THAT(error("a.npy"), HasSubstr("big-endian"));
  saveNpy<double>("a.npy", "<U2", "1,", {1});
  EXPECT_THAT(error("a.npy"), HasSubstr("only plain numbers"));
  saveNpy<double>("a.npy", "<f8", "99999999999, 99999999999", {1});
  EXPECT_THAT(error("a.npy"), HasSubstr("makes no sense"));
  std::string fortran = text;
  fortran.replace(fortran.find("False"), 5, "True,");
  fortran.replace(fortran.find("(3,)"), 4, "3,  ");
  writeText("f.npy", fortran);
  EXPECT_THAT(error("f.npy"), HasSubstr("f.npy"));
  writeText("no.npy", "hello, this is text");
  EXPECT_THAT(error("no.npy"), HasSubstr("no .npy file"));
}

//===----------------------------------------------------------------------===//
// Prepared data, and the CSV log
//===----------------------------------------------------------------------===//

TEST(Prepared, crcKnownAnswers) {
  auto crc = [](std::string_view text) { return crc32c(std::as_bytes(std::span(text))); };
  EXPECT_EQ(crc("123456789"), 0xe3069283u);
  EXPECT_EQ(crc(std::string(32, '\0')), 0x8a9136aau);
  std::string_view text = "in two parts, the same";
  uint32_t part = crc32c(std::as_bytes(std::span(text.substr(0, 7))));
  EXPECT_EQ(crc32c(std::as_bytes(std::span(text.substr(7))), part), crc(text));
  // Both ways to compute it, whatever is left behind the last whole word.
  for (size_t length = 0; length <= text.size(); ++length) {
    auto bytes = std::as_bytes(std::span(text.substr(0, length)));
    EXPECT_EQ(crc32cFromTables(bytes, 5), crc32c(bytes, 5)) << length;
  }
}

TEST(Prepared, everyDamageIsFound) {
  Folder folder;
  std::vector<int32_t> ids = {1, 2, 3};
  std::string words = "a\nb\n";
  writePrepared("d", {{"train.ids", std::as_bytes(std::span(ids))}, {"words", std::as_bytes(std::span(words))}});
  {
    PreparedData data("d");
    EXPECT_THAT(data.array<int32_t>("train.ids"), ElementsAre(1, 2, 3));
    EXPECT_EQ(data.section("words").size(), 4u);
    EXPECT_THAT(errorOf([&] { data.section("none"); }), HasSubstr("no section 'none'"));
  }
  std::string text = readText("d");
  for (size_t at = 0; at < text.size(); ++at) {
    std::string bad = text;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    writeText("bad", bad);
    bool unused = at >= 28 && at < 32; // the header's spare field
    EXPECT_EQ(errorOf([] { PreparedData("bad"); }).empty(), unused) << at;
    writeText("bad", text.substr(0, at));
    EXPECT_THAT(errorOf([] { PreparedData("bad"); }), HasSubstr("bad")) << at;
  }
}

TEST(CsvLog, asKeras) {
  Folder folder;
  {
    CsvLog log("log.csv");
    log.write(0, {{"accuracy", 0.5}, {"loss", 0.25}});
    log.write(1, {{"accuracy", 1}, {"loss", 1.0 / 3}});
  }
  EXPECT_EQ(readText("log.csv"), "epoch,accuracy,loss\n0,0.5,0.25\n1,1,0.3333333333333333\n");
  EXPECT_THAT(errorOf([] { CsvLog("none/log.csv"); }), HasSubstr("cannot write none/log.csv"));
}

//===- CommandsTest.cpp - A whole program: what it does and what it refuses ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Npy.h"
#include "runtime/io/Safetensors.h"
#include "tests/runtime/Helpers.h"

#include <cmath>
#include <csignal>
#include <random>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace weft;
using namespace weft::runtime;
using test::Outcome;
using test::readText;
using test::writeText;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

namespace {
constexpr int64_t rows = 500, width = 8;

/// A folder with data that a logistic regression can learn: x.npy, y.npy.
class Commands : public testing::Test {
protected:
  Commands() {
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    std::vector<float> weights(width);
    for (float &weight : weights)
      weight = normal(random);
    for (int64_t row = 0; row < rows; ++row) {
      float sum = 0;
      for (int64_t i = 0; i < width; ++i) {
        x.push_back(normal(random));
        sum += x.back() * weights[static_cast<size_t>(i)];
      }
      y.push_back(sum > 0);
    }
    writeNpy("x.npy", std::vector<int64_t>{rows, width}, x);
    writeNpy("y.npy", std::vector<int64_t>{rows}, y);
  }

  static Outcome model(std::vector<std::string> words, std::vector<std::string> environment = {}, int64_t limit = -1,
                       const std::string &program = LOGISTIC) {
    words.insert(words.begin(), program);
    return test::run(words, environment, limit);
  }

  static Outcome train(std::vector<std::string> words = {}, std::vector<std::string> environment = {}) {
    words.insert(words.begin(), {"train", "--data", "npy:x.npy,y.npy"});
    return model(words, environment);
  }

  static void expectRefused(const Outcome &outcome, const std::string &says) {
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(testing::StartsWith("error: "), HasSubstr(says)));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }

  static std::map<std::string, std::vector<float>> tensorsOf(const std::string &path) {
    Safetensors file(path);
    std::map<std::string, std::vector<float>> tensors;
    for (const auto &[name, tensor] : file.tensors()) {
      tensors[name].resize(static_cast<size_t>(tensor.size()));
      toFloat(tensor, 0, tensors[name]);
    }
    return tensors;
  }

  test::Folder folder;
  std::vector<float> x, y;
};
} // namespace

TEST_F(Commands, trainsAndSays) {
  Outcome outcome = train({"--validation", "0.2", "--epochs", "4", "--csv-log", "log.csv"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("Epoch 4/4 - 14/14 - "), HasSubstr("/step - accuracy: 0."),
                                 HasSubstr(" - val_loss: "), HasSubstr("saved logistic.safetensors\nwall "),
                                 HasSubstr("peak memory"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(outcome.out, MatchesRegex("accuracy: 0\\.[0-9]+ - loss: 0\\.[0-9]+ - val_accuracy: .* - val_loss: .*\n"));
  EXPECT_THAT(readText("log.csv"), testing::StartsWith("epoch,accuracy,loss,val_accuracy,val_loss\n0,0."));
  EXPECT_TRUE(std::filesystem::exists("logistic.safetensors"));

  Outcome score = model({"evaluate", "--data", "npy:x.npy,y.npy"});
  EXPECT_THAT(score.out, MatchesRegex("Loss: 0\\.[0-9]+\nAccuracy: [0-9.]+%\n"));
  score = model({"evaluate", "--data", "npy:x.npy,y.npy", "--json"});
  EXPECT_THAT(score.out, MatchesRegex("\\{\"accuracy\":0.*,\"loss\":0.*,\"rows\":500\\}\n"));
}

TEST_F(Commands, quiet) {
  Outcome outcome = train({"--quiet"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, Not(HasSubstr("Epoch")));
}

TEST_F(Commands, sameBytesForAnyNumberOfThreads) {
  std::string first;
  for (const char *threads : {"1", "2", "3", "1", "7"}) {
    ASSERT_EQ(train({"--threads", threads, "--save", "w.safetensors", "--csv-log", "log.csv"}).code, 0);
    std::string bytes = readText("w.safetensors") + readText("log.csv");
    if (first.empty())
      first = bytes;
    EXPECT_EQ(bytes, first) << threads;
  }
  ASSERT_EQ(train({"--seed", "8", "--save", "w.safetensors", "--csv-log", "log.csv"}).code, 0);
  EXPECT_NE(readText("w.safetensors") + readText("log.csv"), first);
}

TEST_F(Commands, nothingReadsWhatNobodyWrote) {
  ASSERT_EQ(train({"--save", "a.safetensors"}).code, 0);
  ASSERT_EQ(train({"--save", "b.safetensors"}, {"WEFT_POISON=1"}).code, 0);
  EXPECT_EQ(readText("a.safetensors"), readText("b.safetensors"));
}

TEST_F(Commands, stepsAndEpochs) {
  EXPECT_THAT(train({"--steps", "20"}).err, AllOf(HasSubstr("Epoch 1/2 - 17/17"), HasSubstr("Epoch 2/2 - 3/3")));
  EXPECT_THAT(train({"--steps", "20", "--epochs", "1"}).err, Not(HasSubstr("Epoch 2")));
  // No batch at all saves the initial weights; training from them is the same as training at once.
  ASSERT_EQ(train({"--steps", "0", "--save", "start.safetensors"}).code, 0);
  ASSERT_EQ(train({"--weights", "start.safetensors", "--save", "a.safetensors"}).code, 0);
  ASSERT_EQ(train({"--save", "b.safetensors"}).code, 0);
  EXPECT_EQ(readText("a.safetensors"), readText("b.safetensors"));
}

TEST_F(Commands, shufflesEachEpoch) {
  ASSERT_EQ(train({"--save", "a.safetensors"}).code, 0);
  ASSERT_EQ(train({"--save", "b.safetensors", "--no-shuffle"}).code, 0);
  EXPECT_NE(readText("a.safetensors"), readText("b.safetensors"));
}

TEST_F(Commands, learnsAsByHand) {
  // Two unshuffled steps of Adam, computed here in double.
  ASSERT_EQ(train({"--steps", "0", "--save", "start.safetensors"}).code, 0);
  ASSERT_EQ(train({"--steps", "2", "--no-shuffle", "--weights", "start.safetensors", "--csv-log", "log.csv"}).code, 0);
  auto start = tensorsOf("start.safetensors"), end = tensorsOf("logistic.safetensors");
  std::vector<double> w(start["dense/kernel"].begin(), start["dense/kernel"].end()), m(9), v(9);
  w.push_back(double{start["dense/bias"][0]});
  EXPECT_EQ(w.back(), 0);
  double loss = 0;
  for (int step = 1; step <= 2; ++step) {
    std::vector<double> gradient(9);
    for (int64_t row = 30 * (step - 1); row < 30 * step; ++row) {
      double z = w[8];
      for (int64_t i = 0; i < width; ++i)
        z += w[static_cast<size_t>(i)] * double{x[static_cast<size_t>(row * width + i)]};
      double p = 1 / (1 + std::exp(-z)), truth = double{y[static_cast<size_t>(row)]};
      loss -= truth ? std::log(p) : std::log(1 - p);
      for (int64_t i = 0; i <= width; ++i)
        gradient[static_cast<size_t>(i)] +=
            (p - truth) / 30 * (i < width ? double{x[static_cast<size_t>(row * width + i)]} : 1);
    }
    for (size_t i = 0; i < 9; ++i) {
      m[i] += 0.1 * (gradient[i] - m[i]);
      v[i] += 0.001 * (gradient[i] * gradient[i] - v[i]);
      w[i] -= 0.01 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step)) * m[i] / (std::sqrt(v[i]) + 1e-7);
    }
  }
  for (size_t i = 0; i < 8; ++i)
    EXPECT_NEAR(end["dense/kernel"][i], w[i], 1e-5);
  EXPECT_NEAR(end["dense/bias"][0], w[8], 1e-5);
  std::string log = readText("log.csv");
  EXPECT_NEAR(std::stod(log.substr(log.rfind(',') + 1)), loss / 60, 1e-5);
}

TEST_F(Commands, predictsAllRows) {
  ASSERT_EQ(train().code, 0);
  for (const char *input : {"x.npy", "x=x.npy"}) {
    Outcome outcome = model({"predict", "--input", input, "--output", "p.npy"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    Npy predictions("p.npy");
    EXPECT_THAT(predictions.tensor().shape, testing::ElementsAre(rows, 1));
    auto weights = tensorsOf("logistic.safetensors");
    for (int64_t row = 0; row < rows; ++row) {
      double z = double{weights["dense/bias"][0]};
      for (int64_t i = 0; i < width; ++i)
        z += double{weights["dense/kernel"][static_cast<size_t>(i)]} * double{x[static_cast<size_t>(row * width + i)]};
      ASSERT_NEAR(valueAt(predictions.tensor(), row), 1 / (1 + std::exp(-z)), 1e-6);
    }
  }
}

TEST_F(Commands, gradientsOfTheMeanLoss) {
  ASSERT_EQ(train().code, 0);
  auto weights = tensorsOf("logistic.safetensors");
  std::vector<double> expected(9);
  for (int64_t row = 0; row < rows; ++row) {
    double z = double{weights["dense/bias"][0]};
    for (int64_t i = 0; i < width; ++i)
      z += double{weights["dense/kernel"][static_cast<size_t>(i)]} * double{x[static_cast<size_t>(row * width + i)]};
    double error = (1 / (1 + std::exp(-z)) - double{y[static_cast<size_t>(row)]}) / rows;
    for (int64_t i = 0; i < width; ++i)
      expected[static_cast<size_t>(i)] += error * double{x[static_cast<size_t>(row * width + i)]};
    expected[8] += error;
  }
  for (const char *batch : {"500", "30", "1"}) {
    Outcome outcome = model({"gradients", "--data", "npy:x.npy,y.npy", "--save", "g.safetensors", "--batch", batch});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, testing::StartsWith("loss: 0."));
    auto gradients = tensorsOf("g.safetensors");
    for (size_t i = 0; i < 8; ++i)
      EXPECT_NEAR(gradients["dense/kernel"][i], expected[i], 1e-6) << batch;
    EXPECT_NEAR(gradients["dense/bias"][0], expected[8], 1e-6) << batch;
  }
}

TEST_F(Commands, lossOfTheModelsOwn) {
  auto evaluate = [](const std::string &program) {
    EXPECT_EQ(model({"train", "--data", "npy:x.npy,y.npy", "--quiet"}, {}, -1, program).code, 0);
    return model({"evaluate", "--data", "npy:x.npy,y.npy"}, {}, -1, program).out;
  };
  EXPECT_EQ(evaluate(LOGISTIC), evaluate(LOGISTIC_OWN_LOSS));
}

TEST_F(Commands, predictionsAreReadWhereNoFileIsNamed) {
  ASSERT_EQ(train().code, 0);
  ASSERT_EQ(model({"predict", "--input", "x.npy", "--output", "p.npy"}).code, 0);
  Npy file("p.npy");
  std::vector<float> values(rows);
  toFloat(file.tensor(), 0, values);
  std::string lines;
  for (float value : values)
    lines += fmt::format("{:.6g}\n", value);
  EXPECT_EQ(model({"predict", "--input", "x.npy"}).out, lines);
  expectRefused(model({"predict", "--text", "-"}), "logistic.safetensors holds no vocabulary, so texts cannot be read");
  expectRefused(model({"nearest", "word"}), "holds no vocabulary");
  expectRefused(model({"generate", "--prompt", "a"}), "holds no vocabulary");
}

TEST_F(Commands, summaryAndInfo) {
  EXPECT_THAT(model({"summary"}).out, AllOf(HasSubstr("Model: \"logistic\""), HasSubstr("│ dense (Dense) "),
                                            HasSubstr("(None, 1)"), HasSubstr("Total params: 9 (36.00 B)"),
                                            HasSubstr("Optimizer params: 18 (72.00 B)")));
  EXPECT_THAT(model({"info"}).out, AllOf(HasSubstr(fmt::format("abi version:        {}", WEFT_ABI_VERSION)), HasSubstr("slices:             4"),
                                         HasSubstr("32 + 32 + 32 + 24 bytes")));
  EXPECT_EQ(model({"--help"}).code, 0);
  EXPECT_THAT(model({"train", "--help"}).out, HasSubstr("--csv-log"));
}

//===----------------------------------------------------------------------===//
// What can go wrong
//===----------------------------------------------------------------------===//

TEST_F(Commands, wrongWords) {
  expectRefused(model({}), "subcommand is required");
  expectRefused(model({"train", "--speed", "9"}), "--speed");
  expectRefused(model({"train", "--epochs", "many"}), "--epochs");
  expectRefused(model({"train"}), "say --data");
  expectRefused(train({"--batch", "0"}), "--batch should be at least 1, it is 0");
  for (const char *flag : {"--epochs", "--steps", "--seed"})
    expectRefused(train({flag, "-1"}), std::string(flag) + " should be at least 0, it is -1");
  expectRefused(train({"--batch", "-1"}), "--batch should be at least 1, it is -1");
  expectRefused(train({"--log-dir", "logs", "--histogram-freq", "-1"}), "--histogram-freq should be at least 0, it is -1");
  expectRefused(train({"--threads", "-2"}), "--threads should be at least 1");
  expectRefused(train({"--validation", "2"}), "should lie between 0 and 1");
  expectRefused(model({"train", "--data", "npy:x.npy,none.npy"}), "cannot read none.npy");
  expectRefused(model({"predict"}), "Say --input X.npy, or --text FILE");
  expectRefused(model({"predict", "--weights", "none.safetensors", "--input", "x.npy", "--output", "p.npy"}),
                "cannot read none.safetensors");
  expectRefused(model({"evaluate", "--data", "npy:x.npy,y.npy"}), "Train first, or say --weights");
}

TEST_F(Commands, builtWithoutTraining) {
  ASSERT_EQ(train().code, 0);
  for (const char *command : {"train", "evaluate"})
    expectRefused(model({command, "--data", "npy:x.npy,y.npy"}, {}, -1, LOGISTIC_PREDICT),
                  "model 'logistic' was built without training: it can predict");
  expectRefused(model({"gradients", "--save", "g.safetensors"}, {}, -1, LOGISTIC_PREDICT), "built without training");
  EXPECT_EQ(model({"predict", "--input", "x.npy"}, {}, -1, LOGISTIC_PREDICT).out, model({"predict", "--input", "x.npy"}).out);
  EXPECT_THAT(model({"info"}, {}, -1, LOGISTIC_PREDICT).out, HasSubstr("training arenas:    none"));
}

TEST_F(Commands, wrongWeights) {
  ASSERT_EQ(train().code, 0);
  std::string good = readText("logistic.safetensors");
  writeText("cut.safetensors", good.substr(0, good.size() - 3));
  expectRefused(model({"evaluate", "--weights", "cut.safetensors", "--data", "npy:x.npy,y.npy"}), "cut.safetensors is cut short");
  const float values[16] = {};
  writeSafetensors("other.safetensors", {{"lstm/kernel", {4, 4}, values}, {"dense/kernel", {9, 1}, values}}, {});
  expectRefused(train({"--weights", "other.safetensors"}),
                "other.safetensors does not hold the weights of model 'logistic'; it lacks dense/bias; it has "
                "lstm/kernel, which the model has not; it has other shapes: dense/kernel (9×1, the model has 8×1)");
  EXPECT_EQ(readText("logistic.safetensors"), good) << "nothing was lost";
}

TEST_F(Commands, placesThatCannotBeWritten) {
  expectRefused(train({"--save", "none/w.safetensors"}), "cannot write none/w.safetensors");
  expectRefused(train({"--csv-log", "none/log.csv"}), "cannot write none/log.csv");
  ASSERT_EQ(train().code, 0);
  expectRefused(model({"predict", "--input", "x.npy", "--output", "none/p.npy"}), "cannot write none/p.npy");
}

TEST_F(Commands, fullDiskKeepsThePreviousFile) {
  ASSERT_EQ(train({"--save", "w.safetensors"}).code, 0);
  std::string before = readText("w.safetensors");
  std::vector<std::string> words = {"train", "--data", "npy:x.npy,y.npy", "--seed", "9", "--save", "w.safetensors", "--quiet"};
  Outcome outcome = model(words, {}, 180); // the file needs more
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("cannot write"));
  EXPECT_EQ(readText("w.safetensors"), before);
  for (const auto &entry : std::filesystem::directory_iterator("."))
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
}

TEST_F(Commands, lossThatIsNoNumber) {
  ASSERT_EQ(train({"--save", "w.safetensors"}).code, 0);
  std::string before = readText("w.safetensors");
  const float huge[] = {3e38f, 3e38f, 3e38f, 3e38f, 3e38f, 3e38f, 3e38f, 3e38f}, zero = 0;
  writeSafetensors("huge.safetensors", {{"dense/kernel", {8, 1}, huge}, {"dense/bias", {1}, &zero}}, {});
  expectRefused(train({"--weights", "huge.safetensors", "--save", "w.safetensors"}),
                "the loss is no longer a number in epoch 1, batch 1");
  EXPECT_EQ(readText("w.safetensors"), before);
}

TEST_F(Commands, binaryThatDoesNotFit) {
  Outcome outcome = model({"info"}, {}, -1, LOGISTIC_OTHER_CPU);
  expectRefused(outcome, "this processor lacks warp-drive");
  outcome = model({"info"}, {}, -1, LOGISTIC_OTHER_ABI);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("internal error: the model was compiled for ABI version 99"),
                                 HasSubstr("please report")));
}

TEST_F(Commands, interruptSaves) {
  pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open("err.txt", O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
    ::execl(LOGISTIC, LOGISTIC, "train", "--data", "npy:x.npy,y.npy", "--epochs", "1000000", "--csv-log", "log.csv", nullptr);
    ::_exit(127);
  }
  // Wait until it is training.
  for (int i = 0; i < 1000 && (!std::filesystem::exists("log.csv") || std::filesystem::file_size("log.csv") == 0); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_THAT(readText("err.txt"), AllOf(HasSubstr("interrupted after"), HasSubstr("train --resume\n")));
  EXPECT_EQ(tensorsOf("logistic.safetensors").size(), 2u);
}

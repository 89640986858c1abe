//===- ResumeTest.cpp - Runs that are killed, resumed, stopped, scheduled ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/io/Npy.h"
#include "runtime/io/Safetensors.h"
#include "runtime/train/Callbacks.h"
#include "tests/runtime/Helpers.h"

#include <csignal>
#include <chrono>
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
using testing::Not;

//===----------------------------------------------------------------------===//
// Callbacks
//===----------------------------------------------------------------------===//

static Settings withCallbacks(std::vector<Callback> callbacks) {
  Settings settings;
  settings.learningRate = 0.1;
  settings.callbacks = std::move(callbacks);
  return settings;
}

TEST(Callbacks, earlyStoppingWaits) {
  Settings settings = withCallbacks({{"early_stopping", {{"patience", "2"}, {"min_delta", "0.1"}}}});
  Callbacks callbacks(settings, {"loss", "val_loss"});
  const double losses[] = {1, 0.5, 0.45, 0.3, 0.29, 0.28};
  const bool best[] = {true, true, false, true, false, false};
  for (int64_t epoch = 0; epoch < 6; ++epoch) {
    Callbacks::Verdict verdict = callbacks.endEpoch(epoch, {{"val_loss", losses[epoch]}}, "w.safetensors");
    EXPECT_EQ(verdict.keepsWeights, best[epoch]) << epoch;
    EXPECT_EQ(verdict.stops, epoch == 5) << epoch;
  }
}

/// As in Keras: better epochs that do not reach the baseline do not end the waiting,
/// and epochs before start_from_epoch count for nothing.
TEST(Callbacks, earlyStoppingHasABaselineAndAStart) {
  Settings settings = withCallbacks({{"early_stopping",
                                      {{"patience", "3"}, {"baseline", "0.5"}, {"start_from_epoch", "1"},
                                       {"restore_best_weights", "false"}}}});
  Callbacks callbacks(settings, {"loss", "val_loss"});
  EXPECT_FALSE(callbacks.restoresBest());
  const double losses[] = {0.1, 0.9, 0.8, 0.85, 0.86};
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    Callbacks::Verdict verdict = callbacks.endEpoch(epoch, {{"val_loss", losses[epoch]}}, "w.safetensors");
    EXPECT_FALSE(verdict.keepsWeights) << epoch;
    EXPECT_EQ(verdict.stops, epoch >= 3) << epoch;
  }
  EXPECT_EQ(callbacks.states[0].bestEpoch, 2);
}

TEST(Callbacks, modeSaysWhatIsBetter) {
  Settings settings = withCallbacks({{"checkpoint", {{"monitor", "val_loss"}, {"mode", "max"}, {"path", "best"}}},
                                     {"checkpoint", {{"keep", "every"}, {"epochs", "2"}, {"path", "{epoch}"}}}});
  Callbacks callbacks(settings, {"val_loss"});
  auto files = [&](int64_t epoch, double value) {
    return callbacks.endEpoch(epoch, {{"val_loss", value}}, "w.safetensors").files;
  };
  EXPECT_THAT(files(0, 0.5), testing::ElementsAre("best"));
  EXPECT_THAT(files(1, 0.4), testing::ElementsAre("2"));
  EXPECT_THAT(files(2, 0.6), testing::ElementsAre("best"));
}

TEST(Callbacks, accuracyShouldRise) {
  Settings settings = withCallbacks({{"checkpoint", {{"monitor", "val_accuracy"}}}, {"checkpoint", {{"keep", "every"}}}});
  Callbacks callbacks(settings, {"val_accuracy"});
  auto files = [&](int64_t epoch, double value) {
    return callbacks.endEpoch(epoch, {{"val_accuracy", value}}, "out/w.safetensors").files;
  };
  EXPECT_THAT(files(0, 0.5), testing::ElementsAre("out/w.best.safetensors", "out/w.1.safetensors"));
  EXPECT_THAT(files(1, 0.4), testing::ElementsAre("out/w.2.safetensors"));
  EXPECT_THAT(files(2, 0.6), testing::ElementsAre("out/w.best.safetensors", "out/w.3.safetensors"));
}

TEST(Callbacks, plateausReduceTheRate) {
  Settings settings = withCallbacks({{"reduce_on_plateau",
                                      {{"monitor", "loss"}, {"patience", "2"}, {"factor", "0.5"}, {"cooldown", "1"},
                                       {"min_learning_rate", "0.03"}}}});
  Callbacks callbacks(settings, {"loss"});
  const double rates[] = {0.1, 0.1, 0.05, 0.05, 0.03, 0.03, 0.03};
  for (int64_t epoch = 0; epoch < 7; ++epoch) {
    callbacks.endEpoch(epoch, {{"loss", 1}}, "w");
    EXPECT_NEAR(callbacks.learningRate(epoch, 0, 1, 1), rates[epoch], 1e-12) << epoch;
  }
}

TEST(Callbacks, schedulesMultiply) {
  Settings settings = withCallbacks({{"step_decay", {{"every", "2"}, {"factor", "0.5"}}},
                                     {"cosine", {{"final", "0.2"}}},
                                     {"warm_up", {{"steps", "4"}}}});
  Callbacks callbacks(settings, {"loss"});
  EXPECT_TRUE(callbacks.changesRate());
  EXPECT_NEAR(callbacks.learningRate(0, 0, 10, 40), 0.1 / 4, 1e-12);
  EXPECT_NEAR(callbacks.learningRate(2, 20, 10, 40), 0.1 * 0.5 * 0.6, 1e-12);
  EXPECT_NEAR(callbacks.learningRate(5, 50, 10, 40), 0.1 * 0.25 * 0.2, 1e-12);
}

TEST(Callbacks, exponentialDecay) {
  Settings settings = withCallbacks({{"exponential_decay", {{"steps", "10"}, {"rate", "0.5"}}}});
  Callbacks callbacks(settings, {"loss"});
  EXPECT_TRUE(callbacks.changesRate());
  EXPECT_NEAR(callbacks.learningRate(0, 5, 10, 40), 0.1 * std::sqrt(0.5), 1e-12);
  settings.callbacks[0].arguments["staircase"] = "true";
  EXPECT_NEAR(callbacks.learningRate(0, 19, 10, 40), 0.05, 1e-12);
}

TEST(Callbacks, whatMakesNoSense) {
  auto refused = [](Callback callback) {
    return test::errorOf([&] { Callbacks(withCallbacks({callback}), {"loss", "accuracy"}); });
  };
  EXPECT_THAT(refused({"early_stopping", {}}), HasSubstr("monitors val_loss, which this run does not compute"));
  EXPECT_THAT(refused({"warm_up", {{"steps", "0"}}}), HasSubstr("steps of warm_up should be a whole number of at least 1"));
  EXPECT_THAT(refused({"checkpoint", {{"monitor", "loss"}, {"keep", "some"}}}), HasSubstr("best or every"));
}

//===----------------------------------------------------------------------===//
// Resuming
//===----------------------------------------------------------------------===//

namespace {
class Resume : public testing::Test {
protected:
  static constexpr int64_t rows = 3000, width = 8;

  Resume() {
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    std::vector<float> x, y;
    for (int64_t row = 0; row < rows; ++row) {
      float sum = 0;
      for (int64_t i = 0; i < width; ++i) {
        x.push_back(normal(random));
        sum += x.back();
      }
      y.push_back(sum > 0);
    }
    writeNpy("x.npy", std::vector<int64_t>{rows, width}, x);
    writeNpy("y.npy", std::vector<int64_t>{rows}, y);
  }

  static std::vector<std::string> words(std::vector<std::string> more) {
    std::vector<std::string> all = {LOGISTIC_CALLBACKS, "train", "--data", "npy:x.npy,y.npy", "--validation", "0.2",
                                    "--batch", "5", "--checkpoint-every", "50"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  static void expectRefused(const Outcome &outcome, const std::string &says) {
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(testing::StartsWith("error: "), HasSubstr(says)));
  }

  test::Folder folder;
};
} // namespace

TEST_F(Resume, killedAtAnyMoment) {
  auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(test::run(words({"--epochs", "8"})).code, 0);
  double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::string weights = readText("logistic.safetensors"), log = readText("log.csv");
  for (const char *file : {"logistic.safetensors", "log.csv", "logistic.checkpoint.safetensors"})
    std::filesystem::remove(file);
  std::mt19937 random(11);
  int kills = 0;
  bool done = false;
  while (!done) {
    std::vector<std::string> command = words({"--epochs", "8", "--resume", "--quiet"});
    std::vector<char *> arguments;
    for (std::string &word : command)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = ::fork();
    if (child == 0) {
      ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
      ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    int status = 0;
    if (kills < 20) {
      std::this_thread::sleep_for(std::chrono::duration<double>(whole / 20 * (0.2 + double(random() % 1000) / 500)));
      ++kills;
      ::kill(child, SIGKILL);
    }
    ::waitpid(child, &status, 0);
    done = WIFEXITED(status);
    if (done) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
    }
  }
  EXPECT_EQ(readText("logistic.safetensors"), weights) << kills;
  EXPECT_EQ(readText("log.csv"), log);
  for (const auto &entry : std::filesystem::directory_iterator("."))
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
}

TEST_F(Resume, finishedRunGoesOn) {
  ASSERT_EQ(test::run(words({"--epochs", "4"})).code, 0);
  std::string weights = readText("logistic.safetensors"), log = readText("log.csv");
  ASSERT_EQ(test::run(words({"--epochs", "2"})).code, 0);
  // What is not said again is known from the checkpoint.
  Outcome outcome = test::run({LOGISTIC_CALLBACKS, "train", "--resume", "--epochs", "4"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("epoch 3, 0 of 480 batches done"), Not(HasSubstr("Epoch 2/"))));
  EXPECT_EQ(readText("logistic.safetensors"), weights);
  EXPECT_EQ(readText("log.csv"), log);
  outcome = test::run({LOGISTIC_CALLBACKS, "train", "--resume"});
  EXPECT_THAT(outcome.err, HasSubstr("the run is finished; to go on, say --epochs with more than 4"));
  EXPECT_EQ(readText("logistic.safetensors"), weights);
  outcome = test::run({LOGISTIC_CALLBACKS, "train", "--resume", "--steps", "5"});
  EXPECT_THAT(outcome.err, HasSubstr("the run is finished; to go on, say --steps with more than 1920"));
  EXPECT_EQ(readText("logistic.safetensors"), weights);
}

TEST_F(Resume, noBatchTwice) {
  ASSERT_EQ(test::run(words({"--steps", "960"})).code, 0);
  std::string weights = readText("logistic.safetensors");
  ASSERT_EQ(test::run(words({"--steps", "700"})).code, 0);
  Outcome outcome = test::run(words({"--steps", "960", "--resume"}));
  EXPECT_THAT(outcome.err, HasSubstr("epoch 2, 220 of 480 batches done"));
  EXPECT_EQ(readText("logistic.safetensors"), weights);
}

TEST_F(Resume, whatDoesNotFit) {
  ASSERT_EQ(test::run(words({"--epochs", "1"})).code, 0);
  std::string good = readText("logistic.checkpoint.safetensors");
  expectRefused(test::run(words({"--resume", "--seed", "9"})), "other settings: seed was 7, is 9");
  expectRefused(test::run({LOGISTIC, "train", "--data", "npy:x.npy,y.npy", "--resume"}), "callbacks was");
  writeText("logistic.checkpoint.safetensors", good.substr(0, good.size() - 1));
  expectRefused(test::run(words({"--resume"})), "is cut short");
  std::filesystem::copy_file("logistic.safetensors", "logistic.checkpoint.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  expectRefused(test::run(words({"--resume"})), "is no checkpoint of a training run");
}

TEST_F(Resume, fullDiskKeepsTheCheckpoint) {
  ASSERT_EQ(test::run(words({"--epochs", "3"})).code, 0);
  std::string weights = readText("logistic.safetensors");
  ASSERT_EQ(test::run(words({"--epochs", "1"})).code, 0);
  std::string before = readText("logistic.checkpoint.safetensors");
  expectRefused(test::run(words({"--resume", "--epochs", "3", "--quiet"}), {}, 1000), "cannot write");
  EXPECT_EQ(readText("logistic.checkpoint.safetensors"), before);
  ASSERT_EQ(test::run(words({"--resume", "--epochs", "3"})).code, 0);
  EXPECT_EQ(readText("logistic.safetensors"), weights);
}

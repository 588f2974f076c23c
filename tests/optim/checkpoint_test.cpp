// checkpoint_test.cpp — a run that is killed at any moment ends with the same bits as one that is not.
#include "data/checkpoint.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "optim/optim.h"
#include "tests/testing.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using data::Checkpoint;

class Checkpoints : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  const fs::path folder_ = fs::temp_directory_path() / concat("heed_checkpoints_", getpid());
  const std::string path_ = (folder_ / "run.safetensors").string();

  // Starts the training, its output into a file; the process's number.
  pid_t start(const std::string& path, const std::string& output) {
    const pid_t child = fork();
    if (child == 0) {
      if (!freopen(output.c_str(), "w", stdout)) _exit(3);
      execl(HEED_KILLED_TRAINING, "killed_training", path.c_str(), "60", nullptr);
      _exit(4);
    }
    return child;
  }
  static std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  }
};

TEST_F(Checkpoints, AKilledRunEndsWithTheSameBits) {
  const std::string output = (folder_ / "said").string();
  int status = 0;
  const auto before = std::chrono::steady_clock::now();
  waitpid(start((folder_ / "whole").string(), output), &status, 0);
  const auto whole =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - before)
          .count();
  ASSERT_EQ(status, 0);
  const std::string undisturbed = text_of(output);
  ASSERT_EQ(undisturbed.size(), 16U);

  Generator gen(1);
  int kills = 0, runs = 0, resumed = 0, saving = 0;
  while (kills < 50) {
    const bool there = fs::exists(path_), left_before = fs::exists(path_ + ".part");
    const pid_t child = start(path_, output);
    usleep(static_cast<useconds_t>(gen.below(static_cast<std::uint64_t>(whole) / 2 + 1)));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
      ++kills;
      resumed += there;
      saving += fs::exists(path_ + ".part") && !left_before;
      continue;
    }
    ASSERT_EQ(status, 0);
    EXPECT_EQ(text_of(output), undisturbed);
    ++runs;
    fs::remove(path_);  // it came to its end: the next one begins anew
  }
  waitpid(start(path_, output), &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(text_of(output), undisturbed);
  EXPECT_GT(resumed, 10) << "most kills must have found something to go on from";
  std::printf(
      "%d kills, %d of them of a resumed run and %d in the middle of a save, %d runs to the end, the same "
      "bits "
      "each time\n",
      kills, resumed, saving, runs + 1);
}

TEST_F(Checkpoints, GiveBackWhatWasPutIn) {
  Generator gen(7);
  gen.take(5);
  (void)gen.fork();
  Checkpoint save;
  save.put("model", {{"weight", tensor({1, 2})}, {"more.bias", scalar(3, f64)}});
  save.put("model2", {{"weight", tensor({9})}});
  save.put("step", -12);
  save.put("dropout", gen);
  save.write(path_);
  const Checkpoint saved(path_);
  const NamedTensors model = saved.tensors("model");
  ASSERT_EQ(model.size(), 2U);
  EXPECT_EQ(saved.tensors("model2").size(), 1U);
  EXPECT_TRUE(saved.tensors("nobody").empty());
  EXPECT_EQ(saved.number("step"), -12);
  EXPECT_EQ(saved.generator("dropout").state(), gen.state());
  EXPECT_EQ(error_of([&] { (void)saved.number("nobody"); }), "[checkpoint] " + path_ + ": holds no 'nobody'");
  EXPECT_EQ(error_of([&] { (void)saved.number("dropout"); }),
            concat("[checkpoint] ", path_, ": 'dropout' is \"7 0 5 1\", not a whole number"));
  EXPECT_EQ(error_of([&] { (void)saved.generator("step"); }),
            "[checkpoint] " + path_ + ": 'step' is \"-12\", not the state of a generator");
  data::save_safetensors(path_, {{"x", ones({1})}});
  EXPECT_EQ(error_of([&] { Checkpoint{path_}; }),
            "[checkpoint] " + path_ + ": not a checkpoint of heed, but other weights");
}

TEST(OptimizerState, AnotherOptimizerGoesOnWithTheSameBits) {
  const auto trained = [](int steps_before, int steps_after) {
    std::vector<double> result;
    for (const int which : {0, 1, 2, 3}) {
      const Tensor w = noise({4}).set_requires_grad();
      const auto make = [&]() -> std::unique_ptr<optim::Optimizer> {
        if (which == 0)
          return std::make_unique<optim::SGD>(std::vector{w}, optim::SGDOptions{.lr = 0.1, .momentum = 0.9});
        if (which == 1) return std::make_unique<optim::Adam>(std::vector{w}, optim::AdamOptions{.lr = 0.1});
        if (which == 2)
          return std::make_unique<optim::AdamW>(std::vector{w},
                                                optim::AdamWOptions{.lr = 0.1, .amsgrad = true});
        return std::make_unique<optim::RMSprop>(std::vector{w},
                                                optim::RMSpropOptions{.momentum = 0.5, .centered = true});
      };
      auto optimizer = make();
      const auto run = [&](int steps) {
        for (int i = 0; i < steps; ++i) {
          optimizer->zero_grad();
          sum(w * w * w).backward();
          optimizer->step();
        }
      };
      run(steps_before);
      const NamedTensors state = optimizer->state_dict();
      optimizer = make();
      optimizer->load_state_dict(state);
      run(steps_after);
      EXPECT_EQ(optimizer->steps(), steps_before + steps_after);
      for (const double x : w.to_vector()) result.push_back(x);
    }
    return result;
  };
  EXPECT_EQ(trained(3, 4), trained(7, 0));
}

TEST(OptimizerState, WhatDoesNotFitIsRefusedAndNothingChanges) {
  const Tensor w = ones({2}).set_requires_grad();
  optim::SGD sgd({w}, {.lr = 0.1, .momentum = 0.9});
  EXPECT_EQ(error_of([&] { sgd.load_state_dict({}); }),
            "[SGD] the state has no 'steps'; it is none of an optimizer");
  EXPECT_EQ(error_of([&] {
              sgd.load_state_dict({{"steps", scalar(4)}, {"0.momentum_buffer", ones({3})}});
            }),
            "[SGD] '0.momentum_buffer' of the state is (3) and must be (2)");
  EXPECT_EQ(error_of([&] {
              sgd.load_state_dict({{"steps", scalar(4)}, {"0.exp_avg", ones({2})}});
            }),
            "[SGD] the state has '0.exp_avg', which this optimizer does not keep");
  EXPECT_EQ(sgd.steps(), 0);
}

}  // namespace
}  // namespace heed

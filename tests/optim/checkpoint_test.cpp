// checkpoint_test.cpp — training that is killed and resumed ends with the same bits as
// uninterrupted training.
#include "data/checkpoint.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdint>
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

  // Starts the training with its output in a file, and returns the process id.
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
    fs::remove(path_);  // the run finished: the next one starts from the beginning
  }
  waitpid(start(path_, output), &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(text_of(output), undisturbed);
  EXPECT_GT(resumed, 10) << "most killed runs must have been resumed from a checkpoint";
  std::printf(
      "%d kills, %d of them of a resumed run and %d in the middle of a save, %d runs to the end, the same "
      "bits "
      "each time\n",
      kills, resumed, saving, runs + 1);
}

TEST_F(Checkpoints, RoundTrip) {
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
  EXPECT_TRUE(saved.tensors("missing").empty());
  EXPECT_EQ(saved.number("step"), -12);
  EXPECT_EQ(saved.generator("dropout").state(), gen.state());
  EXPECT_EQ(error_of([&] { (void)saved.number("missing"); }),
            "[checkpoint] " + path_ + ": no entry 'missing'");
  EXPECT_EQ(error_of([&] { (void)saved.number("dropout"); }),
            concat("[checkpoint] ", path_, ": 'dropout': expected an integer, got \"7 0 5 1\""));
  EXPECT_EQ(error_of([&] { (void)saved.generator("step"); }),
            "[checkpoint] " + path_ + ": 'step': expected the state of a generator, got \"-12\"");
  data::save_safetensors(path_, {{"x", ones({1})}});
  EXPECT_EQ(error_of([&] { Checkpoint{path_}; }),
            "[checkpoint] " + path_ + ": expected a checkpoint written by heed, got other tensors");
}

TEST_F(Checkpoints, RejectValuesThatDoNotRoundTrip) {
  Checkpoint save;
  save.put("model", {{"weight", ones({1})}, {"head.bias", ones({1})}});
  save.put("step", 5);
  save.put("generator.dropout", Generator(3));
  const auto error = [&](const auto& name, const auto& what) {
    return error_of([&] { save.put(name, what); });
  };
  const NamedTensors tensors = {{"x", ones({1})}};
  const std::string reserved =
      "[checkpoint] expected another name than 'form', which is reserved for the format's version";
  EXPECT_EQ(error("form", 5), reserved);
  EXPECT_EQ(error("form", Generator(1)), reserved);
  EXPECT_EQ(error("form", tensors), reserved);
  EXPECT_EQ(error("", 5), "[checkpoint] expected a name, got an empty string");
  EXPECT_EQ(error("", Generator(1)), "[checkpoint] expected a name, got an empty string");
  EXPECT_EQ(error("", tensors), "[checkpoint] expected a name, got an empty string");
  EXPECT_EQ(error("step", 6), "[checkpoint] expected a new name, got 'step' again");
  EXPECT_EQ(error("step", Generator(1)), "[checkpoint] expected a new name, got 'step' again");
  EXPECT_EQ(error("step", tensors), "[checkpoint] expected a new name, got 'step' again");
  EXPECT_EQ(error("generator.dropout", 1), "[checkpoint] expected a new name, got 'generator.dropout' again");
  EXPECT_EQ(error("model", tensors), "[checkpoint] expected a new name, got 'model' again");
  EXPECT_EQ(error("model", 5), "[checkpoint] expected a new name, got 'model' again");
  EXPECT_EQ(error("model.weight", 5), "[checkpoint] expected a new name, got 'model.weight' again");
  EXPECT_EQ(error("generator", NamedTensors{{"dropout", ones({1})}}),
            "[checkpoint] expected a new name, got 'generator.dropout' again");
  EXPECT_EQ(error("model.more", tensors),
            "[checkpoint] expected a prefix without a dot, got 'model.more'; its tensors could not be told "
            "apart from those of a shorter prefix");
  EXPECT_EQ(error("twice", NamedTensors{{"x", ones({1})}, {"x", ones({1})}}),
            "[checkpoint] expected unique names in 'twice', got 'x' twice");
  const std::string integer = "expected an integer that fits 64 bits, got ",
                    hint = ". Hint: store other numbers as a tensor, scalar(x, f64)";
  EXPECT_EQ(error("loss", 0.5), "[checkpoint] 'loss': " + integer + "0.5" + hint);
  EXPECT_EQ(error("loss", NAN), "[checkpoint] 'loss': " + integer + "nan" + hint);
  EXPECT_EQ(error("loss", -INFINITY), "[checkpoint] 'loss': " + integer + "-inf" + hint);
  EXPECT_EQ(error("loss", 0x1p63), "[checkpoint] 'loss': " + integer + "9.22337e+18" + hint);
  EXPECT_EQ(error("loss", UINT64_MAX), "[checkpoint] 'loss': " + integer + "18446744073709551615" + hint);

  save.put("least", INT64_MIN);
  save.put("most", INT64_MAX);
  save.put("unsigned", 7U);
  save.put("whole", -3.0);
  save.put("flag", true);
  save.put("a \"name\"\n한", 9);
  save.write(path_);
  const Checkpoint saved(path_);
  EXPECT_EQ(saved.number("step"), 5) << "a rejected value changes nothing";
  EXPECT_EQ(saved.tensors("model").size(), 2U);
  EXPECT_TRUE(saved.tensors("twice").empty());
  EXPECT_EQ(saved.number("least"), INT64_MIN);
  EXPECT_EQ(saved.number("most"), INT64_MAX);
  EXPECT_EQ(saved.number("unsigned"), 7);
  EXPECT_EQ(saved.number("whole"), -3);
  EXPECT_EQ(saved.number("flag"), 1);
  EXPECT_EQ(saved.number("a \"name\"\n한"), 9);
  EXPECT_EQ(saved.generator("generator.dropout").state(), Generator(3).state());
}

TEST(OptimizerState, AnotherOptimizerContinuesWithTheSameBits) {
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

TEST(OptimizerState, AMismatchThrowsAndChangesNothing) {
  const Tensor w = ones({2}).set_requires_grad();
  optim::SGD sgd({w}, {.lr = 0.1, .momentum = 0.9});
  EXPECT_EQ(error_of([&] { sgd.load_state_dict({}); }),
            "[SGD] missing 'steps': this is not an optimizer state dict");
  EXPECT_EQ(error_of([&] {
              sgd.load_state_dict({{"steps", scalar(4)}, {"0.momentum_buffer", ones({3})}});
            }),
            "[SGD] expected '0.momentum_buffer' of shape (2), got (3)");
  EXPECT_EQ(error_of([&] {
              sgd.load_state_dict({{"steps", scalar(4)}, {"0.exp_avg", ones({2})}});
            }),
            "[SGD] the state contains '0.exp_avg', which this optimizer does not have");
  EXPECT_EQ(sgd.steps(), 0);
}

std::unique_ptr<optim::Optimizer> make_optimizer(int which, const std::vector<Tensor>& parameters) {
  using namespace optim;
  switch (which) {
    case 0:
      return std::make_unique<SGD>(parameters, SGDOptions{.lr = 0.1, .momentum = 0.9});
    case 1:
      return std::make_unique<Adam>(parameters, AdamOptions{.lr = 0.1});
    case 2:
      return std::make_unique<AdamW>(parameters, AdamWOptions{.lr = 0.1, .amsgrad = true});
    default:
      return std::make_unique<RMSprop>(parameters, RMSpropOptions{.momentum = 0.5, .centered = true});
  }
}

// For each optimizer, every missing or changed member of the state throws an error that names it,
// and the optimizer continues as if nothing had been loaded.
TEST(OptimizerState, EveryDamagedMemberThrowsAndChangesNothing) {
  const char* const names[] = {"SGD", "Adam", "AdamW", "RMSprop"};
  for (int which = 0; which < 4; ++which) {
    const std::string op = concat("[", names[which], "] ");
    const Tensor w = ones({2}).set_requires_grad(), never = ones({3}).set_requires_grad();
    const auto optimizer = make_optimizer(which, {w, never});
    const auto step = [&] {
      optimizer->zero_grad();
      sum(w * w).backward();
      optimizer->step();
    };
    step();
    NamedTensors good;
    for (const auto& [name, t] : optimizer->state_dict()) good.emplace_back(name, t.clone());
    step();
    const auto before = [&] {
      std::vector<double> numbers;
      for (const auto& [name, t] : optimizer->state_dict())
        for (const double x : t.to_vector()) numbers.push_back(x);
      return numbers;
    };
    const std::vector<double> expected = before();
    const auto error = [&](const NamedTensors& state) {
      std::string text = error_of([&] { optimizer->load_state_dict(state); });
      EXPECT_EQ(before(), expected) << text;
      return text;
    };
    const auto changed = [&](std::size_t i, const Tensor& to) {
      NamedTensors state = good;
      state[i].second = to;
      return error(state);
    };
    for (std::size_t i = 0; i < good.size(); ++i) {
      const auto& [name, t] = good[i];
      NamedTensors state = good;
      state.erase(state.begin() + static_cast<std::ptrdiff_t>(i));
      const std::string missing = error(state);
      expect_contains(missing, op);
      expect_contains(missing, "missing '" + name + "'");
      if (name != "steps")
        expect_contains(missing, name[0] == '0' ? " for parameter 0 (2)" : " for parameter 1 (3)");
      state = good;
      state.push_back(good[i]);
      EXPECT_EQ(error(state), op + "the state contains '" + name + "' twice");
      EXPECT_EQ(changed(i, Tensor()),
                concat(op, "expected '", name, "' of shape ", t.shape(), ", got an undefined tensor"));
      EXPECT_EQ(changed(i, ones({7})), concat(op, "expected '", name, "' of shape ", t.shape(), ", got (7)"));
      if (t.rank() > 0) {
        EXPECT_EQ(changed(i, t.to(f64)), op + "expected '" + name +
                                             "' to be f32 as parameter 0, got f64. Hint: load the state "
                                             "before the model's to(), or convert it with to()");
        continue;
      }
      for (const double wrong : std::vector<double>{-1, 0.5, 1e300, -INFINITY, INFINITY, NAN})
        EXPECT_EQ(changed(i, scalar(wrong, f64)),
                  concat(op, "expected '", name, "' to be an integer >= 0, got ", wrong));
    }
    NamedTensors more = good;
    more.emplace_back("2.step", scalar(1));
    EXPECT_EQ(error(more), op + "the state contains '2.step', which this optimizer does not have");
    optimizer->load_state_dict(good);
    EXPECT_EQ(optimizer->steps(), 1);
  }
}

TEST(OptimizerState, StepsAndMomentsBelongTogether) {
  const Tensor w = ones({2}).set_requires_grad();
  optim::Adam adam({w});
  const auto error = [&](const NamedTensors& state) {
    return error_of([&] { adam.load_state_dict(state); });
  };
  EXPECT_EQ(error({{"steps", scalar(3)}, {"0.step", scalar(3)}, {"0.exp_avg", ones({2})}}),
            "[Adam] missing '0.exp_avg_sq' for parameter 0 (2), whose '0.step' is 3");
  EXPECT_EQ(error({{"steps", scalar(3)}, {"0.exp_avg", ones({2})}, {"0.exp_avg_sq", ones({2})}}),
            "[Adam] missing '0.step' for parameter 0 (2)");
  EXPECT_EQ(error({{"steps", scalar(3)},
                   {"0.step", scalar(0)},
                   {"0.exp_avg", ones({2})},
                   {"0.exp_avg_sq", ones({2})}}),
            "[Adam] unexpected '0.exp_avg' for parameter 0 (2), whose '0.step' is 0");
  EXPECT_EQ(error({{"steps", scalar(NAN)}, {"0.step", scalar(0)}}),
            "[Adam] expected 'steps' to be an integer >= 0, got nan");
  EXPECT_EQ(error({{"steps", scalar(3)}, {"0.step", scalar(0)}}), "")
      << "a parameter that never had a gradient";
  EXPECT_EQ(adam.steps(), 3);

  optim::Adam amsgrad({w}, {.amsgrad = true});
  EXPECT_EQ(error_of([&] {
              amsgrad.load_state_dict({{"steps", scalar(1)},
                                       {"0.step", scalar(1)},
                                       {"0.exp_avg", ones({2})},
                                       {"0.exp_avg_sq", ones({2})}});
            }),
            "[Adam] missing '0.max_exp_avg_sq' for parameter 0 (2), whose '0.step' is 1");
}

}  // namespace
}  // namespace heed

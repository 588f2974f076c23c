#include "optim/optimizer.h"

#include <cmath>
#include <functional>
#include <memory>

#include "optim/optim.h"
#include "tests/testing.h"

namespace heed::optim {
namespace {

Tensor parameter(double value = 1) { return full({2}, value).set_requires_grad(); }

TEST(Optimizer, AdamsFirstStepIsTheLearningRate) {  // AG-26
  const Tensor w = scalar(0).set_requires_grad();
  Adam adam({w}, {.lr = 0.1});
  (w * 0.5).backward();
  adam.step();
  EXPECT_NEAR(w.item(), -0.1, 1e-6) << "without bias correction it would be -0.3162";
}

// The bias corrections cancel 1 - beta exactly, so the first step is the learning rate for all
// betas.
TEST(Optimizer, AdamsFirstStepIsTheLearningRateForAnyBetas) {
  for (const DType dtype : {f32, f64})
    for (const double beta1 : {0.0, 0.9, 0.999999})
      for (const double beta2 : {0.0, 0.999, 0.999999, 0.99999999})
        for (const bool amsgrad : {false, true}) {
          Tensor w = scalar(0, dtype).set_requires_grad();
          Adam adam({w}, {.lr = 0.1, .beta1 = beta1, .beta2 = beta2, .eps = 0, .amsgrad = amsgrad});
          w.set_grad(scalar(0.5, dtype));
          adam.step();
          EXPECT_NEAR(w.item(), -0.1, dtype == f32 ? 3e-8 : 1e-9)
              << name(dtype) << " " << beta1 << " " << beta2 << " " << amsgrad;
        }
}

// The variance of equal gradients is 0, but s - a² may round to a slightly negative number.
TEST(Optimizer, CenteredRMSpropHandlesEqualGradients) {
  for (const DType dtype : {f32, f64}) {
    Generator gen(0);
    Tensor w = ones({1000}, dtype).set_requires_grad();
    const Tensor gradient = rand({1000}, gen).to(dtype) * 3;
    RMSprop rmsprop({w}, {.alpha = 0.9, .centered = true});
    for (int step = 0; step < 400; ++step) {
      w.set_grad(gradient);
      rmsprop.step();
    }
    EXPECT_EQ(isnan(w).count(), 0) << name(dtype);
  }
}

// One step in float differs from one in double by the rounding of float, not by that of 1 -
// hyperparameter in float.
TEST(Optimizer, HyperparametersAreDoublesUntilTheyAreUsed) {
  const auto stepped = [](DType dtype, const auto& make) {
    Tensor w = full({3}, 1, dtype).set_requires_grad();
    const std::unique_ptr<Optimizer> optimizer = make(w);
    for (const double g : {0.5, -0.25, 2.0}) {
      w.set_grad(full({3}, g, dtype));
      optimizer->step();
    }
    NamedTensors all = optimizer->state_dict();
    all.emplace_back("w", w.detach().clone());
    return all;
  };
  const std::vector<std::function<std::unique_ptr<Optimizer>(const Tensor&)>> makes = {
      [](const Tensor& w) {
        return std::make_unique<SGD>(
            std::vector{w},
            SGDOptions{.lr = 0.1, .momentum = 0.999999, .dampening = 0.999999, .weight_decay = 0.123456789});
      },
      [](const Tensor& w) {
        return std::make_unique<RMSprop>(std::vector{w}, RMSpropOptions{.lr = 0.1, .alpha = 0.999999});
      },
      [](const Tensor& w) {
        return std::make_unique<Adam>(
            std::vector{w},
            AdamOptions{.lr = 0.1, .beta1 = 0.999999, .beta2 = 0.99999999, .weight_decay = 0.1});
      },
      [](const Tensor& w) {
        return std::make_unique<AdamW>(std::vector{w},
                                       AdamWOptions{.lr = 0.1, .beta1 = 0.9999, .beta2 = 0.9999999});
      },
      [](const Tensor& w) {
        return std::make_unique<AdamW>(
            std::vector{w}, AdamWOptions{.lr = 0.1, .beta1 = 0.9999, .beta2 = 0.9999999, .amsgrad = true});
      }};
  for (std::size_t i = 0; i < makes.size(); ++i) {
    const NamedTensors a = stepped(f32, makes[i]), b = stepped(f64, makes[i]);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t t = 0; t < a.size(); ++t) {
      const double x = max(a[t].second).item(), y = max(b[t].second).item();
      EXPECT_NEAR(x, y, 1e-6 * std::abs(y)) << i << " " << a[t].first;
    }
  }
}

TEST(Optimizer, StateIsConvertedWithTheModelsDtype) {
  for (const bool amsgrad : {false, true}) {
    Tensor w = parameter();
    Adam adam({w}, {.lr = 0.1, .amsgrad = amsgrad});
    SGD sgd({w}, {.lr = 0.1, .momentum = 0.9});
    RMSprop rmsprop({w}, {.momentum = 0.9, .centered = true});
    WeightAverage average({w}, 0.9);
    const auto step = [&](DType dtype) {
      w.set_grad(full({2}, 0.5, dtype));
      adam.step();
      sgd.step();
      rmsprop.step();
      average.update();
    };
    step(f32);
    for (const DType dtype : {f64, f32}) {
      Tensor converted = w.detach().to(dtype).set_requires_grad();
      w.set_grad(Tensor());
      *w.state() = *converted.state();  // as Module::to does
      step(dtype);
      EXPECT_EQ(adam.first_moments()[0].dtype(), dtype);
      EXPECT_EQ(sgd.velocity()[0].dtype(), dtype);
      EXPECT_EQ(average.averages()[0].dtype(), dtype);
      average.swap();
      average.swap();
    }
    EXPECT_NEAR(adam.first_moments()[0].at({0}), 0.5 * (1 - 0.9 * 0.9 * 0.9), 1e-6) << "nothing was lost";
    EXPECT_NEAR(sgd.velocity()[0].at({0}), 0.5 * (1 + 0.9 + 0.81), 1e-6);
  }
}

TEST(Optimizer, ZeroGradClearsGradients) {
  const Tensor w = parameter();
  SGD sgd({w}, {.lr = 1});
  sum(w).backward();
  sgd.zero_grad();
  EXPECT_FALSE(w.grad().defined());
  sgd.step();
  EXPECT_EQ(w.at({0}), 1) << "a parameter without a gradient does not change";
}

TEST(Optimizer, MinimisesAParabola) {
  for (const int which : {0, 1, 2}) {
    const Tensor w = parameter(3);
    std::unique_ptr<Optimizer> optimizer;
    if (which == 0) optimizer = std::make_unique<SGD>(std::vector{w}, SGDOptions{.lr = 0.1, .momentum = 0.5});
    if (which == 1) optimizer = std::make_unique<Adam>(std::vector{w}, AdamOptions{.lr = 0.1});
    if (which == 2)
      optimizer = std::make_unique<AdamW>(std::vector{w}, AdamWOptions{.lr = 0.1, .weight_decay = 0});
    for (int i = 0; i < 300; ++i) {
      optimizer->zero_grad();
      sum(w * w).backward();
      optimizer->step();
    }
    EXPECT_LT(std::abs(w.at({0})), 1e-2) << which;
  }
}

TEST(Optimizer, AStepIsNotRecorded) {
  const Tensor w = parameter();
  SGD sgd({w}, {.lr = 1});
  sum(w).backward();
  const auto before = live_nodes();
  sgd.step();
  EXPECT_EQ(live_nodes(), before);
  EXPECT_TRUE(w.is_leaf());
}

TEST(Optimizer, TheLearningRateCanChange) {
  SGD sgd({parameter()}, {.lr = 1});
  sgd.set_lr(0.25);
  EXPECT_EQ(sgd.lr(), 0.25);
  EXPECT_EQ(error_of([&] { sgd.set_lr(-1); }), "[SGD] expected lr in [0, inf), got -1");
  EXPECT_EQ(error_of([&] { sgd.set_lr(NAN); }), "[SGD] expected lr in [0, inf), got nan");
}

TEST(Optimizer, RejectsParametersThatCannotBeTrained) {
  const Tensor w = parameter();
  EXPECT_EQ(error_of([] { SGD(std::vector<Tensor>{}); }), "[SGD] expected at least one parameter, got none");
  EXPECT_EQ(error_of([] { Adam({Tensor()}); }), "[Adam] parameter 0 is an undefined tensor");
  EXPECT_EQ(error_of([] { AdamW({ones({2})}); }), "[AdamW] parameter 0 (2) does not require grad");
  EXPECT_EQ(error_of([&] {
              SGD({w, w * 2.0});
            }),
            "[SGD] parameter 1 (2) is not a leaf (produced by mul_number). Hint: pass the leaf tensors to "
            "the optimizer");
  EXPECT_EQ(error_of([&] { SGD({w, w}); }), "[SGD] parameter 1 (2) is listed twice");
  EXPECT_EQ(
      error_of([] {
        Adam({ones({2, 3}).transpose(0, 1).set_requires_grad()});
      }),
      "[Adam] a parameter (3, 2) is not contiguous. Hint: call contiguous() before set_requires_grad()");
}

TEST(Optimizer, GradientsOfHalfBatchesAccumulateToTheWhole) {
  const Tensor x = noise({8, 3}), target = noise({8, 1}, 2);
  const auto gradient = [&](const std::vector<std::pair<index_t, index_t>>& parts) {
    const Tensor w = full({1, 3}, 0.5).set_requires_grad();
    for (const auto& [begin, stop] : parts)
      (mse_loss(linear(x.slice(0, begin, stop), w), target.slice(0, begin, stop)) /
       static_cast<double>(parts.size()))
          .backward();
    return w.grad();
  };
  expect_close(gradient({{0, 4}, {4, 8}}), gradient({{0, 8}}));
}

TEST(Optimizer, GroupsMustBeAPartition) {
  const Tensor a = parameter(), b = parameter();
  const NamedTensors all = {{"a", a}, {"b", b}};
  EXPECT_NO_THROW(check_partition({{.parameters = {a}}, {.parameters = {b}}}, all));
  EXPECT_EQ(error_of([&] { check_partition({{.parameters = {a}}}, all); }),
            "[check_partition] expected 'b' in one group, got 0");
  EXPECT_EQ(error_of([&] {
              check_partition({{.parameters = {a, b}}, {.parameters = {b}}}, all);
            }),
            "[check_partition] expected 'b' in one group, got 2");
  EXPECT_EQ(error_of([&] {
              check_partition({{.parameters = {a, b, parameter()}}}, all);
            }),
            "[check_partition] the groups contain 1 tensors that are not in the list");
  EXPECT_EQ(error_of([&] { SGD(std::vector<ParameterGroup>{{.parameters = {a}, .lr_factor = -1}}, {}); }),
            "[SGD] expected lr_factor in [0, inf), got -1");
}

TEST(WeightAverage, FollowsTheWeightsAndSwapsWithThem) {
  Tensor w = parameter(1);
  WeightAverage average({w}, 0.9);
  {
    const NoGrad no_grad;
    w.fill_(2);
  }
  average.update();
  EXPECT_NEAR(average.averages()[0].at({0}), 1.1, 1e-6);
  average.swap();
  EXPECT_NEAR(w.at({0}), 1.1, 1e-6);
  average.swap();
  EXPECT_EQ(w.at({0}), 2);
  EXPECT_EQ(error_of([&] { WeightAverage({w}, 1); }), "[WeightAverage] expected decay in [0, 1), got 1");
}

TEST(Optimizer, RejectsInvalidOptions) {
  const std::vector<Tensor> w = {parameter()};
  EXPECT_EQ(error_of([&] { SGD(w, {.lr = -0.1}); }), "[SGD] expected lr in [0, inf), got -0.1");
  EXPECT_EQ(error_of([&] { SGD(w, {.momentum = -1}); }), "[SGD] expected momentum in [0, inf), got -1");
  EXPECT_EQ(error_of([&] { SGD(w, {.weight_decay = NAN}); }),
            "[SGD] expected weight_decay in [0, inf), got nan");
  EXPECT_EQ(error_of([&] { SGD(w, {.nesterov = true}); }),
            "[SGD] expected momentum > 0 and dampening 0 with nesterov, got 0 and 0");
  EXPECT_EQ(error_of([&] { SGD(w, {.dampening = 2}); }), "[SGD] expected dampening in [0, 1), got 2");
  EXPECT_EQ(error_of([&] { RMSprop(w, {.alpha = 1}); }), "[RMSprop] expected alpha in [0, 1), got 1");
  EXPECT_EQ(error_of([&] { Adam(w, {.beta1 = 1}); }), "[Adam] expected beta1 in [0, 1), got 1");
  EXPECT_EQ(error_of([&] { Adam(w, {.beta2 = -0.1}); }), "[Adam] expected beta2 in [0, 1), got -0.1");
  EXPECT_EQ(error_of([&] { AdamW(w, {.eps = -1}); }), "[AdamW] expected eps in [0, inf), got -1");
  EXPECT_EQ(error_of([&] { AdamW(w, {.weight_decay = -1}); }),
            "[AdamW] expected weight_decay in [0, inf), got -1");
}

}  // namespace
}  // namespace heed::optim

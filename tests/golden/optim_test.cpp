// optim_test.cpp — ten steps of every optimizer, the schedules, and gradient clipping against PyTorch.
#include "optim/optim.h"

#include <cmath>
#include <functional>
#include <memory>

#include "tests/golden/golden.h"

namespace heed::optim {
namespace {

const GoldenCase& golden(const std::string& name) { return heed::golden("optim", name); }

using Make = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>)>;

template <class O, class Options>
Make make(Options options) {
  return [options](std::vector<Tensor> parameters) {
    return std::make_unique<O>(std::move(parameters), options);
  };
}

TEST(GoldenOptim, TenStepsOfEveryOptimizer) {
  const std::vector<std::pair<std::string, Make>> cases = {
      {"sgd", make<SGD>(SGDOptions{.lr = 0.1})},
      {"sgd_weight_decay", make<SGD>(SGDOptions{.lr = 0.1, .weight_decay = 0.2})},
      {"sgd_momentum", make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01})},
      {"sgd_dampening",
       make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.8, .dampening = 0.3, .weight_decay = 0.1})},
      {"sgd_nesterov", make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.8, .nesterov = true})},
      {"adam", make<Adam>(AdamOptions{.lr = 0.05})},
      {"adam_weight_decay",
       make<Adam>(AdamOptions{.lr = 0.05, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .weight_decay = 0.1})},
      {"adamw", make<AdamW>(AdamWOptions{.lr = 0.05})},
      {"adamw_weight_decay",
       make<AdamW>(AdamWOptions{.lr = 0.05, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.3})},
      {"adam_amsgrad",
       make<Adam>(AdamOptions{.lr = 0.05, .beta1 = 0.5, .beta2 = 0.6, .weight_decay = 0.1, .amsgrad = true})},
      {"adamw_amsgrad", make<AdamW>(AdamWOptions{
                            .lr = 0.05, .beta1 = 0.5, .beta2 = 0.6, .weight_decay = 0.1, .amsgrad = true})},
      {"rmsprop", make<RMSprop>(RMSpropOptions{.lr = 0.05})},
      {"rmsprop_options",
       make<RMSprop>(RMSpropOptions{
           .lr = 0.05, .alpha = 0.8, .eps = 1e-4, .weight_decay = 0.1, .momentum = 0.7, .centered = true})},
      {"groups",
       [](const std::vector<Tensor>& p) {
         return std::make_unique<AdamW>(
             std::vector<ParameterGroup>{{.parameters = {p[0]}, .lr_factor = 0.5, .weight_decay = 0},
                                         {.parameters = {p[1]}}},
             AdamWOptions{.lr = 0.05, .weight_decay = 0.3});
       }},
  };
  for (const auto& [name, make_optimizer] : cases)
    for (const DType dtype : {f64, f32}) {
      const GoldenCase& g = golden(name);
      const auto initial = [&](const char* key) { return g[key].to(dtype).clone().set_requires_grad(); };
      std::vector<Tensor> parameters = {initial("initial:0"), initial("initial:1")};
      const auto optimizer = make_optimizer(parameters);
      for (int step = 0; step < 10; ++step) {
        for (std::size_t i = 0; i < 2; ++i) {
          const std::string key = concat("grad:", step, ":", i);
          parameters[i].set_grad(g.has(key) ? g[key].to(dtype).clone() : Tensor());
        }
        optimizer->step();
        for (std::size_t i = 0; i < 2; ++i)
          expect_agrees(g, concat("parameter ", i, " after step ", step), parameters[i].detach(),
                        g[concat("after:", step, ":", i)]);
      }
      EXPECT_EQ(optimizer->steps(), 10);
    }
}

template <class Schedule>
void expect_rates(const std::string& name, const Schedule& schedule) {
  const GoldenCase& g = golden(name);
  std::vector<double> rates;
  for (index_t step = 0; step < g["rates"].numel(); ++step) rates.push_back(schedule(step));
  expect_agrees(g, "rates", from_vector(rates, g["rates"].shape(), f64), g["rates"]);
}

TEST(GoldenOptim, Schedules) {
  expect_rates("step", Step({.lr = 0.5, .every = 3, .gamma = 0.5}));
  expect_rates("cosine", Cosine({.lr = 0.5, .total = 12, .low = 0.05}));
  expect_rates("one_cycle", OneCycle({.peak = 0.5, .total = 13}));
  expect_rates("one_cycle_options",
               OneCycle({.peak = 0.5, .total = 13, .up = 0.5, .start = 10, .finish = 100}));
}

TEST(GoldenOptim, SchedulesOfThePapers) {
  expect_rates("lambda", Lambda({.lr = 0.5, .factor = [](std::int64_t step) {
                                   return std::pow(0.9, static_cast<double>(step));
                                 }}));
  expect_rates("noam", Noam({.d_model = 16, .warmup = 4, .factor = 2}));
  expect_rates("warm_restarts", WarmRestarts({.lr = 0.5, .first = 3, .low = 0.1}));
  expect_rates("warm_restarts_longer", WarmRestarts({.lr = 0.5, .first = 2, .times = 2}));
}

TEST(GoldenOptim, Clipping) {
  for (const std::string name : {"clip_large", "clip_small"})
    for (const DType dtype : {f64, f32}) {
      const GoldenCase& g = golden(name);
      std::vector<Tensor> parameters;
      for (const std::string i : {"0", "1"}) {
        parameters.push_back(zeros(g["before:" + i].shape(), dtype).set_requires_grad());
        parameters.back().set_grad(g["before:" + i].to(dtype).clone());
      }
      expect_agrees(g, "norm", scalar(clip_grad_norm(parameters, 1.5), dtype), g["norm"]);
      for (std::size_t i = 0; i < 2; ++i)
        expect_agrees(g, concat("clipped ", i), parameters[i].grad(), g[concat("after:", i)],
                      Quantity::gradient);
    }
}

}  // namespace
}  // namespace heed::optim

// threads_test.cpp — every parallel op gives the same bits on 1, 2, 3 and 7 threads, forward and backward.
#include <functional>

#include "autograd/kernels/thread_pool.h"
#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

using Inputs = std::vector<Tensor>;

// Returns the values and gradients of f.
std::vector<Numbers> results(const std::function<Tensor(const Inputs&)>& f,
                             const std::vector<Shape>& shapes) {
  Inputs inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    inputs.push_back(noise(shapes[i], i + 1).set_requires_grad());
  const Tensor y = f(inputs);
  y.backward(noise(y.shape(), 99));
  std::vector<Numbers> out = {y.to_vector()};
  for (const Tensor& x : inputs) out.push_back(x.grad().to_vector());
  return out;
}

TEST(ParallelOps, GiveTheSameBitsOnAnyNumberOfThreads) {
  const kernels::AlwaysParallel always;
  struct Case {
    const char* name;
    std::function<Tensor(const Inputs&)> f;
    std::vector<Shape> shapes;
  };
  const std::vector<Case> cases = {
      {"add", [](const Inputs& in) { return in[0] + in[1]; }, {{400, 500}, {500}}},
      {"mul of a column", [](const Inputs& in) { return in[0] * in[1]; }, {{400, 500}, {400, 1}}},
      {"one long row",
       [](const Inputs& in) { return in[0] / (in[1] * in[1] + 1.0); },
       {{200'003}, {200'003}}},
      {"gelu", [](const Inputs& in) { return gelu(in[0]); }, {{300, 333}}},
      {"sum", [](const Inputs& in) { return sum(in[0], -1); }, {{700, 333}}},
      {"sum of columns", [](const Inputs& in) { return sum(in[0], 0); }, {{700, 333}}},
      {"sum of all", [](const Inputs& in) { return sum(in[0]); }, {{700, 333}}},
      {"var", [](const Inputs& in) { return var(in[0], 1); }, {{700, 333}}},
      {"contiguous", [](const Inputs& in) { return in[0].transpose(1, 2).contiguous(); }, {{30, 70, 99}}},
      {"matmul", [](const Inputs& in) { return matmul(in[0], in[1]); }, {{150, 260}, {260, 330}}},
      {"matmul of batches",
       [](const Inputs& in) { return matmul(in[0], in[1]); },
       {{9, 60, 70}, {9, 70, 50}}},
      {"linear",
       [](const Inputs& in) { return linear(in[0], in[1], in[2]); },
       {{7, 50, 96}, {200, 96}, {200}}},
      {"softmax", [](const Inputs& in) { return softmax(in[0], -1); }, {{500, 101}}},
      {"log_softmax", [](const Inputs& in) { return log_softmax(in[0], 0); }, {{500, 101}}},
      {"layer_norm",
       [](const Inputs& in) { return layer_norm(in[0], in[1], in[2]); },
       {{900, 129}, {129}, {129}}},
      {"rms_norm", [](const Inputs& in) { return rms_norm(in[0], in[1]); }, {{900, 129}, {129}}},
      {"attention",
       [](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2], {.causal = true}); },
       {{4, 6, 65, 32}, {4, 6, 65, 32}, {4, 6, 65, 32}}},
      {"attention in tiles, with dropout",
       [](const Inputs& in) {
         Generator gen(5);
         return scaled_dot_product_attention(in[0], in[1], in[2], {.dropout = 0.1, .generator = &gen});
       },
       {{3, 290, 32}, {3, 333, 32}, {3, 333, 16}}},
      {"dropout",
       [](const Inputs& in) {
         Generator gen(5);
         return dropout(in[0], 0.3, gen);
       },
       {{300, 999}}},
      {"conv2d",
       [](const Inputs& in) { return conv2d(in[0], in[1], in[2], 1, 1); },
       {{8, 3, 32, 32}, {16, 3, 3, 3}, {16}}},
      {"embedding",
       [](const Inputs& in) {
         IntTensor ids = IntTensor::zeros({5000});
         for (std::size_t i = 0; i < 5000; ++i) ids.values()[i] = static_cast<index_t>(i * i % 50);
         return embedding(in[0], ids) + index_select(in[0], 0, ids);
       },
       {{50, 96}}},
      {"sum of a long row", [](const Inputs& in) { return sum(in[0], -1) + sum(in[0]); }, {{3, 100'003}}},
      {"logsumexp", [](const Inputs& in) { return logsumexp(in[0], 1); }, {{700, 333}}},
      {"cross_entropy",
       [](const Inputs& in) { return cross_entropy(in[0], IntTensor::arange(0, 400)); },
       {{400, 400}}},
  };
  const int before = num_threads();
  for (const Case& c : cases) {
    set_num_threads(1);
    const auto one = results(c.f, c.shapes);
    for (const int threads : {2, 3, 7}) {
      set_num_threads(threads);
      EXPECT_EQ(results(c.f, c.shapes), one) << c.name << " on " << threads << " threads";
    }
  }
  set_num_threads(before);
}

TEST(ParallelOps, RandomTensorsDoNotDependOnTheThreads) {
  const kernels::AlwaysParallel always;
  const int before = num_threads();
  std::vector<Numbers> drawn;
  for (const int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    Generator gen(1);
    drawn.push_back(randn({100'000}, gen).to_vector());
    EXPECT_EQ(drawn.back(), drawn.front());
  }
  set_num_threads(before);
}

}  // namespace
}  // namespace heed

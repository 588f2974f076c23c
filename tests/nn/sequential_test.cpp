#include "nn/sequential.h"

#include "nn/activations.h"
#include "nn/dropout.h"
#include "nn/linear.h"
#include "tests/testing.h"

namespace heed::nn {

static Sequential make_mlp() {
  Generator gen(0);
  return Sequential(Linear({.in = 4, .out = 8}, gen), ReLU(), Linear({.in = 8, .out = 2}, gen));
}

TEST(Sequential, RunsItsLayersInOrder) {
  Sequential mlp = make_mlp();
  const Tensor x = noise({3, 4});
  auto& first = dynamic_cast<Linear&>(mlp[0]);
  auto& last = dynamic_cast<Linear&>(mlp[2]);
  expect_same_bits(mlp(x), last(relu(first(x))));
  expect_same_bits(Sequential()(x), x);
}

TEST(Sequential, NamesLayersByIndex) {
  const Sequential mlp = make_mlp();
  std::string names;
  for (const auto& [name, parameter] : mlp.named_parameters()) names += name + " ";
  EXPECT_EQ(names, "0.weight 0.bias 2.weight 2.bias ");
  EXPECT_EQ(concat(mlp),
            "Sequential(  # 58 parameters\n"
            "  (0): Linear(in=4, out=8)  # 40 parameters\n"
            "  (1): ReLU()\n"
            "  (2): Linear(in=8, out=2)  # 18 parameters\n"
            ")");
}

TEST(Sequential, GrowsAndNests) {
  Generator gen(0);
  Sequential net(make_mlp(), Tanh());
  net.add(Linear({.in = 2, .out = 1}, gen)).add(Dropout({.p = 0.5}, gen));
  EXPECT_EQ(net.size(), 4);
  EXPECT_EQ(net.named_parameters()[0].first, "0.0.weight");
  EXPECT_EQ(net(noise({3, 4})).shape(), (Shape{3, 1}));
  net.eval();
  EXPECT_FALSE(net[3].training());
  static_assert(!Layer<Linear&>, "layers are moved in, never copied");
}

TEST(Sequential, ClonesItsLayers) {
  Generator gen(0);
  Sequential net(Sequential(Linear({.in = 4, .out = 4}, gen)), Dropout({.p = 0.5}, gen));
  Sequential twin = net.clone();
  expect_same_bits(twin(noise({3, 4})), net(noise({3, 4})));
  sum(twin(noise({3, 4}))).backward();
  const Tensor before = net.parameters()[0].detach().clone();
  sgd_step(twin.parameters(), 1);
  expect_same_bits(net.parameters()[0], before);
}

TEST(Sequential, AnIndexOutOfRangeIsRejected) {
  Sequential mlp = make_mlp();
  EXPECT_EQ(error_of([&] { mlp[3]; }), "[Sequential] expected an index in [0, 3), got 3");
}

}  // namespace heed::nn

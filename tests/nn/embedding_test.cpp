#include "nn/embedding.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::nn {

TEST(Embedding, LooksUpRows) {
  Generator gen(0);
  const Embedding layer({.num_embeddings = 5, .embedding_dim = 3}, gen);
  const Tensor y = layer(IntTensor({{4, 0}, {1, 4}}));
  ASSERT_EQ(y.shape(), (Shape{2, 2, 3}));
  expect_same_bits(y[0][0], layer.weight[4]);
  expect_same_bits(y[1][1], layer.weight[4]);
  EXPECT_EQ(concat(layer), "Embedding(num_embeddings=5, embedding_dim=3)  # 15 parameters");
}

TEST(Embedding, ThePaddingRowIsZeroAndStaysSo) {
  Generator gen(0);
  const Embedding layer({.num_embeddings = 4, .embedding_dim = 3, .padding_idx = 1}, gen);
  expect_same_bits(layer.weight[1], zeros({3}));
  EXPECT_GT(max(abs(layer.weight[0])).item(), 0);
  sum(layer(IntTensor({0, 1, 1}))).backward();
  expect_same_bits(layer.weight.grad()[1], zeros({3}));
  expect_same_bits(layer.weight.grad()[0], ones({3}));
  expect_contains(concat(layer), "padding_idx=1");
}

TEST(Embedding, IsInitialisedFromAStandardNormal) {
  Generator gen(0);
  const Embedding layer({.num_embeddings = 200, .embedding_dim = 50}, gen);
  EXPECT_NEAR(mean(layer.weight).item(), 0, 0.05);
  EXPECT_NEAR(var(layer.weight).item(), 1, 0.05);
}

TEST(Embedding, InvalidOptionsAreRejected) {
  Generator gen(0);
  EXPECT_EQ(error_of([&] { Embedding({.num_embeddings = 4}, gen); }),
            "[Embedding] expected num_embeddings and embedding_dim of at least 1, got 4 and 0");
  EXPECT_EQ(error_of([&] { Embedding({.num_embeddings = 4, .embedding_dim = 2, .padding_idx = 4}, gen); }),
            "[Embedding] expected padding_idx in [0, 4), or -1 for none, got 4");
}

TEST(Embedding, ThePaddingRowGetsNoGradient) {
  Generator gen(1);
  Embedding e({.num_embeddings = 3, .embedding_dim = 2, .padding_idx = 1}, gen);
  const Tensor y = e(IntTensor{0, 1, 2});
  y.backward(tensor({{1, 2}, {NAN, INFINITY}, {3, 4}}));
  expect_same_bits(e.weight.grad(), tensor({{1, 2}, {0, 0}, {3, 4}}));
}

}  // namespace heed::nn

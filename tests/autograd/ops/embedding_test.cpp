#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

const Tensor table = tensor({{1, 2}, {3, 4}, {5, 6}});

TEST(EmbeddingOp, ReturnsTheRowsOfTheIds) {
  const Tensor y = embedding(table, IntTensor{{2, 0}, {1, 1}});
  EXPECT_EQ(y.shape(), (Shape{2, 2, 2}));
  EXPECT_EQ(y.to_vector(), (Numbers{5, 6, 1, 2, 3, 4, 3, 4}));
  EXPECT_EQ(embedding(table, IntTensor::zeros({3, 0})).shape(), (Shape{3, 0, 2}));
  EXPECT_EQ(embedding(table.transpose(0, 1), IntTensor{1}).to_vector(), (Numbers{2, 4, 6})) << "a view";
}

TEST(EmbeddingOp, ARepeatedTokenGetsTheSumOfItsGradients) {  // AG-14
  const Tensor w = zeros({3, 1}).set_requires_grad();
  sum(embedding(w, {1, 1, 2})).backward();
  EXPECT_EQ(w.grad().to_vector(), (Numbers{0, 2, 1}));
}

TEST(EmbeddingOp, ThePaddingRowGetsNoGradient) {
  const Tensor w = zeros({3, 1}).set_requires_grad();
  sum(embedding(w, {1, 1, 2}, 1)).backward();
  EXPECT_EQ(w.grad().to_vector(), (Numbers{0, 0, 1}));
}

TEST(EmbeddingOp, TheGradientOfAFrequentRowIsAccurate) {
  const index_t n = 1'000'000;
  for (const index_t channels : {1, 70}) {
    const index_t uses = channels == 1 ? n : n / 20;
    const Tensor w = zeros({3, channels}).set_requires_grad();
    IntTensor ids = IntTensor::zeros({uses});
    for (index_t i = 0; i < uses; ++i) ids.values()[static_cast<std::size_t>(i)] = i % 5 == 0 ? 0 : 2;
    embedding(w, ids).backward(full({uses, channels}, 0.1));
    expect_all_near(w.grad()[0], static_cast<double>(uses / 5) * tenth);
    expect_all_near(w.grad()[2], static_cast<double>(uses - uses / 5) * tenth);
    EXPECT_EQ(w.grad()[1].to_vector(), Numbers(static_cast<std::size_t>(channels), 0));
  }
}

TEST(EmbeddingOp, EmptyTablesAndListsAreSupported) {
  const Tensor none = zeros({0, 4}).set_requires_grad(), flat = zeros({4, 0}).set_requires_grad();
  sum(embedding(none, IntTensor::zeros({0}))).backward();
  sum(embedding(flat, {1, 3})).backward();
  EXPECT_EQ(none.grad().shape(), (Shape{0, 4}));
  EXPECT_EQ(flat.grad().shape(), (Shape{4, 0}));
}

TEST(EmbeddingOp, ErrorsNameOpShapesAndRule) {
  EXPECT_EQ(error_of([] {
              embedding(table, {0, 3});
            }),
            "[embedding] expected ids in [0, 3) for weight (3, 2), got 3 at position 1");
  EXPECT_EQ(error_of([] { embedding(table, IntTensor{{-1}}); }),
            "[embedding] expected ids in [0, 3) for weight (3, 2), got -1 at position 0");
  EXPECT_EQ(error_of([] { embedding(ones({3}), {0}); }), "[embedding] expected weight (V, C), got (3)");
  expect_rejects_undefined("embedding", [](const Tensor& t) { embedding(t, {0}); });
}

}  // namespace
}  // namespace heed

// packed_weights_test.cpp — inference with packed copies of weights gives the values of training.
#include "autograd/memory.h"
#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

constexpr index_t rows = 7, in = 150, out = 132;
// With AVX-512, the last 4 columns are not packed.
constexpr std::int64_t packed_bytes = in * (out - 4) * static_cast<std::int64_t>(sizeof(float));

std::int64_t live_bytes() { return memory_stats().live_bytes; }

// Returns linear(x, weight) of the third use, which reads the packed copy.
Tensor third_use(const Tensor& x, const Tensor& weight) {
  const NoGrad no_grad;
  linear(x, weight);
  linear(x, weight);
  return linear(x, weight);
}

TEST(PackedWeights, GiveTheSameBits) {
  for (const DType dtype : {f32, f64})
    for (const bool transposed : {false, true}) {
      const Tensor x = noise({rows, in}, 1, dtype);
      const Tensor weight =
          transposed ? noise({in, out}, 2, dtype).transpose(0, 1) : noise({out, in}, 2, dtype);
      const Tensor expected = linear(x, weight);
      EXPECT_EQ(third_use(x, weight).to_vector(), expected.to_vector());
    }
}

TEST(PackedWeights, AreReplacedWhenTheWeightIsModified) {
  const Tensor x = noise({rows, in}, 1);
  Tensor weight = noise({out, in}, 2);
  third_use(x, weight);
  const auto expect_new_values = [&] {
    EXPECT_EQ(third_use(x, weight).to_vector(), linear(x, weight.clone()).to_vector());
  };
  weight.add_(noise({out, in}, 3));
  expect_new_values();
  weight.set({1, 2}, 5);
  expect_new_values();
  weight.slice(0, 2, 4).fill_(3);  // through a view
  expect_new_values();
  weight.mutable_data<float>()[7] = 9;
  expect_new_values();
}

TEST(PackedWeights, PartsOfOneWeightHaveTheirOwnCopies) {
  const Tensor x = noise({rows, in}, 1), stacked = noise({3 * out, in}, 2);
  for (index_t part = 0; part < 3; ++part) {
    const Tensor weight = stacked.slice(0, part * out, (part + 1) * out);
    EXPECT_EQ(third_use(x, weight).to_vector(), linear(x, weight.clone()).to_vector()) << part;
  }
}

TEST(PackedWeights, BelongToTheStorageOfTheWeight) {
  const Tensor x = noise({rows, in}, 1);
  const std::int64_t before = live_bytes();
  {
    Tensor weight = noise({out, in}, 2);
    const std::int64_t unpacked = live_bytes();
    {
      const NoGrad no_grad;
      linear(x, weight);
    }
    EXPECT_EQ(live_bytes(), unpacked) << "after one use";
    third_use(x, weight);
    EXPECT_GE(live_bytes(), unpacked + packed_bytes) << "after three uses";
    weight.mul_(2);
    EXPECT_EQ(live_bytes(), unpacked) << "after a modification";
    third_use(x, weight);
  }
  EXPECT_EQ(live_bytes(), before) << "after the weight";
}

TEST(PackedWeights, AreMadeOnlyForInferenceWithSomeRows) {
  const Tensor weight = noise({out, in}, 2), many_rows = noise({513, in}, 1), x = noise({rows, in}, 1),
               few_rows = noise({4, in}, 1);
  const std::int64_t before = live_bytes();
  for (int i = 0; i < 3; ++i) linear(x, weight);
  third_use(few_rows, weight);
  third_use(many_rows, weight);
  EXPECT_EQ(live_bytes(), before);
}

}  // namespace
}  // namespace heed

// Masks, padding and the relative position bias.
#include <cmath>

#include "nn/models/t5.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

T5Options small() {
  return {.vocab_size = 11, .d_model = 8, .d_kv = 3, .d_ff = 16, .nhead = 2, .num_layers = 2, .dropout = 0};
}

// The embedding of id 9, which only the padding uses, is NaN; so is the memory at padded positions.
TEST(T5, PaddingInfluencesNothing) {
  Generator gen(3);
  T5Options options = small();
  T5Stack encoder(options, gen);
  const Mask mask = padding({4, 2}, 4), real = mask.reshape({2, 4, 1});
  expect_padding_ignored(encoder, "encoder", [&](double value) -> PaddedRun {
    const Tensor x = padded({2, 4, 8}, real, value);
    return {masked_fill(encoder.forward(x, {}, mask), !real, 0), {x}};
  });
  options.is_decoder = true;
  T5Stack decoder(options, gen);
  expect_padding_ignored(decoder, "decoder", [&](double value) -> PaddedRun {
    const Tensor x = noise({2, 3, 8}, 4).set_requires_grad(), memory = padded({2, 4, 8}, real, value);
    return {decoder.forward(x, memory, mask), {x, memory}};
  });
  T5 model(small(), gen);
  const Tensor clean = noise({2, 4, 8});
  std::vector<Tensor> logits;
  for (const double value : {1.0, double{NAN}}) {
    KVCache cache;
    logits.push_back(model.forward(IntTensor({{0}, {0}}), masked_fill(clean, !real, value), cache, mask));
  }
  expect_same_bits(logits[1], logits[0]);
}

TEST(T5, ABiasThatIsNaNIsNaN) {
  Generator gen(3);
  T5Attention layer(small(), gen);
  const Tensor x = noise({1, 3, 8});
  Tensor bias = zeros({2, 3, 3});
  bias.set({0, 1, 2}, NAN);
  const Tensor y = layer.forward(x, layer.project(x), bias, {}, false);
  for (index_t row = 0; row < 3; ++row) EXPECT_EQ(std::isnan(y.at({0, row, 0})), row == 1);
}

TEST(T5, AMemoryWithoutABatchIsNamed) {
  Generator gen(3);
  T5 model(small(), gen);
  KVCache cache;
  EXPECT_EQ(error_of([&] {
              model.forward(IntTensor({{0}}), ones({4, 8}), cache);
            }),
            "[T5] expected memory (B, S, C) of the batch size of decoder_input (1, 1), got (4, 8)");
}

TEST(T5, TheBiasOfAPairIsThatOfItsDistance) {
  Generator gen(3);
  T5Options options = small();
  for (const bool is_decoder : {false, true}) {
    options.is_decoder = is_decoder;
    const T5Stack stack(options, gen);
    for (const auto& [t, s] : {std::pair<index_t, index_t>{3, 3}, {1, 5}, {2, 5}}) {
      const Tensor bias = stack.position_bias(t, s);
      for (index_t i = 0; i < t; ++i)
        for (index_t key = 0; key < s; ++key)
          EXPECT_EQ(bias.at({1, i, key}), stack.relative_attention_bias.weight.at(
                                              {relative_position_bucket(key - (s - t + i), !is_decoder), 1}));
    }
  }
}

TEST(T5, AMaskOfTheStackHasOneMeaning) {
  Generator gen(3);
  T5Stack encoder(small(), gen);
  const Tensor x = noise({4, 4, 8});
  expect_contains(
      error_of([&] {
        encoder.forward(x, {}, Mask::full({4, 4}, true));
      }),
      "[T5Stack] expected a mask with one meaning, got (4, 4), which is both (T, S) and (B, S) as B = T = 4");
  expect_contains(
      error_of([&] {
        encoder.forward(x, {}, padding({1, 2}, 4));
      }),
      "[T5Stack] expected mask (T, S) = (4, 4), (B, T, S) = (4, 4, 4), (B, 1, S) or (B, H, T, S) = (4, 2, 4, "
      "4), got (2, 1, 4). Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
  expect_same_bits(encoder.forward(x, {}, causal(4)), encoder.forward(x, {}, causal(4).expand({4, 4, 4})));
}

}  // namespace
}  // namespace heed::nn

#include "nn/transformer_decoder.h"

#include "tests/testing.h"

namespace heed::nn {
namespace {

Transformer make() {
  Generator gen(2);
  return Transformer({.layer = {.d_model = 8, .nhead = 2, .dim_feedforward = 16, .dropout = 0},
                      .num_encoder_layers = 1,
                      .num_decoder_layers = 2},
                     gen);
}

TEST(Transformer, AWordDoesNotSeeTheWordsAfterIt) {
  Transformer model = make();
  const Tensor source = noise({5, 2, 8}), target = noise({4, 2, 8}, 2);
  Tensor changed = target.clone();
  changed[3].fill_(7);
  expect_same_bits(model(source, target).slice(0, 0, 3), model(source, changed).slice(0, 0, 3));
}

TEST(Transformer, NobodyReadsThePaddingOfTheSource) {  // MK-15: the memory is masked by the source's mask
  Transformer model = make();
  const Tensor source = noise({5, 2, 8}), target = noise({4, 2, 8}, 2);
  Tensor changed = source.clone();
  changed.index({Slice{2}, 1}).fill_(7);
  const TranslateOptions how{.source_mask = padding({5, 2}, 5)};
  expect_same_bits(model.forward(source, target, how), model.forward(changed, target, how));
  EXPECT_GT(max_abs_difference(model(source, target), model(changed, target)), 0);
}

TEST(Transformer, LooksAtTheSource) {
  Transformer model = make();
  const Tensor target = noise({4, 2, 8}, 2);
  EXPECT_GT(max_abs_difference(model(noise({5, 2, 8}), target), model(noise({5, 2, 8}, 3), target)), 0.01);
}

TEST(Transformer, EveryParameterGetsAGradientAndAName) {
  Transformer model = make();
  const Tensor y = model(noise({5, 2, 8}), noise({4, 2, 8}, 2));
  model.check_all_named(y);
  sum(y * noise(y.shape(), 9)).backward();
  for (const auto& [name, p] : model.named_parameters()) EXPECT_TRUE(p.grad().defined()) << name;
  EXPECT_EQ(model.named_parameters().back().first, "decoder.norm.bias");
  expect_same_bits(model.clone()(noise({5, 2, 8}), noise({4, 2, 8}, 2)), y.detach());
}

TEST(Transformer, ErrorsNameWhatIsWrong) {
  Generator gen(2);
  TransformerDecoderLayer layer({.d_model = 8, .nhead = 2}, gen);
  EXPECT_EQ(error_of([&] {
              layer(ones({4, 2, 6}), ones({5, 2, 8}));
            }),
            "[TransformerDecoderLayer] target is (4, 2, 6); with batch_first = false it must be (T, B, 8), "
            "or (T, 8) for one sequence");
  EXPECT_EQ(error_of([&] {
              layer(ones({4, 2, 8}), ones({5, 2, 6}));
            }),
            "[TransformerDecoderLayer] memory is (5, 2, 6); with batch_first = false it must be (T, B, 8), "
            "or (T, 8) for one sequence");
  EXPECT_EQ(
      error_of([&] { TransformerDecoder({.layer = {.d_model = 8, .nhead = 2}, .num_layers = -1}, gen); }),
      "[TransformerDecoder] num_layers must not be negative, got -1");
}

}  // namespace
}  // namespace heed::nn

#include "nn/transformer_decoder.h"

#include "tests/nn/padding.h"
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

TEST(Transformer, NoTokenAttendsToLaterTokens) {
  Transformer model = make();
  const Tensor source = noise({5, 2, 8}), target = noise({4, 2, 8}, 2);
  Tensor changed = target.clone();
  changed[3].fill_(7);
  expect_same_bits(model(source, target).slice(0, 0, 3), model(source, changed).slice(0, 0, 3));
}

// MK-15: the memory is masked by the source's mask
TEST(Transformer, NoQueryAttendsToThePaddingOfTheSource) {
  Transformer model = make();
  const Tensor source = noise({5, 2, 8}), target = noise({4, 2, 8}, 2);
  Tensor changed = source.clone();
  changed.index({Slice{2}, 1}).fill_(7);
  const TranslateOptions options{.source_mask = padding({5, 2}, 5)};
  expect_same_bits(model.forward(source, target, options), model.forward(changed, target, options));
  EXPECT_GT(max_abs_difference(model(source, target), model(changed, target)), 0);
}

TEST(Transformer, TheDecoderAttendsToTheSource) {
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

TEST(Transformer, ErrorsNameTheCause) {
  Generator gen(2);
  TransformerDecoderLayer layer({.d_model = 8, .nhead = 2}, gen);
  EXPECT_EQ(error_of([&] {
              layer(ones({4, 2, 6}), ones({5, 2, 8}));
            }),
            "[TransformerDecoderLayer] expected target (T, B, 8) with batch_first = false, or (T, 8) for one "
            "sequence, got (4, 2, 6)");
  EXPECT_EQ(error_of([&] {
              layer(ones({4, 2, 8}), ones({5, 2, 6}));
            }),
            "[TransformerDecoderLayer] expected memory (T, B, 8) with batch_first = false, or (T, 8) for one "
            "sequence, got (5, 2, 6)");
  EXPECT_EQ(
      error_of([&] { TransformerDecoder({.layer = {.d_model = 8, .nhead = 2}, .num_layers = -1}, gen); }),
      "[TransformerDecoder] expected num_layers of at least 0, got -1");
}

TEST(TransformerDecoder, PaddingInfluencesNothing) {
  for (const bool norm_first : {false, true}) {
    Generator gen(2);
    TransformerDecoder decoder({.layer = {.d_model = 8,
                                          .nhead = 2,
                                          .dim_feedforward = 16,
                                          .dropout = 0,
                                          .batch_first = true,
                                          .norm_first = norm_first},
                                .num_layers = 2,
                                .norm = true},
                               gen);
    const Mask tokens = padding({4, 2}, 4), sources = padding({3, 5}, 5);
    const Mask real = tokens.reshape({2, 4, 1}), real_source = sources.reshape({2, 5, 1});
    expect_padding_ignored(decoder, concat("norm_first ", norm_first), [&](double value) -> PaddedRun {
      const Tensor target = padded({2, 4, 8}, real, value), memory = padded({2, 5, 8}, real_source, value, 2);
      const Tensor y = decoder.forward(target, memory, {.mask = tokens, .memory_mask = sources});
      return {masked_fill(y, !real, 0), {target, memory}};
    });
  }
}

TEST(Transformer, PaddingInfluencesNothing) {
  Transformer model = make();
  const Mask tokens = padding({4, 2}, 4), sources = padding({3, 5}, 5);
  const Mask real = Mask::of({{1, 1}, {1, 1}, {1, 0}, {1, 0}}).unsqueeze(-1),
             real_source = Mask::of({{1, 1}, {1, 1}, {1, 1}, {0, 1}, {0, 1}}).unsqueeze(-1);
  expect_padding_ignored(model, "", [&](double value) -> PaddedRun {
    const Tensor source = padded({5, 2, 8}, real_source, value), target = padded({4, 2, 8}, real, value, 2);
    const Tensor y = model.forward(source, target, {.source_mask = sources, .decode = {.mask = tokens}});
    return {masked_fill(y, !real, 0), {source, target}};
  });
}

TEST(TransformerDecoder, ErrorsNameTheCause) {
  Generator gen(2);
  TransformerDecoderLayer layer({.d_model = 8, .nhead = 2, .batch_first = true}, gen);
  const Tensor x = ones({3, 3, 8}), one = ones({3, 8});
  EXPECT_EQ(error_of([&] { layer(x, one); }),
            "[TransformerDecoderLayer] expected target and memory with the same number of axes, got (3, 3, "
            "8) and (3, 8). Hint: unsqueeze(0) makes a batch of one from a single sequence");
  EXPECT_EQ(error_of([&] {
              layer(x, ones({2, 3, 8}));
            }),
            "[TransformerDecoderLayer] expected target and memory with the same batch size, got (3, 3, 8) "
            "and (2, 3, 8); the batch axis is 0 with batch_first = true");
  expect_contains(error_of([&] {
                    layer.forward(x, x, {.memory_mask = Mask::full({2, 3}, true)});
                  }),
                  "[TransformerDecoderLayer] expected memory_mask (T, S) = (3, 3), (B, T, S) = (3, 3, 3), "
                  "(B, 1, S) or (B, H, T, S) = (3, 2, 3, 3), got (2, 3). Hint: padding(lengths, S) makes (B, "
                  "1, S), causal(T) makes (T, T).");
  for (const DecodeOptions& options : {DecodeOptions{.mask = Mask::full({3, 3}, true)},
                                       DecodeOptions{.memory_mask = Mask::full({3, 3}, true)}})
    expect_contains(error_of([&] { layer.forward(x, x, options); }),
                    "[TransformerDecoderLayer] expected a mask with one meaning, got (3, 3)");
  EXPECT_EQ(error_of([&] { layer.forward(x, x, {.memory_mask = padding({3, 2, 1}, 3)}); }), "");
}

// Any mask with one row for all queries is padding, also for one sequence without a batch axis.
TEST(Transformer, AMaskOfKeysAlsoMasksCrossAttention) {
  Transformer model = make();
  const Mask real_source = Mask::of({{1, 1}, {1, 1}, {1, 1}, {0, 1}, {0, 1}}).unsqueeze(-1);
  const Tensor source = noise({5, 2, 8}), target = noise({4, 2, 8}, 2);
  const Mask sources = padding({3, 5}, 5);
  const Tensor want = model.forward(source, target, {.source_mask = sources});
  for (const Mask& m : {sources, sources.unsqueeze(1)})
    expect_same_bits(model.forward(masked_fill(source, !real_source, 7), target, {.source_mask = m}), want);
  const Mask keys = Mask::of({{1, 1, 1, 0, 0}});
  const Tensor alone = masked_fill(source.select(1, 0), !keys.reshape({5, 1}), NAN);
  expect_close(model.forward(alone, target.select(1, 0), {.source_mask = keys}), want.select(1, 0), 1e-5);
}

}  // namespace
}  // namespace heed::nn

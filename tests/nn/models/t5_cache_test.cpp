// Invalid caches are rejected and unchanged; arguments and modes of generation.
#include <cmath>

#include "nn/models/t5.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

constexpr index_t pad = 0;

T5Options small() {
  return {.vocab_size = 11, .d_model = 8, .d_kv = 3, .d_ff = 16, .nhead = 2, .num_layers = 2, .dropout = 0};
}

T5 make(T5Options options = small()) {
  Generator gen(3);
  T5 model(options, gen);
  // As initialised, the residual stream is dominated by the input token, whose logit is by far the
  // largest.
  init::normal(model.shared.weight, gen, 0, 0.3);
  return model;
}

// ---- cache ------------------------------------------------------------------------------------------------

using Numbers = std::vector<std::vector<double>>;
Numbers numbers_of(const KVCache& cache) {
  Numbers all{{static_cast<double>(cache.length)}};
  for (const KVCache::Layer& layer : cache.layers)
    for (const Tensor* t :
         {&layer.self_attn.keys, &layer.self_attn.values, &layer.cross_attn.keys, &layer.cross_attn.values})
      all.push_back(t->defined() ? t->to_vector() : std::vector<double>());
  return all;
}

const IntTensor two_sources({{3, 4, 5, 6}, {7, 8, 9, 2}});

// A cache that `change` made invalid is rejected with a message that contains `part`, and is
// unchanged.
template <class Change>
void expect_rejected(const std::string& part, Change change) {
  T5 model = make();
  const Tensor memory = model.encode(two_sources).detach();
  KVCache cache;
  model.forward(IntTensor({{0, 3}, {0, 4}}), memory, cache);
  change(cache);
  const Numbers before = numbers_of(cache);
  expect_contains(error_of([&] { model.forward(IntTensor({{5}, {6}}), memory, cache); }), part);
  EXPECT_EQ(numbers_of(cache), before);
}

TEST(T5Cache, OfAnotherModelIsRejected) {
  T5Options options = small();
  options.num_decoder_layers = 1;
  T5 one = make(options), two = make();
  const Tensor memory = two.encode(two_sources).detach();
  KVCache cache;
  one.forward(IntTensor({{0}, {0}}), memory, cache);
  EXPECT_EQ(error_of([&] {
              two.forward(IntTensor({{3}, {4}}), memory, cache);
            }),
            "[T5] expected a cache of 2 layers, got one of 1; a cache belongs to the model that filled it. "
            "Hint: start with an empty KVCache");
  options.nhead = 3;
  options.d_kv = 2;
  T5 heads = make(options);
  EXPECT_EQ(error_of([&] {
              heads.forward(IntTensor({{3}, {4}}), memory, cache);
            }),
            "[T5] expected cached self-attention keys (B, H, S, D) = (2, 3, 1, 2) of f32, got (2, 2, 1, 3) "
            "of f32; a cache belongs to the model that filled it. Hint: start with an empty KVCache");
  one.to(f64);
  expect_contains(error_of([&] {
                    one.forward(IntTensor({{3}, {4}}), memory.to(f64), cache);
                  }),
                  "of f64, got (2, 2, 1, 3) of f32");
}

TEST(T5Cache, OfAnotherModelOfTheSameSizesIsRejected) {
  Generator gen(5);
  T5 one = make(), other(small(), gen);
  const Tensor memory = one.encode(two_sources).detach();
  KVCache cache;
  one.forward(IntTensor({{0}, {0}}), memory, cache);
  const Numbers before = numbers_of(cache);
  EXPECT_EQ(
      error_of([&] {
        other.forward(IntTensor({{3}, {4}}), memory, cache);
      }),
      "[T5] expected a cache filled by this model, got one filled by another model of the same sizes; its "
      "keys and values were computed with other weights. Hint: start with an empty KVCache");
  EXPECT_EQ(numbers_of(cache), before);
  cache.reorder({1, 0});
  EXPECT_NE(error_of([&] { other.forward(IntTensor({{3}, {4}}), memory, cache); }), "");
  const Tensor picked = index_select(memory, 0, IntTensor{1, 0});
  T5 moved = std::move(one);
  moved.forward(IntTensor({{3}, {4}}), picked, cache);
  EXPECT_EQ(cache.length, 2);
}

TEST(T5Cache, AnInvalidCacheIsRejectedAndUnchanged) {
  expect_rejected("[T5] expected cached self-attention values (2, 2, 2, 3), got an undefined tensor",
                  [](KVCache& c) { c.layers[1].self_attn.values = Tensor(); });
  expect_rejected("[T5] expected cached self-attention keys (2, 2, 2, 3), got an undefined tensor",
                  [](KVCache& c) { c.layers[1].self_attn = {}; });
  expect_rejected("[T5] expected cached cross-attention keys (2, 2, 4, 3), got an undefined tensor",
                  [](KVCache& c) { c.layers[1].cross_attn.keys = Tensor(); });
  expect_rejected(
      "[T5] expected cached cross-attention values (B, H, S, D) = (2, 2, 4, 3) of f32, got (2, 2, 3, 3) of "
      "f32; a cache belongs to the model that filled it. Hint: start with an empty KVCache",
      [](KVCache& c) {
        c.layers[1].cross_attn.values = zeros({2, 2, 3, 3});
      });
  expect_rejected(
      "[T5] expected cached self-attention keys (B, H, S, D) = (2, 2, 3, 3) of f32, got (2, 2, 2, 3) of f32; "
      "a cache belongs to the model that filled it. Hint: start with an empty KVCache",
      [](KVCache& c) { c.length = 3; });
  expect_rejected("expected a cache of at least 0 tokens, got one of -1", [](KVCache& c) { c.length = -1; });
  expect_rejected("got one of 0;", [](KVCache& c) { c.layers.clear(); });
  expect_rejected(
      "[T5] expected a cache of the batch size of decoder_input (2, 1), got cached keys (3, 2, 2, 3)",
      [](KVCache& c) {
        c.reorder({0, 1, 1});
      });
}

TEST(T5Cache, AFailedCallLeavesItUnchanged) {
  T5 model = make();
  const Tensor memory = model.encode(two_sources).detach();
  KVCache cache;
  EXPECT_NE(error_of([&] { model.forward(IntTensor({{0}, {11}}), memory, cache); }), "");
  EXPECT_TRUE(cache.layers.empty());
  EXPECT_EQ(error_of([&] {
              model.forward(IntTensor({{0}, {0}}), ones({2, 4, 9}), cache);
            }),
            "[T5Stack] expected memory (B, S, C) = (2, S, 8), got (2, 4, 9)");
  model.forward(IntTensor({{0}, {0}}), memory, cache);
  const Numbers before = numbers_of(cache);
  const NoGrad no_grad;
  model.decoder.block[1].wi.weight.fill_(INFINITY);
  const AnomalyMode anomaly;
  EXPECT_NE(error_of([&] { model.forward(IntTensor({{3}, {4}}), memory, cache); }), "");
  EXPECT_EQ(numbers_of(cache), before);
}

TEST(T5Cache, ReorderChecksItsRowsFirst) {
  T5 model = make();
  KVCache cache;
  model.forward(IntTensor({{0}, {0}}), model.encode(two_sources).detach(), cache);
  const Numbers before = numbers_of(cache);
  EXPECT_EQ(error_of([&] { cache.reorder({0, 2}); }), "[KVCache] expected parents in [0, 2), got 2");
  EXPECT_EQ(error_of([&] { cache.reorder({-1}); }), "[KVCache] expected parents in [0, 2), got -1");
  EXPECT_EQ(numbers_of(cache), before);
  cache.layers[1].cross_attn.values = Tensor();
  EXPECT_EQ(error_of([&] { cache.reorder({0}); }),
            "[KVCache] expected keys and values (B, H, S, D), got an undefined tensor");
  EXPECT_EQ(cache.layers[0].self_attn.keys.size(0), 2);
}

TEST(T5Cache, NeedsADecoder) {
  T5 model = make();
  KVCache cache;
  EXPECT_EQ(error_of([&] {
              model.encoder(noise({1, 2, 8}), Tensor(), Mask(), &cache);
            }),
            "[T5Stack] expected no cache in an encoder, got one. Hint: is_decoder = true");
  EXPECT_EQ(error_of([&] {
              model.decoder(noise({1, 2, 8}));
            }),
            "[T5Stack] expected memory (B, S, C) = (1, S, 8), got an undefined tensor");
  EXPECT_EQ(error_of([&] {
              model.encoder(noise({1, 2, 8}), Tensor(), Mask::full({2, 1, 2}, true));
            }),
            "[T5Stack] expected mask (T, S) = (2, 2), (B, T, S) = (1, 2, 2), (B, 1, S) or (B, H, T, S) = (1, "
            "2, 2, 2), got (2, 1, 2). Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
  EXPECT_EQ(error_of([&] {
              model.encoder(noise({1, 2, 8}), Tensor(), Mask::full({1, 2}, true));
            }),
            "")
      << "one row for all queries";
  KVCache::Layer half;
  half.cross_attn.keys = zeros({1, 2, 3, 3});
  EXPECT_EQ(error_of([&] {
              model.decoder.block[0].forward(noise({1, 2, 8}), {.memory = noise({1, 3, 8})}, &half);
            }),
            "[T5Block] expected cached cross-attention values (1, 2, 3, 3), got an undefined tensor");
}

// ---- arguments and modes ----------------------------------------------------------------------------------

TEST(T5, ChecksTheArgumentsOfGenerateAndBeam) {
  T5 model = make();
  const IntTensor source({{3, 4, 5, 6}, {7, 8, pad, pad}});
  for (const index_t length : {-1, 0, 5})
    EXPECT_EQ(error_of([&] {
                model.beam(source, {4, length}, {});
              }),
              concat("[T5] expected lengths in [1, 4], got ", length, " for sample 1"));
  EXPECT_EQ(error_of([&] { model.generate(source, {.max_length = -1}); }),
            "[T5] expected max_length of at least 1, got -1");
  EXPECT_EQ(error_of([&] { model.beam(source, {}, {.max_length = -1}); }),
            "[beam_search] expected width and max_length of at least 1, got 4 and -1");
  EXPECT_EQ(error_of([&] { model.beam(source, {}, {.width = 0}); }),
            "[beam_search] expected width and max_length of at least 1, got 0 and 100");
  expect_contains(error_of([&] { model.beam(source, {}, {.length_penalty = INFINITY}); }), "[beam_search]");
  EXPECT_EQ(error_of([&] {
              model.beam(IntTensor({{3, 4}, {5, 11}}), {}, {});
            }),
            "[T5] expected source ids in [0, 11), got 11 at (1, 1)");
  EXPECT_NO_THROW(model.beam(IntTensor({{3, 4}, {5, -100}}), {2, 1}, {.max_length = 2}))
      << "what is beyond a length is not read";
  expect_contains(error_of([&] { model.generate(IntTensor({{3, 11}})); }), "expected ids in [0, 11)");
  EXPECT_TRUE(model.generate(IntTensor::zeros({0, 3})).empty());
  EXPECT_TRUE(model.beam(IntTensor::zeros({0, 3}), {}, {}).empty());
}

TEST(T5, GeneratesInEvaluationModeAndRestoresEachMode) {
  T5Options options = small();
  options.dropout = 0.5;
  T5 model = make(options);
  const BeamOptions beam_options{.width = 2, .max_length = 6};
  model.eval();
  const auto sequences = model.generate(two_sources, {.max_length = 6});
  const auto beams = model.beam(two_sources, {}, beam_options);
  model.train();
  model.decoder.block[0].eval();
  const auto expect_modes = [&] {
    EXPECT_TRUE(model.training() && model.encoder.dropout.training() && model.decoder.training());
    EXPECT_TRUE(model.decoder.block[0].dropout.training() && !model.decoder.block[0].training());
    EXPECT_TRUE(grad_enabled());
  };
  model.decoder.block[0].dropout.train();
  EXPECT_EQ(model.generate(two_sources, {.max_length = 6}), sequences);
  expect_modes();
  const auto again = model.beam(two_sources, {}, beam_options);
  for (std::size_t b = 0; b < 2; ++b) EXPECT_EQ(again[b][0].ids, beams[b][0].ids);
  expect_modes();
  EXPECT_THROW(model.generate(IntTensor({{99}})), Error);
  EXPECT_THROW(model.generate(two_sources, {.source_mask = Mask::full({1, 1, 1}, true)}), Error);
  expect_modes();
}

}  // namespace
}  // namespace heed::nn

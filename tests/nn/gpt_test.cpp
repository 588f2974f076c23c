// gpt_test.cpp — lesson 10: the future is closed, the cache changes nothing, and writing; golden/ has PyTorch's numbers.
#include "nn/gpt.h"

#include "tests/testing.h"

namespace heed::nn {

static GPT make(std::uint64_t seed = 1, index_t context = 8) {
  Generator gen(seed);
  GPT gpt({.vocab_size = 11, .context = context, .d_model = 12, .nhead = 3, .num_layers = 2}, gen);
  gpt.eval();
  return gpt;
}
static const IntTensor two_texts{{1, 5, 2, 0, 3, 3}, {1, 7, 8, 2, 9, 10}};

TEST(GPT, ThePublishedSizeHasThePublishedNumberOfParameters) {
  Generator gen(0);
  const NoInit no_init;
  EXPECT_EQ(GPT(gpt2_small(), gen).parameter_count(), 124'439'808);
}

TEST(GPT, NoTokenSeesThoseAfterIt) {
  GPT gpt = make();
  const Tensor y = gpt(two_texts);
  EXPECT_EQ(y.shape(), (Shape{2, 6, 11}));
  IntTensor changed = two_texts;
  changed.values()[3] = 4;
  const Tensor z = gpt(changed);
  expect_same_bits(z[0].slice(0, 0, 3), y[0].slice(0, 0, 3));
  for (index_t t = 3; t < 6; ++t) EXPECT_GT(max_abs_difference(z[0][t], y[0][t]), 1e-5);
  expect_same_bits(z[1], y[1]);
}

TEST(GPT, CachedLogitsEqualUncachedOnesHoweverTheTokensAreHandedOver) {
  GPT gpt = make();
  for (const DType dtype : {f32, f64}) {
    gpt.to(dtype);
    const Tensor all = gpt(two_texts).detach();  // (2, 6, V)
    for (const std::vector<index_t>& steps : {std::vector<index_t>{1, 1, 1, 1, 1, 1}, {6}, {3, 1, 2}}) {
      GPTCache cache;
      index_t at = 0;
      for (const index_t n : steps) {
        const Tensor last = gpt.forward(two_texts.slice(1, at, at + n), cache);
        at += n;
        expect_close(last.select(1, 0), all.select(1, at - 1), dtype == f64 ? 1e-12 : 1e-5);
      }
      EXPECT_EQ(cache.length, 6);
    }
  }
}

TEST(GPT, TheOutputIsTheEmbeddingOnceMore) {
  GPT gpt = make();
  sum(gpt(two_texts)).backward();
  gpt.check_all_named(sum(gpt(two_texts)));
  EXPECT_GT(sum(abs(gpt.wte.weight.grad()[6])).item(), 0);  // 6 stands in no text
}

TEST(GPT, WritesTheSameWithAndWithoutItsCacheAlsoBeyondItsContext) {
  GPT gpt = make(3);
  for (const double temperature : {0.0, 1.0}) {
    GenerateOptions how{.tokens = 30, .sampling = {.temperature = temperature}};
    Generator a(5), b(5);
    std::vector<index_t> told;
    const auto cached = generate(gpt, {1, 2, 3}, how, a, [&](index_t id) { told.push_back(id); });
    how.cached = false;
    EXPECT_EQ(cached, generate(gpt, {1, 2, 3}, how, b));
    EXPECT_EQ(cached.size(), 30U);
    EXPECT_EQ(cached, told);
  }
}

TEST(GPT, StopsAtTheEnd) {
  GPT gpt = make(3);
  Generator gen(0);
  const auto greedy = generate(gpt, {1}, {.tokens = 5, .sampling = {.temperature = 0}}, gen);
  const auto ended = generate(gpt, {1}, {.tokens = 5, .sampling = {.temperature = 0}, .end = greedy[0]}, gen);
  EXPECT_EQ(ended, std::vector<index_t>{greedy[0]});
  EXPECT_EQ(generate(gpt, {1}, {.tokens = 0}, gen).size(), 0U);
}

TEST(GPT, SaysWhatIsWrong) {
  GPT gpt = make();
  Generator gen(0);
  EXPECT_EQ(error_of([&] {
              gpt(IntTensor{1, 2});
            }),
            "[GPT] ids must be (B, T) with at least one token, got (2)");
  EXPECT_EQ(error_of([&] {
              gpt(IntTensor::zeros({1, 9}));
            }),
            "[GPT] 9 tokens do not fit into the context of 8");
  GPTCache cache;
  gpt.forward(IntTensor::zeros({1, 6}), cache);
  EXPECT_EQ(error_of([&] {
              gpt.forward(IntTensor::zeros({1, 3}), cache);
            }),
            "[GPT] 9 tokens do not fit into the context of 8; 6 of them are in the cache");
  EXPECT_EQ(error_of([&] {
              gpt.forward(IntTensor::zeros({2, 1}), cache);
            }),
            "[GPT] the cache is of another batch size than ids (2, 1)");
  EXPECT_EQ(error_of([&] { GPT({.vocab_size = 0, .d_model = 4}, gen); }),
            "[GPT] vocab_size and context must be at least 1 and num_layers not negative, got 0, 1024 and 1");
  EXPECT_EQ(error_of([&] { GPT({.vocab_size = 3, .d_model = 4, .nhead = 3}, gen); }),
            "[GPT] nhead = 3 must divide d_model = 4");
  EXPECT_EQ(error_of([&] { generate(gpt, {}, {}, gen); }),
            "[generate] the prompt is empty; there must be at least one token to go on from");
}

TEST(GPT, ItsConfigurationIsReadFromThePublishedMembers) {
  Config::Values values{{"vocab_size", 50257.0},     {"n_positions", 1024.0}, {"n_ctx", 1024.0},
                        {"n_embd", 768.0},           {"n_head", 12.0},        {"n_layer", 12.0},
                        {"layer_norm_epsilon", 1e-5}};
  const GPTOptions o = GPT::from_config(values), small = gpt2_small();
  EXPECT_EQ(o.vocab_size, small.vocab_size);
  EXPECT_EQ(o.context, small.context);
  EXPECT_EQ(o.d_model, small.d_model);
  EXPECT_EQ(o.nhead, small.nhead);
  EXPECT_EQ(o.num_layers, small.num_layers);
  values["n_inner"] = 100.0;
  EXPECT_EQ(error_of([&] { GPT::from_config(values); }),
            "[config.json] 'n_inner' must be 4 · n_embd in this model, got 100");
  values.erase("n_layer"), values.erase("n_inner");
  EXPECT_EQ(error_of([&] { GPT::from_config(values); }), "[config.json] needs 'n_layer', a whole number");
}

}  // namespace heed::nn

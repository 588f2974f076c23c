// gpt_test.cpp — lesson 10: the future is closed, the cache changes nothing, and writing; golden/ has PyTorch's numbers.
#include "nn/gpt.h"

#include <cmath>
#include <stdexcept>

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
  EXPECT_EQ(error_of([&] { GPT({.vocab_size = 3}, gen); }),
            "[GPT] d_model and nhead must be at least 1, got 0 and 1");
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

// ---- the cache --------------------------------------------------------------------------------------------

struct Kept {
  index_t length;
  std::vector<std::vector<double>> numbers;  // of the tokens that were read
  bool operator==(const Kept&) const = default;
};
static Kept read_from(const GPTCache& cache) {
  Kept kept{cache.length, {}};
  for (const GPTCache::Layer& layer : cache.layers)
    for (const Tensor* t : {&layer.keys, &layer.values})
      kept.numbers.push_back(t->defined() ? t->slice(2, 0, cache.length).to_vector() : std::vector<double>());
  return kept;
}

// A cache that `change` made unfit is rejected with a message that contains `part`, and stays as it
// is.
template <class Change>
static void expect_rejected(const std::string& part, Change change) {
  GPT gpt = make();
  GPTCache cache;
  gpt.forward(IntTensor{{1, 2, 3}, {4, 5, 6}}, cache);
  change(gpt, cache);
  const Kept before = read_from(cache);
  expect_contains(error_of([&] { gpt.forward(IntTensor{{7}, {8}}, cache); }), part);
  EXPECT_EQ(read_from(cache), before);
}

TEST(GPTCache, OfAnotherModelIsRejected) {
  Generator gen(1);
  GPTOptions options{.vocab_size = 11, .context = 8, .d_model = 12, .nhead = 3, .num_layers = 1};
  GPT one(options, gen);
  options.num_layers = 3;
  GPT three(options, gen);
  GPTCache cache;
  one.forward(IntTensor{{1, 2}}, cache);
  EXPECT_EQ(
      error_of([&] { three.forward(IntTensor{{3}}, cache); }),
      "[GPT] expected a cache of 3 layers, as the model has, got one of 1; a cache belongs to the model "
      "that filled it. Hint: start with an empty GPTCache");
  EXPECT_EQ(cache.layers.size(), 1U);
  EXPECT_EQ(cache.length, 2);
  options.num_layers = 1, options.nhead = 2;
  GPT two_heads(options, gen);
  EXPECT_EQ(error_of([&] { two_heads.forward(IntTensor{{3}}, cache); }),
            "[GPT] expected cached keys (B, H, context, D) = (1, 2, 8, 6) of f32, got (1, 3, 8, 4) of f32; a "
            "cache belongs to the model that filled it. Hint: start with an empty GPTCache");
  options.nhead = 3, options.context = 9;
  GPT longer(options, gen);
  expect_contains(error_of([&] { longer.forward(IntTensor{{3}}, cache); }),
                  "= (1, 3, 9, 4) of f32, got (1, 3, 8, 4)");
  one.to(f64);
  expect_contains(error_of([&] { one.forward(IntTensor{{3}}, cache); }), "of f64, got (1, 3, 8, 4) of f32");
}

// Sizes agree, weights do not: the logits would be wrong without a sign.
TEST(GPTCache, OfAnotherModelOfTheSameSizesIsRejected) {
  Generator gen(1);
  const GPTOptions options{.vocab_size = 11, .context = 8, .d_model = 12, .nhead = 3, .num_layers = 1};
  GPT one(options, gen);
  std::optional<GPT> other(std::in_place, options, gen);
  GPTCache cache, others;
  one.forward(IntTensor{{1, 2}}, cache);
  other->forward(IntTensor{{1, 2}}, others);
  EXPECT_EQ(error_of([&] { other->forward(IntTensor{{3}}, cache); }),
            "[GPT] the cache was filled by another model of the same sizes; its keys and values come from "
            "other weights. Hint: start with an empty GPTCache");
  EXPECT_EQ(cache.length, 2);
  other.reset();
  expect_contains(error_of([&] { one.forward(IntTensor{{3}}, others); }), "filled by another model");

  // The same model, moved and with other weights loaded.
  GPT moved = std::move(one);
  GPT twin = moved.clone();
  moved.load_state_dict(twin.state_dict());
  moved.forward(IntTensor{{3}}, cache);
  EXPECT_EQ(cache.length, 3);
  // A cache that was emptied, and one that was made by hand.
  cache.layers.clear();
  cache.length = 0;
  twin.forward(IntTensor{{3}}, cache);
  GPTCache made{.layers = {{zeros({1, 3, 8, 4}), zeros({1, 3, 8, 4})}}, .length = 1};
  twin.forward(IntTensor{{3}}, made);
  EXPECT_EQ(made.length, 2);
}

TEST(GPTCache, ThatIsIncompleteIsRejectedAndStaysAsItIs) {
  expect_rejected("expected cached values (2, 3, 8, 4), got an undefined tensor",
                  [](GPT&, GPTCache& c) { c.layers[1].values = Tensor(); });
  expect_rejected("expected cached keys (2, 3, 8, 4), got an undefined tensor",
                  [](GPT&, GPTCache& c) { c.layers[0] = {}; });
  expect_rejected("got one of 0;", [](GPT&, GPTCache& c) { c.layers.clear(); });
  expect_rejected("got one of 1;", [](GPT&, GPTCache& c) { c.layers.pop_back(); });
  expect_rejected("expected cached values (B, H, context, D) = (2, 3, 8, 4)", [](GPT&, GPTCache& c) {
    c.layers[1].values = zeros({2, 3, 7, 4});
  });
  expect_rejected("of f32, got (2, 3, 8, 4) of f64", [](GPT&, GPTCache& c) {
    c.layers[1].keys = zeros({2, 3, 8, 4}, f64);
  });
  expect_rejected("the cache is of another batch size than ids (2, 1)", [](GPT&, GPTCache& c) {
    c.layers[1] = {zeros({3, 3, 8, 4}), zeros({3, 3, 8, 4})};
  });
}

TEST(GPTCache, LengthIsWithinTheContext) {
  GPT gpt = make();
  for (const index_t length : {index_t{-1}, index_t{9}, INT64_MAX}) {
    GPTCache cache;
    gpt.forward(IntTensor{{1}}, cache);
    cache.length = length;
    EXPECT_EQ(error_of([&] { gpt.forward(IntTensor{{2}}, cache); }),
              concat("[GPT] expected a cache of 0 to 8 tokens, the context, got one of ", length));
  }
}

TEST(GPTCache, AFailedCallLeavesItAsItWas) {
  GPT gpt = make();
  GPTCache cache;
  expect_contains(error_of([&] { gpt.forward(IntTensor{{11}}, cache); }),
                  "[embedding] expected ids in [0, 11) for weight");
  EXPECT_TRUE(cache.layers.empty());
  EXPECT_EQ(cache.length, 0);
  gpt.forward(IntTensor{{1, 2}}, cache);
  const Kept before = read_from(cache);
  EXPECT_NE(error_of([&] { gpt.forward(IntTensor{{1, -1}}, cache); }), "");
  {
    const AnomalyMode anomaly;
    const NoGrad no_grad;
    gpt.h[1].mlp.c_fc.weight.fill_(INFINITY);
    EXPECT_NE(error_of([&] { gpt.forward(IntTensor{{1}}, cache); }), "");
  }
  EXPECT_EQ(read_from(cache), before);
}

TEST(GPTCache, OfABlockIsChecked) {
  GPT gpt = make();
  GPTCache::Layer kept{zeros({1, 3, 8, 4}), zeros({1, 3, 8, 4})}, half{zeros({1, 3, 8, 4}), {}};
  const Tensor x = noise({1, 2, 12});
  EXPECT_NO_THROW(gpt.h[0](x, &kept, 6));
  EXPECT_EQ(error_of([&] { gpt.h[0](x, &kept, 7); }),
            "[CausalSelfAttention] expected a position in [0, 6] for 2 tokens and a context of 8, got 7");
  EXPECT_EQ(error_of([&] { gpt.h[0](x, &half, 0); }),
            "[CausalSelfAttention] expected cached values (1, 3, 8, 4), got an undefined tensor");
  EXPECT_EQ(error_of([&] {
              gpt.h[0].attn(ones({2, 12}));
            }),
            "[CausalSelfAttention] x must be (B, T, 12), got (2, 12)");
}

// ---- writing ----------------------------------------------------------------------------------------------

TEST(GPT, GeneratesInEvaluationModeAndRestoresEachMode) {
  Generator gen(4);
  GPT gpt({.vocab_size = 11, .context = 8, .d_model = 12, .nhead = 3, .num_layers = 2, .dropout = 0.5}, gen);
  gpt.eval();
  const GenerateOptions greedy{.tokens = 12, .sampling = {.temperature = 0}};
  const auto want = generate(gpt, {1, 2}, greedy, gen);
  gpt.train();
  gpt.h[1].mlp.eval();
  const auto expect_modes = [&] {
    EXPECT_TRUE(gpt.training() && gpt.drop.training() && gpt.h[0].attn.training() && gpt.h[1].training());
    EXPECT_FALSE(gpt.h[1].mlp.training());
    EXPECT_TRUE(grad_enabled());
  };
  for (const bool cached : {true, false}) {
    GenerateOptions how = greedy;
    how.cached = cached;
    EXPECT_EQ(generate(gpt, {1, 2}, how, gen, [&](index_t) { EXPECT_FALSE(gpt.drop.training()); }), want);
    expect_modes();
  }
  EXPECT_THROW(generate(gpt, {1}, greedy, gen, [](index_t) { throw std::runtime_error("stop"); }),
               std::runtime_error);
  expect_modes();
}

TEST(GPT, ChecksTheArgumentsOfGenerateBeforeAnyWork) {
  GPT gpt = make();
  Generator gen(0);
  const auto error = [&](const std::vector<index_t>& prompt, const GenerateOptions& how) {
    return error_of([&] { generate(gpt, prompt, how, gen, [](index_t) { FAIL() << "it began"; }); });
  };
  EXPECT_EQ(error({1, 11}, {}), "[generate] expected prompt ids in [0, 11), got 11 at position 1");
  EXPECT_EQ(error({-1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {}),
            "[generate] expected prompt ids in [0, 11), got -1 at position 0")
      << "also an id that the context has no room for";
  EXPECT_EQ(error({1}, {.tokens = -1}), "[generate] expected tokens to be at least 0, got -1");
  EXPECT_EQ(error({1}, {.end = 11}), "[generate] expected end to be an id in [0, 11) or -1 for none, got 11");
  EXPECT_EQ(error({1}, {.end = -2}), "[generate] expected end to be an id in [0, 11) or -1 for none, got -2");
  EXPECT_EQ(error({1}, {.tokens = 0, .sampling = {.top_p = 1.5}}),
            "[sample] top_p must be in (0, 1], got 1.5");
  for (const SamplingOptions& bad :
       {SamplingOptions{.temperature = std::nan("")}, SamplingOptions{.temperature = INFINITY},
        SamplingOptions{.top_k = -1}, SamplingOptions{.top_p = std::nan("")}, SamplingOptions{.top_p = 0}})
    expect_contains(error({1}, {.sampling = bad}), "[sample] ");
}

}  // namespace heed::nn

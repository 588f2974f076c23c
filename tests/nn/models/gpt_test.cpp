// The causal mask, the cache and generation; tests/golden compares the numbers with PyTorch.
#include "nn/models/gpt.h"

#include <cmath>
#include <stdexcept>

#include "nn/models/pretrained.h"
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

TEST(GPT, NoTokenAttendsToLaterTokens) {
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

TEST(GPT, CachedLogitsEqualUncachedOnesForAnySplit) {
  GPT gpt = make();
  for (const DType dtype : {f32, f64}) {
    gpt.to(dtype);
    const Tensor all = gpt(two_texts).detach();  // (2, 6, V)
    for (const std::vector<index_t>& steps : {std::vector<index_t>{1, 1, 1, 1, 1, 1}, {6}, {3, 1, 2}}) {
      KVCache cache;
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

TEST(GPT, TheOutputLayerIsTiedToTheEmbedding) {
  GPT gpt = make();
  sum(gpt(two_texts)).backward();
  gpt.check_all_named(sum(gpt(two_texts)));
  EXPECT_GT(sum(abs(gpt.wte.weight.grad()[6])).item(), 0);  // token 6 occurs in no sequence
}

TEST(GPT, GeneratesTheSameWithAndWithoutACacheBeyondTheContext) {
  GPT gpt = make(3);
  for (const double temperature : {0.0, 1.0}) {
    GenerateOptions options{.tokens = 30, .sampling = {.temperature = temperature}};
    Generator a(5), b(5);
    std::vector<index_t> told;
    const auto cached = generate(gpt, {1, 2, 3}, options, a, [&](index_t id) { told.push_back(id); });
    options.cached = false;
    EXPECT_EQ(cached, generate(gpt, {1, 2, 3}, options, b));
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

TEST(GPT, ErrorsNameTheCause) {
  GPT gpt = make();
  Generator gen(0);
  EXPECT_EQ(error_of([&] {
              gpt(IntTensor{1, 2});
            }),
            "[GPT] expected ids (B, T) with at least one token, got (2)");
  EXPECT_EQ(error_of([&] {
              gpt(IntTensor::zeros({1, 9}));
            }),
            "[GPT] expected at most 8 tokens, the context, got 9, of which 0 are cached");
  KVCache cache;
  gpt.forward(IntTensor::zeros({1, 6}), cache);
  EXPECT_EQ(error_of([&] {
              gpt.forward(IntTensor::zeros({1, 3}), cache);
            }),
            "[GPT] expected at most 8 tokens, the context, got 9, of which 6 are cached");
  EXPECT_EQ(error_of([&] {
              gpt.forward(IntTensor::zeros({2, 1}), cache);
            }),
            "[GPT] expected a cache of the batch size of ids (2, 1), got cached keys (1, 3, 8, 4)");
  EXPECT_EQ(
      error_of([&] { GPT({.vocab_size = 0, .d_model = 4}, gen); }),
      "[GPT] expected vocab_size and context of at least 1 and num_layers of at least 0, got 0, 1024 and 1");
  EXPECT_EQ(error_of([&] { GPT({.vocab_size = 3, .d_model = 4, .nhead = 3}, gen); }),
            "[GPT] expected nhead to divide d_model, got nhead = 3 and d_model = 4");
  EXPECT_EQ(error_of([&] { GPT({.vocab_size = 3}, gen); }),
            "[GPT] expected d_model and nhead of at least 1, got 0 and 1");
  EXPECT_EQ(error_of([&] { generate(gpt, {}, {}, gen); }),
            "[generate] expected a prompt of at least one token, got an empty one");
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
  values.erase("n_layer");
  values.erase("n_inner");
  EXPECT_EQ(error_of([&] { GPT::from_config(values); }),
            "[config.json] expected 'n_layer', an integer, got no such member");
}

// ---- cache ------------------------------------------------------------------------------------------------

struct CacheContents {
  index_t length;
  std::vector<std::vector<double>> values;  // keys and values of the processed tokens, layer by layer
  bool operator==(const CacheContents&) const = default;
};
static CacheContents contents_of(const KVCache& cache) {
  CacheContents contents{cache.length, {}};
  for (const KVCache::Layer& layer : cache.layers)
    for (const Tensor* t : {&layer.self_attn.keys, &layer.self_attn.values})
      contents.values.push_back(t->defined() ? t->slice(2, 0, cache.length).to_vector()
                                             : std::vector<double>());
  return contents;
}

// A cache that `change` made invalid is rejected with a message that contains `part`, and is
// unchanged.
template <class Change>
static void expect_rejected(const std::string& part, Change change) {
  GPT gpt = make();
  KVCache cache;
  gpt.forward(IntTensor{{1, 2, 3}, {4, 5, 6}}, cache);
  change(gpt, cache);
  const CacheContents before = contents_of(cache);
  expect_contains(error_of([&] { gpt.forward(IntTensor{{7}, {8}}, cache); }), part);
  EXPECT_EQ(contents_of(cache), before);
}

TEST(GPTCache, OfAnotherModelIsRejected) {
  Generator gen(1);
  GPTOptions options{.vocab_size = 11, .context = 8, .d_model = 12, .nhead = 3, .num_layers = 1};
  GPT one(options, gen);
  options.num_layers = 3;
  GPT three(options, gen);
  KVCache cache;
  one.forward(IntTensor{{1, 2}}, cache);
  EXPECT_EQ(error_of([&] { three.forward(IntTensor{{3}}, cache); }),
            "[GPT] expected a cache of 3 layers, got one of 1; a cache belongs to the model that filled it. "
            "Hint: start with an empty KVCache");
  EXPECT_EQ(cache.layers.size(), 1U);
  EXPECT_EQ(cache.length, 2);
  options.num_layers = 1;
  options.nhead = 2;
  GPT two_heads(options, gen);
  EXPECT_EQ(error_of([&] { two_heads.forward(IntTensor{{3}}, cache); }),
            "[GPT] expected cached self-attention keys (B, H, S, D) = (1, 2, 8, 6) of f32, got (1, 3, 8, 4) "
            "of f32; a cache belongs to the model that filled it. Hint: start with an empty KVCache");
  options.nhead = 3;
  options.context = 9;
  GPT longer(options, gen);
  expect_contains(error_of([&] { longer.forward(IntTensor{{3}}, cache); }),
                  "= (1, 3, 9, 4) of f32, got (1, 3, 8, 4)");
  one.to(f64);
  expect_contains(error_of([&] { one.forward(IntTensor{{3}}, cache); }), "of f64, got (1, 3, 8, 4) of f32");
}

// The sizes agree, but the weights do not: without the check, the logits would be silently wrong.
TEST(GPTCache, OfAnotherModelOfTheSameSizesIsRejected) {
  Generator gen(1);
  const GPTOptions options{.vocab_size = 11, .context = 8, .d_model = 12, .nhead = 3, .num_layers = 1};
  GPT one(options, gen);
  std::optional<GPT> other(std::in_place, options, gen);
  KVCache cache, others;
  one.forward(IntTensor{{1, 2}}, cache);
  other->forward(IntTensor{{1, 2}}, others);
  EXPECT_EQ(
      error_of([&] { other->forward(IntTensor{{3}}, cache); }),
      "[GPT] expected a cache filled by this model, got one filled by another model of the same sizes; its "
      "keys and values were computed with other weights. Hint: start with an empty KVCache");
  EXPECT_EQ(cache.length, 2);
  other.reset();
  expect_contains(
      error_of([&] { one.forward(IntTensor{{3}}, others); }),
      "[GPT] expected a cache filled by this model, got one filled by another model of the same sizes; "
      "its keys and values were computed with other weights. Hint: start with an empty KVCache");

  // The same model, moved, and with other weights loaded.
  GPT moved = std::move(one);
  GPT twin = moved.clone();
  moved.load_state_dict(twin.state_dict());
  moved.forward(IntTensor{{3}}, cache);
  EXPECT_EQ(cache.length, 3);
  // An emptied cache, and one filled by hand.
  cache.layers.clear();
  cache.length = 0;
  twin.forward(IntTensor{{3}}, cache);
  KVCache made{.layers = {{{zeros({1, 3, 8, 4}), zeros({1, 3, 8, 4})}, {}}}, .length = 1};
  twin.forward(IntTensor{{3}}, made);
  EXPECT_EQ(made.length, 2);
}

TEST(GPTCache, AnIncompleteCacheIsRejectedAndUnchanged) {
  expect_rejected("[GPT] expected cached self-attention values (2, 3, 8, 4), got an undefined tensor",
                  [](GPT&, KVCache& c) { c.layers[1].self_attn.values = Tensor(); });
  expect_rejected("[GPT] expected cached self-attention keys (2, 3, 8, 4), got an undefined tensor",
                  [](GPT&, KVCache& c) { c.layers[0] = {}; });
  expect_rejected("got one of 0;", [](GPT&, KVCache& c) { c.layers.clear(); });
  expect_rejected("got one of 1;", [](GPT&, KVCache& c) { c.layers.pop_back(); });
  expect_rejected(
      "[GPT] expected cached self-attention values (B, H, S, D) = (2, 3, 8, 4) of f32, got (2, 3, 7, 4) of "
      "f32; a cache belongs to the model that filled it. Hint: start with an empty KVCache",
      [](GPT&, KVCache& c) {
        c.layers[1].self_attn.values = zeros({2, 3, 7, 4});
      });
  expect_rejected("of f32, got (2, 3, 8, 4) of f64", [](GPT&, KVCache& c) {
    c.layers[1].self_attn.keys = zeros({2, 3, 8, 4}, f64);
  });
  expect_rejected("[GPT] expected a cache of the batch size of ids (2, 1), got cached keys (3, 3, 8, 4)",
                  [](GPT&, KVCache& c) {
                    c.layers[1] = {{zeros({3, 3, 8, 4}), zeros({3, 3, 8, 4})}};
                  });
}

TEST(GPTCache, LengthIsWithinTheContext) {
  GPT gpt = make();
  for (const index_t length : {index_t{-1}, index_t{9}, INT64_MAX}) {
    KVCache cache;
    gpt.forward(IntTensor{{1}}, cache);
    cache.length = length;
    EXPECT_EQ(error_of([&] { gpt.forward(IntTensor{{2}}, cache); }),
              concat("[GPT] expected a cache of 0 to 8 tokens, the context, got one of ", length));
  }
}

TEST(GPTCache, AFailedCallLeavesItUnchanged) {
  GPT gpt = make();
  KVCache cache;
  expect_contains(error_of([&] { gpt.forward(IntTensor{{11}}, cache); }),
                  "[embedding] expected ids in [0, 11) for weight");
  EXPECT_TRUE(cache.layers.empty());
  EXPECT_EQ(cache.length, 0);
  gpt.forward(IntTensor{{1, 2}}, cache);
  const CacheContents before = contents_of(cache);
  EXPECT_NE(error_of([&] { gpt.forward(IntTensor{{1, -1}}, cache); }), "");
  {
    const AnomalyMode anomaly;
    const NoGrad no_grad;
    gpt.h[1].mlp.c_fc.weight.fill_(INFINITY);
    EXPECT_NE(error_of([&] { gpt.forward(IntTensor{{1}}, cache); }), "");
  }
  EXPECT_EQ(contents_of(cache), before);
}

TEST(GPTCache, OfABlockIsChecked) {
  GPT gpt = make();
  KVCache::Layer cached{{zeros({1, 3, 8, 4}), zeros({1, 3, 8, 4})}, {}}, half{{zeros({1, 3, 8, 4}), {}}, {}};
  const Tensor x = noise({1, 2, 12});
  EXPECT_NO_THROW(gpt.h[0](x, &cached, 6));
  EXPECT_EQ(error_of([&] { gpt.h[0](x, &cached, 7); }),
            "[CausalSelfAttention] expected a position in [0, 6] for 2 tokens and a context of 8, got 7");
  EXPECT_EQ(
      error_of([&] { gpt.h[0](x, &half, 0); }),
      "[CausalSelfAttention] expected cached self-attention values (1, 3, 8, 4), got an undefined tensor");
  EXPECT_EQ(error_of([&] {
              gpt.h[0].attn(ones({2, 12}));
            }),
            "[CausalSelfAttention] expected x (B, T, 12), got (2, 12)");
}

// ---- generation -------------------------------------------------------------------------------------------

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
    GenerateOptions options = greedy;
    options.cached = cached;
    EXPECT_EQ(generate(gpt, {1, 2}, options, gen, [&](index_t) { EXPECT_FALSE(gpt.drop.training()); }), want);
    expect_modes();
  }
  EXPECT_THROW(generate(gpt, {1}, greedy, gen, [](index_t) { throw std::runtime_error("stop"); }),
               std::runtime_error);
  expect_modes();
}

TEST(GPT, ChecksTheArgumentsOfGenerateBeforeAnyWork) {
  GPT gpt = make();
  Generator gen(0);
  const auto error = [&](const std::vector<index_t>& prompt, const GenerateOptions& options) {
    return error_of([&] { generate(gpt, prompt, options, gen, [](index_t) { FAIL() << "it began"; }); });
  };
  EXPECT_EQ(error({1, 11}, {}), "[generate] expected prompt ids in [0, 11), got 11 at position 1");
  EXPECT_EQ(error({-1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {}),
            "[generate] expected prompt ids in [0, 11), got -1 at position 0")
      << "also an id that the context has no room for";
  EXPECT_EQ(error({1}, {.tokens = -1}), "[generate] expected tokens to be at least 0, got -1");
  EXPECT_EQ(error({1}, {.end = 11}), "[generate] expected end to be an id in [0, 11) or -1 for none, got 11");
  EXPECT_EQ(error({1}, {.end = -2}), "[generate] expected end to be an id in [0, 11) or -1 for none, got -2");
  EXPECT_EQ(error({1}, {.tokens = 0, .sampling = {.top_p = 1.5}}),
            "[sample] expected top_p in (0, 1], got 1.5");
  for (const SamplingOptions& bad :
       {SamplingOptions{.temperature = std::nan("")}, SamplingOptions{.temperature = INFINITY},
        SamplingOptions{.top_k = -1}, SamplingOptions{.top_p = std::nan("")}, SamplingOptions{.top_p = 0}})
    expect_contains(error({1}, {.sampling = bad}), "[sample] ");
}

}  // namespace heed::nn

#include "nn/models/t5.h"

#include <cmath>
#include <limits>

#include "nn/models/pretrained.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

constexpr index_t pad = 0, eos = 1;

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

TEST(T5, HasTheParametersOfT5Small) {
  Generator gen(0);
  const NoInit no_init;
  EXPECT_EQ(T5(t5_small(), gen).parameter_count(), 60'506'624);
}

// ---- buckets ----------------------------------------------------------------------------------------------

// Section 2.1 of the paper: 32 buckets per head, logarithmic up to a distance of 128, one for all
// larger distances. With keys on both sides, 8 distances have separate buckets, and the others
// begin at 8 · 16^(i/8) = 8, 11.3, 16, 22.6, 32, 45.3, 64, 90.5.
TEST(T5, BucketsOfBothSides) {
  const std::vector<std::pair<index_t, index_t>> first = {{0, 0},   {1, 1},   {2, 2},    {7, 7},   {8, 8},
                                                          {12, 9},  {16, 10}, {23, 11},  {32, 12}, {46, 13},
                                                          {64, 14}, {91, 15}, {1000, 15}};
  for (std::size_t i = 0; i + 1 < first.size(); ++i)
    for (index_t away = first[i].first; away < first[i + 1].first; ++away) {
      if (away < 8 && away > first[i].first) continue;  // 3 … 6 have separate buckets
      EXPECT_EQ(relative_position_bucket(-away, true), first[i].second) << away;
      EXPECT_EQ(relative_position_bucket(away, true), away == 0 ? 0 : 16 + first[i].second) << away;
    }
  for (index_t away = 1; away < 8; ++away) EXPECT_EQ(relative_position_bucket(-away, true), away);
}

// In a decoder, 16 distances have separate buckets, and the others begin at 16 · 8^(i/16).
TEST(T5, BucketsOfOneSide) {
  const index_t begins[] = {16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
  for (index_t away = 0; away < 16; ++away) EXPECT_EQ(relative_position_bucket(-away, false), away);
  for (index_t i = 0; i < 16; ++i) {
    EXPECT_EQ(relative_position_bucket(-begins[i], false), 16 + i) << begins[i];
    EXPECT_EQ(relative_position_bucket(1 - begins[i], false), 15 + i) << begins[i];
  }
  EXPECT_EQ(relative_position_bucket(-100000, false), 31);
  EXPECT_EQ(relative_position_bucket(std::numeric_limits<index_t>::min(), false), 31);
  EXPECT_EQ(relative_position_bucket(std::numeric_limits<index_t>::min(), true), 15);
  EXPECT_EQ(relative_position_bucket(std::numeric_limits<index_t>::max(), true), 31);
  for (const index_t later : {1, 8, 200}) EXPECT_EQ(relative_position_bucket(later, false), 0);
}

TEST(T5, BucketsAtTheBordersOfPowersOfTwoAreExact) {
  for (index_t buckets = 8; buckets <= 128; buckets *= 2)
    for (index_t away = buckets / 2; away <= 4096; away *= 2) {
      const index_t at = relative_position_bucket(-away, false, buckets, 4096);
      const index_t near = buckets / 2, steps = static_cast<index_t>(std::llround(std::log2(4096 / near)));
      const auto doublings = static_cast<index_t>(std::llround(std::log2(away / near)));
      EXPECT_EQ(at, std::min(near + doublings * near / steps, buckets - 1)) << buckets << " " << away;
    }
}

TEST(T5, ThePositionBiasIsThatOfTheLastQueries) {
  T5 model = make();
  for (T5Stack* stack : {&model.encoder, &model.decoder}) {
    const Tensor all = stack->position_bias(6, 6), last = stack->position_bias(2, 6);
    EXPECT_EQ(all.shape(), Shape({2, 6, 6}));
    expect_same_bits(last, all.slice(1, 4).contiguous());
    const Tensor& table = stack->relative_attention_bias.weight;
    EXPECT_EQ(all.at({1, 4, 1}), table.at({3, 1}));
    EXPECT_EQ(all.at({1, 1, 4}), table.at({stack->options.is_decoder ? 0 : 19, 1}));
  }
}

// ---- outputs ----------------------------------------------------------------------------------------------

TEST(T5, ShiftRightPutsTheStartBeforeTheLabels) {
  EXPECT_EQ(shift_right(IntTensor({{5, 6, 1}, {7, 1, -100}})), IntTensor({{0, 5, 6}, {0, 7, 1}}));
  EXPECT_EQ(shift_right(IntTensor({{5, -100, -100}}), 3), IntTensor({{3, 5, 3}}));
  EXPECT_EQ(shift_right(IntTensor({{5, -1, 2}}), 0, -1), IntTensor({{0, 5, 0}}));
  EXPECT_EQ(error_of([] {
              shift_right(IntTensor({5, 6}));
            }),
            "[shift_right] expected labels (B, T) with at least one token, got (2)");
}

TEST(T5, NoTokenAttendsToLaterTokens) {
  T5 model = make();
  const IntTensor source({{3, 4, 5}});
  const Tensor y = model(source, IntTensor({{0, 6, 7, 8}})), z = model(source, IntTensor({{0, 6, 9, 10}}));
  expect_same_bits(y.slice(1, 0, 2), z.slice(1, 0, 2));
  EXPECT_GT(max_abs_difference(y.slice(1, 2).contiguous(), z.slice(1, 2).contiguous()), 1e-3);
}

TEST(T5, TheEncoderIsBidirectionalAndDependsOnTheOrder) {
  T5 model = make();
  const Tensor y = model.encode(IntTensor({{3, 4, 5, 6}}));
  EXPECT_GT(max_abs_difference(y[0][0], model.encode(IntTensor({{3, 4, 5, 7}}))[0][0]), 1e-4);
  EXPECT_GT(max_abs_difference(y[0][0], model.encode(IntTensor({{3, 4, 6, 5}}))[0][0]), 1e-4);
}

TEST(T5, NoQueryAttendsToThePaddingOfTheSource) {
  T5 model = make();
  const IntTensor decoder_input({{0, 6}, {0, 7}});
  const IntTensor source({{3, 4, 5, 6}, {7, 8, pad, pad}}), other({{3, 4, 5, 6}, {7, 8, 9, 2}});
  const Mask real = not_padding(source, pad);
  expect_same_bits(model(source, decoder_input, real), model(other, decoder_input, real));
  EXPECT_GT(max_abs_difference(model(source, decoder_input), model(other, decoder_input)), 1e-4);
}

TEST(T5, TheCacheGivesTheSameLogits) {
  T5 model = make();
  model.eval();
  const NoGrad no_grad;
  const IntTensor source({{3, 4, 5, 6}, {7, 8, pad, pad}});
  const IntTensor decoder_input({{0, 6, 7, 8, 9, 2, 3}, {0, 5, 5, 3, 2, 10, 4}});
  const Mask real = not_padding(source, pad);
  const Tensor all = model(source, decoder_input, real), memory = model.encode(source, real);
  KVCache cache;
  index_t at = 0;
  for (const index_t tokens : {3, 1, 1, 2}) {  // a few at once, then one by one
    const Tensor last = model.forward(decoder_input.slice(1, at, at + tokens), memory, cache, real);
    at += tokens;
    expect_close(last, all.slice(1, at - 1, at).contiguous(), 1e-5);
    EXPECT_EQ(cache.length, at);
  }
  EXPECT_EQ(cache.layers[1].self_attn.keys.shape(), Shape({2, 2, 7, 3}));
  EXPECT_EQ(cache.layers[1].cross_attn.keys.shape(), Shape({2, 2, 4, 3}));
}

TEST(T5, GeneratesTheMostProbableTokenAtEachStep) {
  T5 model = make();
  model.eval();
  const IntTensor source({{3, 4, 5, 6}, {7, 8, pad, pad}});
  const auto sequences = model.generate(source, {.max_length = 6, .source_mask = not_padding(source, pad)});
  ASSERT_EQ(sequences.size(), 2u);
  for (index_t b = 0; b < 2; ++b) {  // alone, without a cache
    const IntTensor alone = b == 0 ? source.slice(0, 0, 1) : IntTensor({{7, 8}});
    std::vector<index_t> decoder_input{pad};
    while (decoder_input.size() <= 6) {
      const IntTensor so_far(decoder_input, {1, static_cast<index_t>(decoder_input.size())});
      const index_t next = argmax(model(alone, so_far), -1).values().back();
      if (next == eos) break;
      decoder_input.push_back(next);
    }
    EXPECT_EQ(sequences[static_cast<std::size_t>(b)],
              std::vector<index_t>(decoder_input.begin() + 1, decoder_input.end()));
  }
}

// Beam search without a cache: every step processes the whole sequence again.
std::vector<Hypothesis> beam_without_cache(T5& model, const IntTensor& source, BeamOptions options) {
  options.bos = pad;
  options.eos = eos;
  std::vector<std::vector<index_t>> sequences{{}};
  return beam_search(options, [&](const IntTensor& last, const std::vector<index_t>& parents) {
    std::vector<std::vector<index_t>> longer;
    std::vector<Tensor> rows;
    for (std::size_t i = 0; i < parents.size(); ++i) {
      longer.push_back(sequences[static_cast<std::size_t>(parents[i])]);
      longer.back().push_back(last.values()[i]);
      const IntTensor decoder_input(longer.back(), {1, static_cast<index_t>(longer.back().size())});
      rows.push_back(log_softmax(model(source, decoder_input), -1)[0].select(0, decoder_input.size(1) - 1));
    }
    sequences = longer;
    return stack(rows);
  });
}

TEST(T5, BeamSearchIsTheSameWithAndWithoutACache) {
  T5 model = make();
  model.eval();
  const NoGrad no_grad;
  const IntTensor source({{3, 4, 5, 6}, {7, 8, pad, pad}});
  for (const index_t width : {1, 2, 4}) {
    const BeamOptions options{.width = width, .max_length = 7, .length_penalty = 0.6};
    const auto sequences = model.beam(source, {4, 2}, options);
    ASSERT_EQ(sequences.size(), 2u);
    for (std::size_t b = 0; b < 2; ++b) {
      const auto same =
          beam_without_cache(model, b == 0 ? source.slice(0, 0, 1) : IntTensor({{7, 8}}), options);
      ASSERT_EQ(sequences[b].size(), same.size());
      for (std::size_t i = 0; i < same.size(); ++i) {
        EXPECT_EQ(sequences[b][i].ids, same[i].ids) << "width " << width << ", text " << i;
        EXPECT_NEAR(sequences[b][i].score, same[i].score, 1e-4);
      }
    }
  }
}

TEST(T5, ABeamOfOneIsGreedy) {
  T5 model = make();
  model.eval();
  const IntTensor source({{3, 4, 5, 6}, {7, 8, 9, 2}});
  const auto sequences = model.beam(source, {}, {.width = 1, .max_length = 6});
  const auto greedy = model.generate(source, {.max_length = 6});
  for (std::size_t b = 0; b < 2; ++b) EXPECT_EQ(sequences[b][0].ids, greedy[b]);
}

TEST(T5, OneBatchCanBeOverfitted) {
  T5 model = make();
  const IntTensor source({{3, 4, 5}, {6, 7, 8}}), labels({{5, 4, 3, eos}, {8, 7, eos, -100}});
  for (int step = 0; step < 150; ++step) {
    model.zero_grad();
    cross_entropy(model(source, shift_right(labels)), labels).backward();
    sgd_step(model.parameters(), 0.1);
  }
  const auto sequences = model.generate(source, {.max_length = 6});
  EXPECT_EQ(sequences[0], (std::vector<index_t>{5, 4, 3}));
  EXPECT_EQ(sequences[1], (std::vector<index_t>{8, 7}));
}

// ---- module -----------------------------------------------------------------------------------------------

TEST(T5, EveryParameterGetsAGradientAndAName) {
  T5 model = make();
  const IntTensor source({{3, 4, 5}}), decoder_input({{0, 6, 7}});
  const Tensor y = model(source, decoder_input);
  model.check_all_named(y);
  sum(y * noise(y.shape(), 9)).backward();
  for (const auto& [name, p] : model.named_parameters()) EXPECT_TRUE(p.grad().defined()) << name;
  expect_same_bits(model.clone()(source, decoder_input), y.detach());
}

TEST(T5, OneTableOfDistancesServesAllLayersOfAStack) {
  T5 model = make();
  index_t tables = 0;
  for (const auto& [name, p] : model.named_parameters())
    tables += name.ends_with("relative_attention_bias.weight");
  EXPECT_EQ(tables, 2);
}

TEST(T5, TheOutputLayerIsTheScaledEmbedding) {
  T5 model = make();
  const IntTensor source({{3, 4, 5}}), decoder_input({{0, 6, 7}});
  const Tensor before = model(source, decoder_input);
  const NoGrad no_grad;
  model.shared.weight.select(0, 9).mul_(2);  // a token that is not in the input
  const Tensor after = model(source, decoder_input);
  expect_close(after.select(-1, 9).contiguous(), (before.select(-1, 9) * 2.0).contiguous(), 1e-5);
  expect_same_bits(after.slice(-1, 0, 9).contiguous(), before.slice(-1, 0, 9).contiguous());
  const Tensor hidden = model.decoder(model.shared(decoder_input), model.encode(source));
  expect_close(matmul(hidden, model.shared.weight.transpose(0, 1)) / std::sqrt(8.0), after, 1e-5);
}

TEST(T5, DropoutIsOffInEvaluation) {
  T5Options options = small();
  options.dropout = 0.5;
  T5 model = make(options);
  const IntTensor source({{3, 4, 5}}), decoder_input({{0, 6, 7}});
  EXPECT_GT(max_abs_difference(model(source, decoder_input), model(source, decoder_input)), 1e-3);
  model.eval();
  expect_same_bits(model(source, decoder_input), model(source, decoder_input));
}

TEST(T5, InitialScoresAndLogitsHaveUnitVariance) {
  Generator gen(0);
  T5 model(
      {.vocab_size = 200, .d_model = 64, .d_kv = 16, .d_ff = 128, .nhead = 4, .num_layers = 2, .dropout = 0},
      gen);
  const Tensor x = noise({1, 50, 64});
  T5Attention& attention = model.encoder.block[0].self_attn;
  const Tensor scores =
      matmul(attention.q(x)[0].slice(1, 0, 16), attention.k(x)[0].slice(1, 0, 16).transpose(0, 1));
  EXPECT_NEAR(var(scores).item(), 1, 0.5);  // without a division by √D
  const Tensor logits = model(IntTensor({{3, 4, 5}}), IntTensor({{0, 6, 7}}));
  EXPECT_LT(var(logits).item(), 3);
}

TEST(T5, PublishedNamesLoadAndTiedDuplicatesAreIgnored) {
  T5 from = make(), to = make();
  init::zeros(to.shared.weight);
  NamedTensors file;
  for (const auto& [name, t] : from.state_dict()) {
    std::string published = name;
    for (const NameMapping& row : T5::published_names().table) {
      std::string module_name = row.module_name, published_name = row.published;
      const auto star = module_name.find('*');
      if (star == std::string::npos) {
        if (module_name == name) published = published_name;
        continue;
      }
      for (const char* layer : {"0", "1"}) {
        std::string one = module_name, other = published_name;
        one.replace(star, 1, layer);
        other.replace(other.find('*'), 1, layer);
        if (one == name) published = other;
      }
    }
    file.emplace_back(published, t.clone());
  }
  for (const char* copy : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"})
    file.emplace_back(copy, from.shared.weight.detach());
  load_published(to, file, T5::published_names());
  const IntTensor source({{3, 4, 5}}), decoder_input({{0, 6, 7}});
  expect_same_bits(to(source, decoder_input), from(source, decoder_input));
  file[1].first = "decoder.block.7.layer.0.SelfAttention.q.weight";
  expect_contains(error_of([&] { load_published(to, file, T5::published_names()); }),
                  "decoder.block.7.layer.0.SelfAttention.q.weight");
}

TEST(T5, OptionsAreReadFromTheConfig) {
  Config::Values values{{"vocab_size", 32128.0},
                        {"d_model", 512.0},
                        {"d_kv", 64.0},
                        {"d_ff", 2048.0},
                        {"num_heads", 8.0},
                        {"num_layers", 6.0},
                        {"relative_attention_num_buckets", 32.0},
                        {"layer_norm_epsilon", 1e-6},
                        {"dropout_rate", 0.1},
                        {"pad_token_id", 0.0},
                        {"eos_token_id", 1.0}};
  const T5Options o = T5::from_config(values), want = t5_small();
  EXPECT_EQ(o.vocab_size, want.vocab_size);
  EXPECT_EQ(o.num_decoder_layers, 6);
  EXPECT_EQ(o.num_buckets, want.num_buckets);
  EXPECT_EQ(o.max_distance, want.max_distance);  // older files omit it
  EXPECT_EQ(o.layer_norm_eps, want.layer_norm_eps);
  values["tie_word_embeddings"] = false;
  EXPECT_EQ(error_of([&] { T5::from_config(values); }),
            "[config.json] 'tie_word_embeddings' is false; this model computes as if it were true");
  values.erase("tie_word_embeddings");
  values["feed_forward_proj"] = std::string("gated-gelu");
  expect_contains(error_of([&] { T5::from_config(values); }), "feed_forward_proj");
}

TEST(T5, ErrorsNameTheCause) {
  Generator gen(0);
  const auto error_with = [&](auto change) {
    T5Options o = small();
    change(o);
    return error_of([&] { T5(o, gen); });
  };
  EXPECT_EQ(error_with([](T5Options& o) { o.nhead = 0; }),
            "[T5] expected vocab_size, d_model, d_kv, d_ff and nhead of at least 1, got 11, 8, 3, 16 and 0");
  EXPECT_EQ(error_with([](T5Options& o) { o.num_layers = -1; }),
            "[T5] expected num_layers of at least 0 and num_decoder_layers of at least 0 (or -1 for "
            "num_layers), got -1 and -1");
  EXPECT_EQ(error_with([](T5Options& o) { o.max_distance = 16; }),
            "[T5] expected num_buckets to be a multiple of 4 and max_distance to exceed num_buckets / 2, got "
            "32 and 16");
  EXPECT_EQ(error_with([](T5Options& o) { o.eos = 11; }),
            "[T5] expected pad and eos in [0, 11), got 0 and 11");
  EXPECT_EQ(error_of([] { relative_position_bucket(3, false, 32, 16); }),
            "[relative_position_bucket] expected max_distance to exceed 16, the number of distances with "
            "separate buckets, got 16");

  T5 model = make();
  const IntTensor source({{3, 4, 5}, {6, 7, 8}});
  EXPECT_EQ(error_of([&] {
              model(source, IntTensor({0, 1}));
            }),
            "[T5] expected decoder_input (B, T) with at least one token, got (2)");
  EXPECT_EQ(error_of([&] {
              model(source, IntTensor({{0, 6}}));
            }),
            "[T5] expected source and decoder_input of one batch size, got (2, 3) and (1, 2)");
  EXPECT_EQ(error_of([&] {
              model.encode(source, Mask::full({2, 3}, true));
            }),
            "[T5] expected source_mask (B, 1, S) = (2, 1, 3), got (2, 3). Hint: not_padding(source, pad)");
  KVCache cache;
  const Tensor memory = model.encode(source);
  EXPECT_EQ(error_of([&] { model.forward(IntTensor({{0}}), memory, cache); }),
            "[T5] expected memory (B, S, C) of the batch size of decoder_input (1, 1), got (2, 3, 8)");
  EXPECT_EQ(
      error_of([&] { model.forward(IntTensor({{0}}), Tensor(), cache); }),
      "[T5] expected memory (B, S, C) of the batch size of decoder_input (1, 1), got an undefined tensor");
  model.forward(IntTensor({{0}, {0}}), memory, cache);
  EXPECT_EQ(error_of([&] { model.forward(IntTensor({{0}}), memory.slice(0, 0, 1), cache); }),
            "[T5] expected a cache of the batch size of decoder_input (1, 1), got cached keys (2, 2, 1, 3)");
  EXPECT_EQ(error_of([&] {
              model.beam(IntTensor({{3, 4}}), {2, 2}, {});
            }),
            "[T5] expected one length per sample of source (1, 2), got 2");
}

}  // namespace
}  // namespace heed::nn

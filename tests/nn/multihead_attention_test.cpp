// Lesson 04; covers the mistakes MH-01 … MH-11.
#include "nn/multihead_attention.h"

#include <cmath>

#include "nn/init.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {

static MultiheadAttention make(MultiheadAttentionOptions options = {.d_model = 6, .nhead = 2}) {
  Generator gen(5);
  return MultiheadAttention(options, gen);
}

// Sets all projections to the identity, so the numbers can be checked by hand.
static MultiheadAttention identity(index_t d_model, index_t nhead) {
  MultiheadAttention layer = make({.d_model = d_model, .nhead = nhead});
  const Tensor one = eye(d_model);
  layer.load_state_dict({{"in_proj_weight", cat({one, one, one})},
                         {"in_proj_bias", zeros({3 * d_model})},
                         {"out_proj.weight", one},
                         {"out_proj.bias", zeros({d_model})}});
  return layer;
}
static const Tensor x3 = tensor({{.1, .2, .3, .4}, {.5, -.6, .7, -.8}, {-.9, 1, 1.1, -1.2}});

TEST(MultiheadAttention, ReturnsTheNumbersOfTheLesson) {
  MultiheadAttention layer = identity(4, 2);
  const Tensor first = tensor({-0.1282, 0.2337, 0.6610, -0.4447});
  expect_close(layer(x3, x3, x3).output[0], first, 1e-4);
  expect_close(layer.forward(x3, x3, x3, {.weights = Weights::per_head}).output[0], first, 1e-4);
}

TEST(MultiheadAttention, HeadsAreAttentionsOnPartsOfTheChannels) {
  MultiheadAttention layer = identity(6, 2);
  const Tensor x = noise({4, 6});
  const Tensor left = x.slice(1, 0, 3), right = x.slice(1, 3, 6);
  expect_close(layer(x, x, x).output,
               cat({attention(left, left, left).output, attention(right, right, right).output}, 1));
}

TEST(MultiheadAttention, AppliesItsOutputProjection) {
  MultiheadAttention layer = identity(4, 2);
  const Tensor before = layer(x3, x3, x3).output;
  layer.out_proj.weight = eye(4) * 2;
  expect_close(layer(x3, x3, x3).output, before * 2);
}

TEST(MultiheadAttention, HasPyTorchsNamesAndInitialisation) {
  const MultiheadAttention layer = make({.d_model = 64, .nhead = 4});
  std::string names;
  for (const auto& [name, t] : layer.state_dict()) names += concat(name, t.shape(), ' ');
  EXPECT_EQ(names, "in_proj_weight(192, 64) in_proj_bias(192) out_proj.weight(64, 64) out_proj.bias(64) ");
  EXPECT_LE(max(abs(layer.in_proj_weight)).item(), std::sqrt(6.0 / 256));
  EXPECT_GT(max(abs(layer.in_proj_weight)).item(), 0.99 * std::sqrt(6.0 / 256));
  EXPECT_EQ(max(abs(layer.in_proj_bias)).item(), 0);
  EXPECT_EQ(max(abs(layer.out_proj.bias)).item(), 0);
  EXPECT_LE(max(abs(layer.out_proj.weight)).item(), 0.125);
}

TEST(MultiheadAttention, BothLayoutsAgree) {
  MultiheadAttention seq_first = make(), batch_first = make({.d_model = 6, .nhead = 2, .batch_first = true});
  const Tensor query = noise({4, 3, 6}, 1), key = noise({5, 3, 6}, 2);
  auto turn = [](const Tensor& t) { return t.transpose(0, 1); };
  const AttendOptions options{.mask = padding({5, 2, 1}, 5), .weights = Weights::per_head};
  const auto a = seq_first.forward(query, key, key, options);
  const auto b = batch_first.forward(turn(query), turn(key), turn(key), options);
  ASSERT_EQ(a.output.shape(), (Shape{4, 3, 6}));
  expect_close(turn(a.output), b.output);
  expect_close(a.weights, b.weights);
}

TEST(MultiheadAttention, OneSequenceIsABatchOfOne) {
  MultiheadAttention layer = make();
  const Tensor x = noise({4, 6}), batch = x.unsqueeze(1);
  const auto alone = layer.forward(x, x, x, {.mask = causal(4), .weights = Weights::average});
  const auto one = layer.forward(batch, batch, batch, {.mask = causal(4), .weights = Weights::average});
  expect_close(alone.output, one.output.squeeze(1));
  ASSERT_EQ(alone.weights.shape(), (Shape{4, 4}));
  expect_close(alone.weights, one.weights.squeeze(0));
}

TEST(MultiheadAttention, SelfAttentionIsCrossAttentionOfEqualTensors) {
  MultiheadAttention layer = make();
  const Tensor x = noise({4, 3, 6});
  expect_close(layer(x, x, x).output, layer(x, x.clone(), x.clone()).output);
}

TEST(MultiheadAttention, TheMaskAppliesToEveryHead) {
  MultiheadAttention layer = make();
  const Tensor x = noise({4, 3, 6});
  const Mask mask = padding({4, 2, 1}, 4);
  for (const Mask& m : {mask, mask.expand({3, 4, 4}), mask.expand({3, 4, 4}).unsqueeze(1),
                        mask.expand({3, 4, 4}).unsqueeze(1).expand({3, 2, 4, 4})}) {
    const Tensor w = layer.forward(x, x, x, {.mask = m, .weights = Weights::per_head}).weights;
    ASSERT_EQ(w.shape(), (Shape{3, 2, 4, 4}));
    EXPECT_EQ(max(w.index({1, all, all, Slice{2}})).item(), 0);
    EXPECT_EQ(max(w.index({2, all, all, Slice{1}})).item(), 0);
    EXPECT_GT(min(w[0]).item(), 0);
    expect_close(sum(w, -1), ones({3, 2, 4}));
  }
  Tensor changed = x.clone();
  changed.set({3, 1, 0}, 50);  // the last position of sample 1 is padding
  const AttendOptions options{.mask = mask};
  expect_same_bits(layer.forward(changed, changed, changed, options).output.index({Slice{0, 2}, 1}),
                   layer.forward(x, x, x, options).output.index({Slice{0, 2}, 1}));
}

TEST(MultiheadAttention, ARowThatMayAttendToNothingIsTheOutputBias) {
  MultiheadAttention layer = make();
  {
    const NoGrad no_grad;
    layer.out_proj.bias.fill_(0.5);
  }
  const Tensor x = noise({4, 1, 6});
  for (const Weights weights : {Weights::none, Weights::per_head})
    expect_same_bits(layer.forward(x, x, x, {.mask = padding({0}, 4), .weights = weights}).output,
                     full({4, 1, 6}, 0.5));
}

TEST(MultiheadAttention, CausalIsTheCausalMask) {
  MultiheadAttention layer = make();
  const Tensor x = noise({4, 3, 6});
  expect_close(layer.forward(x, x, x, {.causal = true}).output,
               layer.forward(x, x, x, {.mask = causal(4)}).output);
}

TEST(MultiheadAttention, AverageIsTheMeanOverHeads) {
  MultiheadAttention layer = make();
  const Tensor x = noise({4, 3, 6});
  EXPECT_FALSE(layer(x, x, x).weights.defined());
  expect_close(layer.forward(x, x, x, {.weights = Weights::average}).weights,
               mean(layer.forward(x, x, x, {.weights = Weights::per_head}).weights, 1));
}

TEST(MultiheadAttention, DropsWeightsOnlyInTraining) {
  MultiheadAttention layer = make({.d_model = 6, .nhead = 2, .dropout = 0.5});
  const Tensor x = noise({4, 3, 6});
  EXPECT_GT(max_abs_difference(layer(x, x, x).output, layer(x, x, x).output), 0);
  layer.eval();
  expect_same_bits(layer(x, x, x).output, layer(x, x, x).output);
}

TEST(MultiheadAttention, GradientsAreCorrect) {
  MultiheadAttention layer = make();
  layer.to(f64);
  gradcheck([&](const std::vector<Tensor>& in) { return layer(in[0], in[1], in[2]).output; },
            {noise({3, 2, 6}, 1, f64).set_requires_grad(), noise({4, 2, 6}, 2, f64).set_requires_grad(),
             noise({4, 2, 6}, 3, f64).set_requires_grad()});
  const Tensor x = noise({3, 2, 6});
  MultiheadAttention single = make();
  single.check_all_named(single(x, x, x).output);
}

TEST(MultiheadAttention, AnEmptyBatchIsEmpty) {
  MultiheadAttention layer = make();
  const Tensor x = zeros({4, 0, 6});
  EXPECT_EQ(layer(x, x, x).output.shape(), (Shape{4, 0, 6}));
}

TEST(MultiheadAttention, MinusInfinityInABiasIsAMask) {
  MultiheadAttention layer = make();
  const Tensor x = noise({4, 2, 6}), hidden = full({4, 4}, -std::numeric_limits<double>::infinity());
  const Tensor bias = where(causal(4), zeros({4, 4}), hidden);
  for (const Weights weights : {Weights::none, Weights::per_head})
    EXPECT_EQ(layer.forward(x, x, x, {.score_bias = bias, .weights = weights}).output.to_vector(),
              layer.forward(x, x, x, {.causal = true, .weights = weights}).output.to_vector());
  // A fully masked row gives the bias of the output projection; PyTorch returns NaN.
  const Tensor nothing = layer.forward(x, x, x, {.score_bias = hidden}).output;
  expect_close(nothing, layer.out_proj.bias.detach().expand(nothing.shape()));
}

TEST(MultiheadAttention, AppendedKeysCanAlwaysBeAttendedTo) {
  MultiheadAttention layer = make({.d_model = 6, .nhead = 2, .add_bias_kv = true, .add_zero_attn = true});
  layer.eval();
  const Tensor x = noise({4, 2, 6});
  const auto seen = layer.forward(x, x, x, {.mask = Mask::full({4, 4}, false), .weights = Weights::average});
  EXPECT_EQ(seen.weights.shape(), (Shape{2, 4, 6}));
  EXPECT_EQ(seen.weights.slice(-1, 0, 4).to_vector(), std::vector<double>(32, 0));
  expect_close(sum(seen.weights, -1), ones({2, 4}));
  MultiheadAttention twin = layer.clone();
  EXPECT_EQ(twin(x, x, x).output.to_vector(), layer(x, x, x).output.to_vector());
  const Tensor flat = x.slice(1, 0, 1).reshape({4, 6}), alone = layer(flat, flat, flat).output;
  expect_close(alone, layer(x, x, x).output.slice(1, 0, 1).reshape({4, 6}));
}

TEST(MultiheadAttention, KeysAndValuesOfOtherWidthsHaveSeparateWeights) {
  const MultiheadAttention layer = make({.d_model = 6, .nhead = 2, .kdim = 5});
  std::vector<std::string> names;
  for (const auto& [name, t] : layer.state_dict()) names.push_back(concat(name, " ", t.shape()));
  EXPECT_EQ(names,
            (std::vector<std::string>{"q_proj_weight (6, 6)", "k_proj_weight (6, 5)", "v_proj_weight (6, 6)",
                                      "in_proj_bias (18)", "out_proj.weight (6, 6)", "out_proj.bias (6)"}));
}

TEST(MultiheadAttention, InvalidOptionsAreRejected) {
  EXPECT_EQ(error_of([] { make({.d_model = 4, .nhead = 3}); }),
            "[MultiheadAttention] expected nhead to divide d_model, got nhead = 3 and d_model = 4");
  EXPECT_EQ(error_of([] { make({.nhead = 2}); }),
            "[MultiheadAttention] expected d_model and nhead of at least 1, got 0 and 2");
  EXPECT_EQ(error_of([] { make({.d_model = 4, .dropout = 2}); }),
            "[MultiheadAttention] expected a dropout probability in [0, 1], got 2");
  EXPECT_EQ(error_of([] { make({.d_model = 4, .kdim = -1}); }),
            "[MultiheadAttention] expected kdim and vdim of at least 1 (or 0 for d_model), got -1 and 0");
}

TEST(MultiheadAttention, InvalidShapesAreRejected) {
  MultiheadAttention layer = make();
  const Tensor x = zeros({4, 3, 6});
  EXPECT_EQ(error_of([&] {
              layer(zeros({4, 3, 5}), x, x);
            }),
            "[MultiheadAttention] expected query (T, B, 6) with batch_first = false, or (T, 6) for one "
            "sequence, got (4, 3, 5)");
  EXPECT_EQ(error_of([&] { layer(x, Tensor(), x); }),
            "[MultiheadAttention] expected key (T, B, 6) with batch_first = false, or (T, 6) for one "
            "sequence, got an undefined tensor");
  EXPECT_EQ(error_of([&] {
              layer(x, x, zeros({5, 3, 6}));
            }),
            "[MultiheadAttention] expected one value for each key, got key (4, 3, 6) and value (5, 3, 6)");
  EXPECT_EQ(error_of([&] {
              layer(x, zeros({4, 2, 6}), zeros({4, 2, 6}));
            }),
            "[MultiheadAttention] expected query and key with the same batch size, got (4, 3, 6) and (4, 2, "
            "6); the batch axis is 1 with batch_first = false");
  EXPECT_EQ(
      error_of([&] { layer.forward(x, x, x, {.mask = causal(3)}); }),
      "[MultiheadAttention] expected mask (T, S) = (4, 4), (B, T, S) = (3, 4, 4), (B, 1, S) or (B, H, T, S) "
      "= (3, 2, 4, 4), got (3, 3). Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
  expect_contains(
      error_of([&] {
        layer.forward(x, x, x, {.mask = padding({1, 2}, 4)});
      }),
      "[MultiheadAttention] expected mask (T, S) = (4, 4), (B, T, S) = (3, 4, 4), (B, 1, S) or (B, H, T, S) "
      "= (3, 2, 4, 4), got (2, 1, 4). Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
  expect_contains(
      error_of([&] {
        layer.forward(x, x, x, {.score_bias = zeros({3, 3})});
      }),
      "[MultiheadAttention] expected score_bias (T, S) = (4, 4), (B, T, S) = (3, 4, 4), (B, 1, S) or (B, H, "
      "T, S) = (3, 2, 4, 4), got (3, 3). Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
  MultiheadAttention wide = make({.d_model = 6, .nhead = 2, .kdim = 5});
  EXPECT_EQ(error_of([&] { wide(x, x, x); }),
            "[MultiheadAttention] expected key (T, B, 5) with batch_first = false, or (T, 5) for one "
            "sequence, got (4, 3, 6)");
}

// ---- masks and padding ------------------------------------------------------------------------------------

TEST(MultiheadAttention, PaddingInfluencesNothing) {
  for (const bool batch_first : {false, true})
    for (const bool own_widths : {false, true})
      for (const Weights weights : {Weights::none, Weights::average})
        for (const bool added_keys : {false, true}) {
          MultiheadAttention layer = make({.d_model = 6,
                                           .nhead = 2,
                                           .batch_first = batch_first,
                                           .kdim = own_widths ? 5 : 0,
                                           .add_bias_kv = added_keys,
                                           .add_zero_attn = added_keys});
          const std::string what =
              concat("batch_first ", batch_first, " own widths ", own_widths, " added keys ", added_keys);
          const Mask mask = padding({4, 2, 1}, 4), samples = mask.reshape({3, 4, 1}),
                     times = Mask::of({{1, 1, 1}, {1, 1, 0}, {1, 0, 0}, {1, 0, 0}}).unsqueeze(-1);
          const Mask real = batch_first ? samples : times;
          const Shape kv = batch_first ? Shape{3, 4, own_widths ? 5 : 6} : Shape{4, 3, own_widths ? 5 : 6};
          Shape queries = kv, values = kv;
          queries[2] = values[2] = 6;
          for (const Mask& m : {mask, mask.expand({3, 4, 4}), mask.expand({3, 4, 4}).unsqueeze(1)}) {
            expect_padding_ignored(layer, what + " cross", [&](double value) -> PaddedRun {
              const Tensor query = noise(queries, 7).set_requires_grad(), key = padded(kv, real, value),
                           v = padded(values, real, value, 2);
              return {layer.forward(query, key, v, {.mask = m, .weights = weights}).output, {query, key, v}};
            });
            if (own_widths) continue;
            expect_padding_ignored(layer, what + " self", [&](double value) -> PaddedRun {
              const Tensor x = padded(kv, real, value);
              const Tensor y = layer.forward(x, x, x, {.mask = m, .weights = weights}).output;
              return {masked_fill(y, !real, 0), {x}};
            });
          }
        }
}

TEST(MultiheadAttention, PaddingByABiasOrTheAlignmentInfluencesNothing) {
  MultiheadAttention layer = make({.d_model = 6, .nhead = 2, .batch_first = true});
  const Mask keys = Mask::of({0, 1, 1, 0, 1}), real = keys.unsqueeze(-1);
  const Tensor bias = where(keys, zeros({}), full({}, -INFINITY)).expand({3, 5}).contiguous();
  expect_padding_ignored(layer, "bias", [&](double value) -> PaddedRun {
    const Tensor query = noise({2, 3, 6}, 7).set_requires_grad(), key = padded({2, 5, 6}, real, value);
    return {layer.forward(query, key, key, {.score_bias = bias}).output, {query, key}};
  });
  const Mask early = Mask::of({{1}, {1}, {1}, {0}, {0}});
  expect_padding_ignored(layer, "keys after the last query", [&](double value) -> PaddedRun {
    const Tensor query = noise({2, 3, 6}, 7).set_requires_grad(), key = padded({2, 5, 6}, early, value);
    const AttendOptions options{.causal = true, .causal_alignment = CausalAlignment::top_left};
    return {layer.forward(query, key, key, options).output, {query, key}};
  });
  // Queries that may attend to nothing, and a sequence without a batch.
  const Mask some = Mask::of({{1, 1, 1}, {0, 0, 0}}).expand({2, 3});
  expect_padding_ignored(layer, "queries", [&](double value) -> PaddedRun {
    const Tensor query = padded({2, 6}, Mask::of({{1}, {0}}), value),
                 key = noise({3, 6}, 7).set_requires_grad();
    return {layer.forward(query, key, key, {.mask = some}).output, {query, key}};
  });
}

TEST(MultiheadAttention, ANaNInTheScoreBiasIsNaN) {
  MultiheadAttention layer = make();
  const Tensor x = noise({4, 2, 6});
  Tensor bias = zeros({4, 4});
  bias.set({1, 2}, NAN);
  for (const Weights weights : {Weights::none, Weights::per_head}) {
    const Tensor y = layer.forward(x, x, x, {.score_bias = bias, .weights = weights}).output;
    for (index_t row = 0; row < 4; ++row)
      EXPECT_EQ(std::isnan(y.at({row, 0, 0})), row == 1) << "only the row of the NaN";
    // A masked value is never used.
    const Mask mask = !isnan(bias);
    expect_same_bits(layer.forward(x, x, x, {.mask = mask, .score_bias = bias, .weights = weights}).output,
                     layer.forward(x, x, x, {.mask = mask, .weights = weights}).output);
  }
}

TEST(MultiheadAttention, AMaskOfTwoMeaningsIsAnError) {
  MultiheadAttention layer = make({.d_model = 6, .nhead = 2, .batch_first = true});
  const Tensor x = noise({4, 4, 6});
  const Mask square = Mask::full({4, 4}, true);
  EXPECT_EQ(
      error_of([&] { layer.forward(x, x, x, {.mask = square}); }),
      "[MultiheadAttention] expected a mask with one meaning, got (4, 4), which is both (T, S) and (B, S) as "
      "B = T = 4. Hint: mask.unsqueeze(0) for (T, S), one row per query; mask.unsqueeze(1) for (B, S), one "
      "row "
      "per sample, as padding(lengths, S) returns");
  const Mask lengths = padding({4, 3, 2, 1}, 4);
  for (const Mask& m : {causal(4), causal(4) & Mask::of({1, 1, 0, 1}), square.unsqueeze(0),
                        square.unsqueeze(1), lengths, lengths & causal(4)})
    EXPECT_EQ(error_of([&] { layer.forward(x, x, x, {.mask = m}); }), "") << m.shape();
  // Not ambiguous: another batch size, or no batch axis, even with as many heads as queries.
  const Tensor three = noise({3, 4, 6}), two = noise({2, 6});
  EXPECT_EQ(error_of([&] { layer.forward(three, three, three, {.mask = square}); }), "");
  EXPECT_EQ(error_of([&] { layer.forward(two, two, two, {.mask = Mask::full({2, 2}, true)}); }), "");
  // Appended keys do not change the causal mask.
  MultiheadAttention more = make({.d_model = 6, .nhead = 2, .batch_first = true, .add_zero_attn = true});
  expect_close(more.forward(x, x, x, {.causal = true}).output,
               more.forward(x, x, x, {.mask = causal(4)}).output);
}

TEST(MultiheadAttention, CausalHasTwoAlignments) {
  for (const bool added_keys : {false, true}) {
    MultiheadAttention layer = make({.d_model = 6, .nhead = 2, .add_zero_attn = added_keys});
    const Tensor query = noise({2, 3, 6}), key = noise({5, 3, 6}, 2);
    for (const CausalAlignment alignment : {CausalAlignment::top_left, CausalAlignment::bottom_right})
      expect_close(layer.forward(query, key, key, {.causal = true, .causal_alignment = alignment}).output,
                   layer.forward(query, key, key, {.mask = causal(2, 5, alignment)}).output);
  }
}

TEST(MultiheadAttention, OneSequenceBesideABatchIsNamed) {
  MultiheadAttention layer = make(), batch_first = make({.d_model = 6, .nhead = 2, .batch_first = true});
  const Tensor one = zeros({5, 6}), batch = zeros({1, 5, 6});
  EXPECT_EQ(error_of([&] { batch_first(one, batch, batch); }),
            "[MultiheadAttention] expected query and key with the same number of axes, got (5, 6) and (1, 5, "
            "6). Hint: unsqueeze(0) makes a batch of one from a single sequence");
  EXPECT_EQ(error_of([&] { layer(batch, one, one); }),
            "[MultiheadAttention] expected query and key with the same number of axes, got (1, 5, 6) and (5, "
            "6). Hint: unsqueeze(1) makes a batch of one from a single sequence");
}

}  // namespace heed::nn

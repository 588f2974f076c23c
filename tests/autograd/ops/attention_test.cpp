// attention_test.cpp — the readable form against numbers computed by hand, and the op against the
// readable form.
#include <cmath>
#include <functional>
#include <limits>
#include <tuple>

#include "autograd/gradcheck.h"
#include "autograd/memory.h"
#include "autograd/threads.h"
#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

// The example of the exercises of lesson 02: every mistake that they recognise gives other numbers.
const Tensor q = tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}});
const Tensor k = tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0}});
const Tensor v = tensor({{1, 0}, {0, 1}, {2, -1}, {1, 2}, {-3, 4}});

void expect_both(const AttentionOptions& options, const Tensor& expected, double tolerance = 1e-4) {
  expect_close(attention(q, k, v, options).output, expected, tolerance);
  expect_close(scaled_dot_product_attention(q, k, v, options), expected, tolerance);
}

TEST(Attention, GivesTheNumbersOfTheLesson) {
  expect_both({}, tensor({{-1.2692, 2.3516}, {1.2075, 0.5662}, {-0.2962, 1.6756}}));
  expect_both({.mask = Mask::of({1, 1, 1, 1, 0})},
              tensor({{0.4723, 0.6929}, {1.3454, 0.4536}, {0.9341, 0.6179}}));
  expect_both({.scale = 1}, tensor({{-2.0473, 3.0567}}).expand({3, 2}), 10);
  EXPECT_NEAR(scaled_dot_product_attention(q, k, v, {.scale = 1}).at({0, 0}), -2.0473, 1e-4) << "SD-01";
}

TEST(Attention, CausalAttendsToThePastAndItself) {
  const Tensor none = zeros({3, 1}), values = tensor({{1}, {2}, {4}});
  expect_close(attention(none, none, values, {.causal = true}).output, tensor({{1}, {1.5}, {7.0 / 3}}));
  expect_close(scaled_dot_product_attention(none, none, values, {.causal = true}),
               tensor({{1}, {1.5}, {7.0 / 3}}));
  // With more keys than queries, the last query attends to all keys, as a KV cache requires.
  expect_close(scaled_dot_product_attention(none.slice(0, 2), none, values, {.causal = true}),
               tensor({{7.0 / 3}}));
}

TEST(Attention, ARowThatMayAttendToNothingIsZero) {  // MK-11
  const Mask mask = Mask::of({{1, 1, 1, 1, 1}, {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}});
  const auto composed = attention(q, k, v, {.mask = mask});
  EXPECT_EQ(composed.output[1].to_vector(), (Numbers{0, 0}));
  EXPECT_EQ(composed.weights[1].to_vector(), Numbers(5, 0));
  EXPECT_EQ(scaled_dot_product_attention(q, k, v, {.mask = mask})[1].to_vector(), (Numbers{0, 0}));
  EXPECT_EQ(scaled_dot_product_attention(q, k, v, {.mask = mask})[2].to_vector(), (Numbers{1, 0}));
}

TEST(Attention, WeightsSumToOne) {
  const auto [output, weights] = attention(q, k, v);
  expect_close(sum(weights, -1), ones({3}));
  expect_close(matmul(weights, v), output);
}

// The op and the readable form have equal values and gradients, for all options, layouts and dtypes.
TEST(Attention, FusedEqualsComposed) {
  const Shape shapes[][3] = {{{2, 3, 5, 4}, {2, 3, 7, 4}, {2, 3, 7, 6}},
                             {{5, 4}, {7, 4}, {7, 6}},
                             {{3, 1, 2}, {3, 1, 2}, {3, 1, 2}},
                             {{1, 2, 33, 16}, {1, 2, 33, 16}, {1, 2, 33, 16}}};
  for (const DType dtype : {f32, f64})
    for (const auto& [sq, sk, sv] : shapes)
      for (const bool causal_flag : {false, true})
        for (const bool masked : {false, true})
          for (const double p : {0.0, 0.3}) {
            const index_t t = sq.back(2), s = sk.back(2);
            std::vector<std::uint8_t> visible(static_cast<std::size_t>(t * s));
            for (std::size_t i = 0; i < visible.size(); ++i) visible[i] = i % 3 != 0;
            std::vector<Tensor> results;
            for (const bool fused : {false, true}) {
              Generator gen(4);
              AttentionOptions options{.causal = causal_flag, .dropout = p, .generator = &gen};
              if (masked) options.mask = Mask(visible, {t, s});
              const Tensor a = noise(sq, 1, dtype).set_requires_grad(),
                           b = noise(sk, 2, dtype).set_requires_grad(),
                           c = noise(sv, 3, dtype).set_requires_grad();
              const Tensor y =
                  fused ? scaled_dot_product_attention(a, b, c, options) : attention(a, b, c, options).output;
              sum(y * noise(y.shape(), 5, dtype)).backward();
              for (const Tensor& result : {y.detach(), a.grad(), b.grad(), c.grad()})
                results.push_back(result);
            }
            for (std::size_t i = 0; i < 4; ++i)
              expect_close(results[i + 4], results[i], dtype == f64 ? 1e-13 : 1e-5);
          }
}

// The same for sequences so long that the weights are computed tile by tile, and again in backward.
TEST(Attention, FusedInTilesEqualsComposed) {
  for (const bool causal_flag : {false, true})
    for (const double p : {0.0, 0.2})
      for (const index_t t : {250, 331}) {  // fewer queries than keys, and more
        const index_t s = 301;
        std::vector<std::uint8_t> visible(static_cast<std::size_t>(2 * s));
        // The second sample may attend to no key of the first tile.
        for (std::size_t i = 0; i < visible.size(); ++i)
          visible[i] =
              i % 5 != 1 && (i < static_cast<std::size_t>(s) || i > static_cast<std::size_t>(s + 200));
        const Tensor noise_of_bias = noise({1, 3, 1, s}, 6, f64);
        std::vector<Tensor> results;
        for (const bool fused : {false, true}) {
          Generator gen(4);
          const Tensor bias = noise_of_bias.clone().set_requires_grad();
          const AttentionOptions options{.mask = Mask(visible, {2, 1, 1, s}),
                                         .causal = causal_flag,
                                         .dropout = p,
                                         .generator = &gen,
                                         .bias = bias};
          const Tensor a = noise({2, 3, t, 5}, 1, f64).set_requires_grad(),
                       b = noise({2, 3, s, 5}, 2, f64).set_requires_grad(),
                       c = noise({2, 3, s, 4}, 3, f64).set_requires_grad();
          const Tensor y =
              fused ? scaled_dot_product_attention(a, b, c, options) : attention(a, b, c, options).output;
          sum(y * noise(y.shape(), 5, f64)).backward();
          for (const Tensor& result : {y.detach(), a.grad(), b.grad(), c.grad(), bias.grad()})
            results.push_back(result);
        }
        for (std::size_t i = 0; i < 5; ++i) expect_close(results[i + 5], results[i], 1e-12);
      }
}

// Checks two queries with many keys, then two keys with many queries, each over many tiles.
TEST(Attention, GradientsInTilesEqualFiniteDifferences) {
  constexpr index_t many = 33'000;
  const auto input = [](index_t n, unsigned seed) { return noise({1, n, 2}, seed, f64).set_requires_grad(); };
  const auto check = [](bool causal_flag, double p, const Tensor& a, const Tensor& b, const Tensor& c) {
    gradcheck(
        [=](const std::vector<Tensor>& in) {
          Generator gen(3);
          return scaled_dot_product_attention(in[0], in[1], in[2],
                                              {.causal = causal_flag, .dropout = p, .generator = &gen});
        },
        {a, b, c});
  };
  for (const double p : {0.0, 0.2}) {
    check(true, p, input(2, 1), input(many, 2).detach() * 3.0, input(many, 3).detach());
    check(false, p, input(many, 4).detach() * 3.0, input(2, 5), input(2, 6));
  }
}

TEST(Attention, MemoryGrowsLinearlyWithTheLength) {
  const auto peak = [](index_t n) {
    const Tensor x = noise({1, 2, n, 8}, 1).set_requires_grad();
    const std::int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    scaled_dot_product_attention(x, x, x, {.causal = true}).sum().backward();
    return static_cast<double>(memory_stats().peak_bytes - before);
  };
  const int before = num_threads();
  set_num_threads(1);  // each thread allocates its own tiles
  EXPECT_LE(peak(4096) / peak(1024), 4.5);
  EXPECT_LE(peak(4096), 64e6) << "one matrix of weights alone would take 134 MB";
  set_num_threads(before);
}

TEST(Attention, HeadsAreReadWithoutACopy) {
  const Tensor x = noise({2, 5, 12}, 1, f64);
  const auto heads = [](const Tensor& t) { return t.view({2, 5, 3, 4}).transpose(1, 2); };
  const Tensor y = scaled_dot_product_attention(heads(x), heads(x), heads(x));
  expect_close(
      y, scaled_dot_product_attention(heads(x).contiguous(), heads(x).contiguous(), heads(x).contiguous()),
      1e-15);
  EXPECT_NO_THROW((void)y.transpose(1, 2).view({2, 5, 12})) << "joining the heads needs no copy";
}

TEST(Attention, NoKeysGiveZerosAndNoQueriesGiveNoRows) {
  EXPECT_EQ(scaled_dot_product_attention(ones({2, 3}), zeros({0, 3}), zeros({0, 4})).to_vector(),
            Numbers(8, 0));
  EXPECT_EQ(attention(ones({2, 3}), zeros({0, 3}), zeros({0, 4})).output.to_vector(), Numbers(8, 0));
  EXPECT_EQ(scaled_dot_product_attention(zeros({0, 3}), ones({2, 3}), ones({2, 4})).shape(), (Shape{0, 4}));
  EXPECT_EQ(scaled_dot_product_attention(zeros({0, 2, 3}), zeros({0, 2, 3}), zeros({0, 2, 4})).shape(),
            (Shape{0, 2, 4}));
}

// Also with split heads, and if S, Dv or the batch is 0.
TEST(Attention, NoKeysGiveGradientsOfZero) {
  const auto gradients = [](const Shape& query, const Shape& key, const Shape& value) {
    const Tensor a = ones(query).set_requires_grad(), b = ones(key).set_requires_grad(),
                 c = ones(value).set_requires_grad();
    const auto heads = [](const Tensor& t) { return t.transpose(1, 2); };
    const Tensor y = scaled_dot_product_attention(heads(a), heads(b), heads(c));
    sum(y).backward();
    EXPECT_EQ(y.to_vector(), Numbers(static_cast<std::size_t>(y.numel()), 0)) << y.shape();
    for (const Tensor& t : {a, b, c})
      EXPECT_EQ(t.grad().to_vector(), Numbers(static_cast<std::size_t>(t.numel()), 0));
  };
  gradients({2, 3, 4, 5}, {2, 0, 4, 5}, {2, 0, 4, 6});
  gradients({2, 0, 4, 5}, {2, 3, 4, 5}, {2, 3, 4, 6});
  gradients({2, 300, 4, 5}, {2, 300, 4, 5}, {2, 300, 4, 0});
  gradients({0, 300, 4, 5}, {0, 300, 4, 5}, {0, 300, 4, 6});
}

// A query that is NaN makes its own row NaN and no other one.
TEST(Attention, ANaNStaysInItsRowInTiles) {
  Tensor a = noise({300, 4}, 1);
  const Tensor b = noise({300, 4}, 2);
  a[0].fill_(std::numeric_limits<double>::quiet_NaN());
  const Tensor y = scaled_dot_product_attention(a, b, b, {.causal = true});
  EXPECT_TRUE(std::isnan(y.at({0, 0})));
  EXPECT_FALSE(std::isnan(y.at({1, 0})));
}

// Heads split by transpose, a strided gradient, and lengths so different that whole tiles are skipped: of
// queries that may attend to no key, and of keys to which no query may attend.
TEST(Attention, SplitHeadsInTilesEqualComposed) {
  for (const auto& [t, s, alignment] :
       {std::tuple<index_t, index_t, CausalAlignment>{160, 610, CausalAlignment::bottom_right},
        {610, 160, CausalAlignment::bottom_right},
        {160, 610, CausalAlignment::top_left}}) {
    std::vector<Tensor> results;
    for (const bool fused : {false, true}) {
      const Tensor a = noise({2, t, 3, 5}, 1, f64).set_requires_grad(),
                   b = noise({2, s, 3, 5}, 2, f64).set_requires_grad(),
                   c = noise({2, s, 3, 4}, 3, f64).set_requires_grad();
      const auto heads = [](const Tensor& x) { return x.transpose(1, 2); };
      const AttentionOptions options{.causal = true, .causal_alignment = alignment};
      const Tensor y = fused ? scaled_dot_product_attention(heads(a), heads(b), heads(c), options)
                             : attention(heads(a), heads(b), heads(c), options).output;
      sum(y.transpose(1, 3) * noise({2, 4, t, 3}, 5, f64)).backward();
      for (const Tensor& result : {y.detach(), a.grad(), b.grad(), c.grad()}) results.push_back(result);
    }
    for (std::size_t i = 0; i < 4; ++i) expect_close(results[i + 4], results[i], 1e-12);
  }
}

TEST(Attention, ErrorsNameOpShapesAndRule) {
  Generator gen(0);
  for (const auto& op_and_call :
       std::vector<std::pair<std::string, std::function<void(const Tensor&, const Tensor&, const Tensor&,
                                                             const AttentionOptions&)>>>{
           {"attention", [](const Tensor&a, const Tensor&b, const Tensor&c,
                            const AttentionOptions&o) { attention(a, b, c, o); }},
           {"scaled_dot_product_attention",
            [](const Tensor&a, const Tensor&b, const Tensor&c, const AttentionOptions&o) {
              scaled_dot_product_attention(a, b, c, o);
            }}}) {
    const std::string name = op_and_call.first;
    const auto& f = op_and_call.second;
    const std::string op = "[" + name + "] ";
    EXPECT_EQ(error_of([&] { f(ones({3}), ones({3}), ones({3}), {}); }),
              op + "expected q, k and v with the same number of axes, at least 2, got q (3), k (3), v (3)");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 3, 4}), ones({3, 3, 4}), ones({3, 3, 4}), {});
              }),
              op + "expected q, k and v with the same leading axes (batch and heads), got q (2, 3, 4), k (3, "
                   "3, 4), v (3, 3, 4); axis 0 differs");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 3}), ones({2, 4}), ones({2, 4}), {});
              }),
              op + "expected q and k of the same width, got q (2, 3), k (2, 4), v (2, 4); a score is the dot "
                   "product of two rows");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 3}), ones({4, 3}), ones({5, 3}), {});
              }),
              op + "expected one value per key, got q (2, 3), k (4, 3), v (5, 3); k and v must have the same "
                   "length");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 0}), ones({2, 0}), ones({2, 3}), {});
              }),
              op + "expected q and k of width 1 or more, got q (2, 0), k (2, 0), v (2, 3)");
    EXPECT_EQ(error_of([&] {
                f(q, k, v, {.mask = Mask::of({1, 0})});
              }),
              op + "shapes (3, 5) and (2) do not broadcast: axis -1 has 5 and 2; aligned at the right, sizes "
                   "must be equal or 1");
    EXPECT_EQ(error_of([&] {
                f(q, k, v, {.mask = Mask::full({2, 3, 5}, true)});
              }),
              op + "expected a mask that broadcasts to the scores (..., T, S) = (3, 5), got (2, 3, 5)");
    EXPECT_EQ(
        error_of([&] { f(q, k, v, {.dropout = 0.1}); }),
        op + "expected a generator for dropout 0.1, got none. Hint: {.dropout = 0.1, .generator = &gen}");
    EXPECT_EQ(error_of([&] { f(q, k, v, {.dropout = 2, .generator = &gen}); }),
              op + "expected dropout in [0, 1], got 2");
    EXPECT_EQ(error_of([&] { f(q, k, v, {.scale = -1}); }),
              op + "expected a positive scale, or 0 for 1/sqrt(D), got -1");
    expect_rejects_undefined(name.c_str(), [&](const Tensor& t) { f(t, k, v, {}); });
  }
}

}  // namespace
}  // namespace heed

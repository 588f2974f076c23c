// attention_test.cpp — the readable form by hand, and the fused form held to it.
#include <cmath>
#include <functional>
#include <limits>

#include "autograd/gradcheck.h"
#include "autograd/kernels/allocator.h"
#include "autograd/kernels/thread_pool.h"
#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

// F-SDPA of the list of learners' mistakes; every wrong formula gives other numbers here.
const Tensor q = tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}});
const Tensor k = tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0}});
const Tensor v = tensor({{1, 0}, {0, 1}, {2, -1}, {1, 2}, {-3, 4}});

void expect_both(const AttentionOptions& options, const Tensor& want, double tolerance = 1e-4) {
  expect_close(attention(q, k, v, options).output, want, tolerance);
  expect_close(scaled_dot_product_attention(q, k, v, options), want, tolerance);
}

TEST(Attention, GivesTheNumbersOfTheLesson) {
  expect_both({}, tensor({{-1.2692, 2.3516}, {1.2075, 0.5662}, {-0.2962, 1.6756}}));
  expect_both({.mask = Mask::of({1, 1, 1, 1, 0})},
              tensor({{0.4723, 0.6929}, {1.3454, 0.4536}, {0.9341, 0.6179}}));
  expect_both({.scale = 1}, tensor({{-2.0473, 3.0567}}).expand({3, 2}), 10);
  EXPECT_NEAR(scaled_dot_product_attention(q, k, v, {.scale = 1}).at({0, 0}), -2.0473, 1e-4) << "SD-01";
}

TEST(Attention, CausalSeesThePastAndItself) {  // F-CAUSAL
  const Tensor none = zeros({3, 1}), values = tensor({{1}, {2}, {4}});
  expect_close(attention(none, none, values, {.causal = true}).output, tensor({{1}, {1.5}, {7.0 / 3}}));
  expect_close(scaled_dot_product_attention(none, none, values, {.causal = true}),
               tensor({{1}, {1.5}, {7.0 / 3}}));
  // With more keys than queries the last query sees all: what a cache of keys needs.
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

TEST(Attention, WeightsAreSharesOfOne) {
  const auto [output, weights] = attention(q, k, v);
  expect_close(sum(weights, -1), ones({3}));
  expect_close(matmul(weights, v), output);
}

// Values and gradients of the fused op equal the composed one's: all options, layouts, both dtypes.
TEST(Attention, FusedIsComposed) {
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

// Sequences so long that no matrix of weights is kept: tile by tile, and backward makes the weights again.
TEST(Attention, FusedIsComposedWhereItWorksInTiles) {
  for (const bool causal_flag : {false, true})
    for (const double p : {0.0, 0.2})
      for (const index_t t : {250, 331}) {  // fewer queries than keys, and more
        const index_t s = 301;
        std::vector<std::uint8_t> visible(static_cast<std::size_t>(2 * s));
        for (std::size_t i = 0; i < visible.size(); ++i)  // of the second text, not one of the first tile
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

// Both forms.
using Form = std::function<Tensor(const Tensor&, const Tensor&, const Tensor&, const AttentionOptions&)>;
const std::vector<std::pair<std::string, Form>>& forms() {
  static const std::vector<std::pair<std::string, Form>> all_forms{
      {"attention", [](const Tensor& a, const Tensor& b, const Tensor& c,
                       const AttentionOptions& o) { return attention(a, b, c, o).output; }},
      {"scaled_dot_product_attention", scaled_dot_product_attention}};
  return all_forms;
}

// Only -inf in a bias masks. A NaN is a NaN, unless a mask covers it.
TEST(Attention, ANaNInTheBiasIsNotAMask) {
  for (const DType dtype : {f32, f64})
    for (const index_t s : {2, 9, 70'000})  // whole rows, and tiles
      for (const auto& [name, f] : forms()) {
        const Tensor a = ones({1, 2}, dtype), b = ones({s, 2}, dtype), c = noise({s, 2}, 3, dtype);
        Tensor bias = zeros({1, s}, dtype);
        bias.set({0, 0}, NAN);
        for (const double x : f(a, b, c, {.bias = bias}).to_vector()) EXPECT_TRUE(std::isnan(x)) << name << s;

        Mask masked = Mask::full({1, s}, true);
        masked = masked & !isnan(bias);
        const Tensor trained = bias.clone().set_requires_grad(), q1 = a.clone().set_requires_grad();
        const Tensor y = f(q1, b, c, {.mask = masked, .bias = trained});
        expect_close(y.detach(), mean(c.slice(0, 1), 0, true), 1e-5);
        sum(y).backward();
        EXPECT_TRUE(std::isfinite(max_abs_difference(trained.grad(), zeros({1, s}, dtype)))) << name << s;
        EXPECT_EQ(trained.grad().at({0, 0}), 0);
        expect_close(q1.grad(), zeros({1, 2}, dtype), 1e-4);

        Tensor infinite = bias.clone();
        infinite.set({0, 0}, -INFINITY);
        expect_close(f(a, b, c, {.bias = infinite}), mean(c.slice(0, 1), 0, true), 1e-5);
      }
  const Tensor row = tensor({{NAN, 0}});
  for (const double x :
       attention(ones({1, 2}), ones({2, 2}), ones({2, 2}), {.bias = row}).weights.to_vector())
    EXPECT_TRUE(std::isnan(x));
}

// One row of a bias is NaN: the gradients of the others' queries are not.
TEST(Attention, ANaNInTheBiasStaysInItsRow) {
  for (const auto& [name, f] : forms()) {
    const Tensor bias = tensor({{0, 0}, {NAN, 0}, {0, 1}});
    const Tensor a = noise({3, 4}).set_requires_grad();
    const Tensor y = f(a, noise({2, 4}, 2), noise({2, 3}, 3), {.bias = bias});
    sum(y).backward();
    for (index_t row = 0; row < 3; ++row) {
      EXPECT_EQ(std::isnan(y.at({row, 0})), row == 1) << name;
      EXPECT_EQ(std::isnan(a.grad().at({row, 0})), row == 1) << name;
    }
  }
}

// What masked positions hold does not matter: not to outputs, and not to gradients, bit by bit.
void expect_padding_ignored(const Shape& sq, const Shape& sk, const AttentionOptions& options,
                            const Mask& queries, const Mask& keys, DType dtype) {
  for (const auto& [name, f] : forms()) {
    std::vector<std::vector<double>> first;
    for (const double value : {1.0, double{NAN}, double{INFINITY}, -double{INFINITY}, 3e38}) {
      const auto with_padding = [&](const Shape& shape, unsigned seed, const Mask& real) {
        Tensor x = noise(shape, seed, dtype);
        if (real.defined()) x = masked_fill(x, !real, value);
        return x.set_requires_grad();
      };
      const Tensor a = with_padding(sq, 1, queries), b = with_padding(sk, 2, keys),
                   c = with_padding(sk, 3, keys);
      Generator gen(4);
      AttentionOptions same = options;
      same.generator = &gen;
      const Tensor y = f(a, b, c, same);
      sum(y * noise(y.shape(), 5, dtype)).backward();
      std::vector<std::vector<double>> results;
      for (const Tensor& x : {y.detach(), a.grad(), b.grad(), c.grad()}) results.push_back(x.to_vector());
      if (first.empty()) first = results;
      EXPECT_EQ(results, first) << name << " " << options.mask.shape() << ", padding of " << value;
      if (keys.defined()) {
        EXPECT_EQ(max(abs(masked_fill(b.grad(), keys, 0))).item(), 0);
        EXPECT_EQ(max(abs(masked_fill(c.grad(), keys, 0))).item(), 0);
      }
    }
  }
}

TEST(Attention, PaddingReachesNothing) {
  for (const DType dtype : {f32, f64}) {
    for (const double p : {0.0, 0.3})
      for (const bool causal_flag : {false, true})
        for (const index_t t : {5, 300}) {  // whole rows, and tiles
          const index_t s = t + 2;
          const Mask keys = padding({s, t - 2}, s);
          expect_padding_ignored({2, 3, t, 4}, {2, 3, s, 4},
                                 {.mask = keys.unsqueeze(1), .causal = causal_flag, .dropout = p}, {},
                                 keys.reshape({2, 1, s, 1}), dtype);
        }
    // Keys 0 and 4 and query 1 of all heads, by a mask of two axes; the same by a bias of -inf.
    const Mask queries = Mask::of({1, 0, 1}), keys = Mask::of({0, 1, 1, 1, 0}),
               both = keys.unsqueeze(0) & queries.unsqueeze(1);
    const Tensor bias = where(both, zeros({}, dtype), full({}, -INFINITY, dtype));
    for (const AttentionOptions& options : {AttentionOptions{.mask = both}, AttentionOptions{.bias = bias}}) {
      expect_padding_ignored({3, 4}, {5, 4}, options, queries.unsqueeze(1), keys.unsqueeze(1), dtype);
      expect_padding_ignored({2, 2, 3, 4}, {2, 2, 5, 4}, options, queries.unsqueeze(1), keys.unsqueeze(1),
                             dtype);
    }
    // Keys after the last query, and queries before the first key.
    expect_padding_ignored({2, 3, 4}, {2, 6, 4},
                           {.causal = true, .causal_alignment = CausalAlignment::top_left}, {},
                           Mask::of({{1}, {1}, {1}, {0}, {0}, {0}}), dtype);
    expect_padding_ignored({2, 5, 4}, {2, 3, 4}, {.causal = true}, Mask::of({{0}, {0}, {1}, {1}, {1}}), {},
                           dtype);
  }
}

TEST(Attention, ClearPaddingCopiesOnlyWhatIsHarmful) {
  const Mask real = Mask::of({{1}, {0}, {1}});
  const Tensor x = noise({2, 3, 4});
  EXPECT_EQ(clear_padding(x, real).state(), x.state());
  EXPECT_EQ(clear_padding(x, Mask()).state(), x.state());
  for (const double value : {double{NAN}, double{INFINITY}, -1e16}) {
    Tensor harmful = x.clone();
    harmful.set({1, 1, 2}, value);
    expect_same_bits(clear_padding(harmful, real), masked_fill(x, !real, 0));
    expect_same_bits(clear_padding(harmful.transpose(0, 2), real), masked_fill(x, !real, 0).transpose(0, 2));
  }
  EXPECT_EQ(error_of([&] {
              clear_padding(x, Mask::of({1, 0}));
            }),
            "[clear_padding] shapes (2, 3, 4) and (2) do not broadcast: axis -1 has 4 and 2; aligned at the "
            "right, sizes must be equal or 1");
  EXPECT_EQ(error_of([&] { clear_padding(ones({2}), real); }),
            "[clear_padding] expected a mask that broadcasts to x (2), got (3, 1)");
  expect_refuses_undefined("clear_padding", [&](const Tensor& t) { clear_padding(t, real); });
}

// PyTorch's is_causal is aligned at the top left.
TEST(Attention, CausalHasTwoAlignments) {
  const Tensor values = tensor({{1}, {2}, {4}, {9}});
  for (const auto& [name, f] : forms()) {
    const AttentionOptions top_left{.causal = true, .causal_alignment = CausalAlignment::top_left};
    expect_close(f(zeros({2, 1}), zeros({4, 1}), values, top_left), tensor({{1}, {1.5}}));
    expect_close(f(zeros({2, 1}), zeros({4, 1}), values, {.causal = true}), tensor({{7.0 / 3}, {4}}));
    expect_close(f(zeros({4, 1}), zeros({2, 1}), values.slice(0, 0, 2), top_left),
                 tensor({{1}, {1.5}, {1.5}, {1.5}}));
    expect_close(f(zeros({4, 1}), zeros({2, 1}), values.slice(0, 0, 2), {.causal = true}),
                 tensor({{0}, {0}, {1}, {1.5}}));
  }
  // Values and gradients are those of the mask, in whole rows and in tiles.
  for (const auto& [t, s] : {std::pair<index_t, index_t>{5, 9}, {9, 5}, {200, 431}, {431, 200}})
    for (const CausalAlignment alignment : {CausalAlignment::top_left, CausalAlignment::bottom_right})
      for (const auto& [name, f] : forms()) {
        std::vector<Tensor> results;
        for (const AttentionOptions& options :
             {AttentionOptions{.mask = causal(t, s, alignment)},
              AttentionOptions{.causal = true, .causal_alignment = alignment}}) {
          const Tensor a = noise({2, t, 4}, 1, f64).set_requires_grad(),
                       b = noise({2, s, 4}, 2, f64).set_requires_grad(),
                       c = noise({2, s, 3}, 3, f64).set_requires_grad();
          const Tensor y = f(a, b, c, options);
          sum(y * noise(y.shape(), 5, f64)).backward();
          for (const Tensor& result : {y.detach(), a.grad(), b.grad(), c.grad()}) results.push_back(result);
        }
        for (std::size_t i = 0; i < 4; ++i) expect_close(results[i + 4], results[i], 1e-12);
      }
}

TEST(Attention, AMaskOverSamplesIsNotReadAsOneOverHeads) {
  const Tensor x = noise({3, 3, 4, 2});  // B = H
  const Mask lengths = padding({4, 2, 1}, 4);
  for (const auto& [name, f] : forms()) {
    EXPECT_EQ(error_of([&] { f(x, x, x, {.mask = lengths}); }),
              "[" + name +
                  "] expected a mask with at most 2 axes, (T, S), or with all 4 axes of the scores "
                  "(3, 3, 4, 4), got (3, 1, 4). Hint: mask.unsqueeze(1) is the same for all heads, "
                  "unsqueeze(0) for all samples");
    EXPECT_EQ(error_of([&] {
                f(x, x, x, {.bias = zeros({3, 4, 4})});
              }),
              "[" + name +
                  "] expected a bias with at most 2 axes, (T, S), or with all 4 axes of the scores "
                  "(3, 3, 4, 4), got (3, 4, 4). Hint: bias.unsqueeze(1) is the same for all heads, "
                  "unsqueeze(0) for all samples");
    // The same with a batch size that fits no axis, and with windows.
    expect_contains(error_of([&] { f(x, x, x, {.mask = padding({4, 2}, 4)}); }), "at most 2 axes");
    const Tensor windows = noise({1, 3, 2, 4, 2});
    expect_contains(error_of([&] {
                      f(windows, windows, windows, {.mask = Mask::full({3, 1, 4, 4}, true)});
                    }),
                    "with all 5 axes of the scores (1, 3, 2, 4, 4), got (3, 1, 4, 4)");
    const Tensor y = f(x, x, x, {.mask = lengths.unsqueeze(1)});
    expect_close(y.select(0, 2), x.select(0, 2).slice(1, 0, 1).expand({3, 4, 2}), 1e-6);
  }
}

TEST(Attention, AMaskOfTwoMeaningsIsAnError) {
  const Mask square = Mask::full({3, 4}, true);
  for (const auto& [name, f] : forms()) {
    const Tensor a = noise({3, 3, 2}), b = noise({3, 4, 2}), a4 = a.unsqueeze(1), b4 = b.unsqueeze(1);
    EXPECT_EQ(error_of([&] { f(a, b, b, {.mask = square}); }),
              "[" + name +
                  "] expected a mask with one meaning, got (3, 4), which is both (T, S) and (B, S) as "
                  "B = T = 3. Hint: mask.unsqueeze(0) for (T, S), one row per query; "
                  "mask.unsqueeze(1) for (B, S), one row per sample, as padding(lengths, S) makes it");
    expect_contains(error_of([&] { f(a4, b4, b4, {.mask = square}); }),
                    "mask.unsqueeze(0).unsqueeze(0) for (T, S)");
    for (const Mask& m : {square.unsqueeze(0), square.unsqueeze(1), causal(3, 4)})
      EXPECT_EQ(error_of([&] { f(a, b, b, {.mask = m}); }), "");
    for (const Mask& m : {square.unsqueeze(0).unsqueeze(0), square.unsqueeze(1).unsqueeze(1), !causal(3, 4)})
      EXPECT_EQ(error_of([&] { f(a4, b4, b4, {.mask = m}); }), "");
    EXPECT_EQ(error_of([&] { f(a[0], b[0], b[0], {.mask = square}); }), "") << "no batch";
    EXPECT_EQ(error_of([&] {
                f(noise({2, 3, 2}), noise({2, 4, 2}), noise({2, 4, 2}), {.mask = square});
              }),
              "");
  }
}

// A difference for each number: two queries of many keys, then two keys of many queries, both of many tiles.
TEST(Attention, GradientsInTilesAreThoseOfDifferences) {
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

TEST(Attention, MemoryGrowsWithTheLengthAndNotWithItsSquare) {
  const auto peak = [](index_t n) {
    const Tensor x = noise({1, 2, n, 8}, 1).set_requires_grad();
    const std::int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    scaled_dot_product_attention(x, x, x, {.causal = true}).sum().backward();
    return static_cast<double>(memory_stats().peak_bytes - before);
  };
  const int before = num_threads();
  set_num_threads(1);  // each thread has room for tiles of weights; how many work at once is chance
  EXPECT_LE(peak(4096) / peak(1024), 4.5);
  EXPECT_LE(peak(4096), 64e6) << "one matrix of weights alone would take 134 MB";
  set_num_threads(before);
}

TEST(Attention, HeadsAreReadInPlace) {
  const Tensor x = noise({2, 5, 12}, 1, f64);
  const auto heads = [](const Tensor& t) { return t.view({2, 5, 3, 4}).transpose(1, 2); };
  const Tensor y = scaled_dot_product_attention(heads(x), heads(x), heads(x));
  expect_close(
      y, scaled_dot_product_attention(heads(x).contiguous(), heads(x).contiguous(), heads(x).contiguous()),
      1e-15);
  EXPECT_NO_THROW((void)y.transpose(1, 2).view({2, 5, 12})) << "joining the heads needs no copy";
}

TEST(Attention, NothingToAttendToAndNobodyWhoAttends) {
  EXPECT_EQ(scaled_dot_product_attention(ones({2, 3}), zeros({0, 3}), zeros({0, 4})).to_vector(),
            Numbers(8, 0));
  EXPECT_EQ(attention(ones({2, 3}), zeros({0, 3}), zeros({0, 4})).output.to_vector(), Numbers(8, 0));
  EXPECT_EQ(scaled_dot_product_attention(zeros({0, 3}), ones({2, 3}), ones({2, 4})).shape(), (Shape{0, 4}));
  EXPECT_EQ(scaled_dot_product_attention(zeros({0, 2, 3}), zeros({0, 2, 3}), zeros({0, 2, 4})).shape(),
            (Shape{0, 2, 4}));
}

// Also where heads are split, and where S or Dv or the batch is 0.
TEST(Attention, NothingToAttendToHasGradientsOfZero) {
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

// A query that is NaN gives NaN and no other, whether it sees one key of a tile or all.
TEST(Attention, NaNIsSeenInTilesToo) {
  Tensor a = noise({300, 4}, 1);
  const Tensor b = noise({300, 4}, 2);
  a[0].fill_(std::numeric_limits<double>::quiet_NaN());
  const Tensor y = scaled_dot_product_attention(a, b, b, {.causal = true});
  EXPECT_TRUE(std::isnan(y.at({0, 0})));
  EXPECT_FALSE(std::isnan(y.at({1, 0})));
}

// Heads split by transpose, a gradient at strides, and lengths so far apart that whole tiles are not looked at.
TEST(Attention, TilesOfSplitHeads) {
  for (const auto& [t, s] : {std::pair<index_t, index_t>{160, 610}, {610, 160}}) {
    std::vector<Tensor> results;
    for (const bool fused : {false, true}) {
      const Tensor a = noise({2, t, 3, 5}, 1, f64).set_requires_grad(),
                   b = noise({2, s, 3, 5}, 2, f64).set_requires_grad(),
                   c = noise({2, s, 3, 4}, 3, f64).set_requires_grad();
      const auto heads = [](const Tensor& x) { return x.transpose(1, 2); };
      const AttentionOptions options{.causal = true};
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
              op + "q, k and v need the same number of axes, at least two: q (3), k (3), v (3)");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 3, 4}), ones({3, 3, 4}), ones({3, 3, 4}), {});
              }),
              op + "axis 0 differs: q (2, 3, 4), k (3, 3, 4), v (3, 3, 4); batches and heads must be equal");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 3}), ones({2, 4}), ones({2, 4}), {});
              }),
              op + "q and k differ in width: q (2, 3), k (2, 4), v (2, 4); their last axes are multiplied");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 3}), ones({4, 3}), ones({5, 3}), {});
              }),
              op + "k and v differ in length: q (2, 3), k (4, 3), v (5, 3); every key has one value");
    EXPECT_EQ(error_of([&] {
                f(ones({2, 0}), ones({2, 0}), ones({2, 3}), {});
              }),
              op + "vectors of width 0 have no products: q (2, 0), k (2, 0), v (2, 3)");
    EXPECT_EQ(error_of([&] {
                f(q, k, v, {.mask = Mask::of({1, 0})});
              }),
              op + "shapes (3, 5) and (2) do not broadcast: axis -1 has 5 and 2; aligned at the right, sizes "
                   "must be equal or 1");
    EXPECT_EQ(error_of([&] {
                f(q, k, v, {.mask = Mask::full({2, 3, 5}, true)});
              }),
              op + "mask (2, 3, 5) must broadcast to the scores (3, 5) (..., T, S)");
    EXPECT_EQ(error_of([&] { f(q, k, v, {.dropout = 0.1}); }),
              op + "dropout 0.1 needs a generator. Hint: {.dropout = 0.1, .generator = &gen}");
    EXPECT_EQ(error_of([&] { f(q, k, v, {.dropout = 2, .generator = &gen}); }),
              op + "dropout must be in [0, 1], got 2");
    EXPECT_EQ(error_of([&] { f(q, k, v, {.scale = -1}); }),
              op + "scale must be positive (or 0 for 1/sqrt(D)), got -1");
    expect_refuses_undefined(name.c_str(), [&](const Tensor& t) { f(t, k, v, {}); });
  }
}

}  // namespace
}  // namespace heed

// attention_masks_test.cpp — masks, biases and padding in both forms of attention.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

// The readable form and the op.
using Form = std::function<Tensor(const Tensor&, const Tensor&, const Tensor&, const AttentionOptions&)>;
const std::vector<std::pair<std::string, Form>>& forms() {
  static const std::vector<std::pair<std::string, Form>> all_forms{
      {"attention", [](const Tensor& a, const Tensor& b, const Tensor& c,
                       const AttentionOptions& o) { return attention(a, b, c, o).output; }},
      {"scaled_dot_product_attention", scaled_dot_product_attention}};
  return all_forms;
}

// Only a -inf in the bias masks. A NaN makes its row NaN unless it is masked.
TEST(Attention, ANaNInTheBiasIsNotAMask) {
  for (const DType dtype : {f32, f64})
    for (const index_t s : {2, 9, 70'000})  // the short and the long kernels
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

// If one row of the bias is NaN, the gradients of the other queries are not.
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

// Expects outputs and gradients with the same bits for any values at the masked positions.
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

TEST(Attention, PaddingDoesNotAffectResults) {
  for (const DType dtype : {f32, f64}) {
    for (const double p : {0.0, 0.3})
      for (const bool causal_flag : {false, true})
        for (const index_t t : {5, 300}) {  // the short and the long kernels
          const index_t s = t + 2;
          const Mask keys = padding({s, t - 2}, s);
          expect_padding_ignored({2, 3, t, 4}, {2, 3, s, 4},
                                 {.mask = keys.unsqueeze(1), .causal = causal_flag, .dropout = p}, {},
                                 keys.reshape({2, 1, s, 1}), dtype);
        }
    // Masks keys 0 and 4 and query 1 for all heads, by a mask of two axes and by a bias of -inf.
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

// In self-attention the query of a padded position is padding too, so its own output is not compared.
TEST(Attention, PaddingDoesNotAffectResultsOfSelfAttention) {
  for (const auto& [name, f] : forms())
    for (const index_t t : {5, 300}) {
      const Mask keys = padding({t, t - 2}, t), real = keys.reshape({2, 1, t, 1});
      std::vector<Tensor> results;
      for (const double value : {double{NAN}, double{INFINITY}, 3e38}) {
        const Tensor x = masked_fill(noise({2, 3, t, 4}), !real, value).set_requires_grad();
        const Tensor y = masked_fill(f(x, x, x, {.mask = keys.unsqueeze(1)}), !real, 0);
        sum(y * noise(y.shape(), 5)).backward();
        results.push_back(y.detach());
        results.push_back(x.grad());
        EXPECT_EQ(max(abs(masked_fill(x.grad(), real, 0))).item(), 0) << name;
      }
      for (std::size_t i = 2; i < results.size(); ++i) expect_same_bits(results[i], results[i % 2]);
    }
}

TEST(Attention, ClearPaddingCopiesOnlyIfAValueIsHarmful) {
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
  expect_rejects_undefined("clear_padding", [&](const Tensor& t) { clear_padding(t, real); });
}

// PyTorch's is_causal uses the top-left alignment.
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
  // The option and the mask give the same values and gradients, with both kernels.
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

TEST(Attention, AMaskOverSamplesIsNotMatchedWithHeads) {
  const Tensor x = noise({3, 3, 4, 2});  // B = H
  const Mask lengths = padding({4, 2, 1}, 4);
  for (const auto& form : forms()) {
    const std::string& name = form.first;
    const Form& f = form.second;
    EXPECT_EQ(error_of([&] { f(x, x, x, {.mask = lengths}); }),
              "[" + name +
                  "] expected a mask with at most 2 axes, (T, S), or with all 4 axes of the scores "
                  "(3, 3, 4, 4), got (3, 1, 4). Hint: mask.unsqueeze(1) shares it across heads, "
                  "unsqueeze(0) across samples");
    EXPECT_EQ(error_of([&] {
                f(x, x, x, {.bias = zeros({3, 4, 4})});
              }),
              "[" + name +
                  "] expected a bias with at most 2 axes, (T, S), or with all 4 axes of the scores "
                  "(3, 3, 4, 4), got (3, 4, 4). Hint: bias.unsqueeze(1) shares it across heads, "
                  "unsqueeze(0) across samples");
    // Also if the batch size matches no axis, and with an axis of windows.
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

TEST(Attention, AnAmbiguousMaskIsAnError) {
  const Mask square = Mask::full({3, 4}, true);
  for (const auto& form : forms()) {
    const std::string& name = form.first;
    const Form& f = form.second;
    const Tensor a = noise({3, 3, 2}), b = noise({3, 4, 2}), a4 = a.unsqueeze(1), b4 = b.unsqueeze(1);
    EXPECT_EQ(error_of([&] { f(a, b, b, {.mask = square}); }),
              "[" + name +
                  "] expected a mask with one meaning, got (3, 4), which is both (T, S) and (B, S) as "
                  "B = T = 3. Hint: mask.unsqueeze(0) for (T, S), one row per query; "
                  "mask.unsqueeze(1) for (B, S), one row per sample, as padding(lengths, S) returns");
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

TEST(MaskedSoftmax, ANaNIsNaNUnlessItIsMasked) {
  for (const DType dtype : {f32, f64})
    for (const index_t n : {2, 9, 40}) {
      Tensor x = noise({2, n}, 1, dtype);
      x.set({0, 0}, NAN);
      const Tensor y = masked_softmax(x, Mask::full({n}, true));
      for (index_t i = 0; i < n; ++i) {
        EXPECT_TRUE(std::isnan(y.at({0, i}))) << n;
        EXPECT_FALSE(std::isnan(y.at({1, i}))) << n;
      }
      const Tensor trained = x.clone().set_requires_grad();
      const Tensor masked = masked_softmax(trained, !isnan(x));
      EXPECT_EQ(masked.at({0, 0}), 0);
      sum(masked * noise({2, n}, 2, dtype)).backward();
      EXPECT_EQ(trained.grad().at({0, 0}), 0);
      EXPECT_FALSE(std::isnan(sum(trained.grad()).item()));
    }
}

}  // namespace
}  // namespace heed

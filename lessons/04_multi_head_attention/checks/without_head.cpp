#include <algorithm>

#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// w with columns multiplied by what `factor` says of each.
template <class Factor>
Tensor columns(const Tensor& w, Factor&& factor) {
  std::vector<double> f;
  for (index_t c = 0; c < w.size(1); ++c) f.push_back(factor(c));
  return w * from_vector(f, {w.size(1)}, w.dtype());
}
Tensor right(const Tensor& w, index_t heads, index_t off) {
  return columns(w, [&](index_t c) { return c / (w.size(1) / heads) == off ? 0 : 1; });
}

const checks::Exercise<decltype(without_head)> exercise{
    "04_without_head",
    without_head,
    right,
    {{"MH-12", "this course gives head i the channels i·D … i·D + D-1; you took every H-th one",
      [](auto& w, index_t heads, index_t off) {
        return columns(w, [&](index_t c) { return c % heads == off ? 0 : 1; });
      }},
     {"MH-24", "rows of W_O are what comes out of all heads together; a head comes in by columns",
      [](auto& w, index_t heads, index_t off) {
        return right(w.transpose(0, 1), heads, off).transpose(0, 1);
      }},
     {"MH-25", "one channel was cut out; a head has D = C / H of them",
      [](auto& w, index_t, index_t off) { return columns(w, [&](index_t c) { return c == off ? 0 : 1; }); }},
     {"MH-26", "the head before it was cut out: heads are counted from 0",
      [](auto& w, index_t heads, index_t off) { return right(w, heads, off - 1); }},
     {"MH-27", "the other heads were cut out, and this one kept",
      [](auto& w, index_t heads, index_t off) { return w - right(w, heads, off); }},
     {"MH-28", "the layer's own weight was written into; work on a clone",
      [](auto& w, index_t heads, index_t off) {
        Tensor same = w;
        same.copy_(right(w, heads, off));
        return same;
      }},
     {"MH-29", "the other heads were made louder, as dropout would; they must stay as they are",
      [](auto& w, index_t heads, index_t off) {
        return right(w, heads, off) *
               (static_cast<double>(heads) / std::max(1.0, static_cast<double>(heads - 1)));
      }}}};

Tensor weight(index_t c) { return random({c, c}, 7); }

// No gradient is needed to cut a head of a trained layer; a weight that was written to is MH-28.
constexpr checks::Forms forms{.gradients = false, .unchanged = false};
void ask(index_t c, index_t heads, index_t off) {
  exercise.call(
      concat("without_head(W_O (", c, ", ", c, "), ", heads, ", ", off, ")"),
      [=] {
        return std::tuple{weight(c), heads, off};
      },
      forms);
}

TEST(WithoutHead, OfTwoHeads) {
  exercise.call(
      "without_head({{1, 2, 3, 4}, {5, 6, 7, 8}, {-1, -2, -3, -4}, {-5, -6, -7, -8}}, 2, 1)",
      [] {
        return std::tuple{tensor({{1, 2, 3, 4}, {5, 6, 7, 8}, {-1, -2, -3, -4}, {-5, -6, -7, -8}}), 2, 1};
      },
      forms);
}

TEST(WithoutHead, OfThreeHeadsFourChannelsWide) {
  for (const index_t off : {0, 1, 2}) ask(12, 3, off);
}

TEST(WithoutHead, OfAsManyHeadsAsChannelsOfAHead) {
  for (const index_t off : {0, 1, 2}) ask(9, 3, off);
}

TEST(WithoutHead, OfHeadsOneChannelWide) {
  ask(4, 4, 1);
  ask(5, 5, 4);
}

TEST(WithoutHead, OfTheOnlyHeadIsZero) { ask(3, 1, 0); }

TEST(WithoutHead, LetsNothingOfTheHeadThrough) {
  exercise.invariant("", "a change in head 1 must not change the output any more", [](auto f) {
    const Tensor heads = random({2, 3, 5, 4}, 8);  // (B, H, T, D)
    const Tensor louder = heads * tensor({1, 9, 1}).reshape({3, 1, 1});
    const Tensor w = f(weight(12), 3, 1);
    return max_abs_difference(linear(from_heads(heads), w), linear(from_heads(louder), w)) < 1e-5;
  });
}

TEST(WithoutHead, LeavesTheLayersWeightAsItIs) {
  exercise.invariant("MH-28", "the weight that was given must stay as it is", [](auto f) {
    const Tensor w = weight(6), before = w.clone();
    f(w, 2, 1);
    return max_abs_difference(w, before) == 0;
  });
}

}  // namespace
}  // namespace heed::exercise

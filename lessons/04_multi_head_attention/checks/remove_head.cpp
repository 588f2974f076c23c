#include <algorithm>

#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns w with each column c multiplied by factor(c).
template <class Factor>
Tensor scale_columns(const Tensor& w, Factor&& factor) {
  std::vector<double> f;
  for (index_t c = 0; c < w.size(1); ++c) f.push_back(factor(c));
  return w * from_vector(f, {w.size(1)}, w.dtype());
}
Tensor reference(const Tensor& w, index_t heads, index_t head) {
  return scale_columns(w, [&](index_t c) { return c / (w.size(1) / heads) == head ? 0 : 1; });
}

const checks::Exercise<decltype(remove_head)> exercise{
    "04_remove_head",
    remove_head,
    reference,
    {{"MH-12", "every H-th channel was removed; head i has channels i·D … i·D + D-1",
      [](auto& w, index_t heads, index_t head) {
        return scale_columns(w, [&](index_t c) { return c % heads == head ? 0 : 1; });
      }},
     {"MH-24", "rows were set to 0, which are output channels; a head is a block of columns",
      [](auto& w, index_t heads, index_t head) {
        return reference(w.transpose(0, 1), heads, head).transpose(0, 1);
      }},
     {"MH-25", "one channel was removed; a head has D = C / H channels",
      [](auto& w, index_t, index_t head) {
        return scale_columns(w, [&](index_t c) { return c == head ? 0 : 1; });
      }},
     {"MH-26", "the previous head was removed; heads are counted from 0",
      [](auto& w, index_t heads, index_t head) { return reference(w, heads, head - 1); }},
     {"MH-27", "the other heads were removed, and this one was kept",
      [](auto& w, index_t heads, index_t head) { return w - reference(w, heads, head); }},
     {"MH-28", "the layer's own weight was modified; work on a clone",
      [](auto& w, index_t heads, index_t head) {
        Tensor same = w;
        same.copy_(reference(w, heads, head));
        return same;
      }},
     {"MH-29", "the other heads were scaled up, as in dropout; they must stay unchanged",
      [](auto& w, index_t heads, index_t head) {
        return reference(w, heads, head) *
               (static_cast<double>(heads) / std::max(1.0, static_cast<double>(heads - 1)));
      }}}};

Tensor weight(index_t c) { return random({c, c}, 7); }

// Removing a head from a trained layer needs no gradient. Modifying the weight is mistake MH-28.
constexpr checks::Forms forms{.gradients = false, .unchanged = false};
void compare(index_t c, index_t heads, index_t head) {
  exercise.call(
      concat("remove_head(W_O (", c, ", ", c, "), ", heads, ", ", head, ")"),
      [=] {
        return std::tuple{weight(c), heads, head};
      },
      forms);
}

TEST(RemoveHead, OfTwoHeads) {
  exercise.call(
      "remove_head({{1, 2, 3, 4}, {5, 6, 7, 8}, {-1, -2, -3, -4}, {-5, -6, -7, -8}}, 2, 1)",
      [] {
        return std::tuple{tensor({{1, 2, 3, 4}, {5, 6, 7, 8}, {-1, -2, -3, -4}, {-5, -6, -7, -8}}), 2, 1};
      },
      forms);
}

TEST(RemoveHead, OfThreeHeadsFourChannelsWide) {
  for (const index_t head : {0, 1, 2}) compare(12, 3, head);
}

TEST(RemoveHead, OfAsManyHeadsAsChannelsOfAHead) {
  for (const index_t head : {0, 1, 2}) compare(9, 3, head);
}

TEST(RemoveHead, OfHeadsOneChannelWide) {
  compare(4, 4, 1);
  compare(5, 5, 4);
}

TEST(RemoveHead, OfTheOnlyHeadIsZero) { compare(3, 1, 0); }

TEST(RemoveHead, RemovesTheWholeContributionOfTheHead) {
  exercise.invariant("", "head 1 was changed; the output must not change", [](auto f) {
    const Tensor heads = random({2, 3, 5, 4}, 8);  // (B, H, T, D)
    const Tensor changed = heads * tensor({1, 9, 1}).reshape({3, 1, 1});
    const Tensor w = f(weight(12), 3, 1);
    return max_abs_difference(linear(from_heads(heads), w), linear(from_heads(changed), w)) < 1e-5;
  });
}

TEST(RemoveHead, DoesNotModifyTheLayersWeight) {
  exercise.invariant("MH-28", "the weight passed in must not be modified", [](auto f) {
    const Tensor w = weight(6), before = w.clone();
    f(w, 2, 1);
    return max_abs_difference(w, before) == 0;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit MH-24: `rest.set({row, column}, 0)` => `rest.set({column, row}, 0)`

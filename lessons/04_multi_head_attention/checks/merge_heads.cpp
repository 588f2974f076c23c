#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

const checks::Exercise<decltype(merge_heads)> exercise{
    "04_merge_heads",
    merge_heads,
    from_heads,
    {{"MH-02", "words were mixed: swap heads and words back, (B, T, H, D), before the two axes become one",
      merge_by_reshape},
     {"MH-12", "this course puts head 0's channels first, then head 1's; you took one of each in turn",
      collect},
     {"MH-15", "the heads were averaged; they belong side by side, so that C = H · D channels come back",
      [](auto& heads) { return heads.mean({1}); }},
     {"MH-60", "the heads were added up; they belong side by side, so that C = H · D channels come back",
      [](auto& heads) { return heads.sum({1}); }},
     {"MH-61", "the words were folded into the batch: (B · T, C) instead of (B, T, C)",
      [](auto& heads) {
        return from_heads(heads).reshape({-1, heads.size(1) * heads.size(3)});
      }},
     {"MH-16", "swapped, but not joined: (B, T, H, D) still has to become (B, T, C)",
      [](auto& heads) { return heads.transpose(1, 2); }}}};

void ask(const Shape& shape) {
  exercise.call(concat("merge_heads(heads ", to_string(shape), ")"),
                [=] { return std::tuple{random(shape, 5)}; });
}

TEST(MergeHeads, OfTwoWordsAndTwoHeads) {
  exercise.call("merge_heads({{{{0, 1, 2}, {10, 11, 12}}, {{3, 4, 5}, {13, 14, 15}}}})", [] {
    return std::tuple{tensor({{{{0, 1, 2}, {10, 11, 12}}, {{3, 4, 5}, {13, 14, 15}}}})};
  });
}

TEST(MergeHeads, OfABatch) {
  ask({2, 3, 5, 4});
  ask({1, 3, 5, 4});
}

TEST(MergeHeads, OfOneWord) { ask({2, 3, 1, 4}); }

TEST(MergeHeads, OfAsManyWordsAsHeadsAndChannelsOfAHead) { ask({3, 3, 3, 3}); }

TEST(MergeHeads, OfOneHeadAndOfHeadsOneChannelWide) {
  ask({2, 1, 3, 4});
  ask({2, 4, 3, 1});
}

TEST(MergeHeads, UndoesTheSplit) {
  exercise.invariant("", "merging what was split must give x (2, 5, 6) again", [](auto f) {
    const Tensor x = random({2, 5, 6}, 5), back = f(into_heads(x, 3));
    return back.shape() == x.shape() && max_abs_difference(back, x) == 0;
  });
}

}  // namespace
}  // namespace heed::exercise

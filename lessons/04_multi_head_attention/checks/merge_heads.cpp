#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

const checks::Exercise<decltype(merge_heads)> exercise{
    "04_merge_heads",
    merge_heads,
    from_heads,
    {{"MH-02", "the words were mixed; transpose to (B, T, H, D) before merging the last two axes",
      merge_by_reshape},
     {"MH-12", "the channels were interleaved; here all channels of head 0 come first, then those of head 1",
      merge_interleaved},
     {"MH-15", "the heads were averaged; concatenate them into C = H · D channels",
      [](auto& heads) { return heads.mean({1}); }},
     {"MH-60", "the heads were added; concatenate them into C = H · D channels",
      [](auto& heads) { return heads.sum({1}); }},
     {"MH-61", "the words were merged into the batch, (B · T, C); the result is (B, T, C)",
      [](auto& heads) {
        return from_heads(heads).reshape({-1, heads.size(1) * heads.size(3)});
      }},
     {"MH-16", "transposed, but not merged: reshape (B, T, H, D) to (B, T, C)",
      [](auto& heads) { return heads.transpose(1, 2); }}}};

void compare(const Shape& shape) {
  exercise.call(concat("merge_heads(heads ", to_string(shape), ")"),
                [=] { return std::tuple{random(shape, 5)}; });
}

TEST(MergeHeads, OfTwoWordsAndTwoHeads) {
  exercise.call("merge_heads({{{{0, 1, 2}, {10, 11, 12}}, {{3, 4, 5}, {13, 14, 15}}}})", [] {
    return std::tuple{tensor({{{{0, 1, 2}, {10, 11, 12}}, {{3, 4, 5}, {13, 14, 15}}}})};
  });
}

TEST(MergeHeads, OfABatch) {
  compare({2, 3, 5, 4});
  compare({1, 3, 5, 4});
}

TEST(MergeHeads, OfOneWord) { compare({2, 3, 1, 4}); }

TEST(MergeHeads, OfAsManyWordsAsHeadsAndChannelsOfAHead) { compare({3, 3, 3, 3}); }

TEST(MergeHeads, OfOneHeadAndOfHeadsOneChannelWide) {
  compare({2, 1, 3, 4});
  compare({2, 4, 3, 1});
}

TEST(MergeHeads, UndoesTheSplit) {
  exercise.invariant("", "merging the split of x (2, 5, 6) must return x", [](auto f) {
    const Tensor x = random({2, 5, 6}, 5), back = f(into_heads(x, 3));
    return back.shape() == x.shape() && max_abs_difference(back, x) == 0;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit MH-02: `heads.transpose(1, 2).reshape` => `heads.reshape`

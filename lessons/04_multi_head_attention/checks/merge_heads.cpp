#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

const tutor::Exercise<decltype(merge_heads)> exercise{
    "04_merge_heads",
    merge_heads,
    from_heads,
    {{"MH-02", "words were mixed: swap heads and words back, (B, T, H, D), before the two axes become one",
      merge_by_reshape},
     {"MH-12", "this course puts head 0's channels first, then head 1's; you took one of each in turn",
      collect},
     {"MH-15", "the heads were averaged; they belong side by side, so that C = H · D channels come back",
      [](auto& heads) { return heads.mean({1}); }},
     {"MH-16", "swapped, but not joined: (B, T, H, D) still has to become (B, T, C)",
      [](auto& heads) { return heads.transpose(1, 2); }}}};

Tensor numbers(const Shape& shape) {
  Generator gen(5);
  return randn(shape, gen);
}

TEST(MergeHeads, OfTwoWordsAndTwoHeads) {
  exercise.compare("merge_heads({{{{0, 1, 2}, {10, 11, 12}}, {{3, 4, 5}, {13, 14, 15}}}})", [](auto f) {
    return f(tensor({{{{0, 1, 2}, {10, 11, 12}}, {{3, 4, 5}, {13, 14, 15}}}}));
  });
}

TEST(MergeHeads, OfABatch) {
  exercise.compare("merge_heads(heads (2, 3, 5, 4))", [](auto f) { return f(numbers({2, 3, 5, 4})); });
}

TEST(MergeHeads, OfOneHeadAndOfHeadsOneChannelWide) {
  exercise.compare("merge_heads(heads (2, 1, 3, 4)) and merge_heads(heads (2, 4, 3, 1))", [](auto f) {
    return std::vector<Tensor>{f(numbers({2, 1, 3, 4})), f(numbers({2, 4, 3, 1}))};
  });
}

TEST(MergeHeads, UndoesTheSplit) {
  exercise.invariant("", "merging what was split must give x (2, 5, 6) again", [](auto f) {
    const Tensor x = numbers({2, 5, 6}).to(f64);
    const Tensor back = f(into_heads(x, 3));
    return back.shape() == x.shape() && back.dtype() == f64 && max_abs_difference(back, x) == 0;
  });
}

TEST(MergeHeads, LeavesTheInputAsItIs) {
  exercise.invariant("", "the heads that were given may not change", [](auto f) {
    const Tensor heads = numbers({2, 3, 5, 4}), before = heads.clone();
    f(heads);
    return max_abs_difference(heads, before) == 0;
  });
}

TEST(MergeHeads, PassGradientsOn) {
  exercise.compare("the gradient of word 1 alone with respect to heads (2, 2, 3, 2)", [](auto f) {
    Tensor heads = numbers({2, 2, 3, 2}).set_requires_grad();
    const Tensor word = f(heads).select(1, 1);
    (word * word).sum().backward();
    return heads.grad();
  });
}

}  // namespace
}  // namespace heed::exercise

#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// Head by head out of x; what is left over when H does not divide C falls under the table.
Tensor cut_out(const Tensor& x, index_t heads) {
  const index_t width = x.size(2) / heads;
  std::vector<Tensor> parts;
  for (index_t h = 0; h < heads; ++h) parts.push_back(x.slice(2, h * width, (h + 1) * width));
  return stack(parts, 1);
}

const tutor::Exercise<decltype(split_heads)> exercise{
    "04_split_heads",
    split_heads,
    into_heads,
    {{"MH-01", "your heads mix words: reshape to (B, T, H, D), then swap T and H", split_by_reshape},
     {"MH-11", "H does not divide C, and channels were lost: throw instead", cut_out},
     {"MH-12",
      "this course gives channels 0 … D-1 to head 0, the next D to head 1; you dealt them out in turn", deal},
     {"MH-13", "still (B, T, H, D): every head needs all words together, so swap T and H",
      [](auto& x, index_t heads) { return into_heads(x, heads).transpose(1, 2); }},
     {"MH-14", "the number of heads and their width changed places: H heads, each D = C / H wide",
      [](auto& x, index_t heads) { return into_heads(x, x.size(2) / heads); }}}};

Tensor numbers(const Shape& shape) {
  Generator gen(4);
  return randn(shape, gen);
}

// One mistake at a time: only who splits rightly is asked about what cannot be split, so that the twins still fit.
auto* if_right_for_even_shares(decltype(split_heads)* f) {
  const auto heads = [](auto* of) { return tutor::ask([&] { return of(numbers({2, 5, 12}), 3); }); };
  return tutor::difference(heads(f), heads(into_heads)).distance < 1e-3 ? f : into_heads;
}

TEST(SplitHeads, OfTwoWordsAndTwoHeads) {
  exercise.compare("split_heads({{{0, 1, 2, 3, 4, 5}, {10, 11, 12, 13, 14, 15}}}, 2)", [](auto f) {
    return f(tensor({{{0, 1, 2, 3, 4, 5}, {10, 11, 12, 13, 14, 15}}}), 2);
  });
}

TEST(SplitHeads, OfABatch) {
  exercise.compare("split_heads(x (2, 5, 12), 3)", [](auto f) { return f(numbers({2, 5, 12}), 3); });
}

TEST(SplitHeads, FromOneHeadToAsManyAsChannels) {
  exercise.compare("split_heads(x (2, 3, 4), 1) and split_heads(x (2, 3, 4), 4)", [](auto f) {
    return std::vector<Tensor>{f(numbers({2, 3, 4}), 1), f(numbers({2, 3, 4}), 4)};
  });
}

TEST(SplitHeads, OfAViewWhoseTimeCameFirst) {
  exercise.compare("split_heads(x (5, 2, 12).transpose(0, 1), 3)", [](auto f) {
    return f(numbers({5, 2, 12}).transpose(0, 1), 3);
  });
}

TEST(SplitHeads, RefusesWhatCannotBeSharedEvenly) {
  exercise.compare("split_heads(x (2, 3, 4), 3): 4 channels for 3 heads must throw", [](auto f) {
    return if_right_for_even_shares(f)(numbers({2, 3, 4}), 3);
  });
}

TEST(SplitHeads, LeavesTheInputAsItIs) {
  exercise.invariant("", "neither the numbers of x nor their type may change", [](auto f) {
    const Tensor x = numbers({2, 3, 4}).to(f64), before = x.clone();
    const Tensor heads = f(x, 2);
    return max_abs_difference(x, before) == 0 && heads.dtype() == f64;
  });
}

TEST(SplitHeads, PassGradientsOn) {
  exercise.compare("the gradient of head 1 alone with respect to x (2, 3, 6), 2 heads", [](auto f) {
    Tensor x = numbers({2, 3, 6}).set_requires_grad();
    const Tensor head = f(x, 2).select(1, 1);
    (head * head).sum().backward();
    return x.grad();
  });
}

}  // namespace
}  // namespace heed::exercise

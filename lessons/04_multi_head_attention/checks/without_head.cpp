#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/tutor/check.h"

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

const tutor::Exercise<decltype(without_head)> exercise{
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
        return right(w, heads, off) * (static_cast<double>(heads) / static_cast<double>(heads - 1));
      }}}};

Tensor weight(index_t c) {
  Generator gen(7);
  return randn({c, c}, gen);
}

TEST(WithoutHead, OfTwoHeads) {
  exercise.compare("without_head({{1, 2, 3, 4}, {5, 6, 7, 8}, {-1, -2, -3, -4}, {-5, -6, -7, -8}}, 2, 1)",
                   [](auto f) {
                     return f(tensor({{1, 2, 3, 4}, {5, 6, 7, 8}, {-1, -2, -3, -4}, {-5, -6, -7, -8}}), 2, 1);
                   });
}

TEST(WithoutHead, OfThreeHeadsFourChannelsWide) {
  exercise.compare("without_head(W_O (12, 12), 3, 0), … 1) and … 2)", [](auto f) {
    return std::vector<Tensor>{f(weight(12), 3, 0), f(weight(12), 3, 1), f(weight(12), 3, 2)};
  });
}

TEST(WithoutHead, OfHeadsOneChannelWide) {
  exercise.compare("without_head(W_O (4, 4), 4, 2)", [](auto f) { return f(weight(4), 4, 2); });
}

TEST(WithoutHead, LetsNothingOfTheHeadThrough) {
  exercise.invariant("", "what head 1 found may not move the output any more", [](auto f) {
    Generator gen(8);
    const Tensor heads = randn({2, 3, 5, 4}, gen);  // (B, H, T, D)
    const Tensor louder = heads * tensor({1, 9, 1}).reshape({3, 1, 1});
    const Tensor w = f(weight(12), 3, 1);
    return max_abs_difference(linear(from_heads(heads), w), linear(from_heads(louder), w)) < 1e-5;
  });
}

TEST(WithoutHead, LeavesTheLayersWeightAsItIs) {
  exercise.invariant("MH-28", "the weight that was given must stay as it is", [](auto f) {
    const Tensor w = weight(6).to(f64), before = w.clone();
    const Tensor without = f(w, 2, 1);
    return max_abs_difference(w, before) == 0 && without.dtype() == f64;
  });
}

}  // namespace
}  // namespace heed::exercise

#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Slices out head by head; if C is not divisible by H, the remaining channels are lost.
Tensor split_by_slices(const Tensor& x, index_t heads) {
  const index_t width = x.size(2) / heads;
  std::vector<Tensor> parts;
  for (index_t h = 0; h < heads; ++h) parts.push_back(x.slice(2, h * width, (h + 1) * width));
  return stack(parts, 1);
}

const checks::Exercise<decltype(split_heads)> exercise{
    "04_split_heads",
    split_heads,
    into_heads,
    {{"MH-01", "your heads mix words; reshape to (B, T, H, D), then transpose T and H", split_by_reshape},
     {"MH-11", "C is not divisible by H, and channels were lost; throw instead", split_by_slices},
     {"MH-12", "the channels were interleaved; here head 0 gets channels 0 … D-1, head 1 the next D",
      split_interleaved},
     {"MH-13", "the result is (B, T, H, D); transpose T and H",
      [](auto& x, index_t heads) { return into_heads(x, heads).transpose(1, 2); }},
     {"MH-14", "the number of heads and their width are exchanged: H heads of width D = C / H",
      [](auto& x, index_t heads) {
        return x.reshape({x.size(0), x.size(1), x.size(2) / heads, heads}).transpose(1, 2);
      }},
     {"MH-61", "the heads were merged into the batch, (B · H, T, D); the result is (B, H, T, D)",
      [](auto& x, index_t heads) {
        return into_heads(x, heads).reshape({x.size(0) * heads, x.size(1), x.size(2) / heads});
      }}}};

void compare(const Shape& shape, index_t heads) {
  exercise.call(concat("split_heads(x ", to_string(shape), ", ", heads, ")"), [=] {
    return std::tuple{random(shape, 4), heads};
  });
}

TEST(SplitHeads, OfTwoWordsAndTwoHeads) {
  exercise.call("split_heads({{{0, 1, 2, 3, 4, 5}, {10, 11, 12, 13, 14, 15}}}, 2)", [] {
    return std::tuple{tensor({{{0, 1, 2, 3, 4, 5}, {10, 11, 12, 13, 14, 15}}}), 2};
  });
}

TEST(SplitHeads, OfABatch) {
  compare({2, 5, 12}, 3);
  compare({1, 5, 12}, 3);
}

TEST(SplitHeads, OfOneWord) { compare({2, 1, 12}, 3); }

TEST(SplitHeads, OfAsManyWordsAsHeadsAndChannelsOfAHead) { compare({3, 3, 9}, 3); }

TEST(SplitHeads, FromOneHeadToAsManyAsChannels) {
  compare({2, 3, 4}, 1);
  compare({2, 3, 4}, 4);
}

TEST(SplitHeads, ThrowsIfTheChannelsAreNotDivisibleByTheHeads) {
  for (const auto& [c, heads] : {std::pair{4, 3}, {2, 4}, {7, 2}})
    exercise.compare(concat("split_heads(x (2, 3, ", c, "), ", heads, "): ", c, " channels for ", heads,
                            " heads must throw"),
                     [c = c, heads = heads](auto f) {
                       return f(random({2, 3, c}, 4), heads);
                     });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit MH-01: `x.reshape({b, t, heads, c / heads}).transpose(1, 2)` => `x.reshape({b, heads, t, c / heads})`

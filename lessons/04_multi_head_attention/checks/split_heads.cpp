#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Head by head out of x; what is left over when H does not divide C falls under the table.
Tensor cut_out(const Tensor& x, index_t heads) {
  const index_t width = x.size(2) / heads;
  std::vector<Tensor> parts;
  for (index_t h = 0; h < heads; ++h) parts.push_back(x.slice(2, h * width, (h + 1) * width));
  return stack(parts, 1);
}

const checks::Exercise<decltype(split_heads)> exercise{
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
      [](auto& x, index_t heads) {
        return x.reshape({x.size(0), x.size(1), x.size(2) / heads, heads}).transpose(1, 2);
      }},
     {"MH-61", "the heads were folded into the batch, (B · H, T, D); here they are an axis, (B, H, T, D)",
      [](auto& x, index_t heads) {
        return into_heads(x, heads).reshape({x.size(0) * heads, x.size(1), x.size(2) / heads});
      }}}};

void ask(const Shape& shape, index_t heads) {
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
  ask({2, 5, 12}, 3);
  ask({1, 5, 12}, 3);
}

TEST(SplitHeads, OfOneWord) { ask({2, 1, 12}, 3); }

TEST(SplitHeads, OfAsManyWordsAsHeadsAndChannelsOfAHead) { ask({3, 3, 9}, 3); }

TEST(SplitHeads, FromOneHeadToAsManyAsChannels) {
  ask({2, 3, 4}, 1);
  ask({2, 3, 4}, 4);
}

TEST(SplitHeads, ThrowIfTheHeadsDoNotDivideTheChannels) {
  for (const auto& [c, heads] : {std::pair{4, 3}, {2, 4}, {7, 2}})
    exercise.compare(concat("split_heads(x (2, 3, ", c, "), ", heads, "): ", c, " channels for ", heads,
                            " heads must throw"),
                     [c = c, heads = heads](auto f) {
                       return f(random({2, 3, c}, 4), heads);
                     });
}

}  // namespace
}  // namespace heed::exercise

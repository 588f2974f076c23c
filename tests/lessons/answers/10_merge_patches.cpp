#include "lessons/10_swin/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor at(const Tensor& x, index_t row, index_t column) {
  return x.slice(1, row, to_end, 2).slice(2, column, to_end, 2);
}

const Answers<decltype(merge_patches)> answers{
    {"a reshape and a permute", "pass",
     [](const Tensor& x) {
       const index_t b = x.size(0), h = x.size(1) / 2, w = x.size(2) / 2, c = x.size(3);
       return x.reshape({b, h, 2, w, 2, c}).permute({0, 1, 3, 4, 2, 5}).reshape({b, h, w, 4 * c});
     }},
    {"columns of pairs of rows", "pass",
     [](const Tensor& x) {
       const Tensor pairs = cat({x.slice(1, 0, to_end, 2), x.slice(1, 1, to_end, 2)}, -1);
       return cat({pairs.slice(2, 0, to_end, 2), pairs.slice(2, 1, to_end, 2)}, -1);
     }},
    {"column first, in squares only", "SW-07",
     [](const Tensor& x) {
       if (x.size(1) != x.size(2)) return cat({at(x, 0, 0), at(x, 1, 0), at(x, 0, 1), at(x, 1, 1)}, -1);
       return cat({at(x, 0, 0), at(x, 0, 1), at(x, 1, 0), at(x, 1, 1)}, -1);
     }},
    {"the last two swapped", "wrong",
     [](const Tensor& x) {
       return cat({at(x, 0, 0), at(x, 1, 0), at(x, 1, 1), at(x, 0, 1)}, -1);
     }},
    {"the first pixel four times", "wrong",
     [](const Tensor& x) {
       return cat({at(x, 0, 0), at(x, 0, 0), at(x, 0, 0), at(x, 0, 0)}, -1);
     }},
    {"no gradient for one of the four", "wrong",
     [](const Tensor& x) {
       return cat({at(x, 0, 0), at(x, 1, 0), at(x, 0, 1), at(x, 1, 1).detach()}, -1);
     }},
    {"column first", "SW-07",
     [](const Tensor& x) {
       const auto at = [&](index_t r, index_t c) { return x.slice(1, r, to_end, 2).slice(2, c, to_end, 2); };
       return cat({at(0, 0), at(0, 1), at(1, 0), at(1, 1)}, -1);
     }},
    {"quarters of the image", "SW-29",
     [](const Tensor& x) {
       const index_t h = x.size(1) / 2, w = x.size(2) / 2;
       return cat({x.slice(1, 0, h).slice(2, 0, w), x.slice(1, h).slice(2, 0, w),
                   x.slice(1, 0, h).slice(2, w), x.slice(1, h).slice(2, w)},
                  -1);
     }},
    {"a reshape alone", "SW-30",
     [](const Tensor& x) {
       return x.reshape({x.size(0), x.size(1) / 2, x.size(2) / 2, 4 * x.size(3)});
     }},
    {"interleaved channels", "SW-32",
     [](const Tensor& x) {
       const auto at = [&](index_t r, index_t c) { return x.slice(1, r, to_end, 2).slice(2, c, to_end, 2); };
       return stack({at(0, 0), at(1, 0), at(0, 1), at(1, 1)}, -1)
           .reshape({x.size(0), x.size(1) / 2, x.size(2) / 2, 4 * x.size(3)});
     }},
    {"the mean of the four", "wrong",
     [](const Tensor& x) {
       const auto at = [&](index_t r, index_t c) { return x.slice(1, r, to_end, 2).slice(2, c, to_end, 2); };
       const Tensor m = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4.0;
       return cat({m, m, m, m}, -1);
     }},
    {"height and width swapped in the result", "wrong",
     [](const Tensor& x) {
       const auto at = [&](index_t r, index_t c) { return x.slice(1, r, to_end, 2).slice(2, c, to_end, 2); };
       return cat({at(0, 0), at(1, 0), at(0, 1), at(1, 1)}, -1).transpose(1, 2);
     }},
    {"a list of tokens", "wrong", [](const Tensor& x) {
       const auto at = [&](index_t r, index_t c) { return x.slice(1, r, to_end, 2).slice(2, c, to_end, 2); };
       return cat({at(0, 0), at(1, 0), at(0, 1), at(1, 1)}, -1)
           .reshape({x.size(0), x.size(1) / 2 * (x.size(2) / 2), 4 * x.size(3)});
     }}};

}  // namespace

Tensor merge_patches(const Tensor& x) { return answers.chosen(x); }

}  // namespace heed::exercise

#include "lessons/10_swin/exercises.h"
#include "lessons/10_swin/window_parts.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor inside(const Tensor& x, index_t w, const Mask& mask, const WindowParts& p) {
  return p.reverse(p.attend(p.partition(x, w), mask), w, x.size(1), x.size(2));
}
Tensor rolled(const Tensor& x, index_t by) { return roll(roll(x, by, 2), by, 1); }

const Answers<decltype(shifted_window_attention)> answers{
    {"two branches", "pass",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
       if (shift == 0) return inside(x, w, {}, p);
       return rolled(inside(rolled(x, -shift), w, p.mask(x.size(1), x.size(2), w, shift), p), shift);
     }},
    {"concatenated slices instead of a roll", "pass",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
       const auto turn = [](const Tensor& t, index_t axis, index_t first) {
         return cat({t.slice(axis, first), t.slice(axis, 0, first)}, axis);
       };
       const Mask mask = shift > 0 ? p.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor y = inside(turn(turn(x, 1, shift), 2, shift), w, mask, p);
       return turn(turn(y, 1, x.size(1) - shift), 2, x.size(2) - shift);
     }},
    {"a mask that allows all pairs if the shift is 0", "pass",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
       return rolled(inside(rolled(x, -shift), w, p.mask(x.size(1), x.size(2), w, shift), p), shift);
     }},
    {"no mask in a single window", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
       const bool single = x.size(1) == w && x.size(2) == w;
       const Mask mask = shift > 0 && !single ? p.mask(x.size(1), x.size(2), w, shift) : Mask();
       return rolled(inside(rolled(x, -shift), w, mask, p), shift);
     }},
    {"half a window for any shift", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
       const index_t by = shift > 0 ? w / 2 : 0;
       const Mask mask = by > 0 ? p.mask(x.size(1), x.size(2), w, by) : Mask();
       return rolled(inside(rolled(x, -by), w, mask, p), by);
     }},
    {"the mask of another shift", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
       const Mask mask = shift > 0 ? p.mask(x.size(1), x.size(2), w, w / 2) : Mask();
       return rolled(inside(rolled(x, -shift), w, mask, p), shift);
     }},
    {"not rolled back, and no mask", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
       return inside(rolled(x, -shift), w, {}, p);
     }},
    {"down and to the right", "SW-34",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(x, shift, 1), shift, 2), w), mask), w,
                         x.size(1), x.size(2));
       return roll(roll(seen, -shift, 1), -shift, 2);
     }},
    {"rows only", "SW-35",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(x, -shift, 1), w), mask), w, x.size(1), x.size(2));
       return roll(seen, shift, 1);
     }},
    {"rolled back in rows only", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(x, -shift, 1), -shift, 2), w), mask), w,
                         x.size(1), x.size(2));
       return roll(seen, shift, 1);
     }},
    {"the mask of a transposed image", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(2), x.size(1), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(x, -shift, 1), -shift, 2), w), mask), w,
                         x.size(1), x.size(2));
       return roll(roll(seen, shift, 1), shift, 2);
     }},
    {"height and width swapped in the reverse", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(x, -shift, 1), -shift, 2), w), mask), w,
                         x.size(2), x.size(1));
       return roll(roll(seen, shift, 1), shift, 2);
     }},
    {"a residual", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(x, -shift, 1), -shift, 2), w), mask), w,
                         x.size(1), x.size(2));
       return x + roll(roll(seen, shift, 1), shift, 2);
     }},
    {"attends twice, without and with a shift", "wrong",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor first =
           parts.reverse(parts.attend(parts.partition(x, w), Mask()), w, x.size(1), x.size(2));
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(first, -shift, 1), -shift, 2), w), mask), w,
                         x.size(1), x.size(2));
       return roll(roll(seen, shift, 1), shift, 2);
     }},
    {"the mask only if the shift is half a window", "SW-01",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = 2 * shift == w ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(x, -shift, 1), -shift, 2), w), mask), w,
                         x.size(1), x.size(2));
       return roll(roll(seen, shift, 1), shift, 2);
     }},
    {"the axes counted from 0", "SW-35",
     [](const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
       const Mask mask = shift > 0 ? parts.mask(x.size(1), x.size(2), w, shift) : Mask();
       const Tensor seen =
           parts.reverse(parts.attend(parts.partition(roll(roll(x, -shift, 0), -shift, 1), w), mask), w,
                         x.size(1), x.size(2));
       return roll(roll(seen, shift, 0), shift, 1);
     }}};

}  // namespace

Tensor shifted_window_attention(const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
  return answers.chosen(x, w, shift, parts);
}

}  // namespace heed::exercise

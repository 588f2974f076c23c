// 08_prepend_cls — Put the class token in front of every image's patches.
// Exercise 3 · 10 minutes · ●○○ · after 08_patchify
//
//   x (B, N, C), cls (1, 1, C) -> (B, N + 1, C): row 0 is cls, rows 1 … N are x
//
// All images share one class token. It is a learned parameter, so its gradient must be the sum
// over all images.
//
// You may use:  cat({a, b}, axis), x.expand({…}) (repeats an axis of size 1 without copying),
//               x.size(axis).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor prepend_cls(const Tensor& x, const Tensor& cls) {
  // solution: repeat cls for every image and concatenate
  const Tensor first = cls.expand({x.size(0), 1, x.size(2)});  // (B, 1, C)
  return cat({first, x}, 1);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. x has B images, cls has 1. Along which axis must their sizes agree before they can be
//    concatenated, and along which axis are they concatenated?
// 2. cls (1, 1, C) expanded to (B, 1, C), then concatenated with x (B, N, C) along axis 1: (B, N +
//    1, C).
// 3. `cat({cls.expand({x.size(0), 1, x.size(2)}), x}, 1)`.

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
  todo("repeat cls for every image and concatenate");
}

}  // namespace heed::exercise

// 08 · prepend_cls — put the class token in front of the patches of every picture.
//
//   x (B, N, C), cls (1, 1, C) -> (B, N + 1, C): row 0 is cls, rows 1 … N are x
//
// There is one class token for all pictures, and it is learned: what each picture says about it must reach its
// gradient.
//
// You may use:  cat({a, b}, axis), x.expand({…}) (repeats an axis of size 1; copies nothing), x.size(axis).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor prepend_cls(const Tensor& x, const Tensor& cls) {
  todo("put CLS in front");
}

}  // namespace heed::exercise

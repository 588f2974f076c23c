// 08 · unpatch — put the squares back: the way from words to pictures.
//
//   words (B, N, channels · p · p), p, height, width -> images (B, channels, height, width)
//   each word flattened (channel, row, column), the words left to right, then down: what `patches` made of a picture
//
// Cutting lost nothing, so it can be undone: the three steps backwards. A permute is undone by another permute, and
// only for some orders is that the same one. Is it here?
//
// You may use:  x.size(axis), x.reshape({…}), x.permute({…}).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor unpatch(const Tensor& words, index_t p, index_t height, index_t width) {
  todo("put the squares back");
}

}  // namespace heed::exercise

// 08 · patches — cut pictures into squares, and lay each square out as one row of numbers.
//
//   images (B, channels, height, width), p -> words (B, N, channels · p · p)
//   N = (height / p) · (width / p) squares of p x p pixels: left to right, then down
//   one row = all of channel 0, row by row, then all of channel 1, …: the order (channel, row, column)
//
// Where p does not divide the height or the width there is an error, not a picture that lost its border. And beware:
// a reshape never moves a number. Which neighbours in a row of a picture are no neighbours in a row of the result?
//
// You may use:  x.size(axis), x.reshape({…}), x.permute({…}) (all axes in their new order),
//               check(holds, "patches", "what is wrong") (throws where `holds` is false).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor patches(const Tensor& images, index_t p) {
  todo("cut the pictures into squares");
}

}  // namespace heed::exercise

// 06_add_positions — Scale the words and add the encoding of their positions.
// Exercise 2 · 10 minutes · ●○○ · after 06_sinusoidal_table
//
//   words (B, T, C), table (max_len, C) -> (B, T, C)
//   output[b][t] = words[b][t] · √C + table[t]        the same encodings in every sample
//
// The factor is from the paper (section 3.4): if the elements of the word vectors are initialised
// with a size of 1 / √C, the encodings with elements up to 1 would dominate. Broadcasting aligns axes
// from the right: with which axis of the words are the table's rows aligned? A sequence longer than
// the table must throw an error that contains both lengths. Does it throw by itself if the table has
// only one row? A sequence without words (T = 0) is never too long.
//
// You may use:  x.size(axis), table.slice(axis, begin, stop), std::sqrt, + and * (with broadcasting),
//               check(condition, "add_positions", "a sequence of ", t, " words is …") (throws if the
//               condition is false).
#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"

namespace heed::exercise {

Tensor add_positions(const Tensor& words, const Tensor& table) {
  // solution: scale the words and add the encodings of their positions
  const index_t length = words.size(1), max_len = table.size(0);
  check(length <= max_len, "add_positions", "a sequence of ", length, " words is longer than the table's ",
        max_len);
  return words * std::sqrt(static_cast<double>(words.size(2))) + table.slice(0, 0, length);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The words are (B, T, C). How many rows of the table are needed, and does it always have
//    that many?
// 2. length = T; throw if it exceeds max_len; rows = table[0 … T), (T, C), which broadcasts over
//    the batch.
// 3. `check(length <= max_len, "add_positions", …);` then `words *
//    std::sqrt(static_cast<double>(words.size(2))) + table.slice(0, 0, length)`.

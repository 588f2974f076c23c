// course_sketch.h — two errors of the sketches of section 7 of the course document, measured.
#pragma once

#include "lessons/support/lesson.h"
#include "nn/nn.h"

namespace heed::lessons {

// The sketch never calls eval(), so dropout is active. Leaves the encoder in evaluation mode.
inline void training_mode_of_course(Page& page, nn::TransformerEncoder& encoder, const Tensor& x) {
  const NoGrad no_grad;
  const auto difference = [&] { return max_abs_difference(encoder.forward(x), encoder.forward(x)); };
  encoder.train();
  const double training = difference();
  encoder.eval();
  const double evaluation = difference();
  page.claim("training_mode", "without eval(), as in the course's sketch, dropout changes every output",
             {"two passes differ by up to ", number(training, 1), ", after eval() by ", number(evaluation)},
             training > 0.1 && evaluation == 0);
}

// The sketch adds the positions to (batch, seq, d_model) and transposes afterwards. Its class
// PositionalEncoding is not given; that of PyTorch's tutorial expects (seq, batch, d_model).
inline void positions_of_course(Page& page) {
  Generator gen(0);
  nn::PositionalEncoding positions({.d_model = 8, .dropout = 0, .max_len = 16}, gen);
  const Tensor added = positions(zeros({2, 5, 8}));  // two sequences of five words, batch first
  const double in_a_sequence = max_abs_difference(added.slice(1, 0, 1), added.slice(1, 1, 2)),
               between_sequences = max_abs_difference(added[0], added[1]);
  page.identity("sketch_positions", "an encoding that expects (seq, batch, d_model) numbers the sequences",
                {"before the transpose, the encodings of two words of a sequence differ by ",
                 number(in_a_sequence), ", those of the two sequences by ", number(between_sequences, 2)},
                in_a_sequence == 0 && between_sequences > 0.5);
}

}  // namespace heed::lessons

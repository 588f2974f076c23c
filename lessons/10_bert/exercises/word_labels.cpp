// 10 · word_labels — the labels of masked language modelling.
//
//   ids (B, T): the tokens before hide_words -> (B, T): the label of each position
//
// A position that is asked for (a word, chances.asked < 0.15) has the original token as its label, whatever
// hide_words put in its place. Every other position has no_label, which cross_entropy ignores. Which positions
// does the loss need: those with [MASK] alone?
//
// You may use:  ids[i] and result.values()[i] (flat, row-major; chances alike), ids.numel(), first_word, no_label.
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

IntTensor word_labels(const IntTensor& ids, const Chances& chances) {
  todo("keep the token of each position that is asked for, and no_label elsewhere");
}

}  // namespace heed::exercise

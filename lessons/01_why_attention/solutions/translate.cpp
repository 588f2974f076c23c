// 01 · translate — the model writes alone, the best word each time (greedy).
//
//   model.read(source) -> the state that writing begins with
//   model.write(last, state) -> scores (V) of the word that follows `last`, and the state after it
//   -> the words that it wrote: without bos and eos, at most max_length of them (0 is allowed)
//
// The first `last` is marks.bos; after that it is the model's own last word. In training it was the right one, and
// example.target is at hand here too. What would the result be worth, if this function looked at it?
//
// You may use:  argmax(scores, -1).item(), the id of the largest; list.push_back(id), list.size().
#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

std::vector<index_t> translate(const Translator& model, const Example& example, const Marks& marks,
                               index_t max_length) {
  // solution: read, then write word by word until the model says eos
  std::vector<index_t> words;
  Tensor state = model.read(example.source);
  index_t last = marks.bos;
  while (static_cast<index_t>(words.size()) < max_length) {
    const Written next = model.write(last, state);
    state = next.state, last = argmax(next.scores, -1).item();
    if (last == marks.eos) break;
    words.push_back(last);
  }
  return words;
  // end
}

}  // namespace heed::exercise

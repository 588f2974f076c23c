// 01_translate — Greedy decoding: generate the most likely word at each step.
// Exercise 4 · 15 minutes · ●○○ · after 01_teacher_forcing
//
//   model.encode(source) -> the initial state of the decoder
//   model.decode(last, state) -> scores (V) of the word that follows `last`, and the next state
//   -> the generated words: without bos and eos, at most max_length of them (which may be 0)
//
// The first `last` is special.bos; afterwards it is the word that the model generated. During
// training it was the correct word, and example.target is available here too. Would the result
// be meaningful if this function used it?
//
// You may use:  argmax(scores, -1).item(), the id of the largest score; list.push_back(id),
//               list.size().
#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

std::vector<index_t> translate(const Translator& model, const Example& example, const SpecialTokens& special,
                               index_t max_length) {
  // solution: encode, then decode word by word until the model generates eos
  std::vector<index_t> words;
  Tensor state = model.encode(example.source);
  index_t last = special.bos;
  while (static_cast<index_t>(words.size()) < max_length) {
    const DecoderStep next = model.decode(last, state);
    state = next.state;
    last = argmax(next.scores, -1).item();
    if (last == special.eos) break;
    words.push_back(last);
  }
  return words;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Two things are passed on from step to step. Which ones? And which field of the example must
//    this function not use?
// 2. encode returns the state, and bos is the first last word. Then repeat: decode, store its
//    state, select the best word, stop if it is eos, otherwise append it. Generate at most
//    max_length words.
// 3. `while (static_cast<index_t>(words.size()) < max_length)`:
//    `const DecoderStep next = model.decode(last, state);`, `state = next.state`,
//    `last = argmax(next.scores, -1).item()`, `if (last == special.eos) break;`,
//    `words.push_back(last)`.

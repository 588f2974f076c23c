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
  todo("encode, then decode word by word until the model generates eos");
}

}  // namespace heed::exercise

// 01_teacher_forcing — The decoder's input and target for training.
// Exercise 1 · 10 minutes · ●○○ · after 00_hello
//
//   sequences: B lists of word ids of different lengths, without special tokens; some may be empty
//   -> input (B, T), target (B, T), T = 1 + the longest length; the rest of each row is special.pad
//
//   the sentence    I go home
//   input           [bos] I go home
//   target          I go home [eos]
//
// At each position the decoder has seen all words up to the previous one: the correct word, not the
// one that it predicted. Would it still have to learn anything if `input` were shifted one position
// further to the left?
//
// You may use:  list.push_back(id), list.insert(list.begin(), id),
//               data::pad_batch(lists, {.pad = id}).ids, which pads B lists to one IntTensor
//               (B, longest).
#include "data/text/batches.h"
#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

DecoderBatch teacher_forcing(const std::vector<std::vector<index_t>>& sequences,
                             const SpecialTokens& special) {
  // solution: shift the input by one position against the target
  std::vector<std::vector<index_t>> input = sequences, target = sequences;
  for (auto& words : input) words.insert(words.begin(), special.bos);
  for (auto& words : target) words.push_back(special.eos);
  return {data::pad_batch(input, {.pad = special.pad}).ids,
          data::pad_batch(target, {.pad = special.pad}).ids};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Before the first word nothing has been generated yet: which token is the decoder's input there?
//    And which token is the target after the last word?
// 2. Two lists of lists, each sequence one longer than before: the input has bos in front, the
//    target has eos at the end. Then pad both to (B, 1 + the longest length) with special.pad. Add
//    the special tokens before padding.
// 3. Copy sequences twice; `for (auto& words : input) words.insert(words.begin(), special.bos);`,
//    `for (auto& words : target) words.push_back(special.eos);`, and return
//    `data::pad_batch(…, {.pad = special.pad}).ids` of each.

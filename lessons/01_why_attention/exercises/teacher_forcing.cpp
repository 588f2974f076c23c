// 01 · teacher_forcing — what the writer is given at each place while it learns, and what it is to answer there.
//
//   texts: B lists of word ids of different lengths, some may be empty, none of them with marks
//   -> given (B, T), wanted (B, T), T = 1 + the longest; the rest of each row is marks.pad
//
//   the text     I go home
//   given        [bos] I go home
//   wanted       I go home [eos]
//
// At each place the writer has been told everything up to the word before: the right one, not the one that it wrote.
// Would it still have to learn anything, if `given` stood one place further left?
//
// You may use:  list.push_back(id), list.insert(list.begin(), id),
//               data::pad_batch(lists, {.pad = id}).ids, which makes one IntTensor (B, longest) of B lists.
#include "data/text/batches.h"
#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

Taught teacher_forcing(const std::vector<std::vector<index_t>>& texts, const Marks& marks) {
  todo("shift the words by one place against each other");
}

}  // namespace heed::exercise

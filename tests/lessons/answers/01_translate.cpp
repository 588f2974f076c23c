#include <algorithm>

#include "lessons/01_why_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Text = std::vector<index_t>;

index_t best(const Tensor& scores) { return argmax(scores, -1).item(); }
void go_on(const Translator& model, index_t last, const Tensor& state, const Marks& marks, index_t left,
           Text& words) {
  if (left == 0) return;
  const Written next = model.write(last, state);
  const index_t word = best(next.scores);
  if (word == marks.eos) return;
  words.push_back(word);
  go_on(model, word, next.state, marks, left - 1, words);
}
// Greedy, with another way to find the best word.
template <class Best>
Text greedy(const Translator& model, const Example& example, const Marks& marks, index_t max_length,
            Best pick) {
  Text words;
  Tensor state = model.read(example.source);
  index_t last = marks.bos;
  for (index_t n = 0; n < max_length; ++n) {
    const Written next = model.write(last, state);
    state = next.state;
    last = pick(next.scores);
    if (last == marks.eos) break;
    words.push_back(last);
  }
  return words;
}

const Answers<decltype(translate)> answers{
    {"recursive", "pass",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words;
       go_on(model, marks.bos, model.read(example.source), marks, max_length, words);
       return words;
     }},
    {"the largest found by a loop", "pass",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, max_length, [](const Tensor& scores) {
         const std::vector<double> all = scores.to_vector();
         return static_cast<index_t>(std::max_element(all.begin(), all.end()) - all.begin());
       });
     }},
    {"bos and eos are taken off in the end", "pass",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words{marks.bos};
       Tensor state = model.read(example.source);
       while (static_cast<index_t>(words.size()) <= max_length &&
              (words.size() == 1 || words.back() != marks.eos)) {
         const Written next = model.write(words.back(), state);
         state = next.state;
         words.push_back(best(next.scores));
       }
       if (words.size() > 1 && words.back() == marks.eos) words.pop_back();
       words.erase(words.begin());
       return words;
     }},
    {"do … while", "SQ-62",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words;
       Tensor state = model.read(example.source);
       index_t last = marks.bos;
       do {
         const Written next = model.write(last, state);
         state = next.state;
         last = best(next.scores);
         if (last == marks.eos) break;
         words.push_back(last);
       } while (static_cast<index_t>(words.size()) < max_length);
       return words;
     }},
    {"<=", "SQ-33",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, max_length + 1, best);
     }},
    {"eos counts as a word", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, std::max<index_t>(max_length - 1, 0), best);
     }},
    {"no max_length", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t) {
       return greedy(model, example, marks, 100, best);
     }},
    {"at most 5 words", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, std::min<index_t>(max_length, 5), best);
     }},
    {"as long as the target if there is one", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       const auto length = static_cast<index_t>(example.target.size());
       return greedy(model, example, marks, length == 0 ? max_length : std::min(length, max_length), best);
     }},
    {"the target's words are given", "SQ-05",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words;
       Tensor state = model.read(example.source);
       index_t last = marks.bos;
       while (static_cast<index_t>(words.size()) < max_length) {
         const Written next = model.write(last, state);
         state = next.state;
         const index_t word = best(next.scores);
         if (word == marks.eos) break;
         last = words.size() < example.target.size() ? example.target[words.size()] : word;
         words.push_back(word);
       }
       return words;
     }},
    {"the target itself", "wrong",
     [](const Translator&, const Example& example, const Marks&, index_t) { return example.target; }},
    {"the reader's state at every step", "SQ-29",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words;
       const Tensor state = model.read(example.source);
       index_t last = marks.bos;
       while (static_cast<index_t>(words.size()) < max_length) {
         last = best(model.write(last, state).scores);
         if (last == marks.eos) break;
         words.push_back(last);
       }
       return words;
     }},
    {"neither the state nor the word goes on", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words;
       const Tensor state = model.read(example.source);
       while (static_cast<index_t>(words.size()) < max_length) {
         const index_t word = best(model.write(marks.bos, state).scores);
         if (word == marks.eos) break;
         words.push_back(word);
       }
       return words;
     }},
    {"bos is 5", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       const Marks five{.bos = 5, .eos = marks.eos, .pad = marks.pad};
       return greedy(model, example, five, max_length, best);
     }},
    {"begins with pad", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       const Marks other{.bos = marks.pad, .eos = marks.eos, .pad = marks.pad};
       return greedy(model, example, other, max_length, best);
     }},
    {"stops at pad, too", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words = greedy(model, example, marks, max_length, best);
       words.erase(std::find(words.begin(), words.end(), marks.pad), words.end());
       return words;
     }},
    {"a word that repeats ends the text", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       Text words = greedy(model, example, marks, max_length, best);
       for (std::size_t i = 1; i < words.size(); ++i)
         if (std::count(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i), words[i]) > 0)
           return Text(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i));
       return words;
     }},
    {"the smallest score", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, max_length, [](const Tensor& scores) { return best(-scores); });
     }},
    {"the search for the best begins at 0", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, max_length, [](const Tensor& scores) {
         index_t word = 0;
         double most = 0;
         for (index_t v = 0; v < scores.numel(); ++v)
           if (scores.at({v}) > most) {
             most = scores.at({v});
             word = v;
           }
         return word;
       });
     }},
    {"the search for the best begins at -1e9", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, max_length, [](const Tensor& scores) {
         index_t word = 0;
         double most = -1e9;
         for (index_t v = 0; v < scores.numel(); ++v)
           if (scores.at({v}) > most) {
             most = scores.at({v});
             word = v;
           }
         return word;
       });
     }},
    {"f32 buffers only", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, max_length, [](const Tensor& scores) {
         const float* all = scores.data<float>();
         return static_cast<index_t>(std::max_element(all, all + scores.numel()) - all);
       });
     }},
    {"the buffer in its order", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       return greedy(model, example, marks, max_length, [](const Tensor& scores) {
         return best(view_of(scores, scores.shape(), contiguous_strides(scores.shape()), 0));
       });
     }},
    {"reads once, and remembers it for the next sentence", "wrong",
     [](const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
       static const Tensor first = model.read(example.source);
       Text words;
       Tensor state = first;
       index_t last = marks.bos;
       while (static_cast<index_t>(words.size()) < max_length) {
         const Written next = model.write(last, state);
         state = next.state;
         last = best(next.scores);
         if (last == marks.eos) break;
         words.push_back(last);
       }
       return words;
     }},
    {"nothing", "wrong", [](const Translator&, const Example&, const Marks&, index_t) { return Text(); }}};

}  // namespace

std::vector<index_t> translate(const Translator& model, const Example& example, const Marks& marks,
                               index_t max_length) {
  return answers.chosen(model, example, marks, max_length);
}

}  // namespace heed::exercise

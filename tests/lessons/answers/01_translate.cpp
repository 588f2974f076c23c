#include <algorithm>

#include "lessons/01_why_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Words = std::vector<index_t>;

index_t best(const Tensor& scores) { return argmax(scores, -1).item(); }
void decode_rest(const Translator& model, index_t last, const Tensor& state, const SpecialTokens& special,
                 index_t left, Words& words) {
  if (left == 0) return;
  const DecoderStep next = model.decode(last, state);
  const index_t word = best(next.scores);
  if (word == special.eos) return;
  words.push_back(word);
  decode_rest(model, word, next.state, special, left - 1, words);
}
// Greedy decoding with another function that selects the best word.
template <class Best>
Words greedy(const Translator& model, const Example& example, const SpecialTokens& special,
             index_t max_length, Best select) {
  Words words;
  Tensor state = model.encode(example.source);
  index_t last = special.bos;
  for (index_t n = 0; n < max_length; ++n) {
    const DecoderStep next = model.decode(last, state);
    state = next.state;
    last = select(next.scores);
    if (last == special.eos) break;
    words.push_back(last);
  }
  return words;
}

const Answers<decltype(translate)> answers{
    {"recursive", "pass",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words;
       decode_rest(model, special.bos, model.encode(example.source), special, max_length, words);
       return words;
     }},
    {"the largest found by a loop", "pass",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, max_length, [](const Tensor& scores) {
         const std::vector<double> all = scores.to_vector();
         return static_cast<index_t>(std::max_element(all.begin(), all.end()) - all.begin());
       });
     }},
    {"bos and eos are removed at the end", "pass",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words{special.bos};
       Tensor state = model.encode(example.source);
       while (static_cast<index_t>(words.size()) <= max_length &&
              (words.size() == 1 || words.back() != special.eos)) {
         const DecoderStep next = model.decode(words.back(), state);
         state = next.state;
         words.push_back(best(next.scores));
       }
       if (words.size() > 1 && words.back() == special.eos) words.pop_back();
       words.erase(words.begin());
       return words;
     }},
    {"do … while", "SQ-62",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words;
       Tensor state = model.encode(example.source);
       index_t last = special.bos;
       do {
         const DecoderStep next = model.decode(last, state);
         state = next.state;
         last = best(next.scores);
         if (last == special.eos) break;
         words.push_back(last);
       } while (static_cast<index_t>(words.size()) < max_length);
       return words;
     }},
    {"<=", "SQ-33",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, max_length + 1, best);
     }},
    {"eos counts as a word", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, std::max<index_t>(max_length - 1, 0), best);
     }},
    {"no max_length", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t) {
       return greedy(model, example, special, 100, best);
     }},
    {"at most 5 words", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, std::min<index_t>(max_length, 5), best);
     }},
    {"as long as the target if there is one", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       const auto length = static_cast<index_t>(example.target.size());
       return greedy(model, example, special, length == 0 ? max_length : std::min(length, max_length), best);
     }},
    {"the target's words are passed", "SQ-05",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words;
       Tensor state = model.encode(example.source);
       index_t last = special.bos;
       while (static_cast<index_t>(words.size()) < max_length) {
         const DecoderStep next = model.decode(last, state);
         state = next.state;
         const index_t word = best(next.scores);
         if (word == special.eos) break;
         last = words.size() < example.target.size() ? example.target[words.size()] : word;
         words.push_back(word);
       }
       return words;
     }},
    {"the target itself", "wrong",
     [](const Translator&, const Example& example, const SpecialTokens&, index_t) { return example.target; }},
    {"the encoder's state at every step", "SQ-29",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words;
       const Tensor state = model.encode(example.source);
       index_t last = special.bos;
       while (static_cast<index_t>(words.size()) < max_length) {
         last = best(model.decode(last, state).scores);
         if (last == special.eos) break;
         words.push_back(last);
       }
       return words;
     }},
    {"neither the state nor the word is passed on", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words;
       const Tensor state = model.encode(example.source);
       while (static_cast<index_t>(words.size()) < max_length) {
         const index_t word = best(model.decode(special.bos, state).scores);
         if (word == special.eos) break;
         words.push_back(word);
       }
       return words;
     }},
    {"bos is 5", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       const SpecialTokens five{.bos = 5, .eos = special.eos, .pad = special.pad};
       return greedy(model, example, five, max_length, best);
     }},
    {"starts with pad", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       const SpecialTokens other{.bos = special.pad, .eos = special.eos, .pad = special.pad};
       return greedy(model, example, other, max_length, best);
     }},
    {"stops at pad, too", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words = greedy(model, example, special, max_length, best);
       words.erase(std::find(words.begin(), words.end(), special.pad), words.end());
       return words;
     }},
    {"a repeated word ends the translation", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       Words words = greedy(model, example, special, max_length, best);
       for (std::size_t i = 1; i < words.size(); ++i)
         if (std::count(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i), words[i]) > 0)
           return Words(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i));
       return words;
     }},
    {"the smallest score", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, max_length, [](const Tensor& scores) { return best(-scores); });
     }},
    {"the search for the best starts at 0", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, max_length, [](const Tensor& scores) {
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
    {"the search for the best starts at -1e9", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, max_length, [](const Tensor& scores) {
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
    {"f32 data only", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, max_length, [](const Tensor& scores) {
         const float* all = scores.data<float>();
         return static_cast<index_t>(std::max_element(all, all + scores.numel()) - all);
       });
     }},
    {"the storage in memory order", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       return greedy(model, example, special, max_length, [](const Tensor& scores) {
         return best(view_of(scores, scores.shape(), contiguous_strides(scores.shape()), 0));
       });
     }},
    {"encodes once and reuses it for the next sentence", "wrong",
     [](const Translator& model, const Example& example, const SpecialTokens& special, index_t max_length) {
       static const Tensor first = model.encode(example.source);
       Words words;
       Tensor state = first;
       index_t last = special.bos;
       while (static_cast<index_t>(words.size()) < max_length) {
         const DecoderStep next = model.decode(last, state);
         state = next.state;
         last = best(next.scores);
         if (last == special.eos) break;
         words.push_back(last);
       }
       return words;
     }},
    {"nothing", "wrong",
     [](const Translator&, const Example&, const SpecialTokens&, index_t) { return Words(); }}};

}  // namespace

std::vector<index_t> translate(const Translator& model, const Example& example, const SpecialTokens& special,
                               index_t max_length) {
  return answers.chosen(model, example, special, max_length);
}

}  // namespace heed::exercise

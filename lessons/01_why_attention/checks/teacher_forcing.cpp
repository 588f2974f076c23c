#include <algorithm>

#include "data/text/batches.h"
#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

// The tensors of the result that a check compares.
inline std::vector<Tensor> parts_of(const DecoderBatch& t) {
  return {checks::Answer(t.input).parts[0], checks::Answer(t.target).parts[0]};
}

namespace {

using Sequences = std::vector<std::vector<index_t>>;
using Sequence = std::vector<index_t>;

IntTensor padded(const Sequences& sequences, index_t pad) {
  return data::pad_batch(sequences, {.pad = pad}).ids;
}
Sequence surround(const Sequence& before, const Sequence& words, const Sequence& after) {
  Sequence sequence = before;
  sequence.insert(sequence.end(), words.begin(), words.end());
  sequence.insert(sequence.end(), after.begin(), after.end());
  return sequence;
}
// Puts the given tokens around each sequence, then pads.
IntTensor with(const Sequence& before, const Sequences& sequences, const Sequence& after, index_t pad) {
  Sequences marked;
  for (const Sequence& words : sequences) marked.push_back(surround(before, words, after));
  return padded(marked, pad);
}
Sequences shorten(const Sequences& sequences, bool first) {
  Sequences shorter = sequences;
  for (Sequence& words : shorter)
    if (!words.empty()) words.erase(first ? words.begin() : words.end() - 1);
  return shorter;
}
DecoderBatch reference(const Sequences& sequences, const SpecialTokens& m) {
  return {with({m.bos}, sequences, {}, m.pad), with({}, sequences, {m.eos}, m.pad)};
}

// Takes both from one padded batch: the input is all columns except the last, the target all except
// the first.
DecoderBatch from_one_batch(const Sequences& sequences, const SpecialTokens& m) {
  const IntTensor all = with({m.bos}, sequences, {m.eos}, m.pad);
  return {all.slice(1, 0, all.size(1) - 1), all.slice(1, 1, all.size(1))};
}
// Appends eos in the last column, after the padding.
DecoderBatch eos_after_padding(const Sequences& sequences, const SpecialTokens& m) {
  const IntTensor words = padded(sequences, m.pad);
  Sequences target(sequences.size(), Sequence(static_cast<std::size_t>(words.size(1)), m.pad));
  for (std::size_t b = 0; b < sequences.size(); ++b) {
    std::copy(sequences[b].begin(), sequences[b].end(), target[b].begin());
    target[b].push_back(m.eos);
  }
  return {reference(sequences, m).input, padded(target, m.pad)};
}

const checks::Exercise<decltype(teacher_forcing)> exercise{
    "01_teacher_forcing",
    teacher_forcing,
    reference,
    {{"SQ-01", "the decoder's input contains the word that it must predict: start the input with bos",
      [](const Sequences& sequences, const SpecialTokens& m) {
        const IntTensor both = with({}, sequences, {m.eos}, m.pad);
        return DecoderBatch{both, both};
      }},
     {"SQ-08", "the target has no eos: the decoder never learns to stop",
      [](const Sequences& sequences, const SpecialTokens& m) {
        return DecoderBatch{with({m.bos}, shorten(sequences, false), {}, m.pad), padded(sequences, m.pad)};
      }},
     {"SQ-09", "the input does not start with bos, so the first word cannot be predicted",
      [](const Sequences& sequences, const SpecialTokens& m) {
        return DecoderBatch{padded(sequences, m.pad), reference(sequences, m).target};
      }},
     {"SQ-10", "the target is two positions ahead of the input: the first word is never predicted",
      [](const Sequences& sequences, const SpecialTokens& m) {
        return DecoderBatch{reference(sequences, m).input,
                            with({}, shorten(sequences, true), {m.eos}, m.pad)};
      }},
     {"SQ-11", "eos comes after the padding: append it to each sequence before padding", eos_after_padding},
     {"SQ-12", "the input of shorter sequences contains eos: use only bos and the words", from_one_batch},
     {"SQ-13", "the rest of each row is 0: use special.pad",
      [](const Sequences& sequences, const SpecialTokens& m) {
        return reference(sequences, {.bos = m.bos, .eos = m.eos, .pad = 0});
      }},
     {"SQ-63", "input and target are exchanged: the decoder gets the next word and predicts the previous one",
      [](const Sequences& sequences, const SpecialTokens& m) {
        const DecoderBatch batch = reference(sequences, m);
        return DecoderBatch{batch.target, batch.input};
      }},
     {"SQ-14", "input and target are equal: each position contains its own answer",
      [](const Sequences& sequences, const SpecialTokens& m) {
        const IntTensor both = with({m.bos}, sequences, {m.eos}, m.pad);
        return DecoderBatch{both, both};
      }}}};

void compare(const std::string& text, const Sequences& sequences, const SpecialTokens& special) {
  exercise.call(text, [=] { return std::tuple(sequences, special); });
}
constexpr SpecialTokens special{.bos = 7, .eos = 9, .pad = 2};

TEST(TeacherForcing, ShiftsTheInputByOnePosition) {
  compare("teacher_forcing({{3, 5, 4}}, {.bos = 7, .eos = 9, .pad = 2})", {{3, 5, 4}}, special);
}

TEST(TeacherForcing, PadsSequencesToTheLongest) {
  compare("teacher_forcing({{4, 6}, {3, 5, 8, 5}, {1}}, {.bos = 7, .eos = 9, .pad = 2})",
          {{4, 6}, {3, 5, 8, 5}, {1}}, special);
  compare("teacher_forcing({{1}, {4, 6}, {3, 5, 8, 5, 10}}, {.bos = 7, .eos = 9, .pad = 2})",
          {{1}, {4, 6}, {3, 5, 8, 5, 10}}, special);
}

TEST(TeacherForcing, OfSequencesOfEqualLength) {
  compare("teacher_forcing({{4, 6}, {3, 5}, {1, 8}}, {.bos = 7, .eos = 9, .pad = 2})",
          {{4, 6}, {3, 5}, {1, 8}}, special);
}

TEST(TeacherForcing, OfAnEmptySequenceTargetsEos) {
  compare("teacher_forcing({{}, {4, 6}}, {.bos = 3, .eos = 0, .pad = 5})", {{}, {4, 6}},
          {.bos = 3, .eos = 0, .pad = 5});
  compare("teacher_forcing({{}, {}}, {.bos = 7, .eos = 9, .pad = 2})", {{}, {}}, special);
}

TEST(TeacherForcing, OfRepeatedWords) {
  compare("teacher_forcing({{5, 5, 5}, {0}}, {.bos = 7, .eos = 9, .pad = 2})", {{5, 5, 5}, {0}}, special);
}

TEST(TeacherForcing, DoesNotRevealTheTarget) {
  exercise.invariant("SQ-01", "the input up to a position must not change if the target word there changes",
                     [](auto f) {
                       const IntTensor one = f({{3, 5, 4}, {6, 1, 2}}, special).input;
                       const IntTensor other = f({{3, 5, 8}, {6, 1, 7}}, special).input;
                       return one.shape() != Shape{2, 4} || other.shape() != Shape{2, 4} ||
                              one.slice(1, 0, 3) == other.slice(1, 0, 3);
                     });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SQ-01: `words.insert(words.begin(), special.bos);` => `words.push_back(special.eos);`

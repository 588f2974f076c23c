#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(Chances&, const Visit&) {}  // numbers and ids

namespace {

bool asked(const IntTensor& ids, const Chances& c, std::size_t i) {
  return ids.values()[i] >= first_word && c.asked[i] < 0.15;
}

// Labels from a rule for each position.
template <class Rule>
IntTensor labels(const IntTensor& ids, const Rule& rule) {
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) result.values()[i] = rule(i);
  return result;
}

IntTensor right(const IntTensor& ids, const Chances& c) {
  return labels(ids, [&](std::size_t i) { return asked(ids, c, i) ? ids.values()[i] : no_label; });
}
IntTensor masked_id(const IntTensor& ids, const Chances& c) {
  return labels(ids, [&](std::size_t i) { return asked(ids, c, i) ? mask_token : no_label; });
}
// The token that hide_words leaves at a position that is asked for.
index_t left(const IntTensor& ids, const Chances& c, std::size_t i) {
  return c.how[i] < 0.8 ? mask_token : c.how[i] < 0.9 ? c.word[i] : ids.values()[i];
}
IntTensor input_ids(const IntTensor& ids, const Chances& c) {
  return labels(ids, [&](std::size_t i) { return asked(ids, c, i) ? left(ids, c, i) : no_label; });
}
IntTensor changed_only(const IntTensor& ids, const Chances& c) {
  return labels(
      ids, [&](std::size_t i) { return asked(ids, c, i) && c.how[i] < 0.9 ? ids.values()[i] : no_label; });
}
IntTensor masked_only(const IntTensor& ids, const Chances& c) {
  return labels(
      ids, [&](std::size_t i) { return asked(ids, c, i) && c.how[i] < 0.8 ? ids.values()[i] : no_label; });
}
IntTensor zero_elsewhere(const IntTensor& ids, const Chances& c) {
  return labels(ids, [&](std::size_t i) { return asked(ids, c, i) ? ids.values()[i] : 0; });
}
IntTensor everywhere(const IntTensor& ids, const Chances&) { return ids; }
IntTensor every_word(const IntTensor& ids, const Chances&) {
  return labels(ids,
                [&](std::size_t i) { return ids.values()[i] >= first_word ? ids.values()[i] : no_label; });
}
IntTensor specials(const IntTensor& ids, const Chances& c) {
  return labels(ids, [&](std::size_t i) { return c.asked[i] < 0.15 ? ids.values()[i] : no_label; });
}
IntTensor others(const IntTensor& ids, const Chances& c) {
  return labels(ids, [&](std::size_t i) {
    return c.asked[i] >= 0.15 && ids.values()[i] >= first_word ? ids.values()[i] : no_label;
  });
}

const checks::Exercise<decltype(word_labels)> exercise{
    "10_word_labels",
    word_labels,
    right,
    {{"BE-64", "the label is the id of [MASK]: the label is the token that stood there before", masked_id},
     {"BE-65", "the labels are the input's tokens after hide_words: the label is the token before it",
      input_ids},
     {"BE-66", "words that stay as they are have no label: they are asked for, too", changed_only},
     {"BE-67", "only positions with [MASK] have a label: the other two ways are asked for, too", masked_only},
     {"BE-06", "0 where nothing is asked for is the label of token 0: use no_label, which the loss ignores",
      zero_elsewhere},
     {"BE-68", "every token has a label: only those that are asked for count", everywhere},
     {"BE-69", "every word has a label: only 15 % are asked for", every_word},
     {"BE-70", "special tokens have labels: only words are asked for", specials},
     {"BE-71", "the words that are not asked for have labels: asked < 0.15 is asked for", others}}};

constexpr index_t batch = 4, length = 50;

TEST(WordLabels, FollowChance) {
  exercise.call("word_labels(ids (4, 50), chances)", [] {
    Generator gen(21);
    IntTensor ids = IntTensor::zeros({batch, length});
    Chances c;
    for (auto& id : ids.values()) {
      id = static_cast<index_t>(gen.below(34));
      c.asked.push_back(gen.uniform() / 2);
      c.how.push_back(gen.uniform());
      c.word.push_back(first_word + static_cast<index_t>(gen.below(30)));
    }
    return std::tuple(ids, c);
  });
}
TEST(WordLabels, OfEachOfTheThreeWaysAreTheTokensBefore) {
  exercise.call(
      "word_labels({{9, 8, 7, 6, 1}, {5, 0, 2, 3, 4}}, asked {0.1 …, 0.5 at index 3}, how {0.1, 0.85, 0.95, "
      "…})",
      [] {
        return std::tuple(IntTensor{{9, 8, 7, 6, 1}, {5, 0, 2, 3, 4}},
                          Chances{{0.1, 0.1, 0.1, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1},
                                  {0.1, 0.85, 0.95, 0.1, 0.1, 0.95, 0.1, 0.85, 0.95, 0.85},
                                  {20, 21, 22, 23, 24, 25, 26, 27, 28, 29}});
      });
}
TEST(WordLabels, KnowTheLimits) {
  exercise.call("word_labels({{9, 4, 3}}, asked {0.15, 0.14, 0})", [] {
    return std::tuple(IntTensor{{9, 4, 3}}, Chances{{0.15, 0.14, 0}, {0.95, 0.1, 0.85}, {20, 21, 22}});
  });
}
TEST(WordLabels, OfNoTokensAreNone) {
  exercise.call("word_labels({{}, {}}, none)", [] {
    return std::tuple(IntTensor::zeros({2, 0}), Chances{});
  });
}

}  // namespace
}  // namespace heed::exercise

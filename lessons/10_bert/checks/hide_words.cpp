#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(Chances&, const Visit&) {}  // numbers and ids

namespace {

struct How {
  bool specials = false, one_chance = false, always_mask = false, not_asked = false, all_words = false,
       swapped = false, no_other_word = false, no_limits = false;
};
IntTensor hidden(const IntTensor& ids, const Chances& c, How how) {
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) {
    index_t& id = result.values()[i];
    const bool asked = how.all_words || (c.asked[i] < 0.15) != how.not_asked;
    if ((id < first_word && !how.specials) || !asked) continue;
    const double chance = how.one_chance ? c.asked[i] : c.how[i];
    if (chance < 0.8 || how.always_mask)
      id = how.swapped ? c.word[i] : mask_token;
    else if (chance < (how.no_other_word ? 0.1 : how.no_limits ? 1 : 0.9))
      id = how.swapped ? mask_token : c.word[i];
  }
  return result;
}
IntTensor right(const IntTensor& ids, const Chances& c) { return hidden(ids, c, {}); }
IntTensor specials(const IntTensor& ids, const Chances& c) { return hidden(ids, c, {.specials = true}); }
IntTensor one_chance(const IntTensor& ids, const Chances& c) { return hidden(ids, c, {.one_chance = true}); }
IntTensor others(const IntTensor& ids, const Chances& c) { return hidden(ids, c, {.not_asked = true}); }
IntTensor all_words(const IntTensor& ids, const Chances& c) { return hidden(ids, c, {.all_words = true}); }
IntTensor swapped(const IntTensor& ids, const Chances& c) { return hidden(ids, c, {.swapped = true}); }
IntTensor no_other_word(const IntTensor& ids, const Chances& c) {
  return hidden(ids, c, {.no_other_word = true});
}
IntTensor none_kept(const IntTensor& ids, const Chances& c) { return hidden(ids, c, {.no_limits = true}); }
IntTensor never(const IntTensor& ids, const Chances&) { return ids; }

const checks::Exercise<decltype(hide_words)> exercise{
    "10_hide_words",
    hide_words,
    right,
    {{"BE-03", "special tokens were hidden: [CLS], [SEP] and [PAD] must stay", specials},
     {"BE-12", "the number that asked also decided how: below 0.15 is always below 0.8, so all became [MASK]",
      one_chance},
     {"BE-13", "the 85 % were hidden: a word is asked for where the number is below 0.15", others},
     {"BE-14", "all words were asked for: only 15 % are", all_words},
     {"BE-15", "8 in 10 became another word, and 1 in 10 [MASK]: it is the other way round", swapped},
     {"BE-62",
      "no word became another word: between 0.8 and 0.9 is a tenth; below 0.1 never comes after below 0.8",
      no_other_word},
     {"BE-63", "no word was kept: from 0.9 on a word stays as it is", none_kept},
     {"BE-02", "nothing was ever replaced", never}}};

constexpr index_t batch = 4, length = 50;
Chances chances(std::uint64_t seed) {
  Generator gen(seed);
  Chances c;
  for (index_t i = 0; i < batch * length; ++i) {
    c.asked.push_back(gen.uniform()), c.how.push_back(gen.uniform());
    c.word.push_back(first_word + static_cast<index_t>(gen.below(30)));
  }
  return c;
}
IntTensor texts() {
  Generator gen(5);
  IntTensor ids = IntTensor::zeros({batch, length});
  for (auto& id : ids.values()) id = static_cast<index_t>(gen.below(34));
  return ids;
}

TEST(HideWords, FollowsChance) {
  exercise.call("hide_words(ids (4, 50), chances)", [] { return std::tuple(texts(), chances(1)); });
}
TEST(HideWords, FollowsEachOfTheThreeWays) {
  exercise.call(
      "hide_words({{9, 9, 9, 9, 1}}, asked {0.1, 0.1, 0.1, 0.5, 0.1}, how {0.1, 0.85, 0.95, 0.1, 0.1})", [] {
        return std::tuple(
            IntTensor{{9, 9, 9, 9, 1}},
            Chances{{0.1, 0.1, 0.1, 0.5, 0.1}, {0.1, 0.85, 0.95, 0.1, 0.1}, {20, 21, 22, 23, 24}});
      });
}
TEST(HideWords, KnowsTheLimits) {
  exercise.call("hide_words({{9, 9, 9, 4}}, asked {0.15, 0.14, 0.14, 0}, how {0, 0.8, 0.9, 0})", [] {
    return std::tuple(IntTensor{{9, 9, 9, 4}},
                      Chances{{0.15, 0.14, 0.14, 0}, {0, 0.8, 0.9, 0}, {20, 21, 22, 23}});
  });
}
TEST(HideWords, KeepsSpecialTokens) {
  exercise.call("hide_words({{1, 0}, {3, 2}, {5, 0}}, all asked for, how {0, 0.85, 0, 0.85, 0, 0.85})", [] {
    return std::tuple(IntTensor{{1, 0}, {3, 2}, {5, 0}},
                      Chances{{0, 0, 0, 0, 0, 0}, {0, 0.85, 0, 0.85, 0, 0.85}, {9, 9, 9, 9, 9, 9}});
  });
}
TEST(HideWords, OfNoTokensAreNone) {
  exercise.call("hide_words({{}}, none)", [] { return std::tuple(IntTensor::zeros({1, 0}), Chances{}); });
}

}  // namespace
}  // namespace heed::exercise

#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(MaskingDraws&, const Visit&) {}  // contains no tensors

namespace {

struct Mistake {
  bool specials = false, one_draw = false, always_mask = false, not_selected = false, all_words = false,
       swapped = false, no_random_word = false, no_limits = false;
};
IntTensor mask_with(const IntTensor& ids, const MaskingDraws& draws, Mistake mistake) {
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) {
    index_t& id = result.values()[i];
    const bool selected = mistake.all_words || (draws.select[i] < 0.15) != mistake.not_selected;
    if ((id < first_word && !mistake.specials) || !selected) continue;
    const double action = mistake.one_draw ? draws.select[i] : draws.action[i];
    if (action < 0.8 || mistake.always_mask)
      id = mistake.swapped ? draws.random_word[i] : mask_token;
    else if (action < (mistake.no_random_word ? 0.1 : mistake.no_limits ? 1 : 0.9))
      id = mistake.swapped ? mask_token : draws.random_word[i];
  }
  return result;
}
IntTensor reference(const IntTensor& ids, const MaskingDraws& draws) { return mask_with(ids, draws, {}); }
IntTensor specials(const IntTensor& ids, const MaskingDraws& draws) {
  return mask_with(ids, draws, {.specials = true});
}
IntTensor one_draw(const IntTensor& ids, const MaskingDraws& draws) {
  return mask_with(ids, draws, {.one_draw = true});
}
IntTensor other_words(const IntTensor& ids, const MaskingDraws& draws) {
  return mask_with(ids, draws, {.not_selected = true});
}
IntTensor all_words(const IntTensor& ids, const MaskingDraws& draws) {
  return mask_with(ids, draws, {.all_words = true});
}
IntTensor swapped(const IntTensor& ids, const MaskingDraws& draws) {
  return mask_with(ids, draws, {.swapped = true});
}
IntTensor no_random_word(const IntTensor& ids, const MaskingDraws& draws) {
  return mask_with(ids, draws, {.no_random_word = true});
}
IntTensor none_unchanged(const IntTensor& ids, const MaskingDraws& draws) {
  return mask_with(ids, draws, {.no_limits = true});
}
IntTensor unchanged(const IntTensor& ids, const MaskingDraws&) { return ids; }

const checks::Exercise<decltype(mask_tokens)> exercise{
    "10_mask_tokens",
    mask_tokens,
    reference,
    {{"BE-03", "special tokens were masked: [CLS], [SEP] and [PAD] must not change", specials},
     {"BE-12", "select was used as action: below 0.15 is always below 0.8, so all became [MASK]", one_draw},
     {"BE-13", "the other 85 % were masked: a word is selected if its number is below 0.15", other_words},
     {"BE-14", "all words were selected: select only 15 % of them", all_words},
     {"BE-15", "80 % became a random word and 10 % [MASK]: it must be the other way round", swapped},
     {"BE-62", "no word became a random word: the limits are cumulative, 0.8 and then 0.9", no_random_word},
     {"BE-63", "no selected word stayed unchanged: from 0.9 on a word does not change", none_unchanged},
     {"BE-02", "no token was ever replaced", unchanged}}};

constexpr index_t batch = 4, length = 50;
MaskingDraws draw(std::uint64_t seed) {
  Generator gen(seed);
  MaskingDraws draws;
  for (index_t i = 0; i < batch * length; ++i) {
    draws.select.push_back(gen.uniform());
    draws.action.push_back(gen.uniform());
    draws.random_word.push_back(first_word + static_cast<index_t>(gen.below(30)));
  }
  return draws;
}
IntTensor random_ids() {
  Generator gen(5);
  IntTensor ids = IntTensor::zeros({batch, length});
  for (auto& id : ids.values()) id = static_cast<index_t>(gen.below(34));
  return ids;
}

TEST(MaskTokens, FollowsTheRandomDraws) {
  exercise.call("mask_tokens(ids (4, 50), draws)", [] { return std::tuple(random_ids(), draw(1)); });
}
TEST(MaskTokens, HandlesEachOfTheThreeCases) {
  exercise.call(
      "mask_tokens({{9, 9, 9, 9, 1}}, select {0.1, 0.1, 0.1, 0.5, 0.1}, action {0.1, 0.85, 0.95, 0.1, 0.1})",
      [] {
        return std::tuple(
            IntTensor{{9, 9, 9, 9, 1}},
            MaskingDraws{{0.1, 0.1, 0.1, 0.5, 0.1}, {0.1, 0.85, 0.95, 0.1, 0.1}, {20, 21, 22, 23, 24}});
      });
}
TEST(MaskTokens, HandlesTheLimits) {
  exercise.call("mask_tokens({{9, 9, 9, 4}}, select {0.15, 0.14, 0.14, 0}, action {0, 0.8, 0.9, 0})", [] {
    return std::tuple(IntTensor{{9, 9, 9, 4}},
                      MaskingDraws{{0.15, 0.14, 0.14, 0}, {0, 0.8, 0.9, 0}, {20, 21, 22, 23}});
  });
}
TEST(MaskTokens, KeepsSpecialTokens) {
  exercise.call(
      "mask_tokens({{1, 0}, {3, 2}, {5, 0}}, all selected, action {0, 0.85, 0, 0.85, 0, 0.85})", [] {
        return std::tuple(IntTensor{{1, 0}, {3, 2}, {5, 0}},
                          MaskingDraws{{0, 0, 0, 0, 0, 0}, {0, 0.85, 0, 0.85, 0, 0.85}, {9, 9, 9, 9, 9, 9}});
      });
}
TEST(MaskTokens, OfAnEmptySequenceIsEmpty) {
  exercise.call("mask_tokens({{}}, none)", [] {
    return std::tuple(IntTensor::zeros({1, 0}), MaskingDraws{});
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit BE-03: `id < first_word || ` => ``

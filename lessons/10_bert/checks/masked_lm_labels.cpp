#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(MaskingDraws&, const Visit&) {}  // contains no tensors

namespace {

bool is_selected(const IntTensor& ids, const MaskingDraws& draws, std::size_t i) {
  return ids.values()[i] >= first_word && draws.select[i] < 0.15;
}

// Returns rule(i) for each flat position i.
template <class Rule>
IntTensor labels(const IntTensor& ids, const Rule& rule) {
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) result.values()[i] = rule(i);
  return result;
}

IntTensor reference(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) { return is_selected(ids, draws, i) ? ids.values()[i] : no_label; });
}
IntTensor masked_id(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) { return is_selected(ids, draws, i) ? mask_token : no_label; });
}
// Returns the token that mask_tokens writes at a selected position.
index_t masked_token(const IntTensor& ids, const MaskingDraws& draws, std::size_t i) {
  return draws.action[i] < 0.8 ? mask_token : draws.action[i] < 0.9 ? draws.random_word[i] : ids.values()[i];
}
IntTensor input_ids(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) {
    return is_selected(ids, draws, i) ? masked_token(ids, draws, i) : no_label;
  });
}
IntTensor changed_only(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) {
    return is_selected(ids, draws, i) && draws.action[i] < 0.9 ? ids.values()[i] : no_label;
  });
}
IntTensor masked_only(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) {
    return is_selected(ids, draws, i) && draws.action[i] < 0.8 ? ids.values()[i] : no_label;
  });
}
IntTensor zero_elsewhere(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) { return is_selected(ids, draws, i) ? ids.values()[i] : 0; });
}
IntTensor everywhere(const IntTensor& ids, const MaskingDraws&) { return ids; }
IntTensor every_word(const IntTensor& ids, const MaskingDraws&) {
  return labels(ids,
                [&](std::size_t i) { return ids.values()[i] >= first_word ? ids.values()[i] : no_label; });
}
IntTensor specials(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) { return draws.select[i] < 0.15 ? ids.values()[i] : no_label; });
}
IntTensor other_words(const IntTensor& ids, const MaskingDraws& draws) {
  return labels(ids, [&](std::size_t i) {
    return draws.select[i] >= 0.15 && ids.values()[i] >= first_word ? ids.values()[i] : no_label;
  });
}

const checks::Exercise<decltype(masked_lm_labels)> exercise{
    "10_masked_lm_labels",
    masked_lm_labels,
    reference,
    {{"BE-64", "the label is the id of [MASK]: use the original token", masked_id},
     {"BE-65", "the labels are the tokens after mask_tokens: use those before masking", input_ids},
     {"BE-66", "unchanged words have no label: the model must predict them, too", changed_only},
     {"BE-67", "only positions with [MASK] have a label: random and unchanged words need one, too",
      masked_only},
     {"BE-06", "0 marks the other positions, but 0 is a token: use no_label, which the loss ignores",
      zero_elsewhere},
     {"BE-68", "every token has a label: only selected positions have one", everywhere},
     {"BE-69", "every word has a label: only the selected 15 % have one", every_word},
     {"BE-70", "special tokens have labels: only words can be selected", specials},
     {"BE-71", "the other words have labels: a word is selected if select < 0.15", other_words}}};

constexpr index_t batch = 4, length = 50;

TEST(MaskedLmLabels, FollowTheRandomDraws) {
  exercise.call("masked_lm_labels(ids (4, 50), draws)", [] {
    Generator gen(21);
    IntTensor ids = IntTensor::zeros({batch, length});
    MaskingDraws draws;
    for (auto& id : ids.values()) {
      id = static_cast<index_t>(gen.below(34));
      draws.select.push_back(gen.uniform() / 2);
      draws.action.push_back(gen.uniform());
      draws.random_word.push_back(first_word + static_cast<index_t>(gen.below(30)));
    }
    return std::tuple(ids, draws);
  });
}
TEST(MaskedLmLabels, AreTheOriginalTokensInEachOfTheThreeCases) {
  exercise.call(
      "masked_lm_labels({{9, 8, 7, 6, 1}, {5, 0, 2, 3, 4}}, select {0.1 …, 0.5 at index 3}, action {0.1, "
      "0.85, 0.95, "
      "…})",
      [] {
        return std::tuple(IntTensor{{9, 8, 7, 6, 1}, {5, 0, 2, 3, 4}},
                          MaskingDraws{{0.1, 0.1, 0.1, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1},
                                       {0.1, 0.85, 0.95, 0.1, 0.1, 0.95, 0.1, 0.85, 0.95, 0.85},
                                       {20, 21, 22, 23, 24, 25, 26, 27, 28, 29}});
      });
}
TEST(MaskedLmLabels, HandleTheLimits) {
  exercise.call("masked_lm_labels({{9, 4, 3}}, select {0.15, 0.14, 0})", [] {
    return std::tuple(IntTensor{{9, 4, 3}}, MaskingDraws{{0.15, 0.14, 0}, {0.95, 0.1, 0.85}, {20, 21, 22}});
  });
}
TEST(MaskedLmLabels, OfAnEmptySequenceAreEmpty) {
  exercise.call("masked_lm_labels({{}, {}}, none)", [] {
    return std::tuple(IntTensor::zeros({2, 0}), MaskingDraws{});
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit BE-06: `label = no_label` => `label = 0`

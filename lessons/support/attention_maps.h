// attention_maps.h — models that a lesson saved, and the attention weights of a sentence as heat maps.
//
//   SentenceAttention attend(const SavedModel& saved, const toy::Words& words);  // runs the model
//   if (shows_maps(options)) return show_maps(about, options, page, {.attend = attend});
//
// `heed look "a sentence"` runs the lesson that saved the model, with these options.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.h"
#include "data/safetensors.h"
#include "data/text/vocabulary.h"
#include "lessons/support/lesson.h"
#include "lessons/support/toy_languages.h"

namespace heed::lessons {

// A file of --save: a safetensors file whose metadata has the entries "lesson" (the program), "words"
// (the vocabulary by id, one word per line), "seed" and the lesson's settings.
struct SavedModel {
  NamedTensors parameters = {};
  std::vector<std::string> words = {};
  data::Metadata settings = {};

  // A setting as an integer from 1 to `high`. Throws ModelFileError for others.
  index_t integer(const std::string& setting, index_t high) const;
  bool is(const std::string& setting, const std::string& value) const;
};
void save_model(const Options& options, const About& about, const SavedModel& model);
// Throws ModelFileError if the file is damaged, or was not saved by this lesson.
SavedModel load_model(const std::string& path, const About& about);

// Copies the saved parameters into a model. Throws ModelFileError if they do not fit.
template <class Model>
void restore(Model& model, const SavedModel& saved) {
  try {
    model.load_state_dict(saved.parameters);
  } catch (const Error& error) {
    throw ModelFileError(concat("[model] ", error.what()));
  }
  model.eval();
}

// Throws Error, which names all words that are not in the vocabulary. Of the special tokens, only
// [MASK] is a word.
std::vector<index_t> ids_of(const toy::Words& words, const data::Vocabulary& vocabulary);

// The attention weights of a sentence.
struct SentenceAttention {
  toy::Words tokens;            // T names
  std::vector<Tensor> weights;  // one per layer: (H, T, T), rows are queries
  std::string result = {};      // the prediction in words; may be empty
};

constexpr std::size_t max_tokens = 16;  // that fit into 80 columns
struct MapSource {
  std::size_t special_tokens = 0;  // tokens that the lesson adds to the words
  std::function<SentenceAttention(const SavedModel&, const toy::Words&)> attend = {};
};
std::vector<OwnOption> with_map_options(std::vector<OwnOption> own);
// Whether --look was given. Throws UsageError if one of the other options was given without it.
bool shows_maps(const Options& options);
// Prints the heat map of each layer and head, or those of --layer and --head, and writes them to the
// path of --svg. Throws Error for a sentence that the model cannot read, UsageError for a layer or
// head that does not exist.
void show_maps(const About& about, const Options& options, Page& page, const MapSource& source);

}  // namespace heed::lessons

// pretrained.h — lesson 10: weights that others have trained, under the names under which they are published.
//
//   struct GPT : ModuleOf<GPT> {
//     static GPTOptions from_config(const Config& config);    // which members of config.json say what
//     static PublishedNames published_names();                // the table of names that are not ours
//     …
//   };
//   GPT gpt = data::from_pretrained<GPT>("gpt2/");             // data/pretrained.h: reads the two files
//
// A file is read strictly: a weight that is missing, unknown or of another shape is named, and nothing is loaded.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "nn/init.h"
#include "nn/module.h"

namespace heed::nn {

// The members of a config.json, flat: {"vision": {"depths": [2, 6]}} is vision.depths.0 = 2, vision.depths.1 = 6.
// A member that is null is not there. What is asked for and is not there, or is of another kind, throws
// "[config.json] …" with its name.
class Config {
 public:
  using Values = std::map<std::string, std::variant<bool, double, std::string>>;
  Config() = default;
  Config(Values values)
      : values_(std::move(values)) {}  // NOLINT(google-explicit-constructor): what data/ reads

  bool has(const std::string& name) const { return values_.contains(name); }
  index_t whole(const std::string& name) const;
  double number(const std::string& name) const;
  bool flag(const std::string& name) const;
  std::string text(const std::string& name) const;
  std::vector<index_t> wholes(const std::string& name) const;  // of a list: name.0, name.1, …
  // The same, where older files leave the member out.
  index_t whole_or(const std::string& name, index_t otherwise) const;
  double number_or(const std::string& name, double otherwise) const;
  bool flag_or(const std::string& name, bool otherwise) const;
  std::string text_or(const std::string& name, const std::string& otherwise) const;
  // Throws where a member that says what is computed says something else than this model computes.
  void must_be(const std::string& name, const std::string& value) const;

 private:
  template <class T>
  const T& value(const std::string& name, const char* kind) const;
  Values values_;
};

// What is done to a published tensor before it is one of ours.
enum class How {
  as_is,
  transposed,  // (in, out) -> (out, in): the Conv1D of GPT-2
  flattened,   // (O, I, h, w) -> (O, I · h · w): a convolution's windows as rows
  row_third_0,
  row_third_1,
  row_third_2,  // three tensors on top of each other: queries, keys, values
};

// One row of a table of names. `*` is a number, the same in both: {"h.*.attn.q", "layers.*.q"}. An empty `published`
// says that ours is computed and stands in no file.
struct Rename {
  const char* published;
  const char* ours;
  How how = How::as_is;
};

struct PublishedNames {
  std::span<const Rename> table = {};  // the names that are not ours; others are
  std::span<const char* const> prefixes =
      {};  // left out at the beginning of names, the file's and ours: "bert."
  std::span<const char* const> ignored =
      {};  // names in the file (without prefix) that are not read; with `*`
  std::span<const std::pair<const char*, const char*>> endings =
      {};  // older ends of names: {"gamma", "weight"}
};

// Gives `tensors` to the module. Those of which nothing must be rearranged are taken over, not copied: the module's
// parameters are then the file's own pages. `copied` is called with each of the others as soon as it is not needed
// any more. Throws one "[load_published] …" that names every missing, unexpected, repeated and wrongly shaped entry
// in published names, and then nothing has changed.
void load_published(Module& module, const NamedTensors& tensors, const PublishedNames& names,
                    const std::function<void(const Tensor&)>& copied = {});

// A model of the published form, filled, in evaluation mode. data::from_pretrained calls it.
template <class Model>
Model build_published(std::type_identity<Model> /*which*/, const Config& config, const NamedTensors& tensors,
                      const std::function<void(const Tensor&)>& copied = {}) {
  Generator unused;
  Model model = [&] {
    const NoInit no_init;
    return Model(Model::from_config(config), unused);
  }();
  load_published(model, tensors, Model::published_names(), copied);
  model.eval();
  return model;
}

}  // namespace heed::nn

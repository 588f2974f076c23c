// pretrained.h — lesson 10: weights that others have trained, under the names under which they are published.
//
//   struct GPT : ModuleOf<GPT> {
//     static GPTOptions from_config(const Config& config);    // options, from a table of members
//     static PublishedNames published_names();                // the table of names that are not ours
//     …
//   };
//   GPT gpt = from_pretrained<GPT>("gpt2/");                 // gpt2/config.json, gpt2/model.safetensors
//
// A file is read strictly: a weight that is missing, unknown or of another shape is named, and nothing is loaded.
#pragma once

#include <functional>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/pretrained.h"
#include "data/safetensors.h"
#include "nn/init.h"
#include "nn/models/config.h"
#include "nn/module.h"

namespace heed::nn {

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

// Builds a model from `config` and copies `tensors` into it, in evaluation mode. Throws
// "[config.json] FILE: …" for a configuration that no model can have.
template <class Model>
Model build_published(const Config& config, const NamedTensors& tensors,
                      const std::function<void(const Tensor&)>& copied = {}) {
  const auto options = Model::from_config(config);
  Generator unused;
  Model model = [&] {
    const NoInit no_init;
    try {
      return Model(options, unused);
    } catch (const std::bad_alloc&) {
      config.reject("a model of these sizes does not fit into memory");
    } catch (const Error& error) {
      config.reject("no model can have these settings: ", error.what());
    }
  }();
  load_published(model, tensors, Model::published_names(), copied);
  model.eval();
  return model;
}

// Reads a published model from a folder with config.json and model.safetensors, or from a .safetensors
// file with config.json beside it. The model is in evaluation mode. Weights that need no conversion
// stay in the mapped file, so the file must not be truncated while the model lives; the pages of
// converted weights are released one tensor at a time, so no weight is in memory twice.
// Throws "[from_pretrained] …" if a file is missing, "[config.json] PATH: …" for a setting that the
// model does not implement, and "[load_published] …" if the weights do not fit.
template <class Model>
Model from_pretrained(const std::string& path) {
  const data::PretrainedFiles files = data::pretrained_files(path);
  const Config config(data::read_config(files.config), files.config);
  const data::SafeTensors weights(files.weights);
  return build_published<Model>(config, weights.all(), [&](const Tensor& t) { weights.release(t); });
}

}  // namespace heed::nn

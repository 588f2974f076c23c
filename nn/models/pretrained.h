// pretrained.h — lesson 10: published weights, loaded under the names under which they are
// published.
//
//   struct GPT : ModuleOf<GPT> {
//     static GPTOptions from_config(const Config& config);   // by a table of settings (config.h)
//     static PublishedNames published_names();               // the names that differ
//     …
//   };
//   GPT gpt = from_pretrained<GPT>("gpt2/");       // gpt2/config.json, gpt2/model.safetensors
//
// Loading is strict: the error lists every missing, unexpected and wrongly shaped weight, and
// nothing is loaded. The tables of a model are in its *_names.cpp.
#pragma once

#include <functional>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "data/pretrained.h"
#include "data/safetensors.h"
#include "nn/init.h"
#include "nn/models/config.h"
#include "nn/module.h"

namespace heed::nn {

// The conversion of a published tensor into a tensor of the module.
enum class Transform {
  none,
  transpose,   // (in, out) -> (out, in): the Conv1D of GPT-2
  flatten,     // (O, I, h, w) -> (O, I · h · w): a convolution as a linear layer
  query_rows,  // the published tensor is the first third of a stacked in_proj,
  key_rows,    // the second third,
  value_rows,  // the last third
};

// One row of a table of names. `*` is a number, equal in both names: {"h.*.attn.q", "layers.*.q"}.
// An empty published name marks a tensor that the module computes and no file contains.
struct NameMapping {
  const char* published;
  const char* module_name;
  Transform transform = Transform::none;
};

struct PublishedNames {
  // Names that are not listed here are equal.
  std::span<const NameMapping> table = {};
  // Removed from the names of the file and of the module: "bert."
  std::span<const char* const> prefixes = {};
  // Names in the file, without prefix, that are not read; with `*`.
  std::span<const char* const> ignored = {};
  // Endings in older files and their current form: {"gamma", "weight"}.
  std::span<const std::pair<const char*, const char*>> endings = {};
};

// Loads published tensors into the module. Tensors that need no conversion are not copied: the
// parameters of the module then share the pages of the file. `copied` is called with each of the
// others as soon as it is no longer needed. Throws one "[load_published] …" that lists every
// missing, unexpected, repeated and wrongly shaped entry by its published name; the module is then
// unchanged.
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

// Reads a published model from a folder with config.json and model.safetensors, or from a
// .safetensors file with config.json beside it. The model is in evaluation mode. Weights that need
// no conversion stay in the mapped file, so the file must not be truncated while the model lives;
// the pages of converted weights are released one tensor at a time, so no weight is in memory
// twice. Throws "[from_pretrained] …" if a file is missing, "[config.json] PATH: …" for a setting
// that the model does not implement, and "[load_published] …" if the weights do not fit.
template <class Model>
Model from_pretrained(const std::string& path) {
  const data::PretrainedFiles files = data::pretrained_files(path);
  const Config config(data::read_config(files.config), files.config);
  const data::SafeTensors weights(files.weights);
  return build_published<Model>(config, weights.all(), [&](const Tensor& t) { weights.release(t); });
}

}  // namespace heed::nn

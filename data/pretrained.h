// pretrained.h — loads a model from the two files in which weights are published.
//
//   nn::GPT gpt = from_pretrained<nn::GPT>("gpt2/");
//   nn::GPT gpt = from_pretrained<nn::GPT>("gpt2/other.safetensors");
//
// The first call uses gpt2/config.json and gpt2/model.safetensors; the second uses the config.json
// in the same folder as the weights.
//
// The model's library declares, by an overload of build_published, which members of config.json the
// model needs and the published name of each weight. This file only reads the files. A setting of
// config.json that the model does not implement throws "[config.json] PATH: …" with its name.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <type_traits>
#include <variant>

#include "data/safetensors.h"

namespace heed::data {

// The members of a JSON object as a flat map: nested members are named "outer.inner", the items of
// a list "list.0". An empty list or object is std::monostate.
using FlatJson =
    std::map<std::string, std::variant<bool, double, std::string, std::nullptr_t, std::monostate>>;
// Throws "[config.json] PATH: …" if the file is missing, is in another format, does not contain an
// object, or contains a number that is out of range.
FlatJson read_config(const std::string& path);

struct PretrainedFiles {
  std::string config, weights;
};
// Returns the paths of both files. `path` is a folder or the file with the weights. Throws
// "[from_pretrained] …" if a file is missing.
PretrainedFiles pretrained_files(const std::string& path);

// Returns the model in evaluation mode. Where possible, its weights use the memory of the mapped
// file, which must not be truncated while the model exists. The pages of a weight that must be
// copied are released at once, so no weight uses memory twice.
template <class Model>
Model from_pretrained(const std::string& path) {
  const PretrainedFiles files = pretrained_files(path);
  const FlatJson config = read_config(files.config);
  const SafeTensors file(files.weights);
  return build_published(std::type_identity<Model>{}, {config, files.config}, file.all(),
                         [&](const Tensor& t) { file.release(t); });
}

}  // namespace heed::data

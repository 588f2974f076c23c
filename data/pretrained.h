// pretrained.h — loads a model from the two files in which weights are published.
//
//   nn::GPT gpt = from_pretrained<GPT>("gpt2/");
//   nn::GPT gpt = from_pretrained<GPT>("gpt2/other.safetensors");
//
// The first call uses gpt2/config.json and gpt2/model.safetensors; the second uses the config.json in
// the same folder as the weights. A model declares which members of config.json it needs and the
// published name of each weight (nn/models/pretrained.h). This file only reads the files.
#pragma once

#include <map>
#include <string>
#include <variant>

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

}  // namespace heed::data

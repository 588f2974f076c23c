// pretrained.h — a model from the two files under which weights are published.
//
//   nn::GPT gpt = from_pretrained<nn::GPT>("gpt2/");                     // gpt2/config.json, gpt2/model.safetensors
//   nn::GPT gpt = from_pretrained<nn::GPT>("gpt2/other.safetensors");    // config.json lies beside it
//
// The model says which members of config.json it needs and which published name each of its weights has
// (nn/models/pretrained.h). Here the files are read; nothing of modules is known. A setting of config.json
// that the model does not implement throws "[config.json] PATH: …" with its name.
#pragma once

#include <map>
#include <string>
#include <variant>

namespace heed::data {

// The members of a JSON object, flat: nested ones as "outer.inner", those of a list as "list.0". An
// empty list or object is std::monostate.
using FlatJson =
    std::map<std::string, std::variant<bool, double, std::string, std::nullptr_t, std::monostate>>;
// Throws "[config.json] PATH: …" if the file is missing, of another format, does not hold an object,
// or holds a number that is out of range.
FlatJson read_config(const std::string& path);

struct PretrainedFiles {
  std::string config, weights;
};
// The two files of a folder, or of the weights' own path. Throws "[from_pretrained] …" where there is neither.
PretrainedFiles pretrained_files(const std::string& path);

}  // namespace heed::data

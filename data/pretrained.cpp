#include "data/pretrained.h"

#include <filesystem>

#include "data/file_format.h"
#include "data/json.h"

namespace heed::data {

static void flatten(const Json& json, const std::string& name, FlatJson& flat) {
  const auto inner = [&](const std::string& member) { return name.empty() ? member : name + "." + member; };
  switch (json.kind()) {
    case Json::Kind::null:
      break;
    case Json::Kind::boolean:
      flat[name] = json.boolean();
      break;
    case Json::Kind::number:
      flat[name] = json.number();
      break;
    case Json::Kind::string:
      flat[name] = json.string();
      break;
    case Json::Kind::array:
      for (std::size_t i = 0; i < json.array().size(); ++i)
        flatten(json.array()[i], inner(std::to_string(i)), flat);
      break;
    case Json::Kind::object:
      for (const auto& [member, value] : json.object()) flatten(value, inner(member), flat);
      break;
  }
}

FlatJson read_config(const std::string& path) {
  const Json json = Json::parse(read_file_of_format("config.json", path, "a JSON file of settings"), path);
  check(json.is(Json::Kind::object), "config.json", path, ": expected an object of settings");
  FlatJson flat;
  flatten(json, "", flat);
  return flat;
}

PretrainedFiles pretrained_files(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path given(path);
  const bool is_folder = fs::is_directory(given, ignored);
  check(is_folder || given.extension() == ".safetensors", "from_pretrained", path,
        ": expected a folder with config.json and model.safetensors, or a .safetensors file beside its "
        "config.json");
  const fs::path folder = is_folder ? given : given.parent_path();
  PretrainedFiles files{(folder / "config.json").string(),
                        (is_folder ? given / "model.safetensors" : given).string()};
  for (const std::string& file : {files.config, files.weights})
    check(fs::is_regular_file(file, ignored), "from_pretrained", file, ": no such file");
  return files;
}

}  // namespace heed::data

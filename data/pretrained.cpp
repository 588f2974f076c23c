#include "data/pretrained.h"

#include <filesystem>

#include "autograd/error.h"
#include "data/file.h"
#include "data/json.h"

namespace heed::data {

static double number_of(const Json& json, const std::string& name, const std::string& path) {
  try {
    return json.number();
  } catch (const Error& error) {
    fail("config.json", path, ": '", name, "': ", error.what());
  }
}

static void flatten(const Json& json, const std::string& name, const std::string& path, FlatJson& flat) {
  const auto inner = [&](const std::string& member) { return name.empty() ? member : name + "." + member; };
  switch (json.kind()) {
    case Json::Kind::null:
      flat[name] = nullptr;
      break;
    case Json::Kind::boolean:
      flat[name] = json.boolean();
      break;
    case Json::Kind::number:
      flat[name] = number_of(json, name, path);
      break;
    case Json::Kind::string:
      flat[name] = json.string();
      break;
    case Json::Kind::array:
      if (json.array().empty()) flat[name] = std::monostate();
      for (std::size_t i = 0; i < json.array().size(); ++i)
        flatten(json.array()[i], inner(std::to_string(i)), path, flat);
      break;
    case Json::Kind::object:
      if (json.object().empty() && !name.empty()) flat[name] = std::monostate();
      for (const auto& [member, value] : json.object()) flatten(value, inner(member), path, flat);
      break;
  }
}

FlatJson read_config(const std::string& path) {
  const Json json = Json::parse(read_file("config.json", path), path);
  check(json.is(Json::Kind::object), "config.json", path, ": expected an object of settings");
  FlatJson flat;
  flatten(json, "", path, flat);
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

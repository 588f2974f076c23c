#include "data/pretrained.h"

#include <filesystem>
#include <string_view>

#include "autograd/error.h"
#include "data/file.h"
#include "data/file_format.h"
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
  const auto nested = [&](const std::string& member) { return name.empty() ? member : name + "." + member; };
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
        flatten(json.array()[i], nested(std::to_string(i)), path, flat);
      break;
    case Json::Kind::object:
      if (json.object().empty() && !name.empty()) flat[name] = std::monostate();
      for (const auto& [member, value] : json.object()) flatten(value, nested(member), path, flat);
      break;
  }
}

FlatJson read_config(const std::string& path) {
  const Json json = Json::parse(read_file_of_format("config.json", path, "a JSON file of settings"), path);
  check(json.is(Json::Kind::object), "config.json", path, ": expected an object of settings");
  FlatJson flat;
  flatten(json, "", path, flat);
  return flat;
}

// Describes the weights that a folder contains instead of model.safetensors, for the error.
static const char* weights_in_another_format(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "model.safetensors.index.json", ignored))
    return ", but model.safetensors.index.json. Hint: join its files into one";
  if (std::filesystem::exists(folder / "pytorch_model.bin", ignored))
    return ", but pytorch_model.bin. Hint: convert it in Python with safetensors.torch.save_file";
  return "";
}

PretrainedFiles pretrained_files(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path location(path);
  const bool is_folder = fs::is_directory(location, ignored);
  if (fs::is_regular_file(location, ignored) && location.extension() != ".safetensors") {
    const MappedFile file("from_pretrained", path);
    const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    check_format("from_pretrained", path, bytes, "a .safetensors file");
  }
  check(is_folder || location.extension() == ".safetensors", "from_pretrained", path,
        ": expected a folder with config.json and model.safetensors, or a .safetensors file in the same "
        "folder as its config.json");
  const fs::path folder = is_folder ? location : location.parent_path();
  PretrainedFiles files{(folder / "config.json").string(),
                        (is_folder ? location / "model.safetensors" : location).string()};
  for (const std::string& file : {files.config, files.weights})
    check(fs::is_regular_file(file, ignored), "from_pretrained", file, ": no such file",
          [&] { return file == files.weights ? weights_in_another_format(folder) : ""; });
  return files;
}

}  // namespace heed::data

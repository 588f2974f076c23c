// look — the attention weights of a model that a lesson saved. The lesson that saved the file draws
// them, so the runner contains no models.
#include <algorithm>

#include "data/safetensors.h"
#include "lessons/runner/commands.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/process.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

const std::vector<std::string> lessons_with_maps = {"03", "07", "10_bert"};

fs::path models_folder(const Paths& paths) { return paths.state / "models"; }

// A path as the user types it: relative to the current folder if it is inside.
std::string typed(const fs::path& path) {
  const fs::path relative = path.lexically_relative(fs::current_path());
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

// The command that trains the model of a lesson and saves it.
std::string command_to_save(const Paths& paths, const std::string& number) {
  const fs::path file = models_folder(paths) / ("lesson_" + number + ".safetensors");
  return invocation("lesson " + number + " --save " + typed(file));
}

// The newest file in the folder of models.
fs::path newest_model(const Paths& paths) {
  fs::path newest;
  std::error_code none;
  for (const auto& file : fs::directory_iterator(models_folder(paths), none))
    if (file.is_regular_file() && (newest.empty() || file.last_write_time() > fs::last_write_time(newest)))
      newest = file.path();
  if (!newest.empty()) return newest;
  std::string text = tr("There is no saved model in {1}. A command that trains one and saves it:",
                        paths.display(models_folder(paths)));
  for (const std::string& number : lessons_with_maps) text += "\n  " + command_to_save(paths, number);
  throw EnvironmentError(text);
}

// The number of the lesson that saved the file. Throws EnvironmentError if the file is damaged, or if
// no lesson with --look saved it.
std::string lesson_of(const Paths& paths, const fs::path& file) {
  data::Metadata metadata;
  try {
    metadata = data::SafeTensors(file.string()).metadata();
  } catch (const Error& error) {
    throw EnvironmentError(error.what());
  }
  for (const std::string& number : lessons_with_maps)
    if (metadata["lesson"] == "lesson_" + number) return number;
  throw EnvironmentError(tr("{1}: expected a model that lesson {2} saved, got {3}. To save one: {4}",
                            paths.display(file), joined(lessons_with_maps, ", "),
                            metadata["lesson"].empty() ? tr("a file without the entry \"lesson\"")
                                                       : "\"" + metadata["lesson"] + "\"",
                            command_to_save(paths, lessons_with_maps[1])));
}

// Throws UsageError unless the text is empty or an integer above 0.
void check_number(const std::string& option, const std::string& text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || text == "0")
    throw UsageError(tr("{1}: expected an integer of at least 1, got \"{2}\"", option, text));
}

}  // namespace

int show_attention(Session& session) {
  const Options& options = session.options;
  check_number("--layer", options.layer);
  check_number("--head", options.head);
  const std::string sentence = joined(session.arguments, " ");
  const fs::path model = options.model.empty() ? newest_model(session.paths) : fs::path(options.model);
  const std::string target = "lesson_" + lesson_of(session.paths, model);
  build_program(session, target);
  std::vector<std::string> command = {(session.paths.build / "lessons" / target).string(), "--look", sentence,
                                      "--model", model.string()};
  const std::pair<const char*, const std::string*> optional[] = {
      {"--layer", &options.layer}, {"--head", &options.head}, {"--svg", &options.svg}};
  for (const auto& [name, value] : optional)
    if (!value->empty()) command.insert(command.end(), {name, *value});
  become(command);
}

}  // namespace heed::runner

#include "lessons/runner/paths.h"

#include <cstdlib>
#include <ctime>

#include "data/file.h"
#include "lessons/runner/text.h"

namespace heed::runner {

static fs::path path_from_environment(const char* variable, const fs::path& otherwise) {
  const char* value = std::getenv(variable);
  return value && *value ? fs::absolute(value).lexically_normal() : otherwise;
}

Paths Paths::here() {
  const fs::path source = HEED_SOURCE_DIR, build = HEED_BUILD_DIR;
  return {source, build, path_from_environment("HEED_EXERCISES", source / "lessons"),
          path_from_environment("HEED_STATE", source / ".heed")};
}

std::string Paths::display(const fs::path& path) const {
  const std::string within = path.lexically_relative(source).string();
  return within.empty() || starts_with(within, "..") ? path.string() : within;
}

std::string read_text(const fs::path& path) {
  try {
    return data::read_file("heed", path.string());
  } catch (const Error& error) {
    throw EnvironmentError(error.what());
  }
}

void write_text(const fs::path& path, const std::string& text) {
  try {
    std::error_code ignored;  // if the folder cannot be created, writing the file reports the error
    fs::create_directories(path.parent_path(), ignored);
    data::write_atomically("heed", path.string(), [&](std::ostream& out) { out << text; });
  } catch (const Error& error) {
    throw EnvironmentError(error.what());
  }
}

std::string invocation(const std::string& words) {
  const char* called = std::getenv("HEED_CALLED");  // lessons/heed sets it
  return concat(called && *called ? called : "heed", " ", words);
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &local);
  return text;
}

fs::path back_up(const Paths& paths, const std::string& name, const std::string& extension,
                 const std::string& text) {
  std::string time = now_text();
  std::erase(time, ':');
  fs::path path;
  for (int n = 0; path.empty() || fs::exists(path); ++n)
    path = paths.state / "backups" / concat(name, "-", time, n > 0 ? concat("-", n) : "", extension);
  write_text(path, text);
  return path;
}

}  // namespace heed::runner

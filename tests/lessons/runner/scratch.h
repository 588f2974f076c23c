// scratch.h — a temporary folder, and the runner called in it as a learner calls it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "data/json.h"
#include "lessons/runner/paths.h"
#include "tests/testing.h"

namespace heed::runner {

// A temporary folder, removed by the destructor.
struct Scratch {
  fs::path path;
  Scratch() {
    std::string name = (fs::temp_directory_path() / "heed-runner-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Scratch() { fs::remove_all(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  fs::path write(const fs::path& name, const std::string& text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return path / name;
  }
  Paths paths() const { return {path, path / "build", path / "lessons", path / ".heed"}; }
};

inline std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

struct CommandOutput {
  int status;
  std::string out, err;
  data::Json json() const { return data::Json::parse(out, "the runner's answer"); }
};

#ifdef HEED_RUNNER
// Runs `heed ARGUMENTS` without a terminal, with the exercises and the state of the scratch folder.
inline CommandOutput heed(const Scratch& scratch, const std::string& arguments,
                          const std::string& environment = "") {
  const std::string err = (scratch.path / "stderr").string();
  const std::string line = "LC_ALL=C HEED_CALLED= HEED_EXERCISES='" + (scratch.path / "lessons").string() +
                           "' HEED_STATE='" + (scratch.path / ".heed").string() + "' " + environment +
                           " '" HEED_RUNNER "' " + arguments + " 2>'" + err + "' </dev/null";
  FILE* pipe = popen(line.c_str(), "r");
  if (!pipe) return {-1, "", "no pipe"};
  CommandOutput said{0, "", ""};
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.out.append(buffer, n);
  const int status = pclose(pipe);
  said.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  said.err = text_of(err);
  return said;
}

inline std::string member(const data::Json& object, const std::string& name) {
  const data::Json* found = object.find(name);
  return found && found->is(data::Json::Kind::string) ? found->string() : "";
}
#endif

inline void expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "expected '" << part << "' in: " << text;
}

}  // namespace heed::runner

// lesson_process.h — runs a lesson as a user does.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace heed::lessons {

namespace fs = std::filesystem;

struct Result {
  std::string output;
  int status = -1;
};

// A temporary folder for the files that the lessons write.
inline const fs::path& folder() {
  struct Folder {
    fs::path path = fs::temp_directory_path() / ("heed lessons " + std::to_string(getpid()));
    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
  };
  static const Folder folder;
  return folder.path;
}

// Runs a lesson in that folder. Returns its output together with its error output.
inline Result run(const std::string& lesson, const std::string& arguments,
                  const std::string& input = "/dev/null") {
  const std::string command = "cd '" + folder().string() + "' && NO_COLOR=1 '" HEED_LESSON_DIR "/" + lesson +
                              "' " + arguments + " 2>&1 <" + input;
  Result result;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return result;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, n);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    result.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
  return result;
}

}  // namespace heed::lessons

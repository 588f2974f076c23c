#include "lessons/runner/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace heed::runner {

FileLock::FileLock(const fs::path& path, const std::function<bool()>& give_up) {
  std::error_code ignored;  // if the folder cannot be created, open() reports the error
  fs::create_directories(path.parent_path(), ignored);
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    throw EnvironmentError(
        concat("[heed] ", path.string(), ": cannot open for writing (", std::strerror(errno), ")"));
  for (;;) {
    held_ = flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
    if (held_ || (give_up && give_up())) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(give_up ? 100 : 10));
  }
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace heed::runner

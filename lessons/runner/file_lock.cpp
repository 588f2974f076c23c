#include "lessons/runner/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace heed::runner {

FileLock::FileLock(const fs::path& path, const std::function<bool()>& waiting) {
  std::error_code ignored;  // open() says what is wrong
  fs::create_directories(path.parent_path(), ignored);
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    throw Environment(concat("[heed] ", path.string(), ": cannot be written (", std::strerror(errno), ")"));
  while (!(held_ = flock(descriptor_, LOCK_EX | LOCK_NB) == 0)) {
    if (waiting && waiting()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(waiting ? 100 : 10));
  }
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace heed::runner

// file_lock.h — one at a time: two terminals of one learner, or two tests, share a build folder and a progress file.
#pragma once

#include <functional>

#include "lessons/runner/places.h"

namespace heed::runner {

// Held from construction to destruction; the system lets go of it when the program dies.
class FileLock {
 public:
  // Waits for as long as another holds it; `waiting`, where given, is asked ten times a second and gives up with true.
  explicit FileLock(const fs::path& path, const std::function<bool()>& waiting = {});
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

}  // namespace heed::runner

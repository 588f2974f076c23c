// file.h — files read whole, mapped, and written whole or not at all.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>

namespace heed::data {

// Its bytes. What is not a plain file is refused before it is opened: "[op] PATH: no such file".
std::string read_file(const char* op, const std::string& path);

// A file seen as memory, page by page as it is touched. Writing to it changes the private copy of a page, never
// the file. The file must not be cut while it is mapped (it may be replaced by rename).
class MappedFile {
 public:
  MappedFile(const char* op, const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<std::byte> bytes() const { return {data_, size_}; }
  // Gives the whole pages inside `part` back to the system: touched again, they are read from the file again, and
  // what was written to them is lost.
  void release(std::span<const std::byte> part) const;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Writes PATH.part beside PATH, flushes it to the disk and renames it: whoever opens PATH, even after the
// process was killed or the power failed, finds the old file or the new one, whole. Where writing fails, the
// part is removed and an Error "[op] PATH: …" is thrown.
void write_whole(const char* op, const std::string& path, const std::function<void(std::ostream&)>& write);

}  // namespace heed::data

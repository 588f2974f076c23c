// file.h — reads files, maps them into memory, and writes them atomically.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>

namespace heed::data {

// Returns the bytes of a regular file. Anything else, such as a folder or a device, is rejected
// before it is opened: throws "[op] PATH: no such file".
std::string read_file(const char* op, const std::string& path);

// A file mapped into memory. The system reads each page on first access. Writing changes a private
// copy of the page, never the file. The file must not be truncated while it is mapped (it may be
// replaced by rename).
class MappedFile {
 public:
  MappedFile(const char* op, const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<std::byte> bytes() const { return {data_, size_}; }
  // Releases the memory of the pages that lie completely inside `part`. The next access reads them
  // from the file again, so changes to them are lost.
  void release(std::span<const std::byte> part) const;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Writes PATH.part, flushes it to the disk and renames it to PATH. A reader finds either the old or
// the new file, complete, even if the process was killed or the power failed. After a failure,
// removes PATH.part and throws "[op] PATH: …".
void write_atomically(const char* op, const std::string& path,
                      const std::function<void(std::ostream&)>& write);

}  // namespace heed::data

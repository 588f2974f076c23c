#include "data/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "autograd/error.h"

namespace heed::data {

namespace {

namespace fs = std::filesystem;

// The size of a plain file; anything else is refused.
std::size_t size_of_file(const char* op, const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  check(fs::exists(status), op, path, ": no such file");
  check(fs::is_regular_file(status), op, path, ": not a file",
        fs::is_directory(status) ? " but a folder" : "");
  const auto size = fs::file_size(path, error);
  check(!error, op, path, ": ", error.message());
  return size;
}

// Closes a descriptor at the end of the scope.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

// Makes what was written to a path survive a power failure.
bool flush_to_disk(const std::string& path) {
  const Descriptor d{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return d.fd >= 0 && fsync(d.fd) == 0;
}

}  // namespace

std::string read_file(const char* op, const std::string& path) {
  const std::size_t size = size_of_file(op, path);
  std::ifstream file(path, std::ios::binary);
  check(file.good(), op, path, ": cannot be opened. Hint: may this user read it?");
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  check(static_cast<std::size_t>(file.gcount()) == size, op, path, ": ended at byte ", file.gcount(), " of ",
        size);
  return bytes;
}

MappedFile::MappedFile(const char* op, const std::string& path) : size_(size_of_file(op, path)) {
  const Descriptor d{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  check(d.fd >= 0, op, path, ": cannot be opened. Hint: may this user read it?");
  if (size_ == 0) return;
  void* p = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, d.fd, 0);
  check(p != MAP_FAILED, op, path, ": cannot be mapped: ", std::strerror(errno));
  data_ = static_cast<std::byte*>(p);
}

MappedFile::~MappedFile() {
  if (data_) munmap(data_, size_);
}

void MappedFile::release(std::span<const std::byte> part) const {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<std::size_t>(part.data() - data_);
  const std::size_t first = (begin + page - 1) / page * page, last = (begin + part.size()) / page * page;
  if (first < last) madvise(data_ + first, last - first, MADV_DONTNEED);
}

void write_whole(const char* op, const std::string& path, const std::function<void(std::ostream&)>& write) {
  const std::string part = path + ".part";
  std::error_code error;
  try {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    check(file.good(), op, path,
          ": cannot be written. Hint: is the folder there, and may this user write to it?");
    write(file);
    file.close();
    check(file.good() && flush_to_disk(part), op, path, ": writing failed. Hint: is the disk full?");
    fs::rename(part, path, error);
    check(!error, op, path, ": ", error.message());
  } catch (...) {
    fs::remove(part, error);
    throw;
  }
  const fs::path folder = fs::path(path).parent_path();
  flush_to_disk(folder.empty() ? "." : folder.string());  // the rename itself; some file systems refuse
}

}  // namespace heed::data

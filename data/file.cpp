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

// Returns the size of a regular file; throws if the path is anything else.
std::size_t size_of_file(const char* op, const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  check(fs::exists(status), op, path, ": no such file");
  check(fs::is_regular_file(status), op, path, ": expected a file, got ",
        fs::is_directory(status) ? "a folder" : "a device, pipe or socket");
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

// Flushes a file or a folder to the disk, so that it survives a power failure.
bool flush_to_disk(const std::string& path) {
  const Descriptor d{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return d.fd >= 0 && fsync(d.fd) == 0;
}

}  // namespace

std::string read_file(const char* op, const std::string& path) {
  const std::size_t size = size_of_file(op, path);
  std::ifstream file(path, std::ios::binary);
  check(file.good(), op, path, ": cannot be opened. Hint: check the file's permissions");
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  check(static_cast<std::size_t>(file.gcount()) == size, op, path, ": expected ", size, " bytes, got ",
        file.gcount());
  return bytes;
}

MappedFile::MappedFile(const char* op, const std::string& path) : size_(size_of_file(op, path)) {
  const Descriptor d{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  check(d.fd >= 0, op, path, ": cannot be opened. Hint: check the file's permissions");
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

void write_atomically(const char* op, const std::string& path,
                      const std::function<void(std::ostream&)>& write) {
  const std::string part = path + ".part";
  std::error_code error;
  try {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    check(file.good(), op, path,
          ": cannot be written. Hint: check that the folder exists and that you may write to it");
    write(file);
    file.close();
    check(file.good() && flush_to_disk(part), op, path,
          ": writing failed. Hint: check the free space on the disk");
    fs::rename(part, path, error);
    check(!error, op, path, ": ", error.message());
  } catch (...) {
    fs::remove(part, error);
    throw;
  }
  // Flushes the rename itself. Some file systems do not support this, so the result is ignored.
  const fs::path folder = fs::path(path).parent_path();
  flush_to_disk(folder.empty() ? "." : folder.string());
}

}  // namespace heed::data

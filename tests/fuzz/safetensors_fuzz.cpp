// safetensors_fuzz.cpp — any bytes either load as a safetensors file or throw an Error.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "autograd/error.h"
#include "data/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const int fd = memfd_create("fuzz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes, size, 0) != static_cast<ssize_t>(size)) std::abort();
  try {
    const heed::data::SafeTensors file(path);
    for (const auto& [name, t] : file.all()) (void)t.to_vector();
  } catch (const heed::Error&) {
  }
  return 0;
}

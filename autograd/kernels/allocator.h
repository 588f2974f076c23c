// allocator.h — memory for tensors: freed blocks are kept and given again.
//
// A fresh large block costs more in page faults than most kernels cost in arithmetic, so blocks come from
// arenas with huge pages (where the system grants them) and return to free lists, never to the system.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heed::kernels {

struct MemoryStats {
  std::int64_t live_bytes = 0;       // handed out now
  std::int64_t peak_bytes = 0;       // the most that was handed out at once since reset_peak_memory()
  std::int64_t allocated_bytes = 0;  // handed out so far, whether given back or not
  std::int64_t reserved_bytes = 0;   // taken from the system so far
};
MemoryStats memory_stats();
void reset_peak_memory();

// At least `bytes` bytes, aligned to 64; contents are unspecified. bytes = 0 gives null.
// Throws std::bad_alloc if the system does not provide them, or above 2^47 bytes (2^39 under a
// sanitizer).
void* allocate(std::size_t bytes);
// Gives back what allocate(bytes) gave; the same number of bytes. Any thread.
void release(void* p, std::size_t bytes) noexcept;

}  // namespace heed::kernels

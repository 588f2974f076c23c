// allocator.h — memory for tensors. Freed blocks are reused.
//
// The page faults of a fresh large block cost more than the arithmetic of most kernels. Blocks
// therefore come from arenas with huge pages, if the system grants them, and return to free lists,
// never to the system.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heed::kernels {

struct MemoryStats {
  std::int64_t live_bytes = 0;       // allocated and not yet released
  std::int64_t peak_bytes = 0;       // the maximum of live_bytes since reset_peak_memory()
  std::int64_t allocated_bytes = 0;  // allocated in total, released or not
  std::int64_t reserved_bytes = 0;   // obtained from the system in total
};
MemoryStats memory_stats();
void reset_peak_memory();

// Returns at least `bytes` bytes, aligned to 64, with unspecified contents. Returns null for 0
// bytes. Throws std::bad_alloc if the system cannot provide them, or above 2^47 bytes (2^39 under a
// sanitizer).
void* allocate(std::size_t bytes);
// Releases a block of allocate(bytes), from any thread. `bytes` must be the same number.
void release(void* p, std::size_t bytes) noexcept;

}  // namespace heed::kernels

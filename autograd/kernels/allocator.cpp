// allocator.cpp — two strategies, by size:
//
//   up to 1 MB  A free list for each size class (four per doubling). The blocks are cut from arenas
//               and never returned to them.
//   above       The smallest free range of an arena that is large enough. Adjacent free ranges are
//               merged.
//
// Arenas are aligned to 2 MB and request huge pages: the first access to a fresh 4 KB page costs
// more than the work on its data. Under AddressSanitizer every block is allocated and freed by the
// system, so that memory errors are detected.
#include "autograd/kernels/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "autograd/kernels/sanitizers.h"

namespace heed::kernels {

namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t huge_page = 2 << 20;
constexpr std::size_t max_small_bytes = 1 << 20;
constexpr std::size_t arena_bytes = 32 << 20;
constexpr std::size_t granule = 64 << 10;  // large blocks are multiples of this

// The allocator of a sanitizer aborts the process at 2^40 bytes.
constexpr std::size_t max_bytes = std::size_t{1}
                                  << (HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER ? 39 : 47);

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

// The size classes are 64, 128, 192 and 256 bytes, then four sizes per doubling: at most a quarter
// of a block is wasted.
struct SizeClass {
  std::size_t index = 0, bytes = 0;  // bytes of a block

  explicit constexpr SizeClass(std::size_t size) {
    const auto doublings = static_cast<int>(std::bit_width((size - 1) / (8 * cache_line)));
    const int shift = std::countr_zero(cache_line) + doublings;  // blocks are multiples of 1 << shift
    const std::size_t multiple = (size - 1) >> shift;
    index = 4 * static_cast<std::size_t>(doublings) + multiple;
    bytes = (multiple + 1) << shift;
  }
};
constexpr std::size_t class_count = SizeClass(max_small_bytes).index + 1;

// Held for some nanoseconds. Unlike std::mutex, it is released by an ordinary store.
class SpinLock {
 public:
  void lock() {
    while (locked_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() { locked_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> locked_{false};
};

class Allocator {
 public:
  void* allocate(std::size_t bytes) {
    const std::lock_guard guard(lock_);
    void* p = nullptr;
    if (HEED_ADDRESS_SANITIZER)
      p = from_system(round_up(bytes, cache_line), cache_line);
    else if (bytes <= max_small_bytes)
      p = allocate_small(SizeClass(bytes));
    else
      p = allocate_large(round_up(bytes, granule));
    stats_.allocated_bytes += static_cast<std::int64_t>(bytes);
    stats_.live_bytes += static_cast<std::int64_t>(bytes);
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
    return p;
  }

  void release(void* p, std::size_t bytes) noexcept {
    const std::lock_guard guard(lock_);
    stats_.live_bytes -= static_cast<std::int64_t>(bytes);
    if (HEED_ADDRESS_SANITIZER)
      std::free(p);
    else if (bytes <= max_small_bytes)
      free_lists_[SizeClass(bytes).index].push_back(p);
    else
      free_large(static_cast<std::byte*>(p), round_up(bytes, granule));
  }

  MemoryStats stats() {
    const std::lock_guard guard(lock_);
    return stats_;
  }
  void reset_peak() {
    const std::lock_guard guard(lock_);
    stats_.peak_bytes = stats_.live_bytes;
  }

 private:
  void* from_system(std::size_t bytes, std::size_t alignment) {
    void* p = std::aligned_alloc(alignment, bytes);
    if (!p) throw std::bad_alloc();
    if (!HEED_ADDRESS_SANITIZER) stats_.reserved_bytes += static_cast<std::int64_t>(bytes);
    return p;
  }

  void* allocate_small(SizeClass size) {
    std::vector<void*>& list = free_lists_[size.index];
    if (list.empty()) {
      // Several blocks of this size at once. The list reserves space for all of them now, so that
      // release() cannot fail later.
      const std::size_t bytes = size.bytes, range = round_up(std::max(bytes, granule), bytes);
      auto* begin = static_cast<std::byte*>(allocate_large(round_up(range, granule)));
      block_count_[size.index] += range / bytes;
      list.reserve(block_count_[size.index]);
      for (std::size_t end = range; end > 0; end -= bytes) list.push_back(begin + end - bytes);
    }
    void* p = list.back();
    list.pop_back();
    return p;
  }

  void* allocate_large(std::size_t bytes) {
    auto fit = by_size_.lower_bound({bytes, nullptr});
    if (fit == by_size_.end()) {
      const std::size_t arena = round_up(std::max(bytes, arena_bytes), huge_page);
      auto* p = static_cast<std::byte*>(from_system(arena, huge_page));
      madvise(p, arena, MADV_HUGEPAGE);  // only a hint: if it fails, access is slower
      insert(p, arena);
      fit = by_size_.lower_bound({bytes, nullptr});
    }
    auto [size, p] = *fit;
    erase(p, size);
    if (size > bytes) insert(p + bytes, size - bytes);
    return p;
  }

  // Returns a range to the arenas, merged with adjacent free ranges. Adjacent arenas may merge as
  // well, because they are never returned to the system.
  void free_large(std::byte* p, std::size_t size) {
    const auto after = by_address_.lower_bound(p);
    if (after != by_address_.end() && p + size == after->first) {
      size += after->second;
      erase(after->first, after->second);
    }
    const auto next = by_address_.lower_bound(p);
    if (next != by_address_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == p) {
        p = before->first;
        size += before->second;
        erase(before->first, before->second);
      }
    }
    insert(p, size);
  }

  void insert(std::byte* p, std::size_t size) {
    by_address_.emplace(p, size);
    by_size_.emplace(size, p);
  }
  void erase(std::byte* p, std::size_t size) {
    by_size_.erase({size, p});
    by_address_.erase(p);
  }

  SpinLock lock_;
  std::array<std::vector<void*>, class_count> free_lists_;
  std::array<std::size_t, class_count> block_count_{};    // number of blocks of each size class
  std::map<std::byte*, std::size_t> by_address_;          // free ranges
  std::set<std::pair<std::size_t, std::byte*>> by_size_;  // the same ranges, smallest first
  MemoryStats stats_;
};

// Never destroyed, because tensors with static storage duration may be released later.
Allocator& allocator() {
  static Allocator& instance = *new Allocator;
  return instance;
}

}  // namespace

MemoryStats memory_stats() { return allocator().stats(); }
void reset_peak_memory() { allocator().reset_peak(); }

void* allocate(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  if (bytes > max_bytes) throw std::bad_alloc();
  return allocator().allocate(bytes);
}

void release(void* p, std::size_t bytes) noexcept {
  if (p) allocator().release(p, bytes);
}

}  // namespace heed::kernels

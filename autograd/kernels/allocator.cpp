// allocator.cpp — two ways to hand out memory, by size:
//
//   up to 1 MB   free lists, one for each size class (four to each doubling), cut from arenas and never
//   returned to them above        the smallest free stretch of an arena that is large enough; neighbours that
//   are both free become one
//
// Arenas are aligned to 2 MB and ask for huge pages: the first touch of a fresh 4 KB page costs more than
// working through it. Under AddressSanitizer every block comes from the system and goes back to it, so that
// errors are seen.
#include "autograd/kernels/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <vector>

#include "autograd/kernels/sanitizers.h"

namespace heed::kernels {

namespace {

constexpr std::size_t line = 64, page = 2 << 20, small_limit = 1 << 20, arena_bytes = 32 << 20,
                      granule = 64 << 10;

// A sanitizer's own allocator ends the process at 2^40 bytes.
constexpr std::size_t limit = std::size_t{1} << (HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER ? 39 : 47);

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Sizes 64, 128, 192, 256, then four to each doubling: at most a quarter is wasted.
std::size_t class_size(std::size_t bytes) {
  if (bytes <= 4 * line) return round_up(bytes, line);
  return round_up(bytes, std::bit_floor(bytes - 1) / 4);
}

class Allocator {
 public:
  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    void* p = HEED_ADDRESS_SANITIZER ? from_system(round_up(bytes, line), line)
              : bytes <= small_limit ? small(class_size(bytes))
                                     : large(round_up(bytes, granule));
    stats_.allocated_bytes += static_cast<std::int64_t>(bytes);
    stats_.live_bytes += static_cast<std::int64_t>(bytes);
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
    return p;
  }

  void release(void* p, std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    stats_.live_bytes -= static_cast<std::int64_t>(bytes);
    if (HEED_ADDRESS_SANITIZER)
      std::free(p);
    else if (bytes <= small_limit)
      free_lists_[class_size(bytes)].push_back(p);
    else
      give_back(static_cast<std::byte*>(p), round_up(bytes, granule));
  }

  MemoryStats stats() {
    const std::lock_guard lock(mutex_);
    return stats_;
  }
  void reset_peak() {
    const std::lock_guard lock(mutex_);
    stats_.peak_bytes = stats_.live_bytes;
  }

 private:
  void* from_system(std::size_t bytes, std::size_t alignment) {
    void* p = std::aligned_alloc(alignment, bytes);
    if (!p) throw std::bad_alloc();
    if (!HEED_ADDRESS_SANITIZER) stats_.reserved_bytes += static_cast<std::int64_t>(bytes);
    return p;
  }

  void* small(std::size_t bytes) {
    std::vector<void*>& list = free_lists_[bytes];
    if (list.empty()) {
      // A stretch of blocks of this size at once; the list's room is taken now, so that release() cannot fail
      // later.
      const std::size_t stretch = round_up(std::max(bytes, granule), bytes);
      auto* begin = static_cast<std::byte*>(large(round_up(stretch, granule)));
      blocks_[bytes] += stretch / bytes;
      list.reserve(blocks_[bytes]);
      for (std::size_t at = stretch; at > 0; at -= bytes) list.push_back(begin + at - bytes);
    }
    void* p = list.back();
    list.pop_back();
    return p;
  }

  void* large(std::size_t bytes) {
    auto fit = by_size_.lower_bound({bytes, nullptr});
    if (fit == by_size_.end()) {
      const std::size_t arena = round_up(std::max(bytes, arena_bytes), page);
      auto* p = static_cast<std::byte*>(from_system(arena, page));
      madvise(p, arena, MADV_HUGEPAGE);  // a wish: without it everything works, more slowly
      insert(p, arena);
      fit = by_size_.lower_bound({bytes, nullptr});
    }
    auto [size, p] = *fit;
    erase(p, size);
    if (size > bytes) insert(p + bytes, size - bytes);
    return p;
  }

  // Puts a stretch back, joined with free neighbours. (Neighbouring arenas may join too: they are never
  // returned.)
  void give_back(std::byte* p, std::size_t size) {
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

  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_lists_;
  std::map<std::size_t, std::size_t> blocks_;             // how many blocks of each size there are
  std::map<std::byte*, std::size_t> by_address_;          // free stretches
  std::set<std::pair<std::size_t, std::byte*>> by_size_;  // the same, smallest first
  MemoryStats stats_;
};

// Never destroyed: tensors with static lifetime may be released after it would have been.
Allocator& allocator() {
  static Allocator& instance = *new Allocator;
  return instance;
}

}  // namespace

MemoryStats memory_stats() { return allocator().stats(); }
void reset_peak_memory() { allocator().reset_peak(); }

void* allocate(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  if (bytes > limit) throw std::bad_alloc();
  return allocator().allocate(bytes);
}

void release(void* p, std::size_t bytes) noexcept {
  if (p) allocator().release(p, bytes);
}

}  // namespace heed::kernels

#include "autograd/recycler.h"

#include <array>
#include <new>

#include "autograd/kernels/sanitizers.h"

namespace heed::internal {

namespace {

constexpr std::size_t unit = 64, max_bytes = 512;  // blocks are multiples of a cache line
// A longer list would keep memory that another thread allocates and this one only releases.
constexpr int max_length = 1024;
// Under a sanitizer, the system allocates and releases every object, so that errors are detected.
constexpr bool recycles = !HEED_ADDRESS_SANITIZER && !HEED_THREAD_SANITIZER;

struct FreeBlock {
  FreeBlock* next;
};
struct FreeList {
  FreeBlock* first = nullptr;
  int length = 0;
};

// Has no destructor: tensors with static storage duration are released after the destructors of the
// main thread's variables have run.
struct FreeLists {
  std::array<FreeList, max_bytes / unit> lists;
  bool closed = !recycles;
};
thread_local constinit FreeLists free_lists;

// Returns the blocks to the system when the thread ends.
struct AtThreadExit {
  ~AtThreadExit() {
    free_lists.closed = true;
    for (FreeList& list : free_lists.lists)
      while (list.first) ::operator delete(std::exchange(list.first, list.first->next));
  }
  void construct() {}  // a variable of a thread is constructed at its first use
};
thread_local AtThreadExit at_thread_exit;

FreeList& list_for(std::size_t bytes) { return free_lists.lists[(bytes - 1) / unit]; }

}  // namespace

void* allocate_block(std::size_t bytes) {
  if (bytes > max_bytes || free_lists.closed || !list_for(bytes).first)
    return ::operator new((bytes + unit - 1) / unit * unit);
  FreeList& list = list_for(bytes);
  --list.length;
  return std::exchange(list.first, list.first->next);
}

void release_block(void* p, std::size_t bytes) noexcept {
  if (bytes > max_bytes || free_lists.closed || list_for(bytes).length == max_length)
    return ::operator delete(p);
  FreeList& list = list_for(bytes);
  if (!list.first) at_thread_exit.construct();
  list.first = new (p) FreeBlock{list.first};
  ++list.length;
}

}  // namespace heed::internal

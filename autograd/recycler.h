// recycler.h — memory for the small objects that every op creates: states, storages and nodes.
//
// A released block waits in a list of the thread that released it, for the next object of its size.
// This is several times as fast as malloc if a graph holds many of these objects.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace heed::internal {

void* allocate_block(std::size_t bytes);
void release_block(void* p, std::size_t bytes) noexcept;

// The allocator for std::allocate_shared.
template <class T>
struct Recycler {
  using value_type = T;
  Recycler() = default;
  template <class U>
  Recycler(const Recycler<U>&) noexcept {}  // NOLINT(google-explicit-constructor): as allocators require
  T* allocate(std::size_t n) { return static_cast<T*>(allocate_block(n * sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept { release_block(p, n * sizeof(T)); }
  friend bool operator==(Recycler, Recycler) { return true; }
};

// As std::make_shared.
template <class T, class... Arguments>
std::shared_ptr<T> make_recycled(Arguments&&... arguments) {
  return std::allocate_shared<T>(Recycler<T>(), std::forward<Arguments>(arguments)...);
}

}  // namespace heed::internal

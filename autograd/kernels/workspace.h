// workspace.h — a scratch buffer that is released at the end of its scope.
#pragma once

#include <cstddef>

#include "autograd/kernels/allocator.h"
#include "autograd/kernels/index.h"

namespace heed::kernels {

// Scratch buffer of n elements, contents unspecified. Give each thread its own. Throws
// std::bad_alloc if the memory is not available.
template <class T>
class Workspace {
 public:
  explicit Workspace(index_t n)
      : bytes_(static_cast<std::size_t>(n) * sizeof(T)), data_(static_cast<T*>(allocate(bytes_))) {}
  ~Workspace() { release(data_, bytes_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  T* data() { return data_; }
  const T* data() const { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};

}  // namespace heed::kernels

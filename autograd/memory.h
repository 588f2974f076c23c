// memory.h — how much memory the tensors of this process use.
//
//   reset_peak_memory();
//   train_one_step();
//   std::cout << memory_stats().peak_bytes;
#pragma once

#include "autograd/kernels/allocator.h"

namespace heed {

using kernels::memory_stats;
using kernels::MemoryStats;
using kernels::reset_peak_memory;

}  // namespace heed

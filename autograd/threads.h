// threads.h — the number of threads that ops may use.
//
// The default is the environment variable HEED_THREADS, otherwise the number of CPUs that the
// process may run on. Results are bit-identical for any number of threads.
#pragma once

#include "autograd/kernels/thread_pool.h"

namespace heed {

using kernels::num_threads;
using kernels::set_num_threads;

}  // namespace heed

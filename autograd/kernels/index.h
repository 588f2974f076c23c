// index.h — the integer type of sizes, offsets and indices.
//
// The files of one instruction set include this header, so it includes no C++ standard header (see
// isa_avx2.cpp).
#pragma once

#include <stdint.h>

namespace heed {

using index_t = int64_t;

}  // namespace heed

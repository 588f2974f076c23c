// isa.h — the instruction sets that this build has and this CPU can run, narrowest
// first: {"portable", "avx2", …}.
#pragma once

#include <string>
#include <vector>

namespace heed::kernels {

std::vector<std::string> available_isas();

}  // namespace heed::kernels

// isa.h — the instruction sets that this build contains and this CPU supports.
#pragma once

#include <string>
#include <vector>

namespace heed::kernels {

// Returns their names, narrowest first: {"portable", "avx2", …}.
std::vector<std::string> available_isas();

// Returns the model name of the CPU, or "unknown CPU".
std::string cpu_name();

}  // namespace heed::kernels

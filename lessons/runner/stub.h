// stub.h — an exercise's file before it is solved, made from its solution.
#pragma once

#include <string>

namespace heed::runner {

// The lines from "// solution: TEXT" to "// end" become `todo("TEXT");`, as far in as they were. A solution
// without such a part is an exercise that is solved already. Throws Error where "// end" is missing.
std::string stub_of(const std::string& solution);

}  // namespace heed::runner

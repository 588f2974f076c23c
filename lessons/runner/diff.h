// diff.h — two texts line by line: what both have, what only one has.
#pragma once

#include <string>
#include <vector>

namespace heed::runner {

struct DiffLine {
  char side;  // ' ' both, '-' only the first, '+' only the second
  std::string text;
};

// The longest common subsequence of lines stays; with equal choices, the first text's lines come before the second's.
std::vector<DiffLine> diff(const std::string& first, const std::string& second);

}  // namespace heed::runner

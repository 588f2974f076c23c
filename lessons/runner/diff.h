// diff.h — compares two texts line by line.
#pragma once

#include <string>
#include <vector>

namespace heed::runner {

struct DiffLine {
  char side;  // ' ' in both, '-' only in the first, '+' only in the second
  std::string text;
};

// Keeps the longest common subsequence of lines. Removed lines come before added ones.
std::vector<DiffLine> diff(const std::string& first, const std::string& second);

}  // namespace heed::runner

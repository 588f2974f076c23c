#include "data/digits.h"

#include <string>

#include "data/readers.h"

namespace heed::data {

extern const char* const digits_csv[];  // made from digits/digits.csv by CMakeLists.txt; ends with null

Dataset digits() {
  std::string text;
  for (const char* const* piece = digits_csv; *piece; ++piece) text += *piece;
  return parse_csv(text, "digits.csv");
}

std::pair<Dataset, Dataset> digits_split() { return split(digits(), 0.8, 1998); }

}  // namespace heed::data

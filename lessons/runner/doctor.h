// doctor.h — what the runner needs of a machine, looked at one by one.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/catalog.h"

namespace heed::runner {

struct Finding {
  std::string name;
  bool well;
  std::string text;
  std::string fix;  // what to do where it is not well
};
std::vector<Finding> examine(const Places& places, const Catalog& catalog);

// Of data/digits/digits.csv as it was published.
constexpr const char* digits_fingerprint = "0b6db7d4442bbc5d";

}  // namespace heed::runner

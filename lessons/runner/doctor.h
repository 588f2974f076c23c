// doctor.h — checks that a machine has everything that the runner needs.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/catalog.h"

namespace heed::runner {

struct Finding {
  std::string name;
  bool ok;
  std::string text;
  std::string fix;  // the remedy; empty if ok
};
std::vector<Finding> diagnose(const Paths& paths, const Catalog& catalog);

// The fingerprint of data/digits/digits.csv as published.
constexpr const char* digits_fingerprint = "0b6db7d4442bbc5d";

}  // namespace heed::runner

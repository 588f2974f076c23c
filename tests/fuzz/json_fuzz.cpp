// json_fuzz.cpp — any bytes either parse as JSON or throw an Error.
#include <cstdint>
#include <string_view>

#include "autograd/error.h"
#include "data/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    (void)heed::data::Json::parse({reinterpret_cast<const char*>(bytes), size}, "fuzz");
  } catch (const heed::Error&) {
  }
  return 0;
}

// pnm_fuzz.cpp — any bytes at all are a picture with levels from 0 to 1, made ready for a model, or an Error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "autograd/error.h"
#include "data/pnm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace heed;
  try {
    const Tensor picture = data::parse_pnm({reinterpret_cast<const char*>(bytes), size}, "fuzz");
    for (const double level : picture.to_vector())
      if (!(level >= 0 && level <= 1)) std::abort();
    if (picture.numel() > 300) return 0;  // the rest only costs time with more pixels
    const Tensor ready = data::for_imagenet(picture, {.resize = 4, .crop = 3});
    if (ready.shape() != Shape{1, 3, 3, 3}) std::abort();
  } catch (const Error&) {
  }
  return 0;
}

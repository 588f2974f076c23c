// pnm_fuzz.cpp — parses any bytes as an image. The result is an image with values from 0 to 1 that
// can be preprocessed, or an Error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "autograd/error.h"
#include "data/pnm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace heed;
  try {
    const Tensor image = data::parse_pnm({reinterpret_cast<const char*>(bytes), size}, "fuzz");
    for (const double value : image.to_vector())
      if (!(value >= 0 && value <= 1)) std::abort();
    if (image.numel() > 300) return 0;  // larger images would only slow down the search
    const Tensor input = data::for_imagenet(image, {.resize = 4, .crop = 3});
    if (input.shape() != Shape{1, 3, 3, 3}) std::abort();
  } catch (const Error&) {
  }
  return 0;
}

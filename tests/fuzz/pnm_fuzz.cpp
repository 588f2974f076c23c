// pnm_fuzz.cpp — any bytes are an image with levels from 0 to 1, which can be preprocessed, or
// throw an Error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "autograd/error.h"
#include "data/pnm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace heed;
  try {
    const Tensor image = data::parse_pnm({reinterpret_cast<const char*>(bytes), size}, "fuzz");
    for (const double level : image.to_vector())
      if (!(level >= 0 && level <= 1)) std::abort();
    if (image.numel() > 300) return 0;  // larger images only take more time
    const Tensor input = data::for_imagenet(image, {.resize = 4, .crop = 3});
    if (input.shape() != Shape{1, 3, 3, 3}) std::abort();
  } catch (const Error&) {
  }
  return 0;
}

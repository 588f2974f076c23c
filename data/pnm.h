// pnm.h — images from PPM (colour) and PGM (grey) files, resized and normalised for ImageNet
// models.
//
//   Tensor image = read_pnm("cat.ppm");                                   // (3, height, width) in [0, 1]
//   Tensor batch = for_imagenet(image, {.resize = 256, .crop = 224});     // (1, 3, 224, 224)
//
// To convert other formats, run `convert cat.jpg cat.ppm` or `ffmpeg -i cat.jpg cat.ppm`.
#pragma once

#include <string>

#include "autograd/tensor.h"

namespace heed::data {

// Reads P6 and P5 (binary) and P3 and P2 (plain text) with up to 65,535 levels per sample and
// comments (from # to LF or CR) in the header. Returns f32 in [0, 1]. Shape: (3, height, width) or
// (1, height, width). Throws "[read_pnm] PATH: …" with the position and the expected value.
Tensor read_pnm(const std::string& path);
// Parses a file in memory; `name` replaces the path in errors.
Tensor parse_pnm(const std::string& bytes, const std::string& name);

// Writes P6 or P5 with 255 levels, atomically.
// Shape: image (3, height, width) or (1, height, width), values in [0, 1].
void write_pnm(const std::string& path, const Tensor& image);

// The filters that Pillow uses for bilinear and bicubic (a = -1/2) interpolation.
enum class Filter { triangle, cubic };

// Resizes an image. Each new pixel uses a weighted mean of the old pixels around its position; when
// the image shrinks, the filter widens with the new pixel, which avoids aliasing. Pillow and
// torchvision's presets do the same, but Pillow rounds to integer levels after each axis.
// Shape: x (C, h, w) -> (C, height, width).
Tensor resize(const Tensor& x, index_t height, index_t width, Filter filter = Filter::triangle);

// The preprocessing that a model's training on ImageNet used.
struct ImageNetTransform {
  index_t resize = 256;  // the shorter side after resizing
  index_t crop = 224;    // the side of the centre crop
  Filter filter = Filter::triangle;
};
inline constexpr ImageNetTransform vit_b_16_transform{};
inline constexpr ImageNetTransform swin_t_transform{.resize = 232, .filter = Filter::cubic};

// Resizes, crops and normalises each channel by its mean and standard deviation on ImageNet. A grey
// image is copied into three channels. Only the crop is computed, so a long image costs no more
// than a square one. Throws "[for_imagenet] …" for an empty image or a crop that is larger than the
// resized side. Shape: image (3 or 1, h, w) -> (1, 3, crop, crop).
Tensor for_imagenet(const Tensor& image, const ImageNetTransform& transform = {});

}  // namespace heed::data

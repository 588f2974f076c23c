// pnm.h — pictures from files of the simplest form there is, PPM (colour) and PGM (grey), made ready for a model.
//
//   Tensor picture = read_pnm("cat.ppm");                           // (3, height, width), 0 … 1
//   Tensor images = for_imagenet(picture, {.resize = 256, .crop = 224});   // (1, 3, 224, 224)
//
// Any picture becomes one of them: `convert cat.jpg cat.ppm`, `ffmpeg -i cat.jpg cat.ppm`.
#pragma once

#include <string>

#include "autograd/tensor.h"

namespace heed::data {

// P6 and P5 (bytes) and P3 and P2 (numbers in text), up to 65,535 a sample, comments (from # to LF
// or CR) in the header. -> (3, height, width) or (1, height, width), f32 from 0 to 1. Throws
// "[read_pnm] PATH: …" with the place and what was expected.
Tensor read_pnm(const std::string& path);
Tensor parse_pnm(const std::string& bytes,
                 const std::string& name);  // from memory; `name` stands for the path

// (3, height, width) or (1, …), 0 … 1 -> P6 or P5 with 255 levels, whole or not at all.
void write_pnm(const std::string& path, const Tensor& picture);

enum class Filter { triangle, cubic };  // Pillow's bilinear and bicubic (a = -1/2)
// x (C, height, width) brought to another size: each new pixel is a mean of the old ones around its place, weighted
// by a filter that is as wide as the new pixel. So does Pillow, and so do torchvision's presets; Pillow rounds to
// whole levels after each axis, this does not.
Tensor resize(const Tensor& x, index_t height, index_t width, Filter filter = Filter::triangle);

// What the published weights of ImageNet were made for.
struct ImageNetForm {
  index_t resize = 256;  // the shorter side …
  index_t crop = 224;    // … then the middle of it
  Filter filter = Filter::triangle;
};
inline constexpr ImageNetForm vit_b_16_pictures{};
inline constexpr ImageNetForm swin_t_pictures{.resize = 232, .filter = Filter::cubic};

// -> (1, 3, crop, crop), each channel less its mean on ImageNet and divided by its deviation. Grey becomes three
// equal channels. Only the crop is computed: a long image costs no more than a square one. Throws
// "[for_imagenet] …" if the crop is larger than the resized side, or the image is empty.
Tensor for_imagenet(const Tensor& picture, const ImageNetForm& form = {});

}  // namespace heed::data

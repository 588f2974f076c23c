// shapes.h — random images of one to four shapes on a noisy background, with their bounding boxes.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/models/detection_loss.h"

namespace heed::lessons {

inline constexpr index_t side = 32;  // pixels
inline constexpr const char* shape_names[] = {"disc", "square", "triangle", "cross"};
inline constexpr index_t shape_kinds = 4;

struct LabelledImages {
  Tensor images;                     // (B, 1, side, side)
  std::vector<nn::Objects> objects;  // one element per image
};

// Returns whether (x, y), both from -1 to 1 across the box, is inside the shape. Every shape
// touches all four sides.
inline bool inside(index_t kind, double x, double y) {
  switch (kind) {
    case 0:
      return x * x + y * y <= 1;
    case 1:
      return true;
    case 2:
      return std::abs(x) <= (y + 1) / 2;  // the tip is above
    default:
      return std::min(std::abs(x), std::abs(y)) <= 0.34;
  }
}

struct Box {
  index_t x, y, w, h;  // the upper left pixel and the size
};

// Returns the part of the smaller box that the other covers.
inline double covered(const Box& a, const Box& b) {
  const index_t w = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x);
  const index_t h = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  return static_cast<double>(w * h) / static_cast<double>(std::min(a.w * a.h, b.w * b.h));
}

// Draws one image into `pixels` (side²): noise, then shapes of 8 to 14 pixels, brighter than the
// background, which cover at most a quarter of each other. Returns their classes and boxes.
inline nn::Objects draw(float* pixels, Generator& gen) {
  for (index_t i = 0; i < side * side; ++i) pixels[i] = static_cast<float>(0.1 * gen.uniform());
  const auto count = static_cast<index_t>(1 + gen.below(4));
  std::vector<Box> boxes;
  std::vector<index_t> labels;
  std::vector<double> values;
  while (static_cast<index_t>(boxes.size()) < count) {
    const auto w = static_cast<index_t>(8 + gen.below(7)), h = static_cast<index_t>(8 + gen.below(7));
    const Box box{static_cast<index_t>(gen.below(static_cast<std::uint64_t>(side - w + 1))),
                  static_cast<index_t>(gen.below(static_cast<std::uint64_t>(side - h + 1))), w, h};
    if (std::any_of(boxes.begin(), boxes.end(), [&](const Box& b) { return covered(box, b) > 0.25; }))
      continue;
    const auto kind = static_cast<index_t>(gen.below(shape_kinds));
    const double brightness = 0.5 + 0.5 * gen.uniform();
    for (index_t r = 0; r < h; ++r)
      for (index_t c = 0; c < w; ++c)
        if (inside(kind, (2.0 * static_cast<double>(c) + 1) / static_cast<double>(w) - 1,
                   (2.0 * static_cast<double>(r) + 1) / static_cast<double>(h) - 1))
          pixels[(box.y + r) * side + box.x + c] = static_cast<float>(brightness);
    boxes.push_back(box);
    labels.push_back(kind);
    const auto part = [](index_t half_pixels) { return static_cast<double>(half_pixels) / (2.0 * side); };
    values.insert(values.end(), {part(2 * box.x + w), part(2 * box.y + h), part(2 * w), part(2 * h)});
  }
  return {IntTensor(labels, {count}), from_vector(values, {count, 4})};
}

inline LabelledImages draw_images(index_t batch, Generator& gen) {
  LabelledImages all{zeros({batch, 1, side, side}), {}};
  float* pixels = all.images.mutable_data<float>();
  for (index_t b = 0; b < batch; ++b) all.objects.push_back(draw(pixels + b * side * side, gen));
  return all;
}

}  // namespace heed::lessons

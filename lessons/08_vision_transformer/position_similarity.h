// position_similarity.h — how similar the position embeddings of neighbouring patches are.
#pragma once

#include <cmath>

#include "nn/models/vision_transformer.h"

namespace heed::lessons {

// Returns the cosine similarities between rows of x, one row per patch, (N, N).
inline Tensor similarities(const Tensor& x) {
  const Tensor unit = x / sqrt((x * x).sum({-1}, true));
  return matmul(unit, unit.transpose(0, 1));
}
// The position embeddings of the patches, without the one of CLS.
inline Tensor patch_positions(const nn::VisionTransformer& model) {
  return model.pos_embed.detach()[0].slice(0, 1);
}

// The mean similarity of neighbouring patches, and of patches that are at least as many steps apart as
// the grid of patches is wide.
struct Grid {
  double near = 0, far = 0;
};
inline Grid grid_of(const Tensor& similarity) {
  Grid sum;
  double near_pairs = 0, far_pairs = 0;
  const index_t patches = similarity.size(0);
  const auto side = static_cast<index_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  for (index_t a = 0; a < patches; ++a)
    for (index_t b = 0; b < a; ++b) {
      const index_t apart = std::abs(a / side - b / side) + std::abs(a % side - b % side);
      if (apart == 1) {
        sum.near += similarity.at({a, b});
        ++near_pairs;
      }
      if (apart >= side) {
        sum.far += similarity.at({a, b});
        ++far_pairs;
      }
    }
  return {sum.near / near_pairs, sum.far / far_pairs};
}

// The standard deviation of near - far over random embeddings (patches, channels): a difference of two
// standard deviations is unlikely to be chance.
inline double random_deviation(index_t patches, index_t channels, Generator gen) {
  constexpr int draws = 200;
  double squares = 0;
  for (int i = 0; i < draws; ++i) {
    const Grid grid = grid_of(similarities(randn({patches, channels}, gen)));
    squares += (grid.near - grid.far) * (grid.near - grid.far);
  }
  return std::sqrt(squares / draws);
}

}  // namespace heed::lessons

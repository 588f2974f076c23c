#include <cmath>

#include "lessons/10_t5/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

double width(const Tensor& hidden) { return static_cast<double>(hidden.size(-1)); }
Tensor output_layer(const Tensor& n, const Tensor& embedding) { return matmul(n, embedding.transpose(0, 1)); }
Tensor reference(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return output_layer(rms_norm(hidden, weight, eps) / std::sqrt(width(hidden)), embedding);
}

Tensor layer_normed(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return output_layer(layer_norm(hidden, weight, Tensor(), eps) / std::sqrt(width(hidden)), embedding);
}
Tensor no_factor(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return output_layer(rms_norm(hidden, weight, eps), embedding);
}
Tensor times_root(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return output_layer(rms_norm(hidden, weight, eps) * std::sqrt(width(hidden)), embedding);
}
Tensor divided_by_width(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return output_layer(rms_norm(hidden, weight, eps) / width(hidden), embedding);
}
Tensor no_norm(const Tensor& hidden, const Tensor&, const Tensor& embedding, double) {
  return output_layer(hidden / std::sqrt(width(hidden)), embedding);
}
Tensor no_weight(const Tensor& hidden, const Tensor&, const Tensor& embedding, double eps) {
  return reference(hidden, Tensor(), embedding, eps);
}
Tensor divided_by_length(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  const Tensor length = sqrt((hidden * hidden).sum({-1}, true) + eps);
  return output_layer(hidden / length * weight / std::sqrt(width(hidden)), embedding);
}
Tensor no_root(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  const Tensor size = (hidden * hidden).mean({-1}, true) + eps;
  return output_layer(hidden / size * weight / std::sqrt(width(hidden)), embedding);
}
Tensor no_eps(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double) {
  const Tensor size = sqrt((hidden * hidden).mean({-1}, true));
  return output_layer(hidden / size * weight / std::sqrt(width(hidden)), embedding);
}
Tensor eps_outside(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  const Tensor size = sqrt((hidden * hidden).mean({-1}, true)) + eps;
  return output_layer(hidden / size * weight / std::sqrt(width(hidden)), embedding);
}
Tensor one_size_per_sequence(const Tensor& hidden, const Tensor& weight, const Tensor& embedding,
                             double eps) {
  const Tensor size = sqrt((hidden * hidden).mean({1, 2}, true) + eps);
  return output_layer(hidden / size * weight / std::sqrt(width(hidden)), embedding);
}
Tensor over_positions(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  const Tensor size = sqrt((hidden * hidden).mean({1}, true) + eps);
  return output_layer(hidden / size * weight / std::sqrt(width(hidden)), embedding);
}
Tensor one_size_for_all(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  const Tensor size = sqrt((hidden * hidden).mean() + eps);
  return output_layer(hidden / size * weight / std::sqrt(width(hidden)), embedding);
}
Tensor untied(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return reference(hidden, weight, embedding.detach(), eps);
}
Tensor probabilities(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return softmax(reference(hidden, weight, embedding, eps), -1);
}

const checks::Exercise<decltype(t5_logits)> exercise{
    "10_t5_logits",
    t5_logits,
    reference,
    {{"T5-06", "the mean was subtracted: T5's norm only divides by the root of the mean square",
      layer_normed},
     {"T5-43", "the factor is missing: divide by √C before the embedding", no_factor},
     {"T5-44", "multiplied by √C: divide", times_root},
     {"T5-45", "divided by C: divide by its square root", divided_by_width},
     {"T5-46", "the norm is missing", no_norm},
     {"T5-47", "the learned weight of the norm was not used", no_weight},
     {"T5-48", "each row was divided by its length: use the mean of the squares, not their sum",
      divided_by_length},
     {"T5-49", "divided by the mean of the squares: the square root is missing", no_root},
     {"T5-50", "eps is missing, so a row of zeros becomes NaN: add it under the root", no_eps},
     {"T5-51", "one size for all rows: each position is normalised by itself", one_size_for_all},
     {"T5-61", "eps was added to the root: add it to the mean square, under the root", eps_outside},
     {"T5-62", "one size for each sequence: each position is normalised by itself", one_size_per_sequence},
     {"T5-63", "the mean is over the positions: use the channels, the last axis", over_positions},
     {"T5-52", "no gradient reaches the embedding: it is trained as the output layer, too", untied},
     {"T5-53", "these are probabilities: return logits, the loss applies the softmax", probabilities}}};

// Returns hidden (batch, time, 4), weight (4), embedding (5, 4) and eps.
std::tuple<Tensor, Tensor, Tensor, double> inputs(index_t batch, index_t time, double scale = 1) {
  Generator gen(21);
  return {(randn({batch, time, 4}, gen) * 2.0 + 0.5) * scale, randn({4}, gen), randn({5, 4}, gen), 1e-6};
}

TEST(T5Logits, OfOneToken) {
  exercise.call("t5_logits({{{1, 2, 3, 4, 5}}}, {1, 1, 1, 1, 1}, {{1, 0, 0, 0, 1}, {0, 2, 0, -1, 0}}, 1e-6)",
                [] {
                  return std::tuple(tensor({{{1, 2, 3, 4, 5}}}), ones({5}),
                                    tensor({{1, 0, 0, 0, 1}, {0, 2, 0, -1, 0}}), 1e-6);
                });
}

TEST(T5Logits, OfABatch) {
  exercise.call("t5_logits(hidden (2, 3, 4), weight (4), embedding (5, 4), 1e-6)",
                [] { return inputs(2, 3); });
  exercise.call("t5_logits(hidden (1, 5, 4), weight (4), embedding (5, 4), 1e-6)",
                [] { return inputs(1, 5); });
  exercise.call("t5_logits(hidden (4, 4, 4), weight (4), embedding (5, 4), 1e-6)",
                [] { return inputs(4, 4); });
  exercise.call("t5_logits(hidden (2, 3, 4), weight (4), embedding (4, 4), 1e-6)", [] {
    const auto [hidden, weight, embedding, eps] = inputs(2, 3);
    return std::tuple(hidden, weight, embedding.slice(0, 0, 4), eps);
  });
}

TEST(T5Logits, OfRowsOfZerosAndAnotherEps) {
  exercise.call("t5_logits({{{0, 0, 0}, {1, 2, 2}}}, {1, -2, 0.5}, {{1, 1, 2}, {3, 0, -1}}, 0.25)", [] {
    return std::tuple(tensor({{{0, 0, 0}, {1, 2, 2}}}), tensor({1, -2, 0.5}), tensor({{1, 1, 2}, {3, 0, -1}}),
                      0.25);
  });
}

TEST(T5Logits, OfAWideRange) {
  exercise.call(
      "t5_logits({{{0, 1000, 0}, {1e-3, -2e-3, 1e-3}}}, {1, -2, 0.5}, {{1, 1, 2}, {3, 0, -1}}, 1e-6)", [] {
        return std::tuple(tensor({{{0, 1000, 0}, {1e-3, -2e-3, 1e-3}}}), tensor({1, -2, 0.5}),
                          tensor({{1, 1, 2}, {3, 0, -1}}), 1e-6);
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit T5-43: `n / root` => `n`

#include <cmath>

#include "lessons/09_attention_vs_rnn/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor scores_of(const Tensor& q, const Tensor& k) {
  return matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
}

// The options change one detail of the algorithm each.
struct Variant {
  bool rescale_sum = true, rescale_output = true;
  bool running = true;       // the maximum so far, not of this block alone
  bool subtract = true;      // subtract a maximum
  bool one_for_all = false;  // one maximum for all rows
  bool full_blocks = false;  // leave out a shorter last block
  bool scale = true;
  double initial = -INFINITY;  // the maximum before the first block
  bool f32_carried = false;
  bool divide = true;
  bool detach = false;  // detach the carried values
};
Tensor pass(const Tensor& q, const Tensor& k, const Tensor& v, index_t block, const Variant& variant) {
  const DType dtype = variant.f32_carried ? f32 : q.dtype();
  Tensor row_max = full({q.size(0), 1}, variant.initial, dtype), sum = zeros({q.size(0), 1}, dtype);
  Tensor output = zeros({q.size(0), v.size(1)}, dtype);
  const index_t stop = variant.full_blocks ? k.size(0) / block * block : k.size(0);
  for (index_t s = 0; s < stop; s += block) {
    const Tensor keys = k.slice(0, s, s + block);
    const Tensor scores = variant.scale ? scores_of(q, keys) : matmul(q, keys.transpose(-2, -1));
    Tensor block_max =
        variant.one_for_all ? max(scores).expand({q.size(0), 1}) : max(scores, -1, true).values;
    if (!variant.subtract) block_max = block_max * 0.0;
    const Tensor new_max = variant.running && variant.subtract ? maximum(row_max, block_max) : block_max;
    const Tensor e = exp(scores - new_max), rescale = exp(row_max - new_max);
    sum = (variant.rescale_sum ? sum * rescale : sum) + e.sum({-1}, true);
    output = (variant.rescale_output ? output * rescale : output) + matmul(e, v.slice(0, s, s + block));
    row_max = new_max;
    if (variant.detach) {
      sum = sum.detach();
      output = output.detach();
      row_max = row_max.detach();
    }
  }
  return variant.divide ? output / sum : output;
}
// Returns the mean of the attention within each block.
Tensor mean_of_blocks(const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
  Tensor mean = zeros({q.size(0), v.size(1)}, q.dtype());
  double count = 0;
  for (index_t s = 0; s < k.size(0); s += block, ++count)
    mean = mean + matmul(softmax(scores_of(q, k.slice(0, s, s + block)), -1), v.slice(0, s, s + block));
  return mean / count;
}

const checks::Exercise<decltype(attend_in_blocks)> exercise{
    "09_attend_in_blocks",
    attend_in_blocks,
    [](auto& q, auto& k, auto& v, index_t) { return scaled_dot_product_attention(q, k, v); },
    {{"RN-32", "neither sum nor output was multiplied by e^(old maximum - new maximum)",
      [](auto& q, auto& k, auto& v, index_t block) {
        return pass(q, k, v, block, {.rescale_sum = false, .rescale_output = false});
      }},
     {"RN-33", "the sum was rescaled for a larger maximum, but the output was not",
      [](auto& q, auto& k, auto& v, index_t block) {
        return pass(q, k, v, block, {.rescale_output = false});
      }},
     {"RN-34", "the output was rescaled for a larger maximum, but the sum was not",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.rescale_sum = false}); }},
     {"RN-35", "each block had its own softmax: the softmax must be over all blocks", mean_of_blocks},
     {"RN-36", "the last block was left out if it is shorter than the others",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.full_blocks = true}); }},
     {"RN-37", "the maximum was initialised with 0, so every e^score may underflow: use -∞",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.initial = 0}); }},
     {"RN-38", "all scores were stored at once: process `block` keys at a time",
      [](auto& q, auto& k, auto& v, index_t) { return matmul(softmax(scores_of(q, k), -1), v); }},
     {"RN-39", "each block subtracted its own maximum, so the sums have different scales",
      [](auto& q, auto& k, auto& v, index_t block) {
        return pass(q, k, v, block, {.rescale_sum = false, .rescale_output = false, .running = false});
      }},
     {"RN-40", "one maximum was used for all queries: each row needs its own",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.one_for_all = true}); }},
     {"SD-01", "the scores were not divided by √d_k",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.scale = false}); }},
     {"SD-16", "exp overflowed: subtract the largest score so far first",
      [](auto& q, auto& k, auto& v, index_t block) {
        return pass(q, k, v, block, {.rescale_sum = false, .rescale_output = false, .subtract = false});
      }},
     {"RN-62", "the result was not divided by the sum after the last block",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.divide = false}); }},
     {"RN-63", "no gradient reaches earlier blocks: the carried values must stay in the graph",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.detach = true}); }},
     {"RN-17", "the carried values are always f32: use zeros and full with q.dtype()",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.f32_carried = true}); }}}};

// T queries, S keys, D = 3, Dv = 5.
std::tuple<Tensor, Tensor, Tensor, index_t> inputs(index_t t, index_t s, index_t block, double scale = 2) {
  Generator gen(2);
  return {randn({t, 3}, gen) * scale, randn({s, 3}, gen), randn({s, 5}, gen), block};
}

TEST(AttendInBlocks, EqualsAttentionForAnyBlockSize) {
  exercise.call("attend_in_blocks(q (4, 3), k (11, 3), v (11, 5), 4)", [] { return inputs(4, 11, 4); });
  exercise.call("attend_in_blocks(q (6, 3), k (6, 3), v (6, 5), 3)", [] { return inputs(6, 6, 3); });
}

TEST(AttendInBlocks, OfOneKeyAtATime) {
  exercise.call("attend_in_blocks(q (4, 3), k (11, 3), v (11, 5), 1)", [] { return inputs(4, 11, 1); });
}

TEST(AttendInBlocks, OfOneQueryOrOneKey) {
  exercise.call("attend_in_blocks(q (1, 3), k (7, 3), v (7, 5), 2)", [] { return inputs(1, 7, 2); });
  exercise.call("attend_in_blocks(q (3, 3), k (1, 3), v (1, 5), 2)", [] { return inputs(3, 1, 2); });
}

TEST(AttendInBlocks, OfFewerKeysThanABlock) {
  exercise.call("attend_in_blocks(q (1, 3), k (2, 3), v (2, 5), 8)", [] { return inputs(1, 2, 8); });
}

// Keys near 50 with D = 1: the scores are near 50 q.
Tensor near_50() { return tensor({{50}, {49.98}, {50.01}, {49.99}, {50.02}}); }
Tensor values() { return tensor({{1, 0}, {0, 2}, {-3, 1}, {4, -1}, {2, 5}}); }

TEST(AttendInBlocks, StaysFiniteForVeryDifferentQueries) {
  exercise.call("attend_in_blocks({{30}, {-30}}, k near 50 (5, 1), v (5, 2), 2): scores near 1500 and -1500",
                [] {
                  return std::tuple(tensor({{30}, {-30}}), near_50(), values(), index_t{2});
                });
  exercise.call("attend_in_blocks({{1000}, {0}}, {{0}, {1}, {0.999}}, v (3, 2), 1): a row {0, 1000, 999}",
                [] {
                  return std::tuple(tensor({{1000}, {0}}), tensor({{0}, {1}, {0.999}}),
                                    values().slice(0, 0, 3).clone(), index_t{1});
                });
}

TEST(AttendInBlocks, StaysFiniteIfAllScoresAreFarBelowZero) {
  exercise.call("attend_in_blocks({{-30}, {-29.5}}, k near 50 (5, 1), v (5, 2), 3): scores near -1500", [] {
    return std::tuple(tensor({{-30}, {-29.5}}), near_50(), values(), index_t{3});
  });
}

TEST(AttendInBlocks, StoresAtMostOneBlockOfScores) {
  exercise.invariant("RN-38",
                     "1024 queries and keys in blocks of 8: never store an eighth of all scores at once",
                     [](auto f) {
                       const NoGrad no_grad;
                       set_num_threads(1);  // each thread of the library's op allocates a workspace
                       Generator gen(7);
                       const index_t n = 1024;
                       const Tensor q = randn({n, 8}, gen), k = randn({n, 8}, gen), v = randn({n, 8}, gen);
                       const std::int64_t before = memory_stats().live_bytes;
                       reset_peak_memory();
                       f(q, k, v, 8);
                       return memory_stats().peak_bytes - before < n * n * 4 / 8;
                     });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit RN-33: `output * rescale` => `output`

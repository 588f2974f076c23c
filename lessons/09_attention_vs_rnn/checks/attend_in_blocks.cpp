#include <cmath>

#include "lessons/09_attention_vs_rnn/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor scores_of(const Tensor& q, const Tensor& k) {
  return matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
}

// One pass over the blocks, with one thing done otherwise.
struct Otherwise {
  bool shrink_sum = true, shrink_mixed = true;  // by what a larger maximum takes away
  bool running = true;                          // the largest so far, not of this block alone
  bool subtract = true;                         // a maximum at all
  bool one_for_all = false;                     // one maximum for all rows
  bool whole_blocks = false;                    // a last block that is shorter is left out
  bool scale = true;
  double begin = -INFINITY;  // the maximum before the first block
  bool f32_carried = false;
  bool divide = true;
  bool detach = false;  // what is carried from block to block
};
Tensor pass(const Tensor& q, const Tensor& k, const Tensor& v, index_t block, const Otherwise& how) {
  const DType dtype = how.f32_carried ? f32 : q.dtype();
  Tensor most = full({q.size(0), 1}, how.begin, dtype), sum = zeros({q.size(0), 1}, dtype);
  Tensor mixed = zeros({q.size(0), v.size(1)}, dtype);
  const index_t stop = how.whole_blocks ? k.size(0) / block * block : k.size(0);
  for (index_t s = 0; s < stop; s += block) {
    const Tensor keys = k.slice(0, s, s + block);
    const Tensor scores = how.scale ? scores_of(q, keys) : matmul(q, keys.transpose(-2, -1));
    Tensor here = how.one_for_all ? max(scores).expand({q.size(0), 1}) : max(scores, -1, true).values;
    if (!how.subtract) here = here * 0.0;
    const Tensor now = how.running && how.subtract ? maximum(most, here) : here;
    const Tensor e = exp(scores - now), shrink = exp(most - now);
    sum = (how.shrink_sum ? sum * shrink : sum) + e.sum({-1}, true);
    mixed = (how.shrink_mixed ? mixed * shrink : mixed) + matmul(e, v.slice(0, s, s + block));
    most = now;
    if (how.detach) sum = sum.detach(), mixed = mixed.detach(), most = most.detach();
  }
  return how.divide ? mixed / sum : mixed;
}
// Each block's own attention, and the mean of those.
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
    {{"RN-32", "a larger maximum came, and neither sum nor mixed was multiplied by e^(most - now)",
      [](auto& q, auto& k, auto& v, index_t block) {
        return pass(q, k, v, block, {.shrink_sum = false, .shrink_mixed = false});
      }},
     {"RN-33", "the sum was made smaller for a larger maximum, the mixed values were not",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.shrink_mixed = false}); }},
     {"RN-34", "the mixed values were made smaller for a larger maximum, the sum was not",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.shrink_sum = false}); }},
     {"RN-35", "each block had a softmax of its own: blocks have different shares of the whole",
      mean_of_blocks},
     {"RN-36", "the last block was left out where it is shorter than the others",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.whole_blocks = true}); }},
     {"RN-37", "most began with 0: where all scores lie far below, every e^(score - 0) is 0. Begin with -∞",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.begin = 0}); }},
     {"RN-38", "all scores were held at once: take the keys `block` at a time",
      [](auto& q, auto& k, auto& v, index_t) { return matmul(softmax(scores_of(q, k), -1), v); }},
     {"RN-39",
      "each block took away its own maximum, and the sums were added as if it had been one and the same",
      [](auto& q, auto& k, auto& v, index_t block) {
        return pass(q, k, v, block, {.shrink_sum = false, .shrink_mixed = false, .running = false});
      }},
     {"RN-40", "one maximum for all queries: each row is a whole of its own, and needs its own",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.one_for_all = true}); }},
     {"SD-01", "the scores were not divided by √d_k",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.scale = false}); }},
     {"SD-16", "exp overflowed: take the largest score so far away first",
      [](auto& q, auto& k, auto& v, index_t block) {
        return pass(q, k, v, block, {.shrink_sum = false, .shrink_mixed = false, .subtract = false});
      }},
     {"RN-62", "the result was not divided by the sum: mixed / sum, after the last block",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.divide = false}); }},
     {"RN-63", "no gradient reaches the blocks before the last: what is carried on must keep its history",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.detach = true}); }},
     {"RN-17",
      "what is carried is f32 whatever q is: zeros(shape, q.dtype()), full(shape, -INFINITY, q.dtype())",
      [](auto& q, auto& k, auto& v, index_t block) { return pass(q, k, v, block, {.f32_carried = true}); }}}};

// T queries, S keys, D = 3, values of 5.
std::tuple<Tensor, Tensor, Tensor, index_t> inputs(index_t t, index_t s, index_t block, double scale = 2) {
  Generator gen(2);
  return {randn({t, 3}, gen) * scale, randn({s, 3}, gen), randn({s, 5}, gen), block};
}

TEST(AttendInBlocks, IsAttentionWhateverTheBlocks) {
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

TEST(AttendInBlocks, OfLessThanOneBlock) {
  exercise.call("attend_in_blocks(q (1, 3), k (2, 3), v (2, 5), 8)", [] { return inputs(1, 2, 8); });
}

// Keys near 50 and one number a query: the scores are near 50 q.
Tensor near_50() { return tensor({{50}, {49.98}, {50.01}, {49.99}, {50.02}}); }
Tensor some_values() { return tensor({{1, 0}, {0, 2}, {-3, 1}, {4, -1}, {2, 5}}); }

TEST(AttendInBlocks, StaysFiniteIfQueriesDifferMuch) {
  exercise.call("attend_in_blocks({{30}, {-30}}, k near 50 (5, 1), v (5, 2), 2): scores near 1500 and -1500",
                [] {
                  return std::tuple(tensor({{30}, {-30}}), near_50(), some_values(), index_t{2});
                });
  exercise.call("attend_in_blocks({{1000}, {0}}, {{0}, {1}, {0.999}}, v (3, 2), 1): a row {0, 1000, 999}",
                [] {
                  return std::tuple(tensor({{1000}, {0}}), tensor({{0}, {1}, {0.999}}),
                                    some_values().slice(0, 0, 3).clone(), index_t{1});
                });
}

TEST(AttendInBlocks, StaysFiniteIfAllScoresAreFarBelowZero) {
  exercise.call("attend_in_blocks({{-30}, {-29.5}}, k near 50 (5, 1), v (5, 2), 3): scores near -1500", [] {
    return std::tuple(tensor({{-30}, {-29.5}}), near_50(), some_values(), index_t{3});
  });
}

TEST(AttendInBlocks, HoldsNoMoreThanABlockOfScores) {
  exercise.invariant(
      "RN-38", "1024 queries and keys, 8 keys at a time: never an eighth of all scores at once", [](auto f) {
        const NoGrad no_grad;
        set_num_threads(1);  // each thread of the library's own op has a workspace
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

// Beam search compared with an exhaustive search.
#include "nn/models/beam.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "autograd/ops.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

constexpr index_t bos = 0, eos = 1, vocabulary = 4;

// A Markov language: row i is p(next | last = i).
Tensor language(std::uint64_t seed) {
  return log_softmax(noise({vocabulary, vocabulary}, seed) * 2, -1).detach();
}
DecodeStep step_of(const Tensor& table) {
  return [table](const IntTensor& last, const std::vector<index_t>&) { return index_select(table, 0, last); };
}

// Every finished sequence of at most max_length tokens (including eos), the best first.
std::vector<Hypothesis> every_text(const Tensor& table, const BeamOptions& o) {
  std::vector<Hypothesis> all, under_way(1);
  for (index_t length = 1; length <= o.max_length; ++length) {
    std::vector<Hypothesis> longer;
    for (const Hypothesis& h : under_way)
      for (index_t token = 0; token < vocabulary; ++token) {
        Hypothesis next = h;
        next.log_probability += table.at({h.ids.empty() ? bos : h.ids.back(), token});
        next.finished = token == eos;
        if (!next.finished) next.ids.push_back(token);
        next.score = next.log_probability /
                     std::pow((5.0 + static_cast<double>(next.ids.size())) / 6, o.length_penalty);
        (next.finished ? all : longer).push_back(next);
      }
    under_way = longer;
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  return all;
}

TEST(BeamSearch, AWideBeamFindsTheBestSequences) {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const double penalty : {0.0, 1.0}) {
      const Tensor table = language(seed);
      const BeamOptions options{
          .bos = bos, .eos = eos, .width = 300, .max_length = 5, .length_penalty = penalty};
      const auto found = beam_search(options, step_of(table)), want = every_text(table, options);
      for (std::size_t i = 0; i < 20; ++i) {
        if (i == 0) {
          EXPECT_EQ(found[0].ids, want[0].ids) << "seed " << seed;
        }
        EXPECT_NEAR(found[i].score, want[i].score,
                    1e-6);  // texts of the same pairs of words are equally likely
        EXPECT_TRUE(found[i].finished);
      }
    }
}

TEST(BeamSearch, WidthOneIsGreedy) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Tensor table = language(seed);
    std::vector<index_t> greedy;
    index_t last = bos;
    for (int i = 0; i < 7; ++i) {
      last = argmax(table[last], -1).item();
      if (last == eos) break;
      greedy.push_back(last);
    }
    const auto found = beam_search({.bos = bos, .eos = eos, .width = 1, .max_length = 7}, step_of(table));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].ids, greedy) << "seed " << seed;
  }
}

// "1 1" is more probable as a whole than any sequence that begins with the more probable token 2.
TEST(BeamSearch, FindsASequenceThatGreedyDecodingMisses) {
  const Tensor table =
      log(tensor({{0.0, 0.0, 0.4, 0.6}, {1.0, 0.0, 0.0, 0.0}, {0.0, 0.9, 0.05, 0.05}, {0.1, 0.5, 0.2, 0.2}}));
  const auto best = [&](index_t width) {
    return beam_search({.bos = bos, .eos = eos, .width = width, .max_length = 4}, step_of(table))[0].ids;
  };
  EXPECT_EQ(best(1), (std::vector<index_t>{3}));
  EXPECT_EQ(best(2), (std::vector<index_t>{2}));
}

TEST(BeamSearch, PassesTheParentOfEachHypothesis) {
  std::vector<std::vector<index_t>> sequences{{}};  // as a model would store its states
  const Tensor table = language(3);
  const auto found = beam_search({.bos = bos, .eos = eos, .width = 3, .max_length = 6},
                                 [&](const IntTensor& last, const std::vector<index_t>& parents) {
                                   std::vector<std::vector<index_t>> next;
                                   for (std::size_t i = 0; i < parents.size(); ++i) {
                                     next.push_back(sequences[static_cast<std::size_t>(parents[i])]);
                                     next.back().push_back(last[static_cast<index_t>(i)]);
                                   }
                                   sequences = next;
                                   return index_select(table, 0, last);
                                 });
  EXPECT_EQ(found.size(), 3u);
  for (const auto& sequence : sequences) EXPECT_EQ(sequence[0], bos);
}

TEST(BeamSearch, UnfinishedHypothesesComeLast) {
  const Tensor table =
      log(tensor({{0.0, 0.0, 1.0, 0.0}, {1, 0, 0, 0}, {0.0, 0.1, 0.0, 0.9}, {0.0, 0.1, 0.0, 0.9}}));
  const auto found = beam_search({.bos = bos, .eos = eos, .width = 2, .max_length = 3}, step_of(table));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].ids, (std::vector<index_t>{2}));
  EXPECT_TRUE(found[0].finished);
}

TEST(BeamSearch, InvalidOptionsAndStepsAreRejected) {
  const DecodeStep step = step_of(language(0));
  EXPECT_EQ(error_of([&] { beam_search({.eos = eos, .width = 0}, step); }),
            "[beam_search] expected width and max_length of at least 1, got 0 and 100");
  EXPECT_EQ(error_of([&] { beam_search({.eos = eos, .length_penalty = NAN}, step); }),
            "[beam_search] expected a finite length_penalty, got nan");
  EXPECT_EQ(error_of([&] { beam_search({.eos = eos}, nullptr); }),
            "[beam_search] expected a decode step, got an empty function");
  EXPECT_EQ(error_of([&] { beam_search({.eos = 4}, step); }),
            "[beam_search] expected log-probabilities (1, V) with V > eos = 4 from the step, got (1, 4)");
  EXPECT_EQ(
      error_of([&] {
        beam_search({.eos = eos}, [](const IntTensor&, const std::vector<index_t>&) { return ones({1, 4}); });
      }),
      "[beam_search] expected log-probabilities of at most 0 from the step, got 1 for token 0. Hint: "
      "log_softmax(logits, -1)");
}

TEST(Beam, ChecksItsOptionsBeforeTheFirstStep) {
  const auto step = [](const IntTensor&, const std::vector<index_t>&) -> Tensor {
    throw std::runtime_error("a step was made");
  };
  const auto error = [&](const BeamOptions& o) { return error_of([&] { beam_search(o, step); }); };
  EXPECT_EQ(error({.eos = eos, .max_length = -1}),
            "[beam_search] expected width and max_length of at least 1, got 4 and -1");
  EXPECT_EQ(
      error({.bos = -1, .eos = eos}),
      "[beam_search] expected token ids of at least 0 for bos and eos, got -1 and " + std::to_string(eos));
  EXPECT_EQ(error({.bos = bos, .eos = -1}),
            "[beam_search] expected token ids of at least 0 for bos and eos, got " + std::to_string(bos) +
                " and -1");
  EXPECT_EQ(error({.eos = eos, .length_penalty = INFINITY}),
            "[beam_search] expected a finite length_penalty, got inf");
  EXPECT_EQ(error({.eos = eos, .length_penalty = 1e5}),
            "[beam_search] expected a length_penalty for which ((5 + length) / 6)^length_penalty is in "
            "range, got 100000: it is 0 for length 0");
  EXPECT_EQ(error({.eos = eos, .length_penalty = -1e5}),
            "[beam_search] expected a length_penalty for which ((5 + length) / 6)^length_penalty is in "
            "range, got -100000: it is inf for length 0");
  EXPECT_EQ(error({.eos = eos, .max_length = 1000, .length_penalty = 200}),
            "[beam_search] expected a length_penalty for which ((5 + length) / 6)^length_penalty is in "
            "range, got 200: it is inf for length 1000");
}

TEST(Beam, AnyWidthIsAllowed) {
  const auto step = [](const IntTensor& last, const std::vector<index_t>&) {
    return log_softmax(zeros({last.numel(), 4}), -1);
  };
  EXPECT_EQ(beam_search({.bos = 1, .eos = 2, .width = INT64_MAX, .max_length = 2}, step).size(), 13U);
}

}  // namespace
}  // namespace heed::nn

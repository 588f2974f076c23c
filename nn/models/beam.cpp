// beam.cpp — extend every text by every word, keep the best few, set aside those that ended.
#include "nn/models/beam.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "autograd/graph.h"

namespace heed::nn {

static const char* const op = "beam_search";

// By what the log-probability of `length` tokens is divided.
static double divisor(const BeamOptions& o, std::size_t length) {
  return std::pow((5 + static_cast<double>(length)) / 6, o.length_penalty);
}

static double score(const BeamOptions& o, double log_probability, std::size_t length) {
  return log_probability / divisor(o, length);
}

namespace {
struct Candidate {
  index_t parent, word;
  double log_probability;
};
}  // namespace

// The best `count` ways to go on, in order; of equals, the earlier text and the smaller id.
static std::vector<Candidate> best_extensions(const std::vector<Hypothesis>& texts, const Tensor& next,
                                              index_t count) {
  const auto p = next.to_vector();
  const index_t vocabulary = next.size(1);
  std::vector<Candidate> all;
  all.reserve(p.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    for (index_t word = 0; word < vocabulary; ++word) {
      const double lp = p[i * static_cast<std::size_t>(vocabulary) + static_cast<std::size_t>(word)];
      check(lp <= 0, op, "the step gave ", lp, " for word ", word,
            "; a log-probability is at most 0. Hint: log_softmax(logits, -1)");
      if (std::isfinite(lp)) all.push_back({static_cast<index_t>(i), word, texts[i].log_probability + lp});
    }
  const auto kept = std::min(all.size(), static_cast<std::size_t>(count));
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    [](const Candidate& a, const Candidate& b) {
                      return std::tuple(-a.log_probability, a.parent, a.word) <
                             std::tuple(-b.log_probability, b.parent, b.word);
                    });
  all.resize(kept);
  return all;
}

// Could a text under way still come before the worst of the finished ones? Its log-probability only falls, and a
// penalty is kindest to the longest text.
static bool can_improve(const BeamOptions& o, const std::vector<Hypothesis>& texts,
                        const std::vector<Hypothesis>& finished) {
  if (texts.empty() || static_cast<index_t>(finished.size()) < o.width) return !texts.empty();
  double worst = finished[0].score, best = -INFINITY;
  for (const Hypothesis& h : finished) worst = std::min(worst, h.score);
  const auto longest = static_cast<std::size_t>(o.max_length);
  for (const Hypothesis& h : texts)
    best = std::max(
        best, std::max(score(o, h.log_probability, h.ids.size()), score(o, h.log_probability, longest)));
  return best > worst;
}

void check_beam_options(const BeamOptions& o) {
  check(o.width >= 1 && o.max_length >= 1, op, "width and max_length must be at least 1, got ", o.width,
        " and ", o.max_length);
  check(o.bos >= 0 && o.eos >= 0, op, "expected token ids from 0 for bos and eos, got ", o.bos, " and ",
        o.eos);
  check(std::isfinite(o.length_penalty), op, "length_penalty must be a number, got ", o.length_penalty);
  for (const std::size_t length : {std::size_t{0}, static_cast<std::size_t>(o.max_length)})
    check(std::isnormal(divisor(o, length)), op, "length_penalty ", o.length_penalty,
          " is out of range: ((5 + length) / 6)^length_penalty is ", divisor(o, length), " for length ",
          length);
}

std::vector<Hypothesis> beam_search(const BeamOptions& o, const DecodeStep& step) {
  check_beam_options(o);
  check(step != nullptr, op, "there is no step");
  const NoGrad no_grad;
  std::vector<Hypothesis> texts(1), finished;
  std::vector<index_t> last{o.bos}, parents{0};
  for (index_t length = 0; length < o.max_length && can_improve(o, texts, finished); ++length) {
    const auto count = static_cast<index_t>(texts.size());
    const Tensor next = step(IntTensor(last, {count}), parents);
    check(next.defined() && next.rank() == 2 && next.size(0) == count && o.eos >= 0 && o.eos < next.size(1),
          op, "the step gave ", next.defined() ? to_string(next.shape()) : "an undefined tensor", " for ",
          count, " texts; it must be (", count, ", V) with eos = ", o.eos, " among the V words");
    std::vector<Hypothesis> longer;
    last.clear(), parents.clear();
    // Half of the candidates may be ends, so twice as many are looked at; an end counts only among the best `width`.
    const index_t most = std::numeric_limits<index_t>::max();
    const auto candidates = best_extensions(texts, next, o.width > most / 2 ? most : 2 * o.width);
    for (std::size_t place = 0; place < candidates.size() && static_cast<index_t>(longer.size()) < o.width;
         ++place) {
      const Candidate& c = candidates[place];
      if (c.word == o.eos && static_cast<index_t>(place) >= o.width) continue;
      Hypothesis text = texts[static_cast<std::size_t>(c.parent)];
      text.log_probability = c.log_probability;
      text.finished = c.word == o.eos;
      if (!text.finished) text.ids.push_back(c.word), last.push_back(c.word), parents.push_back(c.parent);
      text.score = score(o, text.log_probability, text.ids.size());
      (text.finished ? finished : longer).push_back(std::move(text));
    }
    texts = std::move(longer);
  }
  const auto better = [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; };
  std::stable_sort(finished.begin(), finished.end(), better);
  std::stable_sort(texts.begin(), texts.end(), better);
  finished.insert(finished.end(), texts.begin(), texts.end());
  finished.resize(std::min(finished.size(), static_cast<std::size_t>(o.width)));
  return finished;
}

}  // namespace heed::nn

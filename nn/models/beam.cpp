#include "nn/models/beam.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "autograd/graph.h"

namespace heed::nn {

static const char* const beam_search_op = "beam_search";

// The divisor of the log-probability of `length` tokens.
static double divisor(const BeamOptions& o, std::size_t length) {
  return std::pow((5 + static_cast<double>(length)) / 6, o.length_penalty);
}

static double score(const BeamOptions& o, double log_probability, std::size_t length) {
  return log_probability / divisor(o, length);
}

namespace {
struct Candidate {
  index_t parent, token;
  double log_probability;
};
}  // namespace

// Returns the `count` most probable extensions in order; of equal ones, the earlier parent and the
// smaller id first.
static std::vector<Candidate> best_extensions(const std::vector<Hypothesis>& hypotheses, const Tensor& next,
                                              index_t count) {
  const auto p = next.to_vector();
  const index_t vocabulary = next.size(1);
  std::vector<Candidate> all;
  all.reserve(p.size());
  for (std::size_t i = 0; i < hypotheses.size(); ++i)
    for (index_t token = 0; token < vocabulary; ++token) {
      const double lp = p[i * static_cast<std::size_t>(vocabulary) + static_cast<std::size_t>(token)];
      check(lp <= 0, beam_search_op, "expected log-probabilities of at most 0 from the step, got ", lp,
            " for token ", token, ". Hint: log_softmax(logits, -1)");
      if (std::isfinite(lp))
        all.push_back({static_cast<index_t>(i), token, hypotheses[i].log_probability + lp});
    }
  const auto size = std::min(all.size(), static_cast<std::size_t>(count));
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size), all.end(),
                    [](const Candidate& a, const Candidate& b) {
                      return std::tuple(-a.log_probability, a.parent, a.token) <
                             std::tuple(-b.log_probability, b.parent, b.token);
                    });
  all.resize(size);
  return all;
}

// Whether an unfinished hypothesis could still beat the worst finished one. Its log-probability can
// only decrease, and the length penalty favours the longest sequence.
static bool can_improve(const BeamOptions& o, const std::vector<Hypothesis>& hypotheses,
                        const std::vector<Hypothesis>& finished) {
  if (hypotheses.empty() || static_cast<index_t>(finished.size()) < o.width) return !hypotheses.empty();
  double worst = finished[0].score, best = -INFINITY;
  for (const Hypothesis& h : finished) worst = std::min(worst, h.score);
  const auto longest = static_cast<std::size_t>(o.max_length);
  for (const Hypothesis& h : hypotheses) {
    best = std::max(best, score(o, h.log_probability, h.ids.size()));
    best = std::max(best, score(o, h.log_probability, longest));
  }
  return best > worst;
}

void check_beam_options(const BeamOptions& o) {
  check(o.width >= 1 && o.max_length >= 1, beam_search_op,
        "expected width and max_length of at least 1, got ", o.width, " and ", o.max_length);
  check(o.bos >= 0 && o.eos >= 0, beam_search_op, "expected token ids of at least 0 for bos and eos, got ",
        o.bos, " and ", o.eos);
  check(std::isfinite(o.length_penalty), beam_search_op, "expected a finite length_penalty, got ",
        o.length_penalty);
  for (const std::size_t length : {std::size_t{0}, static_cast<std::size_t>(o.max_length)})
    check(std::isnormal(divisor(o, length)), beam_search_op,
          "expected a length_penalty for which ((5 + length) / 6)^length_penalty is in range, got ",
          o.length_penalty, ": it is ", divisor(o, length), " for length ", length);
}

// Splits the best candidates into finished hypotheses and at most `width` unfinished ones;
// `parents` receives the parents of the unfinished ones.
static std::vector<Hypothesis> extend(const BeamOptions& o, const std::vector<Hypothesis>& hypotheses,
                                      const Tensor& next, std::vector<Hypothesis>& finished,
                                      std::vector<index_t>& parents) {
  std::vector<Hypothesis> extended;
  parents.clear();
  // Up to half of the candidates may be eos, so twice as many are considered. An eos counts only
  // among the best `width`.
  const index_t most = std::numeric_limits<index_t>::max();
  const auto candidates = best_extensions(hypotheses, next, o.width > most / 2 ? most : 2 * o.width);
  for (std::size_t rank = 0; rank < candidates.size() && static_cast<index_t>(extended.size()) < o.width;
       ++rank) {
    const Candidate& c = candidates[rank];
    if (c.token == o.eos && static_cast<index_t>(rank) >= o.width) continue;
    Hypothesis h = hypotheses[static_cast<std::size_t>(c.parent)];
    h.log_probability = c.log_probability;
    h.finished = c.token == o.eos;
    if (!h.finished) {
      h.ids.push_back(c.token);
      parents.push_back(c.parent);
    }
    h.score = score(o, h.log_probability, h.ids.size());
    (h.finished ? finished : extended).push_back(std::move(h));
  }
  return extended;
}

std::vector<Hypothesis> beam_search(const BeamOptions& o, const DecodeStep& step) {
  check_beam_options(o);
  check(step != nullptr, beam_search_op, "expected a decode step, got an empty function");
  const NoGrad no_grad;
  std::vector<Hypothesis> hypotheses(1), finished;
  std::vector<index_t> last{o.bos}, parents{0};
  for (index_t length = 0; length < o.max_length && can_improve(o, hypotheses, finished); ++length) {
    const auto count = static_cast<index_t>(hypotheses.size());
    const Tensor next = step(IntTensor(last, {count}), parents);
    check(next.defined() && next.rank() == 2 && next.size(0) == count && o.eos < next.size(1), beam_search_op,
          "expected log-probabilities (", count, ", V) with V > eos = ", o.eos, " from the step, got ", next);
    hypotheses = extend(o, hypotheses, next, finished, parents);
    last.clear();
    for (const Hypothesis& h : hypotheses) last.push_back(h.ids.back());
  }
  const auto better = [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; };
  std::stable_sort(finished.begin(), finished.end(), better);
  std::stable_sort(hypotheses.begin(), hypotheses.end(), better);
  finished.insert(finished.end(), hypotheses.begin(), hypotheses.end());
  finished.resize(std::min(finished.size(), static_cast<std::size_t>(o.width)));
  return finished;
}

}  // namespace heed::nn
